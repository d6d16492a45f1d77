"""A step is a function of (seed, step); each image is looked at in its own way."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from embedlab.extract.compact import standardised
from embedlab.train.batches import GAIN, SHIFT, Looks, Photos, augmented, batch_at
from embedlab.train.config import TrainConfig
from embedlab.train.sampling import rows_at


def changed(pixels, seed):
    return augmented(pixels, Looks.drawn(len(pixels), rng=np.random.default_rng(seed))).numpy()


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 60), st.integers(1, 40), st.integers(0, 99))
def test_every_epoch_shows_every_image_once(n, batch, seed):
    steps = -(-3 * n // batch)
    seen = np.concatenate([rows_at(step, n=n, batch=batch, seed=seed) for step in range(steps)])
    for epoch in range(3):
        np.testing.assert_array_equal(np.sort(seen[epoch * n : (epoch + 1) * n]), np.arange(n))


def test_epochs_and_seeds_differ():
    orders = {tuple(rows_at(step, n=50, batch=50, seed=seed)) for step in range(3) for seed in range(3)}
    assert len(orders) == 9


def test_images_are_mirrored_shifted_and_tinted_one_by_one():
    pixels = np.zeros((400, 12, 12, 3), np.uint8)
    pixels[:, 5, 3] = 200  # one dot, left of the middle
    x = changed(pixels, 0)
    light = x.sum(1) - x.sum(1).min()
    rows, columns = np.divmod(light.reshape(400, -1).argmax(1), 12)
    shifts = range(-SHIFT, SHIFT + 1)
    assert set(rows) == {5 + s for s in shifts}
    assert set(columns) == {3 + s for s in shifts} | {8 + s for s in shifts}
    assert 0.4 < np.isin(columns, [6, 7, 8, 9, 10]).mean() < 0.6  # chance ½, 400 draws: sd .025
    brightness = x.max((2, 3)) / 4 + 0.5  # back to 0..1
    spread = np.log(brightness / (200 / 255)).std(0)
    assert np.all((0.8 * GAIN < spread) & (spread < 1.2 * GAIN))
    assert np.isclose(x.min(), -2.0)  # black stays black


def test_without_change_augmentation_is_the_encoders_preprocessing():
    flat = np.full((3, 8, 8, 3), 90, np.uint8)  # neither mirror nor shift shows on one colour
    x, plain = changed(flat, 1), standardised(flat)
    ratio = (x + 2) / (plain + 2)
    np.testing.assert_allclose(ratio, ratio[:, :, :1, :1].repeat(8, 2).repeat(8, 3), rtol=1e-5)


def test_captions_belong_to_their_images():
    photos = Photos(
        pixels=np.zeros((20, 8, 8, 3), np.uint8),
        rows=np.arange(20),
        species=np.arange(20) % 4,
        captions=[[f"Genus{s} epithet{s}", f"common{s}"] for s in range(4)],
        forms=np.array([0.5, 0.5]),
    )
    words = photos.vocabulary()
    numbers = photos.numbers(words)
    lengths = set()
    for step in range(5):
        batch = batch_at(photos, numbers, step, TrainConfig(batch=8, seed=3))
        for row, s in zip(batch.words.tolist(), batch.species.tolist(), strict=True):
            spoken = [words.words[i - 1] for i in row if i]
            assert spoken in ([f"genus{s}", f"epithet{s}"], [f"common{s}"])
            lengths.add(len(spoken))
    assert lengths == {1, 2}
