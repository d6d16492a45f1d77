"""Five views by their definitions, and a Gaussian twin with the same mean and spectrum."""

import numpy as np
import pytest

from embedlab.stats.shape.views import VIEWS, gaussian_twin, views
from embedlab.stats.vectors import spectrum


def test_views_by_their_definitions(rng):
    x = rng.normal(size=(60, 5)) * [9, 5, 2, 0.5, 0.1] + 3
    seen = views(x)
    assert tuple(seen) == VIEWS
    assert (seen["raw"] == x).all() and seen["centred"] == pytest.approx(x - x.mean(axis=0))
    assert seen["unit"] == pytest.approx(x / np.linalg.norm(x, axis=1)[:, None])
    c = x - x.mean(axis=0)
    assert seen["centred unit"] == pytest.approx(c / np.linalg.norm(c, axis=1)[:, None])
    held = np.cumsum(spectrum(x)) / spectrum(x).sum()
    axes = int(np.argmax(held >= 0.9)) + 1
    white = seen["whitened"]
    assert white.shape == (60, axes) and np.cov(white.T) == pytest.approx(np.eye(axes), abs=1e-9)


def test_few_rows_whiten_few_axes(rng):
    assert views(rng.normal(size=(20, 40)))["whitened"].shape == (20, 5)
    assert views(rng.normal(size=(3, 40)))["whitened"].shape == (3, 1)


def test_a_twin_has_mean_and_spectrum(rng):
    for shape in ((4000, 6), (8, 20)):
        x = rng.normal(size=shape) * np.linspace(1, 3, shape[1]) + 5
        twin = gaussian_twin(x, rng)
        assert len(twin) == len(x)
        if shape[0] > shape[1]:
            assert spectrum(twin)[:6] == pytest.approx(spectrum(x), rel=0.15)
            assert np.linalg.norm(twin.mean(axis=0)) == pytest.approx(np.linalg.norm(x.mean(axis=0)), rel=0.05)
        else:
            draws = np.mean([gaussian_twin(x, rng).mean(axis=0) for _ in range(400)], axis=0)
            assert np.linalg.norm(draws) == pytest.approx(np.linalg.norm(x.mean(axis=0)), rel=0.05)


def test_rows_without_direction_are_refused(rng):
    x = rng.normal(size=(6, 3))
    x[2] = 0
    with pytest.raises(ValueError, match=r"rows \[2\] have length zero"):
        views(x)
