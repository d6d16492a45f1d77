"""A trait's direction: found where planted, no more than promised where descent alone is at work; species left out."""

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim, judge
from embedlab.data import Embeddings, Traits
from embedlab.data.synthetic import brownian_traits, random_tree, traits_in_space
from embedlab.measures.trait_axis import trait_axis
from embedlab.stats.trait.axis import correlations, fitted_axis, folds, turned_traits
from embedlab.stats.tree.pruning import Pruned

CLAIM = Claim(id="a", says="It runs along one direction.", source="-", at_least=0.1)


def world(seed, n=12, share=0.4, **more):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    trait = brownian_traits(rng, tree)[:, 0]
    emb = traits_in_space(rng, tree, trait, share=share, per_species=6, **more)
    return emb, Traits(pl.DataFrame({"species": tree.names, "depth": trait})), tree


def word(found):
    return judge([CLAIM], {"a": found.evidence})[0].word


def test_planted_is_found_with_its_direction():
    emb, traits, tree = world(1, n=24)
    found = trait_axis(emb, traits["depth"], tree, permutations=199, rng=0)
    assert word(found) == "supported" and found.evidence.estimate > 0.85
    assert found.evidence.p_more == max(found.p_evolved, found.p_turned)
    assert found.evidence.interval[0] < found.evidence.estimate < found.evidence.interval[1]
    r = np.corrcoef(found.value, found.position)[0, 1]
    assert r == pytest.approx(found.evidence.estimate, abs=1e-12)


def test_descent_alone_is_not_called_an_axis_and_the_naive_test_calls_it():
    ours, naive = [], []
    for seed in range(40):
        emb, traits, tree = world(seed, share=0.0)
        found = trait_axis(emb, traits["depth"], tree, permutations=39, rng=seed)
        ours.append(found.evidence.p_more)
        naive.append(found.p_permuted)
    # 15 of 1,000 and 515 of 1,000 (200 worlds, measured): six of forty and ten of forty are far from either.
    assert np.mean(np.array(ours) <= 0.05) <= 0.15
    assert np.mean(np.array(naive) <= 0.05) >= 0.25


@pytest.mark.slow
def test_p_values_lie_flat_over_empty_worlds():
    own, both = [], []
    for seed in range(120):
        emb, traits, tree = world(500 + seed, share=0.0)
        found = trait_axis(emb, traits["depth"], tree, permutations=99, rng=seed)
        own.append(found.p_evolved)
        both.append(found.evidence.p_more)
    # Binomial limits of 1 in 1,000 for 120 worlds.
    assert np.mean(np.array(own) <= 0.05) <= 0.125 and np.mean(np.array(both) <= 0.05) <= 0.125
    assert 0.33 <= np.mean(np.array(own) <= 0.5) <= 0.72


def test_a_species_lends_nothing_to_the_direction_that_places_it():
    emb, traits, tree = world(2)
    base = trait_axis(emb, traits["depth"], tree, permutations=9, rng=0)
    name = base.species[4]
    wrong = traits.rows.with_columns(depth=pl.when(pl.col("species") == name).then(99.0).otherwise(pl.col("depth")))
    moved = trait_axis(emb, Traits(wrong)["depth"], tree, permutations=9, rng=0)
    assert moved.position[4] == pytest.approx(base.position[4], abs=1e-9)
    assert np.abs(np.delete(moved.position - base.position, 4)).max() > 1e-3


def test_images_of_a_species_have_its_place_for_a_mean():
    emb, traits, tree = world(3)
    found = trait_axis(emb, traits["depth"], tree, permutations=9, rng=0)
    for i in range(len(found.species)):
        mine = found.image_species == i
        assert found.image_position[mine].mean() == pytest.approx(found.position[i], abs=1e-6)
        assert found.image_across[mine].mean() == pytest.approx(found.across[i], abs=1e-6)
    of = dict(zip(emb.column("image_id"), emb.column("species"), strict=True))
    assert [of[i] for i in found.image_id] == [found.species[k] for k in found.image_species]
    assert [of[i] for i in found.typical] == list(found.species)
    np.testing.assert_array_less(found.low, found.position)
    np.testing.assert_allclose(np.nanmean(found.outline[:, :-1], axis=1)[:, 0], found.position, atol=1e-6)


def test_turning_and_scaling_the_space_changes_nothing(rng):
    emb, traits, tree = world(4)
    base = trait_axis(emb, traits["depth"], tree, permutations=9, rng=0)
    turn = np.linalg.qr(rng.normal(size=(emb.d, emb.d)))[0]
    again = trait_axis(
        Embeddings(3 * emb.float64() @ turn, emb.rows), traits["depth"], tree, permutations=9, rng=0
    )
    np.testing.assert_allclose(again.position, base.position, atol=1e-5)
    assert again.evidence.estimate == pytest.approx(base.evidence.estimate, abs=1e-5)


def test_a_covariate_that_is_the_trait_leaves_nothing():
    emb, traits, tree = world(5, share=0.6)
    noise = np.random.default_rng(0).normal(size=12) * 0.3
    rows = traits.rows.with_columns(mass=pl.col("depth") + pl.Series(noise))
    plain = trait_axis(emb, traits["depth"], tree, permutations=99, rng=0)
    less = trait_axis(emb, traits["depth"], tree, covariates=[Traits(rows)["mass"]], permutations=99, rng=0)
    assert less.covariates == ("mass",) and "with mass taken out" in str(less)
    assert less.evidence.estimate < plain.evidence.estimate


def test_whole_genera_can_be_left_out():
    emb, traits, tree = world(6, n=24)
    found = trait_axis(emb, traits["depth"], tree, hold_out="genus", permutations=9, rng=0)
    assert found.left_together == emb.column("genus").n_unique()
    with pytest.raises(ValueError, match="hold_out='family': the rows do not tell it"):
        trait_axis(emb, traits["depth"], tree, hold_out="family", permutations=9, rng=0)


def test_photographs_go_to_the_species_whose_image_they_are():
    emb, traits, tree = world(7)
    found = trait_axis(emb, traits["depth"], tree, permutations=9, rng=0)
    shown = found.with_photographs({found.typical[2]: b"two", "other": b"none"})
    assert shown.photographs == {found.species[2]: b"two"}


def test_kinds_and_too_few_species_are_refused():
    emb, traits, tree = world(8)
    kinds = Traits(pl.DataFrame({"species": tree.names, "kind": ["a", "b"] * 6}))
    with pytest.raises(ValueError, match="kind is of kinds, which have no direction: ask el.trait_alignment"):
        trait_axis(emb, kinds["kind"], tree, permutations=9, rng=0)
    with pytest.raises(ValueError, match="7 species have a vector"):
        trait_axis(emb, traits["depth"], tree.prune(tree.names[:7]), permutations=9, rng=0)
    with pytest.raises(ValueError, match="2 folds for 8 species: at least 3"):
        fitted_axis(np.eye(8), np.arange(8.0), fold=[0, 1] * 4)
    with pytest.raises(ValueError, match="same in all species"):
        fitted_axis(np.eye(8), np.ones(8))


def test_many_traits_at_once_are_each_alone():
    rng = np.random.default_rng(0)
    x, traits = rng.normal(size=(10, 4)), rng.normal(size=(10, 3))
    c = x - x.mean(axis=0)
    together = correlations(c @ c.T, traits, folds(10))
    np.testing.assert_allclose(together, [fitted_axis(x, t).statistic for t in traits.T], atol=1e-12)


def test_the_direction_is_that_of_ridge_regression():
    """Positions against scikit-learn's kernel-free Ridge at the penalty that was chosen, each species left out."""
    from sklearn.linear_model import Ridge

    from embedlab.stats.trait.axis import PENALTIES

    rng = np.random.default_rng(1)
    x = rng.normal(size=(10, 5))
    y = x[:, 0] + 0.3 * rng.normal(size=10)
    found = fitted_axis(x, y)
    for i in range(10):
        train = np.arange(10) != i
        c = x[train] - x[train].mean(axis=0)
        scale = (c**2).sum() / 9  # mean eigenvalue of the kernel of nine
        peers = [Ridge(alpha=p * scale).fit(x[train], y[train]).coef_ for p in PENALTIES]
        assert min(np.abs(found.directions[i] - w).max() for w in peers) < 1e-9
        assert found.position[i] == pytest.approx((x[i] - x.mean(axis=0)) @ found.directions[i], abs=1e-9)


def test_turned_traits_keep_the_size_of_every_contrast():
    rng = np.random.default_rng(2)
    tree = random_tree(rng, 9)
    trait = brownian_traits(rng, tree)[:, 0]
    structure = tree.structure(tree.names)
    walk = Pruned(structure)
    length = walk.stretched(0.7)[:, 0]
    drawn = turned_traits(trait, structure, 0.7, 5, rng)
    own, new = (np.abs(walk.contrasts(v, length)[0]) for v in (trait[:, None], drawn.T))
    np.testing.assert_allclose(new, np.repeat(own, 5, axis=1), atol=1e-9)
