"""Our transform is open_clip's and timm's, bit for bit, for every way of resizing and awkward sizes."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from embedlab.extract.preprocess import Preprocess
from embedlab.extract.torchvision_shim import import_torchvision

SIZES = [(60, 40), (40, 60), (33, 33), (32, 32), (31, 97), (500, 7), (35, 32), (64, 201)]
CFG = {"mean": (0.48145466, 0.4578275, 0.40821073), "std": (0.26862954, 0.26130258, 0.27577711)}


def noise(size, seed=0):
    wide, high = size
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (high, wide, 3), dtype=np.uint8))


@pytest.mark.parametrize("resize", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_same_bits_as_open_clip(resize, interpolation):
    import_torchvision()
    from open_clip.transform import PreprocessCfg, image_transform_v2

    cfg = PreprocessCfg(size=32, resize_mode=resize, interpolation=interpolation, fill_color=7, **CFG)
    theirs = image_transform_v2(cfg, is_train=False)
    ours = Preprocess.from_open_clip(dataclasses.asdict(cfg))
    for size in SIZES:
        if resize == "longest" and size == (500, 7):
            continue  # open_clip would make it 0 px high and stops; ours keeps one row
        image = noise(size)
        np.testing.assert_array_equal(ours(image), theirs(image).numpy(), err_msg=f"{size}")


@pytest.mark.parametrize("crop", [0.875, 0.9, 1.0])
def test_same_bits_as_timm(crop):
    import_torchvision()
    from timm.data import create_transform

    from embedlab.extract.timm_models import from_timm

    config = {
        "input_size": (3, 32, 32),
        "interpolation": "bicubic",
        "crop_pct": crop,
        "crop_mode": "center",
        **CFG,
    }
    theirs, ours = create_transform(**config), from_timm(config)
    for size in SIZES:
        image = noise(size, seed=1)
        np.testing.assert_array_equal(ours(image), theirs(image).numpy(), err_msg=f"{size}")


def test_grey_levels_by_hand():
    plain = Preprocess(size=(1, 2), mean=(0.5,) * 3, std=(0.25,) * 3, resize="squash")
    x = plain(Image.fromarray(np.array([[[0, 255, 51], [255, 0, 102]]], np.uint8)))
    assert x.shape == (3, 1, 2) and x.dtype == np.float32
    np.testing.assert_allclose(x[:, 0], [[-2, 2], [2, -2], [-1.2, -0.4]], atol=1e-6)  # float32 rounding


def test_the_card_is_plain_data_and_tells_every_setting():
    one = Preprocess(size=(32, 32), mean=(0.5,) * 3, std=(0.5,) * 3)
    assert one.card()["size"] == [32, 32] and one.card()["antialias"] is True
    for change in ({"resize": "squash"}, {"interpolation": "bilinear"}, {"edge": 36}, {"mean": (0.4,) * 3}):
        assert dataclasses.replace(one, **change).card() != one.card()


def test_what_cannot_be_done_is_refused():
    good = {"size": (32, 32), "mean": (0.5,) * 3, "std": (0.5,) * 3}
    with pytest.raises(ValueError, match="'stretch' is not one of"):
        Preprocess(**good, resize="stretch")
    with pytest.raises(ValueError, match="'lanczos' is not one of"):
        Preprocess(**good, interpolation="lanczos")
    with pytest.raises(ValueError, match="3 positive numbers"):
        Preprocess(**{**good, "std": (0.5, 0.0, 0.5)})
