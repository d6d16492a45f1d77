"""Trees from distances: the heights of a tree come back, groups are those of sets, and rooted is not unrooted."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet, linkage

from embedlab.data.synthetic import random_tree
from embedlab.data.tree import Tree
from embedlab.stats.taxa.dendrogram import cophenetic_correlation, dendrogram, shared_groups, treelike
from embedlab.stats.tree.trees import robinson_foulds
from embedlab.stats.vectors import squared_distances, upper


def paths(structure):
    """Distances between tips by climbing."""
    n = len(structure.tips)
    up = []
    for tip in structure.tips:
        way, node, far = {}, int(tip), 0.0
        while node >= 0:
            way[node] = far
            far += structure.length[node]
            node = int(structure.parent[node])
        up.append(way)
    return np.array([[min(a[k] + b[k] for k in a.keys() & b.keys()) for b in up] for a in up]).reshape(n, n)


def test_an_ultrametric_tree_comes_back(rng):
    tree = random_tree(rng, 14)
    d = tree.distances(tree.names)
    found = dendrogram(d)
    assert paths(found) == pytest.approx(d, abs=1e-9)
    assert cophenetic_correlation(d) == pytest.approx(1)
    for rooted in (True, False):
        shared = shared_groups(found, tree.structure(tree.names), rooted=rooted, permutations=np.arange(14)[None])
        assert shared.statistic == 1 and shared.groups == (12 if rooted else 11) and shared.rooted == rooted


@pytest.mark.parametrize("method", ["average", "single", "complete", "ward"])
def test_heights_are_those_at_which_groups_join(rng, method):
    d = np.sqrt(squared_distances(rng.normal(size=(11, 3))))
    theirs = cophenet(linkage(upper(d), method))
    assert upper(paths(dendrogram(d, method=method))) == pytest.approx(theirs)
    assert cophenetic_correlation(d, method=method) == pytest.approx(np.corrcoef(theirs, upper(d))[0, 1])


def sets(tree, names, rooted):
    """Groups of names below each node, by climbing from each tip."""
    below = {}
    for name in names:
        node = tree._at([name])[0]
        while node >= 0:
            below.setdefault(node, set()).add(name)
            node = int(tree.parent[node])
    every = frozenset(names)
    found = {frozenset(s) for s in below.values()}
    if rooted:
        return {s for s in found if 1 < len(s) < len(names)}
    return {min(s, every - s, key=lambda g: (len(g), sorted(g))) for s in found if 1 < len(s) < len(names) - 1}


def test_shared_groups_are_those_of_sets_also_when_shuffled(rng):
    a, b = random_tree(rng, 9), random_tree(rng, 9)
    names = a.names
    for rooted in (True, False):
        orders = np.array([rng.permutation(9) for _ in range(40)])
        found = shared_groups(a.structure(names), b.structure(names), rooted=rooted, permutations=orders)
        theirs = sets(b, names, rooted)
        shares = []
        for t in (np.arange(9), *orders):
            ours = sets(a.rename(dict(zip(names, [names[i] for i in t], strict=True))), names, rooted)
            shares.append(len(ours & theirs) / len(theirs))
        assert found.statistic == shares[0] and found.groups == len(theirs)
        assert found.null == pytest.approx(shares[1:])
        apart, both = robinson_foulds(a.structure(names), b.structure(names), rooted=rooted)
        assert both - apart == 2 * round(found.statistic * found.groups)


def test_rooted_and_unrooted_differ_for_one_pair():
    a = Tree.parse("(((a:1,b:1):1,c:1):1,(d:1,e:1):1);").structure(list("abcde"))
    b = Tree.parse("((((d:1,e:1):1,c:1):1,b:1):1,a:1);").structure(list("abcde"))
    rooted, not_rooted = (
        shared_groups(a, b, rooted=r, permutations=np.arange(5)[None]).statistic for r in (True, False)
    )
    assert rooted == pytest.approx(1 / 3) and not_rooted == 1  # of cde, bcde and de only de; the splits are the same


def test_polytomies_and_branches_of_no_length_are_no_groups():
    full = Tree.parse("((a:1,b:1):1,(c:1,(d:1,e:1):0):1);").structure(list("abcde"))
    soft = Tree.parse("((a:1,b:1):1,(c:1,d:1,e:1):1);").structure(list("abcde"))
    assert shared_groups(full, soft, permutations=np.arange(5)[None]).groups == 2
    assert shared_groups(soft, full, permutations=np.arange(5)[None]).statistic == 1
    star = Tree.parse("(a:1,b:1,c:1,d:1,e:1);").structure(list("abcde"))
    with pytest.raises(ValueError, match="it is a star"):
        shared_groups(full, star, permutations=9, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="5 species in one tree, 3 in the other"):
        shared_groups(full, Tree.parse("((a:1,b:1):1,c:1);").structure(list("abc")), permutations=9)


def test_chance_of_shared_groups(rng):
    a, b = random_tree(rng, 20), random_tree(rng, 20)
    found = shared_groups(a.structure(a.names), b.structure(b.names), permutations=199, rng=rng)
    assert found.null.mean() < 0.1 and found.p_value == (np.sum(found.null >= found.statistic) + 1) / 200


def test_points_that_evolved_are_more_like_a_tree_than_a_cloud_of_their_spectrum(rng):
    steps = np.repeat(rng.normal(size=(5, 20)) * 3, 4, axis=0) + rng.normal(size=(20, 20))
    found = treelike(steps, draws=39, rng=rng)
    assert found.p_value == 1 / 40 and found.statistic > found.null.max()
    d = np.sqrt(squared_distances(steps))
    assert found.statistic == pytest.approx(cophenetic_correlation(d))
    cloud = treelike(rng.normal(size=(20, 20)), draws=39, rng=rng)
    assert cloud.null.min() < cloud.statistic < cloud.null.max()
    spectrum = np.linalg.svd(steps - steps.mean(axis=0), compute_uv=False) / np.sqrt(19)
    z = np.random.default_rng(5).normal(size=(20, 20)) * spectrum
    once = treelike(steps, draws=1, rng=np.random.default_rng(5)).null[0]
    assert once == pytest.approx(cophenetic_correlation(np.sqrt(squared_distances(z))))


def test_unknown_methods_and_bad_distances_are_refused():
    with pytest.raises(ValueError, match="method='median': use one of average, single, complete, ward"):
        dendrogram(np.zeros((3, 3)), method="median")
    with pytest.raises(ValueError, match="not a distance matrix"):
        cophenetic_correlation([[0, 1, 2], [3, 0, 1], [2, 1, 0]])
