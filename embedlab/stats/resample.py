"""Shuffles, and p-values that are never 0."""

import numpy as np

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


def shuffles_within(groups, b: int, rng: np.random.Generator) -> np.ndarray:
    """Permutations of rows that never leave their group: `(b, n)` indices. `groups` `(n,)` are integer codes.

    >>> shuffles_within([0, 1], 1, np.random.default_rng(0))
    array([[0, 1]])
    """
    groups = np.asarray(groups)
    order = np.argsort(groups, kind="stable")
    # Sorting random keys within each group is a uniform shuffle of it, for all b at once and without a loop.
    keys = rng.random((b, groups.size)) + groups[order]
    result = np.empty((b, groups.size), np.int64)
    result[:, order] = order[np.argsort(keys, axis=1, kind="stable")]
    return result


def permutations_of(n: int, permutations, rng: np.random.Generator | None) -> np.ndarray:
    """Give `(b, n)` permutation indices: those handed in, or `permutations` random ones.

    `permutations` is a count, or a `(b, n)` integer array of explicit permutations (then nothing is random).
    """
    if np.ndim(permutations) == 0:
        if rng is None:
            raise TypeError("random permutations need rng=np.random.default_rng(seed)")
        return rng.permuted(np.broadcast_to(np.arange(n), (int(permutations), n)), axis=1)
    listed = np.asarray(permutations)
    whole = listed.dtype.kind in "iu" and listed.ndim == 2 and listed.shape[1] == n
    if not whole or not (np.sort(listed, axis=1) == np.arange(n)).all():
        raise ValueError(
            f"explicit permutations must be a (b, {n}) array of whole numbers, each row holding 0 to {n - 1} once; "
            f"saw shape {listed.shape} of {listed.dtype}"
        )
    return listed
