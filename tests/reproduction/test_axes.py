"""Runs of a star are sorted into its lines."""

from embedlab.reproduction.axes import axes, by_world
from embedlab.train.config import TrainConfig


def star(**common):
    centre = {"species": 32, "images": 8, "steps": 100} | common
    runs = [TrainConfig(**centre | {"images": m}) for m in (2, 8, 32, 128)]
    runs += [TrainConfig(**centre | {"species": s, "images": m}) for s, m in ((8, 32), (64, 4))]
    return runs + [TrainConfig(**centre | {"steps": t}) for t in (50, 200)]


def test_each_line_of_a_star_holds_its_runs_from_low_to_high():
    found = {axis.name: axis for axis in axes(star())}
    assert list(found) == ["images", "species", "compute"]
    assert [run.images for run in found["images"].runs] == [2, 8, 32, 128]
    assert [run.species for run in found["species"].runs] == [8, 32, 64]
    assert [run.steps for run in found["compute"].runs] == [50, 100, 200]
    assert {run.total for run in found["species"].runs} == {256}, "the photographs in all stay as many"


def test_seeds_stand_on_one_line_and_other_objectives_on_none_of_theirs():
    runs = star() + star(seed=1) + star(objective="flat")[:2]
    images = next(axis for axis in axes(runs) if axis.name == "images")
    assert len(images.runs) == 8 and images.scales == 4
    assert {run.objective for run in images.runs} == {"hierarchical"}
    assert [run.seed for run in images.runs[:2]] == [0, 1]


def test_two_scales_make_no_line():
    assert axes(star()[:2]) == []


def test_worlds_are_told_apart_by_all_that_changes_what_is_seen():
    runs = [TrainConfig(world=w, size=size) for w in (1, 2) for size in (40, 48)] + [TrainConfig(world=1, seed=3)]
    found = by_world(runs)
    assert len(found) == 4 and len(found[1, 640, "", 40]) == 2


def test_the_line_of_a_study_is_the_hierarchical_one_and_never_that_of_shuffled_labels():
    others = [run for objective in ("ce", "hierarchical", "flat") for run in star(objective=objective)]
    assert {axis.runs[0].objective for axis in axes(others)} == {"hierarchical"}
    assert axes(star(shuffle=1)) == []
