"""Dials: read from text, refused with a near match, and followed by what the world turns out to be."""

import json
import pickle

import numpy as np
import pytest

from embedlab.world import Evolution, World
from embedlab.world.camera import camera
from embedlab.world.card import lines
from embedlab.world.characters import ALL, BROWNIAN, DRAWABLE, FUNCTIONAL, columns
from embedlab.world.dials import listed
from embedlab.world.finches import BEAK
from embedlab.world.mimics import WORN

SEEDS = range(3)
PLAIN = World(0, 96)


def cards(told, seeds=SEEDS, species=96):
    return [World(seed, species, Evolution.read(told)).card for seed in seeds]


def test_dials_are_read_as_they_are_told():
    for told in ("", "optima=0", "drawn=0.5", "optima=0,drawn.elongation=0.5,drawn.tail_fork=0", "pose=0,signal=0.25"):
        dials = Evolution.read(told)
        assert Evolution.read(dials.told) == dials == pickle.loads(pickle.dumps(dials))
        assert hash(Evolution.read(dials.told)) == hash(dials)
    assert Evolution.read({"optima": 0, "drawn": {"elongation": 0.5}}) == Evolution(optima=0, drawn={"elongation": 0.5})
    both = Evolution.read("drawn=0.5, drawn.elongation=1, drawn.belly=0.2")
    assert (both.share("elongation"), both.share("tail_fork"), both.share("belly"), both.share("stripes")) == (
        1, 0.5, 0.2, 1,
    )  # fmt: skip
    assert Evolution(drawn=0.3).share("belly") == 1, "a number is for functional traits"
    assert Evolution(third := 0.1 + 0.2).told.split("=")[1] == f"{third:.17g}", "told to the last bit"
    assert all(says and 0 <= start for _, start, says in listed())


@pytest.mark.parametrize(
    ("told", "error", "says"),
    [
        ("optma=0", KeyError, "did you mean 'optima'"),
        ("drawn.elongaton=1", KeyError, "did you mean 'elongation'"),
        ("drawn.undrawn=1", KeyError, "no drawn trait 'undrawn'"),
        ("colour=1", KeyError, "no dial 'colour'"),
        ("optima=wide", ValueError, "optima is a number, not 'wide'"),
        ("optima", ValueError, "name=number"),
        ("optima=1,optima=2", ValueError, "optima is told twice: give it once"),
        ("optima=nan", ValueError, "from 0 to 10, not nan"),
        ("signal=1.5", ValueError, "signal goes from 0 to 1, not 1.5"),
        ("drawn.elongation=-1", ValueError, "drawn.elongation goes from 0 to 1"),
        ("pull=0", ValueError, "pull divides"),
    ],
)
def test_what_is_no_dial_is_refused(told, error, says):
    with pytest.raises(error, match=says):
        Evolution.read(told)


def test_the_drawn_share_is_what_reaches_the_pictures():
    found = {}
    for share in (0, 0.3, 0.7, 1):
        told = [card["drawn"] for card in cards(f"drawn={share}")]
        assert all(card[name]["planted"] == share for card in told for name in FUNCTIONAL)
        found[share] = np.mean([card[name]["found"] for card in told for name in FUNCTIONAL])
    assert found[0] < found[0.3] < found[0.7] < found[1] == 1
    # two traits that evolved apart share some tenth of their variance, as relatives are alike in both
    assert found[0] < 0.15 and abs(found[0.3] - 0.3) < 0.15 and abs(found[0.7] - 0.7) < 0.15
    one = World(0, 96, Evolution(drawn={"elongation": 0})).evolved
    same = [name for name in ALL if name != "elongation"]
    assert (one.drawn[:, columns(same)] == PLAIN.evolved.drawn[:, columns(same)]).all()
    assert (one.values == PLAIN.evolved.values).all(), "the true trait is as it was"
    assert not np.isclose(one.drawn, PLAIN.evolved.drawn)[:, ALL.index("elongation")].any()


def test_convergence_signal_and_sizes_follow_their_dials():
    explained = [np.mean([list(c["habitat_explains"].values()) for c in cards(f"optima={v}")]) for v in (0, 0.6, 1.3)]
    assert explained[0] < explained[1] < explained[2] and explained[0] < 0.15
    alike = [np.mean([c["congeners_alike"] for c in cards(f"signal={v}")]) for v in (0, 0.4, 0.8, 1)]
    assert abs(alike[0]) < 0.06 and (np.diff(alike) > 0.1).all()
    for dial, variant in (("sex_size", "sex"), ("stage_size", "stage")):
        sizes = [cards(f"{dial}={v}", [0])[0]["variants"][variant] for v in (0, 0.5, 1, 2)]
        assert sizes[0] == {"size": 0, "inside": None, "none": 96}
        assert (np.diff([s["size"] for s in sizes]) > 0).all() and sizes[1]["none"] == sizes[3]["none"] < 30
        if variant == "sex":  # marks are linear in their strength
            assert sizes[3]["size"] == pytest.approx(2 * sizes[2]["size"], rel=1e-3)


def test_the_share_of_variants_along_species_axes_follows_its_dial():
    told = {v: cards(f"variant_inside={v}", [1])[0]["variants"] for v in (0, 0.25, 0.5, 1)}
    for share, variants in told.items():
        assert variants["sex"]["inside"] == pytest.approx(share, abs=1e-3)
        assert variants["sex"]["size"] == pytest.approx(told[0]["sex"]["size"], rel=1e-3), "the size stays"
    stages = [variants["stage"]["inside"] for variants in told.values()]
    assert (np.diff(stages) >= 0).all() and stages[0] < stages[-1] == 1


def test_a_dial_leaves_the_other_draws_as_they_were():
    def same(told, but):
        world = World(0, 96, Evolution.read(told))
        kept = [name for name in ALL if name not in but]
        assert (world.evolved.values[:, columns(kept)] == PLAIN.evolved.values[:, columns(kept)]).all(), told
        assert world.names == PLAIN.names and (world.split == PLAIN.split).all()
        assert (world.evolved.habitat == PLAIN.evolved.habitat).all()
        changed = world.evolved.values[:, columns(but)] != PLAIN.evolved.values[:, columns(but)]
        assert changed.any(axis=0).all(), told

    same("optima=0", FUNCTIONAL)
    same("signal=0.5", (*BROWNIAN,))
    same("radiation=0", BEAK)
    same("mimicry=0", WORN)
    same("sex_size=0,stage_size=2,variant_inside=1,pose=0,light=2,camera=0,background=0,drawn=0", ())


@pytest.mark.parametrize(
    ("dial", "numbers"),
    [
        ("pose", ("shift_x", "shift_y", "rotation", "foreshortening", "mirror")),
        ("light", ("ambient", "light_x", "light_y", "light_z")),
        ("camera", ("distance", "exposure", "white", "blur", "noise")),
        ("background", ("place_x", "place_y", "focus", "place_light")),
    ],
)
def test_nuisance_strays_as_far_as_its_dial(dial, numbers):
    met = PLAIN.plan(range(96), 8)
    plain = camera(0, met)
    spread = {v: camera(0, met, Evolution(**{dial: v})) for v in (0, 0.5, 1, 2)}
    for name, values in plain.items():
        if name in numbers:
            assert np.ptp(spread[0][name]) == 0, f"{name} stays still"
            assert spread[0.5][name].std() < plain[name].std() <= spread[2][name].std()
        else:
            assert all((lens[name] == values).all() for lens in spread.values()), f"{dial} leaves {name}"
    for lens in spread.values():
        for name in ("place_x", "place_y", "focus", "blur"):
            assert (lens[name] >= 0).all() and (lens[name] <= 1).all()
        assert (lens["foreshortening"] > 0.3).all() and (lens["white"] > 0).all()


def test_pictures_are_painted_at_the_ends_of_the_nuisance_dials():
    for value in (0, 3):
        world = World(0, 8, Evolution(pose=value, light=value, camera=value, background=value))
        met = world.plan(range(8), 2)
        assert np.abs(world.keypoints(met)["outermost"]).max() < 0.95
        pixels = world.render(met, 20)
        assert pixels.reshape(16, -1).std(axis=1).min() > 2


def test_the_card_is_plain_and_says_the_dials():
    dials = Evolution.read("optima=0,drawn.belly=0.5")
    world = World(2, 48, dials)
    told = json.loads(json.dumps(world.card))
    assert told["dials_turned"] == "optima=0,drawn.belly=0.5" and Evolution.read(told["strengths"]) == dials
    assert set(told["drawn"]) == {*FUNCTIONAL, "belly"} and set(DRAWABLE) > set(told["drawn"])
    text = "\n".join(lines(world))
    assert "12 birds" in text and "optima=0" in text and world.columns["genus"][world.finches[0]] in text
    assert "none" in lines(PLAIN)[-1] and max(map(len, lines(PLAIN))) < 130
