"""Pixels: the same bytes however the work is cut, animals inside the frame, every drawn trait seen."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from embedlab.world import World, painter, places, plate
from embedlab.world.camera import camera
from embedlab.world.painter import paint
from embedlab.world.phenotype import looks
from embedlab.world.sheet import GUTTER, labelled, twins
from embedlab.world.traits import ALL, KINDS, ORNAMENT
from embedlab.world.tree import PLANS

WORLD = World(1, 48)
EACH = WORLD.plan(range(48), 2)
ANY = WORLD.plan(range(48), 2, views="any")
PIXELS = {size: WORLD.render(EACH, size) for size in (20, 40)}
ELSEWHERE = WORLD.render(ANY, 40)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, len(EACH) - 1), min_size=1, max_size=40), st.sampled_from([20, 40]))
def test_same_bytes_in_any_batch_and_order(rows, size):
    rows = np.array(rows)
    assert (WORLD.render(EACH[rows], size) == PIXELS[size][rows]).all()
    assert (WORLD.render(ANY[rows], 40) == ELSEWHERE[rows]).all()


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


def test_another_view_moves_the_place_and_nothing_else():
    again, cover = WORLD.render(ANY, 40, layers=True)
    same = ANY.view == EACH.view
    assert 0.1 < same.mean() < 0.4 and (again[same] == PIXELS[40][same]).all()
    bare = cover[~same] == 0
    assert (again[~same][bare] != PIXELS[40][~same][bare]).mean() > 0.5
    wide = np.pad(cover, ((0, 0), (1, 1), (1, 1)))
    solid = np.min([wide[:, i : i + 40, j : j + 40] for i in range(3) for j in range(3)], axis=0) >= 1
    assert solid.mean() > 0.04 and (again[solid] == PIXELS[40][solid]).all()


@pytest.mark.parametrize("views, low, high", [("own", 0.60, 1.0), ("any", 0.194, 0.306)])  # chance ± 4 s.e. of 960
def test_a_place_tells_the_body_plan_only_where_it_is_the_plans_own(views, low, high):
    met = WORLD.plan(range(48), 40, balanced=True, background_bias=0.0, views=views)
    empty = places.cut(WORLD.seed, met.view, met.background, camera(WORLD.seed, met), 16)  # nobody in front
    means = empty.reshape(len(met), 3, 4, 4, 4, 4).mean(axis=(3, 5)).reshape(len(met), -1)
    plan, odd = np.eye(4)[WORLD.growth.plan[met.species]], met.individual % 4 // 2 == 1
    x = np.column_stack([means, np.ones(len(met))])
    rule = np.linalg.lstsq(x[~odd], plan[~odd], rcond=None)[0]
    right = ((x[odd] @ rule).argmax(axis=1) == plan[odd].argmax(axis=1)).mean()
    assert odd.sum() == 960 and low < right < high, right  # seen: .721 and .249


def test_double_precision_moves_no_grey_level_by_more_than_another_device_may():
    for plan, rows, look, lens in WORLD._seen(EACH):
        single, double = (
            paint(plan, look, lens, EACH.background[rows], 40, WORLD.seed, dtype=dtype).astype(int)
            for dtype in (torch.float32, torch.float64)
        )
        moved = np.abs(single - double)
        assert moved.max() <= painter.TOLERANCE and (moved > 0).mean() < 2e-4, plan


def test_a_device_gathers_the_same_places_and_grains():
    for _, rows, _, lens in WORLD._seen(ANY):
        told = WORLD.seed, ANY.view[rows], ANY.background[rows], lens, 24
        place, noise = painter._gather(*told, torch.device("cpu"))
        assert (place.numpy() == places.cut(*told)).all()
        assert (noise.numpy() == places.grain(WORLD.seed, lens, 24)).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_paints_the_same_to_rounding():
    for plan, rows, look, lens in WORLD._seen(EACH):
        told = plan, look, lens, EACH.background[rows], 40, WORLD.seed
        assert np.abs(paint(*told, device="cuda").astype(int) - paint(*told)).max() <= painter.TOLERANCE


def test_painting_leaves_the_number_of_threads_as_it_was():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        WORLD.render(EACH[:1], 20)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_resolution_changes_no_optics():
    """Blur, grain and depth of field are shares of the picture: four times the pixels, the same photograph."""
    large, small = WORLD.render(EACH, 80), WORLD.render(EACH, 40)
    reduced = large.reshape(len(EACH), 40, 2, 40, 2, 3).mean(axis=(2, 4))
    flat = np.stack([reduced, small]).reshape(2, len(EACH), -1)
    alike = [np.corrcoef(first, second)[0, 1] for first, second in zip(*flat, strict=True)]
    assert np.median(alike) > 0.97 and min(alike) > 0.85  # seen: .990 and .929
    # noise: the same grains at either size
    _, _, _, lens = next(iter(WORLD._seen(EACH)))
    big, little = (places.grain(WORLD.seed, lens, size).reshape(-1, 3, size, size) for size in (160, 80))
    halved = big.reshape(len(big), 3, 80, 2, 80, 2).mean(axis=(3, 5))
    # where the cut begins is rounded down to a whole pixel, so that grains of a pixel may stand half a pixel apart
    assert np.corrcoef(halved.ravel(), little.ravel())[0, 1] > 0.6


def test_the_lens_blurs_as_wide_a_share_at_any_size():
    """One bright line: the second moment that full blur adds, in shares of the picture's width, is the same."""
    added = []
    for size in (32, 64, 128):
        line = torch.zeros(1, 3, size * size)
        line.reshape(3, size, size)[:, :, size // 2] = 1
        blurred = painter._lens_blur(line, torch.ones(1, 1, 1, 1), size).reshape(3, size, size)[0, size // 2].numpy()
        at = (np.arange(size) - size // 2) / size
        added.append((blurred * at**2).sum() / blurred.sum())
    # below 64 pixels a kernel cannot be narrower than a pixel, so its weight shrinks instead
    assert added == pytest.approx([added[0]] * 3, rel=1e-4)  # rounding of single precision


@pytest.mark.parametrize(
    "trait", [name for name in ALL if name not in ("dimorphism", "maturation", *KINDS, *ORNAMENT, "undrawn")]
)
def test_every_drawn_trait_reaches_the_pixels_and_the_undrawn_does_not(trait):
    for plan in PLANS:
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
    for plan in PLANS:
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


def test_a_typical_portrait_is_an_individual_near_the_middle():
    shown, first = (plate(WORLD, [5], 32, ("female",), typical=typical) for typical in (True, False))
    again = plate(WORLD, [5], 32, ("female",), typical=True)
    assert (shown == again).all() and shown.shape == first.shape == (32, 32, 3)


def test_twins_are_alike_and_apart():
    found = twins(WORLD, 4)
    assert len(found) == 4 and len({s for pair in found for s in pair}) == 8
    for first, second in found:
        assert WORLD.plans[first] == WORLD.plans[second]
        assert WORLD.evolved.habitat[first] == WORLD.evolved.habitat[second]
        assert WORLD.groups["family"][first] != WORLD.groups["family"][second]


def test_plates_have_a_line_of_text_above_each_block():
    page = labelled([[plate(WORLD, [0], 24, ("male",))] * 2], [["one", "two\nlines"]])
    assert page.size == (2 * (24 + GUTTER) + GUTTER, 24 + 33 + 2 * GUTTER)
    with pytest.raises(ValueError, match="zip"):
        labelled([[np.zeros((2, 2, 3), np.uint8)]], [["one", "too many"]])


def test_a_plate_shows_species_by_portrait():
    shown = plate(WORLD, [0, 20, 40], 32)
    assert shown.shape == (96, 96, 3) and shown.std() > 10
    monomorphic = int(np.flatnonzero(WORLD.dimorphism == 0)[0])
    male, female = np.split(plate(WORLD, [monomorphic], 32, ("male", "female")), 2, axis=1)
    assert (male == female).all(), "nothing tells the sexes of a monomorphic species apart"
    with pytest.raises(KeyError, match="larva"):
        plate(WORLD, [0], 32, ("larva",))
