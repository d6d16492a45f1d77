"""With a tree the interval is that of the process; what the tree lacks is unrelated, and said."""

import numpy as np
import pytest

from embedlab.data.evolution import brownian_traits, random_tree
from embedlab.measures.over_species import over_species
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.comparative import effective_species
from embedlab.stats.kinship import phylogenetic_ratio


@pytest.fixture
def world(rng):
    tree = random_tree(rng, 20)
    return tree, 1 + brownian_traits(rng, tree)[:, 0], rng.gamma(9.0, size=20)


def fresh():
    return np.random.default_rng(4)


def test_without_a_tree_species_are_a_sample(world):
    tree, parts, totals = world
    interval, n, remarks = over_species(parts, totals, tree.names, rng=fresh())
    assert interval == bootstrap_ratio(parts, totals, rng=fresh()) and n == 20 and remarks == []


def test_with_a_tree_they_are_what_a_process_made(world):
    tree, parts, totals = world
    c = tree.covariance(tree.names)
    interval, n, remarks = over_species(parts, totals, tree.names, tree, rng=fresh())
    assert interval == pytest.approx(phylogenetic_ratio(parts, totals, c, rng=fresh()), rel=1e-9)
    assert n == pytest.approx(effective_species(c)) and n < 20 and remarks == []


def test_order_of_the_species_is_that_of_the_parts_not_of_the_tips(world):
    tree, parts, totals = world
    turn = np.random.default_rng(0).permutation(20)
    names = [tree.names[i] for i in turn]
    one, n, _ = over_species(parts, totals, tree.names, tree, rng=fresh())
    other, m, _ = over_species(parts[turn], totals[turn], names, tree, rng=fresh())
    assert m == pytest.approx(n) and other == pytest.approx(one, rel=0.3)
    wrong, _, _ = over_species(parts[turn], totals[turn], tree.names, tree, rng=fresh())
    assert np.diff(wrong) < np.diff(other)  # shuffled over the tips, the effects follow no tree


def test_what_the_tree_lacks_is_unrelated_and_said(world):
    tree, parts, totals = world
    names = [*tree.names[:18], "Nemo nullus", "Nemo alter"]
    interval, n, remarks = over_species(parts, totals, names, tree, rng=fresh())
    assert "2 species are not in the tree" in remarks[0] and "Nemo nullus" in remarks[0]
    assert n == pytest.approx(effective_species(tree.covariance(names[:18])) + 2, rel=0.15)
    assert np.isfinite(interval).all()
    interval, n, remarks = over_species(parts, totals, [f"Nemo {i}" for i in range(20)], tree, rng=fresh())
    assert n == 20 and "0 of 20 species" in remarks[0] and interval == bootstrap_ratio(parts, totals, rng=fresh())
