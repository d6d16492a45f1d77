"""Full-size photographs for the live host: those of the store's rows, below one folder, and only as they were embedded.

A row names a path; that path is followed only where it ends, links resolved, below the folder of the images, and the
file is shown only if it still has the content that was embedded. What is sent is a new JPEG: no EXIF, so no place
where an animal was seen, leaves the folder.
"""

import hashlib
import io
import json
import threading
from collections import OrderedDict
from pathlib import Path

import polars as pl

from embedlab.extract.decode import Unreadable, decode, strict_pillow
from embedlab.extract.images import Place
from embedlab.extract.tars import tar_rows
from embedlab.io.layout import RUNS
from embedlab.io.rows import read_rows
from embedlab.io.store import read_manifest

LONGEST_PX = 1600
QUALITY = 88
KEPT = 64  # encoded photographs kept in memory: about 20 MB
AT_ONCE = 2  # photographs decoded at a time: each may take half a gigabyte


class Refused(ValueError):
    """What the server will not do: `status` is the HTTP status, the message what a person should know."""

    def __init__(self, status: int, words: str):
        super().__init__(words)
        self.status = status


class Photographs:
    """The photographs behind the rows of one store, asked for by position.

    `root` is the folder that paths are relative to and below which they must stay; without it, the folder that the
    store remembers from its extraction, where that still exists.
    """

    def __init__(self, store: str | Path, root: str | Path | None = None):
        folder = Path(store)
        manifest, _ = read_manifest(folder)
        tables = (read_rows(folder / s["meta"]["name"], s["rows"]) for s in manifest["shards"])
        self._rows = pl.concat([table.select("path", "sha256") for table in tables])
        if root is not None and not Path(root).is_dir():
            raise FileNotFoundError(f"{root}: no such folder of images")
        found = Path(root) if root is not None else remembered(folder)
        self.root = found.resolve() if found is not None and found.is_dir() else None
        self._made: OrderedDict[int, bytes] = OrderedDict()
        self._lock, self._turn = threading.Lock(), threading.BoundedSemaphore(AT_ONCE)
        self._tars: dict[Path, dict[str, Place]] = {}

    def __len__(self) -> int:
        return self._rows.height

    def jpeg(self, position: int) -> bytes:
        """Give the photograph of a row as JPEG, at most 1,600 px long; `Refused` says why there is none."""
        if not 0 <= position < len(self):
            raise Refused(404, f"there is no row {position}")
        with self._lock:
            if position in self._made:
                self._made.move_to_end(position)
                return self._made[position]
        with self._turn:
            made = self._encoded(position)
        with self._lock:
            self._made[position] = made
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        return made

    def _encoded(self, position: int) -> bytes:
        try:
            content = self._place(position).read()
            digest = self._rows["sha256"][position]
            if digest is not None and hashlib.sha256(content).hexdigest() != digest:
                raise Refused(409, "this file is no longer the one that was embedded")
            with strict_pillow():
                image = decode(content)
        except Unreadable as error:
            raise Refused(404, f"this photograph cannot be read: {error.reason}") from error
        image.thumbnail((LONGEST_PX, LONGEST_PX))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=QUALITY)
        return out.getvalue()

    def _place(self, position: int) -> Place:
        """Where the bytes lie; refused where a path leads, by `..` or by a link, out of the folder of the images."""
        if self.root is None:
            raise Refused(404, "the folder of the images is not known here: start with --images FOLDER")
        path = self._rows["path"][position]
        if not path or "\0" in path:
            raise Refused(404, "this row names no file")
        name, inside_tar, member = path.partition("::")
        file = self._below(name)
        if not inside_tar:
            return Place(file=file)
        with self._lock:
            if file not in self._tars:
                try:
                    rows = tar_rows(file)
                except ValueError as error:
                    raise Refused(404, "this archive cannot be read") from error
                self._tars[file] = {r["path"]: Place(file=file, offset=r["offset"], size=r["size"]) for r in rows}
        place = self._tars[file].get(f"{file.name}::{member}")
        if place is None:
            raise Refused(404, "this archive no longer holds the photograph")
        return place

    def _below(self, name: str) -> Path:
        try:
            file = (self.root / name).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):  # a loop of links is a RuntimeError
            raise Refused(404, "the file is no longer there") from None
        if not file.is_relative_to(self.root):
            raise Refused(403, "this path leads out of the folder of the images")
        return file


def remembered(store: Path) -> Path | None:
    """Give the folder of images that the store's last run wrote down, or None where none did.

    Only `runs.jsonl` knows it: it stands outside every digest, since a folder is this machine's business.
    """
    try:
        lines = (store / RUNS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in reversed(lines):
        try:
            said = json.loads(line).get("root")
        except (ValueError, AttributeError, RecursionError):
            continue
        if isinstance(said, str) and said:
            return Path(said)
    return None
