"""What a page of the explorer knows: places, facts and thumbnails, found by `image_id`, never by position."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from embedlab.explore import places, tiles

SCHEMA = "embedlab-explore-1"
SKIPPED = ("path", "image_id", "sha256", "digest", "content", "phash")


def bundle(
    stores: Sequence,
    projections: Mapping,
    thumbnails: Mapping[str, bytes],
    colour: str | None = None,
    *,
    of: Mapping | None = None,
    parts: Mapping[str, object] | None = None,
) -> dict:
    """Give the JSON that the explorer draws from; docs/bundle.md describes it.

    `stores` are `Embeddings` whose rows tell the facts; where an image stands in several, the first tells.
    `projections` are `Projection` results by name. `thumbnails` are encoded images by `image_id`. `colour` is the
    column to colour by at first. `of` gives the `Embeddings` behind a map by the map's name; of a single store all
    maps are taken to be. `parts` are optional parts ("neighbours", "tree", "axes") made for these `ids`, or functions
    that make them: each is called with the list of ids.
    """
    ids, total, notes = _shown(projections, stores)
    table = facts(ids, stores)
    columns = [c for name in table.columns if name != "image_id" if (c := _column(table[name])) is not None]
    numbers, sheets = tiles.packed(ids, thumbnails)
    if thumbnails and -1 in numbers:
        notes.append(f"{numbers.count(-1):,} of {len(ids):,} images have no thumbnail")
    spaces = dict(of) if of is not None else ({name: stores[0] for name in projections} if len(stores) == 1 else {})
    out = {
        "schema": SCHEMA,
        "ids": ids,
        "columns": columns,
        "maps": places.placed(projections, {image: r for r, image in enumerate(ids)}, spaces),
        "tiles": numbers,
        "sheets": sheets,
        "sheet": tiles.SHEET,
        "colour": _colour(columns, colour),
        "notes": notes,
    }
    if total > len(ids):
        out["total"] = total
    for name, part in (parts or {}).items():
        made = part(ids) if callable(part) else part
        if made is not None:
            out[name] = made
    return out


def _shown(projections: Mapping, stores: Sequence) -> tuple[list[str], int, list[str]]:
    """Give the ids shown, in the order in which they are drawn, of how many, and what is to be said of that."""
    every = list(dict.fromkeys(i for p in projections.values() for i in p.image_id))
    if len(every) <= places.MOST_POINTS:
        return places.by_hash(every), len(every), []
    table = facts(every, stores)
    species = table["species"].to_list() if "species" in table.columns else [None] * len(every)
    kept = places.sample(every, species, places.SAMPLED)
    by = "stratified by species" if "species" in table.columns else "chosen by hash"
    note = f"showing {len(kept):,} of {len(every):,} images, a sample {by}; the shade behind them is the density of all"
    return places.by_hash(kept), len(every), [note]


def facts(ids: Sequence[str], stores: Sequence) -> pl.DataFrame:
    """Give one row an id, in their order, from the first store that knows it; unknown facts are null.

    Paths, digests and nested columns stay out.
    """
    tables = []
    for store in stores:
        rows = store.rows
        keep = [c for c in rows.columns if c == "image_id" or (c not in SKIPPED and not rows[c].dtype.is_nested())]
        tables.append(rows.select(keep).with_columns(pl.col("image_id").cast(pl.String)))
    wanted = pl.DataFrame({"image_id": list(ids)}, schema={"image_id": pl.String})
    if not tables:
        return wanted
    known = pl.concat(tables, how="diagonal_relaxed").unique("image_id", keep="first", maintain_order=True)
    return wanted.join(known, on="image_id", how="left", maintain_order="left")


def _column(series: pl.Series) -> dict | None:
    """Pack a column as levels and codes, or as numbers; leave out the empty and those that hold paths."""
    if series.dtype.is_float():
        series = series.fill_nan(None)
    if series.null_count() == len(series):
        return None
    name = series.name
    if series.dtype.is_numeric() and series.n_unique() > 12:
        values = [None if v is None or not np.isfinite(v) else float(f"{v:.6g}") for v in series.to_list()]
        return {"name": name, "kind": "numbers", "values": values}
    words = [None if v is None or v == "" else str(v) for v in series.to_list()]
    if series.dtype.is_numeric():
        levels = [str(v) for v in series.drop_nulls().unique().sort()]  # 2 before 10
    else:
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
