"""The lab: which store, which rows, and what it says of them."""

import numpy as np
import pytest

from embedlab.data import Embeddings
from embedlab.data.evolution import random_tree
from embedlab.lab import Lab, control


def test_the_store_under_question_stands_last_on_the_scale_wherever_its_card_says_so():
    cards = [{"images": 10, "training": {"seed": 0}}, {"images": 30, "training": {"images": None}}, {"images": 20}]
    rows = {"image_id": ["a", "b"], "species": ["x", "y"]}
    stores = [Embeddings(np.eye(2), rows, card) for card in cards]
    assert Lab(name="x", stores=stores, x="images").embeddings() is stores[1]


def test_adults_only_is_said_with_what_it_leaves_out():
    rows = {"image_id": list("abcdef"), "sex": ["female", "male"] * 3,
            "life_stage": ["adult", "adult", "juvenile", None, None, None]}  # fmt: skip
    lab = Lab(name="x", stores=[Embeddings(np.ones((6, 2)), rows, {})])
    assert lab.variants("sex")[0].n == 2
    assert lab.notes == [
        "the sexes are compared among adults: 2 of 6 images; 3 whose life stage is not recorded are left out"
    ]


def test_controls_stand_beside_the_series_and_not_in_it():
    rows = {"image_id": ["a", "b"], "species": ["x", "y"]}
    cards = [{"training": {"images": 9}}, {"training": {"control": "pixel PCA"}}, {"training": {"images": 99}}]
    small, pixels, large = (Embeddings(np.eye(2), rows, card) for card in cards)
    lab = Lab(name="x", stores=[small, pixels, large], x="images")
    assert lab.stores == (small, large) and lab.controls == (pixels,) and lab.given == (small, pixels, large)
    assert lab.embeddings() is large and [control(s) for s in lab.given] == ["", "pixel PCA", ""]
    alone = Lab(name="x", stores=[pixels])
    assert alone.stores == (pixels,) and alone.controls == ()


def test_intervals_are_for_the_clade_unless_the_process_is_asked_for():
    tree = random_tree(np.random.default_rng(0), 5)
    stores = [Embeddings(np.eye(2), {"image_id": ["a", "b"], "species": ["x", "y"]}, {})]
    lab = Lab(name="x", stores=stores, tree=tree)
    assert lab.process() is None and "clade of which these are a sample" in lab.notes[0]
    asked = Lab(name="x", stores=stores, tree=tree, settings={"interval": "process"})
    assert asked.process() is tree and not asked.notes
    with pytest.raises(ValueError, match="needs a tree"):
        Lab(name="x", stores=stores, settings={"interval": "process"}).process()
    with pytest.raises(ValueError, match="give clade or process"):
        Lab(name="x", stores=stores, settings={"interval": "both"}).process()
