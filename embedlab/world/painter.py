"""The painter: batches of specimens to pixels, by signed distances in torch (the only file of the room that
knows it).

Every operation works element by element on (images, pixels), the pixels padded to a multiple of 64 so that no
image ever falls into the odd end of a vector loop: an image has the same bytes in any batch, any order, alone
or not.
"""

from __future__ import annotations

import numpy as np
import torch

from embedlab.world import places
from embedlab.world.plans import beetle, bird, butterfly, fish
from embedlab.world.tree import PLANS

DRAWERS = {"bird": bird, "fish": fish, "beetle": beetle, "butterfly": butterfly}
CHUNK = 32  # images at a time: 32 × 1,600 floats stay in the second-level cache
MARGIN = 0.93  # no part of an animal lies further from the middle than this share of the half-width
BODY = {
    "bird": 1.14,
    "fish": 1.16,
    "beetle": 1.24,
    "butterfly": 1.36,
}  # body units to half-widths, for an adult of middle size at middle distance


class Canvas:
    """One batch of pictures of one body plan: pixel places in body units, light, and the layer painted so
    far.
    """

    def __init__(self, x, y, pixel, light, ambient):
        self.x, self.y, self.pixel = x, y, pixel
        self.light, self.ambient = light, ambient
        self.rgb = torch.zeros(x.shape[0], 3, x.shape[1])
        self.alpha = torch.zeros_like(x)
        self.shadow = torch.zeros_like(x)

    @staticmethod
    def colour(values):
        """Shape a colour (b, 3) so that it meets pixels."""
        return values[:, :, None]

    @staticmethod
    def plane(values):
        """Shape numbers per pixel (b, p) so that they meet colours."""
        return values[:, None, :]

    @staticmethod
    def grey(value: float):
        """Give a grey of this level."""
        return torch.full((1, 3, 1), value)

    @staticmethod
    def mix(first, second, weight):
        """Blend two colours; a weight of 0 is the first, per image (b, 1) or per pixel (b, p)."""
        if isinstance(weight, torch.Tensor):
            weight = weight[:, None, :]
        return first + weight * (second - first)

    @staticmethod
    def smooth(off, on, value):
        """Go smoothly from 0 at `off` to 1 at `on`."""
        t = ((value - off) / (on - off)).clamp_(0, 1)
        return t * t * (3 - 2 * t)

    def pattern(self, u, v, g, upright: bool = False):
        """Give the strength of stripes and spots, 0 to 1, in coat coordinates."""
        f = g["pattern_frequency"]
        across = (u if upright else 0.35 * u + v) * 26 * f
        stripes = ((across + 2.0 * (v if upright else u)).sin() * 2.0 - 0.2).clamp_(0, 1) * (
            (g["stripes"] - 0.35) * 1.8
        ).clamp(0, 1)
        rows = v * 24 * f
        spots = ((u * 24 * f + rows).sin() * (rows - u * 24 * f).sin() * 3.0 - 0.9).clamp_(0, 1)
        spots = spots * ((g["spots"] - 0.35) * 1.8).clamp(0, 1)
        return stripes.maximum(spots) * g["pattern_contrast"] * 1.3

    def shade(self, d, softness: float, strength: float):
        """Darken the place behind, `strength` at most, fading over `softness` at the shadow's edge."""
        self.shadow = self.shadow.maximum(strength * self.smooth(softness, -softness, d))

    def flat(self, d, colour, opacity: float = 1.0):
        """Lay down a thin part, lit evenly."""
        self._put(d, colour * self._even, opacity)

    @property
    def _even(self):
        return (self.ambient + (1 - self.ambient) * 0.75)[:, :, None]

    def solid(self, d, nx, ny, radius, colour, gloss: float = 0.12, rim: float = 1.0):
        """Lay down a rounded part: its normal tilts outwards by `rim` at its edge and faces us where it is
        thick.
        """
        t = (d * (-1.0 / radius)).clamp_(0, 1)
        k = (1 - t) * rim
        lx, ly, lz = self.light
        lambert = ((nx * lx + ny * ly) * k + lz * (1 - k * k).sqrt()).clamp_(0, 1)
        shade = self.ambient + (1 - self.ambient) * 1.12 * lambert
        shine = lambert * lambert
        shine = shine * shine
        shine = shine * shine
        shine = shine * shine * gloss
        self._put(d, (colour * shade[:, None, :]) + shine[:, None, :] * 0.5)

    def _put(self, d, colour, opacity: float = 1.0):
        cover = (0.5 - d / self.pixel).clamp_(0, 1)
        if opacity != 1.0:
            cover = cover * opacity
        self.rgb += cover[:, None, :] * (colour - self.rgb)
        self.alpha += cover * (1 - self.alpha)


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
    """Tell where beak base and tip and the outermost points lie in the picture, in half-widths from its
    middle.
    """
    g, points = DRAWERS[plan].pose(look)
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
        "beak_base": place(g["bx"], g["by"]),
        "beak_tip": place(g["tip_x"], g["tip_y"]),
        "outermost": np.stack([place(points[:, k, 0], points[:, k, 1]) for k in range(points.shape[1])], 1),
        "scale": fit["scale"],
    }


def paint(
    plan: str, look: dict, lens: dict, background: np.ndarray, size: int, seed: int, layers: bool = False
):
    """Paint specimens of one plan: uint8 (n, size, size, 3); with `layers`, also each animal's cover as float
    (n, size, size).
    """
    torch.set_num_threads(1)  # two threads on one free core are many times slower than one
    g, points = DRAWERS[plan].pose(look)
    fit = frame(plan, points, look, lens)
    numbers = {name: np.asarray(value, np.float32) for name, value in g.items()}
    n = len(background)
    out = np.empty((n, size, size, 3), np.uint8)
    cover = np.empty((n, size, size), np.float32) if layers else None
    with torch.inference_mode():
        for start in range(0, n, CHUNK):
            rows = slice(start, start + CHUNK)
            picture, alpha = _chunk(
                plan,
                {name: value[rows] for name, value in numbers.items()},
                {
                    name: value[rows]
                    for name, value in {**lens, **{f"fit_{k}": v for k, v in fit.items()}}.items()
                },
                background[rows],
                size,
                seed,
            )
            out[rows] = picture
            if layers:
                cover[rows] = alpha
    return (out, cover) if layers else out


def _chunk(plan, numbers, lens, background, size, seed):
    n = len(background)
    pixels = -(-size * size // 64) * 64
    u = np.zeros((2, pixels), np.float32)
    rows, columns = np.divmod(np.arange(size * size), size)
    u[0, : size * size] = (columns + 0.5) * 2 / size - 1
    u[1, : size * size] = 1 - (rows + 0.5) * 2 / size
    u = torch.from_numpy(u)
    g = {
        name: torch.from_numpy(np.ascontiguousarray(value if value.ndim == 2 else value[:, None]))
        for name, value in numbers.items()
    }
    t = {
        name: torch.from_numpy(np.asarray(value, np.float32)[:, None].copy())
        for name, value in lens.items()
        if value.ndim == 1
    }
    # from picture to body
    across, up = u[0] - t["fit_shift_x"], u[1] - t["fit_shift_y"]
    cos, sin = t["fit_cos"] / t["fit_scale"], t["fit_sin"] / t["fit_scale"]
    x = (across * cos + up * sin) / t["fit_stretch"]
    y = up * cos - across * sin
    lx, ly = t["light_x"], t["light_y"]
    light = (
        (lx * t["fit_cos"] + ly * t["fit_sin"]) * t["mirror"],
        ly * t["fit_cos"] - lx * t["fit_sin"],
        t["light_z"],
    )
    canvas = Canvas(x, y, 2 / (size * t["fit_scale"]), light, t["ambient"])
    DRAWERS[plan].draw(canvas, g)
    picture = torch.zeros(n, 3, pixels)
    picture[:, :, : size * size] = torch.from_numpy(places.cut(seed, plan, background, lens, size))
    picture = canvas.rgb + picture * ((1 - canvas.alpha) * (1 - canvas.shadow))[:, None, :]
    picture = _lens_blur(picture, t["blur"][:, :, None, None], size)
    white = torch.from_numpy(np.asarray(lens["white"] * lens["exposure"][:, None], np.float32))[:, :, None]
    vignette = 1 - 0.14 * (u[0].square() + u[1].square())
    noise = torch.zeros(n, 3, pixels)
    noise[:, :, : size * size] = torch.from_numpy(places.grain(seed, lens, size))
    picture = picture * white * vignette + noise * t["noise"][:, :, None]
    picture = picture - 0.55 * (picture - 0.78).clamp_(
        0
    )  # a soft shoulder, so that bright sand keeps its colour
    picture = (
        (picture.clamp_(0, 1) * 255 + 0.5).to(torch.uint8)[:, :, : size * size].reshape(n, 3, size, size)
    )
    alpha = canvas.alpha[:, : size * size].reshape(n, size, size)
    return picture.permute(0, 2, 3, 1).numpy(), alpha.numpy()


def _lens_blur(picture, amount, size):
    # A 1-2-1 kernel, `amount` of it, in steps of a fixed share of the picture: the same softness at any size.
    n, _, pixels = picture.shape
    step = max(1, round(size / 64))
    square = picture[:, :, : size * size].reshape(n, 3, size, size)
    weight = amount * 0.25 * min(1.0, size / 64 / step)
    for axis in (2, 3):
        first, last = square.narrow(axis, 0, step), square.narrow(axis, size - step, step)
        wide = torch.cat([first, square, last], axis)
        before, after = wide.narrow(axis, 0, size), wide.narrow(axis, 2 * step, size)
        square = square + weight * (before + after - 2 * square)
    out = torch.zeros(n, 3, pixels)
    out[:, :, : size * size] = square.reshape(n, 3, size * size)
    return out


__all__ = ["PLANS", "frame", "keypoints", "paint"]
