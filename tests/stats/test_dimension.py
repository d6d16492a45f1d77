"""Dimensions that are known, the formulas by hand, and what cannot have a dimension."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist
from scipy.stats import chi2

from embedlab.stats.shape import dimension
from embedlab.stats.shape.dimension import alignment_loss, levina_bickel, two_nn, uniformity


def sorted_distances(x):
    d = cdist(x, x)
    np.fill_diagonal(d, np.inf)
    return np.sort(d, axis=1)


def test_two_nn_by_its_formula(rng):
    x = rng.normal(size=(40, 3))
    d = sorted_distances(x)
    ratio = np.sort(np.log(d[:, 1] / d[:, 0]))
    total = ratio[:36].sum() + 4 * ratio[35]
    found = two_nn(x)
    assert found.statistic == pytest.approx(35 / total)
    worth = 36 / 1.6
    assert found.interval == pytest.approx(chi2.ppf([0.025, 0.975], 2 * worth) / (2 * worth) * 36 / total)
    assert (found.n, found.copies) == (40, 0)
    assert two_nn(x, kept=1.0).statistic == pytest.approx(39 / ratio.sum())
    narrow = two_nn(x, level=0.5).interval
    assert found.interval[0] < narrow[0] < found.statistic < narrow[1] < found.interval[1]


def test_levina_bickel_by_its_formula(rng):
    d = sorted_distances(x := rng.normal(size=(30, 3)))
    total = sum(np.log(d[i, 4] / d[i, j]) for i in range(30) for j in range(4))
    assert levina_bickel(x, 5) == pytest.approx((30 * 4 - 1) / total)


@pytest.mark.parametrize("d", [1, 2, 4])
def test_a_flat_cloud_in_many_dimensions_has_its_own(rng, d):
    x = rng.normal(size=(1500, d)) @ np.linalg.qr(rng.normal(size=(20, d)))[0].T
    assert two_nn(x).statistic == pytest.approx(d, rel=0.1)
    assert levina_bickel(x) == pytest.approx(d, rel=0.12)


def test_shift_scale_turn_and_copies_change_nothing(rng):
    x = rng.normal(size=(50, 3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    assert two_nn(7 * x @ turn + 3).statistic == pytest.approx(two_nn(x).statistic)
    found = two_nn(np.concatenate([x, x[:4]]))
    assert (found.statistic, found.copies, found.n) == (pytest.approx(two_nn(x).statistic), 4, 50)
    assert levina_bickel(np.concatenate([x, x])) == pytest.approx(levina_bickel(x))


def test_grids_and_handfuls_have_no_dimension(rng):
    grid = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0)), -1).reshape(-1, 2)
    with pytest.raises(ValueError, match="as on a grid"):
        two_nn(grid)
    with pytest.raises(ValueError, match="as on a grid"):
        levina_bickel(np.arange(8.0)[:, None] % 2 + 2 * np.eye(8), 2)
    with pytest.raises(ValueError, match="9 different rows: at least 10"):
        two_nn(rng.normal(size=(9, 2))[np.arange(12) % 9])
    with pytest.raises(ValueError, match=r"k = 1 with 6 different rows: k lies between 2 and 5"):
        levina_bickel(rng.normal(size=(6, 2)), 1)
    with pytest.raises(ValueError, match="k = 6"):
        levina_bickel(rng.normal(size=(6, 2)), 6)


@pytest.mark.parametrize("block", [10, 2**22])
def test_uniformity_is_that_of_all_pairs(rng, monkeypatch, block):
    monkeypatch.setattr(dimension, "BLOCK", block)
    x = rng.normal(size=(25, 4))
    x /= np.linalg.norm(x, axis=1)[:, None]
    assert uniformity(x) == pytest.approx(np.log(np.exp(-2 * pdist(x, "sqeuclidean")).mean()))
    assert uniformity(np.full((4, 2), np.sqrt(0.5))) == pytest.approx(0)


def test_alignment_is_that_of_all_pairs_of_a_label(rng):
    x, label = rng.normal(size=(20, 3)), rng.integers(0, 4, 20)
    pairs = [((x[i] - x[j]) ** 2).sum() for i in range(20) for j in range(i) if label[i] == label[j]]
    assert alignment_loss(x, label) == pytest.approx(np.mean(pairs))
    with pytest.raises(ValueError, match="no label is borne by two rows"):
        alignment_loss(x[:3], [0, 1, 2])
    with pytest.raises(ValueError, match=r"20 rows but labels of shape \(3,\)"):
        alignment_loss(x, [0, 1, 2])


@pytest.mark.parametrize("asked", [{"kept": 0.0}, {"kept": 1.01}, {"kept": 2.0}, {"level": 0.0}, {"level": 1.0}])
def test_shares_that_are_none_are_refused(rng, asked):
    with pytest.raises(ValueError, match="are shares: above 0, and at most 1"):
        two_nn(rng.normal(size=(20, 2)), **asked)
