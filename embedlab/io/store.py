"""Opening a finished store: vectors as a memory map, rows as a table, and the facts about both."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from embedlab.data.embeddings import Embeddings
from embedlab.io import layout
from embedlab.io.layout import content_digest
from embedlab.io.rows import read_rows, users_rows
from embedlab.io.thumbs import PER_SHEET, cut_tiles
from embedlab.io.vectors import open_vectors
from embedlab.io.writer import StoreWriter

__all__ = [
    "MEMORY_LIMIT_BYTES", "StoreWriter", "blocks", "content_digest", "open_store", "read_manifest",
    "store_info", "store_state", "thumbnails",
]  # fmt: skip

MEMORY_LIMIT_BYTES = 8 << 30


def store_state(path: Path | str) -> str:
    """Tell what stands at `path`: "absent" (or empty), "unfinished", "finished" or "other"."""
    folder = Path(path)
    if not folder.exists():
        return "absent"
    if (folder / layout.MANIFEST).is_file():
        return "finished"
    if (folder / layout.PLAN).is_file():
        return "unfinished"
    return "other" if not folder.is_dir() or any(folder.iterdir()) else "absent"


def read_manifest(path: Path | str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give (manifest, card) of a finished store, both checked for schema and for names that lead outside.

    FileNotFoundError where there is nothing, ValueError where it is unfinished, damaged or something else.
    """
    folder = Path(path)
    state = store_state(folder)
    if state == "absent":
        raise FileNotFoundError(
            f"{folder} does not exist or is empty: make a store with embedlab extract or import"
        )
    if state == "unfinished":
        plan = layout.read_json(folder / layout.PLAN)
        done = len(list((folder / layout.PARTS).glob("part-*.json")))
        total = -(-int(plan.get("planned", 0)) // max(int(plan.get("part_rows", 1)), 1))
        raise ValueError(
            f"{folder} is an unfinished store ({done} of {total} parts): run the command that began it again "
            "with the same arguments, and it continues where it stopped"
        )
    if state == "other":
        raise ValueError(
            f"{folder} is not a store, it has no {layout.MANIFEST}: give the folder that embedlab extract or "
            "embedlab import wrote"
        )
    manifest, card = (layout.read_json(folder / name) for name in (layout.MANIFEST, layout.CARD))
    layout.expect_schema(manifest, folder / layout.MANIFEST)
    layout.expect_schema(card, folder / layout.CARD)
    try:
        dim, dtype, rows = manifest["dim"], manifest["dtype"], 0
        for number, shard in enumerate(manifest["shards"]):
            names = (shard["vectors"]["name"], shard["meta"]["name"])
            for name in names:
                layout.inside(folder, name)
            if names != layout.shard_names(number, dtype)[:2] or shard["dim"] != dim or shard["rows"] < 0:
                raise ValueError(
                    f"{folder / layout.MANIFEST}: shard {number} is called {names}, or its size is wrong: copy the "
                    "store again, or remake it"
                )
            rows += shard["rows"]
        for name in manifest["files"]:
            layout.inside(folder, name)
        if rows != manifest["rows"] or card["key"] != manifest["key"] or dim < 1:
            raise ValueError(
                f"{folder / layout.MANIFEST} does not add up ({rows:,} rows in shards, {manifest['rows']:,} in all; "
                f"key {card['key']:.12} beside {manifest['key']:.12}): copy the store again, or remake it"
            )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{folder / layout.MANIFEST} lacks {error}: copy the store again, or remake it"
        ) from None
    return manifest, card


def open_store(path: Path | str, shards: Sequence[int] | None = None) -> Embeddings:
    """Give a finished store as `Embeddings`: read-only vectors, one row each, and the card.

    One shard (up to 262,144 rows) opens as a memory map, whatever its size. Several are read into one array
    in memory, up to 8 GiB; beyond that choose `shards`, or walk through `blocks`.
    """
    folder = Path(path)
    manifest, card = read_manifest(folder)
    asked = _chosen(manifest, shards)
    chosen = [shard for shard in asked if shard["rows"]] or asked[:1]
    rows = pl.concat([read_rows(folder / shard["meta"]["name"], shard["rows"]) for shard in chosen])
    maps = [_vectors(folder, shard) for shard in chosen]
    if len(maps) == 1:
        x = maps[0]
    else:
        size = sum(one.nbytes for one in maps)
        if size > MEMORY_LIMIT_BYTES:
            raise ValueError(
                f"{folder} has {len(maps)} shards of {size / 2**30:.0f} GiB together, more than the "
                f"{MEMORY_LIMIT_BYTES / 2**30:.0f} GiB that are read into memory: open some of them with "
                "open_store(path, shards=[0]), or walk through blocks(path)"
            )
        x = np.concatenate(maps)
        x.setflags(write=False)
    facts = {name: manifest[name] for name in ("rows", "counts", "digest")}
    return Embeddings(x, users_rows(rows), {"model": _model(card), **card, **facts})


def blocks(path: Path | str, rows: int = 8192) -> Iterator[tuple[np.ndarray, pl.DataFrame]]:
    """Give (vectors, rows) piece by piece, at most `rows` at a time: memory does not grow with the store."""
    if rows < 1:
        raise ValueError(f"blocks need at least one row each, not {rows}")
    folder = Path(path)
    manifest, _ = read_manifest(folder)
    for shard in manifest["shards"]:
        table = users_rows(read_rows(folder / shard["meta"]["name"], shard["rows"]))
        x = _vectors(folder, shard)
        for start in range(0, shard["rows"], rows):
            yield x[start : start + rows], table[start : start + rows]


NAMED = ("species", "genus", "family", "sex", "life_stage", "individual")


def store_info(path: Path | str) -> dict[str, Any]:
    """Give the facts about a store: what is in it, who made it, what is missing.

    `normalised` is True for unit vectors, False for raw ones and None where it is not known; `missing` counts
    empty cells per column, `kinds` the different names in some; `norms` are the lengths of the vectors.
    """
    folder = Path(path)
    manifest, card = read_manifest(folder)
    tables = [
        users_rows(read_rows(folder / shard["meta"]["name"], shard["rows"])) for shard in manifest["shards"]
    ]
    table = pl.concat(tables)
    return {
        "store": str(folder),
        "key": manifest["key"],
        "model": _model(card),
        "rows": manifest["rows"],
        "dim": manifest["dim"],
        "dtype": manifest["dtype"],
        "normalised": {"unit": True, "raw": False}.get(card.get("norm")),
        "norms": card.get("norms"),
        "columns": table.columns,
        "missing": {name: table[name].null_count() for name in table.columns},
        "kinds": {name: table[name].drop_nulls().n_unique() for name in NAMED if name in table.columns},
        "unreadable": manifest["counts"]["unreadable"],
        "duplicates": manifest["counts"]["duplicates"],
        "shards": len(manifest["shards"]),
        "thumbnails": any(name.startswith(f"{layout.THUMBS}/") for name in manifest["files"]),
        "bytes": sum(shard[part]["bytes"] for shard in manifest["shards"] for part in ("vectors", "meta")),
        "digest": manifest["digest"],
        "card": card,
    }


def thumbnails(path: Path | str, rows: Sequence[int], file_format: str = "WEBP") -> list[bytes | None]:
    """Give a 64 × 64 picture for each row number, as encoded bytes; None where the store has none."""
    folder = Path(path)
    manifest, _ = read_manifest(folder)
    wanted = [int(row) for row in rows]
    outside = [row for row in wanted if not 0 <= row < manifest["rows"]]
    if outside:
        raise ValueError(
            f"rows {outside[:5]} do not exist: the store has {manifest['rows']:,}, counted from 0"
        )
    tiles: dict[int, bytes] = {}
    for sheet in sorted({row // PER_SHEET for row in wanted}):
        name = f"{layout.THUMBS}/{sheet:03d}.webp"
        if name in manifest["files"]:
            here = sorted({row for row in wanted if row // PER_SHEET == sheet})
            cut = cut_tiles(layout.inside(folder, name), [row % PER_SHEET for row in here], file_format)
            tiles.update(zip(here, cut, strict=True))
    return [tiles.get(row) for row in wanted]


def _model(card: dict[str, Any]) -> str:
    return str(card.get("model") or card.get("facts", {}).get("model") or "not stated")


def _chosen(manifest: dict[str, Any], shards: Sequence[int] | None) -> list[dict[str, Any]]:
    everything = manifest["shards"]
    if shards is None:
        return everything
    outside = [shard for shard in shards if not 0 <= shard < len(everything)]
    if outside or not len(shards):
        raise ValueError(
            f"shards {outside[:5]} do not exist: the store has {len(everything)}, counted from 0"
        )
    return [everything[shard] for shard in shards]


def _vectors(folder: Path, shard: dict[str, Any]) -> np.ndarray:
    return open_vectors(folder / shard["vectors"]["name"], shard["rows"], shard["dim"], shard["dtype"])
