"""What newcomers put where a tree belongs: every verb that takes one says what reads it."""

import numpy as np
import pytest

import embedlab as el
from embedlab.data.synthetic import nothing


@pytest.mark.parametrize("ask", [
    lambda birds, tree: el.phylogeny(birds, tree, rng=0),
    lambda birds, tree: el.hierarchy(birds, tree, rng=0),
    lambda birds, tree: el.recognition(birds, shots=1, tree=tree, permutations=9, episodes=2, rng=0),
    lambda birds, tree: el.trait_alignment(
        birds, el.Traits({"species": birds.per_species().names, "mass": range(12)})["mass"], tree, rng=0),
    lambda birds, tree: el.agreement(birds, birds, tree=tree, rng=0),
    lambda birds, tree: el.agreements([birds, birds, birds], tree=tree, rng=0),
])  # fmt: skip
def test_the_path_of_a_tree_is_told_what_reads_it(ask):
    birds = nothing(np.random.default_rng(0), species=12, per_species=4, d=8)
    with pytest.raises(TypeError, match=r"a tree is what el.Tree.read\(FILE\) gives; saw 'birds.nwk', a str"):
        ask(birds, "birds.nwk")
