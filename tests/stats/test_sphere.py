"""Unit vectors: concentration free of sampling, and how little of a difference can lie along the mean."""

import numpy as np
import pytest

from embedlab.stats.sphere import radial_part, resultant
from embedlab.stats.subspace import matched_energies


def on_the_sphere(rng, n, d, tight):
    """Vectors of length 1 round the first axis: tangent noise whose squared length is 1/R² − 1."""
    x = rng.normal(size=(n, d)) * np.sqrt((1 / tight - 1) / (d - 1))
    x[:, 0] = 1.0
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_resultant_is_the_mean_product_of_different_rows(rng):
    x = on_the_sphere(rng, 7, 4, 0.5)
    pairs = [x[i] @ x[j] for i in range(7) for j in range(7) if i != j]
    assert resultant(x) == pytest.approx(max(np.mean(pairs), 0), rel=1e-9)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert resultant((x @ turn)[::-1]) == pytest.approx(resultant(x), rel=1e-9)


@pytest.mark.parametrize("tight", [0.2, 0.5, 0.8])
def test_concentration_and_radial_part_of_images_on_a_sphere(rng, tight):
    x = on_the_sphere(rng, 20_000, 200, tight)
    assert resultant(x) == pytest.approx(tight, rel=0.01)
    spread = x.std(axis=0)
    assert radial_part(tight) == pytest.approx(spread[0] / spread[1:].mean(), rel=0.03)
    few = [resultant(on_the_sphere(rng, 3, 200, tight)) for _ in range(400)]
    assert np.mean(few) == pytest.approx(tight, abs=4 * np.std(few) / 20)  # three images tell it without bias


def test_draws_keep_off_the_mean_direction(rng):
    """Against images simulated on the sphere: the share of their differences inside a span that holds the mean."""
    d, n, tight = 60, 8, 0.6
    shares = []
    for _ in range(2000):
        x = on_the_sphere(rng, 2 * n, d, tight)
        delta = x[:n].mean(axis=0) - x[n:].mean(axis=0)
        shares.append((delta[:2] @ delta[:2]) / (delta @ delta))
    onto, away = np.eye(d)[None, :, :2], np.eye(d)[:1]
    inside, whole = matched_energies(np.eye(1)[None], onto, np.ones(d), 4000, rng, away=away, kept=radial_part(tight))
    drawn = inside.sum(axis=2) / whole
    assert drawn.mean() == pytest.approx(np.mean(shares), rel=0.06)
    assert drawn.std() == pytest.approx(np.std(shares), rel=0.15)
    assert drawn.mean() < 0.65 * 2 / d  # unit length alone: methods.md has .08 to .59 for the mean direction itself


def test_what_is_not_on_the_sphere_is_refused():
    with pytest.raises(ValueError, match="not of length 1"):
        resultant([[1.0, 1.0], [1.0, 0.0]])
    with pytest.raises(ValueError, match="within 0 and 1"):
        radial_part([0.5, 1.2])
    assert resultant([[1.0, 0.0], [-1.0, 0.0]]) == 0.0
