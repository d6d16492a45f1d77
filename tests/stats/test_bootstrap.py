"""Intervals cover what they promise, and say when they cannot be had."""

import numpy as np
import pytest
from scipy import stats as sps

from embedlab.stats.bootstrap import bca, bootstrap_ratio, jackknife, pair_correlation, two_level
from embedlab.stats.vectors import upper


def test_the_jackknife_of_a_mean_is_students_interval(rng):
    x = rng.normal(size=11)
    low, high = jackknife([np.delete(x, i).mean() for i in range(11)], x.mean())
    wanted = sps.t.interval(0.95, 10, x.mean(), sps.sem(x))
    assert (low, high) == pytest.approx(wanted, rel=1e-10)  # the same algebra, rounding only
    assert np.isnan(jackknife([1.0, 2.0], 1.5)).all()
    assert np.isnan(jackknife([1.0, 2.0, np.inf, 1.5], 1.5)).all()


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


def test_an_interval_is_cut_at_the_range_of_what_it_estimates(rng):
    hits, size = np.array([9.0, 10, 10, 3]), np.full(4, 10.0)
    whole, share = (bootstrap_ratio(hits, size, rng=np.random.default_rng(0), within=w) for w in ((-9, 9), (0, 1)))
    assert whole[1] > 1 == share[1] and share[0] == max(whole[0], 0)
    without = np.array([0.6, 0.9, 1.0, 1.3])
    assert jackknife(without, 0.95)[1] > 1 == jackknife(without, 0.95, within=(0, 1))[1]
    assert jackknife(without, 1.1, within=(0, 1))[1] == 1.1  # an estimate stays within its interval
    assert jackknife(without, 0.95, scale=0.1, within=(0, 1)) == (jackknife(without, 0.95, scale=0.1)[0], 1.0)
    assert np.isnan(bootstrap_ratio([1.0, 1], [2.0, 2], rng=rng, within=(0, 1))).all()


def test_the_jackknife_on_a_scale_is_the_jackknife_of_the_transformed(rng):
    without, value = rng.normal(0.3, 0.02, 15), 0.31
    low, high = jackknife(without, value, scale=0.05)
    turned = jackknife(np.arcsinh(without / 0.05), np.arcsinh(value / 0.05))
    assert np.arcsinh(np.array([low, high]) / 0.05) == pytest.approx(turned, rel=1e-12)
    assert high - value > value - low  # beyond the scale, as a ratio
    wide = jackknife(without, value, scale=1e6)
    assert wide == pytest.approx(jackknife(without, value), rel=1e-6)
    with pytest.raises(ValueError, match="above 0"):
        jackknife(without, value, scale=0.0)


def test_bca_is_scipys(rng):
    x = rng.gamma(1.0, size=25)

    def mean(v, axis=-1):
        return np.mean(v, axis=axis)

    theirs = sps.bootstrap((x,), mean, n_resamples=1999, method="BCa", rng=np.random.default_rng(3))
    ours = bca(theirs.bootstrap_distribution, x.mean(), (x.sum() - x) / 24)
    assert ours == pytest.approx(tuple(theirs.confidence_interval), rel=1e-9)
    flat = bca(np.arange(101.0), 50.0, np.ones(5))  # no bias, no lean: the quantiles themselves
    assert flat == pytest.approx((2.5, 97.5))
    bent = bca(np.exp(np.arange(101.0) / 50), np.exp(1.0), np.ones(5))
    assert np.log(bent) * 50 == pytest.approx(flat, rel=1e-3)  # the same under a rising transformation


def test_bca_refuses(rng):
    with pytest.raises(ValueError, match="at least 100"):
        bca(np.zeros(50), 0.0, np.zeros(5))
    with pytest.raises(ValueError, match="not finite"):
        bca(np.full(200, np.nan), 0.0, np.zeros(5))
    with pytest.raises(ValueError, match="beyond all"):
        bca(rng.normal(size=200), 99.0, rng.normal(size=5))


def test_species_then_images_covers_where_images_do_not():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), rng.integers(2, 30, 20))
    both = images = 0
    for _ in range(150):
        x = rng.normal(size=20)[groups] + rng.normal(size=groups.size)
        low, high = two_level(x, groups, rng=rng, b=199)
        both += low <= 0 <= high
        again = x[rng.integers(0, x.size, (199, x.size))].mean(axis=1)
        images += np.quantile(again, 0.025) <= 0 <= np.quantile(again, 0.975)
    assert both >= 150 * 0.95 - 4 * np.sqrt(150 * 0.95 * 0.05) and images < 110


def test_species_then_images_is_that_of_species_where_images_do_not_differ(rng):
    own = rng.normal(size=15)
    groups = np.array([f"s{i}" for i in range(15) for _ in range(i % 3 + 1)])
    x = np.repeat(own, [i % 3 + 1 for i in range(15)])
    turn = rng.permutation(x.size)
    found = two_level(3 * x[turn] + 1, groups[turn], rng=rng)
    wanted = bootstrap_ratio(own, np.ones(15), rng=rng)
    assert found == pytest.approx([3 * v + 1 for v in wanted], abs=0.25)
    assert two_level([1.0, 1.0, 1.0, 1.0], [0, 1, 2, 2], rng=rng) == (1.0, 1.0)
    assert np.isnan(two_level([1.0, 2.0], [0, 1], rng=rng)).all()
    with pytest.raises(ValueError, match=r"rows \[1\]"):
        two_level([1.0, np.nan, 2.0], [0, 1, 2], rng=rng)


def slow_pairs(x, y, times):
    """The correlation over all pairs of different things, each as often as drawn: one pair at a time."""
    a, b = [], []
    for i in range(len(x)):
        for j in range(len(x)):
            if i != j:
                a += [x[i, j]] * int(times[i] * times[j])
                b += [y[i, j]] * int(times[i] * times[j])
    return np.corrcoef(a, b)[0, 1]


def tables(rng, s):
    x = rng.normal(size=(s, 3))
    y = x + rng.normal(size=(s, 3))
    return [np.linalg.norm(v[:, None] - v[None], axis=2) for v in (x, y)]


def test_pairs_are_weighted_as_if_written_out(rng):
    from embedlab.stats.bootstrap import _centred, _pairs

    x, y = tables(rng, 9)
    times = np.array([0, 2, 1, 0, 3, 1, 1, 0, 1.0])
    value, change = _pairs(times[None], _centred(x), _centred(y))
    assert value[0] == pytest.approx(slow_pairs(x, y, times), rel=1e-10)
    assert _pairs(np.ones((1, 9)), _centred(x), _centred(y))[0][0] == pytest.approx(
        np.corrcoef(upper(x), upper(y))[0, 1]
    )
    for i in (1, 4):  # the influence is the derivative
        more = times + 1e-6 * (np.arange(9) == i)
        # one copy of a thing is no partner of another copy of it: the derivative leaves that pair out
        step = _pairs(more[None], _centred(x), _centred(y))[0][0] - value[0]
        assert step / 1e-6 == pytest.approx(change[0, i], rel=1e-3, abs=1e-6)


def test_the_interval_of_a_correlation_of_pairs(rng):
    x, y = tables(rng, 40)
    low, high = pair_correlation(x, y, rng=np.random.default_rng(0))
    r = np.corrcoef(upper(x), upper(y))[0, 1]
    assert low < r < high and 0.1 < high - low < 0.5
    turn = rng.permutation(40)
    other = pair_correlation(5 * y[np.ix_(turn, turn)], x[np.ix_(turn, turn)] / 3, rng=np.random.default_rng(1))
    assert other == pytest.approx((low, high), abs=0.04)
    assert pair_correlation(x, 2 * x, rng=rng) == pytest.approx((1, 1), abs=1e-4)
    for few in (1, 4):
        assert np.isnan(pair_correlation(x[:few, :few], y[:few, :few], rng=rng)).all()
    with pytest.raises(ValueError, match="same things"):
        pair_correlation(x, y[:9, :9], rng=rng)
    with pytest.raises(ValueError, match="all distances"):
        pair_correlation(x, 1 - np.eye(40), rng=rng)
    odd = x.copy()
    odd[0, 1:7] += 1
    with pytest.raises(ValueError, match=r"y is not symmetric \(rows \[0, 1, 2, 3, 4\]\)"):
        pair_correlation(x, odd, rng=rng)
    uneven = np.where(np.arange(40) % 2, -0.3, -(0.1 + 0.2))
    with pytest.raises(ValueError, match="all distances"):  # the same but for rounding, on either side of 0
        pair_correlation(x, np.maximum.outer(uneven, uneven) * (1 - np.eye(40)), rng=rng)
    many = tables(rng, 601)
    value = np.corrcoef(upper(many[0]), upper(many[1]))[0, 1]
    low, high = np.arctanh(pair_correlation(*many, rng=rng))
    assert (low + high) / 2 == pytest.approx(np.arctanh(value), rel=1e-9)
    short = np.arctanh(pair_correlation(*(d[:600, :600] for d in many), rng=rng, b=200))
    assert short[1] - short[0] == pytest.approx(high - low, rel=0.25)


def test_the_error_of_a_correlation_near_1_is_the_derivative_on_fishers_scale(rng):
    """On 601 things the interval is Student's, with the error of a plain jackknife."""
    x, y = tables(rng, 601)
    y = x + 0.02 * y
    low, high = np.arctanh(pair_correlation(x, y, rng=rng))
    assert slow_pairs(x, y, np.ones(601)) > 0.99
    without = [[upper(np.delete(np.delete(d, i, 0), i, 1)) for d in (x, y)] for i in range(0, 601, 4)]
    z = np.arctanh([np.corrcoef(*pair)[0, 1] for pair in without])  # a quarter of all that can be left out
    assert high - low == pytest.approx(2 * sps.t.ppf(0.975, 600) * np.sqrt(600) * z.std(), rel=0.1)


@pytest.mark.parametrize("s", [40, 601])
def test_the_interval_of_a_correlation_near_minus_1_mirrors_that_near_1(rng, s):
    """y turned about changes the sign of every correlation that is drawn with the same random numbers."""
    x, y = tables(rng, s)
    y = x + 0.05 * y
    low, high = pair_correlation(x, y, rng=np.random.default_rng(1), b=199)
    assert low > 0.9
    turned = pair_correlation(x, (y.max() - y) * (1 - np.eye(s)), rng=np.random.default_rng(1), b=199)
    assert turned == pytest.approx((-high, -low), rel=1e-9)
