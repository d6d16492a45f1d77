"""What the fitted law of a series says between and about its scales: its band, and each scale from the others."""

from dataclasses import dataclass

import numpy as np

from embedlab.measures.scaling import DRAWS, Scaling
from embedlab.stats.trend.foretold import band, held_out


@dataclass(frozen=True, kw_only=True, eq=False)
class Foretold:
    """The law `name` at `x` `(g,)` with its 95 % band over species, and what it foretells of scales it has not seen.

    `value` is the law fitted to all runs; `low` and `high` hold refits to resampled species (nan where the runs have
    no values by species). `scales` `(c,)` are those that were run, and `unseen` the value that the law foretells for
    each when all runs of it are left out.
    """

    name: str
    x: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    scales: np.ndarray
    unseen: np.ndarray


def foretold(found: Scaling, points: int = 60) -> Foretold | None:
    """Give band and hold-out check of the law that foretells best, at `points` scales between the ends.

    None where no law was fitted, or where a constant does best: there is no scaling to draw.
    """
    laws = found.laws
    if laws is None or laws.best.name == "constant":
        return None
    x = np.geomspace(np.min(found.x), np.max(found.x), points)
    s = found.by_species.shape[1]
    draw = np.random.default_rng(found.seed).integers(0, s, (DRAWS, s))  # as for the law's own intervals
    whole = np.isfinite(found.by_species).all()
    draws = found.by_species[:, draw].mean(axis=2).T if whole else np.zeros((0, len(found.x)))
    low, high = band(found.x, found.values, draws, laws.best.name, x)
    scales, unseen = held_out(found.x, found.values, laws.best.name)
    return Foretold(name=laws.best.name, x=x, value=laws.best.predict(x), low=low, high=high, scales=scales,
                    unseen=unseen)  # fmt: skip
