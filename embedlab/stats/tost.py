"""Showing that something is too small to matter: its interval lies wholly within bounds set beforehand."""

from dataclasses import dataclass

import numpy as np
from scipy import stats as sps

from embedlab.stats.shown import Shown


@dataclass(frozen=True, eq=False, repr=False)
class Equivalence(Shown):
    """Whether an estimate is shown to lie within its bounds, with the 90 % interval that decides.

    `p_value` is the larger of two one-sided ones, so that `equivalent` is `p_value <= alpha`. That it is not
    equivalent does not say that it differs: nothing was shown then.
    """

    statistic: float
    p_value: float
    interval: tuple[float, float]
    bounds: tuple[float, float]
    equivalent: bool


def equivalence(estimate: float, draws, bounds, *, alpha: float = 0.05) -> Equivalence:
    """Test whether the truth lies within `bounds`, from what the estimate is in resamples `(b,)` of the units.

    `bounds` is (low, high), fixed before the data are seen; one of them may be infinite, as in "at most half of
    chance". The null is that the truth lies outside. The resamples are turned round the estimate (basic bootstrap:
    where they lean to one side the truth leans to the other), the p-value is that of the nearer bound, (b + 1) /
    (m + 1), and `interval` the 1 − 2 alpha interval. For units that are few or related, give `two_one_sided` the
    standard error of a studentised or phylogenetic interval instead. Errors: fewer than 1 / alpha draws, NaN, bounds
    in the wrong order.

    >>> found = equivalence(0.0, np.linspace(-1, 1, 99), (-2.0, 2.0))  # no draw reaches a bound
    >>> found.p_value, found.equivalent
    (0.01, True)
    """
    draws = np.asarray(draws, float)
    low, high = _bounds(estimate, bounds)
    if draws.ndim != 1 or draws.size < 1 / alpha or not np.isfinite(draws).all():
        raise ValueError(f"draws must be a row of at least {1 / alpha:.0f} finite numbers; saw shape {draws.shape}")
    turned = 2 * estimate - draws
    p = (max((turned <= low).sum(), (turned >= high).sum()) + 1) / (draws.size + 1)
    ends = np.quantile(turned, [alpha, 1 - alpha])
    return Equivalence(float(estimate), float(p), (float(ends[0]), float(ends[1])), (low, high), bool(p <= alpha))


def two_one_sided(estimate: float, error: float, freedom: float, bounds, *, alpha: float = 0.05) -> Equivalence:
    """Two one-sided t tests (Schuirmann 1987) that the truth lies within `bounds`, from a standard error.

    `freedom` are its degrees of freedom (units − 1; fewer where they are related). Rejects exactly where the
    1 − 2 alpha interval lies wholly within the bounds. Errors: an error or freedom not above 0, bounds in the wrong
    order.

    >>> two_one_sided(0.0, 1.0, 1e9, (-2.0, 2.0)).equivalent, two_one_sided(0.5, 1.0, 1e9, (-2.0, 2.0)).equivalent
    (True, False)
    """
    low, high = _bounds(estimate, bounds)
    if not (error > 0 and freedom > 0 and np.isfinite(error)):
        raise ValueError(f"standard error {error} with {freedom} degrees of freedom: both must be above 0")
    p = max(sps.t.sf((estimate - low) / error, freedom), sps.t.sf((high - estimate) / error, freedom))
    half = sps.t.ppf(1 - alpha, freedom) * error
    return Equivalence(
        float(estimate), float(p), (float(estimate - half), float(estimate + half)), (low, high), bool(p <= alpha)
    )


def _bounds(estimate: float, bounds) -> tuple[float, float]:
    low, high = (float(v) for v in bounds)
    if not low < high or not np.isfinite([low, high]).any():
        raise ValueError(f"bounds {bounds} must be (low, high), at least one of them finite: set them beforehand")
    if not np.isfinite(estimate):
        raise ValueError("the estimate is not a finite number: nothing can be shown of it")
    return low, high
