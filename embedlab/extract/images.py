"""What there is to embed: a folder, a pattern, a manifest or tars → a plan that is the same in every run.

The plan is sorted by image id; of several files with the same content the first stays and the others are
listed; what cannot be an image at all is listed with a reason. No image is decoded here.
"""

import glob
import logging
import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TypeVar

import polars as pl

from embedlab.data.manifest import Manifest
from embedlab.extract.decode import MAX_BYTES, SUFFIXES, Unreadable
from embedlab.extract.tars import tar_rows
from embedlab.io.layout import CARD, PLAN, THUMBS
from embedlab.progress import progress

T = TypeVar("T")
R = TypeVar("R")
log = logging.getLogger(__name__)
TABLES = (".csv", ".tsv", ".parquet", ".txt", ".gz")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the bytes of one image stand: a file, or a piece of one."""

    file: Path
    offset: int | None = None
    size: int | None = None

    def read(self) -> bytes:
        """Give the bytes, or raise `Unreadable` with `missing`, `empty`, `not an image` or `too large`."""
        try:
            found = os.stat(self.file)
            if not stat.S_ISREG(found.st_mode):
                raise Unreadable("not an image", "a folder or device, not a file")
            size = found.st_size if self.size is None else self.size
            if size == 0:
                raise Unreadable("empty", "0 bytes")
            if size > MAX_BYTES:
                raise Unreadable("too large", f"{size:,} bytes; at most {MAX_BYTES:,} are read")
            with open(self.file, "rb") as file:
                if self.offset:
                    file.seek(self.offset)
                return file.read(size)
        except (OSError, ValueError) as error:
            if isinstance(error, Unreadable):
                raise
            raise Unreadable("missing", getattr(error, "strerror", None) or str(error)) from error


@dataclass(frozen=True, kw_only=True, eq=False)
class Sources:
    """The rows of what was given (`image_id`, `path` and the user's columns), and where each one's bytes are.

    `files` are those whose size and time tell whether anything has changed; `root` is the folder to which the
    paths in `rows` are relative.
    """

    rows: pl.DataFrame
    places: list[Place]
    root: Path
    files: list[Path]
    kind: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """Rows to embed, in order, with `sha256`; where their bytes are; what was left out and why."""

    rows: pl.DataFrame
    places: list[Place]
    bad: list[tuple[str, str, str]]  # path, reason, message
    duplicates: list[tuple[str, str, str]]  # path, path of the one that stays, sha256


def find_sources(images: str | Path | Manifest) -> Sources:
    """Find the images named by a folder, a pattern with `*`, a manifest (`.csv`, `.parquet`) or a `.tar`."""
    if isinstance(images, Manifest):
        folders = {os.path.dirname(os.path.abspath(path)) for path in images.paths}
        return _from_manifest(images, Path(os.path.commonpath(folders)), [], "manifest")
    text = str(images)
    path = Path(text).expanduser()
    if path.is_dir():
        return _from_manifest(Manifest.from_folder(path), path, [], "folder")
    if path.is_file() and path.suffix.lower() == ".tar":
        return _from_tars([path])
    if path.is_file() and path.suffix.lower() in TABLES:
        return _from_manifest(Manifest.read(path), path.parent, [path], "manifest")
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        return _from_files([path], path.parent)
    if any(sign in text for sign in "*?["):
        return _from_pattern(str(path))
    if path.is_file():
        raise ValueError(f"{path} is no folder, pattern, manifest (.csv, .parquet), tar or image")
    raise FileNotFoundError(f"{path}: no such folder, manifest or tar of images")


def _from_pattern(pattern: str) -> Sources:
    found = [Path(name) for name in glob.iglob(pattern, recursive=True) if os.path.isfile(name)]
    tars = sorted(path for path in found if path.suffix.lower() == ".tar")
    if tars and len(tars) == len(found):
        return _from_tars(tars)
    files = [path for path in found if path.suffix.lower() in SUFFIXES and not _in_store(path)]
    if not files:
        raise FileNotFoundError(
            f"{pattern}: {len(found)} files match, none of them an image ({', '.join(SUFFIXES)})"
        )
    fixed = []
    for part in Path(pattern).parts[:-1]:
        if any(sign in part for sign in "*?["):
            break
        fixed.append(part)
    return _from_files(files, Path(*fixed) if fixed else Path("."))


def _from_files(files: list[Path], root: Path) -> Sources:
    names = [file.relative_to(root).as_posix() for file in files]
    _check_text(names)
    rows = pl.DataFrame({"image_id": names, "path": names}, schema={"image_id": pl.String, "path": pl.String})
    return Sources(
        rows=rows, places=[Place(file=f) for f in files], root=root.resolve(), files=files, kind="files"
    )


def _from_manifest(manifest: Manifest, root: Path, tables: list[Path], kind: str) -> Sources:
    log.info("%s", manifest.report)
    root, rows = root.resolve(), manifest.rows
    files = [root / path for path in rows["path"].to_list()]  # an absolute path stays as it is
    shown = [_relative(file, root) for file in files]
    rows = rows.with_columns(pl.Series("path", shown, dtype=pl.String))
    if kind == "folder":
        keep = [not _in_store(file) for file in files]
        rows, files = (
            rows.filter(pl.Series(keep)),
            [file for file, kept in zip(files, keep, strict=True) if kept],
        )
    return Sources(
        rows=rows, places=[Place(file=f) for f in files], root=root, files=[*tables, *files], kind=kind
    )


def _from_tars(tars: list[Path]) -> Sources:
    found, places = [], []
    for path in tars:
        for row in tar_rows(path):
            places.append(Place(file=path, offset=row.pop("offset"), size=row.pop("size")))
            found.append(row)
    rows = pl.DataFrame(found, infer_schema_length=None, strict=False)
    rows = rows.select("image_id", "path", *sorted(set(rows.columns) - {"image_id", "path"}))
    return Sources(rows=rows, places=places, root=tars[0].parent.absolute(), files=tars, kind="tars")


def _in_store(file: Path) -> bool:
    """Tell whether a picture is a sheet of thumbnails in a store that lies among the images."""
    return file.parent.name == THUMBS and any((file.parent.parent / name).exists() for name in (CARD, PLAN))


def _relative(file: Path, root: Path) -> str:
    """Give the path below `root`, with slashes, so that a folder that was moved gives the same rows."""
    try:
        return file.relative_to(root).as_posix()
    except ValueError:
        return str(file)


def _check_text(names: list[str]) -> None:
    broken = []
    for name in names:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            broken.append(name)
    if broken:
        raise ValueError(f"{len(broken)} file names are not UTF-8: {broken[:5]!r}. Rename them")


def make_plan(sources: Sources, workers: int = 4) -> Plan:
    """Read every file once for its digest; sort by image id; list apart what is no file or there twice."""
    order = sources.rows.with_row_index("at").sort("image_id")["at"].to_list()
    rows = sources.rows[order]
    places = [sources.places[at] for at in order]
    keep: list[int] = []
    digests: list[str] = []
    bad: list[tuple[str, str, str]] = []
    duplicates: list[tuple[str, str, str]] = []
    first: dict[str, str] = {}
    found = progress(in_order(_digest, places, workers), "looking at files", "images", total=len(places))
    for at, (path, (digest, trouble)) in enumerate(zip(rows["path"].to_list(), found, strict=True)):
        if trouble is not None:
            bad.append((path, trouble.reason, str(trouble)))
        elif digest in first:
            duplicates.append((path, first[digest], digest))
        else:
            first[digest] = path
            keep.append(at)
            digests.append(digest)
    if not keep:
        seen = "; ".join(f"{p}: {r}" for p, r, _ in bad[:5])
        raise ValueError(f"none of {len(places)} files could be read ({seen}): give whole images")
    kept = rows[keep].with_columns(pl.Series("sha256", digests, dtype=pl.String))
    return Plan(rows=kept, places=[places[at] for at in keep], bad=bad, duplicates=duplicates)


def _digest(place: Place) -> tuple[str, Unreadable | None]:
    try:
        return sha256(place.read()).hexdigest(), None
    except Unreadable as error:
        return "", error


def in_order(work: Callable[[T], R], items: Iterable[T], workers: int, ahead: int = 64) -> Iterator[R]:
    """Map `work` over `items` with threads: results in order, at most `ahead` begun and not yet taken."""
    items = iter(items)
    with ThreadPoolExecutor(workers, thread_name_prefix="embedlab-images") as pool:
        waiting = deque(pool.submit(work, item) for item in islice(items, ahead))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(work, item) for item in islice(items, 1))
                yield result
        finally:  # the loop was left early, by an error or Ctrl-C: nothing more is begun
            for future in waiting:
                future.cancel()
