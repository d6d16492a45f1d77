"""What cannot be read is refused before anything is computed, and named."""

import numpy as np
import pytest
import torch
from PIL import Image

from embedlab.extract import decode as room
from embedlab.extract import efficientnet_lite, images, tars
from embedlab.extract.decode import Unreadable, decode, strict_pillow
from embedlab.extract.encoders import load_encoder
from embedlab.extract.images import Place, find_sources
from embedlab.extract.layers import read_tensors
from tests.extract.conftest import encoded, picture
from tests.extract.test_images import write_tar


def test_an_image_that_is_too_large_is_not_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "MAX_PIXELS", 5)
    with strict_pillow(), pytest.raises(Unreadable, match="x 2 px; at most 5 pixels are decoded"):
        decode(encoded(Image.new("RGB", (3, 2))))
    monkeypatch.setattr(images, "MAX_BYTES", 3)
    (tmp_path / "a.png").write_bytes(b"1234")
    with pytest.raises(Unreadable, match="4 bytes; at most 3 are read"):
        Place(file=tmp_path / "a.png").read()


@pytest.mark.parametrize("mode, level, said", [
    ("F", 0.5, "floating point levels have no agreed white; save it as 8 or 16 bit"),
    ("I", 70_000, "32-bit levels from 70000 to 70000; save it as 8 or 16 bit"),
])
def test_levels_without_a_white_are_refused(mode, level, said):
    with strict_pillow(), pytest.raises(Unreadable, match=said):
        decode(encoded(Image.new(mode, (2, 2), level), "TIFF"))


def test_weights_of_another_kind_are_named(tmp_path):
    torch.save([1, 2], tmp_path / "list.bin")
    with pytest.raises(ValueError, match=r"list\.bin holds a list, not a table of weights"):
        read_tensors(tmp_path / "list.bin")
    with pytest.raises(ValueError, match="not those of EfficientNet-Lite0: install version"):
        efficientnet_lite._renamed({"a": np.zeros(2)}, {"a": np.zeros(3)})
    with pytest.raises(FileNotFoundError, match=r"\(or open_clip_pytorch_model.bin\); found: no such folder"):
        load_encoder(f"local-dir:{tmp_path / 'nowhere'}", device="cpu")


def test_labels_in_a_tar_that_are_none_are_named(tmp_path, monkeypatch):
    one = ("1.png", encoded(picture(1)))
    with pytest.raises(ValueError, match=r"'1.json' cannot be read \(a list where .*\): repair or remove it"):
        find_sources(write_tar(tmp_path / "list.tar", [one, ("1.json", b"[1]")]))
    monkeypatch.setattr(tars, "_SIDECAR_BYTES", 3)
    with pytest.raises(ValueError, match=r"big.tar: '1.txt' has 4 bytes, too many for a label"):
        find_sources(write_tar(tmp_path / "big.tar", [one, ("1.txt", b"abcd")]))
