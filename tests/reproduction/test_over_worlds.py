"""Evidence of several worlds, put together: no surer than its worlds agree."""

import numpy as np
import pytest
from scipy import stats

from embedlab.claims import Evidence
from embedlab.reproduction.over_worlds import over_worlds


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
    at_large = stats.ttest_1samp([0.2, 0.3, 0.4], 0.0, alternative="greater").pvalue  # chance is 0 on average
    assert found.p_more == pytest.approx(at_large) and found.p_less == pytest.approx(1 - at_large)


def test_what_counts_is_what_a_world_shows_beyond_its_own_chance():
    worlds = [evidence(v + c, null=np.full(41, c)) for v, c in ((0.2, 0.0), (0.3, 0.5), (0.4, -0.2))]
    found = over_worlds(worlds)
    assert found.p_more == pytest.approx(stats.ttest_1samp([0.2, 0.3, 0.4], 0.0, alternative="greater").pvalue)
    assert found.chance["mean"] == pytest.approx(0.1) and found.estimate == pytest.approx(0.4)
    assert np.diff(found.interval)[0] == pytest.approx(2 * stats.t.ppf(0.975, 2) * 0.1 / np.sqrt(3))


def test_one_world_is_itself_and_two_are_too_few():
    alone = evidence(0.3)
    assert over_worlds([alone]) is alone
    assert "2 worlds are too few" in over_worlds([alone, alone]).cannot_tell
    undecided = over_worlds([alone, alone, evidence(0.3, cannot_tell="three runs are too few")])
    assert undecided.cannot_tell == "in 1 of 3 worlds: three runs are too few"
    with pytest.raises(ValueError, match="no world"):
        over_worlds([])


def test_that_a_world_has_few_pairs_of_runs_is_no_reason_over_worlds():
    few = {"unit": "pairs of runs", "cannot_tell": "2 pairs of runs", "half": 5.0, "p": 0.4}
    found = over_worlds([evidence(v, **few) for v in (0.2, 0.3, 0.4)])
    assert not found.cannot_tell and found.p_more < 0.02
    assert "in 1 of 3 worlds" in over_worlds([evidence(v, **few) for v in (0.2, 0.3, np.nan)]).cannot_tell


def test_empty_worlds_are_called_as_often_as_promised():
    rng = np.random.default_rng(1)
    p = np.array([over_worlds([evidence(v) for v in rng.normal(0, 0.1, 6)]).p_more for _ in range(1000)])
    assert stats.kstest(p, "uniform").pvalue > 0.01
