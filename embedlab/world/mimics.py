"""Mimics: butterflies that came to wear the colours and the pattern of a species of another family."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from embedlab.world.characters import COLOUR, ORNAMENT, OTHER, columns
from embedlab.world.tree import PLANS

# What a mimic shares with its model. Shapes, sizes and how much its sexes differ stay its own: they tell.
WORN = (*COLOUR, *(name for name in OTHER if name != "head_size"), *ORNAMENT)


def pairs(
    rng: np.random.Generator, plan: np.ndarray, groups: dict[str, np.ndarray], share: float
) -> Int[np.ndarray, "k 2"]:
    """Draw (mimic, model) pairs of butterflies of different families, of different orders where there are any
    left; each species is in one pair at most, and `share` of them are in one.
    """
    order = rng.permutation(np.flatnonzero(plan == PLANS.index("butterfly"))).tolist()
    wanted, found, left = round(share * len(order) / 2), [], order
    while left and len(found) < wanted:
        mimic, left = left[0], left[1:]
        apart = [s for s in left if groups["family"][s] != groups["family"][mimic]]
        far = [s for s in apart if groups["order"][s] != groups["order"][mimic]] or apart
        if far:
            found.append((mimic, far[0]))
            left = [s for s in left if s != far[0]]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def wear(values: Float[np.ndarray, "s t"], mimics: Int[np.ndarray, "k 2"]) -> None:
    """Give each mimic, in place, the colours and the pattern of its model."""
    worn = columns(WORN)
    values[np.ix_(mimics[:, 0], worn)] = values[np.ix_(mimics[:, 1], worn)]
