"""Places: what lies behind an animal, cut from a long strip of land for each habitat and each of four views.

A strip is drawn once for a world (`habitats`) at 80 pixels to the picture's width and resampled to the size in
use, so resolution does not change the optics; where a photograph is cut, how blurred and how bright it is,
are its own draws.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter

from embedlab.world import habitats, keys
from embedlab.world.traits import HABITATS

MASTER = 80  # pixels of a strip to one picture's width
WIDE, HIGH = 9, 1.35  # length and height of a strip, in pictures
SOFT = 0.030  # blur of a place out of focus, as a share of the picture's width
GRAIN = 80  # sensor grains to one picture's width, whatever the size in pixels


@lru_cache(maxsize=20)
def _strip(seed: int, plan: str, habitat: int) -> Image.Image:
    rng = keys.generator(seed, f"place {plan} {HABITATS[habitat]}")
    return habitats.draw(plan, HABITATS[habitat], int(WIDE * MASTER), int(HIGH * MASTER), rng)


@lru_cache(maxsize=60)
def _sized(seed: int, plan: str, habitat: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    strip = _strip(seed, plan, habitat).resize(
        (round(WIDE * size), round(HIGH * size)), Image.Resampling.LANCZOS
    )
    soft = strip.filter(ImageFilter.GaussianBlur(SOFT * size))
    return tuple(np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1)) for image in (strip, soft))


@lru_cache(maxsize=8)
def _grain(seed: int, size: int) -> np.ndarray:
    rng = keys.generator(seed, "grain")
    fine = rng.standard_normal((3, 6 * GRAIN, 6 * GRAIN)).astype(np.float32)
    fine = 0.6 * fine + 0.8 * rng.standard_normal((1, 6 * GRAIN, 6 * GRAIN)).astype(
        np.float32
    )  # mostly brightness
    side = round(6 * size)
    sized = [
        np.asarray(Image.fromarray(plane).resize((side, side), Image.Resampling.BICUBIC)) for plane in fine
    ]
    return np.stack(sized) / np.std(sized)


def cut(seed: int, plan: str, background: np.ndarray, lens: dict, size: int) -> np.ndarray:
    """Cut the place behind each animal: float32 (n, 3, size * size), sRGB from 0 to 1."""
    out = np.empty((len(background), 3, size, size), np.float32)
    for i, habitat in enumerate(background):
        sharp, soft = _sized(seed, plan, int(habitat), size)
        left = int(lens["place_x"][i] * (sharp.shape[2] - size))
        top = int(lens["place_y"][i] * (sharp.shape[1] - size))
        here = np.s_[:, top : top + size, left : left + size]
        focus = np.float32(lens["focus"][i])
        out[i] = (sharp[here] * focus + soft[here] * (1 - focus)) * np.float32(lens["place_light"][i] / 255)
    return out.reshape(len(background), 3, size * size)


def grain(seed: int, lens: dict, size: int) -> np.ndarray:
    """Cut each photograph's sensor noise, sd 1, with grains of the same share of the picture at any size in
    pixels.
    """
    tile = _grain(seed, size)
    out = np.empty((len(lens["grain"]), 3, size, size), np.float32)
    free = tile.shape[1] - size
    for i, place in enumerate(lens["grain"]):
        top, left = divmod(int(place * free * free), free)
        out[i] = tile[:, top : top + size, left : left + size]
    return out.reshape(len(out), 3, size * size)
