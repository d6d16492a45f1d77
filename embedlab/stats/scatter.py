"""How far two sorts of individuals lie apart, against how far each is scattered."""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.vectors import checked


@dataclass(frozen=True, eq=False)
class TwoGroups:
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

    0 means that the groups do not differ; there is no upper end. `x` is `(n, d)`; `labels` `(n,)` holds two
    kinds. The plain ratio is biased upward by sampling (by 0.2 at five rows a group, whatever the truth);
    `corrected=True` subtracts that and is unbiased in its numerator, so it can fall below 0. With `by` `(n,)`
    the answer is one ratio for each of its sorted kinds, otherwise a float. Invariant under rotation, shift and
    a common scale.

    >>> x = np.array([[0.0], [2.0], [10.0], [12.0]])
    >>> fisher_ratio(x, [0, 0, 1, 1], corrected=False), fisher_ratio(x, [0, 0, 1, 1])
    (25.0, 24.5)
    """
    x, labels = checked(x), np.asarray(labels)
    kinds = np.unique(labels)
    if kinds.size != 2:
        raise ValueError(f"the Fisher ratio compares two groups; labels hold {kinds.size}: {kinds[:5].tolist()}")
    if labels.shape != (x.shape[0],):
        raise ValueError(f"{x.shape[0]} rows but labels of shape {labels.shape}")
    if by is not None:
        by = np.asarray(by)
        return np.array([fisher_ratio(x[by == g], labels[by == g], corrected=corrected) for g in np.unique(by)])
    x = x - x.mean(axis=0)
    groups = two_groups(x @ x.T, labels == kinds[1])
    top = groups.between if corrected else groups.between + groups.noise
    if not groups.within[0] > 0:
        raise ValueError("neither group varies at all: the ratio to their scatter is not defined")
    return float(top[0] / groups.within[0])
