"""Objectives, paired: found where planted, silent over empty studies, never told from one seed or two."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from embedlab.claims import Claim, Evidence, judge
from embedlab.data import Embeddings
from embedlab.data.synthetic import dimorphic_birds
from embedlab.measures.objectives import objectives
from embedlab.measures.separation import separation

CLAIM = Claim(id="a", says="So.", source="-", at_least=0.0)
SEX = ("sex", "female", "male")


def study(rng, gains, *, worlds=1, seeds=4, species=30, run=0.05, own=0.1, world=0.0, scales=(100,)):
    """Stores and a measure that reads planted values: `gains` by objective, scatter of runs, species and worlds."""
    stores, rows = [], {}
    for w in range(worlds):
        base = rng.normal(size=species)
        of = {g: own * rng.normal(size=species) + world * rng.normal() for g in gains}
        for s in range(seeds):
            for images in scales:
                for name, gain in gains.items():
                    training = {"objective": name, "world": w, "seed": s, "images": images, "steps": 5}
                    store = SimpleNamespace(card={"model": f"{name}-{s}", "training": training})
                    stores.append(store)
                    noise = run * rng.normal() + 0.05 * rng.normal(size=species)
                    rows[id(store)] = (tuple(f"w{w} s{i}" for i in range(species)), base + gain + of[name] + noise)

    def measure(store, rng):
        names, value = rows[id(store)]
        e = Evidence(statistic="planted", estimate=float(value.mean()), interval=(value.min(), value.max()),
                     null=rng.normal(size=20), chance_kind="none", p_more=1.0, p_less=1.0, p_floor=0.05, n=species,
                     n_effective=float(species))  # fmt: skip
        return SimpleNamespace(evidence=e, species=names, parts=(value, np.ones(species)))

    return stores, measure


def test_a_planted_gain_is_found_and_a_loss_contradicts(rng):
    stores, measure = study(rng, {"hierarchical": 0.5, "flat": 0.0, "ce": 1.0}, worlds=3, seeds=2)
    found = objectives(stores, measure, rng=0)
    assert list(found.values) == ["hierarchical", "ce", "flat"] and found.worlds == 3 and found.species == 90
    assert judge([CLAIM], {"a": found.pairings["flat"].evidence})[0].word == "supported"
    assert judge([CLAIM], {"a": found.pairings["ce"].evidence})[0].word == "contradicted"
    flat = found.pairings["flat"]
    assert len(flat.differences) == 6 and flat.evidence.unit == "pairs of runs" and "6 of them above 0" in str(flat)
    assert flat.evidence.estimate == pytest.approx(flat.differences.mean()) == pytest.approx(flat.by_species.mean())
    assert found.table()["objective"].to_list() == ["hierarchical", "ce", "flat"]


def test_an_objective_of_some_worlds_only_is_the_mean_of_its_own_pairs(rng):
    stores, measure = study(rng, {"hierarchical": 0.5, "flat": 0.0}, worlds=4, seeds=2)
    training = [store.card["training"] for store in stores]
    kept = [s for s, t in zip(stores, training, strict=True) if t["objective"] != "flat" or t["world"] < 2]
    flat = objectives(kept, measure, rng=0).pairings["flat"]
    assert len(flat.differences) == 4 and flat.by_species.mean() == pytest.approx(flat.differences.mean())


def test_a_run_without_a_value_is_told_and_silences_no_other_objective(rng):
    stores, measure = study(rng, {"hierarchical": 0.5, "flat": 0.0, "ce": 0.0}, worlds=1, seeds=4)
    lost = next(s for s in stores if s.card["training"]["objective"] == "ce")

    def some(store, rng):
        found = measure(store, rng)
        if store is lost:
            found.evidence = replace(found.evidence, estimate=np.nan, interval=(np.nan, np.nan))
            found.parts = (np.full(30, np.nan), np.zeros(30))
        return found

    found = objectives(stores, some, rng=0).pairings
    assert found["ce"].evidence.cannot_tell == "a run has no value of this measure"
    assert not found["flat"].evidence.cannot_tell and found["flat"].evidence.p_more < 0.05


@pytest.mark.parametrize("seeds", [1, 2])
def test_one_seed_or_two_cannot_tell_whatever_they_show(rng, seeds):
    found = objectives(*study(rng, {"hierarchical": 5.0, "flat": 0.0}, seeds=seeds), rng=0)
    said = judge([CLAIM], {"a": found.pairings["flat"].evidence})[0]
    assert said.word == "cannot tell" and f"{seeds} pairs of runs" in said.reason
    assert "3 are the least" in str(found)


@pytest.mark.parametrize("world", [0.0, 0.3])
def test_empty_studies_are_seldom_told(world):
    """Runs, species and worlds scatter and no objective is better: .05 in either direction, and four errors."""
    told = []
    for seed in range(80):
        rng = np.random.default_rng([seed, int(10 * world)])
        stores, measure = study(rng, {"hierarchical": 0, "flat": 0}, worlds=3, seeds=2, world=world, own=0.2)
        e = objectives(stores, measure, rng=0).pairings["flat"].evidence
        told.append((e.p_more <= 0.05, e.p_less <= 0.05, not e.interval[0] <= 0 <= e.interval[1]))
    assert (np.mean(told, axis=0) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 80)).all(), np.mean(told, axis=0)


def test_pairs_share_all_but_the_objective_and_the_rest_is_said(rng):
    stores, measure = study(rng, {"hierarchical": 1.0, "flat": 0.0}, seeds=4, scales=(100, 400))
    found = objectives([s for i, s in enumerate(stores) if i != 0], measure, rng=0)  # one of hierarchical is gone
    assert len(found.pairings["flat"].differences) == 7
    assert found.left_out == ("1 runs of flat without a run of hierarchical that shares all else",)
    with pytest.raises(ValueError, match="two runs of flat share world 0, images 100, steps 5, seed 0"):
        objectives([*stores, stores[1]], measure, rng=0)


def test_a_store_that_says_no_objective_is_hierarchical_and_controls_are_lines():
    def birds(size, seed, **training):
        emb = dimorphic_birds(np.random.default_rng(seed), size=size, species=8, d=24)
        return Embeddings(emb.x, emb.rows, {"model": "compact", "training": {"world": 1, "seed": seed, **training}})

    stores = [birds(1.2, s) for s in range(3)] + [birds(0.4, s, objective="flat") for s in range(3)]
    control = birds(0.05, 9, control="pixel PCA")
    found = objectives(stores, lambda e, r: separation(e, SEX, permutations=19, rng=r), controls={"pixels": [control]},
                       rng=0)  # fmt: skip
    assert found.pairings["flat"].evidence.estimate > 0 and found.controls["pixels"] < found.values["flat"].min()
    assert "Controls: pixels" in found.caption and found.table().height == 3
    assert abs(found.chance[0]) < 0.05 and found.runs["flat"] == ("compact",) * 3


def test_refusals(rng):
    stores, measure = study(rng, {"flat": 0.0, "ce": 0.0})
    with pytest.raises(ValueError, match=r"trained to ce, flat: give stores of that and of another"):
        objectives(stores, measure, rng=0)
    assert objectives(stores, measure, reference="ce", rng=0).reference == "ce"
    one, measure = study(rng, {"hierarchical": 0.0})
    with pytest.raises(ValueError, match=r"trained to hierarchical"):
        objectives(one, measure, rng=0)
