"""Replay: a second caption domain with no biology in it, rehearsed beside the first so that it is not forgotten.

BioCLIP 2 goes on showing its model general pictures with their captions (arXiv:2505.23883), with a loss and a
visual projector of their own. Ours are drawings of coloured shapes, "a red square above two blue discs". A scene
is a function of (seed, index): two groups of one to three equal shapes, one group above the other, on a plain
ground. Left and right are never told, as training mirrors its images.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int, UInt8

from embedlab.train.config import TrainConfig
from embedlab.train.sampling import Photos

SCENES = 2048  # drawn once a run and rehearsed: a memory, not a stream
COLOURS = {
    "red": (200, 40, 40),
    "orange": (240, 140, 30),
    "yellow": (240, 220, 60),
    "green": (40, 150, 60),
    "blue": (40, 80, 200),
    "purple": (130, 50, 160),
    "white": (250, 250, 250),
    "black": (20, 20, 20),
}
SHAPES = ("square", "disc", "triangle", "ring", "cross", "diamond")
COUNTS = ("a", "two", "three")
_CHUNK = 256  # scenes drawn at a time


def scenes(seed: int, size: int, count: int = SCENES) -> Photos:
    """Draw the first `count` scenes of a seed, each with its one caption; equal captions share a code."""
    told = described(seed, range(count))
    captions = [caption(row) for row in told]
    codes = {text: code for code, text in enumerate(dict.fromkeys(captions))}
    return Photos(
        pixels=np.concatenate([draw(told[i : i + _CHUNK], size) for i in range(0, count, _CHUNK)]),
        rows=np.arange(count),
        species=np.array([codes[text] for text in captions]),
        captions=[[text] for text in codes],
        forms=np.ones(1),
    )


def rehearsed(config: TrainConfig) -> TrainConfig:
    """Give the configuration by which batches of scenes are drawn: their own size and luck, one form a scene."""
    return replace(
        config, batch=config.replay_batch, together=1, caption_per="image", seed=(config.seed + 1_000_003) % 2**31
    )


def described(seed: int, index: Iterable[int]) -> Float[np.ndarray, "n 40"]:
    """Say what is on each scene, a row of numbers for `caption` and `draw`.

    The first seven: for the upper group number, colour, shape, then the same for the lower group, then whether
    the caption begins with the lower one. The other 33 place things: shade of the ground (3), and per object
    (3 above, 3 below) across, up, size, turn and strength of its colour.
    """
    rows = []
    for i in index:
        rng = np.random.default_rng([seed, 30, i])
        kinds = [rng.integers(len(COUNTS)), rng.integers(len(COLOURS)), rng.integers(len(SHAPES))]
        below = [rng.integers(len(COUNTS)), rng.integers(len(COLOURS)), rng.integers(len(SHAPES))]
        rows.append([*kinds, *below, rng.integers(2), *rng.random(33)])
    return np.array(rows, dtype=float).reshape(-1, 40)


def caption(scene: Float[np.ndarray, " 40"]) -> str:
    """Write what is on a scene.

    >>> caption(np.array([0, 0, 0, 1, 4, 1, 0] + 33 * [0.5]))
    'a red square above two blue discs'
    >>> caption(np.array([0, 0, 0, 2, 4, 4, 1] + 33 * [0.5]))
    'three blue crosses below a red square'
    """
    upper, lower = _phrase(scene[:3]), _phrase(scene[3:6])
    return f"{lower} below {upper}" if scene[6] else f"{upper} above {lower}"


def _phrase(kind: np.ndarray) -> str:
    number, colour, shape = map(int, kind)
    name = SHAPES[shape]
    if number:
        name += "es" if name.endswith("s") else "s"
    article = "an" if number == 0 and colour == 1 else COUNTS[number]
    return f"{article} {tuple(COLOURS)[colour]} {name}"


def draw(told: Float[np.ndarray, "n 40"], size: int) -> UInt8[np.ndarray, "n size size 3"]:
    """Paint scenes: row by row independent of the others, edges softened over one pixel."""
    n = len(told)
    middle = (np.arange(size) + 0.5) / size
    x, y = middle[None, None, :], 1 - middle[None, :, None]  # y points up
    ground = 120 + 60 * told[:, 7:10]  # a mid grey with a tint: neither white nor black is lost on it
    canvas = np.broadcast_to(ground[:, None, None, :], (n, size, size, 3)).copy()
    palette = np.array(list(COLOURS.values()), dtype=float)
    placed = told[:, 10:].reshape(n, 2, 3, 5)
    for group in range(2):
        number, colour, shape = told[:, 3 * group : 3 * group + 3].astype(int).T
        for slot in range(3):
            has = np.flatnonzero(slot <= number)
            across, up, large, turn, strong = placed[has, group, slot].T[:, :, None, None]
            places = (number[has] + 1)[:, None, None]
            # objects of a group stand side by side, each somewhere in its own share of the width
            cx = (slot + 0.5 + 0.3 * (across - 0.5)) / places
            cy = 0.74 - 0.48 * group + 0.08 * (up - 0.5)
            radius = 0.09 + 0.05 * large
            angle = 0.5 * (turn - 0.5)
            u = ((x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)) / radius
            v = ((y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)) / radius
            cover = np.clip(0.5 - _distance(shape[has], u, v) * radius * size, 0, 1)[..., None]
            paint = palette[colour[has]][:, None, None, :] * (0.85 + 0.15 * strong[..., None])
            canvas[has] += cover * (paint - canvas[has])
    return np.rint(canvas).astype(np.uint8)


def _distance(
    shape: Int[np.ndarray, " m"], u: Float[np.ndarray, "m h w"], v: Float[np.ndarray, "m h w"]
) -> Float[np.ndarray, "m h w"]:
    """How far each point lies outside its shape, in radii of the shape; negative inside."""
    forms = {
        "square": lambda a, b: np.maximum(abs(a), abs(b)) - 0.85,
        "disc": lambda a, b: np.hypot(a, b) - 1,
        "triangle": lambda a, b: np.maximum(-b - 0.7, 0.87 * abs(a) + 0.5 * b - 0.55),
        "ring": lambda a, b: abs(np.hypot(a, b) - 0.75) - 0.25,
        "cross": lambda a, b: np.minimum(
            np.maximum(abs(a) - 1, abs(b) - 0.3), np.maximum(abs(b) - 1, abs(a) - 0.3)
        ),
        "diamond": lambda a, b: (abs(a) + abs(b) - 1.15) * 0.71,
    }
    out = np.empty_like(u)
    for code, name in enumerate(SHAPES):
        of = shape == code
        out[of] = forms[name](u[of], v[of])
    return out
