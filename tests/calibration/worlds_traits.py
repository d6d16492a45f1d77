"""Worlds in which vectors and a trait evolved apart on one tree, and the p-value that alignment gives there."""

import numpy as np
import polars as pl

from embedlab.data import Traits
from embedlab.data.synthetic import brownian_traits, discrete_trait, random_tree, traits_in_space
from embedlab.measures.trait_alignment import trait_alignment
from tests.calibration.world import World, told


def _evolved(trait, n=40, d=16):
    def make(rng):
        tree = random_tree(rng, n)
        values = trait(rng, tree)
        emb = traits_in_space(rng, tree, rng.normal(size=n), share=0.0, d=d, per_species=2, noise=0.2)
        return emb, Traits(pl.DataFrame({"species": tree.names, "t": values}))["t"], tree

    return make


def _alignment(trait, null="rrpp"):
    make = _evolved(trait)

    def draw(rng, permutations):
        emb, values, tree = make(rng)
        return told(trait_alignment(emb, values, tree, null=null, permutations=permutations, rng=rng).evidence)

    return draw


def _free(trait):
    draw = _alignment(trait, "free")
    return lambda rng, permutations: draw(rng, permutations)["p"]


def brownian(lam):
    return lambda rng, tree: brownian_traits(rng, tree, lam=lam)[:, 0]


def threshold(rng, tree):
    """A habitat as biologists draw it: a hidden Brownian trait cut at thirds, so that no kind is rare."""
    hidden = brownian_traits(rng, tree)[:, 0]
    return np.array(["forest", "edge", "open"])[np.digitize(hidden, np.quantile(hidden, [1 / 3, 2 / 3]))]


def jumping(rng, tree):
    """A character of two states on the tree, drawn again until both are borne by a quarter of the species."""
    while True:
        state = discrete_trait(rng, tree, 2, rate=1.0)
        if 0.25 <= state.mean() <= 0.75:
            return np.array(["wet", "dry"])[state]


WORLDS = (
    World("trait: Brownian", _alignment(brownian(1.0)), _free(brownian(1.0)), exact=False),
    World("trait: lambda .5", _alignment(brownian(0.5)), _free(brownian(0.5)), exact=False),
    World("trait: lambda 0", _alignment(brownian(0.0)), exact=False),
    World("trait: threshold habitat", _alignment(threshold), _free(threshold), exact=False),
    World("trait: two states (Mk)", _alignment(jumping), _free(jumping), exact=False),
)
