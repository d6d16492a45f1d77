"""A metric in which the scatter within groups is round: the inner product that linear discriminants use."""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked


@dataclass(frozen=True, eq=False, repr=False)
class Whitener(Shown):
    """A symmetric map W^(−1/2) `(d, d)`, W being a shrunk covariance of mean variance 1.

    `shrinkage` is the weight of the round matrix in it: 0 left the covariance as it was, 1 leaves all lengths alone.
    """

    map: np.ndarray
    shrinkage: float

    def transform(self, x) -> np.ndarray:
        """Give the rows `(m, d)` in the metric."""
        x = checked(x, least=1)
        if x.shape[1] != len(self.map):
            raise ValueError(f"the metric was fitted in {len(self.map)} dimensions; x has {x.shape[1]}")
        return x @ self.map


def shrinkage(deviations) -> float:
    """Weight of the round matrix in Ledoit & Wolf's covariance of the rows `(n, d)`, 0 to 1.

    `deviations` are rows less the mean of their group. Near 1 where rows are few for their dimensions or alike in
    all of them. Agrees with scikit-learn's `ledoit_wolf_shrinkage(..., assume_centered=True)`.

    >>> round(shrinkage([[1.0, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.0, -2.0]]), 4)
    0.9444
    """
    x = checked(deviations, "deviations")
    n, d = x.shape
    square = (x**2).sum(axis=1)
    mean = square.sum() / n / d
    if not mean > 0:
        raise ValueError("the deviations are all zero: nothing varies within the groups")
    # tr S² by the smaller of the two products
    inner = x @ x.T if n < d else x.T @ x
    trace = (inner**2).sum() / n**2
    spread = trace / d - mean**2
    if not spread > 1e-15 * mean**2:
        return 1.0
    return float(min((np.mean(square**2) - trace) / n / d / spread, 1.0))


def whitener(deviations) -> Whitener:
    """Fit the metric in which the rows `(n, d)`, less the mean of their group, scatter alike in all directions.

    The covariance is shrunk towards a round one (Ledoit & Wolf 2004), so that it can be inverted whatever n and d.
    Fit it on other rows than those it serves to judge, or on deviations from which what is asked was taken out.
    """
    x = checked(deviations, "deviations")
    weight = shrinkage(x)
    _, singular, vt = np.linalg.svd(x, full_matrices=False)
    variance = singular**2 / len(x)
    mean = variance.sum() / x.shape[1]
    along = 1 / np.sqrt(np.maximum((1 - weight) * variance / mean + weight, 1e-10))
    rest = 1 / np.sqrt(max(weight, 1e-10))  # axes along which these rows do not vary
    return Whitener(rest * np.eye(x.shape[1]) + (vt.T * (along - rest)) @ vt, weight)
