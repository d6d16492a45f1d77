"""What a host shows of some spaces: kept neighbours as `el.kept` counts them, and one note for what has no axis."""

import numpy as np
import polars as pl
import pytest

import embedlab as el
from embedlab.data import Embeddings, Traits
from embedlab.explore.opening import opened


@pytest.fixture(scope="module")
def space():
    rng = np.random.default_rng(5)
    species = np.repeat(np.arange(10), 6)
    x = 2 * rng.normal(size=(10, 8))[species] + rng.normal(size=(60, 8))
    rows = {"image_id": [f"i{k}" for k in range(60)], "species": [f"Avis sp{k}" for k in species]}
    return Embeddings(x.astype(np.float32), rows, {"model": "planted"})


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_the_page_tints_by_what_the_measure_counts(space, method):
    made = opened([space], methods=[method]).bundle
    one = made["maps"][0]
    ids = [made["ids"][row] for row in one["row"]]
    map_ = el.project(space, method, rng=0)
    wanted = dict(zip(map_.image_id, el.kept(space, map_), strict=True))
    assert one["kept"] == pytest.approx([wanted[i] for i in ids], abs=5e-4) and len(set(one["kept"])) > 3
    assert np.mean(one["kept"]) == pytest.approx(map_.overlap, abs=5e-4)


def test_what_has_no_axis_is_said_in_one_note(space):
    names = [f"Avis sp{k}" for k in range(3)]  # too few of ten
    traits = Traits(pl.DataFrame({"species": names, "wing": [1.0, 2.0, 3.0], "tail": [2.0, 1.0, 4.0]}),
                    {"wing": "numeric", "tail": "numeric"})  # fmt: skip
    tree = el.Tree.parse("(" + ",".join(f"'Avis sp{k}':1" for k in range(10)) + ");")
    notes = opened([space], methods=["pca"], traits=traits, tree=tree).bundle["notes"]
    said = [note for note in notes if note.startswith("no axis")]
    assert len(said) == 1, notes
    assert said[0].startswith("no axis for 2 traits: wing, tail: 3 species have a vector, a value and a tip in")
    assert said[0].endswith("(7 species without a value)")
