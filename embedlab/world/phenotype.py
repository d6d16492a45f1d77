"""From a species to the looks of one animal: sex, life stage and individual, each drawn by its own key."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from embedlab.world import keys
from embedlab.world.camera import camera, still
from embedlab.world.characters import COLOUR, FUNCTIONAL, HABITATS, ORNAMENT, OTHER, columns
from embedlab.world.palette import BROWN, logistic, rgb, tone
from embedlab.world.traits import Evolved
from embedlab.world.tree import PLANS
from embedlab.world.variants import SEXES, SIGNS, STAGES, YOUTH, variant

__all__ = ["SEXES", "STAGES", "Specimens", "camera", "looks", "meet", "still"]

VIEWS = ("own", "any")  # whose places stand behind the animals: their own plan's, or any of the four
MET = (0.25, 0.15, 0.60)  # shares of the stages where the draws are not balanced
COLOUR_NOISE, SHAPE_NOISE = 0.45, 0.15  # individual differences, in species standard deviations


@dataclass(frozen=True, eq=False)
class Specimens:
    """Who is photographed: one entry per image in every column; codes into SEXES, STAGES, HABITATS and PLANS."""

    index: np.ndarray  # place in the endless sequence: number × species + species index
    species: np.ndarray
    individual: np.ndarray
    photo: np.ndarray
    sex: np.ndarray
    life_stage: np.ndarray
    background: np.ndarray
    view: np.ndarray  # the body plan whose view of the habitat stands behind the animal

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
    plan: np.ndarray,
    species: np.ndarray,
    number: np.ndarray,
    *,
    balanced: bool,
    background_bias: float,
    photos: int = 1,
    views: str = "own",
) -> Specimens:
    """Draw who is met at image `number` of each species: individual, sex, stage and the place where it
    stands.

    Balanced: individuals cycle through both sexes of adults, subadults and juveniles, so any 6 in a row hold
    one of each. Otherwise sexes are equal in expectation, and the stages come in the shares `MET`. The place
    is the species' own habitat with probability `background_bias`, else any of the five, as its own body plan
    sees it; where `views` is "any", as each of the four plans does, equally often.
    """
    if photos < 1:
        raise ValueError(f"each individual has at least one photograph, not {photos}")
    if not 0 <= background_bias <= 1:
        raise ValueError(f"background_bias is a probability from 0 to 1, not {background_bias}")
    if views not in VIEWS:
        raise ValueError(f"views is one of {VIEWS}, not {views!r}")
    individual, photo = number // photos, number % photos
    who = keys.uniforms(seed, "who", 2, species, individual)
    where = keys.uniforms(seed, "where", 2, species, individual, photo)
    if balanced:
        sex, stage = individual % 2, 2 - individual // 2 % 3
    else:
        sex, stage = (who[:, 0] < 0.5).astype(np.int64), np.searchsorted(np.cumsum(MET)[:-1], who[:, 1])
    anywhere = (where[:, 1] * len(HABITATS)).astype(np.int64)
    background = np.where(where[:, 0] < background_bias, habitat[species], anywhere)
    view = plan[species]
    if views == "any":  # a draw of its own: nothing else changes
        drawn = keys.uniforms(seed, "view", 1, species, individual, photo)[:, 0]
        view = (drawn * len(PLANS)).astype(np.int64)
    return Specimens(number * len(habitat) + species, species, individual, photo, sex, stage, background, view)


def looks(seed: int, plan: str, evolved: Evolved, met: Specimens) -> dict[str, np.ndarray]:
    """Give the looks of specimens of one body plan: factors on their measures, and sRGB colours (n, 3)."""
    n, names = len(met), (*FUNCTIONAL, *COLOUR, *OTHER, *ORNAMENT)
    noise = keys.normals(seed, "individual", len(names) + 1, met.species, met.individual)
    scale = np.array([COLOUR_NOISE if name in (*COLOUR, *ORNAMENT) else SHAPE_NOISE for name in names])
    own = evolved.drawn[met.species][:, columns(names)] + scale * noise[:, :-1]
    x = dict(zip(names, own.T, strict=True))
    marks, shifts, factors = variant(evolved, met.species, met.sex, met.life_stage)
    spots_added = shifts.pop("spots_added")
    for name, shift in shifts.items():
        x[name] = x[name] + shift
    ranges = {**FUNCTIONAL, **OTHER}
    look = {name: low + (high - low) * logistic(x[name]) for name, (low, high) in ranges.items()}
    for name, factor in factors.items():
        look[name] = look[name] * factor
    look["body_size"] = look["body_size"] * np.exp(0.08 * noise[:, -1])
    look["spots"] = np.clip(look["spots"] + spots_added, 0, 1)
    look["eye_size"] = marks["eye_size"]
    look["young"] = np.clip(np.array(YOUTH)[met.life_stage] * evolved.maturation[met.species], 0, 1)
    for kind in SIGNS:
        look[kind] = np.clip(marks[kind], 0, 1.3 if kind == "crest" else 1)
    brown = np.clip(marks["drab"], 0, 1)[:, None]
    saturation = 0.45 + 0.85 * logistic(x["saturation"])
    light = 0.62 + 0.70 * logistic(x["lightness"])
    earth = rgb(BROWN[plan])
    first = tone(plan, x["hue_1"], x["hue_1_shade"], saturation, light)
    second = tone(plan, x["hue_2"], x["hue_2_shade"], saturation, 0.72 * light)
    look["first"] = first + brown * (earth * (0.7 + 0.5 * logistic(x["lightness"]))[:, None] - first)
    look["second"] = second + brown * (0.62 * earth - second)
    look["belly_colour"] = look["first"] + (0.35 + 0.6 * look["belly"])[:, None] * (
        np.array([0.93, 0.89, 0.80]) - look["first"]
    )
    look["ornament"] = tone(
        plan,
        1.6 * x["ornament_hue"],
        x["ornament_shade"],
        np.full(n, 1.45),
        1.05 + 0.4 * logistic(x["ornament_lightness"]),
    )
    bare = logistic(x["hue_2"] + x["ornament_shade"])[:, None]
    look["bare"] = bare * np.array([0.78, 0.55, 0.22]) + (1 - bare) * np.array([0.22, 0.21, 0.22])
    return {name: np.clip(value, 0, 1) if value.ndim == 2 else value for name, value in look.items()}
