"""The ladder of worlds: each grown from nothing, shown by a simulated encoder, and asked as `embedlab run` asks.

What a dial lets through is known, what an analysis says of it is its verdict. Where both part, the rung (features,
linear, network) names the culprit.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.data import Embeddings
from embedlab.lab import Lab
from embedlab.study import ask
from embedlab.world.ladder import simulated_encoder
from embedlab.world.traits import FUNCTIONAL, Evolution
from embedlab.world.world import World as Grown
from tests.calibration.world import World

SPECIES, IMAGES = 48, 8  # of worlds that are asked for traits
FEWER, MORE = 32, 24  # of worlds that are asked for sexes and stages: four of each kind in each cell
EACH = 100  # worlds of a cell
MOST = 11  # of 100 empty worlds may be called supported; at 5 % more come about once in 230
QUICK = {"placebos": 0, "further": 0}  # a panel of placebos can only take a verdict back
# For sexes and stages species differ on few axes, as embeddings of a trained model do: chance is then far from 0.
FEW_AXES = {"traits": (), "hidden": 6}


@dataclass(frozen=True)
class Held(World):
    """An empty world of the ladder: of 100, at most `most` may end in the word `supported`."""

    most: int = MOST


# --- worlds


def grown(rng, species=SPECIES, **dials):
    return Grown(int(rng.integers(2**31)), species, Evolution(**dials))


def seen(world, rng, each=IMAGES, own=0.0, **encoder):
    """What an encoder makes of `each` images of every species, in places that are its own habitat by that chance."""
    met = world.plan(np.arange(len(world)), each, balanced=True, background_bias=own)
    return simulated_encoder(world, met, rng, **encoder)


def verdict(analysis, emb, world, rng, **settings):
    """The verdict on the first claim of an analysis, asked of a store in memory as `embedlab run` asks one on disk."""
    seed = int(rng.integers(2**31))

    def lab(name, question):
        return Lab(name=name, question=question, stores=[emb], traits=world.traits, tree=world.tree, seed=seed)

    return ask(analysis, lab, settings=settings).verdicts[0]


def told(found):
    return {"p": found.p_value, "word": found.word}


def one_of(rng):
    return list(FUNCTIONAL)[rng.integers(len(FUNCTIONAL))]


def only(trait, share=1.0):
    """Dials that draw one trait by its share and no other: all others evolve towards optima of the same habitats."""
    return {t: share * (t == trait) for t in FUNCTIONAL}


def aligned(emb, world, rng, trait, permutations, **settings):
    return verdict("trait_alignment", emb, world, rng, traits=trait, permutations=permutations, **QUICK, **settings)


def variant(emb, world, rng, column, permutations, analysis="orthogonality"):
    """Ask for sexes, or for stages, alone: each stands as one claim."""
    other = {"sex": "life_stage", "life_stage": "sex"}[column]
    rows = emb.rows.filter(pl.col("life_stage") == "adult") if column == "sex" else emb.rows
    keep = emb.take(np.flatnonzero(emb.rows["image_id"].is_in(rows["image_id"].implode()).to_numpy()))
    alone = Embeddings(keep.x, keep.rows.drop(other), keep.card)
    more = {"compare": "no"} if analysis == "orthogonality" else {}
    return verdict(analysis, alone, world, rng, permutations=permutations, **more)
