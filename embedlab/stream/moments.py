"""Counts, means and scatter of vectors, overall and by group, from one pass; two of them add up to one."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

BLOCK = 8192  # rows: a block of 768 float32 numbers is 25 MB, and its product is one call of SYRK


@dataclass(frozen=True, eq=False)
class Moments:
    """What is left of the rows seen: by group their count and mean, and the scatter of all about the mean of all.

    `names` `(g,)` are the groups in sorted order, `counts` `(g,)` and `means` `(g, d)` theirs, `total` `(d, d)` is the
    sum of outer products of deviations from `mean`. `a + b` is what one pass over the rows of both would give, to
    rounding, whatever the cut and the order (Chan, Golub & LeVeque 1983). `within` and `between` are scatter matrices
    that add up to `total`: divide by n − g and by g − 1 for covariances.

    >>> m = Moments.of([[0.0], [2.0], [5.0]], ["a", "a", "b"]) + Moments.of([[7.0]], ["b"])
    >>> m.mean, m.within, m.between
    (array([3.5]), array([[4.]]), array([[25.]]))
    """

    names: np.ndarray
    counts: np.ndarray
    means: np.ndarray
    total: np.ndarray

    @classmethod
    def of(cls, x, groups=None) -> "Moments":
        """Summarise the rows of `x` `(n, d)`, of any floating type, in groups named by `groups` `(n,)` (all in one).

        Products are made in float32 where `x` is float32 or float16 and added up in float64: within-group scatter then
        agrees with two passes in float64 to some 1e-6 of its size. Rows that are not finite are refused by number.
        """
        x = np.asarray(x)
        if x.ndim != 2 or not x.shape[0]:
            raise ValueError(f"x must be a matrix (rows, dimensions) with a row at least; saw shape {x.shape}")
        groups = np.zeros(len(x), np.int64) if groups is None else np.asarray(groups)
        if groups.shape != (len(x),):
            raise ValueError(f"{len(x)} rows but groups of shape {groups.shape}: give one each")
        names, codes = np.unique(groups, return_inverse=True)
        single = x.dtype in (np.float16, np.float32)
        kind = np.float32 if single else np.float64
        # Deviations from some row near the data, not from 0: large means would eat the digits of what varies.
        shift = x[: min(len(x), 256)].astype(np.float64).mean(axis=0).astype(kind)
        if not np.isfinite(shift).all():
            shift = np.zeros(x.shape[1], kind)
        d = x.shape[1]
        sums, products, row_sum = np.zeros((len(names), d)), np.zeros((d, d)), np.zeros(d)
        for start in range(0, len(x), BLOCK):
            rows = x[start : start + BLOCK].astype(kind) - shift
            ones = np.ones(len(rows))  # float64: a group of thousands, summed in float32, would lose two digits
            some = rows.T @ rows  # of one array with itself: half the work, by SYRK
            if not np.isfinite(np.diag(some)).all():
                bad = start + np.flatnonzero(~np.isfinite(rows).all(axis=1))
                raise ValueError(f"rows {bad[:5].tolist()} hold NaN or infinity: leave them out first")
            products += some
            own = codes[start : start + BLOCK]
            part = csr_array((ones, (own, np.arange(len(rows)))), shape=(len(names), len(rows))) @ rows
            sums += part
            row_sum += part.sum(axis=0)
        counts = np.bincount(codes, minlength=len(names))
        total = products - np.outer(row_sum, row_sum) / len(x)
        return cls(names, counts, sums / counts[:, None] + shift, (total + total.T) / 2)

    def __add__(self, other: "Moments") -> "Moments":
        """As if the rows had come together. Refuses summaries of other dimensions."""
        if self.means.shape[1] != other.means.shape[1]:
            raise ValueError(f"{self.means.shape[1]} and {other.means.shape[1]} dimensions: not of one space")
        names = np.unique(np.concatenate([self.names, other.names]))
        counts, sums = np.zeros(len(names), np.int64), np.zeros((len(names), self.means.shape[1]))
        for part in (self, other):
            at = np.searchsorted(names, part.names)
            counts[at] += part.counts
            sums[at] += part.counts[:, None] * part.means
        apart = self.mean - other.mean
        total = self.total + other.total + self.n * other.n / (self.n + other.n) * np.outer(apart, apart)
        return Moments(names, counts, sums / counts[:, None], total)

    @property
    def n(self) -> int:
        """How many rows were seen."""
        return int(self.counts.sum())

    @property
    def mean(self) -> np.ndarray:
        """The mean of all rows: `(d,)`."""
        return self.counts @ self.means / self.n

    @property
    def between(self) -> np.ndarray:
        """Scatter of the group means about the mean of all, each as often as it has rows: `(d, d)`."""
        away = np.sqrt(self.counts)[:, None] * (self.means - self.mean)
        return away.T @ away

    @property
    def within(self) -> np.ndarray:
        """Scatter of the rows about the means of their groups: `(d, d)`."""
        return self.total - self.between
