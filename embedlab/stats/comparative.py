"""Statistics for species that are related: Pagel's λ, Blomberg's K, effective number of species.

`covariance` is the `(n, n)` matrix of shared branch lengths under Brownian motion (`Tree.covariance`), rows and
columns in the order of the traits.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from embedlab.stats.relatedness import Whitening, checked_covariance
from embedlab.stats.resample import p_value, permutations_of
from embedlab.stats.vectors import checked

# Denser towards 1. No two points may differ by rounding alone: between such neighbours nothing is left to search.
_GRID = np.unique(np.r_[np.linspace(0, 1, 41), 1 - np.geomspace(1e-6, 0.02, 12)])


@dataclass(frozen=True, eq=False)
class PagelLambda:
    """Pagel's λ from 0 (species as if unrelated) to 1 (Brownian motion on the tree), and how sure it is."""

    lam: float
    log_likelihood: float
    interval: tuple[float, float]

    @property
    def statistic(self) -> float:
        """λ itself."""
        return self.lam


def pagel_lambda(trait, covariance) -> PagelLambda:
    """Estimate Pagel's λ by maximum likelihood over the whole of [0, 1], both ends included (Pagel 1999).

    `trait` is `(n,)`, or `(n, p)` for one λ shared by several columns. The likelihood can have several optima (a
    known fault of local searches: phytools 1.5-1 stops at .626 on the wing length of Darwin's finches, where 0 is
    better), so a grid is searched before it is refined. `interval` is the 95 % profile interval. A constant trait
    is refused. Agrees with geiger 2.0.11 to 1e-6 in log-likelihood.
    """
    y = np.asarray(trait, float)
    y = checked(y[:, None] if y.ndim == 1 else y, "trait", least=3)
    if (np.ptp(y, axis=0) == 0).any():
        raise ValueError("a trait that is the same in all species has no λ")
    white = covariance if isinstance(covariance, Whitening) else Whitening(checked_covariance(covariance, y.shape[0]))
    if white.n != y.shape[0]:
        raise ValueError(f"{y.shape[0]} species in the trait, {white.n} in the covariance")
    rotated, one = white.rotate(y), white.rotate(np.ones((white.n, 1)))[:, 0]
    constant = 2 * np.log(white.depth).sum()
    n, p = y.shape

    def log_likelihood(lam: float) -> float:
        if white.singular(lam):
            return -np.inf
        s = white.spectrum(lam)
        left = rotated - np.outer(one, (one / s) @ rotated / (one @ (one / s)))
        sigma = left.T @ (left / s[:, None]) / n
        sign, log_det = np.linalg.slogdet(np.atleast_2d(sigma))
        if sign <= 0:
            raise ValueError("the trait columns are linearly dependent: drop one of them")
        return -0.5 * (n * p * (np.log(2 * np.pi) + 1) + n * log_det + p * (constant + np.log(s).sum()))

    heights = np.array([log_likelihood(lam) for lam in _GRID])
    top = int(np.argmax(heights))
    best, height = float(_GRID[top]), float(heights[top])
    low, high = _GRID[max(top - 1, 0)], _GRID[min(top + 1, _GRID.size - 1)]
    finer = minimize_scalar(lambda v: -log_likelihood(v), bounds=(low, high), method="bounded", options={"xatol": 1e-8})
    if -finer.fun > height:
        best, height = float(finer.x), float(-finer.fun)
    inside = _GRID[heights > height - 1.9207]  # half of the .95 quantile of chi-square with one degree
    return PagelLambda(
        best, height, (float(min(inside.min(initial=best), best)), float(max(inside.max(initial=best), best)))
    )


def effective_species(covariance) -> float:
    """How many unrelated species would fix the mean as well: (1ᵀC⁻¹1) · mean depth; n on a star tree, less otherwise.

    >>> effective_species(np.eye(4))
    4.0
    """
    c = checked_covariance(covariance, len(covariance))
    white = Whitening(c)
    s = white.spectrum(1.0)
    keep = s > 1e-10 * s.max()
    one = white.rotate(np.ones((white.n, 1)))[keep, 0]
    return float(one @ (one / s[keep]) * np.diag(c).mean())


@dataclass(frozen=True, eq=False)
class PhylogeneticSignal:
    """K: 1 is what Brownian motion on the tree gives, 0 is none; with its values under shuffled tips."""

    statistic: float
    p_value: float
    null: np.ndarray


def k_mult(x, covariance, *, permutations=999, rng: np.random.Generator | None = None) -> PhylogeneticSignal:
    """Blomberg's K for vectors (Adams 2014): how much more alike relatives are than Brownian motion expects.

    `x` is `(n, d)`, one row a species. 1 is Brownian motion, below 1 less signal, 0 none. The p-value shuffles
    species over the tips. In Gram form: a permutation costs n² whatever the dimension. Agrees with geomorph
    4.1.0. A singular covariance (tips at distance zero) is refused.
    """
    x = checked(x, least=3)
    n = x.shape[0]
    c = checked_covariance(covariance, n)
    if Whitening(c).singular(1.0):
        raise ValueError("the tree covariance is singular: two tips stand at distance zero; drop one of each such pair")
    inverse = np.linalg.inv(c)
    w = inverse.sum(axis=1)
    s = w.sum()
    gram = (x - x.mean(axis=0)) @ (x - x.mean(axis=0)).T
    if not np.trace(gram) > (np.finfo(float).eps * np.linalg.norm(x)) ** 2 * n:
        raise ValueError("the species do not differ: K is not defined where nothing varies")
    expected = (np.trace(c) - n / s) / (n - 1)
    orders = np.vstack([np.arange(n), permutations_of(n, permutations, rng)])
    values = np.empty(len(orders))
    for i, t in enumerate(orders):
        g = gram[np.ix_(t, t)]
        gw = g @ w
        root = w @ gw / s**2
        total = np.trace(g) - 2 * gw.sum() / s + n * root
        values[i] = total / ((inverse * g).sum() - s * root) / expected
    return PhylogeneticSignal(float(values[0]), p_value(values[0], values[1:]), values[1:])


def blomberg_k(trait, covariance, *, permutations=999, rng: np.random.Generator | None = None) -> PhylogeneticSignal:
    """Blomberg's K of one trait `(n,)` (Blomberg et al. 2003): 1 is Brownian motion, 0 is no signal.

    Agrees with phytools 1.5-1 and picante 1.8.2 to 1e-6.
    """
    return k_mult(np.asarray(trait, float)[:, None], covariance, permutations=permutations, rng=rng)
