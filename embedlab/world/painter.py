"""The painter: batches of specimens to pixels, by signed distances in torch (the only file of the room that
knows it), on any device.

Every operation works element by element on (images, pixels), the pixels padded to a multiple of 64 so that no
image ever falls into the odd end of a vector loop: an image has the same bytes in any batch, any order, alone
or not. Another device rounds sines and fused products differently in the last bit or two; what that can do
is bounded by painting in double precision, whose rounding differs from single precision more than two
single precisions differ: it moves one value in fifty thousand, by 1 grey level (`TOLERANCE`), none by more.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch

from embedlab.world import places
from embedlab.world.canvas import Canvas
from embedlab.world.plans import beetle, bird, butterfly, fish
from embedlab.world.tree import PLANS

DRAWERS = {"bird": bird, "fish": fish, "beetle": beetle, "butterfly": butterfly}
CHUNK = {"cpu": 32}  # images at a time: 32 × 1,600 floats stay in the second-level cache
MANY = 1024  # on an accelerator, where starting a kernel costs more than running it
TOLERANCE = 1  # grey levels between devices
MARGIN = 0.93  # no part of an animal lies further from the middle than this share of the half-width
BODY = {
    "bird": 1.14,
    "fish": 1.16,
    "beetle": 1.24,
    "butterfly": 1.24,
}  # body units to half-widths, for an adult of middle size at middle distance


def frame(plan: str, points: np.ndarray, look: dict, lens: dict) -> dict[str, np.ndarray]:
    """Fit animals into the picture: scale, shift and rotation, such that every outermost point keeps the
    margin.

    Scale is body size times camera distance, cut back only where the animal would not fit; then the shift is.
    """
    cos, sin = np.cos(lens["rotation"]), np.sin(lens["rotation"])
    stretch = lens["mirror"] * lens["foreshortening"]
    px, py, radius = points[..., 0] * stretch[:, None], points[..., 1], points[..., 2]
    qx, qy = px * cos[:, None] - py * sin[:, None], px * sin[:, None] + py * cos[:, None]
    low_x, high_x = (qx - radius).min(1), (qx + radius).max(1)
    low_y, high_y = (qy - radius).min(1), (qy + radius).max(1)
    room = 2 * MARGIN / np.maximum(high_x - low_x, high_y - low_y)
    scale = np.minimum(BODY[plan] * look["body_size"] * lens["distance"], room)
    # The middle of the animal's box stands in the middle of the picture, then the photographer's hand shakes.
    shift = []
    for low, high, shake in ((low_x, high_x, lens["shift_x"]), (low_y, high_y, lens["shift_y"])):
        free = MARGIN - scale * (high - low) / 2
        shift.append(np.clip(shake, -free, free) - scale * (high + low) / 2)
    return {
        "scale": scale,
        "shift_x": shift[0],
        "shift_y": shift[1],
        "cos": cos,
        "sin": sin,
        "stretch": stretch,
    }


def keypoints(plan: str, look: dict, lens: dict) -> dict[str, np.ndarray]:
    """Tell where an animal's marks (`plans.MARKS`) and outermost points lie in the picture, in half-widths from
    its middle; and its `scale`, half-widths to one body unit.
    """
    _, points, marks = DRAWERS[plan].pose(look)
    fit = frame(plan, points, look, lens)

    def place(x, y):
        x = x * fit["stretch"]
        return np.stack(
            [
                fit["shift_x"] + fit["scale"] * (x * fit["cos"] - y * fit["sin"]),
                fit["shift_y"] + fit["scale"] * (x * fit["sin"] + y * fit["cos"]),
            ],
            axis=-1,
        )

    return {
        **{name: place(*mark) for name, mark in marks.items()},
        "outermost": np.stack([place(points[:, k, 0], points[:, k, 1]) for k in range(points.shape[1])], 1),
        "scale": fit["scale"],
    }


def paint(
    plan: str,
    look: dict,
    lens: dict,
    background: np.ndarray,
    size: int,
    seed: int,
    layers: bool = False,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
    view: np.ndarray | None = None,
):
    """Paint specimens of one plan: uint8 (n, size, size, 3); with `layers`, also each animal's cover as float
    (n, size, size). The place is seen as `view` says (codes into PLANS), else as animals of this plan see it.
    """
    n = len(background)
    out = np.empty((n, size, size, 3), np.uint8)
    cover = np.empty((n, size, size), np.float32) if layers else None
    for rows, picture, alpha in strokes(plan, look, lens, background, size, seed, device, dtype, view):
        out[rows] = picture.cpu().numpy()
        if layers:
            cover[rows] = alpha.cpu().numpy()
    return (out, cover) if layers else out


def strokes(
    plan: str,
    look: dict,
    lens: dict,
    background: np.ndarray,
    size: int,
    seed: int,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
    view: np.ndarray | None = None,
) -> Iterator[tuple[slice, torch.Tensor, torch.Tensor]]:
    """Paint chunk by chunk and leave the pixels on `device`: (rows, uint8 (k, size, size, 3), cover (k, size,
    size)).
    """
    g, points, _ = DRAWERS[plan].pose(look)
    numbers = {
        **g,
        **lens,
        **{f"fit_{name}": value for name, value in frame(plan, points, look, lens).items()},
    }
    device = torch.device(device)
    view = np.full(len(background), PLANS.index(plan)) if view is None else view
    chunk = CHUNK.get(device.type, MANY)
    threads = torch.get_num_threads()
    with torch.inference_mode():
        for start in range(0, len(background), chunk):
            rows = slice(start, start + chunk)
            tensors = {
                # Rounded to single precision before anything is computed, so that all devices start alike.
                name: torch.from_numpy(np.asarray(value[rows], np.float32).reshape(len(background[rows]), -1))
                .to(device)
                .to(dtype)
                for name, value in numbers.items()
            }
            torch.set_num_threads(1)  # two threads on one free core are many times slower than one
            try:
                seen = {k: v[rows] for k, v in lens.items()}
                behind = _behind(seed, view[rows], background[rows], seen, size, device)
                picture, alpha = _chunk(plan, tensors, behind, size)
            finally:
                torch.set_num_threads(threads)
            yield rows, picture, alpha


def _behind(seed, view, background, lens, size, device):
    # The place behind each animal and its sensor's noise, both (n, 3, size * size).
    if device.type != "cpu":
        return _gather(seed, view, background, lens, size, device)
    place, noise = places.cut(seed, view, background, lens, size), places.grain(seed, lens, size)
    return torch.from_numpy(place), torch.from_numpy(noise)


@lru_cache(maxsize=4)
def _kept(seed, size, device):
    # Land and grains stay where pictures are painted: copying them picture by picture would take longer.
    land, grains = places.strips(seed, size), places.grains(seed, size)
    return torch.from_numpy(land).to(device), torch.from_numpy(grains).to(device)


def _gather(seed, view, background, lens, size, device):
    """Do what `places.cut` and `places.grain` do, on a device, to the last bit."""
    land, grains = _kept(seed, size, device)

    def told(values, dtype=torch.long):
        return torch.as_tensor(np.asarray(values), dtype=dtype, device=device)[:, None, None]

    step = torch.arange(size, device=device)
    top, left = (told(corner) for corner in places.corners(lens, size))
    rows, columns, view, habitat = top + step[:, None], left + step, told(view), told(background)
    sharp, soft = (land[view, habitat, k, :, rows, columns].permute(0, 3, 1, 2) for k in (0, 1))
    focus = told(lens["focus"], torch.float32)[..., None]
    light = told(lens["place_light"] / 255, torch.float32)[..., None]
    place = (sharp * focus + soft * (1 - focus)) * light
    top, left = (told(corner) for corner in places.grain_corners(lens, grains.shape[1] - size))
    noise = grains[:, top + step[:, None], left + step].permute(1, 0, 2, 3)
    return place.reshape(len(place), 3, -1), noise.reshape(len(place), 3, -1)


def _chunk(plan, g, behind, size):
    n, device, dtype = len(behind[0]), g["blur"].device, g["blur"].dtype
    area, pixels = size * size, -(-size * size // 64) * 64
    at = torch.arange(pixels, device=device)
    # the padding repeats the first pixel, or it would divide by nothing
    at = torch.where(at < area, at, 0)
    u = ((at % size).to(dtype) + 0.5) * (2 / size) - 1
    v = 1 - ((at // size).to(dtype) + 0.5) * (2 / size)
    # from picture to body
    across, up = u - g["fit_shift_x"], v - g["fit_shift_y"]
    cos, sin = g["fit_cos"] / g["fit_scale"], g["fit_sin"] / g["fit_scale"]
    x = (across * cos + up * sin) / g["fit_stretch"]
    y = up * cos - across * sin
    lx, ly = g["light_x"], g["light_y"]
    light = (
        (lx * g["fit_cos"] + ly * g["fit_sin"]) * g["mirror"],
        ly * g["fit_cos"] - lx * g["fit_sin"],
        g["light_z"],
    )
    canvas = Canvas(x, y, 2 / (size * g["fit_scale"]), light, g["ambient"])
    DRAWERS[plan].draw(canvas, g)
    place, noise = (torch.nn.functional.pad(part.to(dtype), (0, pixels - area)) for part in behind)
    picture = canvas.rgb + place * ((1 - canvas.alpha) * (1 - canvas.shadow))[:, None, :]
    picture = _lens_blur(picture, g["blur"][:, :, None, None], size)
    vignette = 1 - 0.14 * (u.square() + v.square())
    picture = picture * (g["white"] * g["exposure"])[:, :, None] * vignette + noise * g["noise"][:, :, None]
    # a soft shoulder, so that bright sand keeps its colour
    picture = picture - 0.55 * (picture - 0.78).clamp_(0)
    picture = (picture.clamp_(0, 1) * 255 + 0.5).to(torch.uint8)[:, :, :area].reshape(n, 3, size, size)
    return picture.permute(0, 2, 3, 1), canvas.alpha[:, :area].reshape(n, size, size)


def _lens_blur(picture, amount, size):
    # A tent, `amount` of it, of the same variance in shares of the picture at any size: 1-2-1 at 64 pixels.
    n, _, pixels = picture.shape
    wanted = (size / 64) ** 2 / 2
    half = max(2.0, (6 * wanted + 1) ** 0.5)
    reach = int(np.ceil(half)) - 1
    tent = [(half - abs(k)) / sum(half - abs(j) for j in range(-reach, reach + 1)) for k in range(reach + 1)]
    weight = amount * (wanted / sum(2 * w * k * k for k, w in enumerate(tent)))
    square = picture[:, :, : size * size].reshape(n, 3, size, size)
    for axis in (2, 3):
        first, last = square.narrow(axis, 0, 1), square.narrow(axis, size - 1, 1)
        wide = torch.cat([*[first] * reach, square, *[last] * reach], axis)
        around = sum(
            tent[k] * (wide.narrow(axis, reach - k, size) + wide.narrow(axis, reach + k, size) - 2 * square)
            for k in range(1, reach + 1)
        )
        square = square + weight * around
    return torch.nn.functional.pad(square.reshape(n, 3, size * size), (0, pixels - size * size))


__all__ = ["PLANS", "frame", "keypoints", "paint", "strokes"]
