"""Shuffling that stops early gives valid p-values; a fitted tail never says more than the true one allows."""

import numpy as np
import pytest
from scipy import stats as sps

from embedlab.stats.resample import p_value
from embedlab.stats.sequential import (
    AD_LIMIT,
    AD_SHAPE,
    ENOUGH,
    _anderson_darling,
    pareto_fit,
    pareto_survival,
    stop_early,
    tail_p_value,
)


def slow_stop(observed, values, extreme, most):
    """Besag & Clifford 1991, one draw at a time."""
    seen = 0
    for i, v in enumerate(values[:most], start=1):
        seen += v >= observed - 1e-9
        if seen == extreme:
            return extreme / i, i, seen
    return (seen + 1) / (most + 1), most, seen


@pytest.mark.parametrize("batch", [1, 7, 100, 5000])
def test_stopping_early_is_its_definition_in_any_batch(batch):
    null = np.random.default_rng(3).normal(size=(1000, 6))
    seen = np.array([-1.0, 0.0, 1.0, 2.0, 2.8, 9.0])
    asked = []

    def draw(k, left, at=[0]):  # noqa: B006 - how far the null has been dealt out
        asked.append(k * left.size)
        at[0] += k
        return null[at[0] - k : at[0], left]

    found = stop_early(seen, draw, extreme=5, most=1000, batch=batch)
    for j, s in enumerate(seen):
        p, draws, extreme = slow_stop(s, null[:, j], 5, 1000)
        assert (found.p_value[j], found.draws[j], found.extreme[j]) == (pytest.approx(p, rel=1e-12), draws, extreme)
    assert (found.statistic == seen).all() and found.p_value.min() == 1 / 1001
    if batch == 7:
        assert sum(asked) < 0.55 * null.size  # closed questions are not drawn for again


def test_stopping_early_is_exact_under_the_null():
    # the observed value is one more draw of the same kind: P(p <= a) = a wherever p can stand; 4,000 worlds
    rng = np.random.default_rng(0)
    null = rng.normal(size=(200, 4000))
    p = stop_early(rng.normal(size=4000), lambda k, left: null[:k, left], extreme=4, most=199, batch=199).p_value
    for level in (1 / 200, 3 / 200, 0.05, 0.1, 0.5):
        assert abs((p <= level + 1e-12).mean() - level) < 4 * np.sqrt(level * (1 - level) / 4000) + 4 / 200 * (
            level > 0.04
        )
        assert (p <= level + 1e-12).mean() < level + 4 * np.sqrt(level * (1 - level) / 4000)


def test_stopping_early_counts_ties_and_refuses():
    found = stop_early([1.0], lambda k, left: np.full((k, 1), 1.0 - 1e-12), extreme=3, batch=2)
    assert (found.p_value[0], found.draws[0]) == (1.0, 3)
    assert stop_early([], lambda k, left: np.zeros((k, 0))).p_value.shape == (0,)
    with pytest.raises(ValueError, match="finite"):
        stop_early([np.nan], lambda k, left: np.zeros((k, 1)))
    with pytest.raises(ValueError, match="must be"):
        stop_early([0.0], lambda k, left: np.zeros((k, 2)))
    with pytest.raises(ValueError, match="NaN"):
        stop_early([0.0], lambda k, left: np.full((k, 1), np.nan))
    with pytest.raises(ValueError, match="1 or more"):
        stop_early([0.0], lambda k, left: np.zeros((k, 1)), extreme=0)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.4])
def test_the_pareto_fit_is_the_most_likely_one(shape):
    u = np.random.default_rng(1).random(400)
    z = 2.0 * ((u**-shape - 1) / shape if shape else -np.log(u))
    found = pareto_fit(z)
    best = sps.genpareto.logpdf(z, found[0], scale=found[1]).sum()
    theirs = sps.genpareto.fit(z, floc=0)
    assert best >= sps.genpareto.logpdf(z, theirs[0], scale=theirs[2]).sum() - 1e-6
    assert abs(found[0] - shape) < 0.2 and found[1] == pytest.approx(2.0, rel=0.3)
    assert pareto_survival(z[:9], *found) == pytest.approx(sps.genpareto.sf(z[:9], found[0], scale=found[1]), rel=1e-9)
    ten = pareto_fit(10 * z)
    assert ten == pytest.approx((found[0], 10 * found[1]), rel=1e-4)


def test_the_pareto_fit_refuses_what_is_no_excess():
    for wrong in ([0.0, 0.0], [-1.0, 1.0]):
        with pytest.raises(ValueError, match="0 or more"):
            pareto_fit(wrong)
    assert pareto_survival(np.array([3.0]), -0.5, 1.0) == 0.0  # beyond the end of a bounded tail


NULLS = {
    "normal": sps.halfnorm, "t": sps.t(10), "F": sps.f(2, 30), "chi-square": sps.chi2(1), "share": sps.beta(0.5, 19)
}  # fmt: skip


@pytest.mark.parametrize("name", NULLS)
def test_a_fitted_tail_does_not_say_more_than_the_true_one(name):
    """For each null sample, the value at which p falls to a level: the true chance to exceed it is the true size."""
    law, rng, b = NULLS[name], np.random.default_rng(5), 1999
    size = {1 / (10 * b): [], 1 / (50 * b): []}
    for _ in range(25):
        null = law.rvs(size=b, random_state=rng)
        far = law.isf(np.geomspace(1 / b, 1e-3 / b**2, 60))
        p = np.array([tail_p_value(v, null).p_value for v in far])
        assert (np.diff(p) <= 0).all() and (p >= 1 / (100 * (b + 1)) * (1 - 1e-12)).all()
        for level, found in size.items():
            first = np.argmax(p <= level) if (p <= level).any() else -1
            found.append(law.sf(far[first]) if first >= 0 else 0.0)
    for level, found in size.items():
        assert np.mean(found) < 1.6 * level, f"{name}: rejects {np.mean(found) / level:.1f} times too often"
    assert np.mean(size[1 / (10 * b)]) > 0  # and it does reach below what counting can


def test_a_tail_is_used_only_where_it_can_be():
    null = np.random.default_rng(2).normal(size=999)
    far = tail_p_value(5.0, null)
    assert far.method == "generalised Pareto tail" and 1e-5 * (1 - 1e-9) <= far.p_value < 1e-3 and far.shape < 0.2
    assert (far.null == null).all() and far.statistic == 5.0 and far.note == ""
    common = tail_p_value(1.0, null)
    assert (common.method, common.p_value, common.note) == ("counted", p_value(1.0, null), "")
    tenth = np.sort(null)[-ENOUGH]
    assert tail_p_value(tenth, null).p_value == (ENOUGH + 1) / 1000
    for values, said in [
        (null[:200], "too few"),
        (np.round(null), "steps"),
        (np.r_[null[:900], 3 + 1e-3 * null[900:]], "no generalised Pareto"),
    ]:
        found = tail_p_value(9.0, values)
        assert found.method == "counted" and said in found.note and found.p_value == 1 / (len(values) + 1)
        assert np.isnan(found.shape)


def test_a_tail_does_not_depend_on_unit_or_place():
    null = np.random.default_rng(2).normal(size=1999)
    one, other = tail_p_value(4.5, null), tail_p_value(1e3 + 45.0, 1e3 + 10 * null[::-1])
    assert other.p_value == pytest.approx(one.p_value, rel=1e-4) and other.shape == pytest.approx(one.shape, abs=1e-4)


@pytest.mark.parametrize(("b", "k"), [(1000, 250), (300, 75)])
def test_a_tail_of_few_is_pinned(b, k):
    # exponential spacings, whose most likely tail is known: checked once by an independent fit (scipy's genpareto)
    null = -np.log((np.arange(1, b + 1) - 0.5) / b)
    found = tail_p_value(12.0, null)
    start = (np.sort(null)[-k] + np.sort(null)[-k - 1]) / 2
    over = np.sort(null)[-k:] - start
    shape, _, _ = sps.genpareto.fit(over, floc=0)
    heavy = shape + 1.645 * (1 + shape) / np.sqrt(k)
    grid = np.linspace(0.2, 3, 200001)
    logs = [-k * np.log(s) - (1 / heavy + 1) * np.log1p(heavy * over / s).sum() for s in grid[::1000]]
    near = grid[::1000][int(np.argmax(logs))]
    fine = np.linspace(near - 0.02, near + 0.02, 4001)
    logs = [-k * np.log(s) - (1 / heavy + 1) * np.log1p(heavy * over / s).sum() for s in fine]
    scale = fine[int(np.argmax(logs))]
    wanted = k / (b + 1) * sps.genpareto.sf(12.0 - start, heavy, scale=scale)
    assert found.p_value == pytest.approx(wanted, rel=1e-3) and found.shape == pytest.approx(shape, abs=1e-3)


@pytest.mark.parametrize("shape", AD_SHAPE)
def test_one_in_twenty_true_tails_is_turned_away(shape):
    rng = np.random.default_rng(5)
    far = 0
    for over in sps.genpareto.rvs(shape, size=(1000, 100), random_state=rng):
        own, scale = pareto_fit(over)
        far += _anderson_darling(np.sort(over), own, scale) > np.interp(own, AD_SHAPE, AD_LIMIT)
    assert 0.03 < far / 1000 < 0.075


def test_a_tail_that_does_not_fit_is_shortened_by_ten():
    """A hundred of a thousand stand apart: 250 values fit no tail, and the first number that does is used."""
    rng = np.random.default_rng(0)
    null = np.sort(np.r_[rng.normal(size=900), 5 + rng.exponential(0.5, 100)])
    for k in range(250, 59, -10):
        over = null[-k:] - (null[-k] + null[-k - 1]) / 2
        shape, scale = pareto_fit(over)
        if _anderson_darling(over, shape, scale) <= np.interp(shape, AD_SHAPE, AD_LIMIT):
            break
    assert k == 90 and tail_p_value(20.0, null).shape == shape
