"""Photographs of single images of a store that is open, found by `image_id`."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from embedlab.io.layout import THUMBS
from embedlab.io.store import thumbnails


def photographs(embeddings, image_ids: Iterable[str]) -> Mapping[str, bytes]:
    """Give the thumbnails of these images as PNG, by `image_id`; those that the store lacks are left out.

    `embeddings` is a store as `open_store` gave it, in one piece. Vectors that come from elsewhere, or a selection of
    rows, know no photographs, and the mapping is empty.
    """
    x = embeddings.x
    if not isinstance(x, np.memmap) or not x.filename:
        return {}
    folder = Path(x.filename).parent
    rows = next((f for f in (folder, folder.parent) if (f / THUMBS).is_dir()), None)
    if rows is None:
        return {}
    place = {name: i for i, name in enumerate(embeddings.column("image_id").to_list())}
    asked = [name for name in dict.fromkeys(image_ids) if name in place]
    found = thumbnails(rows, [place[name] for name in asked], "PNG")
    return {name: content for name, content in zip(asked, found, strict=True) if content is not None}
