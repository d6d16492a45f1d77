"""Intervals of ratios and means over species whose effects follow a tree."""

import numpy as np
from scipy import stats as sps
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from embedlab.stats.bootstrap import parts_and_totals
from embedlab.stats.tree.pruning import Pruned, is_structure
from embedlab.stats.tree.relatedness import Whitening, as_matrix, related

AVERAGED = np.r_[np.linspace(0, 0.95, 20), 0.98, 1.0]  # Pagel's λ over which intervals are averaged
RESAMPLED = 1000  # species up to which residuals are resampled; above, the tree is walked


def phylogenetic_ratio(parts, totals, covariance, *, rng: np.random.Generator, b: int = 1999, level: float = 0.95):
    """Interval of sum(parts) / sum(totals) where what species add follows the tree: `(low, high)`.

    `parts` and `totals` are `(s,)`, one entry a species; `covariance` is the `(s, s)` tree covariance or
    `Tree.structure(names)`. **What is estimated** is the value of the process that made these species, which
    another evolution of such a clade would have; not the mean over the species of this clade, from which these are a
    sample. For that, relatedness does not matter, and the studentised bootstrap of species (`bootstrap_ratio`)
    covers. The more the effects follow the tree, the fewer independent species there are and the wider this is.

    The ratio is linearised, r = part − value · total, and r taken as Gaussian with covariance σ² C_λ. How far the
    effects follow the tree is never known well, so λ is not fixed: all λ from 0 to 1 count by their restricted
    likelihood (prior density √λ), both in the standard error and in the worlds that are drawn, in which whitened
    residuals are resampled, put back on the tree and studentised in the same way. Above 1,000 species the interval is
    a mixture of Student's t over λ, by walks of the tree in O(s), and symmetric.

    Measured coverage where 95 % are promised, 30 and 60 species, birth trees: effects by Brownian motion 96 to 98 %,
    λ = .8 93 to 96 %, λ = .5 94 %, λ = .2 97 %; on a comb 97 %; ratios of unequal totals 94 %. Effects by
    Ornstein–Uhlenbeck (α = 3 in the depth of the tree) or that know no tree are covered in 99 to 100 %: the price of
    not knowing λ. An iid bootstrap of species covers 34 to 44, 49, 52 to 60 and 76 %. Fewer than 3 species give
    (nan, nan). Errors: shapes, NaN, a covariance that is none.

    >>> phylogenetic_ratio([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], np.eye(3), rng=np.random.default_rng(0))  # all have 1/2
    (0.5, 0.5)
    """
    parts, totals = parts_and_totals(parts, totals)
    s = parts.size
    total = totals.sum()
    if s < 3 or not total > 0:
        return (np.nan, np.nan)
    if is_structure(covariance) and s <= RESAMPLED:
        covariance = Pruned(covariance).covariance()
    ready = related(covariance, s)
    value = parts.sum() / total
    left = parts - value * totals
    if not np.ptp(left) > 1e-12 * np.abs(parts).max():
        return (float(value), float(value))
    if isinstance(ready, Pruned) or s > RESAMPLED:
        half = _mixture(ready, left, level) / total
        return (float(value - half), float(value + half))
    tree = _AllLambdas(ready)
    weight, error, centre = (v[0] for v in tree.fitted(left[None]))
    drawn = tree.drawn(left, weight, centre, b, rng)
    errors = tree.fitted(drawn - drawn.mean(axis=1, keepdims=True))[1]
    t = drawn.sum(axis=1) / errors
    low, high = np.quantile(t, [(1 - level) / 2, (1 + level) / 2])
    return (float(value - high * error / total), float(value - low * error / total))


class _AllLambdas:
    """Restricted likelihood, standard error and GLS mean of many rows `(b, s)`, at all λ at once."""

    def __init__(self, white: Whitening):
        self.white = white
        self.lam = np.array([v for v in AVERAGED if not white.singular(v)])
        self.spectrum = np.stack([white.spectrum(v) for v in self.lam])
        self.one = white.rotate(np.ones((white.n, 1)))[:, 0]
        self.root = (self.one**2 / self.spectrum).sum(axis=1)  # 1ᵀC⁻¹1
        self.spread = _spread(white, self.lam)  # 1ᵀC1
        self.known = -0.5 * (np.log(self.spectrum).sum(axis=1) + np.log(self.root)) + _prior(self.lam)

    def fitted(self, rows: np.ndarray):
        """Weights of the λ `(b, g)`, standard error of the sum of a row `(b,)`, GLS means `(b, g)`."""
        z, freedom = self.white.rotate(rows.T).T, self.white.n - 1
        w = (1 / self.spectrum).T
        along = (z * self.one) @ w
        squares = np.maximum((z**2) @ w - along**2 / self.root, 1e-300)
        weight = _shares(self.known - 0.5 * freedom * np.log(squares))
        error = np.sqrt((weight * squares * self.spread).sum(axis=1) / freedom)
        return weight, error, along / self.root

    def drawn(self, left: np.ndarray, weight: np.ndarray, centre: np.ndarray, b: int, rng) -> np.ndarray:
        """Rows `(b, s)` of mean 0 that vary as `left` does: whitened residuals drawn anew, at λ drawn by weight."""
        white, n = self.white, self.white.n
        picked = rng.choice(self.lam.size, b, p=weight)
        rows = []
        for g in np.unique(picked):
            root = np.sqrt(self.spectrum[g])
            flat = white.vectors @ (white.rotate((left - centre[g])[:, None])[:, 0] / root)
            lever = (white.vectors @ (self.one / root)) ** 2 / self.root[g]
            flat = flat / np.sqrt(np.maximum(1 - lever, 0.05))  # a residual is smaller than the error behind it
            moved = flat[rng.integers(0, n, (int((picked == g).sum()), n))]
            rows.append(((moved @ white.vectors) * root) @ white.vectors.T * white.depth)
        return np.concatenate(rows)


def _mixture(ready, left: np.ndarray, level: float) -> float:
    """Half the width of the interval of a sum: Student's t over all λ, by their likelihood."""
    z, log_det = ready.whitened(np.column_stack([np.ones(left.size), left]), AVERAGED)
    fine = np.isfinite(log_det)
    z, log_det, lam, freedom = z[fine], log_det[fine], AVERAGED[fine], left.size - 1
    root = (z[:, :, 0] ** 2).sum(axis=1)
    squares = (z[:, :, 1] ** 2).sum(axis=1) - (z[:, :, 0] * z[:, :, 1]).sum(axis=1) ** 2 / root
    weight = _shares(-0.5 * (log_det + np.log(root) + freedom * np.log(squares)) + _prior(lam))
    error = np.sqrt(squares / freedom * _spread(ready, lam))
    low, high = 0.0, 100 * error.max()
    for _ in range(80):
        middle = (low + high) / 2
        if 2 * weight @ sps.t.sf(middle / error, freedom) > 1 - level:
            low = middle
        else:
            high = middle
    return high


def _spread(ready, lam: np.ndarray) -> np.ndarray:
    """1ᵀC_λ1, the variance of the plain sum over species, for each λ."""
    if isinstance(ready, Pruned):
        below = np.r_[np.ones(ready.n), np.zeros(ready.n - 1)]
        for a, b in ready.levels:
            below[ready.n + a : ready.n + b] = below[ready.left[a:b]] + below[ready.right[a:b]]
        whole, own = (ready.length * below**2).sum(), ready.depth[: ready.n].sum()
    else:
        whole, own = (ready.values * (ready.vectors.T @ ready.depth) ** 2).sum(), (ready.depth**2).sum()
    return lam * whole + (1 - lam) * own


def _prior(lam: np.ndarray) -> np.ndarray:
    return 0.5 * np.log(lam + 0.02) + np.log(np.gradient(lam))


def _shares(height: np.ndarray) -> np.ndarray:
    weight = np.exp(height - height.max(axis=-1, keepdims=True))
    return weight / weight.sum(axis=-1, keepdims=True)


def clades(covariance, k: int) -> np.ndarray:
    """Cut a tree into `k` clades: codes `(s,)` from 0 up, for a bootstrap of whole clades.

    `covariance` is the `(s, s)` tree covariance or `Tree.structure(names)`. The tree is cut at the one depth that
    leaves at most `k` parts (a polytomy may leave fewer). Give `bootstrap_ratio` the sums of parts and totals in
    each clade, and it resamples clades. That is offered to compare, not as the default: with effects by Brownian
    motion and 60 species in 8 clades it covers 81 % where 95 % are promised, because clades are related, too.

    >>> clades(np.array([[3.0, 2.0, 0.0], [2.0, 3.0, 0.0], [0.0, 0.0, 3.0]]), 2).tolist()
    [0, 0, 1]
    """
    c = as_matrix(covariance)
    if not 1 <= k <= len(c):
        raise ValueError(f"{len(c)} species can be cut into 1 to {len(c)} clades, not {k}")
    apart = c.max() - c
    np.fill_diagonal(apart, 0.0)
    found = fcluster(linkage(squareform(apart, checks=False), "single"), k, "maxclust")
    _, first, codes = np.unique(found, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes]
