"""A tree made from distances: how well it tells them again, and which groups it shares with another tree."""

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import cophenet, linkage

from embedlab.stats.pairs.distances import checked_distances
from embedlab.stats.resample import p_value, permutations_of
from embedlab.stats.shown import Shown
from embedlab.stats.tree.pruning import topology
from embedlab.stats.tree.trees import Branches
from embedlab.stats.vectors import checked, squared_distances, upper

METHODS = ("average", "single", "complete", "ward")


def dendrogram(distances, *, method: str = "average") -> Branches:
    """Join the nearest groups of an `(n, n)` distance matrix until one is left: a rooted tree of equally deep tips.

    `average` is UPGMA; also "single", "complete" and "ward" (R's ward.D2). The i-th tip is the i-th row; a node stands
    at half the distance at which its groups were joined. Where a method joins below an earlier height, the branch is 0.

    >>> dendrogram([[0, 2, 6], [2, 0, 6], [6, 6, 0]]).length.tolist()  # root, the pair, its two tips, tip 2
    [0.0, 2.0, 1.0, 1.0, 3.0]
    """
    joined = _linkage(distances, method)
    n = len(joined) + 1
    height = np.r_[np.zeros(n), joined[:, 2] / 2]
    parent, length, tips, stack = [], [], np.empty(n, int), [(2 * n - 2, -1, 0.0)]
    while stack:
        node, above, top = stack.pop()
        place = len(parent)
        parent.append(above)
        length.append(max(top - height[node], 0.0) if above >= 0 else 0.0)
        if node < n:
            tips[node] = place
        else:
            stack += [(int(joined[node - n, side]), place, height[node]) for side in (0, 1)]
    return Branches(np.array(parent), np.array(length), tips)


def cophenetic_correlation(distances, *, method: str = "average") -> float:
    """Correlation of distances with the heights at which a dendrogram joins them: 1 where they are those of a tree.

    Sokal & Rohlf 1962. It is high for most clouds of points, so it needs the chance that `treelike` gives. Agrees with
    R 4.2.2's `cor(d, cophenetic(hclust(d)))`. Errors: no distance matrix, distances that are all the same.

    >>> round(cophenetic_correlation([[0, 2, 6], [2, 0, 6], [6, 6, 0]]), 9)
    1.0
    """
    pairs, heights = upper(np.asarray(distances, float)), cophenet(_linkage(distances, method))
    if not (np.ptp(pairs) > 1e-12 * pairs.max() and np.ptp(heights) > 1e-12 * heights.max()):
        raise ValueError("all distances are the same, or all are joined at one height: a correlation is not defined")
    return float(np.corrcoef(pairs, heights)[0, 1])


@dataclass(frozen=True, eq=False, repr=False)
class Treelike(Shown):
    """Cophenetic correlation of points, beside that of Gaussian points with the same spectrum."""

    statistic: float
    p_value: float
    null: np.ndarray


def treelike(x, *, method: str = "average", draws: int = 99, rng: np.random.Generator) -> Treelike:
    """Ask whether points `(n, d)` lie more like the tips of a tree than a Gaussian cloud of the same spectrum does.

    The statistic is the cophenetic correlation of Euclidean distances, the null that of `draws` clouds. Any clumping
    raises it, not only descent. Unchanged by rotation, shift and scale. Errors: NaN, fewer than 3 points, points that
    are all the same.

    >>> found = treelike([[0.0], [1.0], [10.0], [11.0]], draws=9, rng=np.random.default_rng(0))
    >>> round(found.statistic**2, 6)  # distances 1, 10, 11, 9, 10, 1 and heights 1, 10, 10, 10, 10, 1: 108/110
    0.981818
    """
    x = checked(x, least=3)
    spectrum = np.linalg.svd(x - x.mean(axis=0), compute_uv=False) / np.sqrt(len(x) - 1)
    value = cophenetic_correlation(_euclidean(x), method=method)
    clouds = (rng.normal(size=(len(x), len(spectrum))) * spectrum for _ in range(draws))
    null = np.array([cophenetic_correlation(_euclidean(c), method=method) for c in clouds])
    return Treelike(value, p_value(value, null), null)


@dataclass(frozen=True, eq=False, repr=False)
class SharedGroups(Shown):
    """Share of the groups of a reference tree that another tree has too, from 0 to 1, with tips shuffled for chance."""

    statistic: float
    p_value: float
    null: np.ndarray
    groups: int
    rooted: bool


def shared_groups(tree, reference, *, rooted: bool = True, permutations=999,
                  rng: np.random.Generator | None = None) -> SharedGroups:  # fmt: skip
    """Count the groups of species that two structures have in common, over those of the reference.

    The other side of Robinson and Foulds' distance, and as brittle: one species that wanders breaks all groups on its
    way. `rooted=True` counts clades, `rooted=False` splits; the numbers differ for one pair of trees. A reference
    with polytomies has fewer groups to be found; zero-length branches make none. Refused: trees of different size, and
    a reference without groups.

    >>> tree = dendrogram([[0, 2, 6], [2, 0, 6], [6, 6, 0]])  # ((0, 1), 2)
    >>> found = shared_groups(tree, tree, permutations=99, rng=np.random.default_rng(0))
    >>> found.statistic, round(found.p_value, 6)  # of 3! dealings two keep the pair
    (1.0, 0.333333)
    """
    if len(tree.tips) != len(reference.tips):
        raise ValueError(f"{len(tree.tips)} species in one tree, {len(reference.tips)} in the other: prune both alike")
    n = len(tree.tips)
    ours, theirs = (_members(t, rooted) for t in (tree, reference))
    if not len(theirs):
        raise ValueError("the reference tree has no groups: it is a star")
    # The sum of random words names a group: two groups share it once in 10¹⁹ times.
    words = np.random.default_rng(20_010_109).integers(0, 2**64, n, dtype=np.uint64)
    wanted = _named(words[None] @ theirs.T.astype(np.uint64), words, rooted)
    orders = np.vstack([np.arange(n), permutations_of(n, permutations, rng)])
    shares = np.empty(len(orders))
    block = max(1, 4_000_000 // n)
    for start in range(0, len(orders), block):
        keys = _named(words[orders[start : start + block]] @ ours.T.astype(np.uint64), words, rooted)
        shares[start : start + block] = np.isin(keys, wanted).sum(axis=1) / np.unique(wanted).size
    return SharedGroups(float(shares[0]), p_value(shares[0], shares[1:]), shares[1:], np.unique(wanted).size, rooted)


def _named(keys: np.ndarray, words: np.ndarray, rooted: bool) -> np.ndarray:
    """A split is called by the smaller of its two sides' names."""
    return keys if rooted else np.minimum(keys, words.sum() - keys)


def _members(structure, rooted: bool) -> np.ndarray:
    """Which species each group holds, `(groups, n)`, each group once; those that every tree has are left out."""
    parent, long, tips = topology(structure)
    n = len(tips)
    inside = np.zeros((len(parent), n), bool)
    inside[tips, np.arange(n)] = True
    for node in range(len(parent) - 1, 0, -1):
        inside[parent[node]] |= inside[node]
    size = inside.sum(axis=1)
    keep = (size > 1) & (size < (n if rooted else n - 1)) & ~((long <= 0) & (np.arange(len(parent)) > 0))
    found = inside[keep]
    if not rooted:
        found = np.where(found[:, :1], ~found, found)
    return np.unique(found, axis=0) if len(found) else found


def _linkage(distances, method: str) -> np.ndarray:
    if method not in METHODS:
        raise ValueError(f"method={method!r}: use one of {', '.join(METHODS)}")
    return linkage(upper(checked_distances(distances, "distances")), method=method)


def _euclidean(x: np.ndarray) -> np.ndarray:
    return np.sqrt(squared_distances(x))
