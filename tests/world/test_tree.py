"""The tree: dated, balanced among plans, cut into nested ranks; its growth has the moments of a birth–death
process.
"""

import itertools

import numpy as np
import pytest

from embedlab.world.tree import EXTINCTION, birth_death, grow, ranks


@pytest.mark.parametrize("n", [8, 9, 60, 256])
def test_a_tree_is_ultrametric_binary_and_complete(n):
    growth = grow(np.random.default_rng(n), n)
    assert len(growth.tips) == n and len(growth.parent) == 2 * n - 1
    assert (growth.time[growth.tips] == 1).all() and growth.time[0] == 0
    assert (growth.length[1:] > 0).all(), "no branch has length zero"
    assert (growth.parent[1:] < np.arange(1, len(growth.parent))).all()
    assert np.bincount(growth.parent[1:]).max() == 2
    counts = np.bincount(growth.plan)
    assert counts.max() - counts.min() <= 1


def test_ranks_nest_from_genus_to_kingdom():
    for seed in range(20):
        found = ranks(grow(np.random.default_rng(seed), 90))
        order = ["genus", "family", "order", "class", "phylum", "kingdom"]
        for low, high in itertools.pairwise(order):
            for group in np.unique(found[low]):
                assert len(np.unique(found[high][found[low] == group])) == 1, (seed, low, high)
        sizes = [len(np.unique(found[rank])) for rank in order]
        assert sizes == sorted(sizes, reverse=True) and sizes[-3:] == [4, 2, 1]


def test_groups_are_clades():
    growth = grow(np.random.default_rng(0), 60)
    for group in np.unique(ranks(growth)["family"]):
        members = np.flatnonzero(ranks(growth)["family"] == group)
        # in preorder the tips of a clade stand side by side
        assert (np.diff(members) == 1).all()


def test_waiting_times_shrink_as_lineages_multiply():
    # Without extinction the time spent with k lineages has mean 1/(k λ): the ratio of the last two stretches
    # is known. With extinction 0.3 pruned trees keep the order of these means; here the loosest consequence
    # is asserted.
    rng = np.random.default_rng(5)
    early, late = [], []
    for _ in range(60):
        parent, time = birth_death(rng, 16)
        tip = np.ones(len(parent), bool)
        tip[parent[1:]] = False
        splits = np.sort(time[~tip])
        early.append(splits[1] - splits[0])
        late.append(splits[-1] - splits[-2])
    assert np.mean(early) > 2 * np.mean(late)
    assert 0 < EXTINCTION < 1


def test_too_few_species_are_refused():
    with pytest.raises(ValueError, match="at least 8"):
        grow(np.random.default_rng(0), 7)
