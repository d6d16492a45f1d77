"""Colours that animals have: a ramp for each body plan, from one end of the hue trait to the other."""

from __future__ import annotations

import numpy as np

# sRGB; not the whole circle on purpose: in full, colour alone would name species.
RAMPS = {
    "bird": ("8f3026", "b0562b", "c08a3a", "b7a544", "7d8a3c", "3f7d5a", "2f7d8c", "3f66a0", "5a5590"),
    "fish": ("b8402f", "cf7a33", "d1a548", "a3a452", "5f8f5a", "3c8f85", "3b86a8", "4a6fae", "6f6fa6"),
    "beetle": ("7a2418", "a8431f", "b5762a", "8f7a2c", "5b7a2e", "2c7a4a", "1f7573", "2b5a8c", "463c78"),
    "butterfly": ("a3341f", "cf5a20", "e0902c", "dfb73f", "b5b35c", "6f9c6b", "3f8d9a", "3d6db3", "5f59a5"),
}
BROWN = {"bird": "86694a", "fish": "84775a", "beetle": "5e432c", "butterfly": "6b5138"}


def logistic(x: np.ndarray) -> np.ndarray:
    """Bring a trait to 0 … 1."""
    return 1 / (1 + np.exp(-1.1 * x))


def rgb(code: str) -> np.ndarray:
    """Read a colour "rrggbb" as three numbers from 0 to 1."""
    return np.array([int(code[k : k + 2], 16) / 255 for k in (0, 2, 4)])


def tone(
    plan: str, hue: np.ndarray, shade: np.ndarray, saturation: np.ndarray, light: np.ndarray
) -> np.ndarray:
    """Mix colours (n, 3) from traits: place on the plan's ramp, shade, and factors on saturation and light."""
    ramp = np.stack([rgb(code) for code in RAMPS[plan]])
    at = logistic(hue) * (len(ramp) - 1)
    low = np.minimum(at.astype(int), len(ramp) - 2)
    colour = ramp[low] + (at - low)[:, None] * (ramp[low + 1] - ramp[low])
    grey = colour.mean(axis=1, keepdims=True)
    lit = (light * (0.8 + 0.4 * logistic(shade)))[:, None]
    return np.clip((grey + saturation[:, None] * (colour - grey)) * lit, 0, 1)
