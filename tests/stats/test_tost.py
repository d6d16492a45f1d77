"""Equivalence is shown where the interval lies within the bounds, and where it is not, nothing is."""

import numpy as np
import pytest
from scipy import stats as sps

from embedlab.stats.tost import equivalence, two_one_sided


@pytest.mark.parametrize(("low", "high"), [(-0.5, 0.5), (-np.inf, 0.3), (-0.1, np.inf)])
def test_two_one_sided_tests_are_scipys(low, high):
    x = np.random.default_rng(3).normal(0.1, 0.6, 20)
    found = two_one_sided(x.mean(), sps.sem(x), 19, (low, high))
    above = sps.ttest_1samp(x, low, alternative="greater").pvalue if np.isfinite(low) else 0.0
    below = sps.ttest_1samp(x, high, alternative="less").pvalue if np.isfinite(high) else 0.0
    assert found.p_value == pytest.approx(max(above, below), rel=1e-9)
    assert found.interval == pytest.approx(sps.t.interval(0.9, 19, x.mean(), sps.sem(x)), rel=1e-9)
    assert found.equivalent == (low < found.interval[0] and found.interval[1] < high)
    assert found.statistic == x.mean() and found.bounds == (low, high)


def test_the_interval_and_the_p_value_say_the_same():
    for estimate in np.linspace(-0.3, 1.3, 41):
        found = two_one_sided(estimate, 0.2, 12, (0.0, 1.0))
        assert found.equivalent == (0 <= found.interval[0] and found.interval[1] <= 1)


def test_draws_are_turned_round_the_estimate():
    draws = np.r_[np.full(60, 1.0), np.full(30, 2.0), np.full(9, 5.0)]  # lean upward: the truth may lie lower
    found = equivalence(1.5, draws, (-2.5, 9.0))
    assert found.p_value == (0 + 1) / 100 and found.equivalent and found.interval[1] == 2.0
    assert found.interval[0] == pytest.approx(np.quantile(3.0 - draws, 0.05))
    assert equivalence(1.5, draws, (-2.0, 9.0)).p_value == 0.1  # 3 − 5 = −2 lies on the bound and counts
    assert equivalence(1.5, draws, (-np.inf, 2.0)).p_value == 0.61
    assert not equivalence(1.5, draws, (-np.inf, 2.0)).equivalent


def test_it_is_right_as_often_as_promised():
    # the truth stands on the bound: equivalence must be found in 5 % of worlds; 2,000 worlds, s.e. .005
    rng = np.random.default_rng(0)
    x = rng.normal(0.5, 1, (2000, 40))
    by_t = np.mean([two_one_sided(v.mean(), sps.sem(v), 39, (-5.0, 0.5)).equivalent for v in x])
    assert abs(by_t - 0.05) < 4 * 0.005
    drawn = [
        equivalence(v.mean(), v[rng.integers(0, 40, (199, 40))].mean(axis=1), (-5.0, 0.5)).equivalent for v in x[:1000]
    ]
    assert abs(np.mean(drawn) - 0.05) < 4 * 0.007 + 0.01  # the basic bootstrap is a little too sure with 40


def test_unit_and_place_do_not_matter():
    rng = np.random.default_rng(2)
    draws = rng.normal(0.1, 0.2, 499)
    one, other = equivalence(0.1, draws, (-0.3, 0.5)), equivalence(3 * 0.1 + 1, 3 * draws[::-1] + 1, (0.1, 2.5))
    assert one.p_value == other.p_value
    assert other.interval == pytest.approx([3 * v + 1 for v in one.interval])
    mirrored = two_one_sided(-0.1, 0.2, 9, (-0.5, 0.3))
    assert mirrored.p_value == two_one_sided(0.1, 0.2, 9, (-0.3, 0.5)).p_value


def test_refusals():
    for bounds in ((1.0, 0.0), (-np.inf, np.inf), (0.0, np.nan)):
        with pytest.raises(ValueError, match="bounds"):
            two_one_sided(0.0, 1.0, 9, bounds)
    with pytest.raises(ValueError, match="above 0"):
        two_one_sided(0.0, 0.0, 9, (-1, 1))
    with pytest.raises(ValueError, match="not a finite number"):
        two_one_sided(np.nan, 1.0, 9, (-1, 1))
    for draws in (np.zeros(5), np.full(99, np.nan), np.zeros((9, 9))):
        with pytest.raises(ValueError, match="at least 20 finite"):
            equivalence(0.0, draws, (-1, 1))
