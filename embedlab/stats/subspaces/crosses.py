"""Intervals for one difference of means: how long it is, and which share of it lies inside a span."""

import numpy as np
from scipy import stats as sps


def energy_moments(difference, noise, axes, df: float) -> np.ndarray:
    """Covariance `(2, 2)` of the noise-free squared length inside `axes`, and of all of it.

    `difference` `(d,)` is one of two means, with its noise; `noise` `(n, d)` are deviations of the individuals from
    their own mean, scaled so that `noise.T @ noise` is the covariance of the difference, known with `df` degrees of
    freedom (at least 2); `axes` `(d, r)` are orthonormal. Closed form of what a bootstrap with normal weights on
    individuals gives (moments of quadratic forms), less the noise that the difference brings along and what the
    estimated covariance adds to its own square (Bai & Saranadasa 1996).

    >>> energy_moments([3.0, 0.0], [[1.0, 0.0]], np.eye(2), 1e9).round(3).tolist()  # 4·9 − 2
    [[34.0, 34.0], [34.0, 34.0]]
    """
    difference, noise, axes = (np.asarray(v, float) for v in (difference, noise, axes))
    inside = noise @ axes  # (n, r)
    along = np.stack([inside @ (axes.T @ difference), noise @ difference])  # (2, n)
    grams = np.stack([(inside @ inside.T), (noise @ noise.T)])
    traces = np.trace(grams, axis1=1, axis2=2)
    grams = grams.reshape(2, -1)
    squares = df**2 / ((df - 1) * (df + 2)) * (grams @ grams.T - np.outer(traces, traces) / df)
    pure = 2 * _not_negative(squares)
    return pure + _not_negative(4 * along @ along.T - 2 * pure)


def _not_negative(matrix: np.ndarray) -> np.ndarray:
    """The nearest covariance: no part of a variance is below 0."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 0)) @ vectors.T


def ratio_interval(part: float, whole: float, moments, df: float, *, level: float = 0.95) -> tuple[float, float]:
    """Interval of part / whole by Fieller's method, from their covariance `(2, 2)` and degrees of freedom.

    Where `whole` is not told from 0 the ratio can be any number: (nan, nan), as where no real numbers are left.

    >>> low, high = ratio_interval(5.0, 10.0, np.diag([1.0, 0.0]), 1e9)
    >>> round(low, 2), round(high, 2)
    (0.3, 0.7)
    """
    if not (np.isfinite([part, whole]).all() and df >= 1):
        return (np.nan, np.nan)
    t2 = sps.t.ppf((1 + level) / 2, df) ** 2
    a = whole**2 - t2 * moments[1][1]
    if not (whole > 0 and a > 0):
        return (np.nan, np.nan)
    b = part * whole - t2 * moments[0][1]
    root = b**2 - a * (part**2 - t2 * moments[0][0])
    if root < 0:
        return (np.nan, np.nan)
    half = np.sqrt(root)
    return (float((b - half) / a), float((b + half) / a))


def length_interval(squared: float, variance: float, df: float, *, level: float = 0.95) -> tuple[float, float]:
    """Interval of a length from its noise-free square and the variance of that; it begins at 0 where noise reaches it.

    >>> low, high = length_interval(9.0, 0.0, 10)
    >>> (low, high)
    (3.0, 3.0)
    """
    half = sps.t.ppf((1 + level) / 2, max(df, 1)) * np.sqrt(variance)
    return (float(np.sqrt(max(squared - half, 0.0))), float(np.sqrt(max(squared + half, 0.0))))
