"""Variants: how sexes and life stages of a species differ, and along what.

A variant is told in two sorts of numbers: marks of its own, on which species differ only as far as their variants do
(how strong, which of them), and shifts of the measures on which they evolve, in species standard deviations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from embedlab.world.characters import ALL, FUNCTIONAL, KINDS, OTHER, columns

if TYPE_CHECKING:
    from embedlab.world.traits import Evolved

SEXES, STAGES = ("female", "male"), ("juvenile", "subadult", "adult")
YOUTH = (1.0, 0.45, 0.0)  # how much of a juvenile each stage is

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
SPOTTED, DOWNY = 0.5, 0.55  # spots added to a juvenile; how far it is mixed to brown
EYED = 1.5 / 1.28  # its eyes beside its head, which is larger already
SIGNS = {"cap": 1.0, "throat": 0.92, "crest": 1.1}  # a male's marks in a species of dimorphism 1
DRAB = 0.25  # how far its females are mixed to brown
REACH = 2.0  # length of a juvenile's difference where all of it is put inside: as much as a picture holds
# Where differences go that are put inside: measures on which species differ, alike in all species.
INSIDE = {
    "sex": {"hue_1": 0.5, "lightness": 0.5, "tail_length": 0.5, "elongation": -0.5},
    "stage": {"hue_1": 0.5, "lightness": 0.5, "tail_length": -0.5, "elongation": -0.5},
}


def dimorphism(evolved: Float[np.ndarray, " s"]) -> Float[np.ndarray, " s"]:
    """Tell how strongly the sexes of each species differ: 0 (monomorphic, one species in eight or so) to 1.3.

    A threshold trait on the tree: below 0.15 no sign of sex is drawn at all, so those species are negative
    controls.
    """
    strength = np.clip(0.65 + 0.42 * evolved, 0, 1.3)
    return np.where(strength < 0.15, 0.0, strength)


def maturation(evolved: Float[np.ndarray, " s"]) -> Float[np.ndarray, " s"]:
    """Tell how much the young of each species differ from adults: 0 (not at all, one species in twelve or so)
    to 1.6; 1 is the table `JUVENILE`.
    """
    strength = np.clip(0.95 + 0.5 * evolved, 0, 1.6)
    return np.where(strength < 0.25, 0.0, strength)


def _drawn(low: float, high: float) -> tuple[float, float]:
    # Mean and standard deviation of what a standard normal trait draws, by its quantiles.
    x = low + (high - low) / (1 + np.exp(-1.1 * ndtri((np.arange(400) + 0.5) / 400)))
    return float(x.mean()), float(x.std())


_UNIT = {name: _drawn(*span) for name, span in {**FUNCTIONAL, **OTHER}.items()}


def variant(
    evolved: Evolved, species: np.ndarray, sex: np.ndarray, life_stage: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Tell how specimens differ from an adult female without signs: (marks, shifts, factors), each by name.

    Marks are cap, throat, crest, drab and eye_size (the last as a factor); shifts are in species standard
    deviations, before a trait is drawn; factors multiply what is drawn. `evolved.inside` is the share of
    the squared size of each variant that is taken from all this and put along `INSIDE` instead.
    """
    own, put = np.sqrt(1 - evolved.inside), np.sqrt(evolved.inside)
    young = np.array(YOUTH)[life_stage] * evolved.maturation[species]
    grown = np.clip(1 - young, 0, 1)
    strength, male = evolved.dimorphism[species], sex.astype(float)
    sign = strength * male * (0.25 + 0.75 * grown)
    kinds = 0.2 + 0.8 / (1 + np.exp(-2.0 * evolved.drawn[species][:, columns(KINDS)]))
    weights = kinds * np.array([SIGNS[kind] for kind in KINDS])
    marks = {kind: own * sign * weight for kind, weight in zip(KINDS, weights.T, strict=True)}
    marks["drab"] = own * (DOWNY * young + DRAB * strength * (1 - male) * grown)
    marks["eye_size"] = EYED ** (own * young)
    factors = {name: factor ** (own * young) for name, factor in JUVENILE.items()}
    reach = put * sign * np.sqrt((weights**2).sum(axis=1) + DRAB**2)
    shifts = {name: reach * part for name, part in INSIDE["sex"].items()}
    for name, part in INSIDE["stage"].items():
        shifts[name] = shifts[name] + put * young * REACH * part
    shifts["spots_added"] = own * SPOTTED * young
    return marks, shifts, factors


def contrasts(evolved: Evolved) -> dict[str, dict[str, float]]:
    """Say of sex (adults) and stage (juvenile against adult, females) how far the variants differ, in species
    standard deviations with marks as they are, and which share of the squared length lies on measures.

    `size` is the root mean square over species, `inside` the share of their sum, `none` how many species show
    no difference at all.
    """
    s = np.arange(len(evolved.values))
    zero = np.zeros(len(s), np.int64)
    female, male, young = (
        _coordinates(*variant(evolved, s, zero + sex, zero + stage)) for sex, stage in ((0, 2), (1, 2), (0, 0))
    )
    found = {}
    for name, other in (("sex", male), ("stage", young)):
        marks, measures = (((a - b) ** 2).sum(axis=1) for a, b in zip(other, female, strict=True))
        both = marks + measures
        found[name] = {
            "size": round(float(np.sqrt(both.mean())), 4),
            "inside": round(float(measures.sum() / both.sum()), 4) if both.sum() > 0 else None,
            "none": int((both < 1e-12).sum()),
        }
    return found


def _coordinates(marks, shifts, factors) -> tuple[np.ndarray, np.ndarray]:
    measures = np.zeros((len(marks["drab"]), len(ALL)))
    for name, value in shifts.items():
        if name == "spots_added":
            measures[:, ALL.index("spots")] += value / _UNIT["spots"][1]
        else:
            measures[:, ALL.index(name)] += value
    for name, value in factors.items():
        mean, unit = _UNIT[name]
        measures[:, ALL.index(name)] += (value - 1) * mean / unit
    return np.stack(list(marks.values()), axis=1), measures
