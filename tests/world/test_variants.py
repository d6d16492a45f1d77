"""Sexes and life stages: how much they differ evolves on the tree, and some species are left without."""

import numpy as np

from embedlab.world import Evolution, World
from embedlab.world.phenotype import STAGES, looks
from embedlab.world.variants import JUVENILE, KINDS, YOUTH, variant

WORLD = World(1, 160)
ALL_SPECIES = np.arange(160)
MEASURES = ("body_size", "beak_length", "tail_length", "leg_length", "wing_length", "head_size", "eye_size")


def seen(stage, sex=0, world=WORLD, plan="bird"):
    species = [s for s in range(len(world)) if world.plans[s] == plan]
    met = world.plan(species, 1).replace(individual=0, sex=sex, life_stage=stage)
    return looks(world.seed, plan, world.evolved, met), np.array(species)


def test_three_stages_lie_in_order_where_they_differ():
    for plan in ("bird", "butterfly"):
        (young, species), (middle, _), (adult, _) = (seen(k, plan=plan) for k in range(3))
        grows = WORLD.maturation[species] > 0
        assert 0 < (~grows).sum() < 12 and STAGES == ("juvenile", "subadult", "adult")
        for name in MEASURES:
            sign = 1 if name in ("head_size", "eye_size") else -1
            assert (sign * young[name] > sign * middle[name])[grows].all(), name
            assert (sign * middle[name] > sign * adult[name])[grows].all(), name
        for name in adult:
            assert np.allclose(young[name][~grows], adult[name][~grows]), f"{name} tells stages of none"


def test_how_much_stages_differ_evolves_on_the_tree():
    lone, alike = [], []
    for seed in range(8):
        world = World(seed, 160)
        strength = world.maturation
        lone.append((strength == 0).mean())
        assert strength.min() >= 0 and strength.max() <= 1.6 and not ((strength > 0) & (strength < 0.25)).any()
        genus = world.groups["genus"]
        neighbours = np.abs(np.diff(strength))[genus[1:] == genus[:-1]].mean()
        alike.append(neighbours / np.abs(strength - np.roll(strength, 61)).mean())
    assert 0.01 < np.mean(lone) < 0.25 and np.mean(alike) < 0.8
    assert World(0, 160).traits["maturation"].kind == "numeric"


def test_species_differ_in_the_kind_of_their_dimorphism():
    marks, _, _ = variant(WORLD.evolved, ALL_SPECIES, np.ones(160, int), np.full(160, 2))
    strong = WORLD.dimorphism > 0.3
    signs = np.stack([marks[kind] for kind in KINDS], axis=1)[strong]
    shares = signs / signs.sum(axis=1, keepdims=True)
    assert (shares.std(axis=0) > 0.07).all() and len(set(shares.argmax(axis=1))) == 3
    assert (np.stack([marks[kind] for kind in KINDS])[:, WORLD.dimorphism == 0] == 0).all()


def test_males_come_into_their_marks_as_they_grow():
    (young, species), (middle, _), (adult, _) = (seen(k, sex=1) for k in range(3))
    shown = (WORLD.dimorphism[species] > 0.2) & (WORLD.maturation[species] > 0.3) & (adult["crest"] > 0.05)
    assert shown.sum() > 5
    assert (young["crest"] < middle["crest"])[shown].all() and (middle["crest"] < adult["crest"])[shown].all()


def test_without_size_there_is_no_variant():
    world = World(1, 48, Evolution(sex_size=0, stage_size=0))
    (first, _), (other, _) = seen(0, 0, world), seen(2, 1, world)
    assert all((first[name] == value).all() for name, value in other.items())
    assert (world.dimorphism == 0).all() and set(world.trait_rows["monomorphic"]) == {1}


def test_variants_put_inside_have_no_marks_of_their_own():
    world = World(1, 48, Evolution(variant_inside=1))
    male, _ = seen(2, 1, world)
    young, _ = seen(0, 0, world)
    female, species = seen(2, 0, world)
    assert all((male[kind] == 0).all() for kind in KINDS) and (young["eye_size"] == 1).all()
    differ = world.dimorphism[species] > 0
    assert (male["tail_length"] > female["tail_length"])[differ].all()
    assert (male["head_size"] == female["head_size"]).all() and (young["head_size"] == female["head_size"]).all()
    assert YOUTH[0] == 1 and YOUTH[-1] == 0 and "head_size" in JUVENILE
