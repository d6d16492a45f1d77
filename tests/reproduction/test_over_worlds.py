"""Evidence of several worlds, put together: no surer than its worlds agree."""

import numpy as np
import pytest
from scipy import stats

from embedlab.claims import Evidence
from embedlab.reproduction.over_worlds import over_worlds, stouffer


def evidence(estimate, half=0.1, p=0.01, **changed):
    kept = dict(statistic="slope", estimate=estimate, interval=(estimate - half, estimate + half),
                null=np.linspace(-0.1, 0.1, 41), chance_kind="labels shuffled", p_more=p, p_less=1 - p, p_floor=0.01,
                n=30, n_effective=20.0)  # fmt: skip
    return Evidence(**kept | changed)


def test_a_mean_of_worlds_with_an_interval_over_worlds():
    found = over_worlds([evidence(v, half=0.01) for v in (0.2, 0.3, 0.4)])
    half = stats.t.ppf(0.975, 2) * 0.1 / np.sqrt(3)  # by hand: the standard deviation of these three is .1
    assert found.estimate == pytest.approx(0.3) and found.interval == pytest.approx((0.3 - half, 0.3 + half))
    assert found.n == 3 and found.unit == "worlds" and not found.cannot_tell
    assert found.p_more == pytest.approx(stats.combine_pvalues([0.01] * 3, method="stouffer").pvalue)


def test_worlds_that_agree_by_luck_are_no_surer_than_their_species_allow():
    found = over_worlds([evidence(0.3, half=0.3) for _ in range(4)])
    assert found.interval == pytest.approx((0.3 - 0.15, 0.3 + 0.15))  # .3 / √4


def test_one_world_is_itself_and_two_are_too_few():
    alone = evidence(0.3)
    assert over_worlds([alone]) is alone
    assert "2 worlds are too few" in over_worlds([alone, alone]).cannot_tell
    undecided = over_worlds([alone, alone, evidence(0.3, cannot_tell="three runs are too few")])
    assert undecided.cannot_tell == "in 1 of 3 worlds: three runs are too few"
    with pytest.raises(ValueError, match="no world"):
        over_worlds([])


def test_combined_p_values_are_flat_where_nothing_is():
    rng = np.random.default_rng(0)
    p = np.array([stouffer(rng.random(3)) for _ in range(2000)])
    assert stats.kstest(p, "uniform").pvalue > 0.01
    # discrete permutation p-values, never 0, stay valid
    coarse = np.array([stouffer(np.ceil(rng.random(3) * 100) / 100) for _ in range(2000)])
    assert (coarse <= 0.05).mean() < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 2000)
