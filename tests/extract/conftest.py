"""A tiny open_clip model in the hub's cache layout, pictures of every awkward sort, and one torch thread."""

import io
import json
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before huggingface_hub is imported: a failing call takes 46 s

import numpy as np
import pytest
from PIL import Image

CONFIG = {
    "model_cfg": {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
    },
    "preprocess_cfg": {
        "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711],
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    },
}


@pytest.fixture(autouse=True)
def own_caches(tmp_path_factory, monkeypatch):
    """Digests are remembered in a folder of the test's own, never in the user's."""
    monkeypatch.setenv("EMBEDLAB_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def hub_cache(tmp_path_factory) -> Path:
    """The hub's cache folder with `imageomics/bioclip-2` in it: random weights, 32 px, 16 numbers."""
    from embedlab.extract.torchvision_shim import import_torchvision

    import_torchvision()
    import open_clip
    import torch
    from safetensors.torch import save_file

    root = tmp_path_factory.mktemp("hub") / "models--imageomics--bioclip-2"
    folder = root / "snapshots" / "0123abcd"
    folder.mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text("0123abcd")
    (folder / "open_clip_config.json").write_text(json.dumps(CONFIG))
    torch.manual_seed(5)
    with torch.random.fork_rng():
        model = open_clip.CLIP(**CONFIG["model_cfg"])
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return root.parent


@pytest.fixture
def tiny(hub_cache, monkeypatch) -> Path:
    """Make that cache the one in use; gives the folder of the snapshot."""
    monkeypatch.setenv("HF_HUB_CACHE", str(hub_cache))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return hub_cache / "models--imageomics--bioclip-2" / "snapshots" / "0123abcd"


def picture(seed: int, size: tuple[int, int] = (60, 40)) -> Image.Image:
    """A smooth random picture, (width, height) px: noise would not survive JPEG."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, file_format: str = "PNG", **settings) -> bytes:
    out = io.BytesIO()
    image.save(out, file_format, **settings)
    return out.getvalue()


def png16(levels: np.ndarray) -> bytes:
    """A 16-bit grey PNG."""
    return encoded(Image.fromarray(levels.astype(np.uint16)), "PNG")


@pytest.fixture
def salted(tmp_path) -> Path:
    """Fourteen files: six plain, one a copy of another, and one of each sort that trips a careless reader."""
    folder = tmp_path / "salted"
    folder.mkdir()
    for i in range(4):
        picture(i).save(folder / f"plain {i}.jpg", quality=90)
    (folder / "zopy ä.jpg").write_bytes((folder / "plain 0.jpg").read_bytes())
    whole = encoded(picture(9, (200, 150)), "JPEG", quality=90)
    (folder / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("this is not a picture")
    (folder / "empty.jpg").write_bytes(b"")
    clear = picture(10).convert("RGBA")
    clear.putalpha(128)
    clear.save(folder / "rgba.png")
    picture(11).convert("CMYK").save(folder / "cmyk.jpg", quality=90)
    (folder / "deep.png").write_bytes(png16(np.linspace(0, 65535, 2400).reshape(40, 60)))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(12).save(folder / "turned.jpg", quality=90, exif=exif)
    return folder
