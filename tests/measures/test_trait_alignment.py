"""Trait alignment: found where planted beyond descent, not where descent alone is; joins by name, said."""

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim, judge
from embedlab.data import Embeddings, Traits
from embedlab.data.synthetic import brownian_traits, discrete_trait, random_tree, traits_in_space
from embedlab.data.tree import Tree
from embedlab.measures.trait_alignment import trait_alignment
from embedlab.measures.trait_family import family_wise
from embedlab.stats.trait.alignment import aligned_beyond_phylogeny
from embedlab.stats.vectors import unit_rows

CLAIM = Claim(id="a", says="Aligned.", source="-", at_least=0.005)


def word(result):
    return judge([CLAIM], {"a": result.evidence})[0].word


TURNED = "where clades may evolve at rates of their own (contrasts turned round)"


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
    peer = aligned_beyond_phylogeny(unit_rows(means.means), value, tree.structure(means.names), permutations=19,
                                    lam="full", null="lambda", rng=np.random.default_rng(1))  # fmt: skip
    assert found.evidence.estimate == peer.statistic and found.lam == peer.lam
    assert (found.evidence.null == peer.null).all() and found.evidence.p_more == peer.p_value
    assert found.parts[0].mean() == pytest.approx(peer.pseudo.mean())
    assert found.null == "lambda" and found.lam_of == "the full model"


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
    assert (
        "traits that evolved anew on the tree, at the λ of this one, 99 times" in found.caption
        and "effective number" in found.caption
        and f"at λ = {found.lam:.2f} (the full model)" in found.caption
    )
    assert found.table().columns == ["species", "size", "position"] and found.table().height == 24


def test_a_placebo_panel_stands_beside_the_result_and_moves_nothing():
    emb, traits, tree = world(15)
    ask = dict(permutations=99, rng=0)
    bare = trait_alignment(emb, traits["size"], tree, **ask)
    found = trait_alignment(emb, traits["size"], tree, placebos=40, further=True, **ask)
    assert (found.evidence.null == bare.evidence.null).all() and found.reliability == bare.reliability
    panel = found.beside.placebo
    assert f"of placebo traits {panel.rate:.1%} (" in str(found) and str(panel)[3:] in found.caption
    assert "forecasts of " in str(found) and "ΔR² = " in str(found)
    what = found.beside.rows()["what"].to_list()
    assert what[:1] == ["placebo traits called aligned"] and "ΔR²" in what
    assert "adjusted share: trait alone" in what and "adjusted share at rank genus" in what
    assert "adjusted share at λ of the trait, residuals permuted" in what
    assert any(line.startswith("by rank, each within the one above: genus ") for line in found.beside.sentences)
    assert bare.beside is None and not bare.uncalibrated


def test_an_uncalibrated_test_supports_nothing():
    emb, traits, tree = world(16, n=40, share=0.4)
    naive = trait_alignment(emb, traits["size"], tree, null="free", permutations=99, placebos=60, rng=0)
    assert naive.uncalibrated and str(naive).startswith("UNCALIBRATED: size: ")
    assert naive.evidence.cannot_tell.startswith("UNCALIBRATED: of placebo traits ") and word(naive) == "cannot tell"
    assert "permuted as if unrelated" in str(naive) and "Warning: species were permuted" in naive.caption
    unasked = trait_alignment(emb, traits["size"], tree, null="free", permutations=99, rng=0)
    assert word(unasked) == "cannot tell" and "permuted as if unrelated" in unasked.evidence.cannot_tell


def test_covariates_by_name_are_those_of_the_species():
    emb, traits, tree = world(17)
    rng = np.random.default_rng(0)
    keep = np.flatnonzero(rng.random(emb.n) < 0.7)
    light = rng.normal(size=emb.n)
    rows = emb.rows.with_columns(light=pl.Series(light), site=pl.Series(rng.choice(list("xyz"), emb.n)))
    some = Embeddings(emb.x, rows, {}).take(keep)
    depth = table(tree.names, rng.normal(size=24))["size"]
    found = trait_alignment(some, traits["size"], tree, covariates=("images", "light", "site", depth), permutations=19,
                            further=True, rng=1)  # fmt: skip
    assert found.covariates[:2] == ("log number of images", "light") and len(found.covariates) == 5
    assert found.covariates[-1] == "size" and found.covariates[2].startswith("site = ")
    assert "with log number of images, light" in str(found)
    means = some.unit().per_species()
    own = some.rows.group_by("species").agg(pl.col("light").mean(), pl.len(), *[
        (pl.col("site") == c).mean().alias(c) for c in "xyz"]).sort("species")  # fmt: skip
    common = some.rows["site"].value_counts(sort=True)["site"].to_list()
    site = [c for c in "xyz" if c != common[0]]
    at = [tree.names.index(s) for s in means.names]
    extra = np.column_stack([np.log(own["len"]), own["light"], *[own[c] for c in site], np.array(depth.values)[at]])
    value = traits.rows["size"].to_numpy()[at]
    peer = aligned_beyond_phylogeny(unit_rows(means.means), value, tree.covariance(means.names), covariates=extra,
                                    lam="full", null="lambda", permutations=19,
                                    rng=np.random.default_rng(1))  # fmt: skip
    assert found.evidence.estimate == pytest.approx(peer.statistic, abs=1e-6)
    assert [w for w, _, _ in found.beside.again] == ["at λ of the trait, residuals permuted", "without covariates",
                                                     TURNED]  # fmt: skip


def test_the_number_of_images_is_tried_as_a_covariate():
    emb, traits, tree = world(18)
    uneven = emb.take(np.arange(5, emb.n))
    found = trait_alignment(uneven, traits["size"], tree, permutations=19, further=True, rng=0)
    assert [w for w, _, _ in found.beside.again] == ["at λ of the trait, residuals permuted",
                                                     "with log number of images as covariate", TURNED]  # fmt: skip
    even = trait_alignment(emb, traits["size"], tree, covariates=("images",), permutations=19, rng=0)
    assert even.covariates == () and "covariate log number of images is the same in all species" in even.left_out


def test_a_species_without_a_covariate_is_left_out_and_named():
    emb, traits, tree = world(19)
    other = table(tree.names, [None, *np.arange(23.0)])["size"]
    found = trait_alignment(emb, traits["size"], tree, covariates=(other,), permutations=9, rng=0)
    assert len(found.species) == 23 and tree.names[0] not in found.species
    assert f"1 species without a value of a covariate ({tree.names[0]})" in found.left_out


def test_several_trees_give_median_and_range():
    emb, traits, tree = world(20)
    trees = [tree, tree.with_lengths(1.0), tree.with_lengths(tree.length**2)]
    found = trait_alignment(emb, traits["size"], trees, permutations=19, rng=0)
    each = [trait_alignment(emb, traits["size"], t, permutations=19, rng=0).adjusted for t in trees]
    assert found.adjusted == each[0] and found.beside.trees.values == pytest.approx(each, abs=1e-6)
    assert any(line.startswith("share over 3 trees: ") for line in found.beside.sentences)


def test_an_ordered_trait_is_taken_by_its_scores():
    emb, traits, tree = world(22)
    scores = np.digitize(traits.rows["size"].to_numpy(), [-1, 0, 1]) + 1
    found = trait_alignment(emb, table(tree.names, scores, "ordered")["size"], tree, permutations=9, rng=0)
    assert found.kind == "numeric" and set(found.value) <= {1.0, 2.0, 3.0, 4.0}


def test_all_traits_are_judged_on_the_same_permutations():
    emb, traits, tree = world(23, n=40, share=0.4)
    rng = np.random.default_rng(0)
    kinds = np.array(["a", "b"])[rng.integers(0, 2, 40)]
    columns = [traits["size"], Traits(pl.DataFrame({"species": tree.names, "kind": kinds}))["kind"]]
    adjusted, n = family_wise(emb, columns, tree, permutations=99, rng=rng)
    assert n == 40 and set(adjusted) == {"size", "kind"}
    assert adjusted["size"] == 1 / 100 and adjusted["kind"] > 0.05
    few = table(tree.names, [1.0, 2.0, 3.0] + [None] * 37)["size"]
    with pytest.raises(ValueError, match="size: 3 species have a vector"):
        family_wise(emb, [traits["size"], few], tree, permutations=9, rng=rng)
