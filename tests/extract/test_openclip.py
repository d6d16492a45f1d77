"""A model in the hub's cache layout loads offline under BioCLIP's name, and gives open_clip's own vectors."""

import json
import shutil

import numpy as np
import pytest
import torch

from embedlab.extract import hub
from embedlab.extract.digests import file_sha256
from embedlab.extract.encoders import Encoder, load_encoder
from embedlab.extract.openclip import OpenClipEncoder
from embedlab.extract.torchvision_shim import import_torchvision
from tests.extract.conftest import CONFIG, picture

pytestmark = pytest.mark.usefixtures("one_thread")
TOLERANCE = 1e-6  # the same float32 operations in the same order; the issue asks for no more than this
CAPTIONS = ["a photo of Animalia Chordata Aves Turdus merula.", "a photo of a moth."]


@pytest.fixture
def theirs(tiny, hub_cache):
    import_torchvision()
    import open_clip

    name = "hf-hub:imageomics/bioclip-2"
    model, transform = open_clip.create_model_from_pretrained(name, cache_dir=str(hub_cache))
    return model.eval(), transform, open_clip.get_tokenizer(name, cache_dir=str(hub_cache))


def ours(images, **settings):
    encoder = load_encoder("bioclip-2", device="cpu", **settings)
    return encoder, encoder.encode(np.stack([encoder.transform(image) for image in images]))


def test_image_and_text_vectors_equal_open_clips_own(theirs):
    model, transform, tokenizer = theirs
    images = [picture(i, size) for i, size in enumerate([(60, 40), (32, 32), (50, 90)])]
    with torch.no_grad():
        want = model.encode_image(torch.stack([transform(image) for image in images])).numpy()
        said = model.encode_text(tokenizer(CAPTIONS)).numpy()
    encoder, got = ours(images)
    assert isinstance(encoder, Encoder) and got.dtype == np.float32 and got.shape == (3, encoder.dim)
    np.testing.assert_allclose(got, want, atol=TOLERANCE)
    np.testing.assert_allclose(encoder.encode_text(CAPTIONS), said, atol=TOLERANCE)


def test_the_card_says_which_weights(tiny):
    card = load_encoder("bioclip-2", device="cpu").card
    assert card["model"] == "bioclip-2" and card["source"] == "hf-hub:imageomics/bioclip-2"
    assert card["weights_sha256"] == file_sha256(tiny / "open_clip_model.safetensors")
    assert card["revision"] == "0123abcd" and card["layer"] == "image_embed" and card["licence"] == "MIT"
    assert card["preprocessing"]["size"] == [32, 32] and json.dumps(card)


def test_layers_are_those_of_the_network(theirs):
    model, transform, _ = theirs
    images = [picture(7), picture(8)]
    x = torch.stack([transform(image) for image in images])
    with torch.no_grad():
        tokens = model.visual.forward_intermediates(
            x, indices=[0, 1], output_fmt="NLC", output_extra_tokens=True
        )
        pooled = model.encode_image(x)
    patches, prefix = tokens["image_intermediates"][0], tokens["image_intermediates_prefix"][0]
    np.testing.assert_allclose(ours(images, layer="block.0")[1], patches.mean(1).numpy(), atol=TOLERANCE)
    np.testing.assert_allclose(ours(images, layer="block.0.cls")[1], prefix[:, 0].numpy(), atol=TOLERANCE)
    encoder, before = ours(images, layer="pre-projection")
    assert encoder.dim == 64 and encoder.card["dim"] == 64
    np.testing.assert_allclose(before @ model.visual.proj.detach().numpy(), pooled.numpy(), atol=1e-5)
    with pytest.raises(ValueError, match="leave --layer out"):
        encoder.encode_text(["a moth"])
    with pytest.raises(ValueError, match=r"no layer 'block.9'. It has: image_embed, pre-projection, block.0"):
        load_encoder("bioclip-2", layer="block.9", device="cpu")


def test_a_fork_that_gives_a_tuple_gives_its_biology_head(tiny, monkeypatch):
    encoder = load_encoder("bioclip-2", device="cpu")
    batch = encoder.transform(picture(1))[None]
    want = encoder.encode(batch)
    plain = encoder.model.encode_image
    monkeypatch.setattr(encoder.model, "encode_image", lambda x: (plain(x), plain(x) + 1))
    np.testing.assert_array_equal(encoder.encode(batch), want)


def test_the_same_files_in_a_folder_of_ones_own(tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "my model")
    encoder = load_encoder(f"local-dir:{folder}", device="cpu")
    assert isinstance(encoder, OpenClipEncoder) and str(tmp_path) not in json.dumps(encoder.card)
    batch = encoder.transform(picture(1))[None]
    np.testing.assert_array_equal(
        encoder.encode(batch), load_encoder("bioclip-2", device="cpu").encode(batch)
    )


def test_a_bin_file_is_read_with_weights_only(tiny, tmp_path):
    from safetensors.torch import load_file

    (tmp_path / "open_clip_config.json").write_text(json.dumps(CONFIG))
    torch.save(load_file(tiny / "open_clip_model.safetensors"), tmp_path / "open_clip_pytorch_model.bin")
    batch = np.zeros((1, 3, 32, 32), np.float32)
    got = load_encoder(f"local-dir:{tmp_path}", device="cpu").encode(batch)
    np.testing.assert_array_equal(got, load_encoder("bioclip-2", device="cpu").encode(batch))


class Evil:
    def __reduce__(self):
        import os

        return os.mkdir, ("evil-was-here",)


def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "open_clip_config.json").write_text(json.dumps(CONFIG))
    torch.save({"weight": Evil()}, tmp_path / "open_clip_pytorch_model.bin")
    with pytest.raises(
        ValueError, match="open_clip_pytorch_model.bin holds more than weights: nothing in it was run"
    ):
        load_encoder(f"local-dir:{tmp_path}", device="cpu")
    assert not (tmp_path / "evil-was-here").exists()


def test_weights_of_another_model_are_refused(tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "other")
    config = json.loads(json.dumps(CONFIG))
    config["model_cfg"]["embed_dim"] = 24
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="does not fit open_clip_config.json"):
        load_encoder(f"local-dir:{folder}", device="cpu")


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"needs open_clip_config.json and open_clip_model.safetensors"
    ):
        load_encoder(f"local-dir:{tmp_path}", device="cpu")
    (tmp_path / "open_clip_config.json").write_text("[1]")
    (tmp_path / "open_clip_model.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match="not an open_clip configuration"):
        load_encoder(f"local-dir:{tmp_path}", device="cpu")


def test_a_new_revision_in_the_cache_is_the_one_that_loads(tiny, hub_cache, tmp_path, monkeypatch):
    cache = shutil.copytree(hub_cache, tmp_path / "cache")
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    root = cache / "models--imageomics--bioclip-2"
    shutil.copytree(root / "snapshots" / "0123abcd", root / "snapshots" / "ffff")
    assert hub.cached("imageomics/bioclip-2").revision == "0123abcd"
    (root / "refs" / "main").write_text("ffff\n")
    assert hub.cached("imageomics/bioclip-2").revision == "ffff"
    shutil.rmtree(root / "refs")  # files that were only copied: any complete snapshot will do
    assert hub.cached("imageomics/bioclip-2").revision == "ffff"
