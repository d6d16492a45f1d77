"""Vectors made elsewhere into a store: the same numbers, bit for bit, and every column that came along."""

import hashlib
import time
from pathlib import Path
from typing import Any

import polars as pl

from embedlab.data.report import few
from embedlab.io import layout, source_arrays
from embedlab.io.atomic import digests
from embedlab.io.rows import planned_rows
from embedlab.io.source_h5ad import from_h5ad
from embedlab.io.source_parquet import from_parquet
from embedlab.io.sources import Source, detect
from embedlab.io.store import read_manifest, store_state
from embedlab.io.vectors import recut
from embedlab.io.writer import StoreWriter

READERS = {
    "parquet": from_parquet,
    "emb-explorer": from_parquet,
    "hpc-inference": from_parquet,
    "pybioclip": source_arrays.from_pybioclip,
    "npz": source_arrays.from_npz,
    "npy": source_arrays.from_npy,
    "h5ad": from_h5ad,
}
PART_BYTES = 32 << 20  # of vectors held at once; some four times that pass through memory
IMPORTER = 1  # part of the key: raise it when the same file would give other rows


def import_file(path: Path | str, out: Path | str, source: str = "auto") -> dict[str, Any]:
    """Store the vectors of a file; `{store, key, rows, dim, format, from_cache, …}` comes back.

    Reads emb-explorer and TreeOfLife parquet (`uuid`, `emb`), hpc-inference parquet (`emb_MODEL`), pybioclip
    JSON, `.npz` (`x`, and optionally ids and labels), `.npy` with a table beside it and AnnData's `.h5ad` (`X`, `obs`);
    `source` names one of them or lets the first bytes decide. Columns get our names, all are kept, missing cells
    stay missing. Whether vectors are raw or of unit length is measured and recorded, never changed.

    ValueError, naming rows, for vectors that are zero, not finite or of uneven length, for ids that are
    missing or not unique, and for a folder that holds other data; then nothing is left behind.
    """
    path, out = Path(path), Path(out)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file: give a parquet, JSON, .npz, .npy or .h5ad file of vectors")
    if source != "auto" and source not in READERS:
        raise ValueError(f"format {source!r} is not known: choose auto, {few(READERS, len(READERS))}")
    kind = detect(path) if source == "auto" else source
    files = {"file": digests(path)["sha256"]}
    files |= {
        file.name[len(path.stem) :]: digests(file)["sha256"] for file in source_arrays.tables_beside(path)
    }
    if (known := _known(out, files)) is not None:
        return known
    opened = READERS[kind](path)
    rows = planned_rows(opened.rows)
    facts = {
        "kind": "import", "importer": IMPORTER, "format": opened.format, "model": opened.model,
        "dim": opened.dim, "source_sha256": files,
    }  # fmt: skip
    card = {
        "model": opened.model or "not stated",
        "source": {"name": path.name, "dtype": opened.given, "notes": opened.notes},
    }
    started = time.monotonic()
    part_rows = _part_rows(opened.dim)
    with StoreWriter(
        out,
        facts=facts,
        card=card,
        plan=len(rows),
        dim=opened.dim,
        inputs=_digest(files),
        part_rows=part_rows,
    ) as writer:
        if not writer.finished:
            try:
                _write(writer, opened, rows)
            except (ValueError, TypeError):
                if not writer.resumed:
                    writer.abandon()
                raise
            writer.finish(run={"device": "none", "import_seconds": round(time.monotonic() - started, 3)})
    manifest, card = read_manifest(out)
    return _answer(out, manifest, card, from_cache=False)


def _write(writer: StoreWriter, opened: Source, rows: pl.DataFrame) -> None:
    size = writer.plan.part_rows
    pending = set(writer.pending)
    blocks = recut(opened.blocks(size), size)
    for part, x in enumerate(blocks):
        if part in pending:
            start, stop = writer.span(part)
            writer.write_part(part, x, rows=rows[start:stop])
        pending.discard(part)


def _part_rows(dim: int) -> int:
    """Give the largest power of two of rows whose float32 vectors stay within `PART_BYTES`.

    >>> _part_rows(768), _part_rows(1)
    (8192, 262144)
    """
    rows = layout.SHARD_ROWS
    while rows > 1 and rows * dim * 4 > PART_BYTES:
        rows //= 2
    return rows


def _digest(files: dict[str, str]) -> str:
    return hashlib.sha256(layout.canonical(files).encode()).hexdigest()


def _known(out: Path, files: dict[str, str]) -> dict[str, Any] | None:
    """Give the answer at once if `out` is the finished store of these very bytes."""
    if store_state(out) != "finished":
        return None
    manifest, card = read_manifest(out)
    facts = card.get("facts", {})
    before = facts.get("source_sha256")
    if facts.get("kind") == "import" and before and before != files:
        other = sorted((k for k in {*before, *files} if before.get(k) != files.get(k)), reverse=True)
        named = " and ".join("the vectors" if k == "file" else f"the table ({k})" for k in other)
        raise ValueError(
            f"{out} was imported from {card['source']['name']}, and {named} differ now: import "
            "into another folder, or remove that store first"
        )
    if before != files or facts.get("importer") != IMPORTER:
        return None
    return _answer(out, manifest, card, from_cache=True)


def _answer(out: Path, manifest: dict[str, Any], card: dict[str, Any], *, from_cache: bool) -> dict[str, Any]:
    return {
        "store": str(out), "key": manifest["key"], "rows": manifest["rows"], "dim": manifest["dim"],
        "format": card["facts"]["format"], "model": card["model"], "dtype": manifest["dtype"],
        "normalised": card["norm"] == "unit", "from_cache": from_cache, "notes": card["source"]["notes"],
    }  # fmt: skip
