"""The world that a run learns, grown once a process, and which of its species the run is shown."""

from functools import lru_cache

import numpy as np
from jaxtyping import Int


@lru_cache(maxsize=4)
def grown(seed: int, species: int, dials: str = ""):
    """Grow a world once a process, its dials told as text."""
    from embedlab.world import World

    if not dials:
        return World(seed, species)
    from embedlab.world.dials import Evolution

    return World(seed, species, Evolution.read(dials))


def training_order(world, species: int, seed: int) -> Int[np.ndarray, " s"]:
    """Draw the `species` core species that a run trains on, in its order: body plans take turns.

    The draw depends on the world, on how many they are and on the run's seed.
    """
    rng = np.random.default_rng([world.seed, 20, species, seed])
    core = rng.permutation(np.flatnonzero(world.split == "core"))
    plans = np.array(world.plans)[core]
    turn = np.zeros(len(core), dtype=np.int64)
    for plan in dict.fromkeys(world.plans):
        turn[plans == plan] = np.arange((plans == plan).sum())
    return core[np.argsort(turn, kind="stable")][:species]
