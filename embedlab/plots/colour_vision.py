"""How far apart colours look, to full colour vision and to three kinds of colour blindness.

Colours go from sRGB to CAM02-UCS (Luo, Cui & Li 2006, over CIECAM02 as seen on a screen in an office), where a
distance of 1 is just seen side by side and small dots need about 10. Colour blindness is that of Machado, Oliveira &
Fernandes (2009) at full severity.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from embedlab.plots.theme import BLACK, PAPER

ENOUGH = 10.0  # CAM02-UCS; closer colours are hard to tell in small dots
VISIONS = ("normal", "deuteranopia", "protanopia", "tritanopia")

# Machado et al. 2009, table 1, severity 1; they act on linear light.
SEEN = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = 100 * np.array(  # IEC 61966-2-1
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
CAT02 = np.array([[0.7328, 0.4296, -0.1624], [-0.7036, 1.6975, 0.0061], [0.0030, 0.0136, 0.9834]])
HPE = np.array([[0.38971, 0.68898, -0.07868], [-0.22981, 1.18340, 0.04641], [0.0, 0.0, 1.0]])
WHITE = np.array([95.047, 100.0, 108.883])  # D65
LIGHT, GREY_WORLD = 64 / np.pi / 5, 20.0  # adapting luminance in cd/m² and background, as sRGB assumes them


def linear(colour: str) -> np.ndarray:
    """Give red, green and blue light of a colour `#rrggbb`, each from 0 to 1.

    >>> linear("#ff0080").round(3).tolist()
    [1.0, 0.0, 0.216]
    """
    if len(colour) != 7 or colour[0] != "#" or any(c not in "0123456789abcdefABCDEF" for c in colour[1:]):
        raise ValueError(f"{colour!r} is no colour: write it as #rrggbb")
    part = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(colour: str, ground: str = "#ffffff") -> float:
    """Give the contrast of a colour with its ground: 1 is none, 21 is black on white (WCAG 2).

    Text needs 4.5, lines and marks 3.

    >>> round(contrast("#000000"), 1), round(contrast("#767676"), 2)
    (21.0, 4.54)
    """
    light = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (colour, ground))
    return (light[1] + 0.05) / (light[0] + 0.05)


def legible(ground: str) -> str:
    """Give black or white for words, whichever has more contrast on a ground; the dark screen exchanges them."""
    return max((BLACK, PAPER), key=lambda colour: contrast(colour, ground))


def cam02_ucs(light: np.ndarray) -> np.ndarray:
    """Give lightness J' and the hues a' and b' of rows of linear light: steps that look equal are equally long."""
    response, white = light @ TO_XYZ.T @ CAT02.T, CAT02 @ WHITE
    adapted = 1 - np.exp((-LIGHT - 42) / 92) / 3.6
    scale = adapted * 100 / white + 1 - adapted
    k = 1 / (5 * LIGHT + 1)
    f_l = 0.2 * k**4 * 5 * LIGHT + 0.1 * (1 - k**4) ** 2 * (5 * LIGHT) ** (1 / 3)
    n = GREY_WORLD / 100
    n_bb, z = 0.725 * n**-0.2, 1.48 + np.sqrt(n)

    def cones(values):
        x = f_l * (values @ np.linalg.inv(CAT02).T @ HPE.T) / 100
        return np.sign(x) * 400 * np.abs(x) ** 0.42 / (27.13 + np.abs(x) ** 0.42) + 0.1

    r, g, b = np.moveaxis(cones(response * scale), -1, 0)
    rw, gw, bw = cones(white * scale)
    red, blue = r - 12 * g / 11 + b / 11, (r + g - 2 * b) / 9
    hue = np.arctan2(blue, red)
    bright = np.maximum(2 * r + g + b / 20 - 0.305, 0) * n_bb
    j = 100 * (bright / ((2 * rw + gw + bw / 20 - 0.305) * n_bb)) ** (0.69 * z)
    eccentric = (np.cos(hue + 2) + 3.8) / 4
    t = 50000 / 13 * n_bb * eccentric * np.hypot(red, blue) / (r + g + 1.05 * b)
    chroma = t**0.9 * np.sqrt(j / 100) * (1.64 - 0.29**n) ** 0.73
    colourful = np.log1p(0.0228 * chroma * f_l**0.25) / 0.0228
    return np.stack([1.7 * j / (1 + 0.007 * j), colourful * np.cos(hue), colourful * np.sin(hue)], -1)


def distances(colours: Sequence[str], vision: str = "normal") -> np.ndarray:
    """Give how different each two colours look, 0 for the same; `vision` is one of `VISIONS`.

    >>> distances(["#ffffff", "#000000"]).round(0).tolist()
    [[0.0, 100.0], [100.0, 0.0]]
    """
    if vision not in SEEN:
        raise ValueError(f"no vision called {vision!r}: use one of {', '.join(VISIONS)}")
    light = np.array([linear(c) for c in colours]).reshape(-1, 3) @ SEEN[vision].T
    at = cam02_ucs(np.clip(light, 0, 1))  # a screen shows no more
    return np.linalg.norm(at[:, None] - at[None], axis=-1)


def nearest(colours: Sequence[str], vision: str = "normal") -> tuple[float, tuple[str, str]]:
    """Give the smallest difference between two of the colours, and which two; infinite for fewer than two."""
    if len(colours) < 2:
        return float("inf"), ("", "")
    between = distances(colours, vision)
    i, j = min(combinations(range(len(colours)), 2), key=lambda pair: between[pair])
    return float(between[i, j]), (colours[i], colours[j])
