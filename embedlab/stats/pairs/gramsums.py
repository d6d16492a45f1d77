"""A few sums over the centred Gram matrix of any number of rows, without ever making that matrix."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from embedlab.stats.shown import Shown

ROWS = 8192  # rows of a block, and rows drawn where a sum must be estimated
MOST = 1e10  # multiplications: above, the sum of cubed entries is estimated


@dataclass(frozen=True, eq=False, repr=False)
class GramSums(Shown):
    """Sums over a centred Gram matrix G, and over what is left of it once its trace is spread and taken out.

    `trace` and `squares` (the sum of squared entries) are of G itself; the others of A = G − c (I − 1 1'/n) with c =
    trace / (n − 1), whose rows sum to 0 as well and whose trace is 0. With a the diagonal of A they are: `diagonal2`
    sum a², `diagonal3` sum a³, `squares_free` sum of A², entry by entry, `entries3` that of A³, `chain` a' A a, `fork`
    sum of a times the diagonal of A A, `triangle` the trace of A A A. `sampled` rows gave `entries3`; 0: all of them.
    """

    n: int
    trace: float
    squares: float
    diagonal2: float
    diagonal3: float
    squares_free: float
    entries3: float
    chain: float
    fork: float
    triangle: float
    sampled: int = 0


def gram_sums(x, name: str = "x", rng: np.random.Generator | None = None) -> GramSums:
    """The sums of the Gram matrix of the rows of `x` `(n, d)`, which is read in blocks of rows."""
    x = np.asanyarray(x)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or x.shape[0] < 5 or x.shape[1] < 1:
        raise ValueError(f"{name} must be a matrix of at least 5 rows and 1 dimension; saw shape {x.shape}")
    mean = _mean(x, name)
    if x.shape[1] > x.shape[0]:  # turning the space changes no inner product: as many coordinates as rows will do
        x = np.linalg.qr((x.astype(np.float64) - mean).T, mode="r").T
        mean = np.zeros(x.shape[1])
    n, d = x.shape
    scatter = sum(b.T @ b for b in _blocks(x, mean))
    values = np.linalg.eigvalsh(scatter)[::-1][: n - 1]
    trace = float(np.trace(scatter))
    c = trace / (n - 1)
    left, rest = values - c, n - 1 - values.size
    a2 = a3 = fork = own = 0.0
    along = np.zeros(d)
    for b in _blocks(x, mean):
        length = (b**2).sum(axis=1)
        a = length - c * (1 - 1 / n)
        a2, a3, own = a2 + (a**2).sum(), a3 + (a**3).sum(), own + ((length + c / n) ** 3).sum()
        along += a @ b
        fork += a @ (((b @ scatter) * b).sum(axis=1) - 2 * c * length + c**2 * (1 - 1 / n))
    squares = float((values**2).sum())
    off, sampled = _cubes_apart(x, mean, c / n, rng)
    if not sampled:
        off += 3 * c / n * squares + c**3 / n - own  # sums of the entries themselves are 0
    return GramSums(
        n, trace, squares, float(a2), float(a3), float((left**2).sum() + rest * c**2), float(off + a3),
        float(along @ along - c * a2), float(fork), float((left**3).sum() - rest * c**3), sampled,
    )  # fmt: skip


def group_sums(codes: np.ndarray) -> GramSums:
    """The sums of the projection onto groups, less its mean: entries 1/size − 1/n within a group and −1/n elsewhere.

    `codes` `(n,)` are whole numbers from 0 without a gap. All sums follow from the sizes of the groups.
    """
    sizes = np.bincount(codes).astype(float)
    n, k = codes.size, sizes.size
    c = (k - 1) / (n - 1)
    a = 1 / sizes - 1 / n - c * (1 - 1 / n)
    a2, a3 = float(sizes @ a**2), float(sizes @ a**3)
    within = float((sizes * (sizes - 1)) @ (1 / sizes - 1 / n + c / n) ** 3)
    across = (n**2 - float(sizes @ sizes)) * (c / n - 1 / n) ** 3
    fork = float((sizes * a) @ ((1 - 2 * c) * (1 / sizes - 1 / n) + c**2 * (1 - 1 / n)))
    return GramSums(
        n, k - 1.0, k - 1.0, a2, a3, (k - 1) * (1 - c) ** 2 + (n - k) * c**2, within + across + a3,
        (1 - c) * a2, fork, (k - 1) * (1 - c) ** 3 - (n - k) * c**3,
    )  # fmt: skip


def product_sum(x, y) -> float:
    """Sum of products of the entries of two centred Gram matrices, of rows `x` `(n, d)` and `y` `(n, e)`."""
    x, y = (v[:, None] if v.ndim == 1 else v for v in (np.asanyarray(x), np.asanyarray(y)))
    both = zip(_blocks(x, _mean(x, "x")), _blocks(y, _mean(y, "y")), strict=True)
    if x.shape[1] * y.shape[1] > ROWS * len(x):  # then rows are few: their own products are the smaller matrix
        a, b = next(both)
        return float(((a @ a.T) * (b @ b.T)).sum())
    return float((sum(a.T @ b for a, b in both) ** 2).sum())


def between_sum(x, codes: np.ndarray) -> float:
    """Sum of squares between groups of the rows of `x` `(n, d)`."""
    x = np.asanyarray(x)
    x = x[:, None] if x.ndim == 1 else x
    sizes = np.bincount(codes)
    sums = np.zeros((sizes.size, x.shape[1]))
    for start, block in zip(range(0, len(x), ROWS), _blocks(x, _mean(x, "x")), strict=True):
        at = codes[start : start + ROWS]
        sums += csr_array((np.ones(at.size), (at, np.arange(at.size))), shape=(sizes.size, at.size)) @ block
    return float(((sums**2).sum(axis=1) / sizes).sum())


def _mean(x: np.ndarray, name: str) -> np.ndarray:
    total, differs = np.zeros(x.shape[1]), False
    for start in range(0, len(x), ROWS):
        block = np.asarray(x[start : start + ROWS], np.float64)
        bad = np.flatnonzero(~np.isfinite(block).all(axis=1))
        if bad.size:
            at = (bad[:5] + start).tolist()
            raise ValueError(f"{name} has rows with NaN or infinity (rows {at}): leave them out first")
        total += block.sum(axis=0)
        differs = differs or bool((block != np.asarray(x[0], np.float64)).any())
    if not differs:
        raise ValueError(f"all rows of {name} are the same: there is nothing to compare")
    return total / len(x)


def _blocks(x: np.ndarray, mean: np.ndarray, rows: int = 0) -> Iterator[np.ndarray]:
    for start in range(0, len(x), rows or ROWS):
        yield np.asarray(x[start : start + (rows or ROWS)], np.float64) - mean


def _cubes_apart(x: np.ndarray, mean: np.ndarray, shift: float, rng) -> tuple[float, int]:
    """Sum of the cubed entries of the Gram matrix and 0; or, estimated off its diagonal and with `shift` added first,
    and how many rows were drawn for it.
    """
    n, d = x.shape
    if min(float(n) ** 2 * d, float(n) * d**3) > MOST and n > ROWS:
        if rng is None:
            raise TypeError(f"{n} rows in {d} dimensions: one sum is estimated, pass rng=np.random.default_rng(seed)")
        drawn = np.asarray(x[np.sort(rng.choice(n, ROWS, replace=False))], np.float64) - mean
        entries = drawn @ drawn.T + shift
        np.fill_diagonal(entries, 0.0)
        return float((entries * entries * entries).sum() * (n / ROWS) * ((n - 1) / (ROWS - 1))), ROWS
    if d**2 > n:
        products = (a @ b.T for a in _blocks(x, mean) for b in _blocks(x, mean))
        return sum(float((g * g * g).sum()) for g in products), 0
    # (x·y)³ is an inner product too: that of all products of three coordinates
    i, j = np.triu_indices(d)
    weight = np.where(i == j, 1.0, np.sqrt(2.0))
    cubes = sum(b.T @ (b[:, i] * b[:, j] * weight) for b in _blocks(x, mean, max(1, 2**21 // d**2)))
    return float((cubes**2).sum()), 0
