"""Images made on the fly, each seen once: painters work ahead of the trainer, in processes or on its GPU.

Image p of a run is of species p modulo their number, and photograph p // number of it; which p a step sees is
the business of `batches`, as for a rendered pool. So what is seen depends on seed and step alone, whatever
the number of painters and whoever is faster.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, UInt8

from embedlab.processes import Workers
from embedlab.train.species import grown

AHEAD = 2  # batches that each painter may be ahead


@dataclass(frozen=True)
class Canvas:
    """An endless pool: `canvas[places]` paints these images of a run. Plain data, so that it travels to painters."""

    world: int
    world_species: int
    dials: str
    size: int
    order: tuple[int, ...]  # the run's species, by number in the world
    start: int  # number of the first photograph of each species: other runs begin elsewhere
    device: str = "cpu"

    def __getitem__(self, places: Int[np.ndarray, " n"]) -> UInt8[np.ndarray, "n h w 3"]:
        """Paint these images."""
        world = grown(self.world, self.world_species, self.dials)
        number, code = np.divmod(places, len(self.order))
        specimens = world.at((self.start + number) * len(world) + np.array(self.order)[code])
        return world.render(specimens, self.size, self.device)


class Painters:
    """Painter processes ahead of a trainer: `pixels(step)` gives what `places(step)` shows, in the steps' order.

    At most two batches a painter are under way, so the queue is bounded. Without processes (`count` 0, and on
    a GPU, which paints faster than it could be fed) the caller's own thread paints.
    """

    def __init__(self, canvas: Canvas, places: Callable[[int], np.ndarray], last: int, count: int):
        self.canvas, self.places, self.last, self.count = canvas, places, last, count
        self.images, self.seconds = 0, 0.0  # painted so far, and the time of all painters for it
        self._under_way: dict[int, Future] = {}
        self._processes = None

    def __enter__(self) -> "Painters":
        if self.count:
            self._processes = Workers(self.count, _enter, (self.canvas,))
        return self

    def __exit__(self, *error) -> None:
        if self._processes:
            self._processes.shutdown(wait=True, cancel_futures=True)

    def pixels(self, step: int) -> UInt8[np.ndarray, "n h w 3"]:
        """Give a step's images, and let the painters begin those of the steps after it."""
        if self._processes is None:
            pixels, took = _paint(self.canvas, self.places(step))
        else:
            for s in range(step, min(self.last, step + AHEAD * self.count)):
                if s not in self._under_way:
                    self._under_way[s] = self._processes.submit(_paint, self.canvas, self.places(s))
            pixels, took = self._under_way.pop(step).result()
        self.images += len(pixels)
        self.seconds += took
        return pixels

    @property
    def rate(self) -> float:
        """Images that all painters together would paint in a second, if nobody made them wait."""
        return max(self.count, 1) * self.images / max(self.seconds, 1e-9)


def pace(painting: float, training: float) -> dict:
    """Name the slower of two rates in images per second: the other would gain nothing by being faster.

    >>> pace(900.0, 3000.0)
    {'painting': 900.0, 'training': 3000.0, 'slower': 'painting'}
    """
    return {
        "painting": painting,
        "training": training,
        "slower": "painting" if painting < training else "training",
    }


def _paint(canvas: Canvas, places: np.ndarray) -> tuple[np.ndarray, float]:
    began = time.perf_counter()
    pixels = canvas[places]
    return pixels, time.perf_counter() - began


def _enter(canvas: Canvas) -> None:
    canvas[np.zeros(1, dtype=np.int64)]  # grows the world, which must not count as painting
