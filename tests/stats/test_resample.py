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
    p_floor,
    p_value,
    permutations_of,
    shuffles_within,
    sign_floor,
)


@given(null=st.lists(st.floats(-5, 5), min_size=0, max_size=30), observed=st.floats(-5, 5))
def test_a_p_value_is_a_count_over_a_count_and_never_0(null, observed):
    more, less = p_value(observed, null), p_value(observed, null, more=False)
    for p in (more, less):
        assert 1 / (len(null) + 1) <= p <= 1
        assert p * (len(null) + 1) == pytest.approx(round(p * (len(null) + 1)), abs=1e-9)
    # each value counts on one side at least, ties on both, and the observed one on both
    assert (more + less) * (len(null) + 1) >= len(null) + 2 - 1e-9


def test_few_units_and_few_draws_have_a_floor():
    assert [sign_floor(s) for s in (2, 4, 5)] == [0.25, 0.0625, 0.03125]
    assert [p_floor(999, s) for s in (4, 9, 10, 60)] == [0.0625, 2**-9, 0.001, 0.001]
    assert p_floor(999, 60) == p_value(1.0, np.zeros(999))


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


def as_set(orders):
    found = {tuple(t) for t in orders.tolist()}
    assert len(found) == len(orders)  # each once
    return found


def test_where_there_are_few_each_is_taken_once(rng):
    every = set(permutations(range(5))) - {tuple(range(5))}
    assert as_set(permutations_of(5, 119, rng)) == every
    assert as_set(permutations_of(5, 10**6, rng)) == every
    drawn = permutations_of(5, 118, rng)  # one fewer: by chance, repeats and the identity included
    assert drawn.shape == (118, 5) and len({tuple(t) for t in drawn.tolist()}) < 118


def test_the_p_value_is_then_the_share_of_all_arrangements(rng):
    x, y = rng.normal(size=(2, 6))
    observed = x @ y
    null = x[permutations_of(6, 999, rng)] @ y
    of_all = np.mean([x[list(t)] @ y >= observed - 1e-12 for t in permutations(range(6))])
    assert p_value(observed, null) == pytest.approx(of_all)


def test_rows_stay_in_their_stratum(rng):
    strata = np.array(list("abbab"))
    few = permutations_of(5, 99, rng, strata=strata)
    assert as_set(few) == {
        t for t in permutations(range(5)) if (strata[list(t)] == strata).all() and t != tuple(range(5))
    }
    assert len(few) == 2 * 6 - 1
    many = permutations_of(5, 10, rng, strata=strata)
    assert many.shape == (10, 5) and (strata[many] == strata).all()


def test_groups_move_as_wholes_to_places_of_their_size(rng):
    whole = np.array([7, 7, 3, 3, 5, 1, 1])  # three pairs and a single row
    few = permutations_of(7, 99, rng, whole=whole)
    assert len(few) == 5 and (few[:, 4] == 4).all()
    pairs = [(0, 1), (2, 3), (5, 6)]
    assert {tuple(tuple(t[[i, j]].tolist()) for i, j in pairs) for t in few} == set(permutations(pairs)) - {
        tuple(pairs)
    }
    drawn = permutations_of(7, 4, rng, whole=whole)
    assert drawn.shape == (4, 7) and (np.diff(drawn[:, [0, 1]]) == 1).all()


def test_and_rows_within_their_group_as_well(rng):
    whole = np.repeat([0, 1], 3)
    few = permutations_of(6, 99, rng, whole=whole, inside=True)
    assert len(few) == 2 * 36 - 1
    assert as_set(few) == {
        t
        for t in permutations(range(6))
        if t != tuple(range(6)) and (np.ptp(whole[list(t)].reshape(2, 3), axis=1) == 0).all()
    }
    drawn = permutations_of(6, 20, rng, whole=whole, inside=True)
    assert drawn.shape == (20, 6) and (np.sort(drawn, axis=1) == np.arange(6)).all()
    assert (np.ptp(whole[drawn].reshape(20, 2, 3), axis=2) == 0).all()
    assert (np.diff(drawn.reshape(20, 2, 3), axis=2) < 0).any()  # the order within is not kept


def test_whole_groups_stay_in_their_stratum(rng):
    whole, strata = np.repeat(np.arange(4), 2), np.repeat([0, 1], 4)
    few = permutations_of(8, 99, rng, whole=whole, strata=strata)
    assert few.tolist() == [
        [0, 1, 2, 3, 6, 7, 4, 5], [2, 3, 0, 1, 4, 5, 6, 7], [2, 3, 0, 1, 6, 7, 4, 5]]  # fmt: skip
    with pytest.raises(ValueError, match="the group of row 4 lies in several strata"):
        permutations_of(8, 9, rng, whole=whole, strata=[0, 0, 0, 0, 1, 2, 2, 2])


def test_every_restricted_arrangement_is_as_likely(rng):
    whole = np.repeat([0, 1, 2], 2)
    few = permutations_of(6, 5, rng, whole=whole).tolist()
    drawn = permutations_of(6, 3, rng, whole=whole)
    drawn = np.vstack([drawn, *(permutations_of(6, 4, rng, whole=whole) for _ in range(1500))])
    counts = [int((drawn == t).all(axis=1).sum()) for t in [list(range(6)), *few]]
    assert sum(counts) == len(drawn)
    assert sps.chisquare(counts).pvalue > 1e-4  # a fixed seed


def test_labels_that_look_alike_are_one_arrangement(rng):
    labels = np.array([1, 0, 0, 1, 0, 2])
    few = permutations_of(6, 999, rng, labels=labels)
    looks = {tuple(labels[t].tolist()) for t in few}
    assert len(few) == len(looks) == 720 // (6 * 2) - 1 and tuple(labels) not in looks
    assert (np.sort(few, axis=1) == np.arange(6)).all()
    # the p-value is that of all 720 permutations
    x = rng.normal(size=6)
    slow = np.mean([x @ labels[list(t)] >= x @ labels - 1e-12 for t in permutations(range(6))])
    assert p_value(x @ labels, labels[few] @ x) == pytest.approx(slow)
    # within strata, and of groups that move as wholes
    assert len(permutations_of(6, 999, rng, labels=labels, strata=[0, 0, 0, 1, 1, 1])) == 3 * 6 - 1
    assert len(permutations_of(6, 999, rng, labels=[0, 0, 0, 0, 1, 1], whole=[0, 0, 1, 1, 2, 2])) == 3 - 1
    for wrong in (dict(whole=[0, 0, 1, 1, 2, 2]), dict(inside=True)):
        with pytest.raises(ValueError, match="the same within each group that moves as a whole"):
            permutations_of(6, 9, rng, labels=labels, **wrong)


def test_many_rows_are_counted_without_large_numbers(rng):
    assert permutations_of(3000, 2, rng).shape == (2, 3000)
    assert permutations_of(200, 2, rng, labels=np.arange(200) % 2).shape == (2, 200)
    assert len(permutations_of(30, 434, rng, labels=np.arange(30) < 2)) == 434  # 30 · 29 / 2, less the one observed


def test_what_cannot_move_is_refused(rng):
    for nothing in (dict(strata=range(4)), dict(whole=[0, 1, 1, 1]), dict(labels=[2, 2, 2, 2])):
        with pytest.raises(ValueError, match="no row can move"):
            permutations_of(4, 9, rng, **nothing)
    with pytest.raises(ValueError, match="permutations=0: at least one"):
        permutations_of(4, 0, rng)
    with pytest.raises(ValueError, match="4 rows but strata of shape"):
        permutations_of(4, 9, rng, strata=[0, 1])


def test_chance_is_passed_by_hand(rng):
    assert generator(rng) is rng
    assert generator(3).random() == np.random.default_rng(3).random()
    for wrong in (None, "0", 0.5):
        with pytest.raises(TypeError, match="pass a seed such as 0"):
            generator(wrong)
