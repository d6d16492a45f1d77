"""Finches: one genus of birds whose beaks radiated, wide in length and in depth, each by itself."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtri

from embedlab.world.characters import columns
from embedlab.world.tree import PLANS, Growth

BEAK = ("beak_length", "beak_depth")
_DEALS = 256  # ways of dealing out depths, of which the one least tied to length is taken


def genus_of_finches(growth: Growth, genus: np.ndarray) -> Int[np.ndarray, " f"]:
    """Give the species of the largest genus of birds, the first of equals."""
    birds = np.flatnonzero(growth.plan == PLANS.index("bird"))
    groups, first, sizes = np.unique(genus[birds], return_index=True, return_counts=True)
    largest = min(range(len(groups)), key=lambda k: (-sizes[k], first[k]))
    return birds[genus[birds] == groups[largest]]


def radiate(
    rng: np.random.Generator, values: Float[np.ndarray, "s t"], finches: Int[np.ndarray, " f"], spread: float
) -> None:
    """Add to the finches' beaks, in place, normal quantiles of standard deviation `spread`, dealt out anew for
    length and for depth so that the two are as little correlated as one of 256 deals lets them be.

    A spread of 0 leaves them as they evolved, which is nearly alike.
    """
    if len(finches) < 2:
        return
    steps = ndtri((np.arange(len(finches)) + 0.5) / len(finches))
    steps = steps / steps.std()
    lengths = rng.permutation(steps)
    deals = rng.permuted(np.tile(steps, (_DEALS, 1)), axis=1)
    depths = deals[np.argmin(np.abs(deals @ lengths))]
    for column, planted in zip(columns(BEAK), (lengths, depths), strict=True):
        values[finches, column] += spread * planted
