"""Small p-values for little work: shuffling that stops early, and tails that reach beyond what was shuffled."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from embedlab.stats.resample import TIE, p_value
from embedlab.stats.shown import Shown

ENOUGH = 10  # null values as extreme as the one observed, from which counting them is good enough
TAIL = 250  # null values that the tail is fitted to at first; at most a quarter of all
LEAST_TAIL = 60
BEYOND = 100  # how far below 1 / (b + 1) a fitted tail is trusted
SAFE = 1.645  # standard errors by which the tail is taken to be heavier than it looks
# Anderson–Darling distance that 5 % of true generalised-Pareto samples pass, by the shape that was fitted: simulated
# for this table (2,500 samples of 100 and of 250), and as Choulakian & Stephens 2001 have it.
AD_SHAPE = (-0.5, -0.25, 0.0, 0.25, 0.5)
AD_LIMIT = (1.27, 1.06, 0.98, 0.89, 0.86)


@dataclass(frozen=True, eq=False, repr=False)
class Screened(Shown):
    """p-values `(m,)` of many questions, with the draws each needed and how many were as extreme.

    `p_value` is h / draws where the h-th extreme draw ended the question, and (extreme + 1) / (draws + 1) where
    the draws ran out; in (0, 1], never 0.
    """

    statistic: np.ndarray
    p_value: np.ndarray
    draws: np.ndarray
    extreme: np.ndarray


def stop_early(statistics, draw: Callable, *, extreme: int = ENOUGH, most: int = 9999, batch: int = 100) -> Screened:
    """Draw null values only until `extreme` of them reach the statistic (Besag & Clifford 1991).

    `statistics` `(m,)` are large where a claim is strong. `draw(k, open)` gives `(k, a)` null values, for the `a`
    questions whose indices stand in `open`; drawn afresh at each call. A question that chance matches often is
    closed after some tens of draws, so that a screen of thousands spends its draws on the few that are left. The
    p-values are valid, as those of a fixed number of draws are; `batch` does not change them. Errors: counts below
    1, a draw of another shape, NaN.

    >>> found = stop_early([0.5], lambda k, open: np.tile([[1.0], [0.0]], (k // 2, 1)), extreme=2, batch=4)
    >>> found.p_value, found.draws
    (array([0.66666667]), array([3]))
    """
    statistics = np.asarray(statistics, float)
    if statistics.ndim != 1 or not np.isfinite(statistics).all():
        raise ValueError(f"statistics must be one row of finite numbers; saw {statistics.ravel()[:5]}")
    if min(extreme, most, batch) < 1:
        raise ValueError(f"extreme={extreme}, most={most}, batch={batch}: each must be 1 or more")
    m = statistics.size
    seen, draws = np.zeros(m, int), np.zeros(m, int)
    bound = statistics - TIE * np.maximum(1.0, np.abs(statistics))
    left, done = np.arange(m), 0
    while left.size and done < most:
        k = min(batch, most - done)
        null = np.asarray(draw(k, left), float)
        if null.shape != (k, left.size) or not np.isfinite(null).all():
            raise ValueError(f"draw({k}, {left.size} open) gave shape {null.shape}, or NaN: it must be ({k}, a)")
        reached = seen[left] + np.cumsum(null >= bound[left], axis=0)
        ends = reached >= extreme
        closed = ends.any(axis=0)
        # What was drawn after the last one that was needed is not looked at.
        draws[left] = done + np.where(closed, ends.argmax(axis=0) + 1, k)
        seen[left] = np.minimum(reached[-1], extreme)
        left, done = left[~closed], done + k
    p = np.where(seen >= extreme, extreme / draws, (seen + 1) / (draws + 1)) if m else np.zeros(0)
    return Screened(statistics, p, draws, seen)


@dataclass(frozen=True, eq=False, repr=False)
class TailP(Shown):
    """A p-value that may lie below 1 / (b + 1), and where it comes from.

    `method` is "counted" or "generalised Pareto tail"; `note` says why where the tail could not be used. `shape` is
    the fitted ξ (0 an exponential tail, below 0 a bounded one, above 0 a heavy one), nan where none was fitted.
    """

    statistic: float
    p_value: float
    null: np.ndarray
    method: str
    shape: float
    note: str


def tail_p_value(observed: float, null) -> TailP:
    """One-sided p-value, from a fitted tail where fewer than 10 null values reach the one observed.

    `null` `(b,)`. After Knijnenburg et al. 2009: a generalised Pareto distribution is fitted to the largest 250
    values (a quarter of them at most), to fewer where an Anderson–Darling test at 5 % rejects the fit. As published
    the fit says too little: with 9,999 null values it rejects at 1 / (100 b) in 5 to 20 times as many true nulls
    as it should (normal, F, t, χ², β; measured). So the tail is taken to be as heavy as the upper 95 % limit of the
    fitted shape and never lighter than exponential, which rejects in 0 to 0.6 times the level for all of those (999
    and 9,999 null values, at 1 / (10 b) and 1 / (50 b)). It is never 0, never below 1 / (100 (b + 1)), nor above the
    counted p-value. The counted one stands where the tail cannot be fitted: fewer than 240 values, values that come
    in steps (discrete statistics, few distinct permutations), no good fit. It extrapolates: a p-value to order a
    screen by, with permutations added before anything is claimed. Errors: NaN.

    >>> tail_p_value(3.0, [0.0, 1.0, 2.0]).p_value
    0.25
    >>> null = -np.log((np.arange(999) + 0.5) / 999)  # exponential: the truth at 10 is e⁻¹⁰
    >>> found = tail_p_value(10.0, null)
    >>> found.method, bool(np.exp(-10) < found.p_value < 1 / 1000)
    ('generalised Pareto tail', True)
    """
    null = np.asarray(null, float)
    counted = p_value(observed, null)
    b = null.size

    def count(note: str, shape: float = np.nan) -> TailP:
        return TailP(float(observed), counted, null, "counted", shape, note)

    if counted * (b + 1) - 1 >= ENOUGH:
        return count("")
    k = min(TAIL, b // 4)
    if k < LEAST_TAIL:
        return count(f"{b} null values are too few to fit a tail: at least {4 * LEAST_TAIL} are needed")
    null_sorted = np.sort(null)
    top = null_sorted[-k - 1 :]
    if np.unique(top).size < 0.95 * top.size:
        return count("the null comes in steps: a smooth tail does not describe it")
    while k >= LEAST_TAIL:
        start = (null_sorted[-k] + null_sorted[-k - 1]) / 2
        over = null_sorted[-k:] - start
        shape, scale = pareto_fit(over)
        if _anderson_darling(over, shape, scale) <= np.interp(shape, AD_SHAPE, AD_LIMIT):
            break
        k -= 10
    else:
        return count("no generalised Pareto distribution fits the tail of the null")
    heavy = max(shape + SAFE * (1 + shape) / np.sqrt(k), 0.0)
    share = pareto_survival(np.array([observed - start]), heavy, _scale_at(over, heavy))[0]
    tail = max(k / (b + 1) * float(share), 1 / (BEYOND * (b + 1)))
    if tail >= counted:
        return count("", shape)
    return TailP(float(observed), tail, null, "generalised Pareto tail", shape, "")


def pareto_fit(over) -> tuple[float, float]:
    """Shape ξ (from −0.5 up) and scale σ of a generalised Pareto distribution, by maximum likelihood.

    `over` `(k,)` are exceedances, 0 or more. Searched over ξ / σ on a grid that is refined (Grimshaw 1993): the
    likelihood of a short sample has no bound where ξ falls below −1, so that such fits are not looked at.

    >>> z = -np.log((np.arange(100) + 0.5) / 100)  # exponential: shape 0, scale 1
    >>> [round(v) + 0 for v in pareto_fit(z)]
    [0, 1]
    """
    z = np.asarray(over, float)
    mean, largest = z.mean(), z.max()
    if not mean > 0 or z.min() < 0:
        raise ValueError("exceedances must be 0 or more, and not all 0")

    def heights(theta):
        logs = np.log1p(np.outer(theta, z))
        shape = logs.mean(axis=1)
        flat = np.abs(theta) * mean < 1e-9
        scale = np.where(flat, mean, np.where(flat, 1.0, shape) / np.where(flat, 1.0, theta))
        high = -np.log(scale) - shape - 1
        return np.where(shape < -0.5, -np.inf, high), shape, scale

    grid = np.concatenate([-(1 - np.geomspace(1e-6, 1, 60)) / largest, np.geomspace(1e-4, 1e4, 80) / mean])
    for _ in range(6):
        high, shape, scale = heights(grid)
        best = int(np.argmax(high))
        grid = np.linspace(grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)], 41)
    return float(shape[best]), float(scale[best])


def pareto_survival(over, shape: float, scale: float) -> np.ndarray:
    """Chance that a generalised Pareto variable exceeds `over`, from 1 at 0 (and below) to 0.

    >>> pareto_survival(np.array([-1.0, 0.0, 1.0]), 1.0, 1.0)
    array([1. , 1. , 0.5])
    """
    z = np.maximum(np.asarray(over, float), 0.0) / scale
    if abs(shape) < 1e-9:
        return np.exp(-z)
    return np.maximum(1 + shape * z, 0.0) ** (-1 / shape)


def _scale_at(over: np.ndarray, shape: float) -> float:
    """The most likely scale where the shape, 0 or more, is given."""
    if shape < 1e-9:
        return float(over.mean())
    mean = over.mean()
    return float(brentq(lambda s: np.mean((1 + shape) * over / (s + shape * over)) - 1, 1e-9 * mean, 1e3 * mean))


def _anderson_darling(over: np.ndarray, shape: float, scale: float) -> float:
    beyond = np.clip(pareto_survival(over, shape, scale), 1e-300, 1 - 1e-16)
    n = over.size
    return float(-n - np.mean((2 * np.arange(1, n + 1) - 1) * (np.log1p(-beyond) + np.log(beyond[::-1]))))
