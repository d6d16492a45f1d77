"""Thumbnails: 64-pixel tiles on WebP sheets of 32 × 32, where tile number = row number of the store."""

import io
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embedlab.io.atomic import put_bytes
from embedlab.io.layout import THUMBS
from embedlab.io.vectors import recut

TILE_PX = 64
ACROSS = 32
PER_SHEET = ACROSS * ACROSS
QUALITY = 70  # about 1 kB a tile on photographs of birds
GROUND = (242, 242, 242)  # the light grey around pictures that are not square


def tile_of(image: Any) -> np.ndarray:
    """Give the whole of a Pillow image, shrunk and centred on light grey, as uint8 (64, 64, 3).

    Nothing is cropped, since the tip of a wing may be what is looked for. Transparent parts turn grey.
    """
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        image = Image.new("RGB", clear.size, GROUND)
        image.paste(clear, mask=clear.getchannel("A"))
    elif image.mode != "RGB":
        image = image.convert("RGB")
    scale = TILE_PX / max(image.size)
    size = tuple(max(1, round(side * scale)) for side in image.size)
    small = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0 if scale < 1 else None)
    tile = Image.new("RGB", (TILE_PX, TILE_PX), GROUND)
    tile.paste(small, ((TILE_PX - size[0]) // 2, (TILE_PX - size[1]) // 2))
    return np.asarray(tile, np.uint8)


def sheet_bytes(tiles: np.ndarray) -> bytes:
    """Give one sheet of up to 1,024 tiles (uint8, n × 64 × 64 × 3) as WebP; equal tiles give equal bytes."""
    from PIL import Image

    height = -(-len(tiles) // ACROSS)
    sheet = np.empty((height * ACROSS, TILE_PX, TILE_PX, 3), np.uint8)
    sheet[:] = np.array(GROUND, np.uint8)
    sheet[: len(tiles)] = tiles
    grid = sheet.reshape(height, ACROSS, TILE_PX, TILE_PX, 3).transpose(0, 2, 1, 3, 4)
    out = io.BytesIO()
    picture = Image.fromarray(grid.reshape(height * TILE_PX, ACROSS * TILE_PX, 3))
    picture.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def put_sheets(folder: Path, blocks: Iterable[np.ndarray]) -> dict[str, dict[str, Any]]:
    """Write `thumbs/000.webp` and so on from consecutive blocks of tiles; name → digests comes back."""
    (folder / THUMBS).mkdir(exist_ok=True)
    records = {}
    for number, tiles in enumerate(recut(blocks, PER_SHEET)):
        name = f"{THUMBS}/{number:03d}.webp"
        records[name] = put_bytes(folder / name, sheet_bytes(tiles), "thumbs")
    return records


def cut_tiles(sheet: Path, numbers: Sequence[int], file_format: str = "WEBP") -> list[bytes]:
    """Give the tiles of one sheet with these numbers (0 to 1,023), encoded again one by one.

    The sheet may come from a stranger: only WebP is decoded, and only up to the size of a sheet.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(sheet, formats=("WEBP",)) as picture:
                width, height = picture.size
                if width != ACROSS * TILE_PX or height % TILE_PX or not 0 < height <= ACROSS * TILE_PX:
                    raise ValueError(f"{sheet} is {width} × {height} px, which no sheet of thumbnails is")
                picture = picture.convert("RGB")
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
    ) as error:
        raise ValueError(
            f"{sheet} cannot be read ({error}): make the store again to have thumbnails"
        ) from None
    encoded = []
    for number in numbers:
        top, left = number // ACROSS * TILE_PX, number % ACROSS * TILE_PX
        if top >= height:
            raise ValueError(f"{sheet} has no tile {number}: it is shorter than the store it stands in")
        out = io.BytesIO()
        picture.crop((left, top, left + TILE_PX, top + TILE_PX)).save(out, file_format, quality=80)
        encoded.append(out.getvalue())
    return encoded
