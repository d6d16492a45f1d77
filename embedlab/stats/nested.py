"""Do the taxa of one rank stand apart within the taxon above, beyond what their number alone gives?"""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.resample import p_value, shuffles_within
from embedlab.stats.vectors import checked


@dataclass(frozen=True, eq=False)
class Nested:
    """Share of the variance within parent taxa that lies between their child taxa, less what chance gives.

    `statistic` is epsilon²: 0 on average where children mean nothing, 1 where species of one child coincide; it can
    fall below 0. `eta_squared` is the plain share, which the number of children alone raises. `null` has the child
    names shuffled among the species of each parent; `interval` is a jackknife over parents.
    """

    statistic: float
    eta_squared: float
    interval: tuple[float, float]
    p_value: float
    p_less: float
    null: np.ndarray
    parents: int
    children: int
    n: int


def nested_separability(x, child, parent, *, permutations: int = 999, rng: np.random.Generator) -> Nested:
    """Compare species vectors `x` `(n, d)` of different `child` taxa (genera) within one `parent` (family) each.

    epsilon² = 1 − [SS_within/(n − K)] / [SS_total/(n − P)], sums of squares about the parents' means, K children in P
    parents. Parents with one child say nothing and are left out. Refused where no parent has two children, or no
    child two species. Needs one row a species: photographs of one species are no evidence about genera.
    """
    x = checked(x, least=3)
    child, parent = np.asarray(child), np.asarray(parent)
    if child.shape != (len(x),) or parent.shape != (len(x),):
        raise ValueError(f"{len(x)} species, but child taxa of shape {child.shape} and parents of {parent.shape}")
    above = np.unique(parent, return_inverse=True)[1]
    below = np.unique(np.stack([above, np.unique(child, return_inverse=True)[1]]), axis=1, return_inverse=True)
    kinds = np.bincount(below[0][0], minlength=above.max() + 1)
    keep = kinds[above] > 1
    if not keep.any():
        raise ValueError("no parent taxon holds two child taxa: nothing can stand apart within it")
    x, own = x[keep], np.unique(below[1].ravel()[keep], return_inverse=True)[1]
    above = np.unique(above[keep], return_inverse=True)[1]
    n, k, p = len(x), own.max() + 1, above.max() + 1
    if n == k:
        raise ValueError("no child taxon holds two species: its own scatter is unknown")
    x = x - _sums(x, above)[above] / np.bincount(above)[above, None]
    total = np.bincount(above, (x**2).sum(axis=1))
    if not total.sum() > 0:
        raise ValueError("the species of each parent taxon coincide: nothing varies within them")
    home = above[np.unique(own, return_index=True)[1]]
    size, count = np.bincount(own), np.bincount(above)

    def between(labels):
        return np.bincount(home, (_sums(x, labels) ** 2).sum(axis=1) / size, minlength=p)

    def epsilon(explained, whole, free_within, free):
        return 1 - (whole - explained) / free_within * free / whole

    at = between(own)
    value = epsilon(at.sum(), total.sum(), n - k, n - p)
    null = np.array(
        [epsilon(between(own[t]).sum(), total.sum(), n - k, n - p) for t in shuffles_within(above, permutations, rng)]
    )
    children = np.bincount(home, minlength=p)
    with np.errstate(invalid="ignore", divide="ignore"):
        without = epsilon(at.sum() - at, total.sum() - total, n - k - (count - children), n - p - (count - 1))
    return Nested(
        statistic=float(value), eta_squared=float(at.sum() / total.sum()), interval=jackknife(without, value),
        p_value=p_value(value, null), p_less=p_value(value, null, more=False), null=null, parents=int(p),
        children=int(k), n=n,
    )  # fmt: skip


def _sums(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Sum of the rows of each label, `(k, d)`."""
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(labels[order]) > 0])
    return np.add.reduceat(x[order], starts, axis=0)
