"""The compact towers as an encoder: what is written comes back, and what could do harm is not opened."""

import json
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from embedlab.extract.compact import DESCRIPTION, WEIGHTS, CompactEncoder, save_checkpoint, standardised
from embedlab.extract.towers import CompactCLIP, Shape
from embedlab.extract.words import Vocabulary

SHAPE, WORDS = Shape(size=24, width=16, dim=20), Vocabulary.of(["Aves Corvus corax", "Pisces Esox lucius"])


@pytest.fixture
def checkpoint(tmp_path):
    model = CompactCLIP.drawn(SHAPE, len(WORDS), seed=3)
    return save_checkpoint(
        tmp_path / "model", model, SHAPE, WORDS, name="compact-test", training={"images": 7}
    )


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
    other = save_checkpoint(
        tmp_path / "other", model, SHAPE, WORDS, name="compact-test", training={"images": 7}
    )
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
    with pytest.raises(
        ValueError, match=r"'Quercus robur'.*1 in all.*no word that this model was trained on"
    ):
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
