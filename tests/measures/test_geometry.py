"""The shape of a cloud: by hand, against all pairs, and under rotation."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from embedlab.data import Embeddings
from embedlab.measures.geometry import geometry
from embedlab.stats.shape.collapse import neural_collapse
from embedlab.stats.shape.dimension import alignment_loss, uniformity


def space(x):
    return Embeddings(np.asarray(x, np.float64), pl.DataFrame({"image_id": [str(i) for i in range(len(x))]}), {})


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(3, 12), st.integers(2, 12))
def test_cosines_are_those_of_all_pairs(seed, n, d):
    x = np.random.default_rng(seed).normal(size=(n, d)) + 0.5
    found = geometry(space(x))
    cosine = 1 - pdist(x, "cosine")
    assert found.mean_cosine == pytest.approx(cosine.mean(), abs=1e-10)
    # a variance from sums of squares: its root keeps half the digits
    assert found.sd_cosine == pytest.approx(cosine.std(), abs=1e-7)
    assert found.mean_norm == pytest.approx(np.linalg.norm((x / np.linalg.norm(x, axis=1)[:, None]).mean(axis=0)))
    assert 1 <= found.participation_ratio <= found.effective_rank + 1e-9 <= min(n - 1, d) + 1e-6


def test_by_hand():
    found = geometry(space([[3.0, 0], [0, 2.0], [-1.0, 0], [0, -4.0]]))
    assert (found.norm_min, found.norm_median, found.norm_max) == (1, 2.5, 4)
    assert found.mean_cosine == pytest.approx(-1 / 3) and found.mean_norm == pytest.approx(0)
    assert found.effective_rank == pytest.approx(2) and found.top2 == pytest.approx(1)
    assert "4 vectors in 2 dimensions fill about 2 of them" in str(found)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_rotation_and_order_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(15, 5)) * [3, 2, 1, 1, 0.2] + 1
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    one, other = geometry(space(x)), geometry(space((x @ turn)[rng.permutation(15)]))
    for view in one.views:
        here = [g.table().filter(~pl.col("fact").str.ends_with("chance")) for g in (one, other)]
        a, b = (t[view].drop_nulls().to_numpy() for t in here)
        assert b == pytest.approx(a, rel=1e-6, abs=1e-6, nan_ok=True)


def test_vectors_of_length_zero_are_counted_and_left_out(rng):
    x = rng.normal(size=(6, 3))
    x[2] = 0
    found = geometry(space(x))
    assert found.zero_rows == 1 and found.norm_min == 0
    assert found.mean_cosine == pytest.approx(geometry(space(np.delete(x, 2, axis=0))).mean_cosine)


def test_what_has_no_shape_is_refused():
    with pytest.raises(ValueError, match="2 vectors of positive length: at least 3"):
        geometry(space(np.eye(2)))
    with pytest.raises(ValueError, match="do not vary"):
        geometry(space(np.ones((4, 2))))


def test_views_side_by_side(rng):
    x = rng.normal(size=(120, 6)) * [9, 3, 1, 1, 0.3, 0.1] + [30, 0, 0, 0, 0, 0]
    found = geometry(space(x))
    cosine = dict(zip(found.views, found.across["mean cosine"], strict=True))
    assert cosine["raw"] == pytest.approx(found.mean_cosine) and cosine["unit"] == pytest.approx(found.mean_cosine)
    assert abs(cosine["centred"]) < 0.05 < 0.5 < cosine["raw"]  # crowding was the mean, and nothing else
    rank = dict(zip(found.views, found.across["effective rank"], strict=True))
    assert rank["whitened"] == pytest.approx(round(rank["whitened"])) and rank["raw"] == pytest.approx(rank["centred"])
    assert found.across["dimension"] == pytest.approx(found.chance["dimension"], rel=0.35)  # it *is* Gaussian
    assert "nc1" not in found.across  # no species are recorded
    table = found.table()
    assert table.columns == ["fact", *found.views] and "hubness, chance" in table["fact"].to_list()


def test_collapse_and_alignment_beside_shuffled_names(rng):
    of = np.repeat(np.arange(8), 6)
    x = 4 * rng.normal(size=(8, 10))[of] + 0.5 * rng.normal(size=(48, 10))
    rows = pl.DataFrame({"image_id": [str(i) for i in range(48)], "species": [f"s{i}" for i in of]})
    found = geometry(Embeddings(x, rows, {}))
    for name in ("alignment", "collapse_quotient", "nc1"):
        assert (found.across[name] < 0.5 * found.chance[name]).all(), name
    assert found.across["collapse_quotient"][0] == pytest.approx(neural_collapse(x, of).quotient)
    unit = x / np.linalg.norm(x, axis=1)[:, None]
    assert found.across["alignment"][2] == pytest.approx(alignment_loss(unit, of))
    assert found.across["uniformity"][2] == pytest.approx(uniformity(unit))
