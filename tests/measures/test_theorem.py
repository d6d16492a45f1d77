"""The theorem on models that were made by hand: what is free, what costs, and where nothing is orthogonal."""

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings
from embedlab.measures.theorem import theorem


def texts(t):
    ids = [f"s{i:02d}" for i in range(len(t))]
    return Embeddings(np.asarray(t, float), pl.DataFrame({"image_id": ids}), {"model": "toy"})


def model(rng, k=12, d=40, each=5, weight=0.5, common=0.0):
    t = rng.normal(size=(k, d)) + common * np.sqrt(d)
    t /= np.linalg.norm(t, axis=1)[:, None]
    y = np.repeat(np.arange(k), each)
    x = weight * t[y] + 0.6 * rng.normal(size=(y.size, d)) / np.sqrt(d)
    rows = pl.DataFrame({"image_id": [str(i) for i in range(y.size)], "species": [f"s{v:02d}" for v in y]})
    return Embeddings(x, rows, {"model": "toy"}), texts(t)


def test_the_theorem_holds_where_it_speaks(rng):
    images, words = model(rng)
    found = theorem(images, words, temperature=0.05, rng=0)
    assert (found.k, found.d, found.rank, found.vacuous) == (12, 40, 11, False)
    assert found.exact < 1e-12 and found.exact_gradient < 1e-10
    assert abs(found.orthogonal) < 1e-12 < found.inside
    assert found.orders == (pytest.approx(3, abs=0.3), pytest.approx(4, abs=0.3))
    assert found.inside_l2 > found.isotropic_l2 > found.orthogonal_l2 > 0
    assert found.orthogonal_l2 == pytest.approx(found.predicted_l2, rel=0.03)
    assert found.inside == pytest.approx(found.predicted, rel=0.5)  # length over temperature is 2: higher orders show
    assert found.chance_share == 11 / 40 and found.prototypes == "toy texts"
    assert "rank 11 of 40" in str(found) and "second hand" in found.caption


def test_two_by_hand():
    t = np.eye(3, 5)
    rows = pl.DataFrame({"image_id": list("abcdef"), "species": ["s00", "s00", "s01", "s01", "s02", "s02"]})
    x = np.repeat(t, 2, axis=0)
    x[0::2, 4], x[1::2, 4] = 0.5, -0.5  # deviations leave the span wholly
    found = theorem(Embeddings(x, rows, {}), texts(t), temperature=1.0, length=0.01, rng=0)
    assert found.share == pytest.approx(0, abs=1e-20) and found.soft_share == pytest.approx(0, abs=1e-20)
    assert found.rank == 2 and found.gram.mean == 0 and found.gram_centred.mean == pytest.approx(-0.5)
    p = np.exp([1, 0, 0]) / np.exp([1, 0, 0]).sum()
    assert found.competitors == pytest.approx(np.exp(-(p * np.log(p)).sum()))
    assert found.predicted_l2 == pytest.approx(0.01**2 / 2 * (1 - p[0]))  # (‖δ‖²/2) z·(t_y − t̄)
    assert found.orthogonal_l2 == pytest.approx(found.predicted_l2, rel=1e-3)


def test_more_prototypes_than_dimensions_leave_nothing_free(rng):
    found = theorem(*model(rng, k=30, d=8), rng=0)
    assert found.vacuous and np.isnan(found.orthogonal_l2) and np.isnan(found.exact)
    assert "the theorem says nothing" in str(found) and found.chance_share == 1
    assert np.isfinite(found.inside_l2)
    assert np.isnan(found.curve[-1, 3]) and np.isfinite(found.curve[0, 3])


def test_more_competitors_fill_the_space(rng):
    found = theorem(*model(rng, k=36, d=40), temperature=0.05, rng=0)
    table = found.table()
    assert table["prototypes"].to_list()[0] == 3 and table["prototypes"].to_list()[-1] == 36
    assert table["rank"].to_list() == [k - 1 for k in table["prototypes"]]
    assert (table["orthogonal"].abs() < 1e-12).all()
    first, last = table.row(0, named=True), table.row(-1, named=True)
    assert first["inside_l2"] / first["orthogonal_l2"] > last["inside_l2"] / last["orthogonal_l2"]


def test_a_common_mean_is_seen_before_centring_only(rng):
    images, words = model(rng, common=1.0)
    found = theorem(images, words, temperature=0.05, rng=0)
    assert found.gram.mean > 0.3 and found.gram_centred.mean == pytest.approx(-1 / 11, abs=0.02)


def test_turning_changes_what_is_not_drawn(rng):
    images, words = model(rng)
    turn = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    one = theorem(images, words, rng=0)
    two = theorem(Embeddings(images.x @ turn, images.rows, {}), texts(words.x @ turn), rng=0)
    for name in ("rank", "competitors", "share", "soft_share"):
        assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-6), name
    again = theorem(images, words, rng=0)
    assert again.inside_l2 == one.inside_l2


def test_class_means_stand_in_for_texts(rng):
    images, words = model(rng)
    found = theorem(images, rng=0)
    assert found.prototypes == "mean image of each species" and found.k == 12
    some = theorem(images, words.take(np.arange(10)), rng=0)
    assert some.k == 10 and len(some.species) == 10 and "2 species without a prototype" in some.left_out[0]


def test_refusals(rng):
    images, words = model(rng)
    with pytest.raises(ValueError, match="images have 40 dimensions and prototypes 39"):
        theorem(images, texts(np.asarray(words.x)[:, :39]), rng=0)
    with pytest.raises(ValueError, match="2 prototypes, 2 of species with images: at least 3 and 1"):
        theorem(images, words.take([0, 1]), rng=0)
    with pytest.raises(ValueError, match="the temperature is -1"):
        theorem(images, words, temperature=-1, rng=0)
