"""Adjusted p-values, against an independent formula and in their order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.stats.multiplicity import benjamini_hochberg, holm, max_t
from embedlab.stats.resample import p_value

ps = st.lists(st.floats(0, 1), min_size=0, max_size=20)


@given(ps)
def test_holm_is_its_definition(p):
    p = np.array(p)
    order = np.argsort(p, kind="stable")
    wanted = np.empty_like(p)
    for rank, i in enumerate(order):
        # the largest of (m - j) p over all j up to this rank, at most 1
        wanted[i] = min(1.0, max((len(p) - j) * p[order[j]] for j in range(rank + 1)))
    assert holm(p) == pytest.approx(wanted, rel=1e-12)
    assert (holm(p) >= p).all() and (holm(p) <= np.minimum(1, p * max(len(p), 1)) + 1e-15).all()


@given(ps)
def test_benjamini_hochberg_is_its_definition(p):
    p = np.array(p)
    m = len(p)
    wanted = [min([1.0, *(m * q / (p <= q).sum() for q in p if q >= own)]) for own in p]
    assert benjamini_hochberg(p) == pytest.approx(wanted, rel=1e-12)
    assert (benjamini_hochberg(p) <= holm(p) + 1e-15).all()


@given(ps, st.randoms(use_true_random=False))
def test_order_does_not_matter(p, random):
    shuffled = random.sample(range(len(p)), len(p))
    for adjust in (holm, benjamini_hochberg):
        assert (adjust(np.array(p)[shuffled]) == adjust(p)[shuffled]).all()


@pytest.mark.parametrize("wrong", [[0.5, np.nan], [-0.1], [1.1], [[0.1]], 0.1])
@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_what_is_no_row_of_p_values_is_refused(adjust, wrong):
    with pytest.raises(ValueError, match="one row of numbers within 0 and 1"):
        adjust(wrong)


def slow_max_t(statistics, null):
    """Westfall & Young's Algorithm 4.1 as they write it: one question at a time, the strongest first."""
    left = sorted(range(len(statistics)), key=lambda j: -statistics[j])
    adjusted, so_far = {}, 0.0
    while left:
        best = left[0]
        count = sum(max(row[j] for j in left) >= statistics[best] - 1e-9 for row in null)
        so_far = max(so_far, (count + 1) / (len(null) + 1))
        adjusted[best] = so_far
        left.pop(0)
    return [adjusted[j] for j in range(len(statistics))]


def test_max_t_is_its_algorithm(rng):
    for m in (1, 2, 7):
        null = rng.normal(size=(199, m)) + rng.normal(size=(199, 1))
        seen = 2 * rng.normal(size=m)
        found = max_t(seen, null)
        assert found == pytest.approx(slow_max_t(seen, null), rel=1e-12)
        raw = [p_value(s, null[:, j]) for j, s in enumerate(seen)]
        assert (found >= raw).all() and found.min() >= 1 / 200
        assert (np.diff(found[np.argsort(-seen)]) >= 0).all()
        turn = rng.permutation(m)
        assert (max_t(seen[turn], null[:, turn]) == found[turn]).all()


def test_max_t_beside_holm(rng):
    # Independent questions: about as Holm. One question asked five times: paid for once, where Holm pays five times.
    null = rng.normal(size=(4999, 5))
    seen = np.array([3.2, 2.6, 2.4, 1.0, -0.5])
    raw = np.array([p_value(s, null[:, j]) for j, s in enumerate(seen)])
    found = max_t(seen, null)
    assert found == pytest.approx(holm(raw), abs=0.15) and (found[:3] <= holm(raw)[:3] + 0.004).all()
    same = np.repeat(null[:, :1], 5, axis=1)
    assert (max_t([2.6] * 5, same) == p_value(2.6, null[:, 0])).all()
    assert (holm([p_value(2.6, null[:, 0])] * 5) == 5 * p_value(2.6, null[:, 0])).all()


def test_max_t_counts_ties_and_small_scales():
    assert max_t([1.0, 1.0], [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]).tolist() == [0.75, 0.75]
    assert max_t([1.0], [[1.0 - 1e-12], [0.0]]).tolist() == [2 / 3]
    null = np.array([[-5.0, 1e-12], [0.0, -1.0], [2.0, 0.5]])
    raw = [p_value(0.0, null[:, 0]), p_value(1e-12, null[:, 1])]
    assert (max_t([0.0, 1e-12], null) >= raw).all()
    assert max_t([], np.zeros((3, 0))).shape == (0,)


def test_max_t_keeps_the_family_wise_error(rng):
    # ten traits that go along (r = .5), none of them true; 1,000 families, s.e. .007
    wrong = 0
    for _ in range(1000):
        z = np.sqrt(0.5) * rng.normal(size=(100, 10)) + np.sqrt(0.5) * rng.normal(size=(100, 1))
        wrong += max_t(z[0], z[1:]).min() <= 0.05
    assert abs(wrong / 1000 - 0.05) < 4 * 0.007


@pytest.mark.parametrize("wrong", [([1.0, 2.0], [[1.0]]), ([[1.0]], [[1.0]]), ([1.0], [1.0, 2.0])])
def test_max_t_refuses_shapes_that_do_not_match(wrong):
    with pytest.raises(ValueError, match=r"one row \(m,\)"):
        max_t(*wrong)
    with pytest.raises(ValueError, match="NaN"):
        max_t([np.nan], [[1.0]])
