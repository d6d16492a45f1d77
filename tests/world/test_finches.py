"""Finches and mimics: one genus with beaks of every shape, and butterflies dressed as others."""

import numpy as np
import pytest

from embedlab.world import Evolution, World
from embedlab.world.characters import ALL, FUNCTIONAL, columns
from embedlab.world.finches import BEAK
from embedlab.world.mimics import WORN

WORLD = World(2, 160)


def _beaks(radiation, seed):
    world = World(seed, 160, Evolution(radiation=radiation))
    return world.evolved.values[np.ix_(world.finches, columns(BEAK))]


def test_finches_are_the_largest_genus_of_birds():
    genus = WORLD.groups["genus"]
    assert {WORLD.plans[s] for s in WORLD.finches} == {"bird"} and len(set(genus[WORLD.finches])) == 1
    birds = genus[np.array(WORLD.plans) == "bird"]
    assert len(WORLD.finches) == np.unique(birds, return_counts=True)[1].max() >= 5
    assert (genus == genus[WORLD.finches[0]]).sum() == len(WORLD.finches), "all of it"


def test_their_beaks_vary_as_widely_as_the_dial_says_each_by_itself():
    spread = {r: np.mean([_beaks(r, seed).std(axis=0) for seed in range(4)]) for r in (0, 0.7, 1.4, 2.5)}
    assert spread[0] < spread[0.7] < spread[1.4] < spread[2.5]
    assert spread[0] < 0.6 and 1 < spread[1.4] < 1.7, "congeners are nearly alike, finches are not"
    ties = [np.corrcoef(_beaks(1.4, seed).T)[0, 1] for seed in range(6)]
    assert np.mean(np.abs(ties)) < 0.25
    assert WORLD.card["finches"]["species"] == len(WORLD.finches)
    others = [name for name in FUNCTIONAL if name not in BEAK]
    within = WORLD.evolved.values[np.ix_(WORLD.finches, columns(others))].std(axis=0)
    assert within.mean() < 0.7, "the rest of a finch is like other finches"


def test_finches_beaks_show():
    tip = WORLD.plan(WORLD.finches, 1).replace(sex=0, life_stage=2, individual=0)
    points = WORLD.keypoints(tip)
    length = np.linalg.norm(points["beak_tip"] - points["beak_base"], axis=1) / points["scale"]
    trait = WORLD.evolved["beak_length"][WORLD.finches]
    order = np.argsort(trait)
    assert np.corrcoef(np.argsort(order), np.argsort(np.argsort(length)))[0, 1] > 0.8
    assert length.max() > 2 * length.min()


def test_mimics_wear_what_their_models_wear_and_nothing_else():
    mimic, model = WORLD.mimics.T
    assert len(mimic) == round(0.2 * 40 / 2) and len({*mimic, *model}) == 2 * len(mimic)
    assert {WORLD.plans[s] for s in (*mimic, *model)} == {"butterfly"}
    assert (WORLD.groups["family"][mimic] != WORLD.groups["family"][model]).all()
    order = WORLD.groups["order"]
    outside = 40 - np.bincount(order[np.array(WORLD.plans) == "butterfly"]).max()
    far = (order[mimic] != order[model]).sum()
    assert far >= min(len(mimic), (outside + 1) // 2), "of different orders while there are any"
    values = WORLD.evolved.values
    assert (values[np.ix_(mimic, columns(WORN))] == values[np.ix_(model, columns(WORN))]).all()
    own = [name for name in ALL if name not in WORN]
    assert (values[np.ix_(mimic, columns(own))] != values[np.ix_(model, columns(own))]).all()


@pytest.mark.parametrize(("share", "least"), [(0, 0), (0.5, 10), (1, 15)])
def test_the_dial_counts_them(share, least):
    world = World(4, 160, Evolution(mimicry=share))
    told = world.card["mimicry"]
    assert least <= len(world.mimics) == told["pairs"] <= round(share * 20)
    assert told["apart"] is None if share == 0 else told["apart"] == 0
    assert world.mimics.shape == (told["pairs"], 2)
    assert told["species"] == [[world.names[a], world.names[b]] for a, b in world.mimics]


def test_mimics_look_like_their_models():
    from embedlab.world.phenotype import looks

    mimic, model = WORLD.mimics[0]
    butterflies = [s for s in range(160) if WORLD.plans[s] == "butterfly"]
    met = WORLD.plan(butterflies, 40).replace(sex=0, life_stage=2)
    look = looks(WORLD.seed, "butterfly", WORLD.evolved, met)
    mean = {s: look["first"][met.species == s].mean(axis=0) for s in butterflies}
    apart = {s: np.linalg.norm(mean[s] - mean[mimic]) for s in butterflies if s != mimic}
    assert apart[model] < np.quantile(list(apart.values()), 0.2)


def test_a_world_of_two_butterflies_has_neither():
    small = World(0, 8)
    assert small.mimics.shape == (0, 2) and len(small.finches) == 1 and small.card["finches"]["r"] == 0
