"""Spans, shares and angles: against SciPy, and against what chance must give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import subspace_angles

from embedlab.stats.subspaces.subspace import (
    explained_share,
    isotropic_shares,
    matched_energies,
    principal_angles,
    span,
)

seeds = st.integers(0, 2**32 - 1)


def rotation(rng, d):
    return np.linalg.qr(rng.normal(size=(d, d)))[0]


@given(seeds, st.integers(1, 4), st.integers(1, 4), st.integers(4, 9))
def test_angles_agree_with_scipy_both_ways(seed, p, q, d):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(d, p)), rng.normal(size=(d, q))
    ours = principal_angles(a, b)
    # scipy descends; where spaces must intersect (p + q > d) it is good to 2e-8 one way only
    assert ours == pytest.approx(np.sort(subspace_angles(a, b)), abs=1e-7)
    assert principal_angles(b, a) == pytest.approx(ours, abs=1e-12)
    assert principal_angles(rotation(rng, d) @ a, a)[0] >= 0


def test_a_shared_direction_has_angle_0_to_rounding_whichever_comes_first():
    # 3 + 2 dimensions in a space of 4 share a line. scipy 1.17 gives about 2e-8 in one order of arguments
    # and 0 in the other, because it reads the angle from a cosine near 1 where the sine is not better posed.
    rng = np.random.default_rng(0)
    worst = 0.0
    for _ in range(50):
        a, b = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
        worst = max(worst, principal_angles(a, b)[0], principal_angles(b, a)[0])
    assert worst < 1e-14


def test_right_angles_and_spaces_that_do_not_fit():
    assert principal_angles(np.eye(4)[:, :2], np.eye(4)[:, 2:]) == pytest.approx([np.pi / 2] * 2)
    with pytest.raises(ValueError, match="both must live in one space"):
        principal_angles(np.eye(3), np.eye(4))


@given(seeds, st.integers(2, 8), st.integers(3, 12))
def test_inside_and_outside_make_one(seed, s, d):
    rng = np.random.default_rng(seed)
    basis, _ = span(rng.normal(size=(s, d)))
    contrasts = rng.normal(size=(4, d))
    inside = explained_share(contrasts, basis)
    outside = np.square(contrasts - contrasts @ basis @ basis.T).sum(axis=1) / np.square(contrasts).sum(axis=1)
    assert inside + outside == pytest.approx(np.ones(4), abs=1e-12)
    turn = rotation(rng, d)
    assert explained_share(5 * contrasts @ turn, turn.T @ basis) == pytest.approx(inside, abs=1e-10)
    assert explained_share(basis.T, basis) == pytest.approx(np.ones(basis.shape[1]))


@given(seeds, st.floats(-1000, 1000))
def test_the_rank_of_a_span_does_not_grow_far_from_the_origin(seed, far):
    means = np.random.default_rng(seed).normal(size=(6, 20))
    basis, variances = span(means + far)
    assert basis.shape == (20, 5) and (np.diff(variances) <= 1e-12).all()
    assert principal_angles(basis, span(means)[0]).max() < 1e-8  # 1000 away costs three of fifteen digits


def test_a_span_is_cut_where_asked_and_refused_where_empty():
    means = np.diag([3.0, 2.0, 1.0])
    assert span(means, 1)[0].shape == (3, 1)
    for far in (0, 1000, 1e6):  # duplicates add nothing, and the dust of centring is no direction
        assert span(np.vstack([means, means]) + far + 0.1)[0].shape == (3, 2)
    with pytest.raises(ValueError, match="the 4 means coincide"):
        span(np.ones((4, 3)))
    with pytest.raises(ValueError, match="not orthonormal"):
        explained_share([[1.0, 0.0]], np.array([[2.0], [0.0]]))
    with pytest.raises(ValueError, match=r"contrasts \[1\] have length zero"):
        explained_share([[1.0, 0.0], [0.0, 0.0]], np.array([[1.0], [0.0]]))


def test_isotropic_chance_has_its_mean_and_variance(rng):
    r, d = 5, 40
    shares = isotropic_shares(r, d, 4000, rng)
    variance = 2 * r * (d - r) / (d**2 * (d + 2))  # of a Beta(r/2, (d - r)/2)
    assert shares.mean() == pytest.approx(r / d, abs=4 * np.sqrt(variance / 4000))
    assert shares.var() == pytest.approx(variance, rel=0.1)
    assert (isotropic_shares(4, 4, 3, rng) == 1).all()


def test_matched_chance_is_the_share_of_the_noise_inside(rng):
    variances = 1.0 / np.arange(1, 21)
    basis = rotation(rng, 20)[:, :4]
    inside, whole = matched_energies(np.eye(6)[None], basis[None], variances, 2000, rng)
    chance = (basis.T**2 @ variances).sum() / variances.sum()
    assert inside.sum() / whole.sum() == pytest.approx(chance, rel=0.05)


def test_contrasts_that_are_one_direction_are_one_draw(rng):
    # six species with one contrast: chance is as wide as for one species, not √6 times narrower
    variances, basis = np.ones(20), np.eye(20)[:, :4]
    alike, apart = np.ones((6, 6)), np.eye(6)
    spread = []
    for gram in (np.eye(1), alike, apart):
        inside, whole = matched_energies(gram[None], basis[None], variances, 3000, rng)
        spread.append(np.std(inside.sum(axis=2) / whole))
    assert spread[1] == pytest.approx(spread[0], rel=0.1)
    assert spread[2] < 0.5 * spread[1]


def test_folds_are_views_of_one_draw(rng):
    basis = np.eye(8)[:, :2]
    inside, whole = matched_energies([np.eye(3)] * 2, [basis] * 2, np.ones(8), 20, rng)
    assert (inside[0] == inside[1]).all() and (whole[0] == whole[1]).all()


def test_energies_axis_by_axis_are_quadratic_forms_of_the_draws():
    gram, onto = np.array([[[2.0, 0.5], [0.5, 1.0]]]), np.eye(5)[None, :, 1:4]
    variances = np.arange(1.0, 6)
    inside, whole = matched_energies(gram, onto, variances, 3, np.random.default_rng(2))
    rng = np.random.default_rng(2)
    for i in range(3):
        drawn = rng.standard_normal((2, 5)) * np.sqrt(variances / 15)
        for k in range(3):
            column = drawn[:, k + 1]
            assert inside[0, i, k] == pytest.approx(column @ gram[0] @ column)
        assert whole[0, i] == pytest.approx(sum(drawn[:, k] @ gram[0] @ drawn[:, k] for k in range(5)))


def test_draws_keep_off_the_mean_direction_as_images_on_a_sphere_do(rng):
    """Against images simulated on the sphere, their deviations along the mean taken off."""
    d, n = 40, 8
    shares = []
    for _ in range(2000):
        x = rng.normal(size=(2 * n, d)) * 0.1  # noise of .63 times the mean
        x[:, 0] = 1.0
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        delta = x[:n].mean(axis=0) - x[n:].mean(axis=0)
        delta[0] = 0.0
        shares.append((delta[:3] @ delta[:3]) / (delta @ delta))
    inside, whole = matched_energies(np.eye(1)[None], np.eye(d)[None, :, :3], np.ones(d), 4000, rng, away=np.eye(d)[:1])
    drawn = inside.sum(axis=2) / whole
    assert drawn.mean() == pytest.approx(2 / (d - 1), rel=0.05)
    assert drawn.mean() == pytest.approx(np.mean(shares), rel=0.08)
    assert drawn.std() == pytest.approx(np.std(shares), rel=0.15)
    assert np.abs(inside[:, :, 0]).max() < 1e-25


def test_each_contrast_keeps_away_from_its_own_direction(rng):
    grams = np.stack([np.diag([1.0, 0.0]), np.diag([0.0, 1.0])])  # the first contrast alone, the second alone
    onto = np.stack([np.eye(5)[:, :2]] * 2)
    inside, _ = matched_energies(grams, onto, np.ones(5), 50, rng, away=np.eye(5)[:2])
    assert np.abs(inside[0, :, 0]).max() < 1e-25 and inside[0, :, 1].min() > 0
    assert np.abs(inside[1, :, 1]).max() < 1e-25 and inside[1, :, 0].min() > 0
