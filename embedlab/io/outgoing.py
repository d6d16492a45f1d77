"""Vectors on their way out: blocks of vectors with their rows in plain columns, and the card of who made them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from embedlab.data.embeddings import Embeddings
from embedlab.data.report import few
from embedlab.io.here import FOLDER
from embedlab.io.rows import read_rows, users_rows
from embedlab.io.store import blocks, open_store, read_manifest

BLOCK_BYTES = 16 << 20  # of vectors held at once, whatever the size of the store


@dataclass(frozen=True, kw_only=True, eq=False)
class Outgoing:
    """A space to be written elsewhere: `n` vectors of `dim` numbers, read `pieces()` by pieces in the order of rows.

    Rows have plain columns: names as text, numbers, yes and no, dates. `left_out` are columns that no table of another
    program takes (lists, records, bytes).
    """

    n: int
    dim: int
    dtype: str
    card: dict[str, Any]
    columns: pl.Schema
    left_out: tuple[str, ...]
    read: Callable[[int], Iterator[tuple[np.ndarray, pl.DataFrame]]]

    def pieces(self) -> Iterator[tuple[np.ndarray, pl.DataFrame]]:
        """Give float32 vectors and their rows, block by block: memory does not grow with the store."""
        for x, rows in self.read(max(1, min(65_536, BLOCK_BYTES // (4 * self.dim)))):
            yield np.ascontiguousarray(x, np.float32), plain(rows)

    @property
    def model(self) -> str:
        """The name of the model, or "not stated"."""
        return str(self.card.get("model") or "not stated")

    def card_text(self) -> str:
        """Give the card as JSON."""
        return json.dumps(self.card, sort_keys=True, ensure_ascii=False, default=str)


def outgoing(what: Embeddings | Path | str) -> Outgoing:
    """Prepare `Embeddings`, or a finished store by its path, for writing; a store is never read as a whole.

    ValueError where there is no vector, or no store that is whole.
    """
    if isinstance(what, Embeddings):
        n, dim, dtype, every = what.n, what.d, str(what.x.dtype), what.rows
        card = {name: value for name, value in what.card.items() if name != FOLDER}

        def read(size: int) -> Iterator[tuple[np.ndarray, pl.DataFrame]]:
            for start in range(0, n, size):
                yield what.x[start : start + size], every[start : start + size]
    else:
        path = Path(what)
        manifest, _ = read_manifest(path)
        n, dim, dtype = manifest["rows"], manifest["dim"], manifest["dtype"]
        first = manifest["shards"][0]
        every = users_rows(read_rows(path / first["meta"]["name"], first["rows"]))
        card = dict(open_store(path, shards=[0]).card or {})

        def read(size: int) -> Iterator[tuple[np.ndarray, pl.DataFrame]]:
            return blocks(path, size)

    if n == 0:
        raise ValueError("there is no vector to write: give a store, or a selection, that holds some")
    columns = plain(every[:0]).schema
    left = tuple(name for name in every.columns if name not in columns)
    return Outgoing(n=n, dim=dim, dtype=dtype, card=card, columns=columns, left_out=left, read=read)


def plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Give the rows with categories as text and without nested or binary columns; missing stays missing."""
    odd = {name for name, kind in rows.schema.items() if kind.is_nested() or kind in (pl.Binary, pl.Object)}
    text = (pl.Categorical, pl.Enum, pl.Null)
    return rows.select(
        pl.col(name).cast(pl.String) if isinstance(kind, text) else pl.col(name)
        for name, kind in rows.schema.items()
        if name not in odd
    )


def renamed_apart(names: list[str], taken: Mapping[str, str | None]) -> dict[str, str]:
    """Give old → new names where columns of the user stand in the way of the format's own.

    `taken` maps the names that the format keeps for itself to the column that they hold (None: to no column); that one
    goes there. Others get `_as_given` behind them.

    >>> renamed_apart(["image_id", "uuid", "sex"], {"uuid": "image_id"})
    {'image_id': 'uuid', 'uuid': 'uuid_as_given'}
    """
    out = {ours: theirs for theirs, ours in taken.items() if ours is not None and ours in names}
    for name in names:
        if name in taken and name not in out:
            new = f"{name}_as_given"
            while new in names or new in out.values():
                new += "_"
            out[name] = new
    return out


def told(going: Outgoing, renamed: Mapping[str, str] | None = None) -> list[str]:
    """Give the notes that every format makes: what was left out, renamed or widened."""
    notes = []
    if going.left_out:
        notes.append(f"columns of lists, records or bytes are left out: {few(going.left_out)}")
    changed = {old: new for old, new in (renamed or {}).items() if new.startswith(f"{old}_as_given")}
    if changed:
        notes.append("renamed: " + ", ".join(f"{old} is {new}" for old, new in list(changed.items())[:5]))
    if going.dtype == "float16":
        notes.append("stored as float16, written as float32: the same numbers")
    return notes
