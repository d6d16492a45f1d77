"""Overlaps of subspaces: by projections, by symmetry, and the chance angles that methods.md measured."""

import numpy as np
import pytest

from embedlab.stats.subspaces.overlap import isotropic_overlaps, matched_overlaps, projection_overlap, wachter_edge


def test_overlap_is_the_trace_of_two_projections(rng):
    for p, q in ((2, 4), (4, 2), (3, 3)):
        a, b = rng.normal(size=(8, p)), rng.normal(size=(8, q))
        onto_a, onto_b = (m @ np.linalg.pinv(m) for m in (a, b))
        expected = np.trace(onto_a @ onto_b) / min(p, q)
        turn = np.linalg.qr(rng.normal(size=(8, 8)))[0]
        mixed = a @ rng.normal(size=(p, p))  # other vectors of the same space
        for one, two in ((a, b), (b, a), (3 * turn @ a, turn @ b), (mixed, b)):
            assert projection_overlap(one, two) == pytest.approx(expected, rel=1e-9)
    assert projection_overlap(np.eye(4)[:, :2], np.eye(4)[:, :3]) == pytest.approx(1.0)
    assert projection_overlap(np.eye(4)[:, :2], np.eye(4)[:, 2:]) == pytest.approx(0.0, abs=1e-15)
    with pytest.raises(ValueError, match="one space"):
        projection_overlap(np.eye(3), np.eye(4))


@pytest.mark.parametrize("p, q, mean, edge", [(10, 2, 0.136, 0.165), (50, 10, 0.345, 0.364), (100, 50, 0.572, 0.587)])
def test_chance_angles_in_768_dimensions(rng, p, q, mean, edge):
    assert wachter_edge(p, q, 768) == wachter_edge(q, p, 768) == pytest.approx(edge, abs=6e-4)
    drawn = isotropic_overlaps(p, q, 768, 40, rng)
    assert drawn.largest.mean() == pytest.approx(mean, abs=5 * drawn.largest.std() / np.sqrt(40) + 5e-4)
    assert drawn.overlap.mean() == pytest.approx(p / 768, rel=0.1)


def test_spaces_that_must_meet_do(rng):
    assert wachter_edge(5, 4, 8) == 1.0
    drawn = isotropic_overlaps(5, 4, 8, 10, rng)
    assert drawn.largest == pytest.approx(np.ones(10), abs=1e-12) and (drawn.overlap < 1).all()


def test_chance_in_a_space_of_few_large_axes_is_large(rng):
    variances = 1 / np.arange(1.0, 101) ** 2
    basis = np.eye(100)[:, :3]
    one = matched_overlaps(basis, variances, 1, 2000, rng)
    # a single direction: its mean squared cosine is the share that a drawn vector has in the first three axes
    expected = rng.standard_normal((20_000, 100)) ** 2 * variances
    expected = (expected[:, :3].sum(axis=1) / expected.sum(axis=1)).mean()
    assert one.overlap.mean() == pytest.approx(expected, abs=0.01)
    assert one.overlap == pytest.approx(one.largest**2)
    assert one.overlap.mean() > 10 * isotropic_overlaps(3, 1, 100, 500, rng).overlap.mean()
    # any basis of the same space serves
    mixed = matched_overlaps(basis @ rng.normal(size=(3, 3)), variances, 2, 20, np.random.default_rng(1))
    again = matched_overlaps(basis, variances, 2, 20, np.random.default_rng(1))
    assert mixed.overlap == pytest.approx(again.overlap) and mixed.largest == pytest.approx(again.largest)


def test_what_does_not_fit_is_refused(rng):
    with pytest.raises(ValueError, match="do not fit into 3"):
        wachter_edge(4, 1, 3)
    with pytest.raises(ValueError, match="do not fit"):
        isotropic_overlaps(0, 1, 3, 5, rng)
    with pytest.raises(ValueError, match="3 directions cannot be drawn"):
        matched_overlaps(np.eye(4)[:, :1], [1.0, 1.0, 0.0, 0.0], 3, 5, rng)
    with pytest.raises(ValueError, match="none may be negative"), np.errstate(invalid="ignore"):
        matched_overlaps(np.eye(2)[:, :1], [1.0, -1.0], 1, 5, rng)
