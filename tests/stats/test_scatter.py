"""The Fisher ratio: by the direct formula, unbiased where the plain one is not, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.stats.scatter import between_share, fisher_direction, fisher_ratio, two_groups

seeds = st.integers(0, 2**32 - 1)


def direct(x, z):
    a, b = x[z == 0], x[z == 1]
    within = np.trace(np.atleast_2d(np.cov(a.T))) + np.trace(np.atleast_2d(np.cov(b.T)))
    noise = np.trace(np.atleast_2d(np.cov(a.T))) / len(a) + np.trace(np.atleast_2d(np.cov(b.T))) / len(b)
    return np.square(b.mean(axis=0) - a.mean(axis=0)).sum(), within, noise


@given(seeds, st.integers(2, 9), st.integers(2, 9), st.integers(1, 12))
def test_the_gram_form_is_the_direct_formula(seed, n0, n1, d):
    rng = np.random.default_rng(seed)
    z = rng.permutation(np.r_[np.zeros(n0), np.ones(n1)])
    x = rng.normal(size=(n0 + n1, d)) + z[:, None]
    distance, within, noise = direct(x, z)
    assert fisher_ratio(x, z, corrected=False) == pytest.approx(distance / within, rel=1e-9)
    assert fisher_ratio(x, z) == pytest.approx((distance - noise) / within, rel=1e-9, abs=1e-12)


@given(seeds)
def test_rotation_shift_scale_names_and_order_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(12, 5)), np.repeat([0, 1], 6)
    x[z == 1, 0] += 1
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    order = rng.permutation(12)
    base = fisher_ratio(x, z)
    assert fisher_ratio(3 * x @ turn + 100, z) == pytest.approx(base, rel=1e-8)  # 100 away: two digits lost
    assert fisher_ratio(x[order], z[order]) == pytest.approx(base, rel=1e-10)
    assert fisher_ratio(x, np.where(z == 1, "a", "b")) == pytest.approx(base, rel=1e-10)  # the other one first


def test_only_the_corrected_ratio_is_flat_where_nothing_is(rng):
    plain, corrected = [], []
    z = np.repeat([0, 1], 5)
    for _ in range(500):
        x = rng.normal(size=(10, 16))
        plain.append(fisher_ratio(x, z, corrected=False))
        corrected.append(fisher_ratio(x, z))
    error = np.std(corrected) / np.sqrt(500)
    assert np.mean(plain) == pytest.approx(0.2, abs=0.02)  # 2/5 over 2: the bias that methods.md gives
    # the numerator is unbiased; the ratio too, as numerator and scatter are independent here
    assert abs(np.mean(corrected)) < 4 * error


def test_unequal_groups_and_scatters_are_unbiased(rng):
    z = np.repeat([0, 1], [3, 12])
    found = []
    for _ in range(2000):
        x = rng.normal(size=(15, 4)) * np.where(z == 1, 3.0, 1.0)[:, None]
        x[z == 1, 0] += 2.0
        found.append(two_groups(x @ x.T, z).between[0])
    assert np.mean(found) == pytest.approx(4.0, abs=4 * np.std(found) / np.sqrt(2000))


def test_many_labellings_at_once_are_as_one_by_one(rng):
    x = rng.normal(size=(9, 3))
    z = np.array([rng.permutation(np.repeat([0, 1], [4, 5])) for _ in range(6)])
    together = two_groups(x @ x.T, z)
    for i, one in enumerate(z):
        alone = two_groups(x @ x.T, one)
        assert together.between[i] == pytest.approx(alone.between[0], rel=1e-12)
        assert together.within[i] == pytest.approx(alone.within[0], rel=1e-12)


def test_one_ratio_for_each_species(rng):
    x = rng.normal(size=(16, 3))
    z, by = np.tile([0, 1], 8), np.repeat(["b", "a"], 8)
    each = fisher_ratio(x, z, by=by)
    assert each.tolist() == [fisher_ratio(x[8:], z[8:]), fisher_ratio(x[:8], z[:8])]  # in sorted order


def test_what_cannot_be_compared_is_refused():
    x = np.arange(8.0).reshape(4, 2)
    with pytest.raises(ValueError, match="compares two groups; labels hold 3"):
        fisher_ratio(x, [0, 1, 2, 2])
    with pytest.raises(ValueError, match="at least two rows"):
        fisher_ratio(x, [0, 1, 1, 1])
    with pytest.raises(ValueError, match="neither group varies"):
        fisher_ratio(np.array([[0.0], [0.0], [1.0], [1.0]]), [0, 0, 1, 1])
    with pytest.raises(ValueError, match="4 rows but labels of shape"):
        fisher_ratio(x, [0, 1])
    with pytest.raises(ValueError, match="NaN or infinity"):
        fisher_ratio(np.where(x == 3, np.nan, x), [0, 0, 1, 1])


def axis_ratio(x, z, fit, read):
    """The direction form on given halves, with plain loops."""
    w = x[fit & (z == 1)].mean(axis=0) - x[fit & (z == 0)].mean(axis=0)
    a, b = x[read & (z == 0)] @ w, x[read & (z == 1)] @ w
    noise = a.var(ddof=1) / a.size + b.var(ddof=1) / b.size
    return (b.mean() - a.mean()) ** 2, noise, a.var(ddof=1) + b.var(ddof=1), w @ w


def test_direction_form_on_its_own_rows_and_on_others(rng):
    x, z = rng.normal(size=(16, 5)), np.repeat([0, 1], 8)
    x[z == 1, 0] += 3
    every = np.ones(16, bool)
    top, _, bottom, _ = axis_ratio(x, z, every, every)
    assert fisher_direction(x, z, corrected=False, rng=rng) == pytest.approx(top / bottom, rel=1e-12)
    # one halving, dealt as the function deals it
    dealt, half = np.random.default_rng(4), np.zeros(16, bool)
    for rows in (np.arange(8), np.arange(8, 16)):
        half[dealt.permutation(rows)[:4]] = True
    parts = [axis_ratio(x, z, f, r) for f, r in ((half, ~half), (~half, half))]
    expected = sum((t - n) / w for t, n, _, w in parts) / sum(s / w for _, _, s, w in parts)
    got = fisher_direction(x, z, splits=1, rng=np.random.default_rng(4))
    assert got == pytest.approx(expected, rel=1e-12)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    moved = fisher_direction(3 * x @ turn + 10, np.where(z == 1, "b", "a"), splits=1, rng=np.random.default_rng(4))
    assert moved == pytest.approx(got, rel=1e-8)


def test_only_the_held_out_direction_is_flat_where_nothing_is(rng):
    z, held, own = np.repeat([0, 1], 20), [], []
    for _ in range(60):
        x = rng.normal(size=(40, 768))
        held.append(fisher_direction(x, z, splits=2, rng=rng))
        own.append(fisher_direction(x, z, corrected=False, rng=rng))
    assert np.mean(own) == pytest.approx(40, rel=0.1)  # methods.md: 40 at n = 20 in 768 dimensions, truth 0
    assert abs(np.mean(held)) < 4 * np.std(held) / np.sqrt(60)


def test_many_groups_by_the_analysis_of_variance(rng):
    x, of = rng.normal(size=(20, 4)), np.repeat(["a", "b", "c"], [4, 6, 10])
    x[of == "b"] += 1
    within = sum(((x[of == g] - x[of == g].mean(axis=0)) ** 2).sum() for g in "abc")
    whole = ((x - x.mean(axis=0)) ** 2).sum()
    assert between_share(x, of, corrected=False) == pytest.approx(1 - within / whole, rel=1e-12)
    # epsilon squared: mean squares in the place of sums
    assert between_share(x, of) == pytest.approx(1 - (within / 17) / (whole / 19), rel=1e-12)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert between_share(2 * x @ turn + 5, of) == pytest.approx(between_share(x, of), rel=1e-9)
    assert between_share(np.repeat([[0.0], [1.0]], 3, axis=0), [0, 0, 0, 1, 1, 1]) == 1.0


def test_only_epsilon_squared_is_flat_where_nothing_is(rng):
    of, eta, epsilon = np.repeat(np.arange(10), 4), [], []
    for _ in range(400):
        x = rng.normal(size=(40, 6))
        eta.append(between_share(x, of, corrected=False))
        epsilon.append(between_share(x, of))
    assert np.mean(eta) == pytest.approx(9 / 39, abs=0.01)
    assert abs(np.mean(epsilon)) < 4 * np.std(epsilon) / 20


def test_forms_that_are_not_defined_are_refused(rng):
    with pytest.raises(ValueError, match=r"four rows to be halved; these have \[3, 4\]"):
        fisher_direction(rng.normal(size=(7, 2)), [0, 0, 0, 1, 1, 1, 1], rng=rng)
    with pytest.raises(ValueError, match="means of the two groups coincide"):
        fisher_direction(np.tile([[1.0], [2.0]], (4, 1)), [0] * 4 + [1] * 4, corrected=False, rng=rng)
    with pytest.raises(ValueError, match="varies along the axis"):
        fisher_direction(np.repeat([[0.0], [1.0]], 4, axis=0), [0] * 4 + [1] * 4, corrected=False, rng=rng)
    with pytest.raises(ValueError, match="1 groups among 4 rows"):
        between_share(np.arange(4.0)[:, None], [0, 0, 0, 0])
    with pytest.raises(ValueError, match="4 groups among 4 rows"):
        between_share(np.arange(4.0)[:, None], [0, 1, 2, 3])
    with pytest.raises(ValueError, match="no variance to share"):
        between_share(np.ones((4, 2)), [0, 0, 1, 1])
    with pytest.raises(ValueError, match="labels of shape"):
        between_share(np.ones((4, 2)), [0, 0, 1])


def test_many_labellings_are_shown_in_one_line(rng):
    x = rng.normal(size=(20, 3))
    text = repr(two_groups(x @ x.T, [rng.permutation(np.arange(20) % 2) for _ in range(50)]))
    assert text.startswith("TwoGroups(between=<50 values, 95 % within ") and "\n" not in text
