"""Adjust p-values for having asked more than one question."""

import numpy as np


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
