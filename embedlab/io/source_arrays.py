"""Matrices that others saved: pybioclip JSON, `.npz`, and `.npy` with a table beside it."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import polars as pl

from embedlab.data.report import few
from embedlab.io.sources import VECTOR_NAMES, Source, table_rows
from embedlab.io.tables import read_table

ID_NAMES = ("ids", "image_id", "image_ids", "uuid", "paths", "path", "filenames", "files", "id")
TABLES = (".parquet", ".csv", ".tsv", ".csv.gz", ".tsv.gz")
DIMS = (384, 512, 640, 768, 1024, 1152, 1280, 1536, 2048)  # of common encoders; tells rows from columns
JSON_LIMIT_BYTES = 2 << 30
INFLATED = 64  # float vectors shrink by a tenth; a member that grows more than this is a trap


def from_pybioclip(path: Path) -> Source:
    """Read the JSON of `bioclip embed`: `{"model": …, "embeddings": {path: [numbers]}}`, raw vectors."""
    if path.stat().st_size > JSON_LIMIT_BYTES:
        raise ValueError(
            f"{path} has {path.stat().st_size:,} bytes of JSON: convert it to .npz or parquet first"
        )
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"), object_pairs_hook=_unique)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged JSON ({error}): fetch it again") from None
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
        raise ValueError(f"{len(uneven)} vectors have not {dim} numbers like the first: {few(uneven)}. Leave them out")
    try:
        x = np.array(list(vectors.values()), np.float64).astype(np.float32)
    except (TypeError, ValueError):
        bad = [
            name for name, vector in vectors.items() if not all(isinstance(v, int | float) for v in vector)
        ]
        raise ValueError(f"{len(bad)} vectors hold something else than numbers: {few(bad)}. Leave them out") from None
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
        raise ValueError(f"{path} is a damaged .npz file ({error}): fetch it again") from None
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
    rows, more = table_rows(table, len(x), path.name)
    if ignored:
        notes.append(f"arrays left out, their length is another: {few(ignored)}")
    return _of_matrix("npz", x, rows, notes + more)


def _loaded(path: Path, bundle: Any, name: str) -> np.ndarray:
    try:
        return bundle[name]
    except (ValueError, EOFError, SyntaxError, TokenError, zipfile.BadZipFile) as error:  # a header is read as Python
        if "pickle" not in str(error) and "object" not in str(error).lower():
            raise ValueError(f"{path}: {name} is damaged ({error}): fetch it again") from None
        raise ValueError(
            f"{path}: {name} holds Python objects, which could run code when opened; save it as text or "
            f"numbers: np.savez(…, {name}={name}.astype(str))"
        ) from None


def _column(array: np.ndarray) -> pl.Series:
    return pl.Series(array.astype(str).tolist() if array.dtype.kind in "SU" else array)


def from_npy(path: Path) -> Source:
    """Read a matrix and the table beside it, of the same name and ending .parquet, .csv or .tsv."""
    try:
        x = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError, TokenError) as error:
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
    beside = tables_beside(path)
    if len(beside) > 1:
        raise ValueError(f"several tables stand beside {path}: {few([b.name for b in beside])}. Keep one")
    table = read_table(beside[0]) if beside else pl.DataFrame()
    x, notes = oriented(x, table.height if beside else None, path.name)
    rows, more = table_rows(table, len(x), beside[0].name if beside else path.name)
    return _of_matrix("npy", x, rows, notes + more)


def tables_beside(path: Path) -> list[Path]:
    """List the tables that belong to a `.npy`: the same name, another ending. They are part of the key."""
    endings = TABLES if path.suffix == ".npy" else ()
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
            f"{name} is {rows} × {columns}, which looks like columns of {rows} numbers, and nothing "
            f"beside it says so: put a table of {columns:,} rows beside it, or save the transpose"
        )
    return x, []


def _of_matrix(kind: str, x: np.ndarray, rows: pl.DataFrame, notes: list[str]) -> Source:
    def blocks(size: int) -> Iterator[np.ndarray]:
        for start in range(0, len(x), size):
            yield np.ascontiguousarray(x[start : start + size])

    return Source(format=kind, rows=rows, dim=x.shape[1], given=str(x.dtype), blocks=blocks, notes=notes)
