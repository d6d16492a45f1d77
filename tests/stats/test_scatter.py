"""The Fisher ratio: by the direct formula, unbiased where the plain one is not, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.stats.scatter import fisher_ratio, two_groups

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
