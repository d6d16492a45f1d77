"""Moments of the permutation null: against all n! permutations, against many, and what they must refuse."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy.stats import ortho_group, pearson3

from embedlab.stats.pairs import gramsums, moments
from embedlab.stats.pairs.gramsums import gram_sums, group_sums
from embedlab.stats.pairs.moments import permanova_moments, rv_moments
from embedlab.stats.pairs.permanova import permanova
from embedlab.stats.pairs.setpartitions import partitions
from embedlab.stats.pairs.similarity import cka, rv


def two(seed, n, d, e):
    """Crooked columns, so that every sum of cubes counts."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) ** 3 + 2, rng.exponential(size=(n, e)) - 7


def centred_gram(x):
    x = x - x.mean(axis=0)
    return x @ x.T


def all_values(a, b):
    return np.array([(a * b[np.ix_(t, t)]).sum() for t in permutations(range(len(a)))])


def three_moments(values):
    left = values - values.mean()
    return values.mean(), (left**2).mean(), (left**3).mean() / (left**2).mean() ** 1.5


@pytest.mark.parametrize(("n", "d", "e"), [(5, 2, 3), (5, 1, 1), (6, 1, 1), (6, 3, 2), (6, 2, 9), (6, 9, 9)])
def test_rv_against_all_permutations(n, d, e):
    x, y = two(n + d, n, d, e)
    a, b = centred_gram(x), centred_gram(y)
    values = all_values(a, b) / np.sqrt((a * a).sum() * (b * b).sum())
    found = rv_moments(x, y, units=None)
    assert (found.mean, found.variance, found.skewness) == pytest.approx(three_moments(values), rel=1e-9)
    assert found.statistic == pytest.approx(values[0], rel=1e-12)
    assert found.statistic == pytest.approx(rv(x, y), rel=1e-12)
    assert found.statistic == pytest.approx(cka(x, y, debiased=False), rel=1e-12)
    assert (found.n, found.sampled) == (n, 0)


@pytest.mark.parametrize("groups", ["aabbb", "aabbbc", "abbbbb", "ababab"])
def test_permanova_against_all_permutations(groups):
    groups = list(groups)
    x, _ = two(len(groups), len(groups), 3, 1)
    a = centred_gram(x)
    values = all_values(a, projection(groups)) / np.trace(a)
    found = permanova_moments(x, groups, units=None)
    assert (found.mean, found.variance, found.skewness) == pytest.approx(three_moments(values), rel=1e-9)
    assert found.statistic == pytest.approx(values[0], rel=1e-12)


def projection(groups):
    groups = np.array(groups)
    return np.array([[(g == h) / (groups == g).sum() for h in groups] for g in groups]) - 1 / len(groups)


def test_r_squared_is_that_of_permanova():
    x, _ = two(1, 12, 3, 1)
    groups = np.repeat(list("abc"), [3, 4, 5])
    other = permanova(x, groups, permutations=[range(12)])
    assert permanova_moments(x, groups, units=None).statistic == pytest.approx(other.r_squared, rel=1e-12)


@pytest.mark.parametrize("n", [20, 57])
def test_mean_and_variance_as_published(n):
    """Kazi-Aoual et al. 1995, as Josse et al. 2008 write them."""
    x, y = two(2, n, 3, 4)

    def parts(w):
        beta, delta = np.trace(w) ** 2 / (w * w).sum(), (np.diag(w) ** 2).sum() / (w * w).sum()
        return beta, (n - 1) / ((n - 3) * (n - 1 - beta)) * (n * (n + 1) * delta - (n - 1) * (beta + 2))

    (bx, tx), (by, ty) = parts(centred_gram(x)), parts(centred_gram(y))
    found = rv_moments(x, y, units=None)
    assert found.mean == pytest.approx(np.sqrt(bx * by) / (n - 1), rel=1e-10)
    plain = 2 * (n - 1 - bx) * (n - 1 - by) / ((n + 1) * (n - 1) ** 2 * (n - 2))
    assert found.variance == pytest.approx(plain * (1 + (n - 3) / (2 * n * (n - 1)) * tx * ty), rel=1e-10)


@pytest.mark.parametrize("skewed", [True, False])
def test_the_p_value_is_that_of_many_permutations(skewed):
    rng = np.random.default_rng(3)
    scale = 1 / np.arange(1, 9) if skewed else np.ones(8)
    x, y = rng.normal(size=(60, 8)) * scale, rng.normal(size=(60, 2))
    x[:, 0] += 0.15 * y[:, 0]
    found = rv_moments(x, y, units=None)
    a, b = centred_gram(x), centred_gram(y)
    values = np.array([(a * b[np.ix_(t, t)]).sum() for t in (rng.permutation(60) for _ in range(4000))])
    p = np.mean(values >= (a * b).sum())
    assert 0.001 < p < 0.5
    assert found.p_value == pytest.approx(p, abs=4 * np.sqrt(p / 4000) + 0.01)
    z = (found.statistic - found.mean) / np.sqrt(found.variance)
    assert found.p_value == pytest.approx(pearson3.sf(z, found.skewness), rel=1e-12)


def test_a_p_value_is_never_below_what_counting_could_give():
    x = np.array([[0.0], [1.0], [2.0], [3.0], [50.0]])
    assert rv_moments(x, x, units=None).p_value >= 1 / 120
    groups = np.repeat([0, 1], 400)
    x = groups[:, None] * 1000.0 + np.random.default_rng(0).normal(size=(800, 1))
    assert 0 < permanova_moments(x, groups, units=None).p_value < 1e-20


def test_the_least_p_value_is_one_in_all_orders(monkeypatch):
    monkeypatch.setattr(moments.pearson3, "sf", lambda *_: 0.0)
    x, y = two(12, 6, 2, 2)
    assert rv_moments(x, y, units=None).p_value == pytest.approx(1 / 720, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-7, 1e7])
def test_the_size_of_numbers_does_not_matter(scale):
    x, y = two(13, 9, 3, 2)
    assert rv_moments(scale * x, y, units=None).p_value == pytest.approx(rv_moments(x, y, units=None).p_value, rel=1e-8)
    with pytest.raises(ValueError, match="every permutation gives the same value"):
        rv_moments(scale * x, scale * np.eye(9), units=None)


def test_the_sums_by_plain_loops(monkeypatch):
    x, _ = two(4, 23, 4, 1)
    g = centred_gram(x)
    codes = np.array([0] * 5 + [1] * 11 + [2] * 7)
    for rows in (4, 8192):
        monkeypatch.setattr(gramsums, "ROWS", rows)
        for m, found in ((g, gram_sums(x)), (projection(codes), group_sums(codes))):
            n = 23
            a = m - np.trace(m) / (n - 1) * (np.eye(n) - 1 / n)
            d = np.diag(a)
            assert found.trace == pytest.approx(np.trace(m)) and found.squares == pytest.approx((m * m).sum())
            assert found.diagonal2 == pytest.approx((d**2).sum()) and found.diagonal3 == pytest.approx((d**3).sum())
            assert found.squares_free == pytest.approx((a * a).sum())
            assert found.entries3 == pytest.approx((a**3).sum())
            assert found.chain == pytest.approx(d @ a @ d)
            assert found.fork == pytest.approx(d @ np.diag(a @ a))
            assert found.triangle == pytest.approx(np.trace(a @ a @ a))


@pytest.mark.parametrize("d", [3, 40])  # cubes by products of three coordinates, and by pairs of rows
def test_blocks_and_types_do_not_matter(monkeypatch, d):
    x, y = (m.astype(np.float32) for m in two(5, 50, d, 2))
    whole = rv_moments(x.astype(float), y.astype(float), units=None)
    split = permanova_moments(x.astype(float), np.arange(50) % 3, units=None)
    monkeypatch.setattr(gramsums, "ROWS", 7)
    for found, other in ((rv_moments(x, y, units=None), whole),
                         (permanova_moments(x, np.arange(50) % 3, units=None), split)):  # fmt: skip
        for key in ("statistic", "mean", "variance", "skewness", "p_value"):
            assert getattr(found, key) == pytest.approx(getattr(other, key), rel=1e-9)


def test_where_a_sum_is_estimated_it_is_close_and_says_so(monkeypatch):
    x, y = two(6, 400, 5, 2)
    exact = rv_moments(x, y, units=None)
    monkeypatch.setattr(gramsums, "MOST", 1.0)
    monkeypatch.setattr(gramsums, "ROWS", 300)
    found = rv_moments(x, y, units=None, rng=np.random.default_rng(0))
    assert found.sampled == 300
    assert (found.mean, found.variance) == pytest.approx((exact.mean, exact.variance), rel=1e-12)
    assert found.skewness == pytest.approx(exact.skewness, rel=1e-2) and found.skewness != exact.skewness
    assert permanova_moments(x, np.arange(400) % 3, units=None, rng=np.random.default_rng(0)).sampled == 300
    with pytest.raises(TypeError, match="one sum is estimated, pass rng"):
        rv_moments(x, y, units=None)
    monkeypatch.setattr(gramsums, "ROWS", 400)
    assert rv_moments(x, y, units=None).sampled == 0  # no more rows than would be drawn


def test_the_estimated_sum_is_unbiased(monkeypatch):
    x, _ = two(7, 40, 3, 1)
    exact = gram_sums(x).entries3
    monkeypatch.setattr(gramsums, "MOST", 1.0)
    monkeypatch.setattr(gramsums, "ROWS", 39)
    drawn = [gram_sums(x, rng=np.random.default_rng(i)).entries3 for i in range(400)]
    assert np.mean(drawn) == pytest.approx(exact, abs=4 * np.std(drawn) / 20)


def test_turning_moving_scaling_and_renaming_change_nothing():
    x, y = two(8, 15, 4, 3)
    rng = np.random.default_rng(0)
    t = rng.permutation(15)
    found = rv_moments(x, y, units=None)
    moved = rv_moments((0.1 * x @ ortho_group.rvs(4, random_state=rng) + 60)[t], y[t], units=None)
    turned = rv_moments(y, x, units=None)
    for key in ("statistic", "mean", "variance", "skewness", "p_value"):
        assert getattr(moved, key) == pytest.approx(getattr(found, key), rel=1e-8)
        assert getattr(turned, key) == pytest.approx(getattr(found, key), rel=1e-8)
    groups = np.arange(15) % 4
    one, other = permanova_moments(x, groups, units=None), permanova_moments(5 * x[t] - 1, 9 - groups[t], units=None)
    assert one.skewness == pytest.approx(other.skewness, rel=1e-8) and one.p_value == pytest.approx(other.p_value)


def test_a_vector_is_one_column():
    x, y = two(9, 10, 2, 1)
    assert rv_moments(x, y[:, 0], units=None).p_value == rv_moments(x, y, units=None).p_value


def test_rows_that_are_not_exchangeable_are_refused():
    x, y = two(10, 8, 2, 2)
    species = ["owl", "owl", "auk", "tit", "jay", "emu", "kea", "roc"]
    for ask in (lambda **k: rv_moments(x, y, **k), lambda **k: permanova_moments(x, list("aabbccab"), **k)):
        with pytest.raises(TypeError, match="units"):
            ask()  # what a row is must be said
        with pytest.raises(ValueError, match=r"units \['owl'\] have several rows.*each of the 7 units"):
            ask(units=species)
        with pytest.raises(ValueError, match="8 rows but units of shape"):
            ask(units=species[2:5])
        with pytest.raises(ValueError, match="the units share a tree.*aligned_beyond_phylogeny"):
            ask(units=None, covariance=np.full((8, 8), 0.5) + np.eye(8))
        with pytest.raises(ValueError, match="share a tree"):
            ask(units=None, covariance=object())  # a tree's structure
        star = ask(units=[f"{s}{i}" for i, s in enumerate(species)], covariance=2 * np.eye(8))
        assert star.p_value == ask(units=None).p_value


def test_what_cannot_be_tested_is_refused():
    x, y = two(11, 8, 2, 2)
    hole = np.where(np.arange(16).reshape(8, 2) == 6, np.nan, x)
    for wrong, right, why in (
        (hole, y, r"x has rows with NaN or infinity \(rows \[3\]\)"),
        (x, hole, r"y has rows with NaN or infinity \(rows \[3\]\)"),
        (x, y[:7], "x has 8 rows and y has 7"),
        (x[:4], y[:4], "at least 5 rows"),
        (np.ones((8, 2)), y, "all rows of x are the same"),
        (x, np.ones(8), "all rows of y are the same"),
        (x, np.eye(8), "every permutation gives the same value"),
    ):
        with pytest.raises(ValueError, match=why):
            rv_moments(wrong, right, units=None)
    for groups, why in (
        (["a"] * 8, "1 groups among 8 rows"),
        (np.arange(8), "8 groups among 8 rows"),
        (["a", "b"], r"8 rows but groups of shape \(2,\)"),
    ):
        with pytest.raises(ValueError, match=why):
            permanova_moments(x, groups, units=None)


def test_partitions_are_those_of_a_set():
    assert [len(list(partitions(k))) for k in range(7)] == [1, 1, 2, 5, 15, 52, 203]
    words = {tuple(list(dict.fromkeys(w)).index(v) for v in w) for w in product(range(4), repeat=4)}
    assert set(partitions(4)) == words
