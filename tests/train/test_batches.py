"""A step is a function of (seed, step); each image is looked at in its own way."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from embedlab.extract.compact import standardised
from embedlab.train.batches import GAIN, SHIFT, Looks, Photos, augmented, batch_at
from embedlab.train.config import TrainConfig
from embedlab.train.sampling import Endless, rows_at, turns


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


def four_species(n=20):
    random = np.random.default_rng(0)
    return Photos(
        pixels=random.integers(0, 256, (n, 8, 8, 3), dtype=np.uint8),
        rows=np.arange(n),
        species=np.arange(n) % 4,
        captions=[[f"Genus{s} epithet{s}", f"common{s}"] for s in range(4)],
        forms=np.array([0.5, 0.5]),
    )


def test_captions_belong_to_their_images():
    photos = four_species()
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


def test_a_form_may_be_drawn_for_the_whole_batch():
    photos = four_species()
    words = photos.vocabulary()
    config = TrainConfig(batch=8, caption_per="batch")
    lengths = []
    for step in range(40):
        batch = batch_at(photos, photos.numbers(words), step, config)
        [length] = set((batch.words > 0).sum(1).tolist())
        lengths.append(length)
    assert 8 <= lengths.count(1) <= 32  # chance ½, 40 draws


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(1, 6), st.integers(1, 5), st.integers(0, 99))
def test_species_take_turns_and_no_number_comes_twice(species, slots, each, seed):
    steps = [turns(step, species=species, batch=slots * each, each=each, seed=seed) for step in range(7)]
    codes, number = (np.concatenate(parts) for parts in zip(*steps, strict=True))
    assert len(set(zip(codes.tolist(), number.tolist(), strict=True))) == 7 * slots * each
    count = np.bincount(codes, minlength=species)
    assert count.max() - count.min() <= each
    for s in range(species):
        assert sorted(number[codes == s]) == list(range(count[s]))


def test_rounds_and_seeds_differ_in_the_order_of_species():
    orders = {
        tuple(turns(step, species=20, batch=20, each=1, seed=seed)[0].tolist()) for step in (0, 1) for seed in (0, 1)
    }
    assert len(orders) == 4


def test_class_balanced_batches_use_every_image_equally():
    photos, config = four_species(28), TrainConfig(objective="supcon", together=3, batch=6, seed=5)
    picked = [photos.picked(step, config) for step in range(28)]
    for rows in picked:
        assert sorted(np.bincount(photos.species[rows], minlength=4)) in ([0, 0, 3, 3], [0, 0, 0, 6])
    used = np.bincount(np.concatenate(picked), minlength=28)  # 168 = 6 × 28
    assert used.min() >= 5 and used.max() <= 7
    assert not np.array_equal(picked[0], photos.picked(0, TrainConfig(objective="supcon", together=3, batch=6, seed=6)))


def test_parts_of_a_batch_are_the_batch():
    photos, config = four_species(), TrainConfig(batch=8, objective="multirank")
    numbers = photos.numbers(photos.vocabulary())
    whole = batch_at(photos, numbers, 3, config)
    parts = [batch_at(photos, numbers, 3, config, part=part) for part in (slice(0, 3), slice(3, 8))]
    assert np.array_equal(np.concatenate([p.pixels.numpy() for p in parts]), whole.pixels.numpy())
    for p in parts:  # names are of the whole batch in every part
        assert all(torch.equal(getattr(p, key), getattr(whole, key)) for key in ("words", "species", "ranks"))
    ahead = photos.shown(photos.picked(3, config)[:3])
    assert np.array_equal(batch_at(photos, numbers, 3, config, part=slice(0, 3), pixels=ahead).pixels, parts[0].pixels)


def test_dealt_labels_are_as_many_and_tell_nothing():
    photos = four_species(400)
    dealt = photos.dealt(1)
    assert np.array_equal(np.bincount(dealt.species), np.bincount(photos.species))
    assert 0.15 < (dealt.species == photos.species).mean() < 0.35  # chance ¼
    assert np.array_equal(dealt.species, photos.dealt(1).species)
    assert not np.array_equal(dealt.species, photos.dealt(2).species)


class Numbers:
    """Paints each image in the shade of its place."""

    def __getitem__(self, places):
        return np.broadcast_to((places % 251).astype(np.uint8)[:, None, None, None], (len(places), 8, 8, 3))


def test_endless_images_come_once_each_with_their_label():
    told = {"captions": [[f"word{s}"] for s in range(5)], "forms": np.ones(1)}
    plain, dealt = (Endless(Numbers(), **told, images=80, deal=deal) for deal in (None, 3))
    config = TrainConfig(batch=8, pool="endless", seed=2)
    places = np.concatenate([plain.picked(step, config) for step in range(10)])
    assert len(set(places.tolist())) == 80 == len(plain) and set(places) == set(range(80))
    assert np.array_equal(plain.labels(places), places % 5)
    assert np.array_equal(plain.shown(places)[:, 0, 0, 0], places % 251)
    labels = dealt.labels(places)
    for number in range(16):  # each number's five images hold each label once
        assert sorted(labels[places // 5 == number]) == [0, 1, 2, 3, 4]
    assert 0.05 < (labels == places % 5).mean() < 0.4
    batch = batch_at(plain, plain.numbers(plain.vocabulary()), 4, config)
    assert batch.species.tolist() == (plain.picked(4, config) % 5).tolist()
