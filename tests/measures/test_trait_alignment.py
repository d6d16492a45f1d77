"""Trait alignment: found where planted beyond descent, not where descent alone is; joins by name, said."""

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim, judge
from embedlab.data import Embeddings, Traits
from embedlab.data.synthetic import brownian_traits, discrete_trait, random_tree, traits_in_space
from embedlab.data.tree import Tree
from embedlab.measures.trait_alignment import trait_alignment
from embedlab.stats.alignment import aligned_beyond_phylogeny

CLAIM = Claim(id="a", says="Aligned.", source="-", at_least=0.005)


def word(result):
    return judge([CLAIM], {"a": result.evidence})[0].word


def world(seed, n=24, share=0.3, lam=1.0, **more):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    trait = brownian_traits(rng, tree, lam=lam)[:, 0]
    return traits_in_space(rng, tree, trait, share=share, **more), table(tree.names, trait), tree


def table(names, values, kind=None):
    rows = pl.DataFrame({"species": list(names), "size": pl.Series(list(values))})
    return Traits(rows, {"size": kind} if kind else None)


def test_planted_is_found_and_absent_is_not():
    for seed in range(4):
        emb, traits, tree = world(seed, n=40, share=0.4)
        found = trait_alignment(emb, traits["size"], tree, permutations=199, rng=0)
        assert word(found) == "supported" and found.evidence.p_more == 1 / 200
        assert np.corrcoef(found.axis, found.value)[0, 1] > 0.8  # and not −0.8: positions rise with the trait
        emb, traits, tree = world(seed, n=40, share=0.0)
        assert word(trait_alignment(emb, traits["size"], tree, permutations=199, rng=0)) != "supported"


def test_it_is_the_regression_of_species_means_of_unit_vectors():
    emb, traits, tree = world(4)
    found = trait_alignment(emb, traits["size"], tree, permutations=19, rng=1)
    means = emb.unit().per_species()
    order = [tree.names.index(s) for s in means.names]
    value = traits.rows["size"].to_numpy()[order]
    peer = aligned_beyond_phylogeny(means.means, value, tree.covariance(means.names), permutations=19,
                                    rng=np.random.default_rng(1))  # fmt: skip
    assert found.evidence.estimate == peer.statistic and found.lam == peer.lam
    assert found.parts[0].mean() == pytest.approx(peer.pseudo.mean())


def test_rows_and_tips_are_joined_by_name_whatever_their_order(rng):
    emb, traits, tree = world(5)
    base = trait_alignment(emb, traits["size"], tree, permutations=19, rng=1)
    shuffled = Traits(traits.rows[rng.permutation(24).tolist()])
    again = trait_alignment(emb.take(rng.permutation(emb.n)), shuffled["size"], tree, permutations=19, rng=1)
    assert again.evidence.estimate == pytest.approx(base.evidence.estimate, abs=1e-9)
    assert again.species == base.species


def test_kinds_and_rare_kinds(rng):
    tree = random_tree(rng, 30)
    kinds = np.array(["forest", "desert", "sea"])[discrete_trait(rng, tree, 3, rate=3.0)]
    kinds[:2] = "cave"
    emb = traits_in_space(rng, tree, (kinds == "forest").astype(float), share=0.4)
    found = trait_alignment(emb, table(tree.names, kinds)["size"], tree, permutations=199, rng=0)
    assert found.kind == "categorical" and word(found) == "supported"
    assert "2 species of kinds with fewer than 3 (cave)" in found.left_out and len(found.species) == 28


def test_positive_numbers_over_a_factor_of_ten_are_logged(rng):
    emb, traits, tree = world(6)
    mass = traits.rows.with_columns(size=10.0 ** (2 * pl.col("size")))
    found = trait_alignment(emb, Traits(mass)["size"], tree, permutations=19, rng=0)
    assert found.trait == "log10 size" and np.ptp(found.value) > 1
    plain = trait_alignment(emb, traits["size"], tree, permutations=19, rng=0)
    assert plain.trait == "size"
    assert found.evidence.estimate == pytest.approx(plain.evidence.estimate, abs=1e-6)  # log undoes the power


def test_who_is_missing_is_named(rng):
    emb, traits, tree = world(7)
    names = tree.names
    values = traits.rows["size"].to_list()
    values[0], values[1] = None, float("nan")
    few = tree.prune(names[:20])
    rows = emb.rows.with_columns(
        pl.Series("species", [None if i == 95 else s for i, s in enumerate(emb.column("species"))])
    )
    found = trait_alignment(Embeddings(emb.x, rows, {}), table(names, values)["size"], few, permutations=9, rng=0)
    assert len(found.species) == 18 and not {names[0], names[1], names[22]} & set(found.species)
    assert found.left_out[:2] == ("1 images without species", "2 species without a value of size")
    assert found.left_out[2].startswith("4 species not in the tree: ") and names[20] in found.left_out[2]


def test_synonyms_are_resolved_and_said(rng):
    name, other = "Bubulcus ibis", "Ardea ibis"  # stands in the committed table of synonyms
    emb, traits, tree = world(8)
    first = tree.names[0]
    tree = tree.rename({first: other})
    rows = emb.rows.with_columns(pl.col("species").replace({first: name}))
    values = traits.rows.with_columns(pl.col("species").replace({first: name}))
    found = trait_alignment(Embeddings(emb.x, rows, {}), Traits(values)["size"], tree, permutations=9, rng=0)
    assert len(found.species) == 24
    assert f"found in the tree under another name: {name} as {other}" in found.left_out


def test_too_few_species_are_refused_with_the_reason():
    emb, traits, tree = world(9)
    with pytest.raises(ValueError, match=r"size: 7 species have a vector, a value and a tip in the tree; at least 8"):
        trait_alignment(emb, traits["size"], tree.prune(tree.names[:7]), permutations=9, rng=0)


def test_a_constant_trait_is_refused(rng):
    emb, _, tree = world(10)
    for same, kind in (([3.0] * 24, "numeric"), (["forest"] * 24, "categorical")):
        with pytest.raises(ValueError, match="the trait is the same in all species"):
            trait_alignment(emb, table(tree.names, same, kind)["size"], tree, permutations=9, rng=0)


def test_reliability_is_given_or_said_to_be_unknown():
    emb, traits, tree = world(11, per_species=6)
    repeated = trait_alignment(emb, traits["size"], tree, permutations=9, rng=0)
    assert 0.5 < repeated.reliability <= 1 and "from 24 species with two images or more" in repeated.reliability_note
    emb, traits, tree = world(11, per_species=1)
    single = trait_alignment(emb, traits["size"], tree, permutations=9, rng=0)
    assert np.isnan(single.reliability)
    assert single.reliability_note == "reliability cannot be estimated for the 24 species with one image"


def test_reliability_holds_where_there_are_as_many_dimensions_as_species():
    """A direction solved from the positions passes through every species there, and then nothing is reliable."""
    rng = np.random.default_rng(3)
    tree, n, d, each = random_tree(rng, 64), 64, 64, 6
    size = brownian_traits(rng, tree)[:, 0]
    along, far = np.linalg.qr(rng.standard_normal((d, 2)))[0].T
    means = 8 * far + np.outer(0.6 * size, along) + brownian_traits(rng, tree, d) / np.sqrt(d)
    x = np.repeat(means, each, axis=0) + 0.3 * rng.standard_normal((n * each, d))
    rows = {"image_id": [str(i) for i in range(n * each)], "species": np.repeat(tree.names, each).tolist()}
    found = trait_alignment(Embeddings(x, rows, {}), table(tree.names, size)["size"], tree, permutations=9, rng=0)
    assert found.reliability > 0.7  # .94 is that of positions along the planted direction


def test_reliability_is_that_of_a_mean_of_all_images():
    """Two halves of one image each agree less than means of two do: Spearman and Brown's step makes up for it."""
    rng = np.random.default_rng(0)
    tree = random_tree(rng, 200)
    size = rng.normal(size=200)
    along = np.repeat(size, 2) + 0.5 * rng.normal(size=400)
    x = np.column_stack([np.full(400, 100.0), along])  # so far out that scaling to length 1 changes next to nothing
    rows = pl.DataFrame({"image_id": [str(i) for i in range(400)], "species": np.repeat(tree.names, 2).tolist()})
    found = trait_alignment(Embeddings(x, rows, {}), table(tree.names, size)["size"], tree, permutations=9, rng=0)
    assert found.reliability == pytest.approx(1 / (1 + 0.25 / 2), abs=0.03)  # .89; that of halves would be .80


def test_images_of_one_species_are_not_counted_as_evidence():
    """Forty photographs of each species do not make more species."""
    emb, traits, tree = world(12, share=0.0, per_species=40, noise=0.1)
    found = trait_alignment(emb, traits["size"], tree, permutations=99, rng=0)
    assert found.evidence.n == 24 and found.evidence.n_effective < 24 and word(found) != "supported"


def test_polytomies_and_tips_at_distance_zero(rng):
    names = list("abcdefghij")
    tree = Tree.parse("((a:0,b:0):1,(c:1,d:1):0,e:1,f:1,(g:.5,h:.5,i:.5):.5,j:1);")
    x = rng.normal(size=(20, 6)).astype(np.float32)
    emb = Embeddings(x, pl.DataFrame({"image_id": [str(i) for i in range(20)], "species": names * 2}), {})
    found = trait_alignment(emb, table(names, rng.normal(size=10))["size"], tree, permutations=19, rng=0)
    assert np.isfinite(found.evidence.estimate) and 0 < found.evidence.p_more <= 1


def test_the_same_seed_gives_the_same_bits():
    emb, traits, tree = world(13)
    one, again = (trait_alignment(emb, traits["size"], tree, permutations=29, rng=2) for _ in range(2))
    assert (one.evidence.null == again.evidence.null).all() and one.reliability == again.reliability


def test_results_say_what_they_are():
    emb, traits, tree = world(14)
    found = trait_alignment(emb, traits["size"], tree, permutations=99, rng=0)
    assert str(found).startswith("size: ") and "once descent is taken out" in str(found) and "λ = " in str(found)
    assert "residuals permuted 99 times (RRPP)" in found.caption and "effective number" in found.caption
    assert found.table().columns == ["species", "size", "position"] and found.table().height == 24
