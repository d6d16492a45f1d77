"""Neural collapse: how far classes have shrunk to points, and whether their means stand as a simplex."""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked, checked_kinds, group_means


@dataclass(frozen=True, eq=False, repr=False)
class Collapse(Shown):
    """Collapse of `classes` classes; each number falls to 0 as it completes.

    `nc1` is tr(Σ_W Σ_B⁺) / K, scatter within classes in units of that between them, direction by direction; `quotient`
    is tr Σ_W / tr Σ_B, which no direction of little spread can dominate. `distance_variance` (CDNV) is the mean over
    pairs of classes of their variance over their squared distance. `simplex_error` is the Frobenius distance of the
    scaled Gram matrix of centred means from that of a simplex (0 to √2 or so), and `norm_variation` the coefficient
    of variation of their lengths.
    """

    nc1: float
    quotient: float
    distance_variance: float
    simplex_error: float
    norm_variation: float
    classes: int

    @property
    def statistic(self) -> float:
        """The number of the first law, `nc1`."""
        return self.nc1


def neural_collapse(x, labels) -> Collapse:
    """Measure neural collapse of the rows `(n, d)` of two or more classes (Papyan et al. 2020; Galanti et al. 2021).

    Scatter within divides by n, scatter between by K, as in the package `neural-collapse` (commit c05a0b8), with which
    all five agree. With few rows a class all of them are biased: means that differ by sampling alone look like
    classes, so read them beside the same numbers with labels shuffled. `nc1` is unchanged by any invertible linear map
    as long as K ≤ d, the others by rotation, shift and scale only. Errors: a class of one row, means that coincide.

    >>> neural_collapse([[0.0], [2.0], [9.0], [11.0]], [0, 0, 1, 1]).quotient  # 1 over 4.5²
    0.04938271604938271
    """
    x = checked(x, least=4)
    labels = checked_kinds(labels, len(x))
    kinds, codes, size = np.unique(labels, return_inverse=True, return_counts=True)
    k, n = kinds.size, len(x)
    if k < 2 or (size < 2).any():
        raise ValueError(
            f"{k} classes, {kinds[size < 2][:5].tolist()} of them with one row: at least 2 classes of 2 rows are needed"
        )
    far, x = np.abs(x).max(), x - x.mean(axis=0)
    means = group_means(x, codes, k)
    rest = x - means[codes]
    spread = np.bincount(codes, (rest**2).sum(axis=1)) / size  # each class's own variance, all axes together
    _, s, axes = np.linalg.svd(means, full_matrices=False)
    # K centred means span K − 1 dimensions; one more would be rounding, and scatter over it any number at all
    keep = (s > max(s[0], far) * max(means.shape) * np.finfo(float).eps * 10) & (np.arange(s.size) < k - 1)
    gram = means @ means.T
    length = np.diag(gram)
    apart = length[:, None] + length - 2 * gram
    pairs = ~np.eye(k, dtype=bool)
    if not (apart[pairs] > 1e-12 * (x**2).sum() / n).all():
        raise ValueError("the means of two classes coincide: nothing is left to collapse")
    along = ((rest @ axes[keep].T) ** 2).sum(axis=0) / n
    simplex = (np.eye(k) - 1 / k) / np.sqrt(k - 1)
    norm = np.sqrt(length)
    far = np.where(pairs, apart, np.inf)
    return Collapse(
        nc1=float((along / (s[keep] ** 2 / k)).sum() / k),
        quotient=float((rest**2).sum() / n / (length.sum() / k)),
        distance_variance=float(((spread[:, None] + spread) / 2 / far).sum() / (k * (k - 1))),
        simplex_error=float(np.linalg.norm(gram / np.linalg.norm(gram) - simplex)),
        norm_variation=float(norm.std(ddof=1) / norm.mean()),
        classes=k,
    )
