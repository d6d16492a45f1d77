"""How far two sorts of individuals lie apart, against how far each is scattered."""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked, checked_kinds, dust


@dataclass(frozen=True, eq=False, repr=False)
class TwoGroups(Shown):
    """Unbiased squared distance of two means, and the scatter of both groups, for each of many labellings `(b,)`.

    `between` is ‖mean₁ − mean₀‖² less what sampling adds to it; it can fall below 0. `within` is tr S₀ + tr S₁;
    `noise` is what was taken off.
    """

    between: np.ndarray
    within: np.ndarray
    noise: np.ndarray


def two_groups(gram, labels) -> TwoGroups:
    """Compare two groups of rows through their Gram matrix `(n, n)`, under `(b, n)` labellings by 0 and 1.

    Each labelling needs at least two rows of both kinds. The Gram form makes a shuffle cost n² whatever the
    number of dimensions. Unbiased by subtraction: E‖m₁ − m₀‖² exceeds the truth by tr S₀/n₀ + tr S₁/n₁.
    """
    gram, z = np.asarray(gram, float), np.atleast_2d(np.asarray(labels, float))
    n1 = z.sum(axis=1)
    n0 = z.shape[1] - n1
    if (np.minimum(n0, n1) < 2).any():
        raise ValueError("each group needs at least two rows: the scatter of a single one is unknown")
    square = np.diag(gram)
    zg = z @ gram
    s11 = (zg * z).sum(axis=1)  # ‖sum of group 1‖²
    s1t = zg.sum(axis=1)
    s00 = gram.sum() - 2 * s1t + s11
    s01 = s1t - s11
    q1 = z @ square
    trace1 = (q1 - s11 / n1) / (n1 - 1)
    trace0 = (square.sum() - q1 - s00 / n0) / (n0 - 1)
    noise = trace1 / n1 + trace0 / n0
    between = s11 / n1**2 + s00 / n0**2 - 2 * s01 / (n0 * n1) - noise
    return TwoGroups(between, trace0 + trace1, noise)


def fisher_ratio(x, labels, *, corrected: bool = True, by=None):
    """Fisher discriminant ratio of two groups, trace form: ‖m₁ − m₀‖² / (tr S₀ + tr S₁).

    0 means that the groups do not differ; there is no upper end. `fisher_direction` is the form along one axis,
    `between_share` the one for more than two groups. `x` is `(n, d)`; `labels` `(n,)` holds two
    kinds. The plain ratio is biased upward by sampling (by 0.2 at five rows a group, whatever the truth);
    `corrected=True` subtracts that and is unbiased in its numerator, so it can fall below 0. With `by` `(n,)`
    the answer is one ratio for each of its sorted kinds, otherwise a float. Invariant under rotation, shift and
    a common scale.

    >>> x = np.array([[0.0], [2.0], [10.0], [12.0]])
    >>> fisher_ratio(x, [0, 0, 1, 1], corrected=False), fisher_ratio(x, [0, 0, 1, 1])
    (25.0, 24.5)
    """
    x, labels, kinds = _two_kinds(x, labels)
    if by is not None:
        by = checked_kinds(by, len(x), "by")
        return np.array([fisher_ratio(x[by == g], labels[by == g], corrected=corrected) for g in np.unique(by)])
    x = x - x.mean(axis=0)
    gram = x @ x.T
    groups = two_groups(gram, labels == kinds[1])
    top = groups.between if corrected else groups.between + groups.noise
    if not groups.within[0] > 1e-13 * np.trace(gram):  # less is what rounding leaves of it
        raise ValueError("neither group varies at all: the ratio to their scatter is not defined")
    return float(top[0] / groups.within[0])


def fisher_direction(x, labels, *, corrected: bool = True, splits: int = 10, rng: np.random.Generator) -> float:
    """Fisher ratio of two groups along the axis that joins their means: (w·Δ)² / (wᵀS₀w + wᵀS₁w).

    The axis is fitted on one half of each group and the ratio read on the other, both ways, over `splits` random
    halvings; what sampling adds to (w·Δ)² is subtracted. 0 means that the axis of one half says nothing of the
    other; there is no upper end, and it can fall below 0. `corrected=False` is the ratio on the rows that the axis
    was fitted to: 40 at twenty rows a group in 768 dimensions *where nothing is*. Each group needs four rows.
    Invariant under rotation, shift and a common scale.

    >>> x = np.array([[0.0], [0.0], [2.0], [2.0], [10.0], [10.0], [12.0], [12.0]])  # 10² over 4/3 + 4/3
    >>> round(fisher_direction(x, [0] * 4 + [1] * 4, corrected=False, rng=np.random.default_rng(0)), 6)
    37.5
    """
    x, labels, kinds = _two_kinds(x, labels)
    rows = [np.flatnonzero(labels == kind) for kind in kinds]
    if min(map(len, rows)) < 4:
        raise ValueError(f"each group needs four rows to be halved; these have {[len(r) for r in rows]}")
    if not corrected:
        return float(np.divide(*_along(x, rows, rows, corrected=False)))
    top = bottom = 0.0
    for _ in range(splits):
        mixed = [rng.permutation(r) for r in rows]
        halves = [r[: len(r) // 2] for r in mixed], [r[len(r) // 2 :] for r in mixed]
        for fit, read in (halves, halves[::-1]):
            parts = _along(x, fit, read)
            top, bottom = top + parts[0], bottom + parts[1]
    return float(top / bottom)


def _along(x, fit, read, corrected: bool = True) -> tuple[float, float]:
    """Squared distance of two groups along an axis, its noise taken off, and their variances there."""
    axis = x[fit[1]].mean(axis=0) - x[fit[0]].mean(axis=0)
    length = np.linalg.norm(axis)
    if not length > 0:
        raise ValueError("the means of the two groups coincide: there is no axis between them")
    zero, one = (x[r] @ (axis / length) for r in read)
    top = (one.mean() - zero.mean()) ** 2
    spread = zero.var(ddof=1), one.var(ddof=1)
    if not sum(spread) > 1e-24 * max(np.abs(zero).max(), np.abs(one).max()) ** 2:
        raise ValueError("neither group varies along the axis: the ratio to their scatter is not defined")
    return top - corrected * (spread[0] / zero.size + spread[1] / one.size), sum(spread)


def between_share(x, labels, *, corrected: bool = True) -> float:
    """Share of the variance of the rows `(n, d)` that lies between the groups in `labels` `(n,)`, two or more.

    `corrected=True` is epsilon squared, 1 − (1 − η²)(n − 1) / (n − k): 0 on average where labels mean nothing, and
    below 0 about as often as above; 1 where groups do not vary within. `corrected=False` is eta squared, which with
    k groups reaches (k − 1) / (n − 1) where nothing is. Invariant under rotation, shift and a common scale.

    >>> x = np.array([[0.0], [2.0], [10.0], [12.0]])
    >>> round(between_share(x, [0, 0, 1, 1], corrected=False), 4), round(between_share(x, [0, 0, 1, 1]), 4)
    (0.9615, 0.9423)
    """
    x = checked(x, least=3)
    labels = checked_kinds(labels, len(x))
    _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    n, k = codes.size, counts.size
    if not 2 <= k < n:
        raise ValueError(f"{k} groups among {n} rows: needs two groups, and a group with more than one row")
    least, x = dust(x), x - x.mean(axis=0)
    whole = (x**2).sum()
    if not whole > least:
        raise ValueError("the rows are all the same: there is no variance to share out")
    sums = np.zeros((k, x.shape[1]))
    np.add.at(sums, codes, x)
    eta = ((sums**2).sum(axis=1) / counts).sum() / whole
    return float(1 - (1 - eta) * (n - 1) / (n - k)) if corrected else float(eta)


def _two_kinds(x, labels):
    x = checked(x)
    labels = checked_kinds(labels, len(x))
    kinds = np.unique(labels)
    if kinds.size != 2:
        raise ValueError(f"the Fisher ratio compares two groups; labels hold {kinds.size}: {kinds[:5].tolist()}")
    return x, labels, kinds
