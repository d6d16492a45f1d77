"""What the map of the page knows: places, facts and thumbnails, found by `image_id`, never by position."""

import base64
import hashlib
import io
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from embedlab.io.thumbs import ACROSS, PER_SHEET, TILE_PX, sheet_bytes

SVG_POINTS = 3_000  # up to here plotly draws SVG; beyond it WebGL, which asks the page for unsafe-eval
MOST_POINTS = 20_000  # points on one page; beyond that a sample stratified by species, and the page says so
MOST_TILES = 8_000
SKIPPED = ("path", "image_id", "sha256", "digest", "content", "phash")


def bundle(stores: Sequence, projections: Mapping, thumbnails: Mapping[str, bytes], colour: str | None = None) -> dict:
    """Give the JSON that the map draws from.

    `stores` are `Embeddings` whose rows tell the facts; where an image stands in several, the first tells.
    `projections` are `Projection` results by name. `thumbnails` are encoded images by `image_id`.
    """
    ids, maps, notes = _places(projections, stores)
    table = _facts(ids, stores)
    columns = [c for name in table.columns if name != "image_id" if (c := _column(table[name])) is not None]
    tiles, sheets = _tiles(ids, thumbnails)
    if len(thumbnails) and -1 in tiles:
        notes.append(f"{tiles.count(-1):,} of {len(ids):,} images have no thumbnail")
    return {
        "ids": ids,
        "columns": columns,
        "maps": maps,
        "tiles": tiles,
        "sheets": sheets,
        "sheet": {"px": TILE_PX, "across": ACROSS, "each": PER_SHEET},
        "colour": _colour(columns, colour),
        "gl": max((len(m["row"]) for m in maps), default=0) > SVG_POINTS,
        "notes": notes,
    }


def _places(projections: Mapping, stores: Sequence) -> tuple[list[str], list[dict], list[str]]:
    every = list(dict.fromkeys(i for p in projections.values() for i in p.image_id))
    kept, notes = every, []
    if len(every) > MOST_POINTS:
        kept = _sample(every, stores)
        notes.append(f"showing {len(kept):,} of {len(every):,} images, a sample stratified by species")
    # Drawn in the order of a hash of the id: no class lies on top, and every machine agrees.
    ids = sorted(kept, key=lambda i: hashlib.sha256(i.encode()).digest())
    row = {image: r for r, image in enumerate(ids)}
    maps = []
    for name, p in projections.items():
        pairs = sorted((row[image], k) for k, image in enumerate(p.image_id) if image in row)
        xy = np.asarray(p.xy, float)[[k for _, k in pairs]]
        size = float(np.ptp(xy, axis=0).max()) or 1.0
        # Four digits of the width of the map are finer than a pixel.
        x, y = (np.round(xy[:, j] / size, 4).tolist() for j in (0, 1))
        shares = [""] * 2 if p.explained is None else [f" ({100 * v:.0f} %)" for v in p.explained]
        axes = [f"PC {j + 1}{shares[j]}" if p.method == "PCA" else "" for j in (0, 1)]
        maps.append({"name": name, "caption": p.caption, "row": [r for r, _ in pairs], "x": x, "y": y, "axes": axes})
    return ids, maps, notes


def _sample(ids: list[str], stores: Sequence) -> list[str]:
    """Take the same share of every species, at least one image each, chosen by hash."""
    table = _facts(ids, stores)
    species = table["species"].to_list() if "species" in table.columns else [None] * len(ids)
    groups: dict = {}
    for image, name in zip(ids, species, strict=True):
        groups.setdefault(name, []).append(image)
    share = MOST_POINTS / len(ids)
    kept = []
    for members in groups.values():
        members.sort(key=lambda i: hashlib.sha256(b"sample" + i.encode()).digest())
        kept += members[: max(1, int(share * len(members)))]
    return kept


def _facts(ids: list[str], stores: Sequence) -> pl.DataFrame:
    """Give one row an id, in their order, from the first store that knows it; unknown facts are null."""
    tables = []
    for store in stores:
        rows = store.rows
        keep = [c for c in rows.columns if c == "image_id" or (c not in SKIPPED and not rows[c].dtype.is_nested())]
        tables.append(rows.select(keep).with_columns(pl.col("image_id").cast(pl.String)))
    wanted = pl.DataFrame({"image_id": ids}, schema={"image_id": pl.String})
    if not tables:
        return wanted
    known = pl.concat(tables, how="diagonal_relaxed").unique("image_id", keep="first", maintain_order=True)
    return wanted.join(known, on="image_id", how="left", maintain_order="left")


def _column(series: pl.Series) -> dict | None:
    """Pack a column as levels and codes, or as numbers; leave out the empty and those that hold paths."""
    if series.null_count() == len(series):
        return None
    name = series.name
    if series.dtype.is_numeric() and series.n_unique() > 12:
        values = [None if v is None or not np.isfinite(v) else float(f"{v:.6g}") for v in series.to_list()]
        return {"name": name, "kind": "numbers", "values": values}
    words = [None if v is None else str(v) for v in series.to_list()]
    levels = sorted({w for w in words if w is not None})
    if any(w.startswith(("/", "\\")) or w[1:3] == ":\\" for w in levels[:50]):
        return None
    place = {w: i for i, w in enumerate(levels)}
    return {
        "name": name,
        "kind": "kinds",
        "levels": levels,
        "codes": [-1 if w is None else place[w] for w in words],
    }


def _colour(columns: list[dict], asked: str | None) -> str:
    """Choose the first colouring: what was asked for, else the finest rank with 2 to 9 names, else sex."""
    # Nine colours can be told apart.
    few = [c["name"] for c in columns if c["kind"] == "kinds" and 2 <= len(c["levels"]) <= 9]
    names = [c["name"] for c in columns]
    if asked in names:
        return asked
    for name in ("species", "genus", "family", "order", "class", "phylum", "sex", "life_stage", *few):
        if name in few:
            return name
    return ""


def _tiles(ids: list[str], thumbnails: Mapping[str, bytes]) -> tuple[list[int], list[str]]:
    """Pack the thumbnails of these ids on sheets; give each id's tile number, −1 where there is none."""
    from PIL import Image

    numbers, pictures, sheets = [], [], []
    count = 0
    for image in ids:
        content = thumbnails.get(image)
        if content is None or count >= MOST_TILES:
            numbers.append(-1)
            continue
        with Image.open(io.BytesIO(content)) as opened:
            tile = (
                opened.convert("RGB").resize((TILE_PX, TILE_PX))
                if opened.size != (TILE_PX, TILE_PX)
                else opened.convert("RGB")
            )
        numbers.append(count)
        pictures.append(np.asarray(tile, np.uint8))
        count += 1
        if len(pictures) == PER_SHEET:
            sheets.append(base64.b64encode(sheet_bytes(np.stack(pictures))).decode())
            pictures = []
    if pictures:
        sheets.append(base64.b64encode(sheet_bytes(np.stack(pictures))).decode())
    return numbers, sheets
