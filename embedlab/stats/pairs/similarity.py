"""How alike two spaces of the same rows are, whatever their axes and their number of dimensions."""

import numpy as np

from embedlab.stats.vectors import checked

BLOCK = 2**22  # entries of a block of distances: 32 MiB, so that n × n never stands in memory


def cka(x, y, *, debiased: bool = True) -> float:
    """Linear centred kernel alignment of `x` `(n, d)` and `y` `(n, e)`: 1 for the same space, turned or scaled.

    The rows of both show the same things in the same order. Debiased (Song et al. 2012, the default) it is 0 in
    expectation for independent data, can fall a little below 0, and needs 4 rows. The plain form (Kornblith et al.
    2019; the RV coefficient) lies between 0 and 1 and is *positive for independent data*: 0.2 at 32 rows is nothing
    at all, and more so with more dimensions. Both are effect sizes. Shuffling rows to test them is invalid for
    species that share a tree (it rejects 95 % of true nulls at 5 %): see `aligned_beyond_phylogeny`. Outlying rows
    weigh with the square of their length. No n × n matrix is made where the dimensions are fewer than the rows.

    >>> x = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [3.0, 1.0], [1.0, 5.0]])
    >>> round(cka(x, 3.0 * x[:, ::-1] + 7.0), 12)
    1.0
    """
    x, y = pair(x, y, least=4 if debiased else 3)
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    sums = [_gram_product(x, y), _gram_product(x, x), _gram_product(y, y)]
    if not debiased:
        return _ratio(*sums)
    # Rows being centred, Song's three terms shrink to the squared lengths of rows, the diagonals of both Gram matrices.
    n = x.shape[0]
    a, b = (x**2).sum(axis=1), (y**2).sum(axis=1)
    return _ratio(
        *(
            whole - n / (n - 2) * (s @ t) + s.sum() * t.sum() / ((n - 1) * (n - 2))
            for whole, s, t in zip(sums, (a, a, b), (b, a, b), strict=True)
        ),
        scale=(sums[1], sums[2]),
    )


def rv(x, y) -> float:
    """RV coefficient of `x` `(n, d)` and `y` `(n, e)`: 0 if all columns are uncorrelated, 1 for the same space.

    Escoufier 1973; the same number as `cka(x, y, debiased=False)`, and as far above 0 for independent data:
    `rv_moments` tells how far. Unchanged by rotation, shift and a common scale of either side. Columns in different
    units want scaling first. Agrees with ade4 1.7-22.

    >>> round(rv([[0.0], [1.0], [2.0]], [[0.0], [1.0], [1.0]]), 12)  # with one column each it is r²
    0.75
    """
    return cka(x, y, debiased=False)


def distance_correlation(x, y, *, bias_corrected: bool = True) -> float:
    """Distance correlation of `x` `(n, d)` and `y` `(n, e)`, which sees dependence that is not linear too.

    Bias-corrected (Székely & Rizzo 2013, the default) it is a *squared* correlation with expectation 0 for independent
    rows; it lies at most at 1, can fall below 0 and needs 4 rows. Otherwise it is the plain form (Székely et al. 2007),
    *not* squared, from 0 to 1: 0 in infinite samples only, and near 1 for independent rows of many dimensions. Agrees
    with energy 1.7-11 (`bcdcor`, `dcor`). Cost n² (d + e), memory n. Species that share a tree are no independent rows.

    >>> x = np.array([[0.0], [1.0], [3.0], [7.0], [8.0]])
    >>> round(distance_correlation(x, 10.0 - 2.0 * x), 12)
    1.0
    """
    x, y = pair(x, y, least=4 if bias_corrected else 3)
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    n = x.shape[0]
    sums, far = np.zeros(3), np.empty((2, n))
    step = max(1, BLOCK // n)
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        a, b = _distances(x, rows), _distances(y, rows)
        sums += (a * b).sum(), (a * a).sum(), (b * b).sum()
        far[:, rows] = a.sum(axis=1), b.sum(axis=1)
    one, two = (1 / (n - 2), 1 / ((n - 1) * (n - 2))) if bias_corrected else (1 / n, 1 / n**2)
    a, b = far
    found = _ratio(
        *(s - 2 * one * (u @ v) + two * u.sum() * v.sum()
          for s, u, v in zip(sums, (a, a, b), (b, a, b), strict=True)),
        scale=(sums[1], sums[2]),
    )  # fmt: skip
    return found if bias_corrected else float(np.sqrt(max(found, 0.0)))


def pair(x, y, least: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Give two tables of the same rows as float64 matrices, a vector as one column; refuse what does not fit."""
    x, y = (np.asarray(v, np.float64) for v in (x, y))
    x, y = (checked(v[:, None] if v.ndim == 1 else v, name, least) for v, name in ((x, "x"), (y, "y")))
    if x.shape[0] != y.shape[0]:
        raise ValueError(f"x has {x.shape[0]} rows and y has {y.shape[0]}: both must show the same things in order")
    for v, name in ((x, "x"), (y, "y")):
        if (v == v[0]).all():
            raise ValueError(f"all rows of {name} are the same: likeness to a constant is not defined")
    return x, y


def _gram_product(x: np.ndarray, y: np.ndarray) -> float:
    """Sum of products of the entries of two Gram matrices, by whichever side is the smaller."""
    n, d, e = x.shape[0], x.shape[1], y.shape[1]
    if d * e <= n * (d + e):
        return float(((x.T @ y) ** 2).sum())
    return float(((x @ x.T) * (y @ y.T)).sum())


def _distances(x: np.ndarray, rows: slice) -> np.ndarray:
    square = (x**2).sum(axis=1)  # x is centred: far from the origin differences of large squares lose their digits
    d = square[rows, None] + square - 2.0 * x[rows] @ x.T
    d[np.arange(d.shape[0]), np.arange(rows.start, rows.stop)] = 0.0
    return np.sqrt(np.maximum(d, 0.0))


def _ratio(xy: float, xx: float, yy: float, scale: tuple[float, float] = (0.0, 0.0)) -> float:
    for value, whole, name in ((xx, scale[0], "x"), (yy, scale[1], "y")):
        if not value > 1e-12 * whole:
            raise ValueError(f"{name} has too few rows that differ: with its bias off, nothing is left to compare")
    return float(xy / np.sqrt(xx * yy))
