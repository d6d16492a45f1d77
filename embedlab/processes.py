"""Worker processes, spawned and deaf to Ctrl-C: their parent alone answers it."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

SPAWN = get_context("spawn")  # a forked torch inherits locked thread pools


class Workers(ProcessPoolExecutor):
    """A pool of `count` spawned processes, each begun by `initializer(*initargs)`.

    A terminal sends Ctrl-C to all processes of a command. Workers ignore it, and their parent hears it only between
    two beginnings of workers: stopped while it hands a new one its first words, it would leave that one with a
    traceback on the screen.
    """

    def __init__(self, count: int, initializer: Callable | None = None, initargs: tuple = ()):
        super().__init__(count, SPAWN, _enter, (initializer, initargs))

    def submit(self, *job, **settings) -> Future:
        """Hand in a job, as of any executor; processes begin here."""
        with _deaf():
            return super().submit(*job, **settings)


@contextmanager
def _deaf() -> Iterator[None]:
    """Hold Ctrl-C back; what came meanwhile is heard at the end. A process begun inside never hears it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _enter(initializer: Callable | None, initargs: tuple) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if initializer is not None:
        initializer(*initargs)
