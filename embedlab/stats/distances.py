"""Do two tables of distances between the same things agree?"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.resample import p_value, permutations_of
from embedlab.stats.vectors import upper


@dataclass(frozen=True, eq=False)
class Mantel:
    """Correlation of two distance matrices, from −1 to 1, with its values under relabelling."""

    statistic: float
    p_value: float
    null: np.ndarray
    interval: tuple[float, float]


def checked_distances(x, name: str) -> np.ndarray:
    """Give a distance matrix as float64; refuse one that is not square, symmetric, finite, with a zero diagonal."""
    x = np.asarray(x, float)
    if x.ndim != 2 or x.shape[0] != x.shape[1] or x.shape[0] < 3:
        raise ValueError(f"{name} must be a square matrix of at least 3 × 3; saw {x.shape}")
    if not np.isfinite(x).all() or not np.allclose(x, x.T) or not np.allclose(np.diag(x), 0):
        raise ValueError(
            f"{name} is not a distance matrix: it must be finite and symmetric, with zeros on its diagonal"
        )
    return x


def mantel(x, y, *, method: str = "pearson", permutations=999, alternative: str = "two-sided",
           rng: np.random.Generator | None = None) -> Mantel:  # fmt: skip
    """Correlate two `(n, n)` distance matrices and relabel the first to see what chance gives (Mantel 1967).

    `method` is "pearson" or "spearman"; `alternative` is "two-sided", "greater" or "less"; `permutations` a count
    or explicit rows. Valid where the labels of one side are exchangeable under the null, as for "this space knows
    nothing of the tree". *Not* valid for two traits that evolved on one tree: it then rejects in 95 % of null
    worlds at 5 %. `interval` is a 95 % jackknife over the n things, not over pairs. Agrees with vegan 2.6-4.
    """
    x, y = checked_distances(x, "x"), checked_distances(y, "y")
    if x.shape != y.shape:
        raise ValueError(f"x is {x.shape} and y is {y.shape}: both must hold the same things in the same order")
    if method not in ("pearson", "spearman"):
        raise ValueError(f"method={method!r} is not offered: use 'pearson' or 'spearman'")
    if alternative not in ("two-sided", "greater", "less"):
        raise ValueError(f"alternative={alternative!r}: use 'two-sided', 'greater' or 'less'")
    if method == "spearman":
        x, y = _ranked(x), _ranked(y)
    n = x.shape[0]
    a, b = _standard(x), _standard(y)
    observed = float((a * b).sum() / 2)
    orders = permutations_of(n, permutations, rng)
    null = np.array([(a[np.ix_(t, t)] * b).sum() / 2 for t in orders])
    if alternative == "two-sided":
        p = p_value(abs(observed), np.abs(null))
    else:
        p = p_value(observed, null, more=alternative == "greater")
    return Mantel(observed, p, null, jackknife(_without_each(x, y), observed))


def _ranked(d: np.ndarray) -> np.ndarray:
    square = np.zeros_like(d)
    i, j = np.triu_indices(d.shape[0], k=1)
    square[i, j] = square[j, i] = rankdata(upper(d))
    return square


def _standard(d: np.ndarray) -> np.ndarray:
    pairs = upper(d)
    spread = pairs.std() * np.sqrt(pairs.size)
    if not spread > 0:
        raise ValueError("all distances of one side are the same: a correlation with them is not defined")
    square = (d - pairs.mean()) / spread
    np.fill_diagonal(square, 0.0)
    return square


def _without_each(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The correlation without each thing in turn, from sums over rows."""
    n = x.shape[0]
    m = (n - 1) * (n - 2) / 2
    rest = [d.sum() / 2 - d.sum(axis=1) for d in (x, y, x * x, y * y, x * y)]
    sx, sy, sxx, syy, sxy = rest
    with np.errstate(divide="ignore", invalid="ignore"):
        return (sxy - sx * sy / m) / np.sqrt((sxx - sx**2 / m) * (syy - sy**2 / m))
