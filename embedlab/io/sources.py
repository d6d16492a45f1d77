"""Vectors that others made, as they left them: what each format holds, before anything is stored.

Every reader gives a `Source`: a table with `image_id`, and the vectors as blocks, so that a file larger than
memory can pass. Files are not trusted: no pickles, nothing inflated beyond reason.
"""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from embedlab.data.manifest import canonical_rows
from embedlab.data.reading import clean_cells
from embedlab.data.report import few
from embedlab.io.tables import read_table

VECTOR_NAMES = ("x", "embeddings", "emb", "embedding", "vectors", "features")
ID_NAMES = ("ids", "image_id", "image_ids", "uuid", "paths", "path", "filenames", "files", "id")
DIMS = (384, 512, 640, 768, 1024, 1152, 1280, 1536, 2048)  # of common encoders; tells rows from columns
JSON_LIMIT_BYTES = 2 << 30
INFLATED = 64  # float vectors shrink by a tenth; a member that grows more than this is a trap
BATCH = 8_192


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
    """Tell the format from the first bytes: "parquet", "npz", "npy" or "pybioclip"; ValueError if none."""
    with open(path, "rb") as file:
        head = file.read(64)
    if not head:
        raise ValueError(f"{path} is empty (0 bytes): nothing to import")
    for magic, name in ((b"PAR1", "parquet"), (b"PK\x03\x04", "npz"), (b"\x93NUMPY", "npy")):
        if head.startswith(magic):
            return name
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return "pybioclip"
    raise ValueError(
        f"{path} begins with {head[:8]!r}: neither parquet, .npz, .npy nor pybioclip JSON. Export one of these"
    )


def from_parquet(path: Path) -> Source:
    """Read emb-explorer / TreeOfLife and hpc-inference tables: a column of number lists beside any others."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} is not a readable parquet file ({error})") from None
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
    first = next(_batches(path, column, 1))
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
    rows, notes = _table_rows(table, total, path.name)
    model = column.removeprefix("emb_") if column.startswith("emb_") else None
    kind = "hpc-inference" if model else "emb-explorer" if {"uuid", "emb"} <= set(schema.names) else "parquet"

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


def _is_vectors(kind: Any) -> bool:
    import pyarrow as pa

    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return lists and pa.types.is_floating(kind.value_type)


def _batches(path: Path, column: str, size: int) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, memory_map=True) as file:
        try:
            for batch in file.iter_batches(batch_size=size, columns=[column]):
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


def from_pybioclip(path: Path) -> Source:
    """Read the JSON of `bioclip embed`: `{"model": …, "embeddings": {path: [numbers]}}`, raw vectors."""
    if path.stat().st_size > JSON_LIMIT_BYTES:
        raise ValueError(
            f"{path} has {path.stat().st_size:,} bytes of JSON: convert it to .npz or parquet first"
        )
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"), object_pairs_hook=_unique)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged JSON ({error})") from None
    vectors = content.get("embeddings") if isinstance(content, dict) else None
    if not isinstance(vectors, dict):
        raise ValueError(
            f'{path} is not pybioclip JSON: {{"model": …, "embeddings": {{path: [numbers]}}}} is'
        )
    if not vectors:
        raise ValueError(f"{path} has no embeddings: nothing to import")
    dim = len(next(iter(vectors.values()))) if isinstance(next(iter(vectors.values())), list) else 0
    uneven = [name for name, vector in vectors.items() if not isinstance(vector, list) or len(vector) != dim]
    if uneven or dim == 0:
        raise ValueError(f"{len(uneven)} vectors do not have {dim} numbers like the first: {few(uneven)}")
    try:
        x = np.array(list(vectors.values()), np.float64).astype(np.float32)
    except (TypeError, ValueError):
        bad = [
            name for name, vector in vectors.items() if not all(isinstance(v, int | float) for v in vector)
        ]
        raise ValueError(f"{len(bad)} vectors hold something else than numbers: {few(bad)}") from None
    names = list(vectors)
    rows = pl.DataFrame(
        {"image_id": names, "path": names}, schema=dict.fromkeys(["image_id", "path"], pl.String)
    )
    return Source(
        format="pybioclip", rows=rows, dim=dim, given="json", model=str(content.get("model") or "") or None,
        blocks=lambda size: (x[i : i + size] for i in range(0, len(x), size)),
    )  # fmt: skip


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        seen: set[str] = set()
        twice = [name for name, _ in pairs if name in seen or seen.add(name)]
        raise ValueError(f"{len(twice)} names occur more than once: {few(twice)}. Give each image one vector")
    return content


def from_npz(path: Path) -> Source:
    """Read arrays saved together: vectors under x, embeddings or emb; ids; and any labels of equal length."""
    try:
        with zipfile.ZipFile(path) as bundle:
            for member in bundle.infolist():
                if member.file_size > (64 << 20) and member.file_size > INFLATED * member.compress_size:
                    raise ValueError(
                        f"{path}: {member.filename} inflates from {member.compress_size:,} to "
                        f"{member.file_size:,} bytes: refused, no vectors shrink like that"
                    )
        with np.load(path, allow_pickle=False) as bundle:
            arrays = {name: _loaded(path, bundle, name) for name in bundle.files}
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise ValueError(f"{path} is a damaged .npz file ({error})") from None
    matrices = [name for name, array in arrays.items() if array.ndim == 2 and array.dtype.kind == "f"]
    named = [name for name in VECTOR_NAMES if name in matrices] or (matrices if len(matrices) == 1 else [])
    if not named:
        shapes = ", ".join(f"{name} {array.shape} {array.dtype}" for name, array in list(arrays.items())[:5])
        raise ValueError(f"{path} has no matrix of floats called x, embeddings or emb; it holds {shapes}")
    x = arrays[named[0]]
    columns = {name: array for name, array in arrays.items() if array.ndim == 1 and len(array) in x.shape}
    lengths = {len(array) for array in columns.values()}
    ignored = [name for name in arrays if name not in columns and name != named[0]]
    x, notes = oriented(x, lengths.pop() if len(lengths) == 1 else None, path.name)
    columns = {name: array for name, array in columns.items() if len(array) == len(x)}
    table = pl.DataFrame({name: _column(array) for name, array in columns.items()})
    ids = next((name for name in ID_NAMES if name in table.columns), None)
    if ids and ids != "image_id" and "image_id" not in table.columns:
        table = table.rename({ids: "path" if "path" in ids or "file" in ids else "image_id"})
    rows, more = _table_rows(table, len(x), path.name)
    if ignored:
        notes.append(f"arrays left out, their length is another: {few(ignored)}")
    return _of_matrix("npz", x, rows, notes + more)


def _loaded(path: Path, bundle: Any, name: str) -> np.ndarray:
    try:
        return bundle[name]
    except ValueError as error:
        if "pickle" not in str(error) and "object" not in str(error).lower():
            raise ValueError(f"{path}: {name} is damaged ({error})") from None
        raise ValueError(
            f"{path}: {name} holds Python objects, which could run code when opened; save it as plain text or "
            f"numbers: np.savez(…, {name}={name}.astype(str))"
        ) from None


def _column(array: np.ndarray) -> pl.Series:
    return pl.Series(array.astype(str).tolist() if array.dtype.kind in "SU" else array)


def from_npy(path: Path) -> Source:
    """Read a matrix and the table beside it, of the same name and ending .parquet, .csv or .tsv."""
    try:
        x = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        objects = "pickle" in str(error) or "object" in str(error).lower()
        raise ValueError(
            f"{path} holds Python objects, which could run code when opened: save a plain float32 array"
            if objects
            else f"{path} is damaged ({error})"
        ) from None
    if x.ndim != 2 or x.dtype.kind != "f":
        raise ValueError(
            f"{path} has shape {x.shape} of {x.dtype}; a matrix of floats is needed, a row per image"
        )
    endings = (".parquet", ".csv", ".tsv", ".csv.gz", ".tsv.gz")
    beside = [path.with_name(path.stem + end) for end in endings if path.with_name(path.stem + end).exists()]
    if len(beside) > 1:
        raise ValueError(f"several tables stand beside {path}: {few([b.name for b in beside])}. Keep one")
    table = read_table(beside[0]) if beside else pl.DataFrame()
    x, notes = oriented(x, table.height if beside else None, path.name)
    rows, more = _table_rows(table, len(x), beside[0].name if beside else path.name)
    return _of_matrix("npy", x, rows, notes + more)


def table_beside(path: Path) -> list[Path]:
    """List the files that belong to an import besides the file itself; their contents make part of the key."""
    endings = (".parquet", ".csv", ".tsv", ".csv.gz", ".tsv.gz") if path.suffix == ".npy" else ()
    return [path.with_name(path.stem + end) for end in endings if path.with_name(path.stem + end).exists()]


def oriented(x: np.ndarray, count: int | None, name: str) -> tuple[np.ndarray, list[str]]:
    """Give the matrix with one row per image, turned if a table of `count` rows says so, and notes about it.

    Without a table a matrix that looks turned (768 rows, of some other length) is refused, not guessed.
    """
    rows, columns = x.shape
    if rows == 0 or columns == 0:
        raise ValueError(f"{name} has shape {x.shape}: no vectors to import")
    if count is not None:
        if rows == count:
            square = " (square: rows taken as images)" if rows == columns else ""
            return x, [f"{rows} × {columns}{square}"] if square else []
        if columns == count:
            return x.T, [f"{name} is {rows} × {columns} and its table has {count:,} rows: columns are images"]
        raise ValueError(
            f"{name} is {rows} × {columns}, but {count:,} ids or table rows go with it: one each is needed. "
            "Add or remove the lines that have no vector"
        )
    if rows in DIMS and columns not in DIMS:
        raise ValueError(
            f"{name} is {rows} × {columns}, which looks like columns of {rows} numbers, and nothing beside it "
            f"says so: put a table of {columns:,} rows beside it, or save the transpose"
        )
    return x, []


def _of_matrix(kind: str, x: np.ndarray, rows: pl.DataFrame, notes: list[str]) -> Source:
    def blocks(size: int) -> Iterator[np.ndarray]:
        for start in range(0, len(x), size):
            yield np.ascontiguousarray(x[start : start + size])

    return Source(format=kind, rows=rows, dim=x.shape[1], given=str(x.dtype), blocks=blocks, notes=notes)


def _table_rows(table: pl.DataFrame, count: int, what: str) -> tuple[pl.DataFrame, list[str]]:
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
