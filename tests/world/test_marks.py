"""Marks: each trait moves its own, and they lie where the animal is painted."""

import numpy as np
import pytest

from embedlab.world import World, painter
from embedlab.world.camera import still
from embedlab.world.plans import MARKS
from embedlab.world.tree import PLANS

WORLD = World(1, 48)


def between(first, second):
    return lambda found: np.linalg.norm(found[first] - found[second], axis=1) / found["scale"]


MEASURES = {
    "body_size": lambda found: found["scale"],
    "beak_length": between("beak_base", "beak_tip"),
    "beak_depth": between("beak_upper", "beak_lower"),
    "beak_curvature": between("beak_straight", "beak_tip"),
    "leg_length": between("limb_base", "limb_tip"),
    "tail_length": between("tail_base", "tail_tip"),
    "tail_fork": between("tail_notch", "tail_tip"),
    "wing_length": between("wing_base", "wing_tip"),
    "head_size": between("head", "crown"),
    "elongation": lambda found: (
        between("body_front", "body_back")(found) / between("body_top", "body_bottom")(found)
    ),
}
VALUES = {
    "body_size": (0.5, 0.6, 0.7, 0.8),
    "elongation": (0.75, 1.0, 1.2, 1.45),
    "beak_length": (0.2, 0.8, 1.4, 2.1),
    "beak_depth": (0.4, 0.9, 1.2, 1.5),
    "beak_curvature": (0.1, 0.5, 0.8, 1.2),
    "leg_length": (0.3, 0.7, 1.1, 1.5),
    "tail_length": (0.3, 0.8, 1.2, 1.7),
    "tail_fork": (0.0, 0.3, 0.6, 1.0),
    "wing_length": (0.65, 0.8, 1.0, 1.25),
    "head_size": (0.8, 0.95, 1.1, 1.25),
}


def drawn(plan, trait, values, size=None):
    """Keypoints, and with a size the cover, of one still female as one measure changes and nothing else."""
    species = WORLD.plans.index(plan)
    met = WORLD.plan([species], len(values)).replace(individual=0, photo=0, sex=0, life_stage=2)
    ((_, _, look, lens),) = WORLD._seen(met)
    lens = still(lens)
    # small and in the middle of every range, so that the frame cuts nothing back
    for name, middle in {**{name: 1.0 for name in VALUES}, "tail_fork": 0.5, "body_size": 0.55}.items():
        look[name] = np.full(len(values), middle)
    look[trait] = np.array(values)
    found = painter.keypoints(plan, look, lens)
    if size is None:
        return found
    return found, painter.paint(plan, look, lens, met.background, size, WORLD.seed, layers=True)[1]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("trait", MEASURES)
def test_each_trait_moves_its_own_distance_one_way(plan, trait):
    length = MEASURES[trait](drawn(plan, trait, VALUES[trait]))
    assert (np.diff(length) > 0.02 * length[1:]).all() or (np.diff(length) > 0.004).all(), length


@pytest.mark.parametrize("plan", PLANS)
def test_each_trait_leaves_the_head_alone(plan):
    for trait in set(MEASURES) - {"body_size", "head_size", "elongation"}:
        head = MEASURES["head_size"](drawn(plan, trait, VALUES[trait]))
        assert np.ptp(head) < 1e-9, trait


@pytest.mark.parametrize(
    ("plan", "trait"),
    [
        *[(plan, trait) for plan in PLANS for trait in ("body_size", "beak_length", "beak_depth", "leg_length")],
        *[(plan, "head_size") for plan in ("bird", "beetle", "butterfly")],
        *[("bird", trait) for trait in ("tail_length", "elongation")],
        *[("butterfly", trait) for trait in ("tail_length", "wing_length")],
        ("beetle", "tail_length"),
        ("fish", "tail_length"),
    ],
)
def test_what_the_marks_say_the_picture_shows(plan, trait):
    found, cover = drawn(plan, trait, VALUES[trait], 96)
    area = cover.sum(axis=(1, 2)) / (1 if trait == "body_size" else found["scale"] ** 2)
    if (plan, trait) in {("bird", "elongation")}:  # slimmer bodies are longer, not larger
        area = [np.ptp(np.flatnonzero(c.max(axis=0) > 0.5)) for c in cover]
    assert (np.diff(area) > 0).all()


def test_marks_lie_on_the_animal():
    met = WORLD.plan(range(48), 6)
    found = WORLD.keypoints(met)
    assert set(MARKS) < set(found) and all(found[name].shape == (len(met), 2) for name in MARKS)
    size = 96
    _, cover = WORLD.render(met, size, layers=True)
    for name in ("eye", "head", "beak_base", "beak_tip", "tail_tip", "wing_base", "limb_tip"):
        column = np.round((found[name][:, 0] + 1) * size / 2 - 0.5).astype(int)
        row = np.round((1 - found[name][:, 1]) * size / 2 - 0.5).astype(int)
        # inside, a mark is covered; a tip ends within 4 % of the picture of something that is
        reach = 1 if name in ("eye", "head", "wing_base") else 4
        near = np.array(
            [
                c[max(r - reach, 0) : r + reach + 1, max(k - reach, 0) : k + reach + 1].max()
                for c, r, k in zip(cover, row, column, strict=True)
            ]
        )
        assert (near > 0.5).mean() > 0.97, f"{name}: {(near > 0.5).mean():.2f} on the animal"
