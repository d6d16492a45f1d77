"""With a tree the interval is that of the process; what the tree lacks is unrelated, and said."""

import numpy as np
import pytest

from embedlab.data.evolution import brownian_traits, random_tree
from embedlab.data.synthetic import dimorphic_birds
from embedlab.measures.neighbours import LEAST_TAXA, nearest, neighbour_agreement
from embedlab.measures.orthogonality import orthogonality
from embedlab.measures.over_species import over_species
from embedlab.measures.phylogeny import phylogeny
from embedlab.measures.separation import separation
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.tree.comparative import effective_species
from embedlab.stats.tree.kinship import phylogenetic_ratio
from embedlab.stats.vectors import squared_distances


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


SEX = ("sex", "female", "male")


@pytest.fixture
def birds(rng):
    emb = dimorphic_birds(rng, species=9, per_cell=6, d=24)
    tree = random_tree(rng, 9, names=sorted(set(emb.column("species"))))
    return emb, tree


@pytest.mark.parametrize("measure", [separation, orthogonality])
def test_measures_take_a_tree_for_their_interval_alone(birds, measure):
    emb, tree = birds
    plain = measure(emb, SEX, permutations=19, rng=3).evidence
    found = measure(emb, SEX, tree=tree, permutations=19, rng=3)
    there = found.evidence
    assert there.estimate == plain.estimate and (there.null == plain.null).all() and there.p_more == plain.p_more
    assert there.n == plain.n == plain.n_effective == 9
    assert there.n_effective == pytest.approx(effective_species(tree.covariance(list(found.species))))
    assert there.interval != plain.interval and there.interval[0] < there.estimate < there.interval[1]
    lacking = measure(emb, SEX, tree=tree.prune(tree.names[:7]), permutations=19, rng=3)
    assert any("2 species are not in the tree" in line for line in lacking.left_out)


def test_separation_says_what_its_interval_is_for(birds):
    emb, tree = birds
    assert "resampling species" in separation(emb, SEX, permutations=9, rng=1).caption
    assert "may follow the tree of 9 tips" in separation(emb, SEX, tree=tree, permutations=9, rng=1).caption


def test_the_interval_of_a_rank_resamples_its_taxa():
    """Genera that are found or missed as one: families are drawn where there are enough, their genera where not."""
    from tests.calibration.worlds_intervals import families

    for n, drawn in ((LEAST_TAXA + 8, "family"), (LEAST_TAXA - 1, "genus")):
        emb = families(np.random.default_rng(5), n, 5)
        found = neighbour_agreement(emb, ("family", "genus"), permutations=9, rng=2).evidence["family"].interval
        family, genus = emb.codes("family")[0], emb.codes("genus")[0]
        hit = family == family[nearest(emb.unit().float64(), genus)]
        ends = {}
        for rank, codes in (("family", family), ("genus", genus)):
            ends[rank] = bootstrap_ratio(np.bincount(codes, hit), np.bincount(codes), rng=fresh())
        off = {rank: np.abs(np.subtract(found, end)).max() for rank, end in ends.items()}
        assert off[drawn] < 0.06 and min(off, key=off.get) == drawn


def test_the_interval_of_distances_is_that_of_pairs(rng):
    from embedlab.data.synthetic import traits_in_space
    from embedlab.stats.bootstrap import pair_correlation

    tree = random_tree(rng, 14)
    emb = traits_in_space(rng, tree, rng.normal(size=14), share=0.0)
    found = phylogeny(emb, tree, permutations=9, rng=1)
    means = emb.unit().per_species("species")
    near = np.sqrt(squared_distances(means.means))
    far = tree.distances(list(means.names))
    assert found.evidence.interval == pytest.approx(pair_correlation(near, far, rng=np.random.default_rng(0)), abs=0.06)
