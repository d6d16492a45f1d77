"""Pose, light and lens of one photograph: what must not matter, drawn by keys of its own and turned by dials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedlab.world import keys
from embedlab.world.dials import Evolution

if TYPE_CHECKING:
    from embedlab.world.phenotype import Specimens


def camera(seed: int, met: Specimens, dials: Evolution | None = None) -> dict[str, np.ndarray]:
    """Draw pose, light and lens of each photograph; lengths as shares of the picture's half-width, angles in
    radians.

    The dials `pose`, `light`, `camera` and `background` multiply how far each number strays from its middle;
    at 0 it stays there. The draws themselves are the same at any setting.
    """
    dials = dials or Evolution()
    pose, lit, lens, place = dials.pose, dials.light, dials.camera, dials.background
    where = (met.species, met.individual, met.photo)
    u = keys.uniforms(seed, "camera", 10, *where)
    z = keys.normals(seed, "lens", 8, *where)
    light = keys.normals(seed, "light", 2, *where)
    azimuth, elevation = 2.2 + 0.5 * lit * light[:, 0], np.clip(0.75 + 0.15 * lit * light[:, 1], 0.1, 1.5)
    return {
        "shift_x": 0.07 * pose * z[:, 0],
        "shift_y": 0.06 * pose * z[:, 1],
        "rotation": np.clip(0.14 * pose * z[:, 2], -0.4 * max(pose, 1), 0.4 * max(pose, 1)),
        "mirror": np.where(u[:, 0] < 0.5 * min(pose, 1), -1.0, 1.0),
        "foreshortening": np.maximum(1 - 0.25 * pose * u[:, 1] ** 2, 0.4),
        "distance": np.exp(0.10 * lens * z[:, 3]),  # a nuisance of its own, apart from body size
        "exposure": 1.07 * np.exp(0.14 * lens * z[:, 4]),
        "white": 1 + np.clip(0.05 * lens * z[:, 5:8], -0.5, 0.5),  # red, green, blue
        "ambient": np.clip(0.52 + 0.2 * lit * (u[:, 2] - 0.5), 0.2, 0.9),
        "light_x": np.cos(elevation) * np.cos(azimuth),
        "light_y": np.cos(elevation) * np.sin(azimuth),
        "light_z": np.sin(elevation),
        "place_x": _about_half(u[:, 3], place),
        "place_y": _about_half(u[:, 4], place),
        "focus": _about_half(u[:, 5], place),
        "place_light": 0.95 + 0.34 * np.clip(place * (u[:, 8] - 0.5), -1, 1),
        "blur": np.minimum(0.85 * lens * u[:, 9] ** 2, 1.0),
        "noise": lens * (0.004 + 0.020 * u[:, 6] ** 1.5),
        "grain": u[:, 7],
    }


def still(lens: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Hold the camera still: no tilt, shift, mirror, blur, noise or tint; the light and the place stay."""
    calm = {name: np.zeros_like(lens[name]) for name in ("rotation", "shift_x", "shift_y", "noise", "blur")}
    plain = ("foreshortening", "mirror", "distance", "white", "exposure")
    return {**lens, **calm, **{name: np.ones_like(lens[name]) for name in plain}}


def _about_half(u: np.ndarray, strays: float) -> np.ndarray:
    # A place on a strip: never past its ends.
    return u if strays == 1 else np.clip(0.5 + strays * (u - 0.5), 0, 1 - 1e-9)
