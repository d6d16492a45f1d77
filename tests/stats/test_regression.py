"""The whitened regression, written out with least squares and a loop over species."""

import numpy as np
import pytest

from embedlab.data.synthetic import random_tree
from embedlab.stats.trait.regression import Regression, whitened
from embedlab.stats.tree.relatedness import Whitening


def world(seed, n=14, r=4, p=1, m=2):
    rng = np.random.default_rng(seed)
    base = np.column_stack([np.ones(n), rng.normal(size=(n, m - 1))])
    return rng.normal(size=(n, r)), rng.normal(size=(n, p)), base, rng


def left(design, z):
    return z - design @ np.linalg.lstsq(design, z, rcond=None)[0]


@pytest.mark.parametrize("p", [1, 2])
def test_shares_are_those_of_least_squares(p):
    x, y, base, _ = world(1, p=p)
    fit = Regression(x, y, base)
    rss0, rss1 = (np.square(left(d, x)).sum() for d in (base, np.column_stack([base, y])))
    assert fit.total == pytest.approx(rss0) and fit.explained == pytest.approx(rss0 - rss1)
    assert fit.r_squared == pytest.approx(1 - rss1 / rss0)
    assert fit.share == pytest.approx(1 - (rss1 / (14 - 2 - p)) / (rss0 / (14 - 2)))


@pytest.mark.parametrize("p", [1, 2])
def test_permuted_and_left_out_are_refits(p):
    x, y, base, rng = world(2, p=p)
    fit = Regression(x, y, base)
    orders = np.array([rng.permutation(14) for _ in range(5)])
    full = np.column_stack([base, y])

    def share(x, base, full):
        rss0, rss1 = (np.square(left(d, x)).sum() for d in (base, full))
        n = len(x)
        return 1 - (rss1 / (n - full.shape[1])) / (rss0 / (n - base.shape[1]))

    residuals = left(base, x)
    assert fit.permuted(orders) == pytest.approx([share(residuals[t], base, full) for t in orders], abs=1e-12)
    without = [share(np.delete(x, i, 0), np.delete(base, i, 0), np.delete(full, i, 0)) for i in range(14)]
    assert fit.without_each() == pytest.approx(without, abs=1e-10)


def test_many_permutations_go_in_parts(monkeypatch):
    x, y, base, rng = world(3, n=14, r=4)
    fit = Regression(x, y, base)
    orders = rng.permuted(np.tile(np.arange(14), (300, 1)), axis=1)
    whole = fit.permuted(orders)
    assert whole == pytest.approx(np.concatenate([fit.permuted(orders[:7]), fit.permuted(orders[7:])]), abs=1e-12)


def test_a_direction_is_fitted_without_the_species_and_rises_with_the_trait():
    x, y, base, _ = world(4)
    x = x + 2 * y * np.array([1.0, -1, 0, 0])
    fit = Regression(x, y, base)
    residual, trait = left(base, x), left(base, y)[:, 0]
    trait = trait / np.linalg.norm(trait)
    for i, found in enumerate(fit.directions()):
        w = trait @ residual - trait[i] * residual[i]
        assert found == pytest.approx(w / np.linalg.norm(w), abs=1e-12)
        assert np.linalg.norm(found) == pytest.approx(1)


def test_whitened_is_the_symmetric_root():
    rng = np.random.default_rng(5)
    white = Whitening(random_tree(rng, 10).covariance())
    a, b = rng.normal(size=(10, 3)), np.ones((10, 1))
    for lam in (0.0, 0.6, 1.0):
        wa, wb = whitened(white, lam, a, b)
        assert wa == pytest.approx(white.at(lam) @ a, abs=1e-9) and wb == pytest.approx(white.at(lam) @ b, abs=1e-9)
