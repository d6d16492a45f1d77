"""Is a store still what was written? Digests, schema, counts, ids and vectors, each problem with a remedy."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from embedlab.data.report import few
from embedlab.io import layout
from embedlab.io.atomic import digests
from embedlab.io.rows import read_rows
from embedlab.io.store import read_manifest, store_state
from embedlab.io.thumbs import PER_SHEET, cut_tiles
from embedlab.io.vectors import norms_of, open_vectors

AGAIN = "copy the store again from where it was whole, or make it again into a new folder"
NORM_TOLERANCE = 1e-5  # relative; norms are summed in float64, so only the last digit of float32 may differ

Problem = dict[str, str]


def check_store(path: Path | str) -> dict[str, Any]:
    """Give `{ok, problems}` for a store: `ok` is True only if every byte is what was once written.

    Each problem is `{what, where, remedy}`. Vectors are also looked at for what they say: numbers that are
    not finite, rows of zeros, lengths other than recorded. FileNotFoundError where there is nothing at all.
    """
    folder = Path(path)
    try:
        manifest, card = read_manifest(folder)
    except FileNotFoundError as error:
        if not (folder / layout.MANIFEST).exists():
            raise
        return _answer([_problem(f"{Path(str(error.filename)).name} is missing", folder, AGAIN)])
    except ValueError as error:
        remedies = {"unfinished": "run the command that began it again", "other": "give the folder of a store"}
        remedy = remedies.get(store_state(folder), AGAIN)
        return _answer([_problem(str(error), folder, remedy)])
    problems = [*_records(folder, manifest, card), *_files(folder, manifest)]
    if not problems:  # what is inside means little where the bytes are not the ones written
        problems = [*_contents(folder, manifest), *_lists(folder, manifest), *_sheets(folder, manifest)]
    return _answer(problems)


def _answer(problems: list[Problem]) -> dict[str, Any]:
    return {"ok": not problems, "problems": problems}


def _problem(what: str, where: Path | str, remedy: str) -> Problem:
    return {"what": what, "where": str(where), "remedy": remedy}


def _records(folder: Path, manifest: dict[str, Any], card: dict[str, Any]) -> Iterator[Problem]:
    """Look whether manifest, card and shard records say the same."""
    body = {name: value for name, value in manifest.items() if name != "digest"}
    if layout.digest_of(body) != manifest.get("digest"):
        yield _problem("the manifest was changed after it was written", folder / layout.MANIFEST, AGAIN)
    if layout.store_key(card.get("facts", {})) != manifest["key"]:
        yield _problem("the key does not belong to the facts on the card", folder / layout.CARD, AGAIN)
    for number, shard in enumerate(manifest["shards"]):
        where = folder / layout.shard_names(number, manifest["dtype"])[2]
        try:
            record = layout.read_json(where)
        except (OSError, ValueError) as error:
            yield _problem(f"the shard's record cannot be read ({error})", where, AGAIN)
            continue
        if {name: value for name, value in record.items() if name != "bad"} != shard:
            yield _problem("the shard's record is not the one in the manifest", where, AGAIN)


def _files(folder: Path, manifest: dict[str, Any]) -> Iterator[Problem]:
    """Compare every file with its recorded size and digests; name files of a store that nobody recorded."""
    expected = dict(manifest["files"])
    for shard in manifest["shards"]:
        expected |= {shard[part]["name"]: shard[part] for part in ("vectors", "meta")}
    for name, record in expected.items():
        where = folder / name
        if not where.is_file():
            yield _problem(f"{name} is missing", where, AGAIN)
            continue
        size = where.stat().st_size
        if size != record.get("bytes"):
            yield _problem(f"{name} has {size:,} bytes, {record.get('bytes'):,} were written", where, AGAIN)
            continue
        seen = digests(where)
        differing = [kind for kind in ("sha256", "crc32") if seen[kind] != record.get(kind)]
        if differing:
            yield _problem(f"{name} was changed: its {' and '.join(differing)} differ", where, AGAIN)
    records = {layout.shard_names(n, manifest["dtype"])[2] for n in range(len(manifest["shards"]))}
    found = (file.relative_to(folder).as_posix() for file in [*folder.glob("*"), *folder.glob("thumbs/*")])
    for name in sorted(found):
        if layout.NAMES.fullmatch(name) and name not in expected and name not in records:
            remedy = "remove the file, if you know that it does not belong here"
            yield _problem(f"{name} is not mentioned in the manifest", folder / name, remedy)


def _contents(folder: Path, manifest: dict[str, Any]) -> Iterator[Problem]:
    """Read every vector and every id once, shard by shard."""
    seen: list[pl.Series] = []
    columns: list[str] | None = None
    for shard in manifest["shards"]:
        where = folder / shard["vectors"]["name"]
        try:
            x = open_vectors(where, shard["rows"], shard["dim"], shard["dtype"])
            rows = read_rows(folder / shard["meta"]["name"], shard["rows"])
        except (ValueError, OSError) as error:
            yield _problem(str(error), where, AGAIN)
            continue
        columns = columns or rows.columns
        if rows.columns != columns:
            yield _problem("its columns differ from those of the first shard", shard["meta"]["name"], AGAIN)
        seen.append(rows["image_id"])
        norms = norms_of(x)
        stated = rows["norm"].to_numpy()
        for what, wrong in (
            ("have numbers that are not finite", ~np.isfinite(norms)),
            ("are zero throughout", norms == 0),
            ("have another length than recorded", ~np.isclose(norms, stated, rtol=NORM_TOLERANCE)),
        ):
            if wrong.any():
                ids = rows["image_id"].filter(pl.Series(wrong)).to_list()
                yield _problem(f"{wrong.sum()} vectors {what}: {few(ids)}", where, AGAIN)
    ids = pl.concat(seen) if seen else pl.Series("image_id", [], pl.String)
    if ids.null_count() or ids.n_unique() != len(ids):
        twice = ids.filter(ids.is_duplicated()).unique(maintain_order=True).to_list()
        yield _problem(f"{len(twice)} image ids are missing or not unique: {few(twice)}", folder, AGAIN)


def _lists(folder: Path, manifest: dict[str, Any]) -> Iterator[Problem]:
    """Compare the counts with the lists that they count."""
    for name, count in ((layout.BAD, "unreadable"), (layout.DUPLICATES, "duplicates")):
        with open(folder / name, encoding="utf-8", newline="") as file:
            listed = sum(1 for _ in csv.reader(file)) - 1
        if listed != manifest["counts"].get(count):
            counted = manifest["counts"].get(count)
            yield _problem(f"{name} lists {listed}, the manifest counts {counted}", folder / name, AGAIN)


def _sheets(folder: Path, manifest: dict[str, Any]) -> Iterator[Problem]:
    """Look whether every row has its thumbnail, if the store has any."""
    sheets = sorted(name for name in manifest["files"] if name.startswith(f"{layout.THUMBS}/"))
    if not sheets:
        return
    rows = manifest["rows"]
    wanted = [f"{layout.THUMBS}/{sheet:03d}.webp" for sheet in range(-(-rows // PER_SHEET))]
    if sorted(wanted) != sheets:
        what = f"{len(sheets)} sheets of thumbnails where {rows:,} rows need {len(wanted)}"
        yield _problem(what, folder, AGAIN)
        return
    for number, name in enumerate(wanted):
        last = min(PER_SHEET, rows - number * PER_SHEET) - 1
        try:
            cut_tiles(folder / name, [last])
        except ValueError as error:
            yield _problem(str(error), folder / name, AGAIN)
