"""Several trees for one question: a posterior, or one topology under several schemes of branch lengths."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from embedlab.stats.shown import Shown
from embedlab.stats.tree.pruning import topology


@dataclass(frozen=True, eq=False, repr=False)
class OverTrees(Shown):
    """A statistic on each of several trees `(m,)`, with their median and range."""

    values: np.ndarray

    @property
    def statistic(self) -> float:
        """The median."""
        return float(np.median(self.values))

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest."""
        return float(self.values.min()), float(self.values.max())


def over_trees(statistic: Callable, covariances: Iterable) -> OverTrees:
    """Ask a statistic of each tree: what it says on the median tree, and how far trees disagree.

    `statistic` takes a covariance or structure and gives a number, or a result with `.statistic`. All trees must
    hold the same species in the same order. The range is over trees and says nothing of the sampling of species;
    hand explicit permutations to a test, so that no tree differs from another by its draws. Errors: no tree, and a
    statistic that is not finite (the trees are named).

    >>> over_trees(np.trace, [np.eye(2), 3 * np.eye(2), 2 * np.eye(2)]).range
    (2.0, 6.0)
    """
    found = [statistic(c) for c in covariances]
    if not found:
        raise ValueError("no tree was given: pass a list of covariances or structures")
    values = np.array([getattr(v, "statistic", v) for v in found], float)
    if not np.isfinite(values).all():
        bad = np.flatnonzero(~np.isfinite(values))
        raise ValueError(f"the statistic is not finite on trees {bad[:5].tolist()}: leave them out, and say so")
    return OverTrees(values)


@dataclass(frozen=True, eq=False, repr=False)
class Branches(Shown):
    """A tree as plain arrays: parents (before their children), lengths, and the node of each species."""

    parent: np.ndarray
    length: np.ndarray
    tips: np.ndarray


def branch_schemes(structure) -> dict[str, Branches]:
    """One topology under the lengths it has, all of 1, and Grafen's, for trees whose lengths mean little.

    Grafen (1989): a node stands at the height (species below it - 1) / (n - 1), so that all tips are equally deep.
    The answer names the schemes "as given", "unit" and "Grafen", each a structure. Errors: what is no tree.

    >>> tree = Branches(np.array([-1, 0, 1, 1, 0]), np.array([0.0, 2, 1, 1, 9]), np.array([2, 3, 4]))  # ((0, 1), 2)
    >>> branch_schemes(tree)["Grafen"].length.tolist()
    [0.0, 0.5, 0.5, 0.5, 1.0]
    """
    parent, given, tips = topology(structure)
    below = np.zeros(len(parent), np.int64)
    below[tips] = 1
    for node in range(len(parent) - 1, 0, -1):
        below[parent[node]] += below[node]
    height = (below - 1) / max(len(tips) - 1, 1)
    lengths = {
        "as given": given.astype(float),
        "unit": np.r_[0.0, np.ones(len(parent) - 1)],
        "Grafen": np.r_[0.0, height[parent[1:]] - height[1:]],
    }
    return {name: Branches(parent, length, tips) for name, length in lengths.items()}


def robinson_foulds(a, b, *, rooted: bool) -> tuple[int, int]:
    """How many groups of species stand in one of two trees only, and how many there are in both together.

    `a` and `b` are structures of the same species in the same order. `rooted=True` counts clades; `rooted=False`
    splits, as if no root were known: the numbers differ for the same pair of trees, so it must be said. Groups that
    every tree has (one species, all but one unrooted, all) are not counted; lengths, nodes of one child and
    branches of length zero change nothing, except that a polytomy has fewer groups (Robinson & Foulds 1981). One
    species that wanders breaks all groups on its way. Errors: trees of different size, what is no tree.

    >>> one = Branches(np.array([-1, 0, 1, 1, 0]), np.ones(5), np.array([2, 3, 4]))  # ((0, 1), 2)
    >>> other = Branches(one.parent, one.length, np.array([2, 4, 3]))  # ((0, 2), 1)
    >>> robinson_foulds(one, other, rooted=True), robinson_foulds(one, other, rooted=False)
    ((2, 2), (0, 0))
    """
    groups = [_groups(tree, rooted) for tree in (a, b)]
    if len(a.tips) != len(b.tips):
        raise ValueError(f"{len(a.tips)} species in one tree, {len(b.tips)} in the other: prune both to the same")
    return len(groups[0] ^ groups[1]), len(groups[0]) + len(groups[1])


def _groups(structure, rooted: bool) -> set[int]:
    above, _, tips = topology(structure)
    n, parent = len(tips), above.tolist()
    # a group is the exclusive or of 128 random bits a species: two groups in 10⁹ share them once in 10²⁰ times
    words = np.random.default_rng(20_010_109).integers(0, 2**64, (n, 2), dtype=np.uint64).tolist()
    key, size = [0] * len(parent), [0] * len(parent)
    for (high, low), tip in zip(words, tips.tolist(), strict=True):
        key[tip], size[tip] = high << 64 | low, 1
    for node in range(len(parent) - 1, 0, -1):
        key[parent[node]] ^= key[node]
        size[parent[node]] += size[node]
    if rooted:
        return {k for k, s in zip(key, size, strict=True) if 1 < s < n}
    return {min(k, key[0] ^ k) for k, s in zip(key, size, strict=True) if 1 < s < n - 1}
