"""Parquet with a column of number lists: emb-explorer, TreeOfLife (`uuid`, `emb`) and hpc-inference."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from embedlab.data.report import few
from embedlab.io.sources import CARD, VECTOR_NAMES, Source, table_rows, written_by_us

MOST_NUMBERS = 65_536  # in one vector; no encoder comes near
ROOM = 1 << 26  # numbers that may be promised beyond that: 256 MB
ADDED = "embedlab_added"  # in the metadata of what we write: ranks that we added


def from_parquet(path: Path) -> Source:
    """Read emb-explorer / TreeOfLife and hpc-inference tables: a column of number lists beside any others."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} is not a readable parquet file ({error}): fetch it again") from None
    schema = file.schema_arrow
    lists = [name for name in schema.names if _is_vectors(schema.field(name).type)]
    named = [name for name in lists if name in VECTOR_NAMES] or [n for n in lists if n.startswith("emb_")]
    if len(named or lists) != 1:
        raise ValueError(
            f"{path} has {'no column' if not lists else 'several columns'} of number lists"
            f"{': ' + few(lists) if lists else '; its columns are ' + few(schema.names)}. "
            "One column of vectors is needed, called emb if there are several"
        )
    column = (named or lists)[0]
    total = file.metadata.num_rows
    if total == 0:
        raise ValueError(f"{path} has no rows: nothing to import")
    # zeros pack so well that a file of 800 bytes can fill a memory: ask how many numbers before reading any
    numbers = _numbers(file.metadata, column)
    if numbers > ROOM + total * MOST_NUMBERS:
        raise ValueError(f"{path} promises {numbers:,} numbers for {total:,} vectors: refused, no vectors are so long")
    first = next(_batches(path, column, 1))
    if first[0].is_valid and numbers > ROOM + 4 * total * len(first[0]):
        raise ValueError(
            f"{path} promises {numbers:,} numbers for {total:,} vectors, the first of which has {len(first[0]):,}: "
            "refused, give vectors of one length"
        )
    others = [name for name in schema.names if name != column]
    cells = sum(
        file.metadata.row_group(g).column(c).total_uncompressed_size
        for g in range(file.metadata.num_row_groups)
        for c in range(file.metadata.num_columns)
        if file.metadata.row_group(g).column(c).path_in_schema.split(".")[0] != column
    )
    if cells > (1 << 30) + total * (64 << 10):
        raise ValueError(f"{path} promises {cells:,} bytes of table for {total:,} rows: refused")
    table = pl.from_arrow(pq.read_table(path, columns=others)) if others else pl.DataFrame()
    assert isinstance(table, pl.DataFrame)
    card, added = (_metadata(schema, key) for key in (CARD, ADDED))
    ours = [name for name in table.columns if isinstance(added, list) and name in added]
    table = table.drop(name for name in ours if table[name].null_count() == total)
    rows, notes = table_rows(table, total, path.name)
    model = column.removeprefix("emb_") if column.startswith("emb_") else None
    by, told = written_by_us(card)
    model, notes = by or model, notes + told
    theirs = "emb-explorer" if {"uuid", "emb"} <= set(schema.names) else "parquet"
    kind = "hpc-inference" if column.startswith("emb_") else theirs

    def blocks(size: int) -> Iterator[np.ndarray]:
        start = 0
        for array in _batches(path, column, size):
            yield _matrix(array, first, rows["image_id"], start)
            start += len(array)

    dim = len(first[0]) if first[0].is_valid else 0
    if dim == 0:
        raise ValueError(
            f"{path}: the first vector, of {rows['image_id'][0]!r}, is empty: leave such rows out"
        )
    given = str(schema.field(column).type.value_type)
    return Source(format=kind, rows=rows, dim=dim, given=given, blocks=blocks, model=model, notes=notes)


def _metadata(schema: Any, key: str) -> Any:
    """Give what we once wrote into the file's metadata; None where another wrote it."""
    try:
        return json.loads((schema.metadata or {}).get(key.encode(), b"null"))
    except (ValueError, RecursionError):
        return None


def _numbers(metadata: Any, column: str) -> int:
    """Count the numbers in a column of lists, as the file's own footer tells it."""
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    chunks = (group.column(c) for group in groups for c in range(metadata.num_columns))
    return sum(chunk.num_values for chunk in chunks if chunk.path_in_schema.split(".")[0] == column)


def _is_vectors(kind: Any) -> bool:
    import pyarrow as pa

    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return lists and pa.types.is_floating(kind.value_type)


def _batches(path: Path, column: str, size: int) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Mapped, and one row group at a time: read in one go, pyarrow keeps the whole column in memory.
    with pq.ParquetFile(path, memory_map=True) as file:
        try:
            for group in range(file.num_row_groups):
                for batch in file.iter_batches(batch_size=size, columns=[column], row_groups=[group]):
                    yield batch.column(0)
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{path} is damaged ({error}): fetch it again") from None


def _matrix(array: Any, first: Any, ids: pl.Series, start: int) -> np.ndarray:
    """Give one batch of number lists as a matrix; ValueError naming rows that are missing or uneven."""
    import pyarrow as pa
    import pyarrow.compute as pc

    dim = len(first[0])
    lengths = pc.fill_null(pc.list_value_length(array), -1).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(lengths != dim)
    if len(wrong):
        seen = [f"{ids[start + int(i)]!r} ({max(int(lengths[i]), 0)})" for i in wrong[:5]]
        raise ValueError(
            f"{len(wrong)} vectors do not have the {dim} numbers of the first: {', '.join(seen)}"
            f"{', …' if len(wrong) > 5 else ''}. Leave these rows out, or import one model at a time"
        )
    numbers = array.flatten()
    if numbers.null_count:
        holes = pc.is_null(numbers).to_numpy(zero_copy_only=False).reshape(len(array), dim).any(axis=1)
        names = [ids[start + int(i)] for i in np.flatnonzero(holes)]
        raise ValueError(f"{len(names)} vectors have missing numbers: {few(names)}. Leave these rows out")
    if pa.types.is_float64(numbers.type):
        return numbers.to_numpy(zero_copy_only=False).astype(np.float32).reshape(len(array), dim)
    return numbers.to_numpy(zero_copy_only=False).reshape(len(array), dim)
