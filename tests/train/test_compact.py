"""The compact towers as an encoder: what is written comes back, and what could do harm is not opened."""

import json
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from embedlab.extract.compact import (
    DESCRIPTION,
    WEIGHTS,
    CompactEncoder,
    load_checkpoint,
    save_checkpoint,
    standardised,
)
from embedlab.extract.towers import CompactCLIP, Shape
from embedlab.extract.words import Vocabulary

SHAPE, WORDS = Shape(size=24, width=16, dim=20), Vocabulary.of(["Aves Corvus corax", "Pisces Esox lucius"])


@pytest.fixture
def checkpoint(tmp_path):
    model = CompactCLIP.drawn(SHAPE, len(WORDS), seed=3)
    return save_checkpoint(tmp_path / "model", model, SHAPE, WORDS, name="compact-test", training={"images": 7})


@pytest.fixture
def batch():
    return standardised(np.random.default_rng(0).integers(0, 256, (5, 24, 24, 3), dtype=np.uint8))


def test_round_trip_gives_the_same_vectors(checkpoint, batch):
    encoder = CompactEncoder.load(checkpoint)
    model = CompactCLIP.drawn(SHAPE, len(WORDS), seed=3).eval().to(memory_format=torch.channels_last)
    with torch.no_grad():
        np.testing.assert_array_equal(encoder.encode(batch), model.image(torch.from_numpy(batch)).numpy())
    again = CompactEncoder.load(checkpoint / WEIGHTS)  # the weights name their folder too
    np.testing.assert_array_equal(encoder.encode_text(["Corvus corax"]), again.encode_text(["corvus CORAX!"]))
    assert encoder.name == "compact-test" and encoder.dim == 20
    assert encoder.card["training"] == {"images": 7} and len(encoder.card["weights_sha256"]) == 64
    assert encoder.encode(batch).dtype == np.float32 and encoder.encode(batch[:0]).shape == (0, 20)


def test_same_model_same_bytes(tmp_path, checkpoint):
    model = CompactCLIP.drawn(SHAPE, len(WORDS), seed=3)
    other = save_checkpoint(tmp_path / "other", model, SHAPE, WORDS, name="compact-test", training={"images": 7})
    for name in (WEIGHTS, DESCRIPTION):
        assert (other / name).read_bytes() == (checkpoint / name).read_bytes()
    assert sorted(path.name for path in other.iterdir()) == [DESCRIPTION, WEIGHTS]  # nothing left aside


def test_weights_depend_on_the_seed_alone():
    torch.manual_seed(1)
    a = CompactCLIP.drawn(SHAPE, 6, seed=3).state_dict()
    torch.manual_seed(2)
    before = torch.get_rng_state()
    b = CompactCLIP.drawn(SHAPE, 6, seed=3).state_dict()
    assert torch.equal(torch.get_rng_state(), before)  # the global generator is left alone
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_other_layer(checkpoint, batch):
    encoder = CompactEncoder.load(checkpoint, layer="features")
    vectors = encoder.encode(batch)
    assert vectors.shape == (5, 64) and encoder.dim == 64 and (vectors >= 0).all()  # behind a ReLU
    with pytest.raises(ValueError, match="text lives in the layer 'projection'"):
        encoder.encode_text(["Corvus"])
    with pytest.raises(ValueError, match=r"no layer 'conv9'.*projection.*features"):
        CompactEncoder.load(checkpoint, layer="conv9")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "CMYK", "P"])
def test_any_image_becomes_a_square_of_the_size_trained_at(checkpoint, mode):
    image = Image.new("RGB", (61, 33), (10, 200, 30)).convert(mode)
    array = CompactEncoder.load(checkpoint).transform(image)
    assert array.shape == (3, 24, 24) and array.dtype == np.float32 and np.abs(array).max() <= 2.0


def test_an_image_of_the_right_size_is_not_touched(checkpoint):
    pixels = np.random.default_rng(1).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    array = CompactEncoder.load(checkpoint).transform(Image.fromarray(pixels))
    # a division and a product by its inverse differ in the last bit of a float32 around 2
    np.testing.assert_allclose(array, standardised(pixels[None])[0], atol=5e-7)
    assert standardised(np.array([[[[0, 255, 255]]]], np.uint8)).ravel().tolist() == [-2.0, 2.0, 2.0]


def test_unknown_words_are_said_and_left_out(checkpoint, caplog):
    encoder = CompactEncoder.load(checkpoint)
    with caplog.at_level("WARNING"):
        vector = encoder.encode_text(["Corvus cornix"])
    assert "cornix" in caplog.text
    np.testing.assert_array_equal(vector, encoder.encode_text(["Corvus"]))
    with pytest.raises(ValueError, match=r"'Quercus robur'.*1 in all.*no word that this model was trained on"):
        encoder.encode_text(["Corvus corax", "Quercus robur"])


class Bomb:
    """A pickle that leaves a trace if anything ever opens it."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return open, (str(self.trace), "w")


@pytest.mark.parametrize("where", ["model.pt", WEIGHTS, DESCRIPTION])
def test_a_pickle_is_never_opened(checkpoint, tmp_path, where):
    trace = tmp_path / "opened"
    bomb = pickle.dumps(Bomb(trace))
    path = tmp_path / where if where == "model.pt" else checkpoint / where
    path.write_bytes(bomb)
    if where == WEIGHTS:  # even with the digest made to fit
        import hashlib

        told = json.loads((checkpoint / DESCRIPTION).read_text())
        told["weights_sha256"] = hashlib.sha256(bomb).hexdigest()
        (checkpoint / DESCRIPTION).write_text(json.dumps(told))
    with pytest.raises(ValueError, match=r"none is ever opened|cannot be understood|does not fit"):
        CompactEncoder.load(path if where == "model.pt" else checkpoint)
    assert not trace.exists()


def lie(checkpoint, **changes):
    told = json.loads((checkpoint / DESCRIPTION).read_text())
    (checkpoint / DESCRIPTION).write_text(json.dumps({**told, **changes}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"shape": {"size": 512, "width": 256, "dim": 4096}},
            "does not fit its description",
        ),  # 17 GB if believed
        ({"shape": {"size": 24, "width": 16, "dim": 10**12}}, "dim is 1000000000000"),
        ({"shape": {"size": 24, "width": 16, "dim": 20, "x": 1}}, "cannot be understood"),
        ({"vocabulary": ["a", "a"]}, "stand twice"),
        ({"vocabulary": []}, "does not fit its description"),
        ({"weights_sha256": "0" * 64}, "do not belong together"),
        ({"schema": "embedlab-compact-9"}, "its schema is 'embedlab-compact-9'"),
        ({"shape": {"size": 24, "width": 16, "dim": 20, "tower": "vit"}}, "does not fit its description"),
        ({"shape": {"size": 24, "width": 16, "dim": 20, "text": "none"}}, "does not fit its description"),
        ({"shape": {"size": 24, "width": 16, "dim": 20, "replay": True}}, "does not fit its description"),
        ({"shape": {"size": 24, "tower": "vit", "depth": 10**6}}, "depth is 1000000"),
        ({"shape": {"size": 24, "tower": "vit", "heads": 0}}, "heads is 0"),
        ({"shape": {"size": 24, "tower": "__class__"}}, "tower is '__class__'"),
        ({"shape": {"size": 24, "tower": ["conv"]}}, "cannot be understood"),
        ({"shape": {"size": 24, "text": None}}, "cannot be understood"),
        ({"shape": {"size": 24, "replay": 1}}, "cannot be understood"),
        ({"shape": {"size": 24, "patch": "8"}}, "cannot be understood"),
        ({"shape": [24, 16, 20]}, "cannot be understood"),
        ({"training": 3}, "cannot be understood"),
    ],
)
def test_a_lying_description_is_refused(checkpoint, changes, words):
    lie(checkpoint, **changes)
    with pytest.raises(ValueError, match=words):
        CompactEncoder.load(checkpoint)


def test_half_a_checkpoint_is_refused(checkpoint):
    (checkpoint / DESCRIPTION).unlink()
    with pytest.raises(FileNotFoundError, match=r"lacks \['model.json'\]"):
        CompactEncoder.load(checkpoint)


def test_not_a_number_is_refused(tmp_path):
    model = CompactCLIP.drawn(SHAPE, len(WORDS), seed=0)
    with torch.no_grad():
        model.image.project.weight[0, 0] = float("nan")
    folder = save_checkpoint(tmp_path, model, SHAPE, WORDS, name="broken", training={})
    with pytest.raises(ValueError, match=r"image.project.weight.*NaN"):
        CompactEncoder.load(folder)


TOWERS = [(tower, text) for tower in ("conv", "vit", "pixels") for text in ("bag", "causal", "none")]


def made(folder, tower="vit", text="causal", half=False, **changes):
    """A checkpoint of any towers, its model and its shape."""
    shape = Shape(**{"size": 24, "width": 4, "dim": 20, "tower": tower, "text": text, "depth": 2, **changes})
    words = Vocabulary.of(["Aves Corvus corax", "Pisces Esox lucius"] if text != "none" else [], cut=shape.cut)
    model = CompactCLIP.drawn(shape, len(words), seed=5)
    save_checkpoint(folder, model, shape, words, name="made", training={}, half=half)
    return model.eval(), shape, words


@torch.no_grad()
@pytest.mark.parametrize(("tower", "text"), TOWERS)
def test_all_towers_come_back_bit_for_bit(tmp_path, batch, tower, text):
    model, shape, words = made(tmp_path, tower, text)
    encoder = CompactEncoder.load(tmp_path)
    assert encoder.shape == shape and encoder.vocabulary == words
    x = torch.from_numpy(batch)
    if tower == "conv":
        model = model.to(memory_format=torch.channels_last)
    np.testing.assert_array_equal(encoder.encode(batch), model.image(x).numpy())
    assert encoder.encode(batch[:0]).shape == (0, 20)
    if text == "none":
        with pytest.raises(ValueError, match=r"made was trained without captions and reads none"):
            encoder.encode_text(["Corvus corax"])
    else:
        said = torch.from_numpy(words.numbers(["Corvus corax", "Pisces"]))
        np.testing.assert_array_equal(encoder.encode_text(["Corvus corax", "Pisces"]), model.text(said).numpy())
        assert encoder.encode_text([]).shape == (0, 20)
    features = CompactEncoder.load(tmp_path, layer="features")
    assert features.dim == shape.features == (3 * 24 * 24 if tower == "pixels" else 16)
    np.testing.assert_array_equal(features.encode(batch), model.image.features(model.image.trunk(x)).numpy())
    towers = encoder.card["architecture"]["towers"]
    assert {"conv": "convolutions", "vit": "vision transformer", "pixels": "linear map"}[tower] in towers
    assert {"bag": "bag of words", "causal": "causal transformer", "none": "no text"}[text] in towers


def test_the_first_schema_is_still_read(checkpoint, batch):
    now = CompactEncoder.load(checkpoint)
    told = json.loads((checkpoint / DESCRIPTION).read_text())
    # what the version before this one wrote: three numbers, and no word on towers
    lie(checkpoint, schema="embedlab-compact-1", shape={k: told["shape"][k] for k in ("size", "width", "dim")})
    old = CompactEncoder.load(checkpoint)
    np.testing.assert_array_equal(old.encode(batch), now.encode(batch))
    np.testing.assert_array_equal(old.encode_text(["Corvus corax"]), now.encode_text(["Corvus corax"]))
    assert old.shape == SHAPE and old.card == now.card


def test_unknown_syllables_are_said_and_known_ones_read(tmp_path, caplog):
    made(tmp_path)
    encoder = CompactEncoder.load(tmp_path)
    with caplog.at_level("WARNING"):
        vectors = encoder.encode_text(["Corlus", "Zyx corlus"])
    assert "2 syllables were never in a training caption" in caplog.text and "zyx_" in caplog.text
    assert np.abs(vectors[0] - encoder.encode_text(["Corvus"])[0]).max() > 1e-4  # another name, another vector
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)  # of Zyx nothing is known
    with pytest.raises(ValueError, match="hold no word"):
        encoder.encode_text(["zyx"])


@torch.no_grad()
def test_the_second_projection_is_dropped_unless_asked_for(tmp_path, batch):
    model, shape, _ = made(tmp_path, replay=True)
    model.image.continual.weight.mul_(2.0)
    save_checkpoint(tmp_path, model, shape, Vocabulary.of(["Aves Corvus corax", "Pisces Esox lucius"], cut="syllables"),
                    name="made", training={})  # fmt: skip
    encoder = CompactEncoder.load(tmp_path)
    assert encoder.model.image.continual is None and not encoder.shape.replay
    assert not [key for key in encoder.model.state_dict() if "continual" in key]
    assert encoder.card["architecture"]["replay"] is True  # how it was trained
    x = torch.from_numpy(batch)
    np.testing.assert_array_equal(encoder.encode(batch), model.image(x).numpy())
    whole, kept, _, _ = load_checkpoint(tmp_path, continual=True)
    assert kept == shape and torch.equal(whole.image(x, continual=True), model.image(x, continual=True))


def test_half_the_bytes_and_nearly_the_same_vectors(tmp_path, batch):
    made(tmp_path / "whole", width=16)
    made(tmp_path / "half", width=16, half=True)
    sizes = [(tmp_path / name / WEIGHTS).stat().st_size for name in ("half", "whole")]
    assert sizes[0] < 0.52 * sizes[1]
    whole, half = (CompactEncoder.load(tmp_path / name) for name in ("whole", "half"))
    assert half.encode(batch).dtype == np.float32
    # 16 bits keep 11 binary digits of each weight
    np.testing.assert_allclose(half.encode(batch), whole.encode(batch), atol=5e-3)
    assert {p.dtype for p in half.model.parameters()} == {torch.float32}


def test_what_sixteen_bits_cannot_hold_is_refused(tmp_path):
    model, shape, words = made(tmp_path)
    with torch.no_grad():
        model.image.project.weight[0, 0] = 1e6
    with pytest.raises(ValueError, match=r"image.project.weight holds 1e\+06.*half=False"):
        save_checkpoint(tmp_path, model, shape, words, name="x", training={}, half=True)


def test_the_largest_model_of_the_study_travels_in_sixteen_mebibytes():
    # `full`: ViT-Ti in width and depth, at 64 px, two text blocks, and a few thousand syllables
    shape = Shape(size=64, width=48, dim=256, tower="vit", text="causal", depth=12, heads=3)
    weights = sum(p.numel() for p in CompactCLIP.unset(shape, 4000).parameters())
    assert 5e6 < weights and 2 * weights < 16 * 2**20
