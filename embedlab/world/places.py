"""Places: what lies behind an animal, cut from a long strip of land for each habitat and each of four views.

The view is that of the animal's own body plan (a fish stands in water) unless a photograph draws another one.
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
from embedlab.world.tree import PLANS

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
def grains(seed: int, size: int) -> np.ndarray:
    """Give the tile of sensor noise that photographs are cut from: (3, 6 * size, 6 * size), sd 1."""
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


def corners(lens: dict, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Tell where on its strip each place begins, in pixels: (top, left)."""
    high, wide = round(HIGH * size) - size, round(WIDE * size) - size
    return (lens["place_y"] * high).astype(int), (lens["place_x"] * wide).astype(int)


def grain_corners(lens: dict, free: int) -> tuple[np.ndarray, np.ndarray]:
    """Tell where on the tile of grains each photograph begins, `free` pixels at most: the same grains at any
    size.
    """
    return (lens["grain"] * free).astype(int), (lens["grain"] * 997 % 1 * free).astype(int)


def strips(seed: int, size: int) -> np.ndarray:
    """Give all land, uint8 (views, habitats, sharp and soft, 3, height, width)."""
    return np.stack([[_sized(seed, plan, habitat, size) for habitat in range(len(HABITATS))] for plan in PLANS])


def cut(seed: int, view: np.ndarray, background: np.ndarray, lens: dict, size: int) -> np.ndarray:
    """Cut the place behind each animal, told by view (code into PLANS) and habitat: float32 (n, 3, size * size),
    sRGB from 0 to 1.
    """
    out = np.empty((len(background), 3, size, size), np.float32)
    for i, (plan, habitat, top, left) in enumerate(zip(view, background, *corners(lens, size), strict=True)):
        sharp, soft = _sized(seed, PLANS[plan], int(habitat), size)
        here = np.s_[:, top : top + size, left : left + size]
        focus = np.float32(lens["focus"][i])
        out[i] = (sharp[here] * focus + soft[here] * (1 - focus)) * np.float32(lens["place_light"][i] / 255)
    return out.reshape(len(background), 3, size * size)


def grain(seed: int, lens: dict, size: int) -> np.ndarray:
    """Cut each photograph's sensor noise, sd 1, with grains of the same share of the picture at any size in
    pixels.
    """
    tile = grains(seed, size)
    out = np.empty((len(lens["grain"]), 3, size, size), np.float32)
    free = tile.shape[1] - size
    for i, (top, left) in enumerate(zip(*grain_corners(lens, free), strict=True)):
        out[i] = tile[:, top : top + size, left : left + size]
    return out.reshape(len(out), 3, size * size)
