"""Intervals cover what they promise, and say when they cannot be had."""

import numpy as np
import pytest
from scipy import stats as sps

from embedlab.stats.bootstrap import bootstrap_ratio, jackknife, sign_floor


def test_the_jackknife_of_a_mean_is_students_interval(rng):
    x = rng.normal(size=11)
    low, high = jackknife([np.delete(x, i).mean() for i in range(11)], x.mean())
    wanted = sps.t.interval(0.95, 10, x.mean(), sps.sem(x))
    assert (low, high) == pytest.approx(wanted, rel=1e-10)  # the same algebra, rounding only
    assert np.isnan(jackknife([1.0, 2.0], 1.5)).all()


def test_the_interval_over_species_covers(rng):
    # a skewed ratio over 12 species, as measures give; 400 worlds, s.e. .011
    covered = 0
    for _ in range(400):
        totals = rng.gamma(2.0, size=12)
        parts = totals * (0.3 + 0.2 * rng.normal(size=12))
        low, high = bootstrap_ratio(parts, totals, rng=rng, b=399)
        covered += low <= 0.3 <= high
    assert 0.95 - 4 * 0.011 <= covered / 400 <= 0.95 + 4 * 0.011


def test_the_interval_says_when_it_cannot_be_had(rng):
    assert np.isnan(bootstrap_ratio([1.0, 2.0], [1.0, 1.0], rng=rng)).all()
    assert np.isnan(bootstrap_ratio([1.0, 2.0, 3.0], [0.0, 0.0, 0.0], rng=rng)).all()
    assert bootstrap_ratio([1.0] * 5, [2.0] * 5, rng=rng) == (0.5, 0.5)


def test_the_interval_scales_with_its_parts(rng):
    parts, totals = rng.normal(1, 0.2, 9), rng.gamma(9.0, size=9)
    one = bootstrap_ratio(parts, totals, rng=np.random.default_rng(1))
    ten = bootstrap_ratio(10 * parts, totals, rng=np.random.default_rng(1))
    assert ten == pytest.approx([10 * v for v in one], rel=1e-9)


def test_few_units_have_a_floor():
    assert [sign_floor(s) for s in (2, 4, 5)] == [0.25, 0.0625, 0.03125]
