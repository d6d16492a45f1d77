"""Axes find a planted direction, find nothing in noise, and place no image by its own species."""

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings
from embedlab.data.evolution import brownian_traits, random_tree
from embedlab.data.synthetic import dimorphic_birds
from embedlab.data.traits import TraitColumn
from embedlab.explore import axes
from embedlab.explore.axis_fit import contrast_positions, interval_of
from embedlab.explore.parts import parts_of
from embedlab.measures.trait_axis import trait_axis as measured


def planted(n=40, each=5, d=30, strength=1.0, seed=0):
    """Species whose vectors hold a trait along one direction; the trait is independent of all else."""
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    trait = brownian_traits(rng, tree)[:, 0]
    base = brownian_traits(rng, tree, d)
    base[:, 0] = strength * 3 * trait
    species = np.repeat(np.arange(n), each)
    x = base[species] + 0.5 * rng.normal(size=(n * each, d)) + 6 * np.eye(d)[1]
    rows = {"image_id": [f"i{j}" for j in range(n * each)], "species": [tree.names[s] for s in species]}
    column = TraitColumn("beak_depth", "numeric", list(tree.names), pl.Series(trait))
    return Embeddings(x.astype(np.float32), rows), column, tree


def test_a_trait_is_that_of_the_measure_in_the_pages_words():
    emb, trait, tree = planted()
    result = measured(emb, trait, tree, permutations=199, rng=1)
    axis = axes.trait_axis(emb, trait, tree, permutations=199, rng=1)
    assert axis == axes.of_result(result)
    assert axis["r"] == result.evidence.estimate > 0.6 and axis["p"] == result.evidence.p_more <= 0.01
    assert axis["chance"]["low"] < axis["chance"]["mean"] < axis["chance"]["high"] and not axis["cannot_tell"]
    assert axis["n"] == 40 and axis["images"] == 200 and axis["name"] == "beak depth"
    place = dict(zip(axis["species"], axis["position"], strict=True))
    of = {s: [v for v, i in zip(axis["values"], axis["image_id"], strict=True) if names[i] == s] for s in place
          for names in [dict(zip(emb.rows["image_id"], emb.rows["species"], strict=True))]}  # fmt: skip
    # images stand about the place of their species
    assert np.corrcoef([np.mean(of[s]) for s in place], list(place.values()))[0, 1] > 0.97


def test_without_a_tree_ranks_stand_in_and_it_cannot_tell():
    emb, trait, _ = planted(n=20, each=3)
    genus = [f"G{int(i[1:]) // 9}" for i in emb.rows["image_id"]]
    emb = Embeddings(emb.x, emb.rows.with_columns(pl.Series("genus", genus)), emb.card)
    axis = axes.trait_axis(emb, trait, permutations=99, rng=1)
    assert "ranks stand in" in axis["cannot_tell"] and "taxonomic ranks" in axis["how"]


def test_no_image_is_placed_by_its_own_species():
    emb, _, _ = planted(n=12, each=4)
    x, codes = emb.unit().float64(), emb.codes("species")[0]
    kinds = np.tile([0, 1], 24)
    first = contrast_positions(x, codes, kinds, 12)
    scale = first.direction @ first.direction
    x2 = x.copy()
    x2[(codes == 5) & (kinds == 1)] += 1.0  # the difference of species 5 alone changes
    again = contrast_positions(x2, codes, kinds, 12)
    same = (codes == 5) & (kinds == 0)
    other = (first.centred[same] @ (first.direction * 12 - difference(x, codes, kinds, 5)) / 11) / scale
    assert np.allclose(first.images[same], other)
    assert not np.allclose(first.images[codes != 5], again.images[codes != 5])


def difference(x, codes, kinds, s):
    return x[(codes == s) & (kinds == 1)].mean(axis=0) - x[(codes == s) & (kinds == 0)].mean(axis=0)


def test_a_contrast_is_found_within_species_and_not_in_nothing():
    birds = dimorphic_birds(np.random.default_rng(3), species=10, per_cell=8, noise=0.4)
    axis = axes.contrast_axis(birds, "sex", "male", "female", permutations=199, rng=1)
    assert axis["r"] > 0.8 and axis["low"] > 0.6 and axis["p"] == 0.005 and axis["n"] == 10
    sex = np.array(birds.rows["sex"].to_list())
    values = np.array(axis["values"])
    # half a mean difference to either side, by a direction that other species agree upon
    assert 0.3 < values[sex == "male"].mean() < 0.6 and -0.6 < values[sex == "female"].mean() < -0.3
    called = []
    for seed in range(60):
        birds = dimorphic_birds(np.random.default_rng(seed), species=6, per_cell=4, d=12, size=1e-6)
        called.append(axes.contrast_axis(birds, "sex", "male", "female", permutations=39, rng=seed)["p"] <= 0.05)
    assert np.mean(called) <= 0.15


def test_the_interval_draws_species_again():
    """Whole species agree or do not: an interval over images would be far too short."""
    rng = np.random.default_rng(6)
    hits = []
    for _ in range(150):
        groups = np.repeat(np.arange(30), 8)
        kind = np.tile([-0.5, 0.5], 120)
        slope = 1 + 1.5 * rng.normal(size=30)  # of each species; images of a species share it
        place = slope[groups] * kind + rng.normal(size=240)
        place -= (np.bincount(groups, place) / 8)[groups]
        low, high = interval_of(place, kind, groups, rng=rng, draws=299)
        truth = 0.5 / np.sqrt(0.25 * (1 + 2.25) + 7 / 8)
        hits.append(low <= truth <= high)
    assert np.mean(hits) > 0.87, np.mean(hits)  # a percentile interval of 30 species is a little short


def test_places_follow_the_id():
    emb, trait, tree = planted(n=10, each=3)
    axis = axes.trait_axis(emb, trait, tree, permutations=19, rng=0)
    ids = [*axis["image_id"][::-1], "nobody"]
    part = axes.on_page(axis, ids)
    assert part["values"][-1] is None and part["values"][:-1] == axis["values"][::-1] and "image_id" not in part
    assert part["across"][:-1] == axis["across"][::-1]


def test_what_cannot_be_asked_is_refused():
    birds = dimorphic_birds(np.random.default_rng(0), species=2)
    with pytest.raises(ValueError, match="sex: 2 species show both 'male' and 'female'; at least 3"):
        axes.contrast_axis(birds, "sex", "male", "female", rng=0)
    with pytest.raises(KeyError, match="no column 'stage'"):
        axes.contrast_axis(birds, "stage", "adult", "juvenile", rng=0)


def test_parts_are_made_for_the_ids_that_are_shown():
    emb, trait, tree = planted(n=12, each=3)
    male = pl.Series("sex", ["m", "f", "m"] * 12)
    emb = Embeddings(emb.x, emb.rows.with_columns(male), emb.card)
    made = parts_of(emb, tree=tree, traits=[trait], contrasts=[("sex", "m", "f")], k=4, permutations=19, rng=0)
    ids = emb.rows["image_id"].to_list()[5:25]
    assert set(made) == {"neighbours", "tree", "axes"}
    assert len(made["neighbours"](ids)["index"]) == 20 and made["neighbours"](ids)["k"] == 4
    assert len(made["tree"](ids)["tips"]) == 12
    assert [a["kind"] for a in made["axes"](ids)] == ["trait", "contrast"]
    assert all(len(a["values"]) == 20 for a in made["axes"](ids))
    assert set(parts_of(emb, rng=0)) == {"neighbours"}
