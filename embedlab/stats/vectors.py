"""Lengths, distances and dimension of a cloud of vectors."""

import numpy as np


def checked(x, name: str = "x", least: int = 2) -> np.ndarray:
    """Give `x` as a float64 matrix `(n, d)`; refuse other shapes, too few rows, and rows that are not finite."""
    try:
        x = np.asarray(x, np.float64)
    except TypeError:
        held = " Its numbers are in .values" if hasattr(x, "values") else ""
        raise TypeError(f"{name} must be numbers; saw {type(x).__name__}: are the arguments in order?{held}") from None
    if x.ndim != 2:
        raise ValueError(f"{name} must be a matrix (rows, dimensions); saw shape {x.shape}")
    if x.shape[0] < least or x.shape[1] < 1:
        raise ValueError(f"{name} has shape {x.shape}; at least {least} rows and 1 dimension are needed")
    bad = np.flatnonzero(~np.isfinite(x).all(axis=1))
    if bad.size:
        raise ValueError(
            f"{name} has {bad.size} rows with NaN or infinity (rows {bad[:5].tolist()}): leave them out first"
        )
    return x


def dust(x: np.ndarray) -> float:
    """Sum of squares that rounding may leave of rows `(n, d)` that are all the same, once their mean is taken off.

    >>> dust(np.zeros((3, 2)))
    0.0
    """
    most = 8 * np.finfo(float).eps * np.sqrt(len(x)) * np.abs(x).max(axis=0)
    return float(len(x) * (most**2).sum())


def checked_kinds(labels, n: int, name: str = "labels") -> np.ndarray:
    """Give what says the kind of each of `n` rows as an array `(n,)`; refuse other shapes, NaN and None."""
    labels = np.asarray(labels)
    if labels.shape != (n,):
        raise ValueError(f"{n} rows but {name} of shape {labels.shape}: align them first")
    if labels.dtype.kind == "O":
        lost = np.array([v is None or (not isinstance(v, str) and str(v) in _LOST) for v in labels])
    else:
        lost = labels != labels  # NaN and NaT alone differ from themselves
    if lost.any():
        raise ValueError(
            f"{name}: NaN or None in {lost.sum()} rows (rows {np.flatnonzero(lost)[:5].tolist()}); leave these out "
            "first, what is not known is no kind of its own"
        )
    return labels


def group_means(x: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """Mean of the rows of each group, `(groups, …)`, of rows `(n, …)` with codes `(n,)` from 0; each must occur.

    >>> group_means(np.array([[0.0], [2.0], [5.0]]), np.array([0, 0, 1]), 2).tolist()
    [[1.0], [5.0]]
    """
    sums = np.zeros((groups, *x.shape[1:]))
    np.add.at(sums, codes, x)
    return sums / np.bincount(codes, minlength=groups).reshape(-1, *[1] * (x.ndim - 1))


_LOST = ("nan", "NaT", "<NA>")


def unit_rows(x) -> np.ndarray:
    """Scale each row of `x` `(n, d)` to length 1. A row of length zero points nowhere, and is refused.

    >>> unit_rows([[3.0, 4.0]])
    array([[0.6, 0.8]])
    """
    x = checked(x, least=1)
    length = np.linalg.norm(x, axis=1)
    if (length == 0).any():
        raise ValueError(f"rows {np.flatnonzero(length == 0)[:5].tolist()} have length zero: leave them out first")
    return x / length[:, None]


def squared_distances(x, y=None) -> np.ndarray:
    """Squared Euclidean distances between the rows of `x` `(n, d)` and of `y` `(m, d)`: `(n, m)`, never negative.

    The common mean is taken out first: far from the origin the difference of large squares loses its digits.

    >>> squared_distances([[0.0, 0.0], [3.0, 4.0]])
    array([[ 0., 25.],
           [25.,  0.]])
    """
    x = checked(x, least=1)
    centre = x.mean(axis=0)
    a = x - centre
    y = None if y is None else checked(y, "y", least=1)
    if y is not None and y.shape[1] != x.shape[1]:
        raise ValueError(f"x has {x.shape[1]} dimensions and y has {y.shape[1]}: both must live in one space")
    b = a if y is None else y - centre
    d = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2.0 * a @ b.T
    np.maximum(d, 0.0, out=d)
    if y is None:
        np.fill_diagonal(d, 0.0)
    return d


def upper(matrix) -> np.ndarray:
    """The entries above the diagonal of a square matrix, by rows: `(n, n)` to `(n (n - 1) / 2,)`.

    >>> upper(np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0]]))
    array([1, 2, 3])
    """
    matrix = np.asarray(matrix)
    return matrix[np.triu_indices(matrix.shape[0], k=1)]


def spectrum(x) -> np.ndarray:
    """Variances along the principal axes of `x` `(n, d)` about its mean, largest first: `(min(n, d),)`.

    They add up to the whole variance, and are 0 where all rows are the same. Errors: NaN, a single row.

    >>> spectrum([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]]).round(6)
    array([4., 0.])
    """
    x = checked(x)
    squares = np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2
    return squares / (x.shape[0] - 1) * (squares.sum() > dust(x))


def effective_rank(variances) -> float:
    """How many dimensions a spectrum fills: the exponential of its entropy, from 1 (a line) to its length (a ball).

    Roy & Vetterli 2007, on variances. Errors: variances below 0, NaN, all of them 0.

    >>> round(effective_rank([1.0, 1.0, 0.0]), 6)
    2.0
    """
    share = _shares(variances)
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))


def participation_ratio(variances) -> float:
    """How many dimensions a spectrum fills: (sum)² over sum of squares, from 1 (a line) to its length (a ball).

    Never above `effective_rank`: few large axes weigh more here. Errors as there.

    >>> participation_ratio([1.0, 1.0, 0.0])
    2.0
    """
    return float(1.0 / (_shares(variances) ** 2).sum())


def _shares(variances) -> np.ndarray:
    variances = np.asarray(variances, float)
    if variances.ndim != 1 or not np.isfinite(variances).all() or (variances < 0).any():
        raise ValueError(f"variances must be one row of finite numbers, 0 or more; saw {variances.ravel()[:5]}")
    if not variances.sum() > 0:
        raise ValueError("the vectors do not vary: all of them are the same, so they span no dimension")
    return variances / variances.sum()
