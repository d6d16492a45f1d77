"""One writer at a time: a lease file made with O_EXCL, kept alive by a heartbeat, expiring by time.

Life is never concluded from a process id, since a zombie counts as alive. Death is, but only where it is
certain: same machine since boot, same process table, and the process is gone, a zombie or another one.
"""

import contextlib
import json
import os
import secrets
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HEARTBEAT_SECONDS = 2.0
EXPIRY_SECONDS = 10.0  # five heartbeats: a writer that is only slow keeps its lease
EXPIRY_ELSEWHERE_SECONDS = 60.0  # another machine's clock and file cache may lag behind ours


class Lease:
    """The right to write into `folder`, from `Lease(folder)` until `.release()`.

    Waits while the present holder may be dead (up to `EXPIRY_SECONDS`), and raises ValueError as soon as
    it shows a sign of life.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lease.json"
        self._token = secrets.token_hex(16)
        self._acquire(folder)
        stop = threading.Event()
        args = (self.path, self._token, stop)
        thread = threading.Thread(target=_beat, args=args, name="embedlab-lease", daemon=True)
        thread.start()
        # also when a writer is dropped unclosed, as an interrupted notebook cell does
        self._end = weakref.finalize(self, _let_go, *args, thread, os.getpid())

    def _acquire(self, folder: Path) -> None:
        first_seen: dict[str, float] = {}
        while True:
            with _guard(folder):
                holder = _read(self.path)
                if holder is None or _dead(holder) or holder["age"] > _expiry(holder):
                    self.path.unlink(missing_ok=True)
                    handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
                    with os.fdopen(handle, "w") as file:
                        json.dump({"token": self._token, **_self()}, file)
                    return
            token = str(holder.get("token"))
            if first_seen.setdefault(token, holder["beat"]) != holder["beat"] or len(first_seen) > 1:
                raise ValueError(
                    f"another process is writing {folder} (process {holder.get('pid')} on "
                    f"{holder.get('host')}, last sign of life {max(holder['age'], 0):.0f} s ago): wait until "
                    "it has finished, or write to another folder"
                )
            time.sleep(0.2)

    def held(self) -> bool:
        """Tell whether the lease file still carries our token (False after somebody took it over)."""
        return _carries(self.path, self._token)

    def insist(self) -> None:
        """Raise ValueError if the lease was lost: this process slept too long and another one went on."""
        if not self.held():
            raise ValueError(
                f"{self.path.parent} was taken over by another process while this one gave no sign of life "
                f"for {EXPIRY_SECONDS:.0f} s: let that one finish"
            )

    def release(self) -> None:
        """Stop the heartbeat and give the lease back; a lease taken over by another is left alone."""
        self._end()


def _carries(path: Path, token: str) -> bool:
    holder = _read(path)
    return holder is not None and holder.get("token") == token


def _beat(path: Path, token: str, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT_SECONDS):
        with contextlib.suppress(OSError):
            if _carries(path, token):
                os.utime(path)


def _let_go(path: Path, token: str, stop: threading.Event, thread: threading.Thread, pid: int) -> None:
    stop.set()
    if os.getpid() != pid:  # a forked child is not the writer
        return
    if thread.is_alive():
        thread.join(timeout=5)
    if _carries(path, token):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _guard(folder: Path) -> Iterator[None]:
    """Let one process at a time judge a lease and replace it; the kernel frees the lock of a dead one."""
    try:
        import fcntl
    except ImportError:  # no flock here: O_EXCL alone decides, which leaves a race of microseconds
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read(path: Path) -> dict[str, Any] | None:
    """Give the holder's facts with `beat` (time of last sign of life) and `age` in seconds, or None."""
    try:
        beat = path.stat().st_mtime
        text = path.read_text()[:4096]
    except FileNotFoundError:
        return None
    try:
        holder = json.loads(text)
    except ValueError:  # killed between creation and the first byte: its age alone decides
        holder = {}
    holder = holder if isinstance(holder, dict) else {}
    return {**holder, "beat": beat, "age": time.time() - beat}


def _self() -> dict[str, Any]:
    pid = os.getpid()
    return {"pid": pid, "host": socket.gethostname(), "table": _process_table(), "start": _start(pid)}


def _process_table() -> str | None:
    """Name the table of processes that process ids here refer to: this boot, this namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return None


def _start(pid: int) -> str | None:
    """Give the start time of a live process in clock ticks; None if there is none, or it is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    except (OSError, IndexError):
        return None


def _dead(holder: dict[str, Any]) -> bool:
    """Tell whether the holder is certainly dead; False means "not known", never "alive"."""
    table, pid, start = holder.get("table"), holder.get("pid"), holder.get("start")
    if table is None or table != _process_table() or not isinstance(pid, int) or start is None:
        return False
    return _start(pid) != start


def _expiry(holder: dict[str, Any]) -> float:
    here = holder.get("host") in (None, socket.gethostname())
    return EXPIRY_SECONDS if here else EXPIRY_ELSEWHERE_SECONDS
