"""Erasure: the theorems it rests on, what leaves it alone, and what it must refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from embedlab.stats.subspaces.erasure import erase

METHODS = ["least-squares", "shrunk", "orthogonal"]
each = pytest.mark.parametrize("method", METHODS)


def world(seed, n=60, d=6, kinds=3):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % kinds)
    x = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=(kinds, d))[labels] + 5
    return x, labels


def cross(x, labels):
    z = (labels[:, None] == np.unique(labels)).astype(float)
    return (x - x.mean(0)).T @ (z - z.mean(0))


@each
@given(st.integers(0, 2**32 - 1))
def test_after_erasure_the_means_coincide_and_nothing_linear_is_left(method, seed):
    x, labels = world(seed)
    eraser = erase(x, labels, method=method)
    left = eraser.transform(x)
    means = np.array([left[labels == k].mean(axis=0) for k in range(3)])
    scale = np.abs(x - x.mean(0)).max()
    assert np.abs(means - x.mean(axis=0)).max() < 1e-10 * scale
    assert np.abs(cross(left, labels)).max() < 1e-8 * scale
    # no regression on what is left tells the kinds better than a constant does
    z = (labels == 0).astype(float)
    design = np.column_stack([np.ones(60), left])
    told = design @ np.linalg.lstsq(design, z, rcond=1e-8)[0]
    assert told == pytest.approx(1 / 3, abs=1e-6)
    assert eraser.rank == 2


@each
@given(st.integers(0, 2**32 - 1))
def test_it_is_idempotent_and_keeps_the_mean(method, seed):
    x, labels = world(seed)
    eraser = erase(x, labels, method=method)
    once = eraser.transform(x)
    assert eraser.transform(once) == pytest.approx(once, abs=1e-8 * np.abs(x).max())
    assert once.mean(axis=0) == pytest.approx(x.mean(axis=0), abs=1e-9 * np.abs(x).max())
    p = eraser.projection
    assert p @ p == pytest.approx(p, abs=1e-8)
    assert np.trace(p) == pytest.approx(6 - 2, abs=1e-8)
    assert once == pytest.approx(x.mean(0) + (x - x.mean(0)) @ p.T, abs=1e-9 * np.abs(x).max())
    if method == "orthogonal":
        assert p == pytest.approx(p.T, abs=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_no_affine_map_that_erases_changes_less(seed):
    x, labels = world(seed)
    eraser = erase(x, labels)
    least = ((eraser.transform(x) - x) ** 2).sum()
    assert least <= ((erase(x, labels, method="orthogonal").transform(x) - x) ** 2).sum() + 1e-9
    # any other map that erases differs from it by one that sees nothing of the cross-covariance
    u = np.linalg.svd(cross(x, labels))[0][:, 2:]
    rng = np.random.default_rng(seed)
    for size in (1e-3, 0.1, 1.0):
        other = eraser.projection + size * rng.normal(size=(6, 4)) @ u.T
        moved = x.mean(0) + (x - x.mean(0)) @ other.T
        assert np.abs(cross(moved, labels)).max() < 1e-6 * np.abs(x).max()
        assert ((moved - x) ** 2).sum() > least


def test_with_a_round_cloud_both_methods_agree():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 5))
    labels = np.arange(80) % 2
    x = x - x.mean(0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T  # whitened: oblique is orthogonal then
    one, shrunk, other = (erase(x, labels, method=m).projection for m in METHODS)
    assert one == pytest.approx(other, abs=1e-10) and shrunk == pytest.approx(other, abs=1e-10)


def test_shrinkage_stands_between_the_two_and_helps_new_rows_where_dimensions_abound():
    rng = np.random.default_rng(1)
    axis = rng.normal(size=60)
    labels = np.arange(400) % 2
    x = rng.normal(size=(400, 60)) * np.linspace(0.5, 2, 60) + np.outer(labels, axis) / 4
    few, new = slice(0, 70), slice(70, None)
    kept = {}
    for method in METHODS:
        left = erase(x[few], labels[few], method=method).transform(x[new])
        kept[method] = np.linalg.norm(left[labels[new] == 1].mean(0) - left[labels[new] == 0].mean(0))
    assert kept["shrunk"] < kept["least-squares"]
    changes = [((erase(x, labels, method=m).transform(x) - x) ** 2).sum() for m in METHODS]
    assert changes == sorted(changes)


@given(st.integers(0, 2**32 - 1))
def test_any_invertible_map_and_shift_goes_along(seed):
    x, labels = world(seed)
    rng = np.random.default_rng(seed)
    a = ortho_group.rvs(6, random_state=rng) * rng.uniform(0.5, 2, 6)
    found = erase(x, labels).transform(x) @ a + 3  # the change is least in every inner product at once
    assert erase(x @ a + 3, labels).transform(x @ a + 3) == pytest.approx(found, abs=1e-6 * np.abs(x).max())
    turn = ortho_group.rvs(6, random_state=rng)
    for method in METHODS:
        found = 2 * erase(x, labels, method=method).transform(x) @ turn - 1
        y = 2 * x @ turn - 1
        assert erase(y, labels, method=method).transform(y) == pytest.approx(found, abs=1e-7 * np.abs(x).max())


@each
def test_more_dimensions_than_rows(method):
    x, labels = world(1, n=12, d=40)
    x[:, 7] = 5.0  # a dead dimension makes every covariance singular
    eraser = erase(x, labels, method=method)
    left = eraser.transform(x)
    assert np.isfinite(left).all() and eraser.reads.shape == (40, 2)
    assert np.abs(cross(left, labels)).max() < 1e-10 * np.abs(x).max()
    assert left[:, 7] == pytest.approx(5.0)


def test_numbers_are_erased_too():
    x, _ = world(2)
    size = x[:, 0] + np.random.default_rng(0).normal(size=60)
    left = erase(x, size[:, None]).transform(x)
    assert np.abs((left - left.mean(0)).T @ size).max() < 1e-9
    assert np.abs((x - x.mean(0)).T @ size).max() > 1


def test_new_rows_are_moved_by_the_map_that_was_fitted():
    x, labels = world(3)
    eraser = erase(x[:30], labels[:30])
    assert eraser.transform(x[30:]) == pytest.approx(
        x[30:] - (x[30:] - x[:30].mean(0)) @ (np.eye(6) - eraser.projection).T, abs=1e-10
    )
    with pytest.raises(ValueError, match="erased in 6 dimensions; x has 5"):
        eraser.transform(x[:, :5])


def test_names_and_order_of_kinds_do_not_matter():
    x, labels = world(4)
    t = np.random.default_rng(0).permutation(60)
    named = np.array(["owl", "auk", "tit"])[labels]
    assert erase(x[t], named[t]).projection == pytest.approx(erase(x, labels).projection, abs=1e-9)


def test_what_cannot_be_erased_is_refused():
    x, labels = world(5)
    for wrong, of, why in (
        (np.where(np.arange(360).reshape(60, 6) == 7, np.nan, x), labels, "x has 1 rows with NaN"),
        (x, ["one"] * 60, "the same in all rows"),
        (x, np.ones((60, 1)), "the same in all rows"),
        (x, labels[:9], r"60 rows but labels of shape \(9,\)"),
        (x, np.where(labels == 0, np.nan, 1.0), "labels: NaN or None in"),
        (x, np.arange(60.0), "60 kinds among 60 rows"),
        (x, np.arange(60) % 20, "take up all 6 dimensions"),
        (np.ones((60, 6)), labels, "the vectors are all the same"),
    ):
        with pytest.raises(ValueError, match=why):
            erase(wrong, of)
    with pytest.raises(ValueError, match="method='inlp' is not known"):
        erase(x, labels, method="inlp")


@each
def test_the_size_of_numbers_does_not_matter(method):
    x, labels = world(6)
    found = erase(x, labels, method=method).projection
    for scale in (1e-7, 1e7):
        assert erase(scale * x, labels, method=method).projection == pytest.approx(found, abs=1e-8)


def test_twenty_kinds_are_kinds_and_more_want_rows():
    x, _ = world(7, n=42, d=30)
    assert erase(x, np.arange(42) % 20).rank == 19
    assert erase(x, np.arange(42) % 21).rank == 20
    assert erase(x[:30], np.arange(30) % 20).rank == 19
    with pytest.raises(ValueError, match="21 kinds among 30 rows"):
        erase(x[:30], np.arange(30) % 21)
