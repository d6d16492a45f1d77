"""Neighbours by brute force, what two spaces share by sets, and hubs by hand."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import skew

from embedlab.stats.pairs import knn
from embedlab.stats.pairs.knn import hubness, mutual_knn, nearest_neighbours, shared, shared_when_shuffled


def plain(x, k):
    d = cdist(x, x)
    np.fill_diagonal(d, np.inf)
    near = np.argsort(d, axis=1, kind="stable")[:, :k]
    return near, np.take_along_axis(d, near, axis=1)


@pytest.mark.parametrize("block", [7, 2**22])
def test_neighbours_are_those_of_all_distances(rng, monkeypatch, block):
    monkeypatch.setattr(knn, "BLOCK", block)
    x = rng.normal(size=(40, 5)) + 1e4
    near, far = nearest_neighbours(x, 6)
    wanted = plain(x, 6)
    assert (near == wanted[0]).all()
    assert far == pytest.approx(wanted[1], rel=1e-9)
    assert (nearest_neighbours(x, 1)[0] == wanted[0][:, :1]).all()


def test_of_equally_far_rows_the_earlier_comes_first():
    near, far = nearest_neighbours([[0.0], [1.0], [-1.0], [1.0], [-1.0]], 3)
    assert near.tolist() == [[1, 2, 3], [3, 0, 2], [4, 0, 1], [1, 0, 2], [2, 0, 1]]
    assert far[0].tolist() == [1, 1, 1] and far[1].tolist() == [0, 1, 2]


def test_what_is_shared_by_sets(rng):
    x, y = rng.normal(size=(25, 4)), rng.normal(size=(25, 3))
    a, b = plain(x, 5)[0], plain(y, 5)[0]
    orders = np.array([rng.permutation(25) for _ in range(7)])
    found = mutual_knn(x, y, 5, permutations=orders)
    wanted = [len(set(a[i]) & set(b[i])) / 5 for i in range(25)]
    assert found.shares == pytest.approx(wanted) and found.statistic == pytest.approx(np.mean(wanted))
    assert found.chance == 5 / 24
    for value, t in zip(found.null, orders, strict=True):
        moved = plain(y[t], 5)[0]
        assert value == pytest.approx(np.mean([len(set(a[i]) & set(moved[i])) / 5 for i in range(25)]))
    assert found.p_value == (np.sum(found.null >= found.statistic - 1e-9) + 1) / 8


def test_large_tables_give_the_same(rng, monkeypatch):
    a, b = plain(rng.normal(size=(30, 2)), 4)[0], plain(rng.normal(size=(30, 2)), 4)[0]
    orders = np.array([rng.permutation(30) for _ in range(5)])
    once = shared_when_shuffled(a, b, orders)
    monkeypatch.setattr(knn, "DENSE", 10)
    assert shared_when_shuffled(a, b, orders) == pytest.approx(once)
    assert shared_when_shuffled(a, b, [np.arange(30)])[0] == pytest.approx(shared(a, b).mean())


def test_turning_moving_and_scaling_change_nothing(rng):
    x, y = rng.normal(size=(20, 4)), rng.normal(size=(20, 3))
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    order = [np.arange(20)]
    one = mutual_knn(x, y, 3, permutations=order).statistic
    assert mutual_knn(5 * x @ turn - 2, y, 3, permutations=order).statistic == one
    t = rng.permutation(20)
    assert mutual_knn(x[t], y[t], 3, permutations=order).statistic == pytest.approx(one)
    assert mutual_knn(y, x, 3, permutations=order).statistic == pytest.approx(one)


def test_strata_keep_what_they_bring(rng):
    group = np.repeat(np.arange(4), 10)
    x, y = (5 * rng.normal(size=(4, 3))[group] + rng.normal(size=(40, 3)) for _ in range(2))
    free = mutual_knn(x, y, 5, permutations=99, rng=rng)
    within = mutual_knn(x, y, 5, permutations=99, strata=group, rng=rng)
    assert free.p_value == 0.01 and within.p_value > 0.01
    assert within.null.mean() > 2 * free.null.mean()
    assert free.null.mean() == pytest.approx(free.chance, abs=0.02)


def test_hubs_are_skewed(rng):
    near = rng.integers(0, 50, (50, 4))
    assert hubness(near) == pytest.approx(skew(np.bincount(near.ravel(), minlength=50)))
    assert np.isnan(hubness([[1], [0]]))
    assert hubness([[0], [0]], 4) == pytest.approx(skew([2, 0, 0, 0]))


def test_too_few_neighbours_are_refused(rng):
    with pytest.raises(ValueError, match="k = 5 neighbours of 5 rows: k lies between 1 and 4"):
        nearest_neighbours(rng.normal(size=(5, 2)), 5)
    with pytest.raises(ValueError, match="k = 0"):
        nearest_neighbours(rng.normal(size=(5, 2)), 0)
    with pytest.raises(ValueError, match="NaN"):
        mutual_knn([[np.nan], [1.0], [2.0]], [[0.0], [1.0], [2.0]], 1, permutations=[[0, 1, 2]])
