"""What evolves: the names of habitats and traits, and what a trait of a given value draws."""

from __future__ import annotations

HABITATS = ("forest", "grassland", "wetland", "desert", "tundra")

# What a trait of value x (in species standard deviations) draws: low + (high - low) * logistic(1.1 x), as a
# factor on the plan's own measure. "beak" is a snout in fish, mandibles in beetles, the tongue in butterflies;
# "leg" is fin height in fish and abdomen in butterflies; "tail" is the antennae of beetles and the tail of a
# butterfly's hind wing; "wing" is the pectoral fin of fish and the elytra of beetles.
FUNCTIONAL = {
    "body_size": (0.92, 1.18),
    "elongation": (0.75, 1.45),
    "beak_length": (0.2, 2.1),
    "beak_depth": (0.4, 2.0),
    "beak_curvature": (-0.5, 1.2),
    "leg_length": (0.3, 1.5),
    "tail_length": (0.3, 1.7),
    "tail_fork": (0.0, 1.0),
    "wing_length": (0.65, 1.35),
}
COLOUR = ("hue_1", "hue_1_shade", "hue_2", "hue_2_shade", "saturation", "lightness")
OTHER = {
    "head_size": (0.8, 1.25),
    "belly": (0.0, 1.0),
    "stripes": (0.0, 1.0),
    "spots": (0.0, 1.0),
    "pattern_frequency": (0.6, 1.5),
    "pattern_contrast": (0.1, 0.7),
    "face_mask": (0.0, 1.0),
}
ORNAMENT = ("ornament_hue", "ornament_shade", "ornament_lightness")
KINDS = ("cap", "throat", "crest")  # which signs the males of a species show, each evolving by itself
# How much sexes and stages differ, and one trait that is never drawn: the control.
HIDDEN = ("dimorphism", "undrawn", "maturation")
BROWNIAN = (*COLOUR, *OTHER, *ORNAMENT, *HIDDEN, *KINDS)
ALL = (*FUNCTIONAL, *BROWNIAN)
DRAWABLE = (*FUNCTIONAL, *COLOUR, *OTHER, *ORNAMENT)  # traits whose share in the picture can be turned down


def columns(names) -> list[int]:
    """Give the positions of these traits in `ALL`."""
    return [ALL.index(name) for name in names]
