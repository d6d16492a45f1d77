"""The scene: planted arrows stand upright or lie in the plane, to scale, turned alike."""

import numpy as np
import pytest

from embedlab.data import Embeddings
from embedlab.data.synthetic import dimorphic_birds
from embedlab.measures.contrast_scene import contrast_scene

SEX = ("sex", "female", "male")


def birds(outside, seed=0, **world):
    world = {"species": 12, "per_cell": 10, "d": 32, "noise": 0.4, "outside": outside, **world}
    return dimorphic_birds(np.random.default_rng(seed), **world)


def ask(stores, **how):
    return contrast_scene(stores, SEX, **{"axes": 11, "permutations": 19, "rng": 0, **how})


@pytest.fixture(scope="module")
def two():
    return ask([birds(1.0), birds(0.0)], names=("outside", "inside"))


def test_arrows_stand_upright_where_the_contrast_lies_outside(two):
    upright, flat = (view.end - view.start for view in two.views)
    assert np.median(np.abs(upright[:, 2]) / np.linalg.norm(upright, axis=1)) > 0.9
    assert np.median(np.abs(flat[:, 2]) / np.linalg.norm(flat, axis=1)) < 0.5
    assert (upright[:, 2] > 0).all(), "one sign for all: the direction is theirs together"


def test_arrows_are_to_scale(two):
    view, place = two.views[0], two.places.spaces[0]
    seen = np.linalg.norm(view.end - view.start, axis=1)
    # what three dimensions show of the length that the other figure has, noise aside
    np.testing.assert_allclose(np.median(seen**2 / view.seen), np.median(place.length**2), rtol=0.2)
    assert (view.seen > 0).all() and (view.seen <= 1).all() and 0 < view.plane_share < 1


def test_spaces_are_turned_onto_the_last_and_not_stretched():
    world = birds(0.7)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(32, 32)))[0]
    turned = type(world)((world.float64() @ turn).astype(np.float32), world.rows, world.card)
    one, other = ask([world, turned]).views
    np.testing.assert_allclose(one.start, other.start, atol=1e-3)
    np.testing.assert_allclose(one.dots, other.dots, atol=1e-3)


def test_dots_are_individuals_of_the_species_shown(two):
    view, shown = two.views[0], two.places.shown
    assert 1 <= len(shown) <= 3 and set(view.of) == {two.places.groups.index(name) for name in shown}
    for g in set(view.of):
        rows = (view.of == g) & view.is_b
        np.testing.assert_allclose(view.dots[rows].mean(axis=0), view.end[g], atol=1e-6)  # all ten are drawn


def test_too_few_species_and_other_places_are_refused(two):
    with pytest.raises(ValueError, match="2 species span no plane: at least 3"):
        ask(birds(1.0, species=2), axes=None)
    with pytest.raises(ValueError, match="places were measured in other spaces or species"):
        contrast_scene(birds(1.0), SEX, places=two.places, rng=0)


def test_a_space_without_a_plane_or_without_a_difference_is_refused(two):
    some = birds(1.0)
    narrow = Embeddings(np.pad(some.x[:, :1], ((0, 0), (0, 1))), some.rows, {})
    with pytest.raises(ValueError, match="differ along 1 axes: a scene needs at least 2"):
        contrast_scene([narrow, narrow], SEX, places=two.places, rng=0)
    alike = some.x[[some.column("species").index_of(s) for s in some.column("species")]]
    with pytest.raises(ValueError, match="images of a species have one vector, whatever"):
        ask(Embeddings(alike, some.rows, {}), axes=None)


def test_the_caption_says_what_is_not_seen(two):
    assert "three dimensions show" in two.caption and "without cross-fitting" in two.caption
    assert two.table().height == 24 and two.evidence is two.places.evidence
