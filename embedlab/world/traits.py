"""Traits and habitats on the tree: functional traits evolve towards a habitat's optimum, others freely."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from embedlab.world import finches, mimics, variants
from embedlab.world.characters import (
    ALL,
    BROWNIAN,
    COLOUR,
    DRAWABLE,
    FUNCTIONAL,
    HABITATS,
    KINDS,
    ORNAMENT,
    OTHER,
    columns,
)
from embedlab.world.dials import Evolution
from embedlab.world.tree import Growth, ranks

__all__ = [
    "ALL",
    "BROWNIAN",
    "COLOUR",
    "FUNCTIONAL",
    "HABITATS",
    "KINDS",
    "ORNAMENT",
    "OTHER",
    "Evolution",
    "Evolved",
    "brownian",
    "evolve",
    "habitats",
    "loosened",
    "ornstein_uhlenbeck",
]


@dataclass(frozen=True, eq=False)
class Evolved:
    """What evolution left: `values` (species × ALL, mean 0, sd 1), `habitat` codes, `raw` node values (without
    what came later: each species' own part, finches, mimics).

    `drawn` (species × ALL) is what the pictures show of the values; `dimorphism` and `maturation` say how much
    the sexes and the stages of each species differ; `finches` are species, `mimics` pairs (mimic, model).
    """

    values: np.ndarray
    drawn: np.ndarray
    dimorphism: np.ndarray
    maturation: np.ndarray
    habitat: np.ndarray
    optima: np.ndarray
    raw: np.ndarray
    finches: np.ndarray
    mimics: np.ndarray
    inside: float = 0.0

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


def loosened(
    rng: np.random.Generator, tips: Float[np.ndarray, "s t"], variance: float, signal: float
) -> Float[np.ndarray, "s t"]:
    """Give Brownian traits a Pagel's λ of `signal`: covariances of species shrink to λ of themselves, variances,
    which are `variance` in an ultrametric tree of depth 1, stay.
    """
    alone = rng.standard_normal(tips.shape) * np.sqrt(variance)
    return np.sqrt(signal) * tips + np.sqrt(1 - signal) * alone


def evolve(rng: np.random.Generator, growth: Growth, genus: np.ndarray, strengths: Evolution) -> Evolved:
    """Evolve all traits of a world, standardised over species; colours are drawn together within genera.

    Each part has a stream of its own, drawn in one order, so a dial changes what it names and leaves all other
    draws as they were.
    """
    words = rng.integers(2**63, size=(6, 2), dtype=np.uint64)
    first, radiated, paired, other = (np.random.Generator(np.random.Philox(key=word)) for word in words[:4])
    evolved = _lived(first, growth, genus, strengths)
    values = evolved.values
    singers = finches.genus_of_finches(growth, genus)
    finches.radiate(radiated, values, singers, strengths.radiation)
    pairs = mimics.pairs(paired, growth.plan, ranks(growth), strengths.mimicry)
    mimics.wear(values, pairs)
    values = _standard(values)
    drawn = values.copy()
    shares = {name: strengths.share(name) for name in DRAWABLE}
    hidden = [name for name, share in shares.items() if share < 1]
    if hidden:  # what is drawn instead evolved apart on the same tree, in habitats of its own
        apart = _lived(other, growth, genus, strengths).values
        at, share = columns(hidden), np.array([shares[name] for name in hidden])
        drawn[:, at] = np.sqrt(share) * values[:, at] + np.sqrt(1 - share) * apart[:, at]
    return replace(
        evolved,
        values=values,
        drawn=drawn,
        dimorphism=strengths.sex_size * variants.dimorphism(values[:, ALL.index("dimorphism")]),
        maturation=strengths.stage_size * variants.maturation(values[:, ALL.index("maturation")]),
        finches=singers,
        mimics=pairs,
        inside=strengths.variant_inside,
    )


def _lived(rng: np.random.Generator, growth: Growth, genus: np.ndarray, strengths: Evolution) -> Evolved:
    words = rng.integers(2**63, size=(6, 2), dtype=np.uint64)
    streams = [np.random.Generator(np.random.Philox(key=word)) for word in words]
    optima = streams[0].normal(0, 1, (len(HABITATS), len(FUNCTIONAL))) * strengths.optima
    optima -= optima.mean(axis=0)
    stretches = habitats(streams[1], growth, strengths.switching)
    functional = ornstein_uhlenbeck(streams[2], growth, stretches, optima, strengths.pull, strengths.drift)
    other = brownian(streams[3], growth, len(BROWNIAN), strengths.brownian)
    raw = np.hstack([functional, other])
    values = raw[growth.tips]
    free = columns(BROWNIAN)
    values[:, free] = loosened(streams[4], values[:, free], strengths.brownian, strengths.signal)
    values += strengths.species * streams[5].standard_normal(values.shape)
    dyed = columns((*COLOUR, *ORNAMENT))
    _, codes = np.unique(genus, return_inverse=True)
    means = np.stack([np.bincount(codes, values[:, c]) for c in dyed], 1) / np.bincount(codes)[:, None]
    values[:, dyed] = means[codes] + strengths.colour_within_genus * (values[:, dyed] - means[codes])
    habitat = np.array([stretches[tip][-1][0] for tip in growth.tips])
    none = np.zeros(len(values))
    few = np.zeros(0, np.int64)
    return Evolved(_standard(values), values, none, none, habitat, optima, raw, few, few)


def _standard(values: Float[np.ndarray, "s t"]) -> Float[np.ndarray, "s t"]:
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
