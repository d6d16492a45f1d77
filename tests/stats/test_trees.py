"""Several trees: medians by hand, lengths by hand, and distances as scikit-bio counts them."""

import io

import numpy as np
import pytest

from embedlab.data.synthetic import random_tree
from embedlab.data.tree import Tree
from embedlab.stats.tree.comparative import blomberg_k, effective_species
from embedlab.stats.tree.pruning import Pruned
from embedlab.stats.tree.trees import branch_schemes, over_trees, robinson_foulds


def of(text, names="abcdef"):
    return Tree.parse(text).structure(list(names))


def test_median_and_range(rng):
    found = over_trees(effective_species, [np.eye(4), np.eye(3), 7 * np.eye(5), np.eye(9)])
    assert found.values == pytest.approx([4, 3, 5, 9])
    assert found.statistic == pytest.approx(4.5) and found.range == pytest.approx((3, 9))
    trees = [random_tree(rng, 8, names=list("abcdefgh")).structure(list("abcdefgh")) for _ in range(5)]
    same, y = [np.arange(8)], rng.normal(size=8)
    k = over_trees(lambda c: blomberg_k(y, c, permutations=same), trees)
    assert k.values == pytest.approx([blomberg_k(y, c, permutations=same).statistic for c in trees])
    with pytest.raises(ValueError, match="no tree was given"):
        over_trees(effective_species, [])
    with pytest.raises(ValueError, match=r"not finite on trees \[1\]"):
        over_trees(lambda c: c, [1.0, np.nan])


def test_schemes_by_hand():
    schemes = branch_schemes(of("((a:5,b:1):2,(c:1,d:1,e:7):1,f:1);"))
    assert list(schemes) == ["as given", "unit", "Grafen"]
    c = {name: Pruned(s).covariance() for name, s in schemes.items()}
    assert np.diag(c["as given"]) == pytest.approx([7, 3, 2, 2, 8, 1])
    assert np.diag(c["unit"]) == pytest.approx([2, 2, 2, 2, 2, 1])
    # heights: root 5/5, (a, b) 1/5, (c, d, e) 2/5
    assert np.diag(c["Grafen"]) == pytest.approx(np.ones(6))
    assert [c["Grafen"][0, 1], c["Grafen"][2, 4], c["Grafen"][0, 5]] == pytest.approx([0.8, 0.6, 0])


def test_distances_by_hand():
    a, b = of("(((a:1,b:1):1,c:1):1,((d:1,e:1):1,f:1):1);"), of("(((a:1,c:1):1,b:1):1,((d:1,e:1):1,f:1):1);")
    assert robinson_foulds(a, a, rooted=True) == (0, 8)
    assert robinson_foulds(a, b, rooted=True) == (2, 8)  # ab against ac
    # abc and def are one split: three splits each
    assert robinson_foulds(a, b, rooted=False) == (2, 6)
    other_root = of("((a:1,b:1):1,(c:1,((d:1,e:1):1,f:1):1):1);")
    assert robinson_foulds(a, other_root, rooted=False)[0] == 0
    assert robinson_foulds(a, other_root, rooted=True)[0] == 2  # abc against cdef
    star = of("(a:1,b:1,c:1,d:1,e:1,f:1);")
    assert robinson_foulds(a, star, rooted=True) == (4, 4) and robinson_foulds(star, star, rooted=True) == (0, 0)
    with pytest.raises(ValueError, match="6 species in one tree, 5 in the other"):
        robinson_foulds(a, of("(a:1,b:1,c:1,d:1,e:1);", "abcde"), rooted=True)


@pytest.mark.parametrize("seed", range(6))
def test_distances_of_scikit_bio(seed):
    skbio = pytest.importorskip("skbio", reason="scikit-bio comes with the extra 'bench'")
    rng, names = np.random.default_rng(seed), [f"s{i}" for i in range(14)]
    trees = [random_tree(rng, 14, names=list(rng.permutation(names))) for _ in range(2)]
    peers = [skbio.TreeNode.read(io.StringIO(t.newick())) for t in trees]
    ours = [t.structure(names) for t in trees]
    for rooted in (True, False):
        assert robinson_foulds(*ours, rooted=rooted)[0] == peers[0].compare_rfd(peers[1], rooted=rooted)


def test_the_order_of_children_changes_nothing(rng):
    a, b = of("(((a:1,b:1):1,c:1):1,((d:1,e:1):1,f:1):1);"), of("((f:1,(e:2,d:3):1):1,(c:1,(b:1,a:1):0):1);")
    assert robinson_foulds(a, b, rooted=True)[0] == robinson_foulds(a, b, rooted=False)[0] == 0
