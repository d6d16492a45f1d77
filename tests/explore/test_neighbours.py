"""The strip's neighbours are those of the full space, found by image_id and not by position."""

import numpy as np
import pytest

from embedlab.data import Embeddings
from embedlab.explore.neighbours import most_alike, neighbours
from embedlab.stats.pairs.knn import nearest_neighbours


def space(n=300, d=24, seed=0):
    x = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return Embeddings(x, {"image_id": [f"i{j:04d}" for j in range(n)]}, {"model": "planted"})


def test_neighbours_are_those_of_the_full_space_whatever_the_order():
    emb = space()
    rng = np.random.default_rng(1)
    ids = [emb.rows["image_id"][int(j)] for j in rng.permutation(300)]
    ids[40], ids[200] = "not in the space", "nor this"
    part = neighbours(emb, ids, k=7)
    assert part["k"] == 7 and part["of"] == "planted" and part["index"][40] is None and part["cosine"][200] is None
    kept = [i for i in ids if i.startswith("i0")]
    unit = emb.where(image_id=kept).unit()
    here = unit.rows["image_id"].to_list()
    near, far = nearest_neighbours(unit.float64(), 7)
    for j, image in enumerate(here):
        row = ids.index(image)
        assert [ids[r] for r in part["index"][row]] == [here[r] for r in near[j]]
        # cosine of unit vectors from their distance; the part is rounded to four digits
        assert part["cosine"][row] == pytest.approx(1 - far[j] ** 2 / 2, abs=6e-5)


def test_blocks_do_not_change_the_answer(monkeypatch):
    x = space(150).unit().float64()
    whole = most_alike(x, 5)
    monkeypatch.setattr("embedlab.explore.neighbours._BLOCK", 150 * 7)
    parts = most_alike(x, 5)
    assert (whole[0] == parts[0]).all() and np.allclose(whole[1], parts[1], atol=1e-12)


def test_of_equals_the_earlier_row_comes_first():
    x = np.repeat(np.eye(3), 4, axis=0)
    assert most_alike(x, 3)[0][:4].tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_too_few_and_too_many_give_none(monkeypatch):
    emb = space(30)
    ids = emb.rows["image_id"].to_list()
    assert neighbours(emb, ids[:2]) is None
    assert neighbours(emb, ids, k=99)["k"] == 29
    monkeypatch.setattr("embedlab.explore.neighbours.MOST_ROWS", 29)
    assert neighbours(emb, ids) is None
