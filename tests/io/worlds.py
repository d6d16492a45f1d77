"""A small extraction that can be run in this process or in one that is about to be killed."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import polars as pl

from embedlab.io.store import StoreWriter

IMAGES, DIM = 47, 6
FACTS = {
    "model": "toy",
    "weights_sha256": "ab" * 32,
    "layer": "embed",
    "kind": "image",
    "preprocess": {"size": 8},
}


def plan_of(images: int = IMAGES) -> pl.DataFrame:
    numbers = range(images)
    return pl.DataFrame(
        {
            "image_id": [f"img{i:04d}" for i in numbers],
            "path": [f"birds/{i}.jpg" for i in numbers],
            "sha256": [hashlib.sha256(str(i).encode()).hexdigest() for i in numbers],
            "species": [None if i % 5 == 0 else f"Genus species{i % 3}" for i in numbers],
            "status": ["LC"] * images,
        }
    )


def vectors_of(start: int, stop: int, dim: int = DIM) -> np.ndarray:
    return np.stack(
        [np.random.default_rng(i).normal(size=dim).astype(np.float32) for i in range(start, stop)]
    )


def readable(start: int, stop: int) -> np.ndarray:
    return np.arange(start, stop) % 11 != 3


def asked(path: Path, **changes) -> StoreWriter:
    """A writer of the same extraction, or of one in which something was changed."""
    return StoreWriter(path, **{"facts": FACTS, "plan": plan_of(), "dim": DIM, "dtype": "float32", **changes})


def write(
    out, *, shard_rows=20, part_rows=5, thumbs=True, order=1, stop_after=None, **changes
) -> dict | None:
    """Extract into `out` whatever is still missing there; None if told to stop early."""
    with asked(out, shard_rows=shard_rows, part_rows=part_rows, **changes) as writer:
        for done, part in enumerate(writer.pending[::order]):
            if done == stop_after:
                return None
            start, stop = writer.span(part)
            ok = readable(start, stop)
            tiles = np.full((ok.sum(), 64, 64, 3), part * 20, np.uint8) if thumbs else None
            bad = [(f"birds/{i}.jpg", "truncated", "cut short") for i in np.arange(start, stop)[~ok]]
            writer.write_part(part, vectors_of(start, stop)[ok], ok, bad=bad, thumbs=tiles)
        return writer.finish(
            bad=[("birds/none.jpg", "not an image", "text")],
            duplicates=[("birds/copy.jpg", "birds/1.jpg", "cd" * 32)],
            run={"device": "cpu"},
        )


def changed(path: Path, **values) -> None:
    """Let a record say something else."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def bytes_of(store: Path) -> dict[str, bytes]:
    """Every file of a store that its manifest answers for, and any that should not be there."""
    files = (file for file in sorted(store.rglob("*")) if file.is_file() and file.name != "runs.jsonl")
    return {file.relative_to(store).as_posix(): file.read_bytes() for file in files}


def write_and_die(out: Path, fault: str | None) -> None:
    """What a process of its own does: extract, with a fault point set or none."""
    os.environ.pop("EMBEDLAB_FAULT", None)
    if fault:
        os.environ["EMBEDLAB_FAULT"] = fault
    write(out)
