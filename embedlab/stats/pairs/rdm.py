"""Tables of dissimilarities among classes: unbiased estimates, comparisons, and how well they can agree."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, rankdata

from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked, upper


def crossnobis(a, b, *, precision=None) -> np.ndarray:
    """Squared distances among k classes from two independent halves of the images: condensed, `(k (k - 1) / 2,)`.

    `a` and `b` `(k, d)` are the class means in each half, in the same order; the answer goes through the pairs by
    rows, as `scipy.spatial.distance.pdist` does. Its unit is a *squared distance divided by d*: (a_i − a_j)' P
    (b_i − b_j)/d with P the `(d, d)` `precision` (the inverse covariance of noise; the identity where none is given).
    Noise that the halves do not share averages out, so the expectation is the true distance, 0 for equal classes, and
    an estimate can fall below 0 (Walther et al. 2016). Images of one individual or burst belong in one half. Agrees
    with rsatoolbox 0.3.2.

    >>> crossnobis([[0.0, 0.0], [3.0, 4.0]], [[1.0, 1.0], [4.0, 5.0]])
    array([12.5])
    """
    a, b = checked(a, "a"), checked(b, "b")
    if a.shape != b.shape:
        raise ValueError(f"a is {a.shape} and b is {b.shape}: both halves must hold the same classes and dimensions")
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    d = a.shape[1]
    if precision is not None:
        precision = np.asarray(precision, float)
        if precision.shape != (d, d) or not np.isfinite(precision).all() or not np.allclose(precision, precision.T):
            raise ValueError(f"precision must be a finite symmetric ({d}, {d}) matrix; saw shape {precision.shape}")
        b = b @ precision
    cross = a @ b.T
    own = np.diag(cross)
    return upper(own[:, None] + own - cross - cross.T) / d


def compare_rdms(x, y, method: str = "spearman") -> float:
    """Agreement of two tables of dissimilarities, each condensed `(pairs,)`: 1 in full agreement, 0 for none.

    "cosine" (for ratio scales with a meaning of zero, as `crossnobis` gives), "corr" (Pearson), "spearman",
    "kendall" (τ-b), "tau-a" and "rho-a" (for ties that a model predicts: the expected τ and ρ with ties broken at
    random). All from −1 to 1; pairs are not independent, so none has the p-value of a correlation. Agrees with
    rsatoolbox 0.3.2.

    >>> compare_rdms([1.0, 2.0, 3.0], [1.0, 3.0, 2.0], "tau-a").__round__(6)
    0.333333
    """
    x, y = _condensed(x, "x"), _condensed(y, "y")
    if x.shape != y.shape:
        raise ValueError(f"x has {x.size} pairs and y has {y.size}: both must hold the same classes in the same order")
    if method not in _COMPARISONS:
        raise ValueError(f"method={method!r} is not offered: use {', '.join(map(repr, _COMPARISONS))}")
    constant = [name for v, name in ((x, "x"), (y, "y")) if (v == v[0]).all() and (method != "cosine" or v[0] == 0)]
    if constant:
        raise ValueError(f"all dissimilarities of {constant} are the same: agreement with them is not defined")
    return float(_COMPARISONS[method](x, y))


@dataclass(frozen=True, eq=False, repr=False)
class NoiseCeiling(Shown):
    """Bounds of the agreement with the common truth that noise among tables allows the best of models.

    `lower` is the mean agreement of each table with the average of the others, `upper` with the average of all.
    """

    lower: float
    upper: float


def noise_ceiling(rdms, method: str = "spearman") -> NoiseCeiling:
    """How well any model could agree with tables of dissimilarities `(r, pairs)` of the same classes.

    The tables come from independent samples of images (or from other individuals). They are brought to one scale
    before averaging: to length 1 for "cosine", to standard scores for "corr", to ranks for the others; `method` is as
    in `compare_rdms`. A model between `lower` and `upper` is as good as the data can tell (Nili et al. 2014). Agrees
    with rsatoolbox 0.3.2.

    >>> found = noise_ceiling([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    >>> round(found.lower, 12), round(found.upper, 12)
    (1.0, 1.0)
    """
    rdms = np.array([_condensed(r, f"table {i}") for i, r in enumerate(rdms)])
    if len(rdms) < 2:
        raise ValueError(f"a ceiling needs at least 2 tables of the same classes; saw {len(rdms)}")
    scaled = np.array([_SCALES.get(method, rankdata)(r) for r in rdms])
    total = scaled.sum(axis=0)
    lower = [compare_rdms(r, total - s, method) for r, s in zip(rdms, scaled, strict=True)]
    return NoiseCeiling(float(np.mean(lower)), float(np.mean([compare_rdms(r, total, method) for r in rdms])))


def _condensed(x, name: str) -> np.ndarray:
    x = np.asarray(x, float)
    if x.ndim != 1 or x.size < 3:
        square = x.ndim == 2 and x.shape[0] == x.shape[1]
        raise ValueError(
            f"{name} must be condensed, one number a pair of at least 3 classes; saw shape {x.shape}"
            f"{'. Of a square table d, d[np.triu_indices(len(d), 1)] takes it' if square else ''}"
        )
    if not np.isfinite(x).all():
        raise ValueError(f"{name} holds NaN or infinity (pairs {np.flatnonzero(~np.isfinite(x))[:5].tolist()})")
    return x


def _cosine(x, y) -> float:
    return x @ y / (np.linalg.norm(x) * np.linalg.norm(y))


def _corr(x, y) -> float:
    return _cosine(x - x.mean(), y - y.mean())


def _tau_a(x, y) -> float:
    """τ-b without its allowance for ties: concordant less discordant, over all pairs of pairs."""
    untied = [x.size**2 - (np.unique(v, return_counts=True)[1] ** 2).sum() for v in (x, y)]
    return kendalltau(x, y).statistic * np.sqrt(float(untied[0]) * float(untied[1])) / (x.size * (x.size - 1))


def _rho_a(x, y) -> float:
    n = x.size
    return 12 * (rankdata(x) - (n + 1) / 2) @ (rankdata(y) - (n + 1) / 2) / (n**3 - n)


_COMPARISONS = {
    "cosine": _cosine,
    "corr": _corr,
    "spearman": lambda x, y: _corr(rankdata(x), rankdata(y)),
    "kendall": lambda x, y: kendalltau(x, y).statistic,
    "tau-a": _tau_a,
    "rho-a": _rho_a,
}
_SCALES = {
    "cosine": lambda r: r / (np.linalg.norm(r) or 1.0),
    "corr": lambda r: (r - r.mean()) / (r.std() or 1.0),
}
