"""Stores opened by hand: what is taken from them finds its pictures again."""

from collections.abc import Sequence
from pathlib import Path

from embedlab.data.embeddings import Embeddings
from embedlab.io.store import open_store

FOLDER = "folder"  # in the card: where the store lies on this machine; no file of ours keeps it


def open_here(path: Path | str, shards: Sequence[int] | None = None) -> Embeddings:
    """Give a finished store as `Embeddings`, as `open_store` does; the card also says where it lies.

    So `el.show` and `el.gallery` find the thumbnails of whatever is taken from it.
    """
    space = open_store(path, shards)
    space.card[FOLDER] = str(Path(path).resolve())
    return space
