"""Vectors that others made, opened but not yet stored: a table with `image_id`, and vectors as blocks.

Blocks let a file larger than memory pass. Files are not trusted: no pickles, nothing inflated beyond reason.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from embedlab.data.manifest import canonical_rows
from embedlab.data.reading import clean_cells

CARD = "embedlab_card"  # in a file that we wrote: who made the vectors, as JSON
VECTOR_NAMES = ("x", "embeddings", "emb", "embedding", "vectors", "features")


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """A file of vectors, opened: `rows` has one line per vector, `blocks(n)` gives the vectors in order."""

    format: str
    rows: pl.DataFrame
    dim: int
    given: str
    blocks: Callable[[int], Iterator[np.ndarray]]
    model: str | None = None
    notes: list[str] = field(default_factory=list)


def detect(path: Path) -> str:
    """Tell the format from the first bytes: "parquet", "npz", "npy", "h5ad" or "pybioclip"; ValueError if none."""
    with open(path, "rb") as file:
        head = file.read(64)
    if not head:
        raise ValueError(f"{path} is empty (0 bytes): nothing to import")
    magics = ((b"PAR1", "parquet"), (b"PK\x03\x04", "npz"), (b"\x93NUMPY", "npy"), (b"\x89HDF\r\n\x1a\n", "h5ad"))
    for magic, name in magics:
        if head.startswith(magic):
            return name
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return "pybioclip"
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        raise ValueError(
            f"{path} is a table: vectors come in as .npy, .npz or parquet. Write its numbers with "
            f"np.save({path.with_suffix('.npy').name!r}, numbers), leave the table beside them, and import that"
        )
    raise ValueError(
        f"{path} begins with {head[:8]!r}: neither parquet, .npz, .npy, .h5ad nor pybioclip JSON; export one"
    )


def written_by_us(card: Any) -> tuple[str | None, list[str]]:
    """Give model and notes from the card in a file that we wrote; none of either where there is no card.

    >>> written_by_us({"model": "bioclip-2", "key": "ab" * 32}), written_by_us(None)
    (('bioclip-2', ['written from the store abababababab']), (None, []))
    """
    if not isinstance(card, dict) or not card:
        return None, []
    key = str(card.get("key") or "")[:12] or "of no key"
    return str(card.get("model") or "") or None, [f"written from the store {key}"]


def table_rows(table: pl.DataFrame, count: int, what: str) -> tuple[pl.DataFrame, list[str]]:
    """Give the table under our column names with an `image_id` for each row, and notes on what changed."""
    if table.width == 0:
        table = pl.DataFrame({"image_id": [f"{number:07d}" for number in range(count)]})
        return table, [f"{what} names no images: they are called by their row number"]
    if table.height != count:
        raise ValueError(f"{what} has {table.height:,} rows for {count:,} vectors: one each is needed")
    table, _, _ = clean_cells(table)
    rows, report = canonical_rows(table, what)
    notes = [str(report)]
    if "image_id" not in rows.columns:
        unique = "path" in rows.columns and rows["path"].n_unique() == count and not rows["path"].null_count()
        ids = rows["path"].cast(pl.String) if unique else pl.Series([f"{n:07d}" for n in range(count)])
        rows = rows.with_columns(ids.alias("image_id"))
        notes.append(
            "image_id is the path" if unique else "image_id is the row number: no column names images"
        )
    if "path" in rows.columns:
        rows = rows.with_columns(pl.col("path").cast(pl.String))
    return rows.with_columns(pl.col("image_id").cast(pl.String)), notes
