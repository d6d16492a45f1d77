"""Adjust p-values for having asked more than one question."""

import numpy as np

from embedlab.stats.resample import p_value


def _checked(p) -> np.ndarray:
    p = np.asarray(p, float)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)):  # NaN fails both comparisons
        raise ValueError(f"p-values must be one row of numbers within 0 and 1; saw shape {p.shape}, {p.ravel()[:5]}")
    return p


def holm(p) -> np.ndarray:
    """Adjust p-values so that the chance of any false rejection stays below the level used (Holm 1979).

    Takes `(m,)` p-values within 0 and 1 and gives as many, in the same order, each at least as large. Valid
    under any dependence. Agrees with R 4.2.2 `p.adjust(method="holm")`.

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p = _checked(p)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p) -> np.ndarray:
    """Adjust p-values so that the expected share of false rejections stays below the level used (1995).

    Takes `(m,)` p-values within 0 and 1 and gives as many, in the same order. For exploring, not for claims.
    Valid for independent or positively dependent tests. Agrees with R 4.2.2 `p.adjust(method="BH")`.

    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    array([0.03, 0.04, 0.04])
    """
    p = _checked(p)
    order = np.argsort(p, kind="stable")
    stepped = np.minimum.accumulate((p[order] * p.size / np.arange(1, p.size + 1))[::-1])[::-1]
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def max_t(statistics, null) -> np.ndarray:
    """Adjust for having asked many questions of the same permutations: step-down max-T (Westfall & Young 1993).

    `statistics` `(m,)` are those observed, large where the claim is strong; `null` `(b, m)` holds in each row what
    one permutation gave for all of them. Gives `(m,)` p-values within 1 / (b + 1) and 1, in the same order, none
    below its own raw p-value, so that the chance of any false rejection stays below the level used. What goes
    along together is not paid for twice, as it is with Holm; with independent questions both are much alike. The
    statistics must be on one scale: where their nulls differ in spread, the widest decides for all (give each as
    its distance from its null's mean in standard deviations of that null). Errors: shapes that do not match, NaN.

    >>> max_t([3.0, 1.0], [[0.0, 2.0], [1.0, 0.0], [2.0, 1.0]])
    array([0.25, 0.75])
    """
    statistics, null = np.asarray(statistics, float), np.asarray(null, float)
    if statistics.ndim != 1 or null.ndim != 2 or null.shape[1] != statistics.size:
        raise ValueError(
            f"statistics of shape {statistics.shape} and a null of {null.shape}: give one row (m,) and, for each "
            "permutation, the same m statistics (b, m)"
        )
    order = np.argsort(-statistics, kind="stable")
    # The largest of what is not yet judged, permutation by permutation.
    largest = np.maximum.accumulate(null[:, order[::-1]], axis=1)[:, ::-1]
    stepped = [max(p_value(statistics[j], largest[:, i]), p_value(statistics[j], null[:, j]))
               for i, j in enumerate(order)]  # fmt: skip
    adjusted = np.empty(statistics.size)
    adjusted[order] = np.maximum.accumulate(stepped) if stepped else []
    return adjusted
