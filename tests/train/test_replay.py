"""Scenes: a function of (seed, index), told truly; endless images: the same whoever paints them."""

from dataclasses import replace

import numpy as np
import pytest

from embedlab.train.batches import batch_at
from embedlab.train.config import TrainConfig
from embedlab.train.endless import Painters, pace
from embedlab.train.replay import COLOURS, caption, described, draw, rehearsed, scenes
from embedlab.train.sampling import Endless


def test_a_scene_depends_on_seed_and_index_alone():
    alone, together = described(3, [17]), described(3, range(20))
    np.testing.assert_array_equal(alone[0], together[17])
    np.testing.assert_array_equal(draw(alone, 24)[0], draw(together, 24)[17])
    assert (described(4, [17]) != alone).any()


def test_captions_tell_what_is_drawn():
    told = described(0, range(300))
    painted = draw(told, 48).astype(float)
    names = list(COLOURS)
    for row, image in zip(told, painted, strict=True):
        if row[0] or row[3] or row[1] == row[4]:
            continue  # one object above and one below, of two colours
        text = caption(row)
        upper, lower = names[int(row[1])], names[int(row[4])]
        first, second = (lower, upper) if " below " in text else (upper, lower)
        assert text.index(first) < text.rindex(second)
        for half, colour in ((image[:24], upper), (image[24:], lower)):
            # the pixel nearest to the told colour, at one of the strengths that it may have
            shades = np.multiply.outer(np.linspace(0.85, 1, 8), COLOURS[colour])
            assert np.abs(half[..., None, :] - shades).max(-1).min() < 4


def test_equal_captions_share_a_code_and_nothing_names_biology():
    photos = scenes(0, 16, 1500)
    texts = [photos.captions[code][0] for code in photos.species]
    assert len(set(texts)) == len(photos.captions) == photos.species.max() + 1 < 1500
    assert texts == [caption(row) for row in described(0, range(1500))]
    assert len(photos.vocabulary()) < 40


def test_rehearsal_has_a_batch_and_a_luck_of_its_own():
    config = TrainConfig(replay=1.0, replay_batch=12, batch=16, objective="supcon", accumulate=4)
    second = rehearsed(config)
    assert second.batch == 12 and second.each == 1 and second.seed != config.seed
    photos = scenes(0, 40, 64)
    batch = batch_at(photos, photos.numbers(photos.vocabulary()), 0, second)
    assert batch.pixels.shape == (12, 3, 40, 40)
    with pytest.raises(ValueError, match="replay_batch = 12 cannot be cut into accumulate = 8 parts"):
        rehearsed(replace(config, accumulate=8))


class Counting:
    """Paints image p in the grey level p, and remembers what was asked for."""

    def __init__(self):
        self.asked = []

    def __getitem__(self, places):
        self.asked.append(places.tolist())
        return np.broadcast_to(places.astype(np.uint8)[:, None, None, None], (len(places), 4, 4, 3)).copy()


def test_painters_give_each_step_its_own_images_and_none_twice():
    config = TrainConfig(species=3, images=1, steps=5, batch=4, pool="endless")
    photos = Endless(Counting(), [["a"], ["b"], ["c"]], np.ones(1), images=20)
    with Painters(photos.canvas, lambda step: photos.picked(step, config), 5, 0) as painters:
        shown = [painters.pixels(step)[:, 0, 0, 0].tolist() for step in range(5)]
    assert shown == photos.canvas.asked == [photos.picked(step, config).tolist() for step in range(5)]
    assert len({p for step in shown for p in step}) == 20 and painters.images == 20 and painters.rate > 0


@pytest.mark.slow  # two fresh processes import torch and grow a world
def test_processes_paint_what_one_would():
    from embedlab.train.endless import Canvas

    canvas = Canvas(7, 24, "", 16, (3, 1, 9), start=1000)
    places = [np.arange(6) + 6 * step for step in range(4)]
    with Painters(canvas, lambda step: places[step], 4, 2) as painters:
        found = [painters.pixels(step) for step in range(4)]
    for rows, pixels in zip(places, found, strict=True):
        np.testing.assert_array_equal(pixels, canvas[rows])


def test_the_slower_of_two_rates_is_named():
    assert pace(3.0, 2.0)["slower"] == "training" and pace(1.0, 2.0)["slower"] == "painting"
