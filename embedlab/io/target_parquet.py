"""Parquet as emb-explorer documents it: `uuid`, `emb`, `identifier`, the seven ranks, and every other column.

The contract is docs/DATA_FORMAT.md of emb-explorer; where its code asks for more, we keep to that too. It calls ranks
optional, but stops with a KeyError where there is no column `kingdom`: so all ranks are written, empty if need be. It
shows every cell of a record, and stops at a list: so nested columns stay behind.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from embedlab.data.taxonomy import RANKS
from embedlab.io.atomic import path_aside
from embedlab.io.outgoing import Outgoing, renamed_apart, told
from embedlab.io.source_parquet import ADDED
from embedlab.io.sources import CARD

ENDING = ".parquet"


def to_parquet(going: Outgoing, out: Path) -> list[str]:
    """Write the file, a block at a time; notes on what a reader should know come back.

    `uuid` is the `image_id`, `emb` the vector as it is stored (raw or of unit length: nothing is normalised),
    `identifier` the web address, where the rows have a `url`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(going.columns)
    taken: dict[str, str | None] = {"uuid": "image_id", "emb": None}
    if "identifier" not in names:
        taken["identifier"] = "url"
    renamed = renamed_apart(names, taken)
    kinds = {renamed.get(name, name): kind for name, kind in going.columns.items()}
    added = [rank for rank in RANKS if rank not in kinds]
    first = ["identifier"] if "identifier" in kinds else []
    order = ["uuid", *first, *RANKS, *(n for n in kinds if n not in ("uuid", "identifier", *RANKS))]
    text = ("uuid", "identifier", *RANKS)
    fields = {n: pa.string() if n in text else _arrow(pl.Series(n, [], kinds[n])).type for n in order}
    schema = pa.schema([("uuid", pa.string()), ("emb", pa.list_(pa.float32())), *list(fields.items())[1:]])
    schema = schema.with_metadata({CARD: going.card_text().encode(), ADDED: json.dumps(added).encode()})
    with (
        path_aside(out, "export") as aside,
        # zstd packs names well and numbers by a tenth; dictionaries are for names
        pq.ParquetWriter(aside, schema, compression="zstd", use_dictionary=order) as writer,
    ):
        for x, rows in going.pieces():
            rows = rows.rename(renamed).with_columns(pl.lit(None, pl.String).alias(rank) for rank in added)
            rows = rows.with_columns(pl.col(n).cast(pl.String) for n in text if n in kinds)
            columns = {n: _arrow(rows[n]).cast(kind) for n, kind in fields.items()} | {"emb": _lists(x)}
            batch = pa.table([columns[name] for name in schema.names], schema=schema)
            writer.write_table(batch, row_group_size=len(rows))
    return told(going, renamed) + _for_readers(kinds)


def _arrow(series: pl.Series) -> Any:
    import pyarrow as pa

    array = series.to_arrow(compat_level=pl.CompatLevel.oldest())
    return array.cast(pa.string()) if pa.types.is_large_string(array.type) else array


def _lists(x: np.ndarray) -> Any:
    """Give a matrix as one list of float32 a row, without a copy of its numbers."""
    import pyarrow as pa

    ends = pa.array(np.arange(0, x.size + 1, x.shape[1], dtype=np.int32))
    return pa.ListArray.from_arrays(ends, pa.array(x.reshape(-1)))


def _for_readers(kinds: dict[str, Any]) -> list[str]:
    notes = []
    if not set(RANKS) & set(kinds):
        notes.append("no rank is known: emb-explorer will draw no tree of taxa")
    elif "kingdom" not in kinds:
        notes.append("no kingdom is known: emb-explorer counts in its tree of taxa only rows that have one")
    if "identifier" not in kinds:
        notes.append("no web address (url) is known: emb-explorer shows photographs from there alone")
    return notes
