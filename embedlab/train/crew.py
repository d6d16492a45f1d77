"""Jobs done here or in spawned processes, under one progress line, each with one torch thread."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import torch

from embedlab.processes import SPAWN, Workers
from embedlab.progress import Progress
from embedlab.train.saved import Paused

_REFRESH_SECONDS = 0.3

# A job is called with a `tick`, which it tells how many images it has done, or found done `before`.
Job = Callable[[Callable[..., None]], object]


class Crew:
    """Does jobs here (one worker) or in spawned processes, which start when there is something for them to share."""

    def __init__(self, workers: int, *, quiet: bool = False):
        self.workers, self.quiet, self.processes = workers, quiet, None

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *error) -> None:
        if self.processes:
            self.stop.set()  # whoever is still at work, after an error or Ctrl-C, ends at its next tick
            self.processes.shutdown(wait=True, cancel_futures=True)

    def do(self, jobs: Sequence[Job], what: str, images: int, *, here: bool = False) -> list:
        """Give each job's result, in order; the first failure ends the others, a pause lets them pause too."""
        if self.quiet:
            with one_thread():
                return [job(_nothing) for job in jobs]
        with Progress(what, images, "images") as line:
            if here or self.workers == 1 or len(jobs) == 1:
                with one_thread():
                    return [job(_counting(line)) for job in jobs]
            return self._together(jobs, what, line)

    def _together(self, jobs: Sequence[Job], what: str, line: Progress) -> list:
        self._start()
        self.counter.value = self.before.value = 0
        waiting = futures = [self.processes.submit(_work, job) for job in jobs]
        paused = None
        try:
            while waiting:
                finished, waiting = wait(waiting, _REFRESH_SECONDS, FIRST_COMPLETED)
                line.skip(self.before.value - line.first)
                line.add(self.counter.value - (line.done - line.first))
                for future in finished:
                    if future.cancelled():
                        continue
                    if isinstance(future.exception(), Paused):
                        paused = future.exception()
                        for other in waiting:
                            other.cancel()  # those that have begun will pause by themselves
                    else:
                        future.result()
        except BrokenProcessPool as error:
            raise ChildProcessError(
                f"a process died while {what}: call again, finished runs are kept (was memory short?)"
            ) from error
        finally:
            for future in waiting:
                future.cancel()
        if paused is not None:
            raise paused
        return [future.result() for future in futures]

    def _start(self) -> None:
        if self.processes is None:
            self.counter, self.before = SPAWN.Value("q", 0), SPAWN.Value("q", 0)
            self.stop = SPAWN.Event()
            told = (self.counter, self.before, self.stop)
            self.processes = Workers(self.workers, _enter_worker, told)


class _Stopped(Exception):
    """Another job failed, or the user asked for an end: this one stops where it is, to be resumed."""


def _enter_worker(counter, before, stop) -> None:
    global _counter, _before, _stop  # the only way to hand something shared to a pool's workers
    _counter, _before, _stop = counter, before, stop


def _work(job: Job):
    def tick(images: int, before: bool = False) -> None:
        if _stop.is_set():
            raise _Stopped
        counter = _before if before else _counter
        with counter.get_lock():
            counter.value += images

    return job(tick)


def _counting(line: Progress) -> Callable[..., None]:
    return lambda images, before=False: line.skip(images) if before else line.add(images)


def _nothing(images: int, before: bool = False) -> None:
    pass


@contextmanager
def one_thread():
    """Let torch use one thread within, and as many as before afterwards: sums then have one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
