"""How well one configuration of points lies on another, after turning, moving and scaling."""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.pairs.similarity import pair
from embedlab.stats.resample import p_value, permutations_of
from embedlab.stats.shown import Shown

CHUNK = 2**22  # entries of one stack of cross-products


@dataclass(frozen=True, eq=False, repr=False)
class Procrustes(Shown):
    """The fit of two configurations.

    `statistic` is the correlation in a symmetric Procrustes rotation, from 0 to 1 (the same shape), `null` `(b,)` what
    it is with rows of `y` permuted, `sum_of_squares` what remains of a whole of 1 (1 − statistic²). `rotation` `(e, d)`
    turns the centred `y` onto the centred `x`; mirror images count as turns.
    """

    statistic: float
    sum_of_squares: float
    p_value: float
    null: np.ndarray
    rotation: np.ndarray


def protest(x, y, *, permutations=999, rng: np.random.Generator | None = None) -> Procrustes:
    """Test whether two configurations of the same rows, `x` `(n, d)` and `y` `(n, e)`, agree (PROTEST).

    Both are centred and scaled to a sum of squares of 1; the better `y` can be turned onto `x`, the nearer to 1 the
    statistic (Jackson 1995; Peres-Neto & Jackson 2001). The rows of `y` are permuted: a count, or `(b, n)` explicit
    permutations. The p-value asks whether rows correspond *at all*, and holds where rows are exchangeable: not for
    species that share a tree. As an effect size read the statistic beside the mean of its null: with n points in n − 1
    dimensions or more, any configuration fits any other well. Unchanged by rotation, reflection, shift and scale of
    either side. Agrees with vegan 2.6-4.

    Errors: fewer than 3 rows, NaN, unequal numbers of rows, a side whose rows are all the same.

    >>> x = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    >>> round(protest(x, 5.0 - x[:, ::-1], permutations=[[0, 1, 2]]).statistic, 12)
    1.0
    """
    x, y = pair(x, y)
    x, y = of_size_one(x), of_size_one(y)
    u, s, vt = np.linalg.svd(y.T @ x, full_matrices=False)
    observed = min(float(s.sum()), 1.0)
    orders = permutations_of(len(x), permutations, rng)
    a, b = in_few_axes(x), in_few_axes(y)
    null = np.empty(len(orders))
    step = max(1, CHUNK // (b.size + a.shape[1] * b.shape[1]))
    for start in range(0, len(orders), step):
        moved = b[orders[start : start + step]]
        null[start : start + step] = _nuclear(np.einsum("bne,nd->bed", moved, a, optimize=True))
    return Procrustes(observed, 1 - observed**2, p_value(observed, null), null, u @ vt)


def of_size_one(x: np.ndarray) -> np.ndarray:
    """The configuration `(n, d)` about its mean, its sum of squares 1."""
    x = x - x.mean(axis=0)
    return x / np.linalg.norm(x)


def in_few_axes(x: np.ndarray) -> np.ndarray:
    """The same configuration in no more coordinates than it has rows: distances and inner products stay."""
    return np.linalg.qr(x.T, mode="r").T if x.shape[1] > x.shape[0] else x


def _nuclear(m: np.ndarray) -> np.ndarray:
    return np.linalg.svd(m, compute_uv=False).sum(axis=-1)
