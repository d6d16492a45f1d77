"""Intervals that resample the unit which nature drew, and the least p-value that so many units allow."""

import numpy as np
from scipy import stats as sps


def bootstrap_ratio(parts, totals, *, rng: np.random.Generator, b: int = 1999, level: float = 0.95):
    """Interval of sum(parts) / sum(totals) when units (species) are drawn again: `(low, high)`.

    `parts` and `totals` are `(s,)`, one entry a unit. Studentised by the linearised standard error: a percentile
    interval over few species is too narrow. With fewer than 3 units it is (nan, nan).
    """
    parts, totals = np.asarray(parts, float), np.asarray(totals, float)
    s = parts.size
    if s < 3 or not totals.sum() > 0:
        return (np.nan, np.nan)
    value, error = _ratio(parts, totals)
    if not error > 0:
        return (float(value), float(value))
    draw = rng.integers(0, s, (b, s))
    values, errors = _ratio(parts[draw], totals[draw])
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (values - value) / errors
    t = t[np.isfinite(t)]
    if t.size < b / 2:
        return (np.nan, np.nan)
    low, high = np.quantile(t, [(1 - level) / 2, (1 + level) / 2])
    return (float(value - high * error), float(value - low * error))


def _ratio(parts: np.ndarray, totals: np.ndarray):
    total = totals.sum(axis=-1)
    value = parts.sum(axis=-1) / total
    s = parts.shape[-1]
    left = parts - value[..., None] * totals
    return value, np.sqrt((left**2).sum(axis=-1) * s / (s - 1)) / np.abs(total)


def jackknife(values_without, value: float, *, level: float = 0.95) -> tuple[float, float]:
    """Interval of `value` from what it is without each unit in turn, `(s,)`: Tukey's, with Student's quantile."""
    without = np.asarray(values_without, float)
    s = without.size
    if s < 3:
        return (np.nan, np.nan)
    error = np.sqrt((s - 1) / s * ((without - without.mean()) ** 2).sum())
    half = sps.t.ppf((1 + level) / 2, s - 1) * error
    return (float(value - half), float(value + half))


def sign_floor(units: int) -> float:
    """The smallest p-value that a claim *across* units can reach: all of them agreeing, 2 to the power -units.

    With four species even complete agreement is a matter of chance in one case of sixteen.

    >>> sign_floor(5)
    0.03125
    """
    return float(2.0**-units)
