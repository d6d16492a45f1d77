"""The world card: what was planted, and what came of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from embedlab.world.traits import ALL, COLOUR, FUNCTIONAL, HABITATS
from embedlab.world.tree import PLANS

if TYPE_CHECKING:
    from embedlab.world.world import World


def card(world: World) -> dict:
    """Describe a world in plain numbers: species per plan, rank and habitat; where the variance lies."""
    evolved, groups = world.evolved, world.groups
    held = world.split == "held-out"
    whole = [f for f in np.unique(groups["family"]) if held[groups["family"] == f].all()]
    return {
        "seed": world.seed,
        "species": len(world),
        "species_per_plan": {plan: world.plans.count(plan) for plan in PLANS},
        "taxa": {rank: len(np.unique(codes)) for rank, codes in groups.items()},
        "species_per_habitat": {
            name: int((evolved.habitat == code).sum()) for code, name in enumerate(HABITATS)
        },
        "held_out": {"species": int(held.sum()), "whole_families": len(whole)},
        "monomorphic_species": int((world.dimorphism == 0).sum()),
        "mean_dimorphism": round(float(world.dimorphism.mean()), 3),
        "habitat_explains": {name: _between(evolved[name], evolved.habitat) for name in FUNCTIONAL},
        "sd_within_genus": {
            "functional": _within(evolved, groups["genus"], FUNCTIONAL),
            "colour": _within(evolved, groups["genus"], COLOUR),
        },
        "trees_drawn": 1,  # no tree was screened for balance
        "strengths": asdict(world.strengths),
    }


def _between(values: np.ndarray, codes: np.ndarray) -> float:
    means = np.array([values[codes == c].mean() for c in np.unique(codes)])
    sizes = np.array([(codes == c).sum() for c in np.unique(codes)])
    return round(
        float((sizes * (means - values.mean()) ** 2).sum() / ((values - values.mean()) ** 2).sum()), 3
    )


def _within(evolved, genus: np.ndarray, names) -> float:
    values = evolved.values[:, [ALL.index(name) for name in names]]
    spread = [values[genus == g].var(axis=0, ddof=1) for g in np.unique(genus) if (genus == g).sum() > 1]
    return round(float(np.sqrt(np.mean(spread))), 3) if spread else 0.0
