"""Worker processes: spawned, of one thread each, and deaf to Ctrl-C, which their parent alone answers."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

SPAWN = get_context("spawn")  # a forked torch inherits locked thread pools
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Workers(ProcessPoolExecutor):
    """A pool of `count` spawned processes of one thread each, begun by `initializer(*initargs)`.

    Each linear algebra would otherwise take all cores, in every worker: two on two cores took twice as long.

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
    """Hold Ctrl-C back; what came meanwhile is heard at the end. A process begun inside never hears it.

    Two means, as each stops half of it: a process begun here inherits this thread's mask, but the kernel hands a
    signal that one thread masks to any other, and Python then answers it in the main thread all the same; the
    handler that only notes it stops that.
    """
    pressed: list[tuple] = []
    answer = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread() and answer is not None
    if ours:
        signal.signal(signal.SIGINT, lambda *press: pressed.append(press))
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    try:
        yield
    finally:
        if masked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)  # first: what waited here is noted too
        if ours:
            signal.signal(signal.SIGINT, answer)
        if pressed and callable(answer):
            answer(*pressed[0])


def _enter(initializer: Callable | None, initargs: tuple) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _one_thread()
    if initializer is not None:
        initializer(*initargs)


def _one_thread() -> None:
    """Hold to one thread what is loaded (the process's own script may load much), and what will be."""
    from threadpoolctl import threadpool_limits

    os.environ.update(dict.fromkeys(_THREADS, "1"))
    threadpool_limits(1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
