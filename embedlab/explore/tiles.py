"""Thumbnails of a page: packed on sheets, found by `image_id`, never by position."""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from embedlab.io.thumbs import ACROSS, PER_SHEET, TILE_PX, sheet_bytes

MOST_TILES = 14_000  # 64-pixel tiles that keep a page under 25 MB
SHEET = {"px": TILE_PX, "across": ACROSS, "each": PER_SHEET}


def packed(ids: Sequence[str], thumbnails: Mapping[str, bytes], most: int = MOST_TILES) -> tuple[list[int], list[str]]:
    """Give each id's tile number, −1 where it has none, and the sheets (base64 of WebP) that hold the tiles.

    `thumbnails` are encoded images by `image_id`; beyond `most` of them the rest stay out.
    """
    from PIL import Image

    numbers, pictures, sheets = [], [], []
    count = 0
    for image in ids:
        content = thumbnails.get(image)
        if content is None or count >= most:
            numbers.append(-1)
            continue
        with Image.open(io.BytesIO(content)) as opened:
            tile = opened.convert("RGB")
            if tile.size != (TILE_PX, TILE_PX):
                tile = tile.resize((TILE_PX, TILE_PX))
        numbers.append(count)
        pictures.append(np.asarray(tile, np.uint8))
        count += 1
        if len(pictures) == PER_SHEET:
            sheets.append(base64.b64encode(sheet_bytes(np.stack(pictures))).decode())
            pictures = []
    if pictures:
        sheets.append(base64.b64encode(sheet_bytes(np.stack(pictures))).decode())
    return numbers, sheets


def of_store(store: str | Path | None, most: int = MOST_TILES) -> dict[str, bytes]:
    """Give the thumbnails of a store by `image_id`, as that store itself numbers its rows; {} for no store.

    Of more than `most` rows every k-th is taken, so that the last rows are not always those without a tile.
    """
    if store is None:
        return {}
    from embedlab.io.store import open_store, thumbnails

    ids = open_store(store).rows["image_id"].to_list()
    rows = sorted({int(i) for i in np.linspace(0, len(ids) - 1, min(len(ids), most))}) if ids else []
    found = thumbnails(store, rows, "PNG")
    return {ids[row]: content for row, content in zip(rows, found, strict=False) if content is not None}
