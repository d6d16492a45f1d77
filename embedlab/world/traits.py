"""Traits and habitats on the tree: functional traits evolve towards a habitat's optimum, others freely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from embedlab.world.tree import Growth

HABITATS = ("forest", "grassland", "wetland", "desert", "tundra")

# What a trait of value x (in species standard deviations) draws: low + (high - low) * logistic(1.1 x), as a
# factor on the plan's own measure. "beak" is a snout in fish and mandibles in beetles; "leg" is fin height in
# fish; "tail" is the antennae of beetles; "wing" is the pectoral fin of fish and the elytra of beetles.
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
BROWNIAN = (*COLOUR, *OTHER, *ORNAMENT, "dimorphism", *KINDS, "undrawn", "maturation")
ALL = (*FUNCTIONAL, *BROWNIAN)


@dataclass(frozen=True)
class Evolution:
    """The strengths that are planted, in units of the tree's depth and of traits before standardisation."""

    pull: float = 3.0  # α of the OU process: half-life 0.23 of the depth
    drift: float = 1.21  # σ² of the OU process
    optima: float = 1.3  # sd of the habitats' optima: the convergence dial; 0 is no convergence
    brownian: float = 1.32  # variance of the other traits from root to tip
    switching: float = 2.4  # jumps of habitat from root to tip, each to a uniform draw, the own one included
    species: float = 0.12  # sd of what is each species' own
    # share of the differences in colour within a genus that is kept: in full, colour alone would name species
    colour_within_genus: float = 0.3


@dataclass(frozen=True, eq=False)
class Evolved:
    """What evolution left: `values` (species × ALL, mean 0, sd 1), `habitat` codes, `raw` node values.

    `drawn` (species × ALL) is what the pictures show of the values; `dimorphism` and `maturation` say how much
    the sexes and the stages of each species differ.
    """

    values: np.ndarray
    drawn: np.ndarray
    dimorphism: np.ndarray
    maturation: np.ndarray
    habitat: np.ndarray
    optima: np.ndarray
    raw: np.ndarray

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[:, ALL.index(name)]


def habitats(rng: np.random.Generator, growth: Growth, rate: float) -> list[list[tuple[int, float]]]:
    """Give each node the stretches of its branch: (habitat, length) from the parent down to the node itself.

    Jumps come at `rate` per depth and lead to a uniform draw among the five, the present one included, so two
    ends of a path of length t differ with probability 0.8 (1 - exp(-rate t)).
    """
    stretches: list[list[tuple[int, float]]] = []
    for node, parent in enumerate(growth.parent):
        state = stretches[parent][-1][0] if parent >= 0 else int(rng.integers(len(HABITATS)))
        length = growth.length[node]
        jumps = np.sort(rng.random(rng.poisson(rate * length))) * length
        path, at = [], 0.0
        for jump in jumps:
            path.append((state, jump - at))
            state, at = int(rng.integers(len(HABITATS))), jump
        stretches.append([*path, (state, length - at)])
    return stretches


def ornstein_uhlenbeck(
    rng: np.random.Generator,
    growth: Growth,
    stretches: list[list[tuple[int, float]]],
    optima: Float[np.ndarray, "h t"],
    pull: float,
    drift: float,
) -> Float[np.ndarray, "m t"]:
    """Let traits be pulled to the optimum of the habitat they pass through, from the root at its own; exact.

    Over a stretch of length l in habitat h: x ← θ_h + (x − θ_h) e^{−αl} + N(0, σ² (1 − e^{−2αl}) / 2α).
    """
    values = np.empty((len(growth.parent), optima.shape[1]))
    for node, parent in enumerate(growth.parent):
        x = values[parent] if parent >= 0 else optima[stretches[node][0][0]]
        for habitat, length in stretches[node]:
            decay = np.exp(-pull * length)
            spread = np.sqrt(drift * (1 - decay**2) / (2 * pull))
            theta, noise = optima[habitat], rng.standard_normal(optima.shape[1])
            x = theta + (x - theta) * decay + spread * noise
        values[node] = x
    return values


def brownian(
    rng: np.random.Generator, growth: Growth, count: int, variance: float
) -> Float[np.ndarray, "m t"]:
    """Let `count` traits drift from 0 at the root; tips covary by `variance` times the path they share."""
    steps = rng.standard_normal((len(growth.parent), count)) * np.sqrt(variance * growth.length)[:, None]
    for node, parent in enumerate(growth.parent):
        if parent >= 0:
            steps[node] += steps[parent]
    return steps


def evolve(rng: np.random.Generator, growth: Growth, genus: np.ndarray, strengths: Evolution) -> Evolved:
    """Evolve all traits of a world, standardised over species; colours are drawn together within genera."""
    optima = rng.normal(0, 1, (len(HABITATS), len(FUNCTIONAL))) * strengths.optima
    optima -= optima.mean(axis=0)
    stretches = habitats(rng, growth, strengths.switching)
    functional = ornstein_uhlenbeck(rng, growth, stretches, optima, strengths.pull, strengths.drift)
    other = brownian(rng, growth, len(BROWNIAN), strengths.brownian)
    raw = np.hstack([functional, other])
    values = raw[growth.tips] + strengths.species * rng.standard_normal((len(growth.tips), raw.shape[1]))
    columns = [ALL.index(name) for name in (*COLOUR, *ORNAMENT)]
    _, codes = np.unique(genus, return_inverse=True)
    means = np.stack([np.bincount(codes, values[:, c]) for c in columns], 1) / np.bincount(codes)[:, None]
    values[:, columns] = means[codes] + strengths.colour_within_genus * (values[:, columns] - means[codes])
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    habitat = np.array([stretches[tip][-1][0] for tip in growth.tips])
    sexes, stages = dimorphism(values[:, ALL.index("dimorphism")]), maturation(values[:, ALL.index("maturation")])
    return Evolved(values, values.copy(), sexes, stages, habitat, optima, raw)


def dimorphism(evolved: Float[np.ndarray, " s"]) -> Float[np.ndarray, " s"]:
    """Tell how strongly the sexes of each species differ: 0 (monomorphic, one species in eight or so) to 1.3.

    A threshold trait on the tree: below 0.15 no sign of sex is drawn at all, so those species are negative
    controls.
    """
    strength = np.clip(0.65 + 0.42 * evolved, 0, 1.3)
    return np.where(strength < 0.15, 0.0, strength)


def maturation(evolved: Float[np.ndarray, " s"]) -> Float[np.ndarray, " s"]:
    """Tell how much the young of each species differ from adults: 0 (not at all, one species in twelve or so)
    to 1.6; 1 is the table `phenotype.JUVENILE`.
    """
    strength = np.clip(0.95 + 0.5 * evolved, 0, 1.6)
    return np.where(strength < 0.25, 0.0, strength)
