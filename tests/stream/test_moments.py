"""Every cut and every order of the batches gives the answer of one pass."""

from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.stream import Moments


def by_hand(x, groups):
    x = np.asarray(x, np.float64)
    within = sum(
        (x[groups == g] - x[groups == g].mean(axis=0)).T @ (x[groups == g] - x[groups == g].mean(axis=0))
        for g in np.unique(groups)
    )
    total = (x - x.mean(axis=0)).T @ (x - x.mean(axis=0))
    return x.mean(axis=0), within, total - within


@given(seed=st.integers(0, 2**32 - 1), cuts=st.lists(st.integers(1, 39), max_size=6))
def test_any_cut_is_one_pass(seed, cuts):
    rng = np.random.default_rng(seed)
    x, groups = rng.normal(5, 2, (40, 3)), rng.integers(0, 6, 40)
    order = rng.permutation(40)
    parts = np.split(order, sorted(set(cuts)))
    found = (
        reduce(add, (Moments.of(x[p], groups[p]) for p in rng.permutation(np.array(parts, object))))
        if len(parts) > 1
        else Moments.of(x, groups)
    )
    for name, wanted in zip(("mean", "within", "between"), by_hand(x, groups), strict=True):
        assert getattr(found, name) == pytest.approx(wanted, rel=1e-10, abs=1e-9)
    assert found.n == 40 and found.names.tolist() == np.unique(groups).tolist()
    assert found.means == pytest.approx(np.array([x[groups == g].mean(axis=0) for g in found.names]))


@pytest.mark.parametrize(("dtype", "digits"), [(np.float64, 1e-12), (np.float32, 1e-5), (np.float16, 1e-5)])
def test_far_from_the_origin_no_digits_are_lost(rng, dtype, digits):
    groups = np.repeat(["a", "b"], 5000)
    x = (100 * (dtype != np.float16) + rng.normal(size=(10_000, 4)) + (groups == "b")[:, None]).astype(dtype)
    found = Moments.of(x, groups)
    for name, wanted in zip(("mean", "within"), by_hand(x, groups)[:2], strict=True):
        scale = np.abs(wanted).max()
        assert np.abs(getattr(found, name) - wanted).max() <= digits * scale


def test_what_cannot_be_summed_is_refused(rng):
    with pytest.raises(ValueError, match=r"saw shape \(3,\)"):
        Moments.of(np.zeros(3))
    with pytest.raises(ValueError, match=r"rows \[1\] hold NaN or infinity"):
        Moments.of([[0.0], [np.nan]])
    with pytest.raises(ValueError, match=r"4 rows but groups of shape \(3,\)"):
        Moments.of(np.zeros((4, 2)), [0, 1, 2])
    with pytest.raises(ValueError, match="2 and 3 dimensions: not of one space"):
        _ = Moments.of(np.zeros((4, 2))) + Moments.of(np.zeros((4, 3)))
