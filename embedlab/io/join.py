"""From parts to shards to a finished store; every step may be killed, and is then done again alike."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from embedlab.data.report import few
from embedlab.io import layout
from embedlab.io.atomic import fault, put_bytes, put_csv, put_json
from embedlab.io.parts import part_paths, verify_part
from embedlab.io.plan import Plan
from embedlab.io.rows import parquet_bytes, read_rows
from embedlab.io.thumbs import put_sheets
from embedlab.io.vectors import open_vectors, put_vectors

UNIT_TOLERANCE = 2e-3  # of the norm: four times what rounding every number to float16 can do


def joined_parts(folder: Path, plan: Plan) -> set[int]:
    """Give the numbers of the parts whose shard is already committed."""
    done: set[int] = set()
    for shard, parts in enumerate(plan.shards):
        if (folder / layout.shard_names(shard, plan.dtype)[2]).exists():
            done |= set(parts)
    return done


class NothingReadable(ValueError):
    """Not one image of a store could be read: what was begun is of no use to a later call."""


def finish_store(
    folder: Path,
    plan: Plan,
    bad: list[tuple[str, str, str]],
    duplicates: list[tuple[str, str, str]],
    insist: Callable[[], None],
) -> None:
    """Join parts into shards, write sheets, lists and card, and commit all of it by the manifest."""
    declared, planned = plan.declared(), plan.images
    shards = []
    for shard, parts in enumerate(plan.shards):
        shards.append(_shard(folder, shard, parts, plan.dim, plan.dtype))
        insist()
    rows = sum(shard["rows"] for shard in shards)
    unread = sorted({tuple(entry) for entry in [*bad, *(b for shard in shards for b in shard["bad"])]})
    if rows == 0:
        said = "; ".join(f"{path!r}: " + ", ".join(filter(None, why)) for path, *why in unread[:5])
        raise NothingReadable(
            f"none of {len(unread)} images could be read ({said}): nothing is stored, look at the files"
        )
    files = put_sheets(folder, blocks) if (blocks := _tiles(folder, plan.parts)) is not None else {}
    files[layout.BAD] = put_csv(folder / layout.BAD, ["path", "reason", "message"], unread, "bad")
    listed = sorted({tuple(entry) for entry in duplicates})
    files[layout.DUPLICATES] = put_csv(
        folder / layout.DUPLICATES, ["path", "kept", "sha256"], listed, "duplicates"
    )
    norms, ids = _norms_and_ids(folder, shards)
    if ids.n_unique() != rows:
        twice = ids.filter(ids.is_duplicated()).unique(maintain_order=True).to_list()
        raise ValueError(f"{len(twice)} image ids occur more than once: {few(twice)}. Give each row its own")
    unit = bool((np.abs(norms - 1) < UNIT_TOLERANCE).all())
    card = {
        **declared,
        "norm": "unit" if unit else "raw",
        "norms": {"min": float(norms.min()), "median": float(np.median(norms)), "max": float(norms.max())},
    }
    files[layout.CARD] = put_json(folder / layout.CARD, card, "card")
    manifest = {
        **{name: declared[name] for name in ("schema", "key", "dim", "dtype", "inputs")},
        "rows": rows,
        "counts": {"planned": planned, "rows": rows, "unreadable": len(unread), "duplicates": len(listed)},
        "shards": [{name: value for name, value in shard.items() if name != "bad"} for shard in shards],
        "files": files,
    }
    insist()
    fault("before-manifest")
    put_json(folder / layout.MANIFEST, {**manifest, "digest": layout.digest_of(manifest)}, "manifest")
    fault("after-manifest")


def _shard(folder: Path, shard: int, parts: range, dim: int, dtype: str) -> dict[str, Any]:
    """Give the record of a shard, joining its parts first unless an earlier run has done so."""
    vectors_name, meta_name, record_name = layout.shard_names(shard, dtype)
    record_path = folder / record_name
    if not record_path.exists():
        records = [layout.read_json(part_paths(folder, part)["record"]) for part in parts]
        for part, record in zip(parts, records, strict=True):
            verify_part(folder, part, record)
        rows = sum(record["rows"] for record in records)
        vectors = put_vectors(
            folder / vectors_name,
            (open_vectors(part_paths(folder, p)["vectors"], r["rows"], dim, dtype)
             for p, r in zip(parts, records, strict=True)),
            (rows, dim), dtype, "shard-vectors",
        )  # fmt: skip
        fault("shard-vectors")
        frames = [
            read_rows(part_paths(folder, p)["meta"], r["rows"]) for p, r in zip(parts, records, strict=True)
        ]
        meta = put_bytes(folder / meta_name, parquet_bytes(pl.concat(frames)), "shard-meta")
        fault("shard-before-record")
        record = {
            "schema": layout.SCHEMA, "shard": shard, "rows": rows, "dim": dim, "dtype": dtype,
            "planned": [records[0]["planned"][0], records[-1]["planned"][1]],
            "vectors": {"name": vectors_name, **vectors}, "meta": {"name": meta_name, **meta},
            "bad": [entry for r in records for entry in r["bad"]],
        }  # fmt: skip
        put_json(record_path, record, "shard-record")
        fault("shard")
    for part in parts:  # thumbs wait for the sheets, which do not stop at the edge of a shard
        for name in ("vectors", "meta"):
            part_paths(folder, part)[name].unlink(missing_ok=True)
    return layout.read_json(record_path)


def _tiles(folder: Path, parts: int) -> Iterator[np.ndarray] | None:
    """Give the tiles of all parts in order, or None where some part came without."""
    records = [layout.read_json(part_paths(folder, part)["record"]) for part in range(parts)]
    if any(record["thumbs"] is None and record["rows"] for record in records):
        return None
    return (
        np.load(part_paths(folder, part)["thumbs"], allow_pickle=False)
        for part, record in enumerate(records)
        if record["rows"]
    )


def _norms_and_ids(folder: Path, shards: list[dict[str, Any]]) -> tuple[np.ndarray, pl.Series]:
    frames = [
        pl.read_parquet(folder / shard["meta"]["name"], columns=["image_id", "norm"]) for shard in shards
    ]
    joined = pl.concat(frames)
    return joined["norm"].to_numpy().astype(np.float64), joined["image_id"]
