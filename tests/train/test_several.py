"""Scales of one world: each run its own, free of what must emerge, trained here or in processes to the same weights."""

import json

import numpy as np
import pytest
import torch

from embedlab.extract.compact import WEIGHTS, CompactEncoder
from embedlab.train import TrainConfig, several, train, train_scales
from embedlab.train.crew import Crew
from embedlab.train.photos import _ROOM, TEST_IMAGES, Pool, _number
from embedlab.train.species import grown, training_order
from embedlab.world.card import DESIGN
from embedlab.world.phenotype import SEXES, STAGES
from embedlab.world.traits import HABITATS

TINY = TrainConfig(world_species=24, species=6, images=4, size=16, steps=3, batch=16, log_every=1)


def like(config, **changes):
    return TrainConfig(**{**vars(config), **changes})


def filled(configs, folder):
    pool = Pool.of(configs, folder)
    aside = pool.create()
    for job in pool.renders(aside):
        job(lambda images: None)
    aside.replace(pool.path)
    return pool


def test_runs_share_no_photograph_and_held_out_species_are_never_seen(tmp_path):
    small, large, deep = TINY, like(TINY, species=12, images=8), like(TINY, species=4, images=20)
    again = like(TINY, seed=1)
    runs = (small, large, deep, again)
    pool = filled(runs, tmp_path)
    photos = {c.name: pool.photos(c) for c in runs}
    assert [len(train_on) for train_on, _ in photos.values()] == [24, 96, 80, 24]
    rows = [set(p.rows.tolist()) for both in photos.values() for p in both]
    assert sum(map(len, rows)) == len(set.union(*rows)) == pool.images
    first, second = (photos[c.name][0].pixels[photos[c.name][0].rows] for c in (small, again))
    assert not {x.tobytes() for x in first} & {x.tobytes() for x in second}
    world = grown(7, 24)
    for c in runs:
        order = training_order(world, c.species, c.seed)
        assert len(set(order.tolist())) == c.species
        assert set(world.split[order]) == {"core"}
    plans = np.array(world.plans)[training_order(world, 6, 0)]
    assert set(plans) == set(world.plans) and max(np.unique(plans, return_counts=True)[1]) == 2, "they take turns"


def test_a_run_sees_the_same_whatever_runs_beside_it(tmp_path):
    (tmp_path / "a").mkdir()
    alone = filled([TINY], tmp_path / "a").photos(TINY)
    beside = filled([TINY, like(TINY, seed=3), like(TINY, species=9)], tmp_path).photos(TINY)
    for one, other in zip(alone, beside, strict=True):
        np.testing.assert_array_equal(one.pixels[one.rows], other.pixels[other.rows])


def test_images_of_the_pool_are_those_of_the_world(tmp_path):
    pool = filled([TINY], tmp_path)
    photos, test = pool.photos(TINY)
    world, order = grown(7, 24), training_order(grown(7, 24), 6, 0)
    start = 2 * _number(6, 4, 0) * _ROOM
    np.testing.assert_array_equal(photos.pixels[photos.rows], world.render(world.plan(order, 4, start=start), 16))
    asked = world.plan(order, TEST_IMAGES, balanced=True, background_bias=0.0, start=start + _ROOM)
    np.testing.assert_array_equal(test.pixels[test.rows], world.render(asked, 16))
    assert set(test.rows).isdisjoint(photos.rows)
    assert photos.captions[0][0] == world.caption(int(order[0]), "taxonomic")


def test_no_word_of_a_caption_names_what_must_emerge(tmp_path):
    words = set(
        filled([like(TINY, species=12)], tmp_path).photos(like(TINY, species=12))[0].vocabulary().words
    )
    assert words.isdisjoint({*SEXES, *STAGES, *HABITATS, "juvenile", "adult", "male", "female"})
    assert words.isdisjoint(grown(7, 24).trait_rows.columns)


@pytest.mark.slow  # two fresh processes import torch
def test_a_failure_in_a_process_arrives_here_and_ends_the_others(tmp_path):
    pool = Pool.of([like(TINY, species=12, images=200)], tmp_path)
    with pytest.raises(FileNotFoundError, match="never-made"), Crew(2) as crew:
        crew.do(pool.renders(tmp_path / "never-made.npy"), "rendering", pool.images)


@pytest.mark.slow  # two fresh processes import torch
def test_processes_give_the_weights_of_one_process_and_repeat_nothing(tmp_path, monkeypatch):
    configs = [TINY, like(TINY, seed=1), like(TINY, species=12)]
    alone = train_scales(configs, tmp_path / "one", workers=1)
    together = train_scales(configs, tmp_path / "two", workers=2)
    for a, b in zip(alone, together, strict=True):
        assert {**a, "seconds": 0, "checkpoint": 0} == {**b, "seconds": 0, "checkpoint": 0}
    for config in configs:
        a, b = (tmp_path / side / config.name / WEIGHTS for side in ("one", "two"))
        assert a.read_bytes() == b.read_bytes()
    assert not list(tmp_path.glob("*/*.npy")) and not list(tmp_path.glob("*/.*"))  # the pool is gone
    monkeypatch.setattr(several, "run", None)  # any further training would call it
    again = train_scales(configs, tmp_path / "one")
    assert [r["metrics"] for r in again] == [r["metrics"] for r in alone]
    with pytest.raises(ValueError, match="holds a model of another configuration"):
        train_scales([like(TINY, lr=1e-4)], tmp_path / "one")


def test_train_takes_a_configuration_or_a_file(tmp_path):
    one = train(TINY, out=tmp_path / "one")
    assert list(one) == ["checkpoint", "images_seen", "seconds", "metrics"]
    assert one["checkpoint"] == str(tmp_path / "one") and one["images_seen"] == 48
    path = tmp_path / "grid.toml"
    path.write_text(
        'world_species = 24\nsize = 16\nsteps = 3\nbatch = 16\n[grid]\ndata = ["4x4", "6x4"]\nseed = [0, 1]\n'
    )
    many = train(path, out=tmp_path / "many", workers=1)
    assert len(many["runs"]) == 4 and many["images_seen"] == 4 * 48
    assert many["checkpoint"] == str(tmp_path / "many" / "6x4-3-seed0")
    json.dumps(many)
    card = tmp_path / "one" / "model.json"
    card.write_text(card.read_text().replace(f'"design": {DESIGN}', '"design": 1'))
    with pytest.raises(ValueError, match="saw worlds of design 1, and they are drawn to design"):
        train(TINY, out=tmp_path / "one")
    told = CompactEncoder.load(many["checkpoint"]).card["training"]
    assert told["images"] == 24 and told["species"] == 6 and told["world"] == 7 and told["seed"] == 0


@pytest.mark.parametrize(
    ("configs", "words"),
    [
        (
            [like(TINY, species=20)],
            "only 1[0-9] of the 24 species.*others are held out: raise world_species",
        ),
        ([TINY, like(TINY, lr=1e-4)], r"\['6x4-3-seed0'\] name several runs"),
        pytest.param(
            [like(TINY, device="cuda")],
            "torch finds no GPU here",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU"),
        ),
    ],
)
def test_refusals(tmp_path, configs, words):
    with pytest.raises(ValueError, match=words):
        train_scales(configs, tmp_path)
