"""Parts: some two thousand images each, the most that a kill costs; one counts once its record is there."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from embedlab.io import layout
from embedlab.io.atomic import digests, fault, put_bytes, put_json
from embedlab.io.plan import Plan
from embedlab.io.rows import rows_bytes
from embedlab.io.thumbs import TILE_PX
from embedlab.io.vectors import norms_of, put_vectors, storable


def part_paths(folder: Path, part: int) -> dict[str, Path]:
    """Give the four files of a part: vectors, meta, thumbs and the record that makes them count."""
    stem = folder / layout.PARTS / f"part-{part:05d}"
    return {
        "vectors": stem.with_suffix(".npy"),
        "meta": stem.with_suffix(".parquet"),
        "thumbs": stem.with_suffix(".thumbs.npy"),
        "record": stem.with_suffix(".json"),
    }


def trusted_part(folder: Path, part: int) -> dict[str, Any] | None:
    """Give the record of a committed part whose files have the recorded sizes, else None."""
    files = part_paths(folder, part)
    try:
        record = layout.read_json(files["record"])
        for name in ("vectors", "meta", "thumbs"):
            if record[name] is not None and files[name].stat().st_size != record[name]["bytes"]:
                return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record


def put_part(
    folder: Path,
    plan: Plan,
    part: int,
    x: np.ndarray,
    rows: pl.DataFrame,
    bad: list[tuple[str, str, str]],
    thumbs: np.ndarray | None,
) -> None:
    """Commit one part: its files, then the record that makes them count; ValueError if they disagree."""
    start, stop = plan.span(part)
    n = rows.height
    bad = [tuple(str(field) for field in entry) for entry in bad]
    if len(bad) != stop - start - n or any(len(entry) != 3 for entry in bad):
        raise ValueError(
            f"part {part}: {stop - start} images planned, {n} read, {len(bad)} listed as unreadable: each "
            "is one or the other; list (path, reason, message) for each unreadable one"
        )
    if x.shape != (n, plan.dim):
        raise ValueError(f"part {part} needs {n} × {plan.dim} numbers, got shape {x.shape}")
    if thumbs is not None and (thumbs.shape != (n, TILE_PX, TILE_PX, 3) or thumbs.dtype != np.uint8):
        raise ValueError(f"part {part}: thumbs must be uint8 of shape ({n}, {TILE_PX}, {TILE_PX}, 3)")
    stored = storable(x, plan.dtype, rows["image_id"])
    (folder / layout.PARTS).mkdir(exist_ok=True)
    files = part_paths(folder, part)
    record: dict[str, Any] = {"part": part, "planned": [start, stop], "rows": n, "bad": bad}
    record["vectors"] = put_vectors(files["vectors"], [stored], stored.shape, plan.dtype, "vectors")
    fault("part-vectors")
    record["meta"] = put_bytes(files["meta"], rows_bytes(rows, norms_of(stored)), "rows")
    record["thumbs"] = None
    if thumbs is not None:
        record["thumbs"] = put_vectors(files["thumbs"], [thumbs], thumbs.shape, "uint8", "tiles")
    fault("part-before-record")
    put_json(files["record"], record, "part-record")


def verify_part(folder: Path, part: int, record: dict[str, Any]) -> None:
    """Compare a part with its digests; a damaged one is removed, so that the next run writes it anew."""
    files = part_paths(folder, part)
    for name in ("vectors", "meta"):
        if digests(files[name], sha256=False)["crc32"] != record[name]["crc32"]:
            files["record"].unlink()
            raise ValueError(
                f"{files[name]} was damaged on disk after it was written; it was removed: run the same "
                "command again to make it anew, and look at the disk"
            )
