"""Kendall's tau-b of two tables of pairs, under many relabellings of one.

Tau counts pairs of pairs that stand in opposite order. It is no sum over pairs, so no transform helps; but only that
count changes with the labels, and it is the number of inversions of one list of ranks, found for a whole batch of
relabellings by sorting.
"""

import numpy as np
from scipy.stats import rankdata

BATCH = 1 << 18  # ranks handled at once: a few megabytes
RUN = 16  # neighbours compared one with another before sorting begins


def tau_b(x, y, orders) -> np.ndarray:
    """Kendall's tau-b of the pairs i < j of `x[t[i], t[j]]` and `y[i, j]`, for each row `t` of `orders`: `(b,)`.

    `x` and `y` are `(n, n)` and symmetric; the diagonal does not count. From −1 (opposite order) to 1 (same order);
    pairs that are equal on one side count for neither. O(n² log n) for each order. Agrees with
    `scipy.stats.kendalltau`. Where one side does not vary at all it is refused.

    >>> x = np.array([[0.0, 1, 2], [1, 0, 3], [2, 3, 0]])
    >>> tau_b(x, x, [[0, 1, 2], [2, 1, 0]]).tolist() == [1.0, -1.0]
    True
    """
    n, orders = len(x), np.asarray(orders)
    i, j = np.triu_indices(n, k=1)
    a, b = (rankdata(np.asarray(m)[i, j], method="dense").astype(np.int64) - 1 for m in (x, y))
    by_y = np.argsort(b, kind="stable")
    i, j, b = i[by_y], j[by_y], b[by_y]
    codes = np.zeros((n, n), np.int64)
    codes[np.triu_indices(n, k=1)] = a
    codes += codes.T
    all_pairs, same_a, same_b = _pairs(a.size), _pairs(np.bincount(a)), _pairs(np.bincount(b))
    room = float(all_pairs - same_a) * float(all_pairs - same_b)
    if not room > 0:
        raise ValueError("all distances of one side are the same: a correlation with them is not defined")
    kinds = int(a.max()) + 1
    taus = np.empty(len(orders))
    for first in range(0, len(orders), max(1, BATCH // a.size)):
        t = orders[first : first + max(1, BATCH // a.size)]
        moved, same_both = codes.ravel()[t[:, i] * n + t[:, j]], 0
        if same_b:
            # within equal y the ranks of x must rise, so that nothing is inverted there
            keys = np.sort(b * kinds + moved, axis=1)
            moved, same_both = keys % kinds, _equal_neighbours(keys)
        agree_less_oppose = all_pairs - same_a - same_b + same_both - 2 * inversions(moved)
        taus[first : first + len(t)] = agree_less_oppose / np.sqrt(room)
    return taus


def inversions(ranks) -> np.ndarray:
    """Count pairs p < q with `ranks[p] > ranks[q]` in each row of `(b, m)` whole numbers from 0 to m − 1.

    >>> inversions([[0, 1, 2], [2, 1, 0], [1, 1, 0]]).tolist()
    [0, 3, 2]
    """
    ranks = np.asarray(ranks)
    rows, m = ranks.shape
    small = np.uint16 if m < 1 << 15 else np.uint32
    keys = np.full((rows, max(RUN, 1 << int(m - 1).bit_length())), m, small)  # what is added at the end is in order
    keys[:, :m] = ranks
    count = _within_runs(keys[:, : -(-m // RUN) * RUN])
    keys *= 2
    half = RUN
    while half < m:
        whole = 2 * half
        blocks = -(-m // whole)
        # The right half is marked by the last bit, so it comes after an equal left one. Sorted, a mark at place t that
        # is the j-th has t − j lefts before it, and half − (t − j) that are greater.
        marked = keys[:, : blocks * whole].reshape(rows, blocks, whole).copy()
        marked[:, :, half:] += 1
        marked.sort(axis=2)
        marked &= 1
        places = marked.sum(axis=1, dtype=np.int64) @ np.arange(whole)
        count += blocks * (half * half + half * (half - 1) // 2) - places
        half = whole
    return count


def _within_runs(keys: np.ndarray) -> np.ndarray:
    """Inversions within each run of 16 neighbours: every pair compared, which beats sorting anything so short."""
    rows = len(keys)
    tall = np.ascontiguousarray(keys.reshape(-1, RUN).T)
    count = np.zeros(tall.shape[1], np.uint8)  # at most 120
    for i in range(RUN - 1):
        count += (tall[i] > tall[i + 1 :]).sum(axis=0, dtype=np.uint8)
    return count.reshape(rows, -1).sum(axis=1, dtype=np.int64)


def _pairs(counts):
    counts = np.asarray(counts, np.int64)
    return int((counts * (counts - 1) // 2).sum())


def _equal_neighbours(keys: np.ndarray) -> np.ndarray:
    """Pairs of equal keys in each sorted row."""
    place = np.arange(keys.shape[1])
    new = np.ones(keys.shape, bool)
    new[:, 1:] = keys[:, 1:] != keys[:, :-1]
    return (place - np.maximum.accumulate(np.where(new, place, 0), axis=1)).sum(axis=1)
