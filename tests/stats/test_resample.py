"""Shuffles stay where they may, and p-values are never 0."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as sps

from embedlab.stats.resample import (
    TIE,
    generator,
    p_value,
    permutations_of,
    shuffles_within,
)


@given(null=st.lists(st.floats(-5, 5), min_size=0, max_size=30), observed=st.floats(-5, 5))
def test_a_p_value_is_a_count_over_a_count_and_never_0(null, observed):
    more, less = p_value(observed, null), p_value(observed, null, more=False)
    for p in (more, less):
        assert 1 / (len(null) + 1) <= p <= 1
        assert p * (len(null) + 1) == pytest.approx(round(p * (len(null) + 1)), abs=1e-9)
    # each value counts on one side at least, ties on both, and the observed one on both
    assert (more + less) * (len(null) + 1) >= len(null) + 2 - 1e-9


def test_ties_reached_by_two_roads_count_against_the_claim():
    assert p_value(0.1 + 0.2, [0.3] * 9) == 1.0
    assert p_value(0.3, [0.1 + 0.2] * 9, more=False) == 1.0
    assert p_value(1e6, [1e6 * (1 - TIE / 2)] * 9) == 1.0  # relative to the statistic, not absolute
    assert p_value(1.0, [1.0 - 3 * TIE] * 9) == 0.1


def test_tiny_statistics_are_not_swallowed_by_the_tolerance():
    # a statistic of 1e-10 among values of 1e-12 is extreme; one of exactly 0 among zeros is not
    assert p_value(1e-10, np.full(99, 1e-12)) == 0.01
    assert p_value(0.0, np.zeros(99)) == 1.0


def test_numbers_that_are_none_get_no_p_value():
    with pytest.raises(ValueError, match="NaN or infinity"):
        p_value(np.nan, [0.0])
    with pytest.raises(ValueError, match="NaN or infinity"):
        p_value(0.0, [0.0, np.inf])


@given(seed=st.integers(0, 2**32 - 1), groups=st.lists(st.integers(0, 4), min_size=1, max_size=25))
def test_shuffles_never_leave_their_group(seed, groups):
    groups = np.array(groups)
    orders = shuffles_within(groups, 7, np.random.default_rng(seed))
    assert (np.sort(orders, axis=1) == np.arange(len(groups))).all()
    assert (groups[orders] == groups).all()


def test_every_order_of_a_group_is_as_likely(rng):
    orders = shuffles_within(np.array([1, 0, 1, 1, 0]), 6000, rng)[:, [0, 2, 3]]
    counts = [int((orders == p).all(axis=1).sum()) for p in permutations([0, 2, 3])]
    assert sum(counts) == 6000
    assert sps.chisquare(counts).pvalue > 1e-4  # a fixed seed: fails only if the shuffle is wrong


def test_explicit_permutations_are_checked_and_nothing_is_random():
    listed = np.array([[1, 0, 2], [2, 1, 0]])
    assert permutations_of(3, listed, None) is not None
    assert (permutations_of(3, listed.tolist(), None) == listed).all()
    for wrong in (listed + 1, listed[:, :2], listed[0], [[0, 0, 1]], listed.astype(float)):
        with pytest.raises(ValueError, match=r"explicit permutations must be a \(b, 3\) array"):
            permutations_of(3, wrong, None)
    with pytest.raises(TypeError, match="need rng="):
        permutations_of(3, 9, None)


def test_chance_is_passed_by_hand(rng):
    assert generator(rng) is rng
    assert generator(3).random() == np.random.default_rng(3).random()
    for wrong in (None, "0", 0.5):
        with pytest.raises(TypeError, match="pass a seed such as 0"):
            generator(wrong)
