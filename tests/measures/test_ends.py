"""Both ends of a series and its controls, by species; what is followed adds up to what it stands for."""

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings, Traits
from embedlab.data.synthetic import brownian_traits, dimorphic_birds, random_tree
from embedlab.lab import Lab
from embedlab.measures.ends import ends
from embedlab.measures.followed import kinship, of_recognition
from embedlab.measures.hierarchy import hierarchy
from embedlab.measures.recognition import recognition
from embedlab.measures.scaling import scaling
from embedlab.measures.separation import separation
from embedlab.quantities import quantities, suite
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.study import load_analysis

SEX = ("sex", "female", "male")


def store(size, seed=0, **training):
    emb = dimorphic_birds(np.random.default_rng(seed), size=size, species=8, d=24)
    return Embeddings(emb.x, emb.rows, {"model": "compact", "training": training})


def fisher(emb, rng):
    return separation(emb, SEX, permutations=19, rng=rng)


def test_the_ends_are_a_paired_difference_by_hand(rng):
    x = np.array([10.0, 10, 100, 1000, 1000])
    values = rng.normal(size=(5, 12)) + 3 * rng.normal(size=12)  # species differ much, and alike at every run
    found = ends(x, values, np.random.default_rng(1))
    each = values[3:].mean(axis=0) - values[:2].mean(axis=0)
    assert found.difference == pytest.approx(each.mean()) and found.runs == 4
    assert found.interval == pytest.approx(bootstrap_ratio(each, np.ones(12), rng=rng), abs=0.1)
    assert np.diff(found.interval) < 3 and not found.disjoint
    apart = ends(x, values + 100 * np.log10(x)[:, None], np.random.default_rng(1))
    assert apart.disjoint and "do not overlap" in str(apart) and "from 10 to 1,000" in str(apart)
    falls = ends(x, values - 100 * np.log10(x)[:, None], np.random.default_rng(1))
    assert falls.disjoint and falls.difference < 0 and "do not overlap" in str(falls)
    values[0, 3] = np.nan
    assert ends(x, values, rng) is None


def test_controls_stand_beside_the_series_and_change_no_number_of_it():
    series = [store(v, images_seen=10.0**i, seed=0) for i, v in enumerate((0.3, 0.6, 0.9, 1.2), start=1)]
    control = [store(0.05), store(0.05, seed=1)]
    plain = scaling(series, fisher, rng=0)
    found = scaling(series, fisher, controls={"pixel PCA": control[:1]}, rng=0)
    assert found.evidence.interval == plain.evidence.interval and found.evidence.p_more == plain.evidence.p_more
    (beside,) = found.controls
    alone = fisher(control[0], np.random.default_rng(found.seed))
    assert beside.value == alone.evidence.estimate and beside.interval == alone.evidence.interval
    assert beside.gap == pytest.approx(found.values[-1] - beside.value) and beside.gap_interval[0] > 0
    assert "pixel PCA" in str(found) and "pixel PCA" in found.caption
    other = dimorphic_birds(np.random.default_rng(0), species=9, d=24)
    with pytest.raises(ValueError, match="do not hold the same species"):
        scaling(series, fisher, controls={"x": [other]}, rng=0)


def evolved(seed=0, n=20, each=8):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    traits = brownian_traits(rng, tree, 9)
    means = np.c_[traits, brownian_traits(rng, tree, 9)] + 3
    x = np.repeat(means, each, axis=0) + 0.5 * rng.normal(size=(n * each, 18))
    rows = {"image_id": [str(i) for i in range(len(x))], "species": np.repeat(tree.names, each).tolist()}
    return Embeddings(x.astype(np.float32), rows, {}), tree, traits


def test_what_is_followed_is_the_measure_and_its_species_add_up():
    emb, tree, _ = evolved()
    kin = kinship(emb, tree, permutations=19, rng=0)
    whole = hierarchy(emb, tree, permutations=19, rng=0)
    assert kin.evidence.estimate == whole.evidence["triplets"].estimate
    young = kinship(emb, tree, upto=0.5, permutations=19, rng=0)
    assert young.evidence.estimate == whole.evidence["recent"].estimate
    named = recognition(emb, episodes=5, permutations=19, rng=0)
    for followed in (kin, of_recognition(named, "1-shot"), of_recognition(named, "5-shot")):
        part, total = followed.parts
        assert part.sum() / total.sum() == pytest.approx(followed.evidence.estimate)
        assert len(followed.species) == part.size == 20


def test_quantities_are_what_a_lab_can_answer_and_names_are_asked_once(monkeypatch):
    emb, tree, traits = evolved()
    form = ("body_size", "elongation", "beak_length", "beak_depth", "beak_curvature", "leg_length", "tail_length",
            "tail_fork", "wing_length")  # fmt: skip
    table = Traits({"species": tree.names, **{n: traits[:, i] for i, n in enumerate(form)}})
    lab = Lab(name="x", stores=[emb], tree=tree, traits=table, settings={"permutations": 19, "episodes": 3})
    there = quantities(lab)
    assert list(there) == ["1-shot", "5-shot", "kinship-order", "recent-kinship-order", "trait-distances"]
    assert suite(lab) == form
    rng = np.random.default_rng
    assert there["1-shot"](emb, rng(0)).evidence.n == 20
    calls = []
    monkeypatch.setattr("embedlab.quantities._named", lambda *a: calls.append(a))  # nobody is asked again
    assert there["5-shot"](emb, rng(9)).evidence.n == 20 and not calls
    bare = Lab(name="x", stores=[emb], settings={"episodes": 0})
    assert quantities(bare) == {}
    few = Lab(name="x", stores=[emb.take(np.arange(160).reshape(20, 8)[:, :6].ravel())])
    assert quantities(few) == {}  # six of each: five are shown, and one is too few to ask
    some = Lab(name="x", stores=[emb], traits=table, tree=tree, settings={"traits": "elongation,tail_fork"})
    assert suite(some) == ("elongation", "tail_fork")


def test_the_analysis_sets_stores_that_are_controls_beside_the_series():
    series = [store(v, images_seen=10.0**i, seed=0) for i, v in enumerate((0.3, 0.6, 0.9, 1.2), start=1)]
    others = [store(0.05, control="random network", seed=s, images_seen=0) for s in (0, 1)]
    lab = Lab(name="x", stores=[others[0], *series, others[1]], settings={"permutations": 19, "episodes": 3})
    found = load_analysis("scaling").run(lab)
    assert set(found.results) == {"1-shot", "5-shot", "sex-separation", "sex-outside-species"}
    for result in found.results.values():
        assert len(result.x) == 4 and [c.name for c in result.controls] == ["random network"]
    assert "random network" in found.sentences["sex-separation-grows"] and len(found.stores) == 6


def test_what_cells_are_too_small_for_is_not_followed_and_it_is_said():
    """Three of each sex and stage: enough to separate stages within sexes, too few to halve."""
    emb = dimorphic_birds(np.random.default_rng(0), species=6, per_cell=6, d=24)
    stage = ["juvenile" if i % 2 else "adult" for i in range(emb.n)]
    lab = Lab(name="x", stores=[Embeddings(emb.x, emb.rows.with_columns(life_stage=pl.Series(stage)), {})])
    assert {"sex-separation", "stage-separation"} <= set(quantities(lab))
    assert "stage-outside-species" not in quantities(lab)
    assert any("stage-outside-species is not followed: no species has at least 4" in note for note in lab.notes)
