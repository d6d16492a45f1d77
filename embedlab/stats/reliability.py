"""How well a measurement repeats itself, and how much agreement that leaves to be had."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked, checked_kinds, group_means

LEAST = 0.1  # reliability below which dividing by its root would only multiply noise


@dataclass(frozen=True, eq=False, repr=False)
class Reliability(Shown):
    """Reliability of what all rows give, from 0 (noise) to 1, with the correlation of halves `r_half` beneath it.

    `halves` `(b,)` are the correlations of each splitting; `r_half` is their mean.
    """

    statistic: float
    r_half: float
    halves: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class Attenuation(Shown):
    """A correlation with its ceiling: what perfect agreement would show through the noise of both sides.

    `corrected` is `statistic` over `ceiling`; nan where either reliability is below 0.1 and the raw value is all
    that can be said. It can leave −1 to 1 by chance, and is then reported as it is.
    """

    statistic: float
    ceiling: float
    corrected: float


def spearman_brown(r_half: float) -> float:
    """Reliability of the whole from the correlation of its halves, 2r / (1 + r); 0 where r is not above 0.

    >>> spearman_brown(0.5)
    0.6666666666666666
    """
    if not -1 - 1e-9 <= r_half <= 1 + 1e-9:
        raise ValueError(f"a correlation lies between -1 and 1, not {r_half}")
    return float(2 * r_half / (1 + r_half)) if r_half > 0 else 0.0


def halves(groups, rng: np.random.Generator) -> np.ndarray:
    """Mark one half of each group's rows at random: `(n,)` booleans; of an odd number the smaller half is marked.

    >>> halves([0, 0, 1, 1, 1, 1], np.random.default_rng(0)).sum()
    np.int64(3)
    """
    groups = np.asarray(groups)
    _, codes, size = np.unique(groups, return_inverse=True, return_counts=True)
    order = rng.permutation(codes.size)
    order = order[np.argsort(codes[order], kind="stable")]
    place = np.arange(codes.size) - np.repeat(np.cumsum(size) - size, size)
    marked = np.zeros(codes.size, bool)
    marked[order] = place < np.repeat(size // 2, size)
    return marked


def split_half(
    x, groups, quantity: Callable | None = None, *, splits: int = 20, rng: np.random.Generator
) -> Reliability:
    """Split-half reliability of a quantity of group means: halves of each group's rows at random, correlated.

    `x` is `(n,)` or `(n, d)`, `groups` `(n,)` names the species of each row. `quantity` takes means `(s, d)` (or
    `(s,)`), groups in sorted order, and gives the numbers that enter a statistic: entries of a distance matrix,
    positions on an axis; by default the means themselves. The halves' correlation, averaged over `splits`, is
    stepped up to the whole by Spearman–Brown: the share of the quantity's variance that is not noise of sampling.
    1 is no noise, 0 nothing but noise; images of one individual belong in one half. Errors: a group of one row (its
    halves cannot be had), fewer than 3 numbers, NaN, numbers that do not vary.

    >>> found = split_half([0.0, 0, 1, 1, 5, 5], list("aabbcc"), rng=np.random.default_rng(0))
    >>> round(found.statistic, 9)
    1.0
    """
    x = np.asarray(x, float)
    checked(x[:, None] if x.ndim == 1 else x)
    named = checked_kinds(groups, len(x), "groups")
    kinds, codes, size = np.unique(named, return_inverse=True, return_counts=True)
    if (size < 2).any():
        raise ValueError(f"groups {kinds[size < 2][:5].tolist()} have one row only: they cannot be halved")
    found = np.empty(splits)
    for i in range(splits):
        first = halves(codes, rng)
        means = [group_means(x[part], codes[part], kinds.size) for part in (first, ~first)]
        a, b = (np.ravel(m if quantity is None else quantity(m)) for m in means)
        if a.size < 3 or not all(np.ptp(v) > 1e-12 * np.abs(v).max() for v in (a, b)):
            raise ValueError(f"{a.size} numbers, or numbers that do not vary: their reliability is not defined")
        found[i] = np.corrcoef(a, b)[0, 1]
    r = float(found.mean())
    return Reliability(spearman_brown(r), r, found)


def attenuation(r: float, reliability_x: float, reliability_y: float = 1.0) -> Attenuation:
    """Correct a correlation for the noise of both sides (Spearman 1904): r / √(ρx ρy), beside its ceiling √(ρx ρy).

    A side measured without error has reliability 1. Errors: a correlation or reliability out of range.

    >>> attenuation(0.3, 0.5, 0.5)
    Attenuation(statistic=0.3, ceiling=0.5, corrected=0.6)
    """
    if not -1 - 1e-9 <= r <= 1 + 1e-9:
        raise ValueError(f"a correlation lies between -1 and 1, not {r}")
    for value in (reliability_x, reliability_y):
        if not 0 <= value <= 1 + 1e-9:
            raise ValueError(f"a reliability lies between 0 and 1, not {value}")
    ceiling = float(np.sqrt(reliability_x * reliability_y))
    known = min(reliability_x, reliability_y) >= LEAST
    return Attenuation(float(r), ceiling, float(r / ceiling) if known else np.nan)
