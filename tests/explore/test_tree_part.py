"""The tree beside the map: the page's names, all path lengths kept, smaller clades first."""

import numpy as np
import pytest

from embedlab.data import Tree
from embedlab.data.evolution import random_tree
from embedlab.explore.tree_part import MOST_TIPS, ladder, tree_part


def rebuilt(part) -> Tree:
    parent = np.array(part["parent"])
    inner = set(parent.tolist())
    names = iter(part["tips"])
    labels = [part["label"][i] if i in inner else next(names) for i in range(len(parent))]
    return Tree(parent, np.array(part["length"]), labels)


def test_distances_between_tips_stay():
    tree = random_tree(np.random.default_rng(3), 40)
    asked = tree.names[::3]
    part = tree_part(tree, [*asked, *asked, None])
    assert sorted(part["tips"]) == sorted(asked) and part["matched"] == "14 of 14 species have a tip in the tree"
    assert rebuilt(part).distances(asked) == pytest.approx(tree.distances(asked), rel=1e-5)  # six digits are kept
    assert part["unit"] == "branch lengths" and not part["ranks"]


def test_smaller_clades_come_first_in_preorder():
    tree = random_tree(np.random.default_rng(4), 60)
    part = tree_part(tree, tree.names)
    parent = np.array(part["parent"])
    assert (parent[1:] < np.arange(1, len(parent))).all() and parent[0] == -1
    size = np.ones(len(parent), int)
    size[np.unique(parent[1:])] = 0
    for node in range(len(parent) - 1, 0, -1):
        size[parent[node]] += size[node]
    for node in np.unique(parent[1:]):
        below = np.flatnonzero(parent == node)
        assert (np.diff(size[below]) >= 0).all()
        assert below[0] == node + 1, "preorder: the first child follows its parent"


def test_the_pages_own_names_stand_at_the_tips():
    tree = Tree.parse("((Parus_major:1,Corvus_corax:1)Passeriformes:1,Picus_viridis:2);")
    part = tree_part(tree, ["Parus major", "Corvus corax", "Picus viridis", "Homo sapiens"])
    assert part["tips"] == ["Picus viridis", "Parus major", "Corvus corax"]
    assert part["label"] == [None, None, "Passeriformes", None, None]
    assert part["missing"] == ["Homo sapiens"] and "not Homo sapiens" in part["matched"]


def test_a_tree_without_lengths_is_drawn_and_says_so():
    part = tree_part(Tree.parse("((a,b),c);"), ["a", "b", "c"])
    assert part["length"][0] == 0 and set(part["length"][1:]) == {1.0}
    assert part["unit"].startswith("branches of one length")


def test_nothing_to_draw_gives_none(monkeypatch):
    tree = Tree.parse("((a:1,b:1):1,c:2);")
    assert tree_part(tree, ["a", "z"]) is None and tree_part(tree, []) is None
    assert MOST_TIPS >= 1000
    monkeypatch.setattr("embedlab.explore.tree_part.MOST_TIPS", 2)
    assert tree_part(tree, ["a", "b", "c"]) is None


def test_a_comb_is_no_problem_of_depth():
    n = 3000
    parent = np.array([-1, *[2 * (i // 2) for i in range(2 * n - 2)]])
    parent = np.maximum.accumulate(parent)
    assert len(ladder(parent)) == len(parent)
