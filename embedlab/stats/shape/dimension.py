"""How many dimensions a cloud has where it stands, and how evenly it covers a sphere."""

from dataclasses import dataclass

import numpy as np
from scipy import stats as sps

from embedlab.stats.pairs.knn import nearest_neighbours
from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked, checked_kinds

BLOCK = 2**22
# Neighbours share their neighbours: the standard error was 1.21 to 1.31 times that of independent ratios (calibration)
SHARED = 1.6
KEPT = 0.9  # the largest ratios come from outliers and from gaps between groups (Facco et al. 2017 drop them too)


@dataclass(frozen=True, eq=False, repr=False)
class IntrinsicDimension(Shown):
    """The dimension of the cloud near a typical row, with a 95 % interval, from `n` rows.

    `copies` rows were left out because another row is the same.
    """

    statistic: float
    interval: tuple[float, float]
    n: int
    copies: int


def two_nn(x, *, kept: float = KEPT, level: float = 0.95) -> IntrinsicDimension:
    """Intrinsic dimension from the two nearest neighbours of each row `(n, d)` (TwoNN: Facco et al. 2017).

    Where rows are dense enough, the ratio of the distances to the second and first neighbour is a Pareto variable whose
    exponent is the dimension, whatever the density. Fitted by maximum likelihood to the smallest `kept` share of the
    ratios, the others counted as censored. `interval` is that of the fit only, with the dependence of neighbours in it:
    it covers where rows are dense (dimension 2 to 5 with 300 rows), not where a high dimension or curvature biases
    the estimate (8 dimensions of a curved torus give 9.8), and no interval can say so. Near copies tell the dimension
    of their noise. Unchanged by rotation, shift and scale. Copies of a row are left out; fewer than 10 different
    rows are refused, and so are grids.

    >>> found = two_nn(2.0 ** np.arange(10)[:, None])  # ratios 3/2 eight times, 2, and 3, which is censored at 2
    >>> bool(np.isclose(found.statistic, (9 - 1) / (8 * np.log(1.5) + 2 * np.log(2.0))))
    True
    """
    if not (0 < kept <= 1 and 0 < level < 1):
        raise ValueError(f"kept={kept:g} and level={level:g} are shares: above 0, and at most 1")
    x = checked(x, least=3)
    own = np.unique(x, axis=0)
    n, copies = len(own), len(x) - len(np.unique(x, axis=0))
    if n < 10:
        raise ValueError(f"{n} different rows: at least 10 are needed to speak of a dimension")
    far = nearest_neighbours(own, 2)[1]
    ratio = np.sort(np.log(far[:, 1] / far[:, 0]))
    m = max(int(np.floor(kept * n)), 2)
    total = ratio[:m].sum() + (n - m) * ratio[m - 1]
    if not total > 0:
        raise ValueError("first and second neighbours are all equally far, as on a grid: no dimension can be told")
    worth = m / SHARED
    low, high = sps.chi2.ppf([(1 - level) / 2, (1 + level) / 2], 2 * worth) / (2 * worth) * m / total
    return IntrinsicDimension(float((m - 1) / total), (float(low), float(high)), n, copies)


def levina_bickel(x, k: int = 10) -> float:
    """Intrinsic dimension of rows `(n, d)` from distances to `k` neighbours (Levina & Bickel 2004).

    The inverse of the mean of log(T_k / T_j) over neighbours j < k and over rows (MacKay & Ghahramani's pooling), made
    unbiased. Above 0, no upper end; too low where dimensions are many and rows few. Looks further than `two_nn`: where
    the two differ, the dimension depends on the scale. Unchanged by rotation, shift and scale. Errors: NaN, k out of
    range (copies of a row count once), grids.

    >>> found = levina_bickel(2.0 ** np.arange(10)[:, None], k=2)  # ratios 3/2 eight times, 2 and 3
    >>> bool(np.isclose(found, (10 - 1) / (8 * np.log(1.5) + np.log(2.0) + np.log(3.0))))
    True
    """
    x = np.unique(checked(x, least=3), axis=0)
    if not 2 <= k < len(x):
        raise ValueError(f"k = {k} with {len(x)} different rows: k lies between 2 and {len(x) - 1}")
    far = nearest_neighbours(x, k)[1]
    total = np.log(far[:, -1:] / far[:, :-1]).sum()
    if not total > 0:
        raise ValueError("all neighbours are equally far, as on a grid: no dimension can be told")
    return float((len(x) * (k - 1) - 1) / total)


def uniformity(x) -> float:
    """Tell how evenly rows `(n, d)` of mean square length 1 are spread: log of the pairs' mean of exp(−2 ‖xᵢ − xⱼ‖²).

    0 where all rows are one point, about −4 where directions are random in many dimensions: the lower, the more
    even (Wang & Isola 2020, for unit vectors). Unchanged by rotation. Errors: NaN, another mean square length.

    >>> round(uniformity([[1.0, 0.0], [-1.0, 0.0]]), 6)
    -8.0
    """
    x = checked(x)
    n = len(x)
    length = (x**2).sum(axis=1)
    if not abs(length.mean() - 1) < 1e-3:
        raise ValueError(f"the rows have a mean squared length of {length.mean():.3g}: scale them to 1 first")
    total, step = 0.0, max(1, BLOCK // n)
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        d = np.maximum(length[rows, None] + length - 2.0 * x[rows] @ x.T, 0.0)
        total += np.exp(-2.0 * d).sum() - (rows.stop - rows.start)  # less the rows with themselves
    return float(np.log(max(total, 1e-300) / (n * (n - 1))))


def alignment_loss(x, labels) -> float:
    """Mean squared distance of two rows of one label, over labels' pairs; 0 where each label is a point.

    For unit vectors two random directions are at 2 (Wang & Isola 2020). Every pair counts alike, so large groups
    count more.

    >>> alignment_loss([[0.0], [2.0], [5.0]], [0, 0, 1])
    4.0
    """
    x = checked(x)
    labels = checked_kinds(labels, len(x))
    total, pairs = 0.0, 0
    for kind in np.unique(labels):
        own = x[labels == kind]
        m = len(own)
        total += m * ((own - own.mean(axis=0)) ** 2).sum()
        pairs += m * (m - 1) // 2
    if not pairs:
        raise ValueError("no label is borne by two rows: there is no pair to align")
    return float(total / pairs)
