"""Say how far long work has come: rate and time left, on standard error, only when it takes over two seconds.

In a cell of a notebook one line is drawn and drawn again; on a terminal too; a log gets a line for each tenth.
"""

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
_SILENT_SECONDS = 2.0  # shorter work needs no line; a flicker only distracts
_REDRAW_SECONDS = 0.25
_BEAT_SECONDS, _LOG_SECONDS = 1.0, 30.0
_counting = 0  # lines that count something now: they say more than how long it has taken


def in_words(seconds: float) -> str:
    """Give a duration as a person would say it.

    >>> in_words(42), in_words(130), in_words(7500)
    ('42 s', '2 min 10 s', '2 h 5 min')
    """
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds < 600 else f"{seconds // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


class Progress:
    """Count finished items; draw one line on a terminal or in a cell, or one line for each tenth in a log.

    Call `add(n)` as items finish and `note(text)` for a remark at the end of the line. Nothing is shown
    during the first two seconds. Use it as a context manager, so that the line is closed on errors too.
    """

    def __init__(self, what: str, total: int | None = None, unit: str = "items", stream=None, start: int = 0):
        self.what, self.total, self.unit = what, total, unit
        self.stream = sys.stderr if stream is None else stream
        self.done, self.first, self.remark = start, start, ""
        self._began = self._drawn = time.monotonic()
        self._tenth = 0
        self._in_cell = type(self.stream).__module__.startswith("ipykernel.")
        self._live = self._in_cell or bool(getattr(self.stream, "isatty", lambda: False)())
        self._cell = None
        self._shown = False

    def __enter__(self) -> "Progress":
        global _counting
        _counting += 1
        return self

    def __exit__(self, *error) -> None:
        global _counting
        _counting -= 1
        if self._shown and self._live:
            self._draw("\n")

    def note(self, text: str) -> None:
        """Set the remark that stands at the end of the line, for instance '3 unreadable'."""
        self.remark = text

    def skip(self, n: int) -> None:
        """Count `n` items that were finished before: they are done, and say nothing of the rate."""
        self.done += n
        self.first += n

    def add(self, n: int = 1) -> None:
        """Count `n` more finished items and redraw the line when it is due."""
        self.done += n
        now = time.monotonic()
        if now - self._began < _SILENT_SECONDS:
            return
        if self._live:
            if now - self._drawn >= _REDRAW_SECONDS or self.done == self.total:
                self._draw()
                self._drawn, self._shown = now, True
            return
        tenth = 10 * self.done // self.total if self.total else int((now - self._began) // 30)
        if tenth > self._tenth:
            self._tenth, self._shown = tenth, True
            self.stream.write(self.line() + "\n")
            self.stream.flush()

    def _draw(self, end: str = "") -> None:
        if not self._in_cell:
            self.stream.write("\r\x1b[2K" + self.line() + end)
            self.stream.flush()
            return
        # Red boxes of standard error would look like trouble, and lines would scroll what a reader came for away.
        said = {"text/plain": self.line()}
        if self._cell is None:
            # where there are cells, a kernel has loaded it: no import, no dependency
            self._cell = sys.modules["IPython.display"].display(said, raw=True, display_id=True)
        else:
            self._cell.update(said, raw=True)

    def line(self) -> str:
        """Give the line as it would be drawn now."""
        seconds = max(time.monotonic() - self._began, 1e-9)
        rate = (self.done - self.first) / seconds
        parts = [self.what]
        count = f"{self.done:,}/{self.total:,}" if self.total else f"{self.done:,}"
        parts.append(f"{count} {self.unit}")
        parts.append(f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s" if rate >= 0.1 else f"{60 * rate:.1f}/min")
        if self.remark:
            parts.append(self.remark)
        if self.total and 0 < self.done < self.total and rate > 0:
            parts.append(f"about {in_words((self.total - self.done) / rate)} left")
        elif self.total and self.done >= self.total:
            parts.append(f"done in {in_words(seconds)}")
        return " · ".join(parts)


def progress(items: Iterable[T], what: str, unit: str = "items", total: int | None = None) -> Iterator[T]:
    """Hand the items on, one by one, and say how far we are.

    >>> list(progress([1, 2], what="counting"))
    [1, 2]
    """
    if total is None and hasattr(items, "__len__"):
        total = len(items)
    with Progress(what, total, unit) as line:
        for item in items:
            yield item
            line.add()


@contextmanager
def waiting(what: str, stream=None) -> Iterator[None]:
    """Say how long a step without an end in sight has run: on a terminal each second, in a log after 30, 60, 120 s.

    Silent for the first two seconds, while something inside counts for itself, and in a cell, which is marked as busy.
    """
    stream = sys.stderr if stream is None else stream
    live, began, ended = bool(getattr(stream, "isatty", lambda: False)()), time.monotonic(), threading.Event()

    def tell() -> None:
        due = _LOG_SECONDS
        while not ended.wait(_BEAT_SECONDS):
            seconds = time.monotonic() - began
            if _counting or seconds < (_SILENT_SECONDS if live else due):
                continue
            due *= 2
            stream.write(f"\r\x1b[2K{what} · {in_words(seconds)}" if live else f"{what} · {in_words(seconds)} so far\n")
            stream.flush()

    if type(stream).__module__.startswith("ipykernel."):
        yield
        return
    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
        if live:
            stream.write("\r\x1b[2K")
            stream.flush()
