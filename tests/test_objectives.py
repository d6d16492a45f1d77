"""The question of objectives, asked of stores on disk whose truth was planted: claims, pairs, controls, refusals."""

import json

import numpy as np
import polars as pl
import pytest

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.study import run_analysis
from tests.stores import write_store

FAST = {"permutations": "49", "episodes": "5"}
SPECIES = 12


def birds(rng, tree, apart, spread):
    """Adults of two sexes, eight a species: means that evolved on the tree, sexes `apart`, individuals `spread`."""
    fixed = np.random.default_rng(0)
    means = 3 + brownian_traits(fixed, tree, 12)
    side = fixed.normal(size=12)
    x = np.repeat(means, 8, axis=0) + spread * rng.normal(size=(8 * SPECIES, 12))
    x += apart * np.outer(np.tile([-0.5, 0.5], 4 * SPECIES), side)
    rows = {"image_id": [f"i{k}" for k in range(len(x))], "species": np.repeat(tree.names, 8).tolist()}
    return x.astype(np.float32), pl.DataFrame(rows | {"sex": ["female", "male"] * (4 * SPECIES)})


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Four seeds of three objectives, which differ in how far they set the sexes apart; and one control."""
    folder = tmp_path_factory.mktemp("objectives")
    tree = random_tree(np.random.default_rng(3), SPECIES)
    (folder / "tree.nwk").write_text(tree.newick())
    paths = []
    for seed in range(4):
        for name, apart in (("hierarchical", 1.6), ("flat", 0.6), ("ce", 1.6)):
            x, rows = birds(np.random.default_rng([seed, len(name)]), tree, apart, 0.5)
            training = {"objective": name, "world": 7, "seed": seed, "images": 2048, "images_seen": 9, "steps": 9}
            paths.append(write_store(folder / f"{name}{seed}", x, rows, training=training))
    x, rows = birds(np.random.default_rng(9), tree, 0.1, 2.0)
    control = write_store(folder / "pixels", x, rows, training={"control": "pixel PCA", "images": 0})
    return {"stores": paths, "control": control, "tree": folder / "tree.nwk"}


def test_what_was_planted_is_told_and_what_was_not_is_not(study):
    found = run_analysis("objectives", stores=[*study["stores"], study["control"]], tree=study["tree"], settings=FAST)
    verdicts = {v.claim.id: v for v in found.verdicts}
    parts = ("5-shot", "sex-separation", "kinship-order")
    assert set(verdicts) == {f"{c}-{q}" for c in ("hierarchical-beats-flat", "contrast-beats-cross-entropy")
                             for q in parts}  # fmt: skip
    told = verdicts["hierarchical-beats-flat-sex-separation"]
    assert told.p_adjusted <= 0.05 and told.numbers["estimate"] > 0.05 and told.family == 6
    assert verdicts["contrast-beats-cross-entropy-sex-separation"].word != "supported"
    assert set(found.results) - {"recent-kinship-order", "sex-outside-species"} == {"1-shot", *parts}
    assert all(v.numbers["n"] == 4 for v in verdicts.values())
    assert found.results["sex-separation"].controls["pixel PCA"] < 0.1
    for verdict in verdicts.values():
        claim = verdict.claim
        assert claim.statistic and claim.null and claim.exclusions and verdict.numbers["unit"] == claim.unit
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_reference_and_those_judged_can_be_chosen(study):
    how = {**FAST, "reference": "ce", "against": "flat"}
    found = run_analysis("objectives", stores=study["stores"], tree=study["tree"], settings=how)
    assert {v.claim.id for v in found.verdicts} == {
        "ce-beats-flat-5-shot", "ce-beats-flat-sex-separation", "ce-beats-flat-kinship-order",
    }  # fmt: skip
    assert list(found.results["5-shot"].pairings) == ["flat", "hierarchical"]


def test_one_seed_cannot_tell(study):
    found = run_analysis("objectives", stores=study["stores"][:3], settings=FAST)
    assert {v.word for v in found.verdicts} == {"cannot tell"}
    assert all("1 pairs of runs" in v.reason for v in found.verdicts)


def test_one_objective_is_no_comparison(study):
    with pytest.raises(ValueError, match=r"trained to hierarchical: give stores of that and of another"):
        run_analysis("objectives", stores=study["stores"][::3], settings=FAST)
    with pytest.raises(ValueError, match=r"compared with 'siglip', and the stores were trained to"):
        run_analysis("objectives", stores=study["stores"], settings={**FAST, "reference": "siglip"})
