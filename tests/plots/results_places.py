"""Planted results about where differences of sex and life stage lie; computed from planted worlds, of the real kind."""

from functools import cache

import numpy as np

from embedlab.data.synthetic import dimorphic_birds
from embedlab.measures.contrast_places import contrast_places
from embedlab.measures.contrast_scene import contrast_scene

STAGE = ("life_stage", "juvenile", "adult")


@cache
def series(spaces: int = 3, species: int = 16):
    """Spaces of the same animals in which the difference leaves the species span."""
    return [
        dimorphic_birds(np.random.default_rng(3), species=species, per_cell=8, d=24, outside=outside, size=0.55,
                        noise=0.6, column=STAGE[0], levels=STAGE[1:])
        for outside in np.linspace(0.3, 0.9, spaces)
    ]  # fmt: skip


@cache
def places():
    names = ("1M images", "10M images", "214M images")
    return contrast_places(series(), STAGE, names=names, permutations=99, rng=0)


@cache
def scene():
    return contrast_scene(series(), STAGE, places=places(), rng=0)


def every():
    """Name and result of each kind; the same numbers on every call."""
    return {
        "contrast_places": places(),
        "contrast_scene": scene(),
        "contrast_places-one": contrast_places(series()[-1], STAGE, names=("BioCLIP 2",), permutations=99, rng=0),
    }
