"""Do two tables of distances between the same things agree, and still when a third is accounted for?"""

from dataclasses import dataclass
from math import factorial

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import rankdata

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.pairs.cosets import coset_sums, cosets
from embedlab.stats.pairs.kendall import tau_b
from embedlab.stats.resample import p_value, permutations_of
from embedlab.stats.shown import Shown

METHODS = ("pearson", "spearman", "kendall")
ALTERNATIVES = ("two-sided", "greater", "less")
BLOCK = 1 << 16  # pairs fetched at once: index and values stay in the cache
CHAIN = 64  # of them summed in one chain: the processor works on the next before it is done
DUST = 1e-12
FLAT = "all distances of one side are the same: a correlation with them is not defined"


@dataclass(frozen=True, eq=False, repr=False)
class Mantel(Shown):
    """Correlation of two distance matrices, from −1 to 1, with its values under relabelling.

    `null` holds as many values as relabellings were used, which may be more than were asked for (whole cosets) or
    fewer (all there are). `interval` is a 95 % jackknife over things.
    """

    statistic: float
    p_value: float
    null: np.ndarray
    interval: tuple[float, float]


def checked_distances(x, name: str) -> np.ndarray:
    """Give a distance matrix as float64; refuse one that is not square, symmetric, finite, with a zero diagonal."""
    x = np.asarray(x, float)
    if x.ndim != 2 or x.shape[0] != x.shape[1] or x.shape[0] < 3:
        square = "; squareform(x) of scipy.spatial.distance makes one of condensed distances" if x.ndim == 1 else ""
        square = "; of vectors, squared_distances(x) ** 0.5 makes one" if x.ndim == 2 else square
        raise ValueError(f"{name} must be a square matrix of at least 3 × 3; saw {x.shape}{square}")
    # a sum is finite only where all it sums is: quicker than to look at each
    apart = _asymmetry(x) if np.isfinite(x.sum()) and np.allclose(np.diag(x), 0) else np.inf
    if apart > 1:
        odd = ~np.isfinite(x)
        if not odd.any():
            odd = ~np.isclose(x, x.T) | np.diag(~np.isclose(np.diag(x), 0))
        raise ValueError(
            f"{name} is not a distance matrix: it must be finite and symmetric, with zeros on its diagonal "
            f"(rows {np.flatnonzero(odd.any(axis=1))[:5].tolist()})"
        )
    return x if apart == 0 else (x + x.T) / 2  # dust of rounding on one side must not tell the triangles apart


def mantel(x, y, *, method: str = "pearson", permutations=999, alternative: str = "two-sided",
           rng: np.random.Generator | None = None) -> Mantel:  # fmt: skip
    """Correlate two `(n, n)` distance matrices and relabel the first to see what chance gives (Mantel 1967).

    The statistic goes from −1 to 1; 0 is no agreement of distances. `method` is "pearson", "spearman" or "kendall"
    (tau-b); `alternative` is "two-sided", "greater" or "less"; `permutations` a count or explicit rows.

    With a count, Pearson and Spearman relabel in whole cosets of a cyclic group (`stats.pairs.cosets`; exact, see
    docs/cosets.md), so that `null` may hold a little more than was asked for; Kendall takes independent ones. Where
    all n! − 1 relabellings are no more than the count, each is taken once. For restricted relabelling hand in
    `resample.permutations_of(n, 999, rng, strata=…)`.

    Valid where the labels of one side are exchangeable under the null: things drawn or dealt out independently of
    one another, as tips of a tree are dealt to vectors that know nothing of it. *Not* valid where both sides are
    autocorrelated: a space and a trait that evolved apart on one tree of 60 species are called related in 84 to
    100 % of worlds at 5 % (space or clusters do the same), and no relabelling helps; see
    `alignment.aligned_beyond_phylogeny`. `interval` is a 95 % jackknife over the n things, not over pairs: it covered
    94 to 96 % for 30 and for 60 of them (400 worlds each, true r from 0 to 0.9), where one over pairs covers half
    of that. Refused: fewer than 3 things, NaN, asymmetry, equal distances throughout. Agrees with vegan 2.6-4 and
    scikit-bio 0.7.4.

    >>> x = np.array([[0.0, 1, 2, 4], [1, 0, 3, 5], [2, 3, 0, 6], [4, 5, 6, 0]])
    >>> found = mantel(x, 2 * x, permutations=99, alternative="greater", rng=np.random.default_rng(0))
    >>> round(found.statistic, 9), len(found.null), found.p_value == 1 / 24  # one of all 4! relabellings
    (1.0, 23, True)
    """
    x, y = _alike(method, alternative, x=x, y=y)
    (observed,), (null,) = _correlations(x, [y], method, permutations, rng)
    return _judged(observed, null, alternative, _without_each(x, y, method))


def partial_mantel(x, y, z, *, method: str = "pearson", permutations=999, alternative: str = "two-sided",
                   rng: np.random.Generator | None = None) -> Mantel:  # fmt: skip
    """Correlate two `(n, n)` distance matrices less what a third explains of each (Smouse, Long & Sokal 1986).

    (r_xy − r_xz r_yz) / √((1 − r_xz²)(1 − r_yz²)), from −1 to 1, `x` alone being relabelled (as vegan does; ecodist
    permutes residuals). The other arguments are those of `mantel`, and so is what is refused; moreover a `z` that
    explains one side wholly.

    A description, seldom a test. It holds its level where x is independent of y and z together. Relabelling x unties
    it from z as well, which "nothing but z joins them" does not ask for: where x and y both follow z it rejected in
    10 % of worlds at 5 % (one-sided, 30 things). Where both sides are autocorrelated it fails: given the distances on
    a tree, a space and a trait that evolved apart on it are called related in half of the worlds (Guillot & Rousset
    2013). Relabellings for which z explains x wholly have no value, and count against the claim.

    >>> rng = np.random.default_rng(0)
    >>> x, y, z = (np.abs(np.subtract.outer(v, v)) for v in rng.normal(size=(3, 12)))
    >>> found = partial_mantel(x, y, z, permutations=99, rng=rng)
    >>> x, y, z = (m[np.triu_indices(12, k=1)] for m in (x, y, z))
    >>> left = [v - np.polyval(np.polyfit(z, v, 1), z) for v in (x, y)]  # what a straight line on z leaves
    >>> bool(np.isclose(found.statistic, np.corrcoef(left)[0, 1]))
    True
    """
    x, y, z = _alike(method, alternative, x=x, y=y, z=z)
    (xy, xz), (null_xy, null_xz) = _correlations(x, [y, z], method, permutations, rng)
    yz = float(tau_b(y, z, np.arange(len(y))[None])[0] if method == "kendall" else np.vdot(y, z) / 2)
    if max(abs(xz), abs(yz)) > 1 - 1e-7:
        raise ValueError("z explains one side wholly (correlation of ±1): nothing is left of it to correlate")
    observed = _partial(xy, xz, yz)
    with np.errstate(divide="ignore", invalid="ignore"):
        null = np.where(np.abs(null_xz) > 1 - 1e-7, observed, _partial(null_xy, null_xz, yz))
        without = _partial(*(_without_each(a, b, method) for a, b in ((x, y), (x, z), (y, z))))
    return _judged(observed, null, alternative, without)


def _alike(method: str, alternative: str, **sides) -> list[np.ndarray]:
    """Distance matrices that hold the same things, each ready for the method: standard pairs or their ranks."""
    if method not in METHODS:
        raise ValueError(f"method={method!r} is not offered: use one of {METHODS}")
    if alternative not in ALTERNATIVES:
        raise ValueError(f"alternative={alternative!r}: use 'two-sided', 'greater' or 'less'")
    checked = {name: checked_distances(d, name) for name, d in sides.items()}
    shapes = {name: d.shape for name, d in checked.items()}
    if len(set(shapes.values())) > 1:
        seen = " and ".join(f"{name} is {shape}" for name, shape in shapes.items())
        raise ValueError(f"{seen}: all must hold the same things in the same order")
    if method == "kendall":
        return list(checked.values())
    return [_standard(_ranked(d) if method == "spearman" else d) for d in checked.values()]


def _correlations(x, ys, method: str, permutations, rng) -> tuple[np.ndarray, np.ndarray]:
    """Correlations `(k,)` of x with each y, and `(k, b)` of x relabelled."""
    n = len(x)
    few = np.ndim(permutations) == 0 and n < 13 and factorial(n) - 1 <= int(permutations)
    if method == "kendall":
        orders = np.vstack([np.arange(n), permutations_of(n, permutations, rng)])
        taus = np.array([tau_b(x, y, orders) for y in ys])
        return taus[:, 0], taus[:, 1:]
    observed = np.array([np.vdot(x, y) / 2 for y in ys])
    if np.ndim(permutations) == 0 and not few:
        return observed, coset_sums(x, ys, cosets(n, int(permutations), rng))
    return observed, _gathered(x, ys, permutations_of(n, permutations, rng))


def _gathered(a: np.ndarray, bs: list[np.ndarray], orders: np.ndarray) -> np.ndarray:
    """Sum `a[t[i], t[j]] * b[i, j]` over i < j for each b and each explicit row t: `(k, b)`.

    Each pair must be fetched from where it happens to stand, and serves one multiplication: fetching is all there is
    to do. SciPy's sparse product fetches and multiplies in one go with an index of 32 bits, three times as quickly
    as NumPy's take; the "matrix" has a block of b as its values and the places of their partners as its columns.
    """
    n, flat = len(a), np.ascontiguousarray(a).ravel()
    sums = np.zeros((len(bs), len(orders)))
    height = max(1, min(n // 8, BLOCK // n))  # what lies below the diagonal is fetched for nothing
    for top in range(0, n - 1, height):
        rows, columns = slice(top, min(top + height, n - 1)), slice(top + 1, n)
        weights = [np.triu(b[rows, columns]).ravel() for b in bs]
        size = weights[0].size
        cuts = np.append(np.arange(0, size, CHAIN), size)
        for first in range(0, len(orders), max(1, BLOCK // size)):
            t = orders[first : first + max(1, BLOCK // size)]
            if first == 0 or len(t) < len(fetching[0].indices) // size:
                ends = np.append((np.arange(len(t))[:, None] * size + cuts[:-1]).ravel(), len(t) * size)
                fetching = [
                    csr_array((np.tile(w, len(t)), np.zeros(len(t) * size, np.int32), ends), (len(ends) - 1, n * n))
                    for w in weights
                ]
            for of, sparse in zip(sums, fetching, strict=True):
                index = sparse.indices
                t = t.astype(index.dtype, copy=False)
                np.add(t[:, rows, None] * n, t[:, None, columns], out=index.reshape(len(t), -1, n - top - 1))
                of[first : first + len(t)] += (sparse @ flat).reshape(len(t), -1).sum(axis=1)
    return sums


def _judged(observed: float, null: np.ndarray, alternative: str, without: np.ndarray) -> Mantel:
    # A correlation of 1e-14 is what rounding leaves of 0: where no relabelling changes anything, all of them tie.
    observed, null = (np.where(np.abs(r) < DUST, 0.0, r) for r in (observed, null))
    if alternative == "two-sided":
        p = p_value(abs(observed), np.abs(null))
    else:
        p = p_value(observed, null, more=alternative == "greater")
    return Mantel(float(observed), p, null, jackknife(without, float(observed), within=(-1, 1)))


def _partial(xy, xz, yz):
    return (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))


def _asymmetry(x: np.ndarray, block: int = 256) -> float:
    """How far x is from its transpose at most, in units of 1e-8 + 1e-5 of the entry; in blocks that fit the cache."""
    most = 0.0
    for i in range(0, len(x), block):
        for j in range(i, len(x), block):
            here, there = x[i : i + block, j : j + block], x[j : j + block, i : i + block].T
            if not np.array_equal(here, there):
                most = max(most, float((np.abs(here - there) / (1e-8 + 1e-5 * np.abs(there))).max()))
    return most


def _ranked(d: np.ndarray) -> np.ndarray:
    square = np.zeros_like(d)
    above = np.triu(np.ones(d.shape, bool), k=1)
    square[above] = rankdata(d[above])
    return square + square.T


def _standard(d: np.ndarray) -> np.ndarray:
    """The matrix with its pairs centred and scaled so that the sum of their squares is 1."""
    n = len(d)
    square = d - (d.sum() - np.trace(d)) / (n * (n - 1))
    np.fill_diagonal(square, 0.0)
    spread = np.sqrt(np.vdot(square, square) / 2)
    if not spread > 1e-13 * n * max(d.max(), -d.min()):  # what rounding leaves of equal distances
        raise ValueError(FLAT)
    square /= spread
    return square


def _without_each(x: np.ndarray, y: np.ndarray, method: str) -> np.ndarray:
    """The correlation without each thing in turn; for Pearson and Spearman from sums over rows."""
    n = len(x)
    if method == "kendall":
        kept = [np.delete(np.arange(n), i) for i in range(n)]
        return np.array([tau_b(x[np.ix_(k, k)], y[np.ix_(k, k)], np.arange(n - 1)[None])[0] for k in kept])
    m = (n - 1) * (n - 2) / 2
    rows = [x.sum(axis=1), y.sum(axis=1), np.vecdot(x, x), np.vecdot(y, y), np.vecdot(x, y)]
    sx, sy, sxx, syy, sxy = (r.sum() / 2 - r for r in rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (sxy - sx * sy / m) / np.sqrt((sxx - sx**2 / m) * (syy - sy**2 / m))
