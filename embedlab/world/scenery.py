"""The land of a world: five habitats, each seen from the side (birds), under water (fish), on the ground
(beetles) and on leaves and flowers (butterflies).

Drawn with pillow at twice the size and reduced; every strip starts from a graded ground and is overlaid from
far to near, far layers blurred more. The palette and the kinds of thing (trunks, blades, ripples, dunes,
lichen) tell the habitat.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_DOUBLE = 2


class Scene:
    """A picture in the making; lengths are shares of its height, places run over its whole width."""

    def __init__(self, width: int, height: int, rng: np.random.Generator):
        self.w, self.h, self.rng = width * _DOUBLE, height * _DOUBLE, rng
        self.image = Image.new("RGB", (self.w, self.h))

    def grade(self, *stops: tuple[float, tuple[int, int, int]]) -> None:
        """Fill with colours given at heights from 0 (top) to 1 (bottom)."""
        at = np.linspace(0, 1, self.h)
        places = [stop for stop, _ in stops]
        rows = np.stack([np.interp(at, places, [colour[k] for _, colour in stops]) for k in range(3)], 1)
        self.image = Image.fromarray(
            np.broadcast_to(rows[:, None], (self.h, self.w, 3)).astype(np.uint8).copy()
        )

    def cloud(
        self, wide: float, high: float, amount: float, top: float = 0.0, bottom: float = 1.0, tint=(1, 1, 1)
    ) -> None:
        """Lighten and darken in patches of the given size, between two heights, `amount` in grey levels."""
        field = np.zeros((self.h, self.w), np.float32)
        for octave in range(3):
            shape = (max(2, int(2**octave / high)), max(2, int(self.w / self.h * 2**octave / wide)))
            noise = Image.fromarray(self.rng.standard_normal(shape).astype(np.float32))
            field += np.asarray(noise.resize((self.w, self.h), Image.Resampling.BICUBIC)) * 0.6**octave
        rows = np.linspace(0, 1, self.h)[:, None]
        field *= np.clip((rows - top) * 12 + 0.5, 0, 1) * np.clip((bottom - rows) * 12 + 0.5, 0, 1) * amount
        self.image = Image.fromarray(
            np.clip(np.asarray(self.image) + field[..., None] * np.array(tint), 0, 255).astype(np.uint8)
        )

    def overlay(self, paint: Callable[[ImageDraw.ImageDraw], None], blur: float = 0.0) -> None:
        """Draw one layer over what is there, softened by `blur` (share of the height)."""
        layer = Image.new("RGBA", (self.w, self.h))
        paint(ImageDraw.Draw(layer))
        reach = int(4 * blur * self.h) + 1
        if (box := layer.getbbox()) is None:
            return
        box = (
            max(box[0] - reach, 0),
            max(box[1] - reach, 0),
            min(box[2] + reach, self.w),
            min(box[3] + reach, self.h),
        )
        layer = layer.crop(box)
        if blur:
            # Premultiplied, or the empty black around things would darken their edges.
            layer = layer.convert("RGBa").filter(ImageFilter.GaussianBlur(blur * self.h)).convert("RGBA")
        self.image.paste(layer, box[:2], layer)

    def tone(self, colour, spread: float = 14.0, opacity: float = 1.0) -> tuple[int, int, int, int]:
        """Vary a colour a little: brightness together, channels less."""
        shade = self.rng.normal(0, spread) + self.rng.normal(0, spread / 3, 3)
        return (
            *(int(np.clip(value + s, 0, 255)) for value, s in zip(colour, shade, strict=True)),
            int(255 * opacity),
        )

    def some(self, per_height: float):
        """Give as many places across as there should be per one height of width, in random order."""
        return self.rng.random(int(per_height * self.w / self.h)) * self.w

    def blades(self, count, base, length, width, colours, lean=0.25, blur=0.0, spread=0.0) -> None:
        """Grow curved blades upwards (negative length: downwards) from about `base`."""

        def paint(pen):
            for x in self.some(count):
                y = (base + self.rng.uniform(-spread, spread)) * self.h
                tall = length * self.h * self.rng.uniform(0.6, 1.25)
                bend, thick = self.rng.normal(0, lean) * tall, width * self.h * self.rng.uniform(0.6, 1.4)
                middle = (x + bend * 0.3, y - tall * 0.55)
                tip = (x + bend, y - tall)
                edge = [
                    (x - thick, y),
                    (middle[0] - thick * 0.8, middle[1]),
                    tip,
                    (middle[0] + thick * 0.8, middle[1]),
                    (x + thick, y),
                ]
                pen.polygon(edge, fill=self.tone(colours[self.rng.integers(len(colours))]))

        self.overlay(paint, blur)

    def discs(self, count, top, bottom, size, colours, flat=1.0, blur=0.0, opacity=1.0, spread=14.0) -> None:
        """Scatter round things; `flat` squeezes them in height; things further down are nearer and larger."""

        def paint(pen):
            places = np.sort(self.rng.uniform(top, bottom, len(self.some(count))))
            for y, x in zip(places, self.rng.random(len(places)) * self.w, strict=True):
                near = 0.45 + 0.9 * (y - top) / (bottom - top + 1e-9) if flat < 1 else 1.0
                r = size * self.h * self.rng.uniform(0.5, 1.5) * near
                fill = self.tone(colours[self.rng.integers(len(colours))], spread, opacity)
                pen.ellipse((x - r, y * self.h - r * flat, x + r, y * self.h + r * flat), fill=fill)

        self.overlay(paint, blur)

    def patches(self, count, top, bottom, size, colours, flat=1.0, blur=0.0) -> None:
        """Scatter patches with uneven edges, as old snow and moss have."""

        def paint(pen):
            turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
            for x in self.some(count):
                y, r = self.rng.uniform(top, bottom) * self.h, size * self.h * self.rng.uniform(0.4, 1.5)
                waves = sum(
                    self.rng.uniform(-0.35, 0.35) * np.sin(k * turn + self.rng.uniform(0, 6.28)) / k**0.5
                    for k in (2, 3, 5)
                )
                edge = r * (1 + waves)
                fill = self.tone(colours[self.rng.integers(len(colours))], 6)
                pen.polygon(
                    list(zip(x + 1.4 * edge * np.cos(turn), y + flat * edge * np.sin(turn), strict=True)),
                    fill=fill,
                )

        self.overlay(paint, blur)

    def leaves(self, count, size, colours, narrow=0.42, blur=0.0, top=0.0, bottom=1.0) -> None:
        """Scatter pointed leaves lying in all directions, each with a midrib and a shadow."""

        def paint(pen):
            for x in self.some(count):
                y = self.rng.uniform(top, bottom) * self.h
                r, turn = size * self.h * self.rng.uniform(0.5, 1.4), self.rng.uniform(0, 2 * np.pi)
                t = np.linspace(0, np.pi, 9)
                along, across = r * np.cos(t), r * narrow * np.sin(t) ** 0.8
                side = np.concatenate(
                    [np.stack([along, across], 1), np.stack([along[::-1], -across[::-1]], 1)]
                )
                rotated = side @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + [
                    x,
                    y,
                ]
                fill = self.tone(colours[self.rng.integers(len(colours))], 16)
                pen.polygon([(a + 0.16 * r, b + 0.16 * r) for a, b in rotated], fill=(10, 8, 5, 90))
                pen.polygon([tuple(p) for p in rotated], fill=fill)
                pen.line(
                    [tuple(rotated[0]), tuple(rotated[9 - 1])],
                    fill=(*(int(v * 0.7) for v in fill[:3]), 255),
                    width=2,
                )

        self.overlay(paint, blur)

    def flowers(self, count, size, colours, petals=6, heart=(226, 186, 70), blur=0.0, top=0.0, bottom=1.0) -> None:
        """Scatter open flowers seen from above, petals round a heart."""

        def paint(pen):
            for x in self.some(count):
                y, r = self.rng.uniform(top, bottom) * self.h, size * self.h * self.rng.uniform(0.6, 1.2)
                turn = self.rng.uniform(0, 6.28) + np.arange(petals) * 2 * np.pi / petals
                fill, wide = self.tone(colours[self.rng.integers(len(colours))], 8), 1.9 * r / petals + 0.1 * r
                pen.ellipse((x - 0.8 * r, y - 0.7 * r, x + 1.1 * r, y + 1.2 * r), fill=(10, 12, 6, 70))
                for a, b in zip(x + 0.62 * r * np.cos(turn), y + 0.62 * r * np.sin(turn), strict=True):
                    pen.ellipse((a - wide, b - wide, a + wide, b + wide), fill=self.tone(fill[:3], 6))
                pen.ellipse((x - 0.3 * r, y - 0.3 * r, x + 0.3 * r, y + 0.3 * r), fill=self.tone(heart, 8))

        self.overlay(paint, blur)

    def pads(self, count, size, colours) -> None:
        """Float lily pads: round leaves with a notch, rays and a shadow on the water."""

        def paint(pen):
            for x in self.some(count):
                y, r = self.rng.uniform(0, 1) * self.h, size * self.h * self.rng.uniform(0.55, 1.3)
                start = self.rng.uniform(0, 360)
                fill = self.tone(colours[self.rng.integers(len(colours))], 8)
                pen.ellipse((x - 0.9 * r, y - 0.85 * r, x + 1.1 * r, y + 1.15 * r), fill=(8, 16, 14, 90))
                pen.pieslice((x - r, y - r, x + r, y + r), start, start + 335, fill=fill)
                vein = (*(int(v * 1.16) for v in fill[:3]), 255)
                for turn in np.radians(start + np.linspace(25, 310, 8)):
                    end = (x + 0.85 * r * np.cos(turn), y + 0.85 * r * np.sin(turn))
                    pen.line([(x, y), end], fill=vein, width=max(1, int(0.03 * r)))

        self.overlay(paint)

    def ridge(self, base, rise, wave, colour, blur=0.0, rough=0.0) -> None:
        """Lay a hill, dune or mountain across: a skyline at height `base`, with waves `wave` heights long."""
        steps = np.arange(0, self.w + 8, 8)
        phase = self.rng.uniform(0, 6.28, 3)
        line = sum(
            np.sin(steps / self.h * 6.28 / (wave * f) + p) / k
            for k, (f, p) in enumerate(zip((1, 0.57, 0.31), phase, strict=True), 1)
        )
        line = (base - rise * 0.5 * line) * self.h + self.rng.normal(0, rough * self.h + 1e-9, len(steps))
        fill = self.tone(colour, 4)
        self.overlay(
            lambda pen: pen.polygon(
                [(0, self.h), *zip(steps, line, strict=True), (self.w, self.h)], fill=fill
            ),
            blur,
        )

    def streaks(self, count, top, bottom, length, width, colours, opacity=0.5, blur=0.0) -> None:
        """Draw level streaks: ripples on water or sand, finer and closer with distance."""

        def paint(pen):
            for x in self.some(count):
                depth = self.rng.random() ** 1.6
                y, near = (top + (bottom - top) * depth) * self.h, 0.3 + depth
                reach = length * self.h * near * self.rng.uniform(0.4, 1.3)
                t = np.linspace(-1, 1, 7)
                wave = y + np.sin(t * 3 + self.rng.uniform(0, 6.28)) * width * self.h * near
                fill = self.tone(colours[self.rng.integers(len(colours))], 8, opacity)
                pen.line(
                    list(zip(x + t * reach, wave, strict=True)),
                    fill=fill,
                    width=max(1, round(width * self.h * near)),
                )

        self.overlay(paint, blur)

    def trunks(self, count, width, colour, blur=0.0, foot=0.9, lit=0.0) -> None:
        """Raise tree trunks from top to foot, with bark and, if `lit`, a lighter side."""

        def paint(pen):
            for x in self.some(count):
                thick, lean = width * self.h * self.rng.uniform(0.5, 1.5), self.rng.normal(0, 0.03) * self.h
                tone, base = self.tone(colour, 10), foot * self.h * self.rng.uniform(0.92, 1.06)
                pen.polygon(
                    [
                        (x - thick + lean, 0),
                        (x + thick + lean, 0),
                        (x + 1.25 * thick, base),
                        (x - 1.25 * thick, base),
                    ],
                    fill=tone,
                )
                for _ in range(int(5 * (lit > 0))):
                    off, start = self.rng.uniform(-0.9, 0.9), self.rng.uniform(0, 0.6) * base
                    shade = tuple(
                        int(np.clip(v * (1 + lit * (-off + self.rng.normal(0, 0.4))), 0, 255))
                        for v in tone[:3]
                    )
                    end = start + self.rng.uniform(0.2, 0.5) * base
                    pen.line(
                        [(x + off * thick + lean * 0.6, start), (x + off * thick, end)],
                        fill=(*shade, 255),
                        width=max(1, int(thick / 3)),
                    )

        self.overlay(paint, blur)

    def shafts(self, count, colour, opacity, blur=0.03) -> None:
        """Let light fall in slanted shafts."""

        def paint(pen):
            for x in self.some(count):
                wide, slant = self.h * self.rng.uniform(0.04, 0.14), self.h * 0.35
                fill = (*colour, int(255 * opacity * self.rng.uniform(0.4, 1)))
                pen.polygon(
                    [(x, 0), (x + wide, 0), (x + wide * 1.6 - slant, self.h), (x - slant, self.h)], fill=fill
                )

        self.overlay(paint, blur)

    def strip(self) -> Image.Image:
        """Give the finished picture in the width and height that were asked for."""
        return self.image.resize((self.w // _DOUBLE, self.h // _DOUBLE), Image.Resampling.BOX)
