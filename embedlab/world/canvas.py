"""The canvas: one batch of animals in the making, part over part, each lit by itself.

It works on tensors through their methods alone, on whatever device they lie, and knows no torch by name.
"""

from __future__ import annotations


class Canvas:
    """One batch of pictures of one body plan: pixel places in body units, light, and the layer painted so
    far.
    """

    def __init__(self, x, y, pixel, light, ambient):
        self.x, self.y, self.pixel = x, y, pixel
        self.light, self.ambient = light, ambient
        self.rgb = x.new_zeros(x.shape[0], 3, x.shape[1])
        self.alpha = x.new_zeros(x.shape)
        self.shadow = x.new_zeros(x.shape)

    @staticmethod
    def colour(values):
        """Shape a colour (b, 3) so that it meets pixels."""
        return values[:, :, None]

    @staticmethod
    def plane(values):
        """Shape numbers per pixel (b, p) so that they meet colours."""
        return values[:, None, :]

    def grey(self, value: float):
        """Give a grey of this level."""
        return self.x.new_full((1, 3, 1), value)

    @staticmethod
    def mix(first, second, weight):
        """Blend two colours; a weight of 0 is the first, per image (b, 1) or per pixel (b, p)."""
        if not isinstance(weight, float):
            weight = weight[:, None, :]
        return first.lerp(second, weight)

    @staticmethod
    def smooth(off, on, value):
        """Go smoothly from 0 at `off` to 1 at `on`."""
        t = ((value - off) / (on - off)).clamp_(0, 1)
        return t * t * (3 - 2 * t)

    def pattern(self, u, v, g, upright: bool = False):
        """Give the strength of stripes and spots, 0 to 1, in coat coordinates."""
        f = g["pattern_frequency"]
        sway = (u * 7 + 1.3).sin() * (v * 9 + 0.6).cos()  # no row of nature is quite straight
        across = (u if upright else 0.35 * u + v) * 26 * f
        stripes = ((across + 2.0 * (v if upright else u) + 0.7 * sway).sin() * 2.0 - 0.2).clamp_(0, 1) * (
            (g["stripes"] - 0.35) * 1.8
        ).clamp(0, 1)
        # spots stand in the gaps of their neighbours' rows, as laid bricks do
        spots = ((u * 33 * f).sin() * (v * 33 * f + 0.9 * sway).sin() * 4.0 - 1.5 + 0.6 * sway).clamp_(0, 1)
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
        self._put(d, (0.5 * shine)[:, None, :].addcmul(colour, shade[:, None, :]))

    def _put(self, d, colour, opacity: float = 1.0):
        cover = (0.5 - d / self.pixel).clamp_(0, 1)
        if opacity != 1.0:
            cover = cover * opacity
        self.rgb.lerp_(colour, cover[:, None, :])
        self.alpha += cover * (1 - self.alpha)
