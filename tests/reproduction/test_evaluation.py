"""Photographs that stand are those that are asked for, and evidence that stands answers the same question."""

import json

import pytest

from embedlab.reproduction.asked import question_of
from embedlab.reproduction.evaluation import photographs
from embedlab.train.config import TrainConfig

CONFIG = TrainConfig(world=5, world_species=32, size=16, species=4, images=2)


def test_photographs_stand_and_others_in_their_place_are_refused(tmp_path):
    folder = photographs(tmp_path / "w", CONFIG, species=4, each=6, workers=1)
    card = (folder / "world.json").stat().st_mtime_ns
    assert photographs(folder, CONFIG, species=4, each=6, workers=1) == folder
    assert (folder / "world.json").stat().st_mtime_ns == card
    for changed, why in (({"each": 12}, "images 24, not 48"), ({"species": 8}, "species_shown 4, not 8")):
        with pytest.raises(ValueError, match=why):
            photographs(folder, CONFIG, **{"species": 4, "each": 6, "workers": 1} | changed)
    turned = TrainConfig(world=5, world_species=32, size=16, species=4, images=2, dials="optima=0")
    with pytest.raises(ValueError, match="other dials"):
        photographs(folder, turned, species=4, each=6, workers=1)
    told = json.loads((folder / "world.json").read_text())
    assert told.pop("views") == "any"
    (folder / "world.json").write_text(json.dumps(told))  # as it was written before views were drawn
    with pytest.raises(ValueError, match="views None, not 'any'"):
        photographs(folder, CONFIG, species=4, each=6, workers=1)


def test_other_traits_or_another_tree_are_another_question(tmp_path):
    files = {"card.json": '{"key": "k"}', "traits.csv": "species\n", "tree.nwk": "(a:1,b:1);"}

    def question(x=None, settings=None, **changed):
        for name, text in (files | changed).items():
            (tmp_path / name).write_text(text)
        how = {"x": x, "traits": tmp_path / "traits.csv", "tree": tmp_path / "tree.nwk", "settings": settings}
        return question_of("hierarchy", [tmp_path], **how)

    others = [{"card.json": '{"key": "l"}'}, {"traits.csv": "species,mass\n"}, {"tree.nwk": "(a:2,b:2);"},
              {"x": "images"}, {"settings": {"permutations": 9}}]  # fmt: skip
    assert question() == question() and len({question(), *(question(**other) for other in others)}) == 6
