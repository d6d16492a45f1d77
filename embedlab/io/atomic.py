"""Files that are either whole or absent: write aside, flush to disk, rename, flush the folder.

`docs/cache.md` names the fault points. A test sets `EMBEDLAB_FAULT=name[:count]` and the process kills
itself the `count`-th time it passes that point, as `kill -9` or a power cut would.
"""

import contextlib
import csv
import glob
import hashlib
import io
import json
import os
import signal
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

_passed: dict[str, int] = {}


def fault(name: str) -> None:
    """Die here, at once and without cleaning up, if the environment asks for it; else do nothing."""
    wanted = os.environ.get("EMBEDLAB_FAULT")
    if not wanted:
        return
    point, _, count = wanted.partition(":")
    if point != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] == int(count or 1):
        if hasattr(signal, "SIGKILL"):
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(137)


class Digesting:
    """A binary file that counts and digests what passes through it; `.record()` gives the digests."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._sha = hashlib.sha256()
        self._crc = 0
        self._bytes = 0

    def write(self, data: Any) -> int:
        """Write bytes or anything with a buffer; the number of bytes comes back."""
        view = memoryview(data)
        if view.nbytes == 0:  # an empty array cannot be cast to bytes
            return 0
        view = view.cast("B")
        self._sha.update(view)
        self._crc = zlib.crc32(view, self._crc)
        self._bytes += view.nbytes
        self._file.write(view)
        return view.nbytes

    def record(self) -> dict[str, Any]:
        """Give `{bytes, sha256, crc32}` of all that was written so far."""
        return {"bytes": self._bytes, "sha256": self._sha.hexdigest(), "crc32": f"{self._crc:08x}"}


def digests(path: Path, *, sha256: bool = True) -> dict[str, Any]:
    """Give `{bytes, sha256, crc32}` of a file, read once in blocks of 4 MiB; `sha256=False` leaves it out."""
    sha, crc, size = hashlib.sha256(), 0, 0
    with open(path, "rb") as file:
        while block := file.read(1 << 22):
            if sha256:
                sha.update(block)
            crc = zlib.crc32(block, crc)
            size += len(block)
    record: dict[str, Any] = {"bytes": size, "crc32": f"{crc:08x}"}
    return {**record, "sha256": sha.hexdigest()} if sha256 else record


def flush_folder(folder: Path) -> None:
    """Make renames inside `folder` survive a power cut; a no-op where folders cannot be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def path_aside(path: Path, what: str) -> Iterator[Path]:
    """Give the path of a temporary file, for a writer that opens files itself; it becomes `path` once complete.

    `what` names the fault point `WHAT-written`, between the last byte and the rename. An error inside
    leaves nothing behind; a kill leaves a `.NAME.PID.tmp`, which a later writer sweeps.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with open(temporary, "rb+") as file:  # what another handle wrote is flushed through this one as well
            os.fsync(file.fileno())
        fault(f"{what}-written")
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


@contextlib.contextmanager
def aside(path: Path, what: str) -> Iterator[Digesting]:
    """Open a file that appears under `path` only once it is complete and on disk; see `path_aside`."""
    with path_aside(path, what) as temporary, open(temporary, "wb") as file:
        yield Digesting(file)


def put_bytes(path: Path, data: Any, what: str) -> dict[str, Any]:
    """Write a whole file at once; its digests come back."""
    with aside(path, what) as file:
        file.write(data)
    return file.record()


def put_json(path: Path, content: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Write a mapping as readable, sorted JSON; its digests come back. NaN is refused: JSON has none."""
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return put_bytes(path, (text + "\n").encode(), what)


def put_csv(path: Path, header: list[str], lines: Iterable[Iterable[Any]], what: str) -> dict[str, Any]:
    """Write a table of text as CSV with `\\n` line ends; its digests come back."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return put_bytes(path, text.getvalue().encode("utf-8", "replace"), what)


def sweep(folder: Path, name: str = "", *, quiet_for: float = 0) -> None:
    """Remove what killed writers left aside in `folder`: of all files there, or of `name` alone.

    Call it while holding the lease; where there is none, `quiet_for` spares what was written to within so many
    seconds: its writer may live. What cannot be removed stays.
    """
    now = time.time()
    for stray in folder.glob(f".{glob.escape(name)}.*.tmp" if name else ".*.tmp"):
        with contextlib.suppress(OSError):
            if not quiet_for or now - stray.stat().st_mtime > quiet_for:
                stray.unlink()
