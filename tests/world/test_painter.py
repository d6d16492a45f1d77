"""Pixels: the same bytes however the work is cut, animals inside the frame, every drawn trait seen."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedlab.world import World, plate
from embedlab.world.phenotype import looks, still
from embedlab.world.traits import ALL, KINDS, ORNAMENT

WORLD = World(1, 48)
EACH = WORLD.plan(range(48), 2)
PIXELS = {size: WORLD.render(EACH, size) for size in (20, 40)}


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, len(EACH) - 1), min_size=1, max_size=40), st.sampled_from([20, 40]))
def test_same_bytes_in_any_batch_and_order(rows, size):
    rows = np.array(rows)
    assert (WORLD.render(EACH[rows], size) == PIXELS[size][rows]).all()


@pytest.mark.slow
def test_same_bytes_in_another_process():
    code = (
        "import hashlib; from embedlab.world import World; w = World(1, 48);"
        "pixels = w.render(w.at(w.plan(range(48), 2).index[::-1]), 20)[::-1];"
        "print(hashlib.sha256(pixels.tobytes()).hexdigest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert there == hashlib.sha256(np.ascontiguousarray(PIXELS[20]).tobytes()).hexdigest()


def test_pictures_differ():
    flat = PIXELS[40].reshape(len(EACH), -1)
    assert len(np.unique(flat, axis=0)) == len(EACH) and flat.std(axis=1).min() > 4


def test_every_part_stays_inside_the_frame():
    met = WORLD.plan(range(48), 12)
    found = WORLD.keypoints(met)
    assert np.abs(found["outermost"]).max() < 0.95 and np.abs(found["beak_tip"]).max() < 0.95
    _, cover = WORLD.render(met, 40, layers=True)
    edge = np.concatenate([cover[:, 0], cover[:, -1], cover[:, :, 0], cover[:, :, -1]], axis=1)
    assert edge.max() == 0, "no animal touches the edge of its picture"
    share = cover.mean(axis=(1, 2))
    assert share.min() > 0.015 and share.max() < 0.6 and 0.1 < np.median(share) < 0.35


def test_another_background_leaves_the_animal_as_it_is():
    here, cover = WORLD.render(EACH, 40, layers=True)
    there, again = WORLD.render(EACH.replace(background=(EACH.background + 1) % 5), 40, layers=True)
    assert (cover == again).all()
    # the lens mixes neighbours: only pixels whose 3 × 3 block is all animal are the animal's alone
    wide = np.pad(cover, ((0, 0), (1, 1), (1, 1)))
    solid = np.min([wide[:, i : i + 40, j : j + 40] for i in range(3) for j in range(3)], axis=0) >= 1
    assert solid.mean() > 0.04
    assert (here[solid] == there[solid]).all() and (here[cover == 0] != there[cover == 0]).mean() > 0.5


def _drawn(plan, trait, values):
    """Keypoints and covers of one still individual as one drawn measure changes and nothing else."""
    from embedlab.world import painter

    s = WORLD.plans.index(plan)
    met = WORLD.plan([s], len(values)).replace(individual=0, sex=0, life_stage=2)
    look = looks(WORLD.seed, plan, WORLD.evolved, met)
    _, _, _, lens = next(iter(WORLD._seen(met)))
    lens = still(lens)
    if plan != "beetle":
        look["leg_length"] = (
            look["leg_length"] * 0 + 0.6
        )  # small enough that nothing is cut back by the frame
    look["body_size"], look["tail_length"] = look["body_size"] * 0 + 0.6, look["tail_length"] * 0 + 0.4
    look[trait] = np.asarray(values, float)
    points = painter.keypoints(plan, look, lens)
    return points, painter.paint(plan, look, lens, met.background, 64, WORLD.seed, layers=True)[1]


@pytest.mark.parametrize("plan", ["bird", "fish", "beetle"])
def test_beaks_grow_with_their_trait(plan):
    points, cover = _drawn(plan, "beak_length", [0.3, 0.8, 1.3, 1.8])
    length = np.linalg.norm(points["beak_tip"] - points["beak_base"], axis=1) / points["scale"]
    assert (np.diff(length) > 0.03).all()
    reach = np.array(
        [np.flatnonzero(c.max(axis=0) > 0.3).max() - np.flatnonzero(c.max(axis=0) > 0.3).min() for c in cover]
    )
    assert (np.diff(reach) >= 1).all(), "the picture shows it"


@pytest.mark.parametrize(
    ("plan", "trait", "values"),
    [
        ("bird", "beak_depth", [0.4, 0.9, 1.4, 2.0]),
        ("bird", "leg_length", [0.4, 0.8, 1.2]),
        ("bird", "tail_length", [0.4, 0.9, 1.5]),
        ("bird", "body_size", [0.5, 0.6, 0.7]),
        ("fish", "leg_length", [0.4, 0.8, 1.2]),
        ("fish", "beak_depth", [0.4, 0.9, 1.6]),
        ("beetle", "leg_length", [0.4, 0.8, 1.2]),
        ("beetle", "head_size", [0.8, 1.0, 1.3]),
    ],
)
def test_larger_measures_cover_more(plan, trait, values):
    points, cover = _drawn(plan, trait, values)
    area = cover.sum(axis=(1, 2)) / (1 if trait == "body_size" else points["scale"] ** 2)
    assert (np.diff(area) > 0).all()


@pytest.mark.parametrize(
    "trait", [name for name in ALL if name not in ("dimorphism", "maturation", *KINDS, *ORNAMENT, "undrawn")]
)
def test_every_drawn_trait_reaches_the_pixels_and_the_undrawn_does_not(trait):
    for plan in ("bird", "fish", "beetle"):
        changed = _with_trait(plan, trait)
        # of the animal's pixels, the share that moves by more than 6 of 255 when the trait goes from -2 to 2
        assert changed > 0.01, f"{trait} of a {plan} shows in {changed:.1%}"
    assert _with_trait("bird", "undrawn") == 0


def _with_trait(plan, trait):
    world, s = World(1, 48), WORLD.plans.index(plan)
    met = world.plan([s], 1).replace(sex=0, life_stage=2)
    values = world.evolved.drawn
    values[s, [ALL.index(name) for name in ("stripes", "spots")]] = -1.5
    values[s, ALL.index("pattern_contrast")] = 1.5
    if trait.startswith("pattern"):
        values[s, ALL.index("stripes")] = 1.5
    seen = []
    for value in (-2.0, 2.0):
        values[s, ALL.index(trait)] = value
        seen.append(world.render(met, 64, layers=True))
    (first, cover), (second, again) = seen
    moved = np.abs(first.astype(int) - second).max(axis=-1) > 6
    return float(moved[(cover > 0.5) | (again > 0.5)].mean())


def test_males_are_ornamented_by_dimorphism_and_monomorphic_ones_not():
    met = WORLD.plan(range(48), 6).replace(life_stage=2)
    for plan in ("bird", "fish", "beetle"):
        some = met[np.array([WORLD.plans[s] == plan for s in met.species])]
        male, female = (
            looks(WORLD.seed, plan, WORLD.evolved, some.replace(sex=s)) for s in (1, 0)
        )
        strength = WORLD.dimorphism[some.species]
        assert (female["cap"] == 0).all() and (male["cap"][strength > 0] > 0).all()
        for name, value in male.items():
            same = np.isclose(value, female[name])
            assert same[strength == 0].all(), f"{name} tells the sex of a monomorphic species"


def test_juveniles_have_their_proportions():
    met = WORLD.plan(range(12), 4)
    young, old = (
        looks(WORLD.seed, "bird", WORLD.evolved, met.replace(life_stage=k)) for k in (0, 2)
    )
    grows = WORLD.maturation[met.species] > 0
    for name in ("body_size", "beak_length", "tail_length", "leg_length"):
        assert (young[name] < old[name])[grows].all() and (young[name] == old[name])[~grows].all()
    assert (young["head_size"] > old["head_size"])[grows].all() and (young["spots"] >= old["spots"]).all()


def test_photographs_of_one_animal_share_its_looks():
    met = WORLD.plan([2], 6, photos=3)
    assert met.individual.tolist() == [0, 0, 0, 1, 1, 1] and met.photo.tolist() == [0, 1, 2] * 2
    look = looks(WORLD.seed, "bird", WORLD.evolved, met)
    assert len(np.unique(look["beak_length"])) == 2 and len(set(met.sex[:3])) == 1
    assert len(np.unique(WORLD.render(met, 20).reshape(6, -1), axis=0)) == 6


def test_a_plate_shows_species_by_portrait():
    shown = plate(WORLD, [0, 20, 40], 32)
    assert shown.shape == (96, 96, 3) and shown.std() > 10
    monomorphic = int(np.flatnonzero(WORLD.dimorphism == 0)[0])
    male, female = np.split(plate(WORLD, [monomorphic], 32, ("male", "female")), 2, axis=1)
    assert (male == female).all(), "nothing tells the sexes of a monomorphic species apart"
    with pytest.raises(KeyError, match="larva"):
        plate(WORLD, [0], 32, ("larva",))
