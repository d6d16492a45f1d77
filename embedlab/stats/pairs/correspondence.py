"""Do two spaces agree about species, beyond what their common descent tells?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.pairs.procrustes import in_few_axes
from embedlab.stats.resample import p_value, permutations_of
from embedlab.stats.shown import Shown
from embedlab.stats.tree.pgls import LAMBDAS
from embedlab.stats.tree.profiles import highest
from embedlab.stats.tree.pruning import Pruned, is_structure
from embedlab.stats.tree.relatedness import Whitening
from embedlab.stats.vectors import checked


@dataclass(frozen=True, eq=False, repr=False)
class BeyondTree(Shown):
    """Agreement of two spaces about species once descent is taken out: 0 for none, 1 for the same space.

    `interval` (95 %) is a jackknife over whitened species; `lams` are Pagel's λ of each space; `null` `(b,)` is what
    whitened species, shuffled, give.
    """

    statistic: float
    interval: tuple[float, float]
    p_value: float
    null: np.ndarray
    lams: tuple[float, float]


def shared_lambda(x, covariance, *, most: bool = False) -> float:
    """Pagel's λ that all dimensions of `x` `(n, d)` share, 0 to 1, by maximum likelihood with one rate for all.

    Dimensions that vary more count for more, so that turning the space changes nothing; d may exceed n. All of them
    together count as one trait, since how many are independent is not known; `most=True` gives the upper end of the
    95 % profile interval, which is wide for that reason. `covariance` is `(n, n)`, or a `Whitening`.

    >>> shared_lambda([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]], np.eye(3))  # a star: no λ is likelier than another
    0.0
    """
    white = _white(covariance, len(x))
    x = checked(x, least=3)
    x = in_few_axes(x - x.mean(axis=0))  # λ does not see the mean, and sums of squares would
    ones, turned = white.rotate(np.ones((white.n, 1)))[:, 0], white.rotate(x)

    def curve(lams: np.ndarray) -> np.ndarray:
        s = np.outer(lams, np.maximum(white.values, 0.0)) + (1 - lams)[:, None]
        good = s.min(axis=1) > 1e-10 * s.max(axis=1)
        s[~good] = 1.0
        mean = ((ones / s) @ turned) / ((ones**2 / s).sum(axis=1))[:, None]
        rss = (((turned**2).sum(axis=1) / s).sum(axis=1)) - (mean**2).sum(axis=1) * (ones**2 / s).sum(axis=1)
        height = -0.5 * (white.n * np.log(np.maximum(rss, 1e-300)) + np.log(s).sum(axis=1))
        return np.where(good, height, -np.inf)

    best, _, interval = highest(curve, LAMBDAS)
    return float(interval[1] if most else best)


def evolved_anew(y, covariance, orders, lam: float | None = None) -> Iterator[np.ndarray]:
    """Yield copies `(n, e)` of a space that evolved on the same tree at the same pace, with other species' luck.

    Residuals from the root are whitened at λ (`shared_lambda` where None), permuted by each of `orders` `(b, n)`, and
    put back on the tree (residual permutation in the transformed space: Adams & Collyer 2018). Mean, rates and the
    correlations among dimensions stay. Any statistic computed with these instead of `y` has the null "two spaces
    that share nothing but the tree"; shuffled species would say "that share nothing, not even the tree".
    """
    white = _white(covariance, len(y))
    y = checked(y, "y", least=3)
    lam = shared_lambda(y, white) if lam is None else lam
    rest, mean = _residuals(y, white, lam)
    back = white.depth[:, None] * (white.vectors * np.sqrt(white.spectrum(lam))) @ white.vectors.T
    for t in orders:
        yield mean + back @ rest[t]


def agreement_beyond_tree(x, y, covariance, *, permutations=999, rng: np.random.Generator | None = None) -> BeyondTree:
    """Tell whether two spaces agree about species beyond shared descent: debiased CKA after phylogenetic whitening.

    `x` and `y` are the means of the same species in the same order, `(n, d)` and `(n, e)` — or, where both spaces saw
    *the same images*, `(h, 2, n, d)` and `(h, 2, n, e)`: h random halvings of the images, means of either half. Then
    one half of the images speaks for x and the other for y, and each space is scaled by the agreement of its own two
    halves: an odd photograph that both models saw is no evidence about its species, and noise lowers nothing (the
    statistic is corrected for attenuation and may pass 1).

    Both sides are whitened on the tree `covariance` `(n, n)` at their own λ, the root taken out, and compared by
    debiased CKA; the null permutes whitened species (Adams & Collyer 2018). Shuffling *species* instead rejects nearly
    always, since spaces that evolved apart on one tree agree by descent. Taken as given: the tree, and Brownian
    motion with λ; `covariance` may be a structure. Errors: fewer than 8 species, NaN, shapes that do not fit, tips at
    distance zero where λ is 1, a space whose halves do not agree at all.

    >>> x = np.arange(24.0).reshape(8, 3) ** 2 % 7
    >>> found = agreement_beyond_tree(x, 3 * x[:, ::-1], np.eye(8), permutations=[range(8)])  # a star: debiased CKA
    >>> round(found.statistic, 9), found.lams
    (1.0, (0.0, 0.0))
    """
    x, y = (np.asarray(v, float) for v in (x, y))
    if x.ndim != y.ndim or x.ndim not in (2, 4) or x.shape[:-1] != y.shape[:-1]:
        raise ValueError(f"x is {x.shape} and y is {y.shape}: give both as (n, d), or both as (h, 2, n, d) halves")
    n = x.shape[-2]
    if n < 8:
        raise ValueError(f"{n} species: at least 8 are needed to tell agreement from descent")
    white = _white(covariance, n)
    halved = x.ndim == 4
    sides, lams = [], []
    for v, name in ((x, "x"), (y, "y")):
        checked(v.reshape(-1, v.shape[-1]), name)
        if (v == v[..., :1, :]).all():
            raise ValueError(f"all species of {name} are the same: agreement with a constant is not defined")
        # all halves side by side: λ is that of means with the noise of half the images in them, which are compared
        lam = shared_lambda(np.concatenate(list(v.reshape(-1, n, v.shape[-1])), axis=1), white)
        if white.singular(lam):
            raise ValueError("tips at distance zero make the tree covariance singular: drop one of each such pair")
        lams.append(lam)
        whole = v if halved else v[None, None]
        sides.append([[u_centred(_residuals(m, white, lam)[0]) for m in one] for one in whole])
    a, b = sides
    # (side of x, side of y) for the numerator, and pairs whose product scales each space
    pairs = [(p[0], q[1]) for p, q in zip(a, b, strict=True)] if halved else [(a[0][0], b[0][0])]
    pairs += [(p[1], q[0]) for p, q in zip(a, b, strict=True)] if halved else []
    own = [[(p[0], p[-1]) for p in side] for side in (a, b)]
    cross, xx, yy = (sum(p * q for p, q in some) / len(some) for some in (pairs, *own))
    value, scale = _ratio(cross.sum(), xx.sum(), yy.sum())
    orders = permutations_of(n, permutations, rng)
    null = np.array([sum(np.vdot(p, q[t[:, None], t]) for p, q in pairs) for t in orders]) / len(pairs) / scale
    rows = [2 * m.sum(axis=1) for m in (cross, xx, yy)]
    totals = [m.sum() for m in (cross, xx, yy)]
    without = [_ratio(*(t - r[i] for t, r in zip(totals, rows, strict=True)))[0] for i in range(n)]
    return BeyondTree(value, jackknife(without, value, within=(-1, 1)), p_value(value, null), null, (lams[0], lams[1]))


def u_centred(x) -> np.ndarray:
    """Gram matrix `(n, n)` of rows `(n, d)`, centred so that products of two such are unbiased (Székely & Rizzo 2014).

    Its diagonal is 0 and so is every row sum; the debiased CKA is the cosine of two of them.

    >>> u_centred([[0.0], [1.0], [1.0], [0.0]]).round(6)[0].tolist()
    [0.0, -0.166667, -0.166667, 0.333333]
    """
    x = checked(x, least=4)
    x = x - x.mean(axis=0)
    k = x @ x.T
    np.fill_diagonal(k, 0.0)
    n = len(k)
    row = k.sum(axis=1) / (n - 2)
    u = k - row[:, None] - row + k.sum() / ((n - 1) * (n - 2))
    np.fill_diagonal(u, 0.0)
    return u


def _white(covariance, n: int) -> Whitening:
    if is_structure(covariance):
        covariance = Pruned(covariance).covariance()
    white = covariance if isinstance(covariance, Whitening) else Whitening(covariance)
    if white.n != n:
        raise ValueError(f"{n} species, a covariance of {white.n}: prune the tree to the same species, in one order")
    return white


def _residuals(y: np.ndarray, white: Whitening, lam: float) -> tuple[np.ndarray, np.ndarray]:
    """Whitened residuals `(n, e)` from the root, and the root `(e,)`."""
    w = white.at(lam)
    one = w.sum(axis=1)
    z = w @ y
    mean = one @ z / (one @ one)
    return z - np.outer(one, mean), mean


def _ratio(xy: float, xx: float, yy: float) -> tuple[float, float]:
    if not (xx > 0 and yy > 0):
        raise ValueError(
            "once descent is taken out, a space does not agree with itself: its species means are noise. "
            "More images a species are needed"
        )
    scale = np.sqrt(xx * yy)
    return float(xy / scale), scale
