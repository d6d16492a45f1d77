"""The first calls of a comparative biologist: what is handed in wrongly is told, and what comes out is short."""

import numpy as np
import pytest

import embedlab.stats as S
from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.stats.shown import Shown


@pytest.fixture
def tree(rng):
    return random_tree(rng, 12)


CALLS = {
    "pagel_lambda": lambda x, tree, rng: S.pagel_lambda(x[:, 0], tree),
    "k_mult": lambda x, tree, rng: S.k_mult(x, tree, permutations=9, rng=rng),
    "blomberg_k": lambda x, tree, rng: S.blomberg_k(x[:, 0], tree, permutations=9, rng=rng),
    "effective_species": lambda x, tree, rng: S.effective_species(tree),
    "aligned": lambda x, tree, rng: S.aligned_beyond_phylogeny(x, x[:, 0], tree, permutations=9, rng=rng),
    "agreement": lambda x, tree, rng: S.agreement_beyond_tree(x, x, tree, permutations=9, rng=rng),
    "pgls": lambda x, tree, rng: S.pgls(x[:, 0], x[:, 1], tree),
    "simulate": lambda x, tree, rng: S.simulate(tree, rng),
    "triplets": lambda x, tree, rng: S.triplet_agreement(S.squared_distances(x), tree, permutations=9, rng=rng),
    "robinson_foulds": lambda x, tree, rng: S.robinson_foulds(tree, tree, rooted=True),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_whole_tree_is_told_from_a_covariance(name, tree, rng):
    x = brownian_traits(rng, tree, 4)
    with pytest.raises(TypeError, match=r"hand in tree\.structure\(names\) or tree\.covariance\(names\)"):
        CALLS[name](x, tree, rng)
    if name != "robinson_foulds":
        CALLS[name](x, tree.structure(tree.names), rng)


def test_other_things_in_the_wrong_place(tree, rng):
    x = brownian_traits(rng, tree, 4)
    with pytest.raises(TypeError, match="trait must be numbers; saw TreeStructure: are the arguments in order"):
        S.pagel_lambda(tree.structure(tree.names), x[:, 0])
    with pytest.raises(ValueError, match=r"are these distances\? tree\.covariance\(names\) gives"):
        S.pagel_lambda(x[:, 0], tree.distances(tree.names))
    with pytest.raises(ValueError, match=r"of vectors, squared_distances\(x\) \*\* 0.5 makes one"):
        S.mantel(x, x, rng=rng)
    with pytest.raises(ValueError, match="squareform"):
        S.mantel(np.ones(66), np.ones(66), rng=rng)
    assert S.fit_evolution(x[:, 0], tree.structure(tree.names), model="BM").model == "bm"


def test_a_result_at_the_prompt_is_one_line(tree, rng):
    x, structure = brownian_traits(rng, tree, 4), tree.structure(tree.names)
    far = np.sqrt(S.squared_distances(x))
    for found in (
        S.mantel(far, tree.distances(tree.names), permutations=999, rng=rng),
        S.aligned_beyond_phylogeny(x, x[:, 0], structure, permutations=99, rng=rng),
        S.k_mult(x, structure, permutations=999, rng=rng),
        S.permanova(far, list("aaaabbbbcccc"), permutations=999, rng=rng),
        S.protest(x, x, permutations=99, rng=rng),
    ):
        text = repr(found)
        assert isinstance(found, Shown) and len(text) < 400 and "\n" not in text and "values, 95 % within " in text
        assert f"statistic={found.statistic:.4g}" in text
