"""Shares by name: the plain sums, their chance, and the bias that the cross-fitted form does not have."""

import numpy as np
import pytest

from embedlab.stats.subspaces.shares import energy_share, norm_share, variance_share


def loop_shares(contrasts, basis):
    inside, whole, norms = 0.0, 0.0, []
    for row in contrasts:
        projected = sum((row @ basis[:, j]) * basis[:, j] for j in range(basis.shape[1]))
        inside, whole = inside + projected @ projected, whole + row @ row
        norms.append(np.linalg.norm(projected) / np.linalg.norm(row))
    return inside / whole, np.mean(norms)


def test_the_forms_are_their_plain_sums_and_turn_with_the_space(rng):
    contrasts, basis = rng.normal(size=(7, 9)), np.linalg.qr(rng.normal(size=(9, 3)))[0]
    energy, norm = loop_shares(contrasts, basis)
    turn = np.linalg.qr(rng.normal(size=(9, 9)))[0]
    for x, b in ((contrasts, basis), (5 * contrasts @ turn, turn.T @ basis), (contrasts[::-1], basis[:, ::-1])):
        assert energy_share(x, b) == pytest.approx(energy, rel=1e-12)
        assert norm_share(x, b) == pytest.approx(norm, rel=1e-12)
        assert variance_share(x, b) == pytest.approx(energy, rel=1e-12)  # the same sum, of other rows
        assert energy_share(x, b, x) == pytest.approx(energy, rel=1e-12)


def test_variance_form_is_the_mean_of_energy_for_contrasts_drawn_from_that_variance(rng):
    scale, basis = 1 / np.arange(1, 13), np.eye(12)[:, :2]
    chance = variance_share(np.diag(scale), basis)
    assert chance == pytest.approx((scale[:2] ** 2).sum() / (scale**2).sum())
    assert energy_share(scale * rng.normal(size=(20_000, 12)), basis) == pytest.approx(chance, abs=0.01)


def test_norms_and_energies_have_other_chances(rng):
    # papers.md: 3 species in 768 dimensions, r = 2: .0026 as energy, .045 as norm
    drawn, basis = rng.normal(size=(4000, 768)), np.eye(768)[:, :2]
    assert energy_share(drawn, basis) == pytest.approx(2 / 768, rel=0.05)
    assert norm_share(drawn, basis) == pytest.approx(0.045, abs=0.001)


def test_only_products_of_halves_are_free_of_noise(rng):
    truth, basis = np.zeros((30, 60)), np.eye(60)[:, :3]
    truth[:, 0] = 1.0  # all of it inside
    plain, crossed = [], []
    for _ in range(200):
        one, two = truth + 0.3 * rng.normal(size=(2, 30, 60))
        plain.append(energy_share((one + two) / 2, basis))
        crossed.append(energy_share(one, basis, two))
    assert np.mean(plain) < 0.4  # "nearly orthogonal", by noise alone
    assert np.mean(crossed) == pytest.approx(1.0, abs=4 * np.std(crossed) / np.sqrt(200))


def test_what_has_no_share_is_refused():
    basis = np.eye(3)[:, :1]
    with pytest.raises(ValueError, match="do not agree at all"):
        energy_share([[1.0, 0.0, 0.0]], basis, [[-1.0, 0.0, 0.0]])
    with pytest.raises(ValueError, match="one row a species in both"):
        energy_share(np.ones((2, 3)), basis, np.ones((1, 3)))
    with pytest.raises(ValueError, match="not orthonormal"):
        variance_share(np.eye(3), 2 * basis)
    with pytest.raises(ValueError, match="nothing varies within"):
        variance_share(np.zeros((4, 3)), basis)
    with pytest.raises(ValueError, match="length zero"):
        norm_share([[0.0, 0.0, 0.0]], basis)
    with pytest.raises(ValueError, match="NaN"):
        energy_share([[np.nan, 0.0, 0.0]], basis)
