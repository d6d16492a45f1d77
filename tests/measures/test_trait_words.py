"""What trait alignment says, and when it says that it cannot tell: in words that stand when a sentence is copied."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim, judge
from embedlab.data import Taxonomy, Traits, Tree
from embedlab.data.synthetic import brownian_traits, random_tree, traits_in_space
from embedlab.measures.placebo import Beside, forecast_words
from embedlab.measures.trait_alignment import trait_alignment

CLAIM = Claim(id="a", says="Aligned.", source="-", at_least=0.005)


def word(result):
    return judge([CLAIM], {"a": result.evidence})[0].word


def world(seed, n=24, share=0.3, **more):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    size = brownian_traits(rng, tree)[:, 0]
    return traits_in_space(rng, tree, size, share=share, **more), column(tree.names, size), tree


def column(names, values):
    return Traits(pl.DataFrame({"species": list(names), "size": list(values)}))["size"]


def test_ranks_in_place_of_a_tree_cannot_tell():
    emb, size, tree = world(0, n=40, share=0.5)
    assert word(trait_alignment(emb, size, tree, permutations=199, rng=0)) == "supported"
    genus = [name.split()[0] for name in tree.names]
    ranks = Tree.from_taxonomy(Taxonomy.from_rows(pl.DataFrame({"species": tree.names, "genus": genus})))
    assert ranks.of_ranks and ranks.prune(tree.names[:9]).of_ranks and not tree.of_ranks
    found = trait_alignment(emb, size, ranks, permutations=199, rng=0)
    assert word(found) == "cannot tell" and found.evidence.p_more == 1 / 200
    assert "21 to 35 % of empty worlds" in str(found) and "--tree FILE" in str(found)  # a copied sentence keeps it
    assert "where chance gives (" in str(found) and "more than" not in str(found)


def test_residuals_at_the_lambda_of_the_model_cannot_tell():
    emb, size, tree = world(0, n=40, share=0.5)
    found = trait_alignment(emb, size, tree, lam="full", null="rrpp", permutations=199, rng=0)
    assert word(found) == "cannot tell" and "10 to 22 % false alarms" in str(found)


def test_without_power_a_negative_cannot_tell():
    emb, size, tree = world(2, n=12, share=0.0, noise=3.0)
    found = trait_alignment(emb, size, tree, placebos=20, permutations=99, rng=0)
    assert np.isnan(found.beside.smallest) and found.evidence.p_more > 0.05
    assert word(found) == "cannot tell" and found.evidence.blind.startswith("not even a direction of the space itself")
    assert found.beside.topics["smallest share that would have been seen with 80 % power"] == "none"


def test_the_sentence_says_how_much_descent_was_taken_out():
    emb, size, tree = world(3)
    assert "once descent is taken out" in str(trait_alignment(emb, size, tree, permutations=19, rng=0))
    none = trait_alignment(emb, size, tree, lam=0.0, null="rrpp", permutations=19, rng=0)
    assert "with no descent to take out" in str(none)
    assert none.n_effective == pytest.approx(24) and "worth" not in str(none)
    assert "with descent left in" in str(trait_alignment(emb, size, tree, null="free", permutations=19, rng=0))
    whole = trait_alignment(emb, size, tree, lam=1.0, permutations=19, rng=0)
    assert whole.n_effective < 12 and f"24 species (worth {whole.n_effective:.1f} unrelated ones)" in str(whole)


def test_a_p_value_stands_beside_its_own_chance():
    said = 0
    for seed in range(30, 40):
        emb, size, tree = world(seed, share=0.02)
        found = trait_alignment(emb, size, tree, permutations=99, rng=0)
        own = (np.sum(found.evidence.null >= found.evidence.estimate - 1e-12) + 1) / 100
        assert f"; p = {own:.2g}, " in str(found)
        if f"{found.evidence.p_more:.2g}" != f"{own:.2g}":
            said += 1
            assert f"but {found.evidence.p_more:.2g} with contrasts of sister clades turned round, which" in str(found)
        else:
            assert "turned round" not in str(found)
    assert 0 < said < 10


def test_a_result_at_the_prompt_is_its_sentence():
    emb, size, tree = world(6)
    found = trait_alignment(emb, size, tree, permutations=9, rng=0)
    assert repr(found) == f"TraitAlignment: {found}" and "array(" not in repr(found)


def test_vectors_without_weight_in_a_forecast_have_no_interval():
    told = dict(clades=8, tree_alone=0.15, null=np.linspace(-0.2, 0.1, 99), p_value=0.66, interval=(0.0, 0.0))
    words = forecast_words(SimpleNamespace(**told, statistic=0.0, with_embedding=0.15, weight=0.0))
    assert "give the vectors no weight beside the tree (R² 0.15 either way" in words and "[" not in words
    assert "[0.00, 0.00]" in forecast_words(SimpleNamespace(**told, statistic=0.0, with_embedding=0.15, weight=0.1))
    assert Beside().sentences == ()


def test_what_is_no_trait_is_told_from_one():
    emb, size, tree = world(4)
    table = Traits(pl.DataFrame({"species": tree.names, "size": list(size.values)}))
    for wrong in ("size", table, np.arange(24.0)):
        with pytest.raises(TypeError, match=r"a trait is one column, as in el\.Traits\.read\(FILE\)\['Mass'\]; saw "):
            trait_alignment(emb, wrong, tree, permutations=9, rng=0)


def test_a_trait_of_which_one_kind_is_left_names_the_others():
    emb, _, tree = world(5)
    rare = ["yes"] * 2 + ["no"] * 22
    why = r"size: the trait is the same .*, 22 of 'no': nothing .* \(2 species of kinds with fewer than 3 \(yes\)\)"
    with pytest.raises(ValueError, match=why):
        trait_alignment(emb, column(tree.names, rare), tree, permutations=9, rng=0)
