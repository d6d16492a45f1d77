"""AnnData's `.h5ad`: vectors as `X`, facts as `obs`, maps as `obsm`, and the card, with colours, in `uns`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from embedlab.data.report import few
from embedlab.io import h5
from embedlab.io.atomic import path_aside
from embedlab.io.outgoing import Outgoing, told
from embedlab.io.sources import CARD

ENDING = ".h5ad"
MAPS = "embedlab_maps"  # in `uns`: what is to be said of each map

Palette = Callable[[int], Sequence[str]]


def to_h5ad(
    going: Outgoing, out: Path, *, maps: Mapping[str, tuple[Any, Sequence[str], str]] | None = None,
    palette: Palette | None = None,
) -> list[str]:  # fmt: skip
    """Write the file, vectors a block at a time; notes on what a reader should know come back.

    `maps` gives, by name, places `(m, 2)`, the `image_id` of each, and a caption: they become `obsm["X_name"]`, NaN for
    images that stand on no map. `palette` gives the colours of a column with so many names, or none: they become
    `uns["COLUMN_colors"]`, in the order of the categories.
    """
    module = h5.h5py()
    names = list(going.columns)
    renamed = safe_names([name for name in names if name != "image_id"])
    with path_aside(out, "export") as aside, module.File(aside, "w") as file:
        h5.marked(file, "anndata", "0.1.0")
        whole = file.create_dataset("X", shape=(going.n, going.dim), dtype="<f4")  # in one piece: it can be mapped
        x = h5.marked(whole, "array", "0.2.0")
        tables, start = [], 0
        for block, rows in going.pieces():
            x[start : start + len(block)] = block
            tables.append(rows)
            start += len(block)
        rows = pl.concat(tables).rename(renamed)
        ids = rows["image_id"].to_list()
        levels = h5.put_table(file, "obs", ids, rows.drop("image_id"))
        h5.put_table(file, "var", map(str, range(going.dim)), pl.DataFrame())
        uns = h5.put_mapping(file, "uns")
        h5.put_text(uns, CARD, going.card_text())
        for name, some in levels.items():
            repeats = 1 < len(some) < going.n  # what differs in every row, a path, has no colours
            colours = palette(len(some)) if palette is not None and repeats else ()
            if repeats and len(colours) == len(some):
                h5.put_texts(uns, f"{name}_colors", colours)
        obsm = h5.put_mapping(file, "obsm")
        said = h5.put_mapping(uns, MAPS) if maps else None
        for name, (xy, of, caption) in (maps or {}).items():
            h5.put_array(obsm, f"X_{name}", _placed(xy, of, ids, name))
            h5.put_text(said, f"X_{name}", caption)
        for name in ("layers", "varm", "obsp", "varp"):
            h5.put_mapping(file, name)
    notes = told(going)
    if renamed:
        changed = ", ".join(f"{old!r} is {new!r}" for old, new in renamed.items())
        notes.append(f"renamed, since HDF5 has other uses for such names: {changed}")
    return notes


def safe_names(names: Sequence[str]) -> dict[str, str]:
    """Give old → new for names that cannot stand in an HDF5 table: with a slash, a dot alone, empty, or its index.

    >>> safe_names(["sex", "wing/tail", "_index"])
    {'wing/tail': 'wing_tail', '_index': '_index_'}
    """
    out: dict[str, str] = {}
    for name in names:
        new = name.replace("/", "_").replace("\0", "_")
        new = {"": "unnamed", ".": "_", "..": "__", h5.INDEX: f"{h5.INDEX}_"}.get(new, new)
        while new != name and (new in names or new in out.values()):
            new += "_"
        if new != name:
            out[name] = new
    return out


def _placed(xy: Any, of: Sequence[str], ids: Sequence[str], name: str) -> np.ndarray:
    """Give the places of a map in the order of the rows; ValueError where they share no image."""
    place = {image: k for k, image in enumerate(of)}
    at = np.array([place.get(image, -1) for image in ids])
    if (at < 0).all():
        raise ValueError(
            f"the map {name!r} shows none of these images (it shows {few(of)}): make it of the space that is written"
        )
    out = np.full((len(ids), 2), np.nan, np.float32)
    out[at >= 0] = np.asarray(xy, np.float32)[at[at >= 0]]
    return out
