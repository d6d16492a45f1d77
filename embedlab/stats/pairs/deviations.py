"""Do two spaces agree about individuals, beyond what their species tells?"""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.pairs.similarity import pair
from embedlab.stats.resample import p_value, permutations_of
from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked_kinds, group_means


@dataclass(frozen=True, eq=False, repr=False)
class SharedDeviations(Shown):
    """Agreement of deviations from the species' means: 0 for none, 1 for the same space turned and scaled.

    `interval` (95 %) is a jackknife over species; `null` `(b,)` is what rows shuffled within species give; `n` rows.
    """

    statistic: float
    interval: tuple[float, float]
    p_value: float
    null: np.ndarray
    n: int


def agreement_within(x, y, groups, *, permutations=999, rng: np.random.Generator | None = None) -> SharedDeviations:
    """Tell whether deviations from the group's mean agree in two spaces of the same rows, as far as groups share it.

    With A_s the cross-covariance `(d, e)` of the two spaces within species s, the statistic is the sum of ⟨A_s, A_t⟩
    over pairs of *different* species, over the root of the same sums for each space alone: CKA of the deviations,
    computed across species. Species being independent, it is 0 in expectation where individuals do not correspond:
    no correction is needed, and a fluke of one species' images counts for nothing. Every species counts alike.

    The null shuffles rows of `y` within their species: exact, whatever tree the species have and however far apart
    they stand, as long as rows of one species are exchangeable (photographs of one individual are not: average them
    first). Rows alone in their species say nothing and are left out. Errors: fewer than 3 species of 2 rows, NaN,
    deviations that are all 0. Unchanged by rotation and scale of either side and by any shift of a species.

    >>> x = np.array([[0.0, 0.0], [1.0, 2.0], [5.0, 5.0], [7.0, 6.0], [9.0, 0.0], [8.0, 3.0]])
    >>> round(agreement_within(x, 2 * x[:, ::-1], [0, 0, 1, 1, 2, 2], permutations=9,
    ...                        rng=np.random.default_rng(0)).statistic, 12)
    1.0
    """
    x, y = pair(x, y)
    _, codes, size = np.unique(checked_kinds(groups, len(x), "groups"), return_inverse=True, return_counts=True)
    keep = size[codes] > 1
    if np.unique(codes[keep]).size < 3:
        raise ValueError(
            f"{np.unique(codes[keep]).size} groups have 2 rows or more: at least 3 are needed to tell what groups share"
        )
    explicit = np.ndim(permutations) != 0
    if explicit and not keep.all():
        raise ValueError("explicit permutations need every group to have 2 rows or more: leave single rows out first")
    _, codes = np.unique(codes[keep], return_inverse=True)
    size = np.bincount(codes)
    gram = [_gram(v[keep], codes) for v in (x, y)]
    weight = 1.0 / (size[codes] - 1)
    one_hot = (codes[:, None] == np.arange(size.size)).astype(float) * weight[:, None]
    blocks = {}
    for key, a, b in (("xy", *gram), ("xx", gram[0], gram[0]), ("yy", gram[1], gram[1])):
        m = one_hot.T @ (a * b) @ one_hot  # ⟨A_s, A_t⟩ of species s and t
        np.fill_diagonal(m, 0.0)
        blocks[key] = m
    value, scale = _ratio(*(m.sum() for m in blocks.values()))
    apart = gram[0] * weight[:, None] * weight * (codes[:, None] != codes)
    orders = permutations_of(len(codes), permutations, rng, strata=codes)
    if explicit and (codes[orders] != codes).any():
        raise ValueError("an explicit permutation moves a row into another group: rows stay within their own")
    null = np.array([np.vdot(apart, gram[1][t[:, None], t]) for t in orders]) / scale
    rows = {key: 2 * m.sum(axis=1) for key, m in blocks.items()}
    without = [_ratio(*(blocks[k].sum() - rows[k][s] for k in blocks))[0] for s in range(size.size)]
    return SharedDeviations(value, jackknife(without, value, within=(-1, 1)), p_value(value, null), null, len(codes))


def _gram(x: np.ndarray, codes: np.ndarray) -> np.ndarray:
    rest = x - group_means(x, codes, codes.max() + 1)[codes]
    if not (rest**2).sum() > 1e-20 * (x**2).sum():
        raise ValueError("rows of one group are all the same: there are no deviations to compare")
    rest /= np.linalg.norm(rest) / np.sqrt(len(rest))
    return rest @ rest.T


def _ratio(xy: float, xx: float, yy: float) -> tuple[float, float]:
    if not (xx > 0 and yy > 0):
        raise ValueError("groups do not share any way of varying: agreement across them is not defined")
    scale = np.sqrt(xx * yy)
    return float(xy / scale), scale
