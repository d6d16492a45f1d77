"""The batches of a run, made ahead of the step that needs them: while one is learned from, the next is prepared."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import torch

from embedlab.train.batches import Batch, batch_at
from embedlab.train.config import TrainConfig
from embedlab.train.learner import Learner
from embedlab.train.parallel import Ranks
from embedlab.train.replay import rehearsed
from embedlab.train.sampling import Endless, Photos

T = TypeVar("T")
DEPTH = 2  # batches that wait at most; more would only hold memory


class Feed:
    """Makes `make(step)` for one step after the other in a thread, and counts how long the steps waited for it.

    What a batch holds is a function of the step, so nothing depends on how far ahead it was made. Numpy and torch
    let go of Python's lock while they work, so on a second core or beside a GPU the preparation costs no time.
    """

    def __init__(self, make: Callable[[int], T], first: int, last: int):
        self.waited = 0.0  # seconds
        self._ready: queue.Queue = queue.Queue(DEPTH)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(make, first, last), daemon=True)
        self._steps = last - first

    def __enter__(self) -> "Feed":
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self._stop.set()
        while self._thread.is_alive():  # it may stand at a full queue
            self._empty()
            self._thread.join(0.05)

    def __iter__(self) -> Iterator[T]:
        for _ in range(self._steps):
            began = time.perf_counter()
            item = self._ready.get()
            self.waited += time.perf_counter() - began
            if isinstance(item, BaseException):
                raise item
            yield item

    def _work(self, make: Callable[[int], T], first: int, last: int) -> None:
        try:
            for step in range(first, last):
                self._ready.put(make(step))
                if self._stop.is_set():
                    return
        except BaseException as error:
            self._ready.put(error)

    def _empty(self) -> None:
        while not self._ready.empty():
            self._ready.get_nowait()


class Beside:
    """On a GPU, prepares batches on a stream of its own, so that copies do not queue behind the step; else nothing.

    Not run on a GPU yet.
    """

    def __init__(self, device: str):
        self.stream = torch.cuda.Stream() if device == "cuda" else None

    def prepare(self, make: Callable[[], tuple]) -> tuple:
        """Make batches on the side; give them with the event after which they are there."""
        if self.stream is None:
            return make(), None
        with torch.cuda.stream(self.stream):
            return make(), self.stream.record_event()

    def take(self, made: tuple) -> tuple[Batch | None, ...]:
        """Let the step's own stream wait for what was made, and give it."""
        batches, event = made
        if event is not None:
            now = torch.cuda.current_stream()
            now.wait_event(event)
            for tensor in (t for batch in batches if batch is not None for t in vars(batch).values()):
                tensor.record_stream(now)  # its memory is not given away while the step reads it
        return batches


def maker(
    config: TrainConfig,
    learner: Learner,
    photos: Photos | Endless,
    replay: Photos | None,
    ranks: Ranks,
    pixels: Callable[[int], np.ndarray] | None = None,
) -> Callable[[int], tuple[Batch, Batch | None]]:
    """Give what makes the batches of a step, this rank's part of their pixels: of the biology, and of replay or None.

    `pixels(step)` paints what is not in `photos`.
    """
    numbers, own = photos.numbers(learner.vocabulary), ranks.part(config.batch)
    if replay is not None:
        second, words = rehearsed(config), replay.numbers(learner.vocabulary)
        part = ranks.part(second.batch)

    def make(step: int) -> tuple[Batch, Batch | None]:
        painted = None if pixels is None else pixels(step)
        first = batch_at(photos, numbers, step, config, part=own, pixels=painted, device=config.device)
        if replay is None:
            return first, None
        return first, batch_at(replay, words, step, second, part=part, device=config.device)

    return make
