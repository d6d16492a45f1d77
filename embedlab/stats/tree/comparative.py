"""Statistics for species that are related: Pagel's λ, Blomberg's K, effective number of species.

`covariance` is the `(n, n)` matrix of shared branch lengths under Brownian motion (`Tree.covariance`), rows and
columns in the order of the traits, or a structure (`Tree.structure(names)`), which is walked in O(n).
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from embedlab.stats.resample import p_value, permutations_of
from embedlab.stats.shown import Shown
from embedlab.stats.tree.pgls import LAMBDAS, lambda_drop, lambda_heights
from embedlab.stats.tree.profiles import highest
from embedlab.stats.tree.pruning import Pruned, is_structure
from embedlab.stats.tree.relatedness import Relatedness, Whitening, checked_covariance, refuse_twins, related
from embedlab.stats.vectors import checked, dust

__all__ = [
    "PagelLambda",
    "PhylogeneticSignal",
    "Relatedness",
    "Whitening",
    "blomberg_k",
    "checked_covariance",
    "effective_species",
    "k_mult",
    "pagel_lambda",
    "related",
]

_BLOCK = 200_000  # numbers walked at once: more would leave the cache, fewer would pay NumPy for each step
_FEW = 32  # columns up to which a dense product is cheaper than gathering n² entries for each permutation
_STRIPE = 128  # rows of the Gram matrix gathered at a time
# Species up to which a tree with wide vectors becomes a matrix: to walk n/12 columns costs as much as n² entries.
_SMALL = 1000


@dataclass(frozen=True, eq=False, repr=False)
class PagelLambda(Shown):
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

    `trait` is `(n,)`, or `(n, p)` for one λ shared by several columns. The upper limit is 1, where other tools go
    on until C_λ is singular. The likelihood can have several optima (a known fault of local searches: phytools 1.5-1
    stops at .626 on the wing length of Darwin's finches, where 0 is better), so a grid is searched before it is
    refined. `interval` is a 95 % profile interval of the restricted likelihood, which is less biased than the full
    one where species are few (the full one covers 86 to 94 %): measured coverage is 93 to 97 % for λ well inside its
    range and 30 to 120 species, and 98 % at its ends, where the interval is cut. Tips at distance zero leave λ = 1
    without a likelihood, and λ below it. Errors: fewer than 3 species, a constant trait, NaN, dependent columns.
    Agrees with geiger 2.0.11 to 1e-6 in log-likelihood.

    >>> sisters = np.kron(np.eye(3), [[2.0, 1.0], [1.0, 2.0]])  # three pairs
    >>> pagel_lambda([0.0, 0.1, 3.0, 3.1, 6.0, 6.1], sisters).lam, pagel_lambda([0.0, 6, 0, 6, 0, 6], sisters).lam
    (1.0, 0.0)
    """
    y = checked(np.asarray(trait)[:, None] if np.ndim(trait) == 1 else trait, "trait", least=3)
    spread = np.ptp(y, axis=0)
    if (spread == 0).any():
        raise ValueError("a trait that is the same in all species has no λ: nothing evolved")
    y = y - y.mean(axis=0)
    if y.shape[1] >= len(y) or np.linalg.svd(y / spread, compute_uv=False)[-1] < 1e-10:
        raise ValueError("the trait columns are linearly dependent: drop one of them")
    ready = related(covariance, len(y))
    ones = np.ones((len(y), 1))
    return PagelLambda(*highest(lambda lam: lambda_heights(ready, ones, y, lam), LAMBDAS, lambda_drop(len(y))))


def effective_species(covariance) -> float:
    """How many unrelated species would fix the mean as well: (1ᵀC⁻¹1) · mean depth; n on a star tree, less otherwise.

    Tips at distance zero count once (Ané 2008). `covariance` is `(n, n)` or a structure; asymmetry, NaN and tips on the
    root are refused.

    >>> effective_species(np.eye(4))
    4.0
    """
    if is_structure(covariance) or isinstance(covariance, Pruned):
        tree = covariance if isinstance(covariance, Pruned) else Pruned(covariance)
        return float(tree.depth[: tree.n].mean() / tree.variances(tree.length[:, None])[2][0])
    c = checked_covariance(covariance, len(covariance))
    white = Whitening(c)
    s = white.spectrum(1.0)
    keep = s > 1e-10 * s.max()
    one = white.rotate(np.ones((white.n, 1)))[keep, 0]
    return float(one @ (one / s[keep]) * np.diag(c).mean())


@dataclass(frozen=True, eq=False, repr=False)
class PhylogeneticSignal(Shown):
    """K: 1 is what Brownian motion on the tree gives, 0 is none; with its values under shuffled tips."""

    statistic: float
    p_value: float
    null: np.ndarray


def k_mult(
    x, covariance, *, permutations=999, noise=None, rng: np.random.Generator | None = None
) -> PhylogeneticSignal:
    """Blomberg's K for vectors (Adams 2014): how much more alike relatives are than Brownian motion expects.

    `x` is `(n, d)`, one row a species. 1 is Brownian motion, below 1 less signal, 0 none. The p-value shuffles
    species over the tips, and is exact where tips are exchangeable under the null. On a matrix a permutation costs
    O(n²), whatever the dimension; on a structure O(n d), and no matrix is made of more than 1,000 species. Means of
    a few individuals are blurred, which pulls K towards the value without signal: `noise` `(n,)` is the variance of
    each mean (tr Wᵢ/nᵢ), and is taken off both sums of squares; it moves with its species. Agrees with geomorph
    4.1.0. Errors: NaN, species that do not differ, tips at distance zero (the pair is named), noise as large as the
    differences.

    >>> k_mult(np.array([[1.0], [5.0], [2.0]]), np.eye(3), permutations=[[0, 1, 2]]).statistic
    1.0
    """
    x = checked(x, least=3)
    n = x.shape[0]
    least, x = dust(x), x - x.mean(axis=0)
    total = float(np.square(x).sum())
    if not total > least:
        raise ValueError("the species do not differ: K is not defined where nothing varies")
    tree = _ready(covariance, *x.shape)
    orders = np.vstack([np.arange(n), permutations_of(n, permutations, rng)])
    roots, below = tree.sums(_narrow(x), orders)
    above = total + n * roots
    if noise is not None:
        noise = np.asarray(noise, float)
        if noise.shape != (n,) or not np.isfinite(noise).all() or (noise < 0).any():
            raise ValueError(f"noise must hold {n} variances that are finite and not negative; saw {noise.shape}")
        g = tree.weight
        above = above - noise[orders] @ (1 - 2 * g + n * g**2)
        below = below - noise[orders] @ (tree.inverse_diagonal - g**2 / tree.root)
        if not (above[0] > 0 and below[0] > 0):
            raise ValueError("the noise is as large as the differences between species: K cannot be told from it")
    # a shuffle under which noise leaves less than nothing has no value, and counts against the claim
    told = (above > 0) & (below > 0)
    values = np.full(len(orders), np.finfo(float).max)
    values[told] = above[told] / below[told] / ((tree.trace - n * tree.root) / (n - 1))
    return PhylogeneticSignal(float(values[0]), p_value(values[0], values[1:]), values[1:])


def blomberg_k(
    trait, covariance, *, permutations=999, noise=None, rng: np.random.Generator | None = None
) -> PhylogeneticSignal:
    """Blomberg's K of one trait `(n,)` (Blomberg et al. 2003): 1 is Brownian motion, 0 is no signal.

    There is no upper end; on a star it is 1 whatever the trait. Agrees with phytools 1.5-1 and picante 1.8.2 to 1e-6.
    The null, `noise` and errors as in `k_mult`.

    >>> round(blomberg_k([1.0, 5.0, 2.0], np.eye(3), permutations=[[0, 1, 2]]).statistic, 9)
    1.0
    """
    trait = np.asarray(trait)[:, None] if np.ndim(trait) else trait
    return k_mult(trait, covariance, permutations=permutations, noise=noise, rng=rng)


def _narrow(x: np.ndarray) -> np.ndarray:
    """The same distances in no more columns than there are species: K knows nothing else of `x`."""
    return x if x.shape[1] < len(x) else np.linalg.qr(x.T, mode="r").T


def _ready(covariance, n: int, d: int) -> "_Tree | _Dense":
    if not is_structure(covariance) and not isinstance(covariance, Pruned):
        return _Dense(covariance, n)
    walk = related(covariance, n)
    return _Dense(walk.covariance(), n) if n <= _SMALL and n < 12 * d else _Tree(walk)


class _Tree:
    """What K needs of a structure: root estimates and squared contrasts of permuted species, by walks."""

    def __init__(self, walk: Pruned):
        self.walk = walk
        self.weight, self.inverse_diagonal = walk.inverse_parts()
        self.contrast, self.share, root = walk.variances(walk.length[:, None])
        self.root, self.trace = float(root[0]), float(walk.depth[: walk.n].sum())

    def sums(self, x: np.ndarray, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Squared length of the root `(b,)` and sum of squared contrasts `(b,)` for `x[t]` of each order."""
        step = max(1, _BLOCK // x.size)
        parts = [
            self.walk.sums(x[orders[i : i + step].T], self.contrast[:, 0], self.share[:, :, 0])
            for i in range(0, len(orders), step)
        ]
        return (
            np.concatenate([np.square(root).sum(axis=1) for root, _ in parts]),
            np.concatenate([squares for _, squares in parts]),
        )


class _Dense:
    """What K needs of a covariance matrix: the same from its inverse."""

    def __init__(self, covariance, n: int):
        c = checked_covariance(covariance, n)
        refuse_twins(c)
        try:
            self.factor = cho_factor(c, lower=True)
        except np.linalg.LinAlgError:
            raise ValueError("the covariance is singular: is it that of a tree, Tree.covariance(names)?") from None
        inverse = cho_solve(self.factor, np.eye(n))
        total = inverse.sum()
        self.weight, self.inverse_diagonal = inverse.sum(axis=1) / total, np.diag(inverse).copy()
        self.root, self.trace = float(1 / total), float(np.trace(c))
        self.projected = inverse - np.outer(self.weight, self.weight) * total

    def sums(self, x: np.ndarray, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Squared length of the root `(b,)` and sum of squared contrasts `(b,)` for `x[t]` of each order."""
        n, d = x.shape
        roots, squares = np.empty(len(orders)), np.zeros(len(orders))
        for i in range(0, len(orders), step := max(1, 10 * _BLOCK // x.size)):
            moved = x[orders[i : i + step]]
            roots[i : i + step] = np.square(np.einsum("i,bid->bd", self.weight, moved)).sum(axis=1)
            if d <= _FEW:
                z = solve_triangular(self.factor[0], moved.transpose(1, 0, 2).reshape(n, -1), lower=True)
                squares[i : i + step] = np.square(z).reshape(n, -1, d).sum(axis=(0, 2))
        if d <= _FEW:
            return roots, squares - roots / self.root
        # ⟨projected, gram[t][:, t]⟩ over the upper triangle alone, in stripes of rows that stay in the cache
        gram, upper = x @ x.T, np.triu(self.projected, 1) * 2 + np.diag(np.diag(self.projected))
        stripes = [(i, np.ascontiguousarray(upper[i : i + _STRIPE, i:])) for i in range(0, n, _STRIPE)]
        rows, both = np.empty((_STRIPE, n)), np.empty(_STRIPE * n)
        for k, t in enumerate(orders):
            for i, part in stripes:
                taken, here = rows[: len(part)], both[: part.size].reshape(part.shape)
                np.take(gram, t[i : i + len(part)], axis=0, out=taken, mode="clip")
                np.take(taken, t[i:], axis=1, out=here, mode="clip")
                squares[k] += np.vdot(part, here)
        return roots, squares
