"""Races: rivals take turns in one process, so that what slows the machine slows all of them.

Times of separate runs cannot be divided by one another here: wall clock moves fourfold within minutes. Ratios of
neighbouring rounds can, and their median is what a benchmark claims.
"""

import os
import platform
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np


@dataclass(frozen=True, eq=False)
class Race:
    """Seconds of each rival in each round, on the processor (`cpu`) and by the clock (`wall`): name to `(rounds,)`."""

    cpu: dict[str, np.ndarray]
    wall: dict[str, np.ndarray]

    def seconds(self, name: str, clock: str = "cpu") -> float:
        """Median seconds of one rival."""
        return float(np.median(getattr(self, clock)[name]))

    def ratio(self, name: str, over: str, clock: str = "cpu") -> tuple[float, float, float]:
        """How many times as long as `over` the rival `name` takes, round by round: median, least and most."""
        took = getattr(self, clock)
        rounds = took[name] / np.maximum(took[over], 1e-9)
        return float(np.median(rounds)), float(rounds.min()), float(rounds.max())

    def best(self, *names: str, clock: str = "cpu") -> str:
        """The name of the quickest among some rivals."""
        return min(names, key=lambda name: self.seconds(name, clock))


def race(rivals: dict[str, Callable], rounds: int = 5, threads: int = 1, warm: bool = True) -> Race:
    """Time functions of no argument in rounds, each round in another order. `warm`: once for nothing (compilers)."""
    names = list(rivals)
    cpu, wall = ({name: np.empty(rounds) for name in names} for _ in range(2))
    with only(threads):
        if warm:
            for name in names:
                rivals[name]()
        for i in range(rounds):
            for name in names[i % len(names) :] + names[: i % len(names)]:
                begun, clock = time.process_time(), time.perf_counter()
                rivals[name]()
                cpu[name][i], wall[name][i] = time.process_time() - begun, time.perf_counter() - clock
    return Race(cpu, wall)


@contextmanager
def only(threads: int):
    """Hold BLAS, OpenMP, numba and SciPy's transforms to so many threads."""
    from scipy import fft
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads), fft.set_workers(threads):
        try:
            import numba
        except ImportError:
            yield
            return
        before = numba.get_num_threads()
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        try:
            yield
        finally:
            numba.set_num_threads(before)


def exponent(small: float, large: float, factor: float = 4.0) -> float:
    """The power of size with which time grows, from two times at sizes `factor` apart."""
    return float(np.log(large / small) / np.log(factor))


def told(took: Race, ours: str, peer: str, clock: str = "cpu") -> str:
    """One ratio in words: median and range over the rounds."""
    middle, low, high = took.ratio(peer, ours, clock)
    return f"{middle:.1f}× ({low:.1f}–{high:.1f})"


def surroundings(*packages: str) -> str:
    """A line on the machine and the versions, without which a ratio says nothing."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as lines:
            name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    kept = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scipy", *packages))
    return f"{os.cpu_count()} cores of {name}{load}; {kept}"
