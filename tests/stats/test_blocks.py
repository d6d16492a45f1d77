"""Trends over species as blocks: Page's L by enumeration, and slopes whose interval knows the tree."""

from itertools import permutations, product
from math import factorial

import numpy as np
import pytest
from scipy import stats as sps

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.stats.trend.blocks import page, random_slopes
from embedlab.stats.trend.orders import share_as_extreme


def test_page_by_all_orders():
    values = np.array([[1.0, 3.0, 2.0], [2.0, 5.0, 9.0]])
    ranks = sps.rankdata(values, axis=1)
    observed = (ranks * [1, 2, 3]).sum()
    every = [sum(np.dot(r, (1, 2, 3)) for r in rows) for rows in product(permutations((1, 2, 3)), repeat=2)]
    found = page(values, [1, 10, 100])
    assert found.exact and found.statistic == observed and found.chance == np.mean(every)
    assert found.p_more == pytest.approx(np.mean(np.array(every) >= observed))
    assert found.p_less == pytest.approx(np.mean(np.array(every) <= observed))
    assert found.p_value == found.p_more


@pytest.mark.parametrize("scales", [3, 4, 5])
def test_one_species_reaches_one_over_factorial_and_no_less(scales):
    found = page(np.arange(scales, dtype=float)[None], np.arange(scales))
    assert found.p_more == pytest.approx(1 / factorial(scales))
    assert page(-np.arange(scales, dtype=float)[None], np.arange(scales)).p_less == pytest.approx(1 / factorial(scales))


def test_runs_of_one_scale_are_averaged_and_ties_count_as_they_are():
    values = np.array([[1.0, 3.0, 2.0, 2.0, 5.0, 7.0], [0.0, 1.0, 4.0, 6.0, 5.0, 5.0]])
    twice, once = page(values, [1, 1, 10, 10, 100, 100]), page([[2.0, 2.0, 6.0], [0.5, 5.0, 5.0]], [1, 10, 100])
    assert (twice.statistic, twice.p_more) == (once.statistic, once.p_more)
    pairs = product(permutations((1.5, 1.5, 3)), permutations((1, 2.5, 2.5)))
    every = np.array([np.dot(a, (1, 2, 3)) + np.dot(b, (1, 2, 3)) for a, b in pairs])
    assert twice.p_more == pytest.approx(np.mean(every >= twice.statistic))
    assert twice.p_less == pytest.approx(np.mean(every <= twice.statistic))


@pytest.mark.parametrize(("species", "scales"), [(5, 4), (12, 5), (4, 7), (6, 9)])
def test_page_is_scipys(rng, species, scales):
    values = rng.normal(size=(species, scales))
    found = page(values, np.arange(scales))
    theirs = sps.page_trend_test(values, method="exact" if scales < 8 else "asymptotic")
    assert found.exact == (scales < 8)
    assert found.statistic == theirs.statistic and found.p_more == pytest.approx(theirs.pvalue)
    assert page(-values, np.arange(scales)).p_less == pytest.approx(theirs.pvalue)


def test_unrelated_species_give_students_t(rng):
    x = np.log10([1.0, 4.0, 16.0, 64.0])
    values = rng.normal(size=(9, 4)) + np.outer(rng.normal(0.3, 0.2, 9), x)
    each = np.array([np.polyfit(x, v, 1)[0] for v in values])
    theirs = sps.ttest_1samp(each, 0)
    low, high = theirs.confidence_interval()
    for covariance in (None, np.eye(9)):
        found = random_slopes(values, x, covariance)
        assert found.slopes == pytest.approx(each) and found.mean == pytest.approx(each.mean())
        assert found.interval == pytest.approx((low, high)) and found.p_value == pytest.approx(theirs.pvalue)
        assert found.spread == pytest.approx(each.std(ddof=1)) and found.statistic == found.mean
        assert np.isnan(found.covariate_p) and np.isnan(found.by_covariate)
    assert found.p_more == pytest.approx(sps.ttest_1samp(each, 0, alternative="greater").pvalue)
    assert found.p_less == pytest.approx(sps.ttest_1samp(each, 0, alternative="less").pvalue)


def test_the_mixture_over_lambda_by_a_plain_loop(rng):
    tree = random_tree(rng, 12)
    c = tree.covariance(tree.names)
    y = 0.4 + brownian_traits(rng, tree)[:, 0]
    x = np.array([-1.0, 0.0, 1.0])
    found = random_slopes(np.outer(y, x), x, c)
    best, weights, at = -np.inf, [], []
    for lam in np.linspace(0, 1, 41):
        v = lam * c + (1 - lam) * np.diag(np.diag(c))
        inverse = np.linalg.inv(v)
        one = np.ones(12)
        a = one @ inverse @ y / (one @ inverse @ one)
        rss = (y - a) @ inverse @ (y - a)
        height = -0.5 * (11 * np.log(rss) + np.linalg.slogdet(v)[1] + np.log(one @ inverse @ one))
        if height > best:
            best, lam_best = height, lam
        weights.append(np.exp(height) / (1.1 - lam) ** 2)
        at.append((a, np.sqrt(rss / 11 / (one @ inverse @ one))))
    w = np.array(weights) / sum(weights)
    a, se = np.array(at).T
    assert found.mean == pytest.approx(w @ a) and found.lam == pytest.approx(lam_best)
    assert found.p_more == pytest.approx(w @ sps.t.cdf(-a / se, 11))
    assert found.p_less == pytest.approx(w @ sps.t.sf(-a / se, 11))
    for end, share in zip(found.interval, (0.025, 0.975), strict=True):
        assert w @ sps.t.cdf((end - a) / se, 11) == pytest.approx(share, abs=1e-9)
    assert random_slopes(np.outer(y, x), x, tree.structure(tree.names)).interval == pytest.approx(found.interval)


def test_relatives_that_rise_together_count_less(rng):
    tree = random_tree(rng, 30)
    c = tree.covariance(tree.names)
    slopes = brownian_traits(rng, tree)[:, 0]
    x = np.array([0.0, 1.0, 2.0, 3.0])
    values = np.outer(slopes, x) + 0.1 * rng.normal(size=(30, 4))
    tied, free = random_slopes(values, x, c), random_slopes(values, x)
    assert np.diff(tied.interval) > 1.5 * np.diff(free.interval) and tied.lam > 0.6 and free.lam == 0


def test_a_covariate_takes_its_share_and_is_told(rng):
    seen = np.log10(rng.integers(5, 500, 20))
    x = np.array([0.0, 1.0, 2.0])
    slopes = 0.2 + 0.5 * seen + 0.01 * rng.normal(size=20)
    found = random_slopes(np.outer(slopes, x), x, np.eye(20), covariate=seen)
    line = sps.linregress(seen, slopes)
    assert found.by_covariate == pytest.approx(line.slope) and found.covariate_p <= 1e-9
    assert found.covariate_interval[0] < 0.5 < found.covariate_interval[1]
    half = line.stderr * sps.t.ppf(0.975, 18)
    assert found.covariate_interval == pytest.approx((line.slope - half, line.slope + half))
    assert found.mean == pytest.approx(slopes.mean())  # the covariate is centred


def test_scale_and_order_do_not_matter(rng):
    tree = random_tree(rng, 10)
    values, x, turn = rng.normal(size=(10, 5)), np.arange(5.0), rng.permutation(10)
    c = tree.covariance(tree.names)
    one = random_slopes(values, x, c)
    other = random_slopes(3 * values[turn] + 7, x / 2 + 1, 5 * c[np.ix_(turn, turn)])
    assert other.mean == pytest.approx(6 * one.mean) and other.p_more == pytest.approx(one.p_more)
    assert other.interval == pytest.approx(tuple(6 * v for v in one.interval))
    small = random_slopes(1e-9 * values, x, c)
    assert small.mean == pytest.approx(1e-9 * one.mean, rel=1e-9) and small.p_more == pytest.approx(one.p_more)
    assert page(values[turn], x).p_more == page(np.exp(values), x).p_more == page(values, x).p_more


def test_what_has_no_trend_is_refused():
    with pytest.raises(ValueError, match="values and scales must be finite"):
        page([[1.0, np.nan, 2.0]], [1, 2, 3])
    with pytest.raises(ValueError, match=r"give \(species, runs\), \(runs,\)"):
        page([[1.0, 2.0, 3.0]], [1, 2])
    with pytest.raises(ValueError, match="at least 3 different scales; saw 2"):
        page([[1.0, 2.0, 3.0]], [1, 2, 2])
    with pytest.raises(ValueError, match="all runs stand at one scale"):
        random_slopes(np.eye(3), [2, 2, 2])
    with pytest.raises(ValueError, match="2 species are too few"):
        random_slopes(np.eye(3)[:2], [1, 2, 3])
    with pytest.raises(ValueError, match="all species have the same slope"):
        random_slopes([[1.0, 2.0, 3.0]] * 4, [1, 2, 3])
    for scale in (1e-9, 1e9):  # slopes that differ by rounding alone, whatever the unit
        with pytest.raises(ValueError, match="all species have the same slope"):
            random_slopes(scale * (np.arange(3.0) + np.array([[0.0], [0.1], [0.7], [1 / 3]])), [1, 2, 3])
    with pytest.raises(ValueError, match="4 finite numbers that are not all the same"):
        random_slopes(np.random.default_rng(0).normal(size=(4, 3)), [1, 2, 3], covariate=np.ones(4))
    with pytest.raises(ValueError, match="prune the tree to the same species|3 in the covariance|shape"):
        random_slopes(np.random.default_rng(0).normal(size=(4, 3)), [1, 2, 3], np.eye(3))


def test_tips_at_distance_zero_leave_brownian_motion_out():
    c = np.array([[1.0, 1.0, 0.2], [1.0, 1.0, 0.2], [0.2, 0.2, 1.0]])
    values = np.outer([0.1, 0.3, 0.2], [0.0, 1.0, 2.0])
    assert np.isfinite(random_slopes(values, [0, 1, 2], c).interval).all()


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_ties_are_counted_in_any_unit(unit):
    slopes = unit * np.array([1.0, 2.0, 3.0, 0.1 + 0.2 + 2.7])
    assert share_as_extreme(slopes, slopes.max()) == 0.5 and share_as_extreme(slopes, unit, more=False) == 0.25


def test_the_interval_does_not_hang_on_the_unit():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(12, 4)) + np.arange(4)
    one, tiny = (random_slopes(values * unit, np.arange(1.0, 5)) for unit in (1.0, 1e-12))
    assert np.array(tiny.interval) * 1e12 == pytest.approx(one.interval, rel=1e-8)


def test_a_fall_is_as_sure_as_the_rise_it_mirrors(rng):
    x, slopes = np.array([0.0, 1.0, 2.0]), rng.normal(0.5, 0.1, 8)
    rise, fall = (random_slopes(np.outer(sign * slopes, x), x, np.eye(8)) for sign in (1, -1))
    theirs = sps.ttest_1samp(-slopes, 0, alternative="less").pvalue
    assert theirs < 0.001 and fall.p_less == pytest.approx(theirs, rel=1e-6)
    assert (fall.p_less, fall.p_more) == pytest.approx((rise.p_more, rise.p_less), rel=1e-6)
    assert fall.p_value == pytest.approx(rise.p_value, rel=1e-6)
