"""Thousands of relabellings of a matrix for the price of a few Fourier transforms.

Walk the n things round a circle in random order: turning the circle by one relabels all of them. The n turns are a
cyclic group, and a sum over pairs under all n turns at once is a circular correlation along each diagonal, n² log n
for n relabellings where one by one they cost n each times n². A second random order before the turns gives another
n relabellings, a coset of that group; as many are drawn as are asked for. Why the p-value is exact, and what is not
covered: docs/cosets.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from embedlab.stats.shown import Shown

CACHE = 1 << 20  # bytes of a block of diagonals: it stays in the second cache while it is transformed


@dataclass(frozen=True, eq=False, repr=False)
class Cosets(Shown):
    """Relabellings of n things in whole cosets of a cyclic group, the identity among them but not counted.

    `circle` `(n,)` is the random order round which things are turned. `starts` `(m, n)` is that order after the
    relabelling that begins each coset; the first begins with none, so that its turn by 0 changes nothing.
    """

    circle: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return self.starts.size - 1

    def orders(self, which=None) -> np.ndarray:
        """Relabellings number `which` (all where not said) as rows of indices `(b, n)`, in the order of `coset_sums`.

        `x[np.ix_(t, t)]` is then what `x` is under relabelling `t`.
        """
        n = self.circle.size
        which = np.arange(len(self)) if which is None else np.atleast_1d(which)
        coset, turn = np.divmod(which + 1, n)  # the first of all slots is the identity, which nobody asks for
        place = np.arange(n) + turn[:, None]
        orders = np.empty((which.size, n), np.int64)
        orders[:, self.circle] = self.starts[coset[:, None], place % n]
        return orders


def cosets(n: int, count: int, rng: np.random.Generator) -> Cosets:
    """Draw at least `count` relabellings of `n` things, rounded up to whole cosets; `len` tells how many.

    With the identity they number a multiple of n. Relabellings may repeat; that costs nothing but variety.

    >>> len(cosets(1000, 9999, np.random.default_rng(0))), len(cosets(30, 99, np.random.default_rng(0)))
    (9999, 119)
    """
    if n < 2 or count < 1:
        raise ValueError(f"relabelling needs at least 2 things and 1 relabelling; saw {n} and {count}")
    if not isinstance(rng, np.random.Generator):
        raise TypeError("random relabellings need rng=np.random.default_rng(seed)")
    circle = rng.permutation(n)
    others = -(-(count + 1) // n) - 1
    return Cosets(circle, np.stack([circle, *(rng.permutation(n) for _ in range(others))]))


def coset_sums(x, y, drawn: Cosets, *, dtype=np.float64) -> np.ndarray:
    """Sum `x[t[i], t[j]] * y[i, j]` over pairs i < j, for every relabelling `t` that was drawn.

    `x` is `(n, n)` and symmetric. `y` is `(n, n)` for an answer of `(len(drawn),)`, or k such for one of `(k,
    len(drawn))`: k sums share the transform of `x`. Diagonals do not count. The identity is not among the answers:
    its sum is that of the data, and rounding shall not drop it from the count.

    The error is a few 1e-16 of ‖x‖ ‖y‖ (norms over pairs), so centre both where a small difference of large sums is
    wanted. `dtype=np.float32` takes about half the time for an error of at most 1e-6 of ‖x‖ ‖y‖ up to n = 10,000
    (measured: below 1e-7): enough to rank, not to tell ties. Memory beside the inputs: the transform of one block of
    diagonals, some megabytes, for each `y`, and one complex number for every two answers.

    >>> x = np.array([[0.0, 1, 2], [1, 0, 4], [2, 4, 0]])
    >>> drawn = cosets(3, 2, np.random.default_rng(0))
    >>> [float(round(s, 9)) for s in coset_sums(x, x, drawn)] == [
    ...     float((x[np.ix_(t, t)] * x).sum() / 2) for t in drawn.orders()]
    True
    """
    n = drawn.circle.size
    single = np.ndim(y[0]) == 1
    x, *ys = (np.ascontiguousarray(v, dtype) for v in (x, *([y] if single else y)))
    if any(v.shape != (n, n) for v in (x, *ys)):
        seen = ", ".join(str(v.shape) for v in (x, *ys))
        raise ValueError(f"the relabellings are of {n} things: x and y must be ({n}, {n}); saw {seen}")
    half = n // 2
    block = int(np.clip(CACHE // (n * x.itemsize), 1, half))
    m = len(drawn.starts)
    total = np.zeros((len(ys), m, n // 2 + 1), np.complex128)
    index = np.empty((n, block), np.intp)
    taken = np.empty((n, block), dtype)
    for first in range(1, half + 1, block):
        width = min(block, half + 1 - first)
        at, into = (index, taken) if width == block else (index[:, :width].copy(), taken[:, :width].copy())
        fixed = [fft.rfft(_diagonals(v, drawn.circle, first, at, into), axis=0) for v in ys]
        if 2 * (first + width - 1) == n:  # the diagonal half way round holds each pair twice
            for f in fixed:
                f[:, -1] /= 2
        for j, start in enumerate(drawn.starts):
            moving = fft.rfft(_diagonals(x, start, first, at, into), axis=0)
            for k, f in enumerate(fixed):
                total[k, j] += np.vecdot(f, moving)
    sums = fft.irfft(total, n, axis=-1).reshape(len(ys), m * n)[:, 1:]
    return sums[0] if single else sums


def _diagonals(matrix, order, first, index, into) -> np.ndarray:
    """Cyclic diagonals `first`, `first + 1`, … of the matrix in the given order, one a column: `(n, width)`.

    One row of the matrix serves all of them, and is in the cache while it is read. The arrays for the index and
    the result are handed in: fresh ones would cost more than the reading.
    """
    n, width = index.shape
    twice = np.concatenate([order, order])
    np.add(order[:, None] * n, sliding_window_view(twice, width)[first : first + n], out=index)
    return np.take(matrix.ravel(), index, out=into, mode="clip")
