"""Walks on trees against the matrices that they replace, on trees of every shape."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.data.synthetic import random_tree
from embedlab.data.tree import Tree
from embedlab.stats.tree.pruning import Pruned, is_structure
from embedlab.stats.tree.relatedness import Whitening, related

comb = "(" * 11 + "a:1" + "".join(f",{n}:1):1" for n in "bcdefghijkl") + ";"
SHAPES = {
    "comb": comb,
    "star": "(" + ",".join(f"{n}:2" for n in "abcdefg") + ");",
    "uneven star": "(" + ",".join(f"{n}:{i + 1}" for i, n in enumerate("abcdefg")) + ");",
    "polytomies": "((a:1,b:1,c:1):1,d:2,e:2,(f:1,g:.5,h:2,i:1,j:1):1);",
    "ancestor sampled": "((a:0,b:1):1,(c:1,d:2):3,(e:0,f:3,g:1):2,h:1);",  # a and e stand on inner nodes
    "inner branches of zero": "(((a:1,b:1):0,c:1):1,((d:1,e:1):0,(f:1,g:2):0):2);",
}
LAMBDAS = np.array([0.0, 0.3, 0.9, 1.0])


def trees():
    for text in SHAPES.values():
        yield Tree.parse(text)
    for seed in range(4):
        yield random_tree(np.random.default_rng(seed), 3 + 7 * seed, death=0.5)


def shuffled(tree, rng):
    """A structure and a covariance of one tree with species in an order that is not that of the tips."""
    names = list(rng.permutation(tree.names))
    return tree.structure(names), tree.covariance(names)


def raw(parent, length, tips):
    return SimpleNamespace(parent=np.array(parent), length=np.array(length, float), tips=np.array(tips))


@pytest.mark.parametrize("tree", list(trees()), ids=str)
def test_forms_and_determinants_are_those_of_the_matrix(tree, rng):
    structure, c = shuffled(tree, rng)
    walk, n = Pruned(structure), len(tree)
    x = rng.normal(size=(n, 3))
    z, log_det = walk.whitened(x, LAMBDAS)
    for lam, rows, det in zip(LAMBDAS, z, log_det, strict=True):
        c_lam = c * lam + np.diag(np.diag(c)) * (1 - lam)
        assert rows.T @ rows == pytest.approx(x.T @ np.linalg.solve(c_lam, x), rel=1e-10, abs=1e-10)
        assert det == pytest.approx(np.linalg.slogdet(c_lam)[1], rel=1e-10, abs=1e-10)
        assert walk.whiten(x, lam) == pytest.approx(rows) and not walk.singular(lam)
        root = walk.whiten(np.eye(n), lam)
        assert root @ c_lam @ root.T == pytest.approx(np.eye(n), abs=1e-9)


@pytest.mark.parametrize("tree", list(trees()), ids=str)
def test_parts_of_the_inverse_are_those_of_the_inverse(tree, rng):
    structure, c = shuffled(tree, rng)
    walk, inverse = Pruned(structure), np.linalg.inv(c)
    weight, diagonal = walk.inverse_parts()
    assert weight == pytest.approx(inverse.sum(axis=1) / inverse.sum(), abs=1e-10)
    assert diagonal == pytest.approx(np.diag(inverse), rel=1e-9)
    assert walk.covariance() == pytest.approx(c, abs=1e-12)
    assert walk.depth[: walk.n] == pytest.approx(np.diag(c), abs=1e-12)
    x = rng.normal(size=(walk.n, 2))
    contrasts, root, variance = walk.contrasts(x)
    assert contrasts.shape == (walk.n - 1, 2)
    assert root == pytest.approx(weight @ x, abs=1e-10) and variance == pytest.approx(1 / inverse.sum())
    left = x - root
    assert contrasts.T @ contrasts == pytest.approx(left.T @ inverse @ left, rel=1e-9, abs=1e-9)


def test_contrasts_by_hand():
    # ((a:1,b:1):1,c:2): a - b over √2; their mean 2 has variance 1/2 below a branch of 1: 2 - 5 over √3.5
    contrasts, root, variance = Pruned(Tree.parse("((a:1,b:1):1,c:2);").structure(list("abc"))).contrasts(
        [[1.0], [3.0], [5.0]]
    )
    assert np.abs(contrasts[:, 0]) == pytest.approx([2 / np.sqrt(2), 3 / np.sqrt(3.5)])
    # weights 2/3.5 and 1.5/3.5 of the values 2 and 5
    assert root[0] == pytest.approx((2 * 2 + 1.5 * 5) / 3.5) and variance == pytest.approx(1.5 * 2 / 3.5)


def test_many_worlds_at_once_are_the_worlds_one_by_one(rng):
    walk = Pruned(Tree.parse(SHAPES["polytomies"]).structure(list("abcdefghij")))
    s, share, _ = walk.variances(walk.length[:, None])
    x = rng.normal(size=(10, 5, 2))
    roots, squares = walk.sums(x, s[:, 0], share[:, :, 0])
    for b in range(5):
        contrasts, root, _ = walk.contrasts(x[:, b])
        assert roots[b] == pytest.approx(root) and squares[b] == pytest.approx((contrasts**2).sum())


def test_a_tree_walked_from_above_gives_each_node_what_came_down():
    walk = Pruned(Tree.parse("((a:1,b:2):3,c:4);").structure(list("abc")))
    assert walk.down(walk.length[:, None])[:3, 0] == pytest.approx([4, 5, 4])
    # each branch passes on a half: a = 1 + (3 + 0/2)/2
    assert walk.down(walk.length[:, None], np.full(5, 0.5))[:3, 0] == pytest.approx([2.5, 3.5, 4])


def test_stems_and_single_children_are_joined_over():
    # root - x(1) - y(2) - {a: 1 - 1, b: 2}: all paths share the stem of 3
    walk = Pruned(raw([-1, 0, 1, 2, 3, 2], [0, 1, 2, 1, 1, 2], [4, 5]))
    assert walk.covariance() == pytest.approx(np.array([[5.0, 3.0], [3.0, 5.0]]))
    z, log_det = walk.whitened(np.eye(2), 1.0)
    assert z[0].T @ z[0] == pytest.approx(np.linalg.inv([[5.0, 3.0], [3.0, 5.0]])) and log_det[0] == pytest.approx(
        np.log(16)
    )


def test_levels_are_few_where_the_tree_allows():
    star = Pruned(
        Tree.parse("(" + ",".join(f"s{i}:1" for i in range(1000)) + ");").structure([f"s{i}" for i in range(1000)])
    )
    assert len(star.levels) == 10  # 2¹⁰ > 1000: a polytomy is halved
    assert len(Pruned(Tree.parse(comb).structure(list("abcdefghijkl"))).levels) == 11


def test_tips_at_distance_zero_are_named():
    walk = Pruned(Tree.parse("((a:0,(b:0,x:1):0):1,(c:1,d:1):0,e:1,f:1);").structure(list("xabcdef")))
    assert walk.singular(1.0) and not walk.singular(0.999)
    for refused in (lambda: walk.whiten(np.eye(7), 1.0), lambda: walk.contrasts(np.eye(7)), walk.inverse_parts):
        with pytest.raises(
            ValueError, match=r"singular at λ = 1: tips \[\([12], [12]\)\] stand at distance zero; drop"
        ):
            refused()
    log_det = walk.whitened(np.eye(7), [0.5, 1.0])[1]
    assert np.isfinite(log_det[0]) and log_det[1] == -np.inf


def test_what_is_no_tree_is_refused():
    good = [-1, 0, 0]
    with pytest.raises(ValueError, match="-1 for the root first; saw 1 nodes"):
        Pruned(raw([-1], [0], [0]))
    with pytest.raises(ValueError, match="parents must come before their children"):
        Pruned(raw([-1, 2, 0], [0, 1, 1], [1]))
    with pytest.raises(ValueError, match=r"finite and not negative; see nodes \[2\]"):
        Pruned(raw(good, [0, 1, -1], [1, 2]))
    with pytest.raises(ValueError, match=r"see nodes \[1\]"):
        Pruned(raw(good, [0, np.nan, 1], [1, 2]))
    with pytest.raises(ValueError, match="2 leaves but tips for 1"):
        Pruned(raw(good, [0, 1, 1], [1]))
    with pytest.raises(ValueError, match="2 leaves but tips for 2"):
        Pruned(raw(good, [0, 1, 1], [1, 1]))
    with pytest.raises(ValueError, match="a tree of one species"):
        Pruned(raw([-1, 0, 1], [0, 1, 1], [2]))
    with pytest.raises(ValueError, match=r"tips \[1\] have no distance to the root"):
        Pruned(raw(good, [0, 1, 0], [1, 2]))
    with pytest.raises(ValueError, match="one parent and one length a node"):
        Pruned(raw(good, [0, 1], [1, 2]))


def test_no_matrix_is_made_for_many_species(rng):
    names = [f"s{i}" for i in range(5001)]
    walk = Pruned(Tree.parse("(" + ",".join(f"{n}:1" for n in names) + ");").structure(names))
    with pytest.raises(ValueError, match="5,001 species would need a matrix"):
        walk.covariance()


def test_what_is_related_is_made_ready_once(rng):
    tree = random_tree(rng, 8)
    structure, c = shuffled(tree, rng)
    assert is_structure(structure) and not is_structure(c)
    assert isinstance(related(structure, 8), Pruned) and isinstance(related(c, 8), Whitening)
    ready = Whitening(c)
    assert related(ready, 8) is ready
    for what in (structure, ready):
        with pytest.raises(ValueError, match="9 species in the trait, 8 in the covariance"):
            related(what, 9)


@given(st.integers(0, 2**32 - 1))
def test_matrix_and_tree_whiten_alike(seed):
    rng = np.random.default_rng(seed)
    structure, c = shuffled(random_tree(rng, 9), rng)
    x = rng.normal(size=(9, 2))
    for lam in (0.0, 0.7, 1.0):
        a, b = related(structure, 9).whiten(x, lam), related(c, 9).whiten(x, lam)
        assert a.T @ a == pytest.approx(b.T @ b, rel=1e-8)
    (za, da), (zb, db) = (ready.whitened(x, LAMBDAS) for ready in (related(structure, 9), related(c, 9)))
    assert da == pytest.approx(db, abs=1e-8)
    assert za.transpose(0, 2, 1) @ za == pytest.approx(zb.transpose(0, 2, 1) @ zb, rel=1e-7)
