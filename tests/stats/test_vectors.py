"""Lengths, distances and dimension, by hand and under what must not matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from embedlab.stats.vectors import (
    checked,
    effective_rank,
    participation_ratio,
    spectrum,
    squared_distances,
    unit_rows,
    upper,
)

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.floats(-1e6, 1e6))
def test_distances_survive_being_far_from_the_origin(seed, far):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(6, 4)), rng.normal(size=(5, 4))
    wanted = cdist(x, y, "sqeuclidean")
    # storing numbers near 1e6 alone costs ten digits; without centring, squares would cost twenty
    assert squared_distances(x + far, y + far) == pytest.approx(wanted, abs=1e-7)
    own = squared_distances(x + far)
    assert (np.diag(own) == 0).all() and (own >= 0).all()


def test_the_upper_half_runs_by_rows():
    assert upper(np.arange(16).reshape(4, 4)).tolist() == [1, 2, 3, 6, 7, 11]


@given(seeds)
def test_dimension_does_not_depend_on_rotation_shift_or_scale(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(20, 5)) * [3, 2, 1, 0.5, 0.1]
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    moved = 7 * x @ turn + 40
    for count in (effective_rank, participation_ratio):
        assert count(spectrum(moved)) == pytest.approx(count(spectrum(x)), rel=1e-9)
        assert 1 <= count(spectrum(x)) <= 5


def test_a_ball_fills_every_dimension_and_a_line_one():
    assert effective_rank(np.ones(8)) == pytest.approx(8)
    assert participation_ratio(np.ones(8)) == pytest.approx(8)
    assert effective_rank([5.0, 0, 0]) == participation_ratio([5.0, 0, 0]) == 1.0
    with pytest.raises(ValueError, match="do not vary"):
        effective_rank(np.zeros(3))


def test_what_is_no_matrix_of_numbers_is_refused():
    with pytest.raises(ValueError, match=r"1 rows with NaN or infinity \(rows \[1\]\)"):
        checked([[0.0], [np.nan]])
    with pytest.raises(ValueError, match=r"must be a matrix"):
        checked([1.0, 2.0])
    with pytest.raises(ValueError, match="at least 2 rows"):
        checked([[1.0]])
    with pytest.raises(ValueError, match=r"rows \[1\] have length zero"):
        unit_rows([[1.0], [0.0]])
