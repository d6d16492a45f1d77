"""How much two subspaces have in common, and what subspaces in random directions have."""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.shown import Shown
from embedlab.stats.subspaces.subspace import orthonormal, principal_angles
from embedlab.stats.vectors import checked


@dataclass(frozen=True, eq=False, repr=False)
class Overlaps(Shown):
    """What pairs of random subspaces share, one entry a draw `(b,)`: their largest cosine, and their overlap."""

    largest: np.ndarray
    overlap: np.ndarray


def projection_overlap(a, b) -> float:
    """Mean squared cosine of the principal angles of the column spaces of `a` `(d, p)` and `b` `(d, q)`.

    tr(P_a P_b) / min(p, q): 0 where they are orthogonal, 1 where one holds the other. The smallest angle alone says
    little, since two subspaces of many dimensions come near each other somewhere. Symmetric; unchanged by a rotation
    of both; chance is max(p, q) / d in an isotropic space. Errors as in `principal_angles`.

    >>> projection_overlap(np.eye(4)[:, :2], np.eye(4)[:, 1:3])
    0.5
    """
    return float((np.cos(principal_angles(a, b)) ** 2).mean())


def wachter_edge(p: int, q: int, d: int) -> float:
    """Cosine that the closest directions of random p- and q-dimensional subspaces of d dimensions tend to (Wachter).

    √(a(1 − b)) + √(b(1 − a)) with a = p / d, b = q / d; 1 where p + q ≥ d, when they must meet. An upper edge: at
    finite d the mean lies below it (.136 where the edge is .165, at 10 and 2 of 768).

    >>> round(wachter_edge(10, 2, 768), 3), wachter_edge(3, 3, 4)
    (0.165, 1.0)
    """
    if not (0 < p <= d and 0 < q <= d):
        raise ValueError(f"subspaces of {p} and {q} dimensions do not fit into {d}: each has 1 to {d}")
    a, b = p / d, q / d
    return float(np.sqrt(a * (1 - b)) + np.sqrt(b * (1 - a))) if a + b < 1 else 1.0


def isotropic_overlaps(p: int, q: int, d: int, b: int, rng: np.random.Generator) -> Overlaps:
    """Give what random p- and q-dimensional subspaces of `d` dimensions share where no direction is favoured.

    `b` draws; the mean overlap is max(p, q) / d. Too easily passed as chance by subspaces of a space whose axes
    differ: see `matched_overlaps`. Errors: what does not fit into d.

    >>> isotropic_overlaps(2, 1, 2, 3, np.random.default_rng(0)).overlap.round(9)  # a line in the whole plane
    array([1., 1., 1.])
    """
    wachter_edge(p, q, d)  # refuses what does not fit
    return matched_overlaps(np.eye(d)[:, :p], np.ones(d), q, b, rng)


def matched_overlaps(basis, variances, q: int, b: int, rng: np.random.Generator) -> Overlaps:
    """Give what `basis` `(d, p)` shares with spans of `q` vectors drawn from N(0, diag(variances)).

    `basis` is written in the axes that `variances` `(d,)` belong to, those of the noise within groups: so chance has
    the spectrum of the space, whose few large axes any two spans share. Errors: NaN, variances below 0, dependent
    columns, more directions than vary.

    >>> matched_overlaps([[1.0], [0.0]], [3.0, 0.0], 1, 2, np.random.default_rng(0)).overlap  # all noise lies along it
    array([1., 1.])
    """
    basis, scale = checked(basis, "basis", least=1), np.asarray(variances, float)
    if scale.shape != basis.shape[:1] or not np.isfinite(scale).all() or (scale < 0).any():
        at = np.flatnonzero(~(scale >= 0) | np.isinf(scale))[:5].tolist()
        raise ValueError(f"{scale.shape} variances for a basis of {basis.shape[0]} axes; none may be negative ({at})")
    scale = np.sqrt(scale)
    if not 0 < q <= (scale > 0).sum():
        most = (scale > 0).sum()
        raise ValueError(f"{q} directions cannot be drawn from a space that varies in {most}: ask for at most so many")
    basis = orthonormal(basis, "basis")
    largest, overlap = np.empty(b), np.empty(b)
    for i in range(b):
        drawn = np.linalg.qr(scale[:, None] * rng.standard_normal((scale.size, q)))[0]
        cosines = np.linalg.svd(basis.T @ drawn, compute_uv=False)
        largest[i], overlap[i] = min(cosines[0], 1.0), (cosines**2).mean()
    return Overlaps(largest, overlap)
