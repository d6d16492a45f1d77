"""Controls are encoders like others: pixels along their principal axes, and a network that learned nothing."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from embedlab.extract.compact import CompactEncoder, standardised
from embedlab.train.config import TrainConfig
from embedlab.train.controls import save_controls

CONFIG = TrainConfig(world=3, world_species=24, species=4, images=4, size=16, dim=6)


@pytest.fixture(scope="module")
def pixels():
    smooth = np.random.default_rng(0).normal(size=(80, 2, 2, 3))
    wide = np.kron(smooth, np.ones((1, 8, 8, 1))) * 40 + 128 + np.random.default_rng(1).normal(size=(80, 16, 16, 3))
    return wide.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def saved(pixels, tmp_path_factory):
    folder = tmp_path_factory.mktemp("controls")
    return folder, save_controls(CONFIG, pixels, folder)


def test_pixel_axes_are_principal_components(pixels, saved):
    encoder = CompactEncoder.load(saved[1][0])
    vectors = encoder.encode(standardised(pixels))
    flat = standardised(pixels).reshape(80, -1).astype(float)
    centred = flat - flat.mean(0)
    variances = np.linalg.svd(centred, compute_uv=False)[:6] ** 2 / 80
    assert np.abs(vectors.mean(0)).max() < 1e-3
    np.testing.assert_allclose(vectors.var(axis=0), variances, rtol=1e-4)
    cross = np.cov(vectors.T)
    assert np.abs(cross - np.diag(np.diag(cross))).max() < 1e-3 * cross.max(), "axes are uncorrelated"
    assert encoder.card["training"]["control"] == "pixel PCA"


def test_random_networks_are_calibrated_and_differ_by_seed_alone(pixels, saved, tmp_path):
    first, second = (CompactEncoder.load(path) for path in saved[1][1:])
    x = standardised(pixels)
    a, b = first.encode(x), second.encode(x)
    assert a.shape == (80, 6) and not np.allclose(a, b)
    # each channel behind a calibrated norm has mean 0 over the photographs that it was calibrated on
    with torch.no_grad():
        normed = first.model.image.stack[:2](torch.from_numpy(np.ascontiguousarray(x)))
    assert normed.mean((0, 2, 3)).abs().max() < 0.02
    again = CompactEncoder.load(save_controls(CONFIG, pixels, tmp_path)[1])
    np.testing.assert_array_equal(again.encode(x), a)
    assert first.card["training"]["control"] == "random network" and first.card["training"]["images"] == 0


def test_saved_controls_stand(pixels, saved):
    folder, paths = saved
    before = [json.loads((folder / p / "model.json").read_bytes()) for p in ("pixel-pca", "random-network-seed0")]
    assert save_controls(CONFIG, pixels[::-1], folder) == paths
    after = [json.loads((folder / p / "model.json").read_bytes()) for p in ("pixel-pca", "random-network-seed0")]
    assert before == after
    for changed in ({"world": 4}, {"width": 8}, {"dials": "optima=0"}):
        with pytest.raises(ValueError, match=f"another study.*{next(iter(changed))}"):
            save_controls(replace(CONFIG, **changed), pixels, folder)


def test_too_few_photographs_are_refused(pixels, tmp_path):
    with pytest.raises(ValueError, match="5 photographs cannot give 6"):
        save_controls(CONFIG, pixels[:5], tmp_path)
