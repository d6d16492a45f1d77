"""The planted worlds hold what they say they hold; otherwise every test that uses them would lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.data.synthetic import (
    brownian_traits,
    dimorphic_birds,
    dimorphic_series,
    discrete_trait,
    nothing,
    photo_bursts,
    random_tree,
    species_names,
    traits_in_space,
)


def contrast_outside(birds):
    means = birds.per_species().means
    centred = means - means.mean(axis=0)
    basis = np.linalg.svd(centred, full_matrices=False)[2][: len(means) - 1]
    codes, levels = birds.codes("sex")
    x = birds.float64()
    d = x[codes == levels.index("male")].mean(axis=0) - x[codes == levels.index("female")].mean(axis=0)
    return 1 - np.square(basis @ d).sum() / np.square(d).sum()


@pytest.mark.parametrize("spectrum", ["flat", "power"])
@given(seed=st.integers(0, 2**32 - 1), outside=st.floats(0, 1))
def test_the_contrast_leaves_the_span_by_the_planted_share(spectrum, seed, outside):
    birds = dimorphic_birds(
        np.random.default_rng(seed),
        outside=outside,
        spectrum=spectrum,
        noise=1e-3,
        species=8,
        d=32,
        per_cell=4,
    )
    # individuals blur the span by noise / spread of species, 1e-3 if axes are alike, more on faint ones
    assert contrast_outside(birds) == pytest.approx(outside, abs=0.02)
    assert birds.card["truth"]["outside"] == outside


def test_unequal_counts_are_unequal_and_equal_ones_are_not(rng):
    equal = dimorphic_birds(rng, species=10, per_cell=6)
    assert set(equal.per_species().counts.tolist()) == {12}
    birds = dimorphic_birds(rng, species=10, per_cell=12, unequal=True)
    counts = birds.rows.group_by("species", "sex").len()["len"]
    assert counts.min() >= 2 and counts.max() <= 12 and counts.n_unique() > 3
    assert birds.where(sex="female").n < birds.where(sex="male").n


def test_other_contrasts_can_be_planted(rng):
    birds = dimorphic_birds(rng, column="life_stage", levels=("juvenile", "adult"))
    assert set(birds.rows["life_stage"].to_list()) == {"juvenile", "adult"} and not birds.has("sex")


def test_a_series_holds_the_same_animals_and_what_was_planted_at_each_scale():
    series = dimorphic_series(3, {1e4: {"size": 0.2}, 1e6: {"size": 0.8}}, runs=2, species=6, per_cell=2)
    assert [s.card["training"] for s in series] == [
        {"images_seen": seen, "seed": run} for seen in (1e4, 1e6) for run in (0, 1)
    ]
    assert all(s.rows.equals(series[0].rows) for s in series)
    assert not np.allclose(series[0].x, series[1].x)  # another seed, another space
    lengths = [s.card["truth"]["contrast_length"] for s in series]
    assert lengths[2] == pytest.approx(4 * lengths[0])
    first, last, other = (series[k].per_species().means.ravel() for k in (0, 2, 3))
    assert np.corrcoef(first, last)[0, 1] > 0.8 > 0.3 > abs(np.corrcoef(last, other)[0, 1])  # species of a run stay


def test_what_cannot_be_planted_is_refused(rng):
    with pytest.raises(ValueError, match="share between 0 and 1"):
        dimorphic_birds(rng, outside=1.2)
    with pytest.raises(ValueError, match="12 species in 8 dimensions leave no room"):
        dimorphic_birds(rng, d=8)
    with pytest.raises(ValueError, match="'flat' or 'power'"):
        nothing(rng, spectrum="steep")
    with pytest.raises(ValueError, match="death must lie between"):
        random_tree(rng, 5, death=1.0)


def test_photos_of_one_animal_are_alike(rng):
    burst = photo_bursts(rng, photos=8)
    codes, animals = burst.codes("individual")
    x = burst.float64()
    within = np.mean([x[codes == i].var(axis=0, ddof=1).mean() for i in range(len(animals))])
    assert within == pytest.approx(0.09, rel=0.05)  # noise 0.3 squared, estimated from 36 animals × 7 × 32
    assert len(animals) == 36 and burst.n == 36 * 8
    assert burst.per_species("individual").counts.tolist() == [8] * 36


def test_the_same_seed_is_the_same_world():
    a, b = (dimorphic_birds(np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(a.x, b.x) and a.rows.equals(b.rows)
    t, u = (random_tree(np.random.default_rng(3), 30, death=0.5) for _ in range(2))
    assert t.newick() == u.newick()


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 60), death=st.sampled_from([0.0, 0.3, 0.7]))
def test_random_trees_are_ultrametric_binary_and_of_depth_one(seed, n, death):
    tree = random_tree(np.random.default_rng(seed), n, death=death)
    assert len(tree) == n and tree.is_ultrametric() and tree.depth == pytest.approx(1)
    assert len(tree.parent) == 2 * n - 1
    assert tree.length[1:].min() > 0
    assert tree.names == species_names(n)


def test_brownian_traits_have_the_covariance_of_the_tree(rng):
    tree = random_tree(rng, 6)
    for lam in (1.0, 0.4, 0.0):
        x = brownian_traits(rng, tree, d=40_000, lam=lam)
        expected = lam * tree.covariance()
        np.fill_diagonal(expected, 1.0)
        # 40,000 draws: the standard error of a covariance of unit variables is at most 0.007
        np.testing.assert_allclose(x @ x.T / x.shape[1], expected, atol=0.035)


def test_characters_change_at_the_planted_rate(rng):
    tree = random_tree(rng, 2)  # two tips, one unit of branch each: two units between them
    draws = np.array([discrete_trait(rng, tree, states=2, rate=0.3) for _ in range(4000)])
    differ = (draws[:, 0] != draws[:, 1]).mean()
    # Mk with two states: P(differ) = (1 - exp(-2 · rate · time)) / 2; standard error 0.007
    assert differ == pytest.approx((1 - np.exp(-2 * 0.3 * 2)) / 2, abs=0.03)
    assert len(set(discrete_trait(rng, tree, rate=0.0).tolist())) == 1


def test_nothing_holds_balanced_labels(rng):
    world = nothing(rng)
    assert world.rows.group_by("species", "sex", "life_stage").len()["len"].n_unique() == 1


def test_a_trait_in_space_has_its_share_of_the_variance_between_species(rng):
    tree = random_tree(rng, 200)
    trait = rng.normal(size=200)
    for share in (0.0, 0.4, 1.0):
        means = traits_in_space(rng, tree, trait, share=share, noise=0.0, per_species=1).float64()
        centred = means - means.mean(axis=0)
        score = (trait - trait.mean()) / np.linalg.norm(trait - trait.mean())
        explained = np.square(score @ centred).sum() / np.square(centred).sum()
        # what ancestry happens to share with the trait: of the order of one part in 200, and its cross term
        assert explained == pytest.approx(share, abs=0.1)
