"""Photographs painted for tests, and stores written around them."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from embedlab.io.store import StoreWriter

FACTS = {"model": "toy", "weights_sha256": "ab" * 32, "layer": "embed", "kind": "image", "preprocess": {"size": 8}}


def colour_of(i: int) -> tuple[int, int, int]:
    return (37 * i) % 256, (91 * i + 40) % 256, (151 * i + 90) % 256


def painted(i: int, size=(320, 240)) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (48.0, 12.0, 0.0)}  # where it was seen
    exif[0x010E] = "a nest"
    Image.new("RGB", size, colour_of(i)).save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def bomb(side: int = 60_000) -> bytes:
    """A PNG of a few hundred bytes that claims 3.6 thousand million pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def write_store(out: Path, root: Path, paths, digests, x, **columns) -> Path:
    plan = pl.DataFrame({"image_id": [f"img-{i:03d}" for i in range(len(paths))], "path": paths,
                         "sha256": digests, **columns}, infer_schema_length=None)  # fmt: skip
    tiles = np.stack([np.full((64, 64, 3), colour_of(i), np.uint8) for i in range(len(paths))])
    settings = {"facts": FACTS, "plan": plan, "dim": x.shape[1], "dtype": "float32", "part_rows": len(paths)}
    with StoreWriter(out, shard_rows=len(paths), **settings) as writer:
        writer.write_part(0, x, np.ones(len(x), bool), bad=[], thumbs=tiles)
        writer.finish(bad=[], duplicates=[], run={"device": "cpu", "root": str(root)})
    return out
