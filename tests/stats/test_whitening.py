"""The metric of linear discriminants: against scikit-learn, and round where it was fitted."""

import numpy as np
import pytest

from embedlab.stats.whitening import shrinkage, whitener


@pytest.mark.parametrize("n, d", [(40, 6), (10, 30), (200, 3)])
def test_shrinkage_agrees_with_scikit_learn(rng, n, d):
    covariance = pytest.importorskip("sklearn.covariance")
    x = rng.normal(size=(n, d)) * np.arange(1, d + 1)
    matrix, weight = covariance.ledoit_wolf(x, assume_centered=True)
    assert shrinkage(x) == pytest.approx(weight, rel=1e-10)
    fitted = whitener(x)
    assert fitted.shrinkage == pytest.approx(weight, rel=1e-10)
    # its square is the inverse of that covariance, in units of the mean variance
    inverse = np.linalg.inv(matrix) * np.trace(matrix) / d
    assert fitted.map @ fitted.map == pytest.approx(inverse, rel=1e-8, abs=1e-10)


def test_scatter_becomes_round_and_rotation_goes_along(rng):
    x = rng.normal(size=(4000, 5)) * [5, 2, 1, 1, 0.5]
    round_ = np.cov(whitener(x).transform(x).T)
    assert round_ / np.trace(round_) * 5 == pytest.approx(np.eye(5), abs=0.05)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    assert whitener(3 * x @ turn).map == pytest.approx(turn.T @ whitener(x).map @ turn, abs=1e-9)


def test_round_scatter_and_few_rows_leave_all_as_it_is(rng):
    square = np.vstack([np.eye(3), -np.eye(3)])
    assert shrinkage(square) == 1.0 and whitener(square).map == pytest.approx(np.eye(3))
    far = whitener(np.array([[1.0, 0, 0, 0], [-1.0, 0, 0, 0]]))  # three axes never seen to vary
    assert np.isfinite(far.map).all()


def test_what_cannot_be_whitened_is_refused(rng):
    with pytest.raises(ValueError, match="nothing varies"):
        whitener(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="NaN"):
        shrinkage([[np.nan, 1.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match="fitted in 3 dimensions; x has 2"):
        whitener(rng.normal(size=(9, 3))).transform(np.ones((2, 2)))


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_shrinkage_does_not_hang_on_the_unit(rng, unit):
    x = rng.normal(size=(40, 6)) * np.arange(1, 7)
    assert 0 < shrinkage(x) < 0.9 and shrinkage(unit * x) == pytest.approx(shrinkage(x), rel=1e-9)
