"""From a species to one photograph: sex, life stage, individual and camera, each drawn by its own key."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from embedlab.world import keys
from embedlab.world.traits import ALL, COLOUR, FUNCTIONAL, HABITATS, KINDS, ORNAMENT, OTHER, Evolved

SEXES, STAGES = ("female", "male"), ("juvenile", "subadult", "adult")
MET = (0.25, 0.15, 0.60)  # shares of the stages where the draws are not balanced
YOUTH = (1.0, 0.45, 0.0)  # how much of a juvenile each stage is
COLOUR_NOISE, SHAPE_NOISE = 0.45, 0.15  # individual differences, in species standard deviations

# How a juvenile differs from its adult: a factor on each measure.
JUVENILE = {
    "body_size": 0.78,
    "elongation": 0.87,
    "head_size": 1.28,
    "beak_length": 0.62,
    "beak_depth": 0.85,
    "beak_curvature": 0.6,
    "tail_length": 0.55,
    "tail_fork": 0.4,
    "wing_length": 0.8,
    "leg_length": 0.88,
    "pattern_contrast": 0.65,
}
# Colours that animals have, from one end of the hue trait to the other (sRGB); not the whole circle on
# purpose.
RAMPS = {
    "bird": ("8f3026", "b0562b", "c08a3a", "b7a544", "7d8a3c", "3f7d5a", "2f7d8c", "3f66a0", "5a5590"),
    "fish": ("b8402f", "cf7a33", "d1a548", "a3a452", "5f8f5a", "3c8f85", "3b86a8", "4a6fae", "6f6fa6"),
    "beetle": ("7a2418", "a8431f", "b5762a", "8f7a2c", "5b7a2e", "2c7a4a", "1f7573", "2b5a8c", "463c78"),
    "butterfly": ("a3341f", "cf5a20", "e0902c", "dfb73f", "b5b35c", "6f9c6b", "3f8d9a", "3d6db3", "5f59a5"),
}
BROWN = {"bird": "86694a", "fish": "84775a", "beetle": "5e432c", "butterfly": "6b5138"}


@dataclass(frozen=True, eq=False)
class Specimens:
    """Who is photographed: one entry per image in every column; codes into SEXES, STAGES and HABITATS."""

    index: np.ndarray  # place in the endless sequence: number × species + species index
    species: np.ndarray
    individual: np.ndarray
    photo: np.ndarray
    sex: np.ndarray
    life_stage: np.ndarray
    background: np.ndarray

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, rows: slice | np.ndarray) -> Specimens:
        """Pick images by slice, positions or mask, in the order asked."""
        return Specimens(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def replace(self, **columns: np.ndarray | int | np.integer) -> Specimens:
        """Change whole columns (a twin in another place, of the other sex, …); every other draw stays as it
        was.
        """
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        if unknown := set(columns) - set(given):
            raise KeyError(f"specimens have no column {sorted(unknown)}; there are {sorted(given)}")
        changed = {name: np.broadcast_to(value, self.species.shape) for name, value in columns.items()}
        return Specimens(**{**given, **changed})


def meet(
    seed: int,
    habitat: np.ndarray,
    species: np.ndarray,
    number: np.ndarray,
    *,
    balanced: bool,
    background_bias: float,
    photos: int = 1,
) -> Specimens:
    """Draw who is met at image `number` of each species: individual, sex, stage and the place where it
    stands.

    Balanced: individuals cycle through both sexes of adults, subadults and juveniles, so any 6 in a row hold
    one of each. Otherwise sexes are equal in expectation, and the stages come in the shares `MET`. The place
    is the species' own habitat with probability `background_bias`, else any of the five.
    """
    if photos < 1:
        raise ValueError(f"each individual has at least one photograph, not {photos}")
    if not 0 <= background_bias <= 1:
        raise ValueError(f"background_bias is a probability from 0 to 1, not {background_bias}")
    individual, photo = number // photos, number % photos
    who = keys.uniforms(seed, "who", 2, species, individual)
    where = keys.uniforms(seed, "where", 2, species, individual, photo)
    if balanced:
        sex, stage = individual % 2, 2 - individual // 2 % 3
    else:
        sex, stage = (who[:, 0] < 0.5).astype(np.int64), np.searchsorted(np.cumsum(MET)[:-1], who[:, 1])
    anywhere = (where[:, 1] * len(HABITATS)).astype(np.int64)
    background = np.where(where[:, 0] < background_bias, habitat[species], anywhere)
    return Specimens(number * len(habitat) + species, species, individual, photo, sex, stage, background)


def looks(seed: int, plan: str, evolved: Evolved, met: Specimens) -> dict[str, np.ndarray]:
    """Give the looks of specimens of one body plan: factors on their measures, and sRGB colours (n, 3)."""
    n, names = len(met), (*FUNCTIONAL, *COLOUR, *OTHER, *ORNAMENT)
    columns = [ALL.index(name) for name in names]
    noise = keys.normals(seed, "individual", len(names) + 1, met.species, met.individual)
    scale = np.array([COLOUR_NOISE if name in (*COLOUR, *ORNAMENT) else SHAPE_NOISE for name in names])
    x = dict(zip(names, (evolved.drawn[met.species][:, columns] + scale * noise[:, :-1]).T, strict=True))
    ranges = {**FUNCTIONAL, **OTHER}
    look = {name: low + (high - low) / (1 + np.exp(-1.1 * x[name])) for name, (low, high) in ranges.items()}
    male, dimorphic = met.sex.astype(float), evolved.dimorphism[met.species]
    young = np.array(YOUTH)[met.life_stage] * evolved.maturation[met.species]
    sign = dimorphic * male * np.clip(1 - 0.75 * young, 0, 1)
    for name, factor in JUVENILE.items():
        look[name] = look[name] * factor**young
    look["body_size"] = look["body_size"] * np.exp(0.08 * noise[:, -1]) * (1 + 0.05 * sign)
    look["tail_length"] = look["tail_length"] * (1 + 0.25 * sign)
    look["spots"] = np.clip(look["spots"] + 0.5 * young, 0, 1)
    look["eye_size"] = (1.5 / 1.28) ** young  # beside the head, which is larger already
    look["young"] = young
    kinds = 0.35 + 0.65 / (
        1 + np.exp(-1.5 * evolved.drawn[met.species][:, [ALL.index(kind) for kind in KINDS]])
    )
    for kind, full, weight in zip(KINDS, (0.95, 0.85, 1.0), kinds.T, strict=True):
        look[kind] = np.clip(full * sign * weight, 0, 1.3 if kind == "crest" else 1)
    brown = np.clip(0.55 * young + 0.25 * dimorphic * (1 - male) * np.clip(1 - young, 0, 1), 0, 1)[:, None]
    saturation = 0.45 + 0.85 * _logistic(x["saturation"])
    light = 0.62 + 0.70 * _logistic(x["lightness"])
    earth = _hex(BROWN[plan])
    first = _tone(plan, x["hue_1"], x["hue_1_shade"], saturation, light)
    second = _tone(plan, x["hue_2"], x["hue_2_shade"], saturation, 0.72 * light)
    look["first"] = first + brown * (earth * (0.7 + 0.5 * _logistic(x["lightness"]))[:, None] - first)
    look["second"] = second + brown * (0.62 * earth - second)
    look["belly_colour"] = look["first"] + (0.35 + 0.6 * look["belly"])[:, None] * (
        np.array([0.93, 0.89, 0.80]) - look["first"]
    )
    look["ornament"] = _tone(
        plan,
        1.6 * x["ornament_hue"],
        x["ornament_shade"],
        np.full(n, 1.45),
        1.05 + 0.4 * _logistic(x["ornament_lightness"]),
    )
    bare = _logistic(x["hue_2"] + x["ornament_shade"])[:, None]
    look["bare"] = bare * np.array([0.78, 0.55, 0.22]) + (1 - bare) * np.array([0.22, 0.21, 0.22])
    return {name: np.clip(value, 0, 1) if value.ndim == 2 else value for name, value in look.items()}


def camera(seed: int, met: Specimens) -> dict[str, np.ndarray]:
    """Draw pose, light and lens of each photograph; lengths as shares of the picture's half-width, angles in
    radians.
    """
    where = (met.species, met.individual, met.photo)
    u = keys.uniforms(seed, "camera", 10, *where)
    z = keys.normals(seed, "lens", 8, *where)
    light = keys.normals(seed, "light", 2, *where)
    azimuth, elevation = 2.2 + 0.5 * light[:, 0], 0.75 + 0.15 * light[:, 1]
    return {
        "shift_x": 0.07 * z[:, 0],
        "shift_y": 0.06 * z[:, 1],
        "rotation": np.clip(0.14 * z[:, 2], -0.4, 0.4),
        "mirror": np.where(u[:, 0] < 0.5, -1.0, 1.0),
        "foreshortening": 1 - 0.25 * u[:, 1] ** 2,
        "distance": np.exp(0.10 * z[:, 3]),  # camera distance: a nuisance of its own, apart from body size
        "exposure": 1.07 * np.exp(0.14 * z[:, 4]),
        "white": 1 + 0.05 * z[:, 5:8],  # red, green, blue
        "ambient": 0.42 + 0.2 * u[:, 2],
        "light_x": np.cos(elevation) * np.cos(azimuth),
        "light_y": np.cos(elevation) * np.sin(azimuth),
        "light_z": np.sin(elevation),
        "place_x": u[:, 3],
        "place_y": u[:, 4],
        "focus": u[:, 5],
        "place_light": 0.78 + 0.34 * u[:, 8],
        "blur": 0.85 * u[:, 9] ** 2,
        "noise": 0.004 + 0.020 * u[:, 6] ** 1.5,
        "grain": u[:, 7],
    }


def still(lens: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Hold the camera still: no tilt, shift, mirror, blur, noise or tint; the light and the place stay."""
    calm = {name: np.zeros_like(lens[name]) for name in ("rotation", "shift_x", "shift_y", "noise", "blur")}
    plain = ("foreshortening", "mirror", "distance", "white", "exposure")
    return {**lens, **calm, **{name: np.ones_like(lens[name]) for name in plain}}


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-1.1 * x))


def _hex(code: str) -> np.ndarray:
    return np.array([int(code[k : k + 2], 16) / 255 for k in (0, 2, 4)])


def _tone(
    plan: str, hue: np.ndarray, shade: np.ndarray, saturation: np.ndarray, light: np.ndarray
) -> np.ndarray:
    ramp = np.stack([_hex(code) for code in RAMPS[plan]])
    at = _logistic(hue) * (len(ramp) - 1)
    low = np.minimum(at.astype(int), len(ramp) - 2)
    colour = ramp[low] + (at - low)[:, None] * (ramp[low + 1] - ramp[low])
    grey = colour.mean(axis=1, keepdims=True)
    return np.clip(
        (grey + saturation[:, None] * (colour - grey)) * (light * (0.8 + 0.4 * _logistic(shade)))[:, None],
        0,
        1,
    )
