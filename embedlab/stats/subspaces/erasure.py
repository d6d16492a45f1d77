"""Taking a concept out of a space, so that no linear reading finds it again, at the least change to the rest."""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked, checked_kinds


@dataclass(frozen=True, eq=False, repr=False)
class Eraser(Shown):
    """An affine map that a concept does not survive: x − (x − mean) · reads · writesᵀ.

    `reads` and `writes` are `(d, r)`: what is read off a vector, and the directions along which it is taken away.
    `rank` r is the number of dimensions that the concept had.
    """

    mean: np.ndarray
    reads: np.ndarray
    writes: np.ndarray

    @property
    def rank(self) -> int:
        """How many dimensions are taken out."""
        return self.reads.shape[1]

    @property
    def projection(self) -> np.ndarray:
        """The map as a `(d, d)` matrix P acting on columns, mean + P (x − mean): idempotent, and in general oblique."""
        return np.eye(self.mean.size) - self.writes @ self.reads.T

    def transform(self, x) -> np.ndarray:
        """Give the vectors `x` `(m, d)` without the concept, in the same coordinates."""
        x = checked(x, least=1)
        if x.shape[1] != self.mean.size:
            raise ValueError(f"the concept was erased in {self.mean.size} dimensions; x has {x.shape[1]}")
        return x - ((x - self.mean) @ self.reads) @ self.writes.T


def erase(x, labels, *, method: str = "least-squares") -> Eraser:
    """Give the map that takes `labels` out of the vectors `x` `(n, d)`.

    `labels` is `(n,)` kinds or `(n, k)` numbers. On the rows it was fitted to, the means of all kinds coincide and no
    linear probe beats a constant. "least-squares" (LEACE: Belrose et al. 2023) changes the vectors least, in mean
    square, among all affine maps of which this is true; "shrunk" does so with a covariance drawn towards a round one
    (Bodnar et al. 2014), for new rows where rows are not many times the dimensions; "orthogonal" projects the
    differences of means away, which changes most. Kinds take out one dimension less than there are of them. Only
    *linear* traces of the *mean* are taken out: kinds that differ in scatter can still be told apart. On new rows
    erasure is as good as the fit, so fit on one half and test on the other. All go along with rotation and shift,
    "least-squares" with any invertible linear map. Agrees with concept-erasure.

    Errors: NaN, a single kind, labels that do not vary, or so many kinds that nothing of the vectors would be left.

    >>> x = np.array([[0.0, 0.0], [0.0, 2.0], [4.0, 0.0], [4.0, 2.0]])
    >>> erase(x, ["f", "f", "m", "m"]).transform(x)
    array([[2., 0.],
           [2., 2.],
           [2., 0.],
           [2., 2.]])
    """
    x = checked(x, least=3)
    if method not in _METHODS:
        raise ValueError(f"method={method!r} is not known: use {', '.join(map(repr, _METHODS))}")
    concept = _concept(labels, len(x))
    mean = x.mean(axis=0)
    # By the singular values of the rows themselves no covariance is inverted, and more dimensions than rows do no harm.
    u, s, vt = np.linalg.svd(x - mean, full_matrices=False)
    keep = s > max(x.shape) * np.finfo(float).eps * np.linalg.norm(x)
    u, s, v = u[:, keep], s[keep], vt[keep].T
    if not s.size:
        raise ValueError("the vectors are all the same: there is nothing to erase from")
    weights = _METHODS[method](s, *x.shape)
    q = _directions((s / weights)[:, None] * (u.T @ concept), np.linalg.norm(s / weights) * np.linalg.norm(concept))
    if q.shape[1] == s.size:
        raise ValueError(
            f"the labels take up all {s.size} dimensions of the vectors: nothing would be left; erase fewer kinds"
        )
    return Eraser(mean, v @ (q / weights[:, None]), v @ (q * weights[:, None]))


def _shrunk(s: np.ndarray, n: int, d: int) -> np.ndarray:
    """Deviations along the axes after optimal linear shrinkage of the covariance (Bodnar, Gupta & Parolya 2014)."""
    variance = s**2 / (n - 1)
    mean = variance.sum() / d
    spread = (variance**2).sum() - d * mean**2  # squared distance of the covariance from a round one
    share = min(d**2 * mean**2 / n / spread, 1.0) if spread > 0 else 1.0
    return np.sqrt((1 - share) * variance + share * mean)


# By which deviations the axes are made alike before the concept's directions are found.
_METHODS = {
    "least-squares": lambda s, n, d: s,
    "shrunk": _shrunk,
    "orthogonal": lambda s, n, d: np.ones_like(s),
}


def _concept(labels, n: int) -> np.ndarray:
    """The labels as centred columns `(n, k)`."""
    labels = np.asarray(labels)
    if labels.ndim == 1:
        kinds, codes = np.unique(checked_kinds(labels, n), return_inverse=True)
        if kinds.size > max(20, n // 2):
            raise ValueError(f"{kinds.size} kinds among {n} rows: pass numbers as a column of shape (n, 1)")
        labels = (codes[:, None] == np.arange(kinds.size)).astype(float)
    columns = checked(labels, "labels")
    if len(columns) != n:
        raise ValueError(f"{n} vectors but labels of shape {labels.shape}: align them first")
    if (columns == columns[0]).all():
        raise ValueError("the labels are the same in all rows: there is no concept to erase")
    return columns - columns.mean(axis=0)


def _directions(cross: np.ndarray, scale: float) -> np.ndarray:
    """An orthonormal basis of the columns, dust left out."""
    u, s, _ = np.linalg.svd(cross, full_matrices=False)
    return u[:, s > 1e-10 * scale]
