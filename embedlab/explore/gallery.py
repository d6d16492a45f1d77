"""Images in rows, in a cell of a notebook: plain HTML that needs no script."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from embedlab.data import Embeddings
from embedlab.explore.opening import pictures_of
from embedlab.plots.page import text

TILE = "width:80px;height:80px;object-fit:cover;border-radius:4px;display:block;background:#d9d9d9"
NAME = "font:italic 11px/1.25 system-ui,sans-serif;max-width:80px;margin:2px 0 0"
WORD = "display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
SAID = "font:13px/1.4 system-ui,sans-serif;margin:6px 0 0;opacity:.8"


@dataclass(frozen=True, eq=False, repr=False)
class Gallery:
    """The first `most` images of some vectors; a cell of a notebook shows them."""

    embeddings: Embeddings
    cols: int
    most: int
    pictures: Mapping[str, bytes] | None
    folder: str | None

    def __repr__(self) -> str:
        return f"a gallery of {min(self.most, self.embeddings.n):,} of {self.embeddings.n:,} images"

    def _repr_html_(self) -> str:
        n, names = self.embeddings.n, [None] * self.embeddings.n
        ids = self.embeddings.column("image_id").to_list()[: self.most]
        if self.embeddings.has("species"):
            names = self.embeddings.column("species").to_list()
        pictures = self.pictures if self.pictures is not None else pictures_of([self.folder], ids, "WEBP")
        cells = "".join(_cell(i, name, pictures.get(i)) for i, name in zip(ids, names, strict=False))
        lacking = sum(i not in pictures for i in ids)
        said = [f"{n:,} image{'s' * (n != 1)}" if n <= self.most else f"the first {self.most:,} of {n:,} images"]
        said += [f"{lacking:,} have no thumbnail"] * bool(lacking)
        grid = f"display:grid;grid-template-columns:repeat({self.cols},80px);gap:8px 6px;overflow-x:auto"
        return f'<div style="{grid}">{cells}</div><p style="{SAID}">{"; ".join(said)}</p>'


def _cell(image: str, name: str | None, content: bytes | None) -> str:
    words = text(f"{image}, {name}" if name else image)
    if content is None:
        picture = f'<div style="{TILE}" role="img" title="{words}" aria-label="{words}: no thumbnail"></div>'
    else:
        kind = "png" if content[:4] == b"\x89PNG" else "webp" if content[8:12] == b"WEBP" else "jpeg"
        source = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
        picture = f'<img style="{TILE}" alt="{words}" title="{words}" src="{source}">'
    lines = "".join(f'<span style="{WORD}">{text(word)}</span> ' for word in name.split()) if name else ""
    below = f'<figcaption style="{NAME}">{lines}</figcaption>' if name else ""
    return f'<figure style="margin:0">{picture}{below}</figure>'
