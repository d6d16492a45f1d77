"""Moments of a sum over pairs under permutation, by counting the ways in which indices can coincide.

Let A and B be symmetric, with rows that sum to 0 and no trace, and t a random permutation. The m-th moment of
sum A[i, j] B[t(i), t(j)] runs over 2 m indices. Sort its terms by which indices are equal, a partition p of the 2 m
places into k blocks: the moment is the sum over p of D_p(A) D_p(B) / (n (n − 1) … (n − k + 1)), where D_p(A) sums the
product of m entries of A over all ways to give *distinct* rows to the blocks. Sums over rows that need not be distinct
are easier, F_q(A), and Möbius' inversion turns these into those: D_p = sum over q coarser than p of μ(p, q) F_q with
μ = product of (−1)^(s − 1) (s − 1)! over blocks of q made of s blocks of p. Read as a graph with m edges, F_q is 0
where a vertex has one edge end only (rows sum to 0) or is a loop by itself (no trace). Two kinds of graph are left for
m = 2, five for m = 3, and only their sums need to be known.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from math import factorial, prod

import numpy as np

# The sums that are left: degree two, and degree three.
TWO = ("diagonal2", "squares_free")
THREE = ("diagonal3", "entries3", "chain", "fork", "triangle")


def variance(a, b) -> float:
    """Variance of the sum of products of two matrices, from their `GramSums`."""
    return _moment(a, b, TWO)


def third_moment(a, b) -> float:
    """Third central moment of the sum of products of two matrices, from their `GramSums`."""
    return _moment(a, b, THREE)


def _moment(a, b, names: tuple[str, ...]) -> float:
    u, v = (np.array([getattr(s, name) for name in names]) for s in (a, b))
    total, ways = 0.0, 1.0
    for k, weights in enumerate(_weights(len(names) // 2 + 1), 1):
        if k > a.n:
            break
        ways *= a.n - k + 1
        total += float(u @ weights @ v) / ways
    return total


@lru_cache
def _weights(m: int) -> np.ndarray:
    """For each number of blocks k the matrix `(kinds, kinds)` that the sums of A and of B are weighted with."""
    kinds = len(TWO) if m == 2 else len(THREE)
    weights = np.zeros((2 * m, kinds, kinds))
    for p in partitions(2 * m):
        k = max(p) + 1
        distinct = np.zeros(kinds)
        for merge in partitions(k):  # every coarser partition merges blocks of p
            kind = _kind(tuple(merge[block] for block in p))
            if kind is not None:
                sizes = np.bincount(merge).tolist()
                distinct[kind] += prod((-1) ** (s - 1) * factorial(s - 1) for s in sizes)
        weights[k - 1] += np.outer(distinct, distinct)
    return weights


def partitions(size: int) -> Iterator[tuple[int, ...]]:
    """All partitions of so many places, each as the number of the block that a place is in.

    >>> list(partitions(2)), len(list(partitions(6)))
    ([(0, 0), (0, 1)], 203)
    """
    if size == 0:
        yield ()
        return
    for rest in partitions(size - 1):
        for block in range(max(rest, default=-1) + 2):
            yield (*rest, block)


def _kind(blocks: tuple[int, ...]) -> int | None:
    """Which of the sums a partition stands for; None where the sum is 0. Places 0 and 1 are the first edge, and so on.

    Two edges: two loops at one vertex, a double edge. Three: three loops at one vertex, a triple edge, two loops
    joined by an edge, a loop with a double edge, a triangle.
    """
    edges = [pair for pair in list(pairwise(blocks))[::2]]
    loops = [a for a, b in edges if a == b]
    ends = np.bincount(blocks)
    if ends.min() < 2 or any(ends[v] == 2 for v in loops):
        return None
    if len(edges) == 2:
        return 0 if loops else 1
    return {(3, 1): 0, (0, 2): 1, (2, 2): 2, (1, 2): 3, (0, 3): 4}[len(loops), ends.size]
