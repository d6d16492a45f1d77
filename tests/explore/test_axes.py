"""Axes find a planted direction, find nothing in noise, and place no image by its own species."""

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings
from embedlab.data.evolution import brownian_traits, random_tree
from embedlab.data.synthetic import dimorphic_birds
from embedlab.data.traits import TraitColumn
from embedlab.explore import axes
from embedlab.explore.axis_fit import contrast_positions, interval_of, species_folds, trait_positions


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


def test_a_planted_trait_is_found_beside_its_chance():
    emb, trait, tree = planted()
    for where in (tree, None):
        axis = axes.trait_axis(emb, trait, where, rng=1)
        assert axis["r"] > 0.6 and axis["low"] < axis["r"] < axis["high"] and axis["p"] == 0.001
        assert axis["chance"]["high"] < axis["r"] and axis["n"] == 40 and axis["images"] == 200
    assert "40 species" in axis["caption"] and "0.001" in axis["caption"]
    place = dict(zip(axis["species"], axis["position"], strict=True))
    of = {s: [v for v, name in zip(axis["values"], emb.rows["species"], strict=True) if name == s] for s in place}
    # images stand about the forecast of their species
    assert np.corrcoef([np.mean(of[s]) for s in place], list(place.values()))[0, 1] > 0.97


def test_no_image_is_placed_by_its_own_species():
    emb, trait, _ = planted(n=12, each=4)
    x, (codes, names) = emb.unit().float64(), emb.codes("species")
    y = np.array(trait.values)[[list(trait.species).index(s) for s in names]]
    folds, _ = species_folds(emb, "species", names)
    means = emb.unit().per_species().means
    first = trait_positions(x, codes, means, y, folds)
    y2, moved = y.copy(), means.copy()
    y2[3] += 50
    moved[3] = moved[3][::-1]
    again = trait_positions(x, codes, moved, y2, folds)
    own = folds[codes] == folds[3]
    assert np.allclose(first.images[own], again.images[own]) and not np.allclose(first.images[~own], again.images[~own])
    assert np.allclose(first.species[3], (first.operator @ y)[3])
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


def test_the_ridge_is_scikit_learns():
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(2)
    means, y = rng.normal(size=(20, 6)), rng.normal(size=20)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    folds = np.arange(20) % 5
    found = trait_positions(means, np.arange(20), means, y, folds)
    for held in range(5):
        train = folds != held
        centred = means[train] - means[train].mean(axis=0)
        penalty = (centred**2).sum() / train.sum()
        wanted = Ridge(alpha=penalty).fit(means[train], y[train]).predict(means[~train])
        assert np.allclose(found.species[~train], wanted) and np.allclose(found.images[~train], wanted)


def test_genera_are_left_out_whole():
    names = [f"G{i // 3} s{i}" for i in range(36)]
    emb = Embeddings(np.eye(36), {"image_id": names, "species": names, "genus": [n.split()[0] for n in names]})
    folds, said = species_folds(emb, "species", names)
    assert said == "10 folds of whole genera" and all(len(set(folds[i : i + 3])) == 1 for i in range(0, 36, 3))
    few = emb.take(np.arange(12))
    assert species_folds(few, "species", names[:12])[1] == "10 folds of whole species"


def test_empty_worlds_are_called_at_the_rate_that_is_said():
    """200 worlds in which vectors and trait evolved on one tree and share nothing else; bounds of a binomial."""
    called = []
    for seed in range(200):
        emb, trait, tree = planted(n=20, each=2, d=12, strength=0.0, seed=100 + seed)
        called.append(axes.trait_axis(emb, trait, tree, permutations=99, rng=seed)["p"] <= 0.05)
    # λ is fitted, and traits of one rate are drawn: up to some 8 % is what `trait_alignment` measured for such nulls
    assert 0.005 <= np.mean(called) <= 0.105, np.mean(called)


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


def test_the_interval_covers_the_correlation():
    rng = np.random.default_rng(6)
    hits = []
    for _ in range(150):
        a = rng.normal(size=60)
        b = 0.6 * a + 0.8 * rng.normal(size=60)
        low, high = interval_of(a, b, rng=rng, b_times=299)
        hits.append(low <= 0.6 <= high)
    assert np.mean(hits) > 0.87  # the percentile interval of a correlation is a little short


def test_places_follow_the_id():
    emb, trait, _ = planted(n=10, each=3)
    axis = axes.trait_axis(emb, trait, permutations=19, rng=0)
    ids = [*emb.rows["image_id"].to_list()[::-1], "nobody"]
    part = axes.on_page(axis, ids)
    assert part["values"][-1] is None and part["values"][:-1] == axis["values"][::-1] and "image_id" not in part
    assert part["across"][:-1] == axis["across"][::-1]


def test_what_cannot_be_asked_is_refused():
    emb, trait, _ = planted(n=10, each=2)
    short = TraitColumn("mass", "numeric", trait.species[:5], trait.values[:5])
    with pytest.raises(ValueError, match="mass: 5 species have a vector and a value; at least 8"):
        axes.trait_axis(emb, short, rng=0)
    with pytest.raises(ValueError, match="the same|is 2 in all 10 species"):
        axes.trait_axis(emb, TraitColumn("m", "numeric", trait.species, pl.Series([2.0] * 10)), rng=0)
    with pytest.raises(ValueError, match="an axis needs numbers"):
        axes.trait_axis(emb, TraitColumn("diet", "categorical", trait.species, pl.Series(["a"] * 10)), rng=0)
    with pytest.raises(TypeError, match="one column"):
        axes.trait_axis(emb, "mass", rng=0)
    birds = dimorphic_birds(np.random.default_rng(0), species=2)
    with pytest.raises(ValueError, match="sex: 2 species show both"):
        axes.contrast_axis(birds, "sex", "male", "female", rng=0)
