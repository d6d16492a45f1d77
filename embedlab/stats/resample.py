"""Shuffles, p-values that are never 0, and the least that can be reached."""

from collections.abc import Iterator
from itertools import permutations as orders_of
from itertools import product

import numpy as np
from scipy.special import gammaln

from embedlab.stats.vectors import checked_kinds

TIE = 1.49e-8  # square root of machine epsilon: equal numbers reached by two roads count as ties (vegan's rule)


def generator(rng: np.random.Generator | int) -> np.random.Generator:
    """Take a Generator as it is, and a seed as `numpy.random.default_rng(seed)`; nothing else, and never None."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, int | np.integer):
        return np.random.default_rng(int(rng))
    raise TypeError(f"rng is {rng!r}: pass a seed such as 0, or numpy.random.default_rng(0); chance is passed by hand")


def p_value(observed: float, null, *, more: bool = True) -> float:
    """One-sided permutation p-value (b + 1) / (m + 1): in (0, 1], never 0 (Phipson & Smyth 2010).

    `null` holds the `m` values under the null. `more=False` counts the values that are as small. Values closer
    than a relative 1.5e-8 are ties and count against the claim.

    >>> p_value(2.0, [0.0, 1.0, 2.0])
    0.5
    """
    null = np.asarray(null, float)
    if not np.isfinite(observed) or not np.isfinite(null).all():
        raise ValueError("the statistic or its null holds NaN or infinity: no p-value can be given")
    slack = TIE * max(1.0, abs(observed)) if abs(observed) > TIE else TIE * (np.abs(null).max(initial=0.0) or 1.0)
    extreme = null >= observed - slack if more else null <= observed + slack
    return float((extreme.sum() + 1) / (null.size + 1))


def sign_floor(units: int) -> float:
    """The smallest p-value that a claim *across* units can reach: all of them agreeing, 2 to the power -units.

    With four species even complete agreement is a matter of chance in one case of sixteen.

    >>> sign_floor(5)
    0.03125
    """
    return float(2.0**-units)


def p_floor(draws: int, units: int) -> float:
    """The smallest p-value that `draws` of chance and a claim across `units` can reach: the larger of both floors.

    >>> p_floor(99, 20), p_floor(99, 5)
    (0.01, 0.03125)
    """
    return max(1 / (draws + 1), sign_floor(units))


def shuffles_within(groups, b: int, rng: np.random.Generator) -> np.ndarray:
    """Permutations of rows that never leave their group: `(b, n)` indices. `groups` `(n,)` names each row's.

    >>> shuffles_within([0, 1], 1, np.random.default_rng(0))
    array([[0, 1]])
    """
    # codes, since 0 and 0.5 would overlap once random keys are added, and beyond 10¹⁵ the keys would drown
    groups = np.unique(checked_kinds(groups, len(groups), "groups"), return_inverse=True)[1]
    order = np.argsort(groups, kind="stable")
    # Sorting random keys within each group is a uniform shuffle of it, for all b at once and without a loop.
    keys = rng.random((b, groups.size)) + groups[order]
    result = np.empty((b, groups.size), np.int64)
    result[:, order] = order[np.argsort(keys, axis=1, kind="stable")]
    return result


def permutations_of(
    n: int, permutations, rng: np.random.Generator | None, *, strata=None, whole=None, inside: bool = False, labels=None
) -> np.ndarray:
    """Give `(b, n)` permutation indices: those handed in, random ones, or all there are where these are few.

    `permutations` is a `(b, n)` integer array of explicit permutations (then nothing is random and the rest is not
    looked at), or a count. What may move is said by codes `(n,)`, which also make a group of permutations, so that
    the p-value is exact:

    - `strata`: rows never leave their stratum;
    - `whole`: rows that bear one code move together, in their order, to the place of another such group of the same
      size (in the same stratum, where strata are given); `inside=True` shuffles the rows within their group as well.

    Where all arrangements but the one observed number no more than the count, each is given once and nothing is left
    to chance: (b + 1) / (m + 1) is then the share of all arrangements that are as extreme, the observed one included.
    `labels` `(n,)` says that the statistic sees only `labels[t]`: arrangements that look alike are then one (two
    kinds of four rows each have 70, not 40,320). Refused are rows that can move nowhere.

    >>> permutations_of(3, 9, np.random.default_rng(0)).tolist()
    [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 1, 0], [2, 0, 1]]
    >>> permutations_of(4, 9, np.random.default_rng(0), whole=[0, 0, 1, 1]).tolist()
    [[2, 3, 0, 1]]
    """
    if np.ndim(permutations) != 0:
        return _listed(n, permutations)
    count = int(permutations)
    if count < 1:
        raise ValueError(f"permutations={count}: at least one is needed, and 999 for a p-value of 0.001")
    if rng is None:
        raise TypeError("random permutations need rng=np.random.default_rng(seed)")
    classes = _movable(n, strata, whole)
    if labels is not None:
        labels = _codes(labels, n, "labels")
        if inside or any((labels[rows] != labels[rows[:, :1]]).any() for rows in classes):
            raise ValueError("labels must be the same within each group that moves as a whole, and inside=False")
    others = _how_many(classes, inside, labels) - 1
    if others == 0:
        raise ValueError("no row can move: each stratum or size holds one group only, or all labels are the same")
    if others <= count:
        return _all_but_the_first(n, classes, inside, labels)
    orders = np.empty((count, n), np.int64)
    for rows in classes:  # (groups, size): groups of one stratum and one size may take each other's place
        if rows.shape[1] == 1:  # single rows: scikit-bio's own shuffles for a seed, and half the time of those below
            for order in orders:
                order[rows[:, 0]] = rng.permutation(rows[:, 0])
            continue
        moved = rows[rng.permuted(np.broadcast_to(np.arange(len(rows)), (count, len(rows))), axis=1)]
        orders[:, rows.ravel()] = (rng.permuted(moved, axis=2) if inside else moved).reshape(count, -1)
    return orders


def _listed(n: int, permutations) -> np.ndarray:
    listed = np.asarray(permutations)
    good = listed.dtype.kind in "iu" and listed.ndim == 2 and listed.shape[1] == n
    if not good or not (np.sort(listed, axis=1) == np.arange(n)).all():
        raise ValueError(
            f"explicit permutations must be a (b, {n}) array of whole numbers, each row holding 0 to {n - 1} once; "
            f"saw shape {listed.shape} of {listed.dtype}"
        )
    return listed


def _codes(values, n: int, name: str) -> np.ndarray:
    return np.unique(checked_kinds(values, n, name), return_inverse=True)[1]


def _movable(n: int, strata, whole) -> list[np.ndarray]:
    """Rows `(groups, size)` for each set of groups that may take one another's place; a free row is a group of one."""
    stratum = np.zeros(n, np.int64) if strata is None else _codes(strata, n, "strata")
    if whole is None:
        return [np.flatnonzero(stratum == s)[:, None] for s in range(stratum.max() + 1)]
    group = _codes(whole, n, "whole")
    alike: dict[tuple, list] = {}
    for g in range(group.max() + 1):
        rows = np.flatnonzero(group == g)
        if np.ptp(stratum[rows]):
            raise ValueError(f"the group of row {rows[0]} lies in several strata: it could not move as a whole")
        alike.setdefault((int(stratum[rows[0]]), rows.size), []).append(rows)
    return [np.array(rows) for rows in alike.values()]


def _how_many(classes: list[np.ndarray], inside: bool, labels) -> float:
    """Count the arrangements that rows `(groups, size)` of each class allow, those of one look once; ∞ is too many."""
    ways = 0.0
    for rows in classes:
        ways += gammaln(len(rows) + 1) + (len(rows) * gammaln(rows.shape[1] + 1) if inside else 0)
        if labels is not None:
            ways -= gammaln(np.bincount(labels[rows[:, 0]]) + 1).sum()
    return float(np.rint(np.exp(ways))) if ways < 25 else np.inf  # exact: e²⁵ has 11 digits of 15


def _all_but_the_first(n: int, classes: list[np.ndarray], inside: bool, labels) -> np.ndarray:
    """Every arrangement but the observed one, which comes first wherever places are tried in rising order."""
    choices = []
    for rows in classes:
        kinds = np.arange(len(rows)) if labels is None else labels[rows[:, 0]]
        choices.append([rows[list(order)] for order in _distinct(kinds.tolist())])
        if inside:
            each = list(product(*(list(orders_of(range(rows.shape[1]))) for _ in rows)))
            choices[-1] = [np.take_along_axis(m, np.array(e), axis=1) for m in choices[-1] for e in each]
    found = []
    for chosen in product(*choices):
        order = np.empty(n, np.int64)
        for rows, moved in zip(classes, chosen, strict=True):
            order[rows.ravel()] = moved.ravel()
        found.append(order)
    return np.array(found[1:])


def _distinct(kinds: list) -> Iterator[tuple[int, ...]]:
    """Orders of the places 0, 1, … that look different when place i shows kinds[i]; the one observed first."""
    left = {kind: [i for i, other in enumerate(kinds) if other == kind] for kind in kinds}

    def fill(done: tuple, at: int) -> Iterator[tuple]:
        if at == len(kinds):
            yield done
            return
        for kind in (kinds[at], *(k for k in left if k != kinds[at])):
            if left[kind]:
                place = left[kind].pop(0)
                yield from fill((*done, place), at + 1)
                left[kind].insert(0, place)

    return fill((), 0)
