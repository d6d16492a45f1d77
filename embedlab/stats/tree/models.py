"""How did a trait evolve? Brownian motion, Ornstein-Uhlenbeck, early burst, λ and white noise, by likelihood."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from embedlab.stats.shown import Shown
from embedlab.stats.tree.evolution import ou_covariance
from embedlab.stats.tree.pgls import LAMBDAS, heights, lambda_drop
from embedlab.stats.tree.profiles import DROP, highest
from embedlab.stats.tree.pruning import Pruned, is_structure
from embedlab.stats.tree.relatedness import checked_covariance, refuse_twins, related
from embedlab.stats.vectors import checked

_STEEPEST = 300.0  # exp of more, squared, leaves double precision


@dataclass(frozen=True, eq=False, repr=False)
class Evolution(Shown):
    """A model of evolution fitted to one trait.

    `parameter` is α of "ou" (0 is Brownian motion, infinity white noise), a of "eb" (0 is Brownian motion, below it
    the rate falls as exp(a t)), λ of "lambda"; NaN for "bm" and "white". `interval` is its 95 % profile
    interval by restricted likelihood (for α measured to cover 94 to 97 % from 30 species).
    `rate` is the variance per unit of branch length (of "white": the variance), `root` the state at the root, and
    the optimum of "ou". `aicc` is Akaike's criterion for small samples; smaller is better.
    """

    model: str
    parameter: float
    rate: float
    root: float
    log_likelihood: float
    aicc: float
    interval: tuple[float, float] | None

    @property
    def statistic(self) -> float:
        """The log-likelihood."""
        return self.log_likelihood


def fit_evolution(trait, covariance, *, model: str) -> Evolution:
    """Fit a model of evolution to a trait `(n,)` by maximum likelihood.

    `model` is "bm", "ou" (one optimum, which is also the state at the root), "eb", "lambda" or "white". `covariance`
    is the `(n, n)` tree covariance or a structure, on which a fit costs O(n). All of α from 0 to white noise is
    searched, and a from 0 to where the rate falls a hundred-thousandfold: geiger 2.0.11 stops at α = e, and so
    misses the maximum on all traits of Darwin's finches. Errors: fewer than 5 species, NaN, a constant trait, and
    tips at distance zero (the pair is named).

    >>> fit = fit_evolution([1.0, 3.0, 2.0, 4.0, 5.0], np.eye(5), model="bm")
    >>> fit.root, fit.rate
    (3.0, 2.0)
    """
    model = str(model).lower()
    if model not in _PARAMETERS:
        raise ValueError(f"model={model!r} is not known: use one of {sorted(_PARAMETERS)}")
    y = checked(np.asarray(trait, float)[:, None], "trait", least=5)
    n = len(y)
    if np.ptp(y) == 0:
        raise ValueError("a trait that is the same in all species did not evolve: nothing can be fitted")
    walked = is_structure(covariance) or isinstance(covariance, Pruned)
    rows = _Walked(related(covariance, n), model) if walked else _Dense(checked_covariance(covariance, n), model)
    centre = float(y.mean())  # a large mean would cost the contrasts their digits
    columns = np.hstack([np.ones((n, 1)), y - centre])

    def curve(values: np.ndarray) -> np.ndarray:
        parts = np.array_split(values, max(1, n * len(values) // 500_000))  # what fits in memory at once
        return np.hstack([heights(*rows(columns, part), 1) for part in parts])

    if model == "white":
        z, log_det, best, interval = columns[None], np.zeros(1), np.nan, None
    elif model == "bm":
        z, log_det, best, interval = *rows(columns, np.zeros(1)), np.nan, None
    else:
        grid = _grid(model, rows.depths)
        best, height, interval = highest(curve, grid, lambda_drop(n) if model == "lambda" else DROP)
        white = heights(columns[None], np.zeros(1), 1)[:, 0]
        if model == "ou" and (interval[1] == grid[-1] or white[1] > curve(grid)[1].max() - DROP):
            interval = interval[0], np.inf  # what lies beyond the range is white noise
        z, log_det = rows(columns, np.array([best]))
        if model == "ou" and white[0] > height + 1e-9:
            best, z, log_det = np.inf, columns[None], np.zeros(1)
    one, left = z[0, :, 0], z[0, :, 1]
    root = float(one @ left / (one @ one))
    left = left - root * one
    height = float(heights(z, log_det, 1)[0, 0])
    k = _PARAMETERS[model]
    aicc = -2 * height + 2 * k + 2 * k * (k + 1) / (n - k - 1)
    return Evolution(model, float(best), float(left @ left / n), root + centre, height, aicc, interval)


_PARAMETERS = {"bm": 2, "ou": 3, "eb": 3, "lambda": 3, "white": 2}


def _grid(model: str, depths: np.ndarray) -> np.ndarray:
    """Where the parameter is searched, for tips this far from the root."""
    deep = float(depths.max())
    if model == "lambda":
        return LAMBDAS
    if model == "eb":
        return np.r_[-np.geomspace(np.log(1e5), 1e-3, 40), 0.0] / deep
    uneven = float((deep - depths.min()) / deep)
    most = min(1e4, _STEEPEST / uneven if uneven else np.inf)
    return np.r_[0.0, np.geomspace(1e-3, most, 70)] / deep


class _Walked:
    """Whitened rows and log-determinants `(g,)` for `g` parameters on a tree."""

    def __init__(self, tree: Pruned, model: str):
        self.tree, self.model = tree, model
        self.depths = tree.depth[: tree.n]
        if model in ("bm", "ou", "eb"):
            tree.refuse_twins(tree.variances(tree.length[:, None])[0][:, 0])

    def __call__(self, x: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        tree = self.tree
        if self.model == "lambda":
            return tree.whitened(x, value)
        if self.model == "bm":
            return tree.rows(x, tree.length[:, None])
        if self.model == "eb":
            return tree.rows(x, _grown(tree.depth[:, None], tree.length[:, None], value / 2, 0.0))
        # C = D V D: V is a tree whose branches grow with time, D the pull that each tip felt since the deepest one
        deep = self.depths.max()
        pull = value * (self.depths[:, None] - deep)
        length = _grown(tree.depth[:, None], tree.length[:, None], value, deep)
        z, log_det = tree.rows(x[:, None] * np.exp(pull)[:, :, None], length)
        return z, log_det - 2 * pull.sum(axis=0)


class _Dense:
    """The same from a covariance matrix: one Cholesky decomposition a parameter."""

    def __init__(self, c: np.ndarray, model: str):
        self.c, self.model, self.depths = c, model, np.diag(c)
        if model in ("bm", "ou", "eb"):
            refuse_twins(c)

    def __call__(self, x: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        z, log_det = np.zeros((len(value), *x.shape)), np.full(len(value), -np.inf)
        for i, v in enumerate(value):
            try:
                low = np.linalg.cholesky(self._matrix(v))
            except np.linalg.LinAlgError:
                continue
            z[i] = solve_triangular(low, x, lower=True)
            log_det[i] = 2 * np.log(np.diag(low)).sum()
        return z, log_det

    def _matrix(self, v: float) -> np.ndarray:
        if self.model == "ou":
            return ou_covariance(self.c, v)
        if self.model == "eb":
            return _grown(self.c, self.c, v / 2, 0.0)
        return self.c * v + np.diag(self.depths) * (1 - v) if self.model == "lambda" else self.c


def _grown(end, span, alpha, since: float):
    """The integral of exp(2α (t - since)) over the last `span` before `end`; `span` itself where α is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        grown = np.exp(2 * alpha * (end - since)) * -np.expm1(-2 * alpha * span) / (2 * alpha)
    return np.where(np.equal(alpha, 0), span, grown)
