"""Plates: portraits of species side by side, as in a field guide, with the camera held still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedlab.world import phenotype

if TYPE_CHECKING:
    from embedlab.world.world import World

# column: (sex, life stage)
PORTRAITS = {"male": (1, 2), "female": (0, 2), "subadult": (0, 1), "juvenile": (0, 0)}


def plate(
    world: World, species, size: int = 96, portraits: tuple[str, ...] = ("male", "female", "juvenile")
) -> np.ndarray:
    """Paint a row for each species, a column for each portrait: uint8 (rows × size, columns × size, 3).

    Each row is one individual in its own habitat, drawn as male, female and young; no tilt, blur or noise.
    """
    from embedlab.world.painter import paint

    if unknown := [name for name in portraits if name not in PORTRAITS]:
        raise KeyError(f"no portrait {unknown}; there are {list(PORTRAITS)}")
    rows = []
    for s in np.asarray(species, dtype=np.int64).ravel():
        sexes, stages = np.array([PORTRAITS[name] for name in portraits]).T
        met = world.plan([s], len(portraits)).replace(
            individual=0, sex=sexes, life_stage=stages, background=int(world.evolved.habitat[s])
        )
        plan = world.plans[s]
        look = phenotype.looks(world.seed, plan, world.evolved, met)
        lens = phenotype.still(phenotype.camera(world.seed, met))
        rows.append(np.concatenate(list(paint(plan, look, lens, met.background, size, world.seed)), axis=1))
    return np.concatenate(rows)
