"""Do the taxa of one rank stand apart within the taxon above, beyond what their number alone gives?"""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.resample import p_value, shuffles_within
from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked, checked_kinds, dust


@dataclass(frozen=True, eq=False, repr=False)
class Nested(Shown):
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

    epsilon² = Σ (SS_between − f SS_total) / Σ (1 − f) SS_total over parents, f = (K − 1)/(n − 1) for a parent of n
    species in K children: for one parent 1 − (1 − eta²)(n − 1)/(n − K), and exactly 0 on average over shuffles
    however unequal parents are. Parents with one child, and those with one species a child, say nothing and are left
    out. Refused where none is left. Needs one row a species: photographs of one species are no evidence about genera.

    >>> x = [[0.0], [0.0], [4.0], [4.0], [7.0]]
    >>> found = nested_separability(x, list("aabbc"), list("ppppq"), permutations=9, rng=np.random.default_rng(0))
    >>> found.statistic, found.children  # the species of a genus coincide; family q has one genus
    (1.0, 2)
    """
    x = checked(x, least=3)
    child, parent = checked_kinds(child, len(x), "child taxa"), checked_kinds(parent, len(x), "parent taxa")
    above = np.unique(parent, return_inverse=True)[1]
    below = np.unique(np.stack([above, np.unique(child, return_inverse=True)[1]]), axis=1, return_inverse=True)
    kinds = np.bincount(below[0][0], minlength=above.max() + 1)
    keep = ((kinds > 1) & (kinds < np.bincount(above)))[above]
    if not keep.any():
        raise ValueError("no parent taxon holds two child taxa of which one has two species: nothing can be compared")
    x, own = x[keep], np.unique(below[1].ravel()[keep], return_inverse=True)[1]
    above = np.unique(above[keep], return_inverse=True)[1]
    n, k, p = len(x), own.max() + 1, above.max() + 1
    least = dust(x)
    x = x - (_sums(x, above) / np.bincount(above)[:, None])[above]
    total = np.bincount(above, (x**2).sum(axis=1))
    if not total.sum() > least:
        raise ValueError("the species of each parent taxon coincide: nothing varies within them")
    home, size = above[np.unique(own, return_index=True)[1]], np.bincount(own)
    share = (np.bincount(home) - 1) / (np.bincount(above) - 1)

    def between(labels):
        return np.bincount(home, (_sums(x, labels) ** 2).sum(axis=1) / size, minlength=p)

    whole = (1 - share) * total
    at = between(own)
    beyond = at - share * total
    value = beyond.sum() / whole.sum()
    shuffled = [between(own[t]).sum() for t in shuffles_within(above, permutations, rng)]
    null = (np.array(shuffled) - (share * total).sum()) / whole.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        without = (beyond.sum() - beyond) / (whole.sum() - whole)
    return Nested(
        statistic=float(value), eta_squared=float(at.sum() / total.sum()),
        interval=jackknife(without, value, within=(-np.inf, 1)), p_value=p_value(value, null),
        p_less=p_value(value, null, more=False), null=null, parents=int(p), children=int(k), n=n,
    )  # fmt: skip


def _sums(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Sum of the rows of each label, `(k, d)`."""
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(labels[order]) > 0])
    return np.add.reduceat(x[order], starts, axis=0)
