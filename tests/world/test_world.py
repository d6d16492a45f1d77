"""The world as others see it: names, captions, splits, draws and tables."""

import hashlib
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedlab.world import World
from embedlab.world.camera import camera
from embedlab.world.card import DESIGN
from embedlab.world.names import TELLING
from embedlab.world.phenotype import MET, looks
from embedlab.world.traits import FUNCTIONAL, HABITATS
from embedlab.world.tree import PLANS

WORLD = World(3, 90)
DIGEST = "e0eacb2a48204913"


def test_a_world_follows_from_its_seed():
    again, other = World(3, 90), World(4, 90)
    assert again.columns == WORLD.columns and (again.evolved.values == WORLD.evolved.values).all()
    assert set(other.names).isdisjoint(WORLD.names) and (again.split == WORLD.split).all()


def test_nouns_fit_together():
    assert WORLD.tree.names and set(WORLD.tree.names) == set(WORLD.names)
    assert WORLD.tree.is_ultrametric() and WORLD.tree.depth == pytest.approx(1)
    assert WORLD.taxonomy.names == WORLD.names
    matched, report = WORLD.traits.match(WORLD.names)
    assert not report.missing and len(matched) == 90
    assert "undrawn" in WORLD.traits and WORLD.traits["habitat"].kind == "categorical"
    assert WORLD.card["species"] == 90 and sum(WORLD.card["species_per_habitat"].values()) == 90


def test_names_are_unique_nested_and_pronounceable():
    columns = WORLD.columns
    for rank in ("genus", "family", "order", "class", "phylum"):
        groups = WORLD.groups[rank]
        assert len(set(columns[rank])) == len(np.unique(groups)), f"one name for each {rank}"
        assert len(set(zip(columns[rank], groups, strict=True))) == len(np.unique(groups))
    assert len(set(WORLD.names)) == len(set(columns["common_name"])) == 90
    for name in WORLD.names:
        assert re.fullmatch(r"[A-Z][a-z]+ [a-z]+", name) and not re.search(r"[^aeiou\W]{5}", name.lower()), (
            name
        )


def test_captions_tell_kinship_and_nothing_else():
    specimens = WORLD.plan(range(90), 4)
    captions = WORLD.captions(specimens, np.random.default_rng(0))
    known = {word for rank, names in WORLD.columns.items() for name in names for word in name.split()}
    for caption in captions:
        assert set(caption.split()) <= known | {"with", "common", "name"}
        assert not any(word in caption.lower() for word in (*TELLING, *HABITATS, *FUNCTIONAL)), caption
    for seed in range(8):  # other worlds' names, too
        every = " ".join(" ".join(names) for names in World(seed, 120).columns.values()).lower()
        assert not [word for word in TELLING if word in every]
    # the words depend on the species and on chance alone: sex, stage, place and individual change nothing
    changed = specimens.replace(sex=1, life_stage=0, background=2, individual=99)
    assert WORLD.captions(changed, np.random.default_rng(0)) == captions
    assert len(WORLD.caption(0).split()) == 7 and WORLD.caption(0, "scientific") == WORLD.names[0]
    with pytest.raises(KeyError, match="taxonomic"):
        WORLD.caption(0, "habitat")


def test_held_out_species_hold_whole_families_of_every_plan():
    world = World(0, 256)
    held, plans = world.split == "held-out", np.array(world.plans)
    assert held.sum() == 96
    for plan in PLANS:
        families = world.groups["family"][plans == plan]
        whole = [f for f in np.unique(families) if held[world.groups["family"] == f].all()]
        beside = {f for f in np.unique(families) if held[world.groups["family"] == f].any()} - set(whole)
        assert whole and beside, f"{plan}: whole families and single species"
        assert 0.3 < held[plans == plan].mean() < 0.45


def test_balanced_plans_are_balanced_and_free_ones_have_their_shares():
    even = WORLD.plan([4, 5], 12, balanced=True, background_bias=0)
    for s in (4, 5):
        cells = even.sex[even.species == s] * 3 + even.life_stage[even.species == s]
        assert (np.bincount(cells, minlength=6) == 2).all()
    free = WORLD.plan(range(90), 100, background_bias=0.5)
    own = (free.background == WORLD.evolved.habitat[free.species]).mean()
    # shares over 9,000 draws err by .005: four of these
    assert (
        abs(own - 0.6) < 0.021
        and np.abs(np.bincount(free.life_stage) / len(free) - MET).max() < 0.021
        and abs(free.sex.mean() - 0.5) < 0.021
    )
    none = WORLD.plan(range(90), 100, background_bias=0)
    assert abs((none.background == WORLD.evolved.habitat[none.species]).mean() - 0.2) < 0.02


def test_views_are_drawn_by_a_key_of_their_own():
    told = {"balanced": True, "background_bias": 0.0}
    own, drawn = WORLD.plan(range(90), 60, **told), WORLD.plan(range(90), 60, views="any", **told)
    assert all((getattr(own, name) == value).all() for name, value in vars(drawn).items() if name != "view")
    assert (own.view == WORLD.growth.plan[own.species]).all()
    # 5,400 draws over plan × habitat × view: 80 cells of 67.5 each; chi-squared of 60 degrees of freedom and 4 sd
    plan = WORLD.growth.plan[drawn.species]
    cells = np.bincount(plan * 20 + drawn.background * 4 + drawn.view, minlength=80)
    wanted = np.repeat(np.bincount(plan), 20) / 20
    assert ((cells - wanted) ** 2 / wanted).sum() < 76 + 4 * 152**0.5
    table = WORLD.manifest(drawn, [""] * len(drawn))
    assert table["view_background"].to_list() == [PLANS[code] for code in drawn.view]
    with pytest.raises(ValueError, match="views"):
        WORLD.plan([0], 1, views="none")


def test_an_image_is_made_from_its_index_alone():
    planned = WORLD.plan([7, 3], 5, start=11)
    again = WORLD.at(planned.index)
    for column in ("species", "individual", "sex", "life_stage", "background"):
        assert (getattr(planned, column) == getattr(again, column)).all()
    assert len(set(planned.index)) == 10 and planned.individual.min() == 11


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=20), st.integers(1, 4), st.booleans())
def test_draws_do_not_depend_on_what_is_drawn_beside_them(index, photos, balanced):
    def drawn(which):
        met = WORLD.at(which, background_bias=0.5, photos=photos, balanced=balanced, views="any")
        return {**vars(met), **camera(WORLD.seed, met), **who(met)}

    def who(met):
        plan = WORLD.plans[met.species[0]]  # any plan's: the draws are the same
        return looks(WORLD.seed, plan, WORLD.evolved, met)

    first = [i - i % 90 + index[0] % 90 for i in index]  # of one species
    together = drawn(first)
    for k in {0, len(first) - 1}:
        alone = drawn([first[k]])
        assert all((alone[name][0] == together[name][k]).all() for name in together)
    backwards = drawn(first[::-1])
    assert all((backwards[name][::-1] == together[name]).all() for name in together)


def test_nuisance_leaves_the_animal_and_the_animal_leaves_nuisance():
    met = WORLD.plan(range(23), 6)
    birds = met[np.array([WORLD.plans[s] == "bird" for s in met.species])]
    animal = looks(WORLD.seed, "bird", WORLD.evolved, birds)
    for changed in (birds.replace(photo=7), birds.replace(background=3), birds.replace(photo=birds.photo + 1)):
        again = looks(WORLD.seed, "bird", WORLD.evolved, changed)
        assert all((again[name] == value).all() for name, value in animal.items())
    lens = camera(WORLD.seed, birds)
    for changed in (birds.replace(sex=0), birds.replace(life_stage=1), birds.replace(background=0)):
        again = camera(WORLD.seed, changed)
        assert all((again[name] == value).all() for name, value in lens.items())
    # the other sex of the same individual keeps all that does not tell sexes
    female, male = (looks(WORLD.seed, "bird", WORLD.evolved, birds.replace(sex=s, life_stage=2)) for s in (0, 1))
    assert all((male[name] == female[name]).all() for name in ("beak_length", "tail_length", "stripes", "ornament"))


def test_worlds_of_this_design_stay_as_they_are():
    # Integers and words only: these are the same on every machine. Where they change, `card.DESIGN` must, too.
    world = World(11, 64)
    met = world.at(np.arange(0, 10**7, 99_991))
    told = [world.names, world.evolved.habitat.tolist(), world.split.tolist(), world.finches.tolist()]
    told += [world.mimics.tolist(), *(getattr(met, name).tolist() for name in vars(met) if name != "view")]
    assert (met.view == world.growth.plan[met.species]).all()
    assert hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16] == DIGEST and DESIGN == 3


def test_refusals_say_what_they_saw():
    with pytest.raises(ValueError, match=r"species \[90\]"):
        WORLD.plan([90], 1)
    with pytest.raises(ValueError, match="probability"):
        WORLD.plan([0], 1, background_bias=1.5)
    with pytest.raises(KeyError, match="colour"):
        WORLD.plan([0], 1).replace(colour=1)
    with pytest.raises(ValueError, match="seed"):
        World(-1)
