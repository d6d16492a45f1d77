"""Reliability finds the share that is not noise; correction by it finds the correlation without noise."""

import numpy as np
import pytest

from embedlab.stats.reliability import attenuation, halves, spearman_brown, split_half
from embedlab.stats.vectors import squared_distances, upper


def test_halves_halve_each_group(rng):
    groups = np.array(["b", "a", "b", "c", "a", "b", "c", "c", "c", "b", "b"])
    seen = np.zeros(groups.size)
    for _ in range(400):
        first = halves(groups, rng)
        assert [first[groups == g].sum() for g in "abc"] == [1, 2, 2]
        seen += first
    wanted = np.select([groups == "a", groups == "b"], [0.5, 0.4], 0.5)
    assert seen / 400 == pytest.approx(wanted, abs=4 * 0.025)  # every row as often as any other of its group


@pytest.mark.parametrize("truth", [0.2, 0.5, 0.8])
def test_the_reliability_of_means_is_the_share_that_is_not_noise(truth):
    # groups vary by 1, rows by (1/truth - 1) times the rows of a group: the means' reliability is the truth
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(600), 8)
    x = rng.normal(size=600)[groups] + np.sqrt(8 * (1 / truth - 1)) * rng.normal(size=4800)
    found = split_half(x, groups, splits=10, rng=rng)
    assert found.statistic == pytest.approx(truth, abs=4 * 0.03)
    assert found.r_half == found.halves.mean() and found.halves.shape == (10,)
    assert found.statistic == 2 * found.r_half / (1 + found.r_half)


def test_one_split_by_hand():
    x, groups = np.array([1.0, 3.0, 2.0, 6.0, 5.0, 4.0]), np.array([0, 0, 1, 1, 2, 2])
    first = halves(groups, np.random.default_rng(7))
    a, b = x[first], x[~first]
    wanted = ((a - a.mean()) * (b - b.mean())).sum() / np.sqrt(
        ((a - a.mean()) ** 2).sum() * ((b - b.mean()) ** 2).sum()
    )
    found = split_half(x, groups, splits=1, rng=np.random.default_rng(7))
    assert found.r_half == pytest.approx(wanted, rel=1e-12)


def test_distances_can_be_the_quantity(rng):
    groups = np.repeat(np.arange(12), 6)
    x = 3 * rng.normal(size=(12, 5))[groups] + rng.normal(size=(72, 5))
    found = split_half(x, groups, lambda means: upper(squared_distances(means)), rng=rng)
    assert 0.9 < found.statistic < 1
    turned = split_half(x @ np.linalg.qr(rng.normal(size=(5, 5)))[0] * 7 + 2, groups.astype(str), rng=rng,
                        quantity=lambda means: upper(squared_distances(means)))  # fmt: skip
    assert turned.statistic == pytest.approx(found.statistic, abs=0.03)
    noise = split_half(rng.normal(size=(72, 5)), groups, rng=rng)
    assert noise.statistic < 0.5


def test_correction_finds_the_correlation_without_noise():
    rng = np.random.default_rng(1)
    x, y = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 4000).T
    a, b = x + rng.normal(size=4000), y + 0.5 * rng.normal(size=4000)  # reliabilities 1/2 and 4/5
    found = attenuation(np.corrcoef(a, b)[0, 1], 0.5, 0.8)
    assert found.corrected == pytest.approx(0.6, abs=4 * 0.02) and found.ceiling == np.sqrt(0.4)
    assert found.statistic == np.corrcoef(a, b)[0, 1] and attenuation(0.5, 0.25).corrected == 1.0


def test_where_little_is_reliable_nothing_is_corrected():
    assert np.isnan(attenuation(0.2, 0.05, 0.9).corrected) and np.isnan(attenuation(0.2, 0.9, 0.05).corrected)
    assert attenuation(0.2, 0.1, 1.0).corrected == pytest.approx(0.2 / np.sqrt(0.1))
    assert [spearman_brown(r) for r in (-0.4, 0.0, 1.0)] == [0.0, 0.0, 1.0]


def test_refusals(rng):
    with pytest.raises(ValueError, match="'b'.*halved"):
        split_half([1.0, 2.0, 3.0], ["a", "a", "b"], rng=rng)
    with pytest.raises(ValueError, match="NaN"):
        split_half([1.0, np.nan], [0, 0], rng=rng)
    with pytest.raises(ValueError, match="2 rows but groups of shape"):
        split_half([1.0, 2.0], [0, 0, 1], rng=rng)
    with pytest.raises(ValueError, match="do not vary"):
        split_half(np.ones(8), np.repeat(np.arange(4), 2), rng=rng)
    with pytest.raises(ValueError, match="2 numbers"):
        split_half([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1], rng=rng)
    with pytest.raises(ValueError, match="between -1 and 1"):
        spearman_brown(1.2)
    with pytest.raises(ValueError, match="between 0 and 1"):
        attenuation(0.5, 1.2)
