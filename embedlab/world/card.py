"""The world card: what was planted, and what came of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from embedlab.world.characters import COLOUR, DRAWABLE, FUNCTIONAL, HABITATS, OTHER, columns
from embedlab.world.finches import BEAK
from embedlab.world.mimics import WORN
from embedlab.world.tree import PLANS
from embedlab.world.variants import contrasts

if TYPE_CHECKING:
    from embedlab.world.world import World

_MANY = {"bird": "birds", "fish": "fish", "beetle": "beetles", "butterfly": "butterflies"}
DESIGN = 3  # worlds of another design differ, even from the same seed


def card(world: World) -> dict:
    """Describe a world in plain numbers: species per plan, rank and habitat; each dial, and what came of it."""
    evolved, groups = world.evolved, world.groups
    held = world.split == "held-out"
    whole = [f for f in np.unique(groups["family"]) if held[groups["family"] == f].all()]
    return {
        "design": DESIGN,
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
        "species_without_stages": int((world.maturation == 0).sum()),
        "mean_maturation": round(float(world.maturation.mean()), 3),
        "variants": contrasts(evolved),
        "habitat_explains": {name: _between(evolved[name], evolved.habitat) for name in FUNCTIONAL},
        "drawn": {
            name: {"planted": world.strengths.share(name), "found": _shared(evolved, name)}
            for name in DRAWABLE
            if name in FUNCTIONAL or world.strengths.share(name) < 1
        },
        "congeners_alike": _alike(evolved.values[:, columns((*OTHER, "undrawn"))], groups["genus"]),
        "sd_within_genus": {
            "functional": _within(evolved.values, groups["genus"], FUNCTIONAL),
            "colour": _within(evolved.values, groups["genus"], COLOUR),
        },
        "finches": _finches(world),
        "mimicry": _mimicry(world),
        "trees_drawn": 1,  # no tree was screened for balance
        "dials_turned": world.strengths.told,
        "strengths": asdict(world.strengths),
    }


def lines(world: World) -> list[str]:
    """Say the card in a few short lines, for people."""
    told = world.card
    plans = ", ".join(f"{n} {_MANY[plan]}" for plan, n in told["species_per_plan"].items())
    taxa, explained = told["taxa"], list(told["habitat_explains"].values())
    sex, stage = told["variants"]["sex"], told["variants"]["stage"]
    seen = [share["found"] for share in told["drawn"].values()]
    finches, mimicry = told["finches"], told["mimicry"]
    return [
        f"world {told['seed']}: {plans} in {taxa['order']} orders, {taxa['family']} families, {taxa['genus']} genera",
        f"habitat explains {min(explained):.2f} to {max(explained):.2f} of the variance of functional traits; "
        f"{_span(seen)} of it is drawn",
        f"sexes differ by {_size(sex)}, monomorphic species: {told['monomorphic_species']}; "
        f"stages by {_size(stage)}, species without: {told['species_without_stages']}",
        f"finches: {finches['species']} species of {finches['genus']}, sd of beak length "
        f"{finches['beak_length']:.2f} and depth {finches['beak_depth']:.2f}, r {finches['r']:+.2f}",
        f"butterflies that mimic another: {mimicry['pairs']}; congeners alike {told['congeners_alike']:.2f}",
        f"held out: {told['held_out']['species']} species, {told['held_out']['whole_families']} whole families",
        f"dials turned: {told['dials_turned'] or 'none'}",
    ]


def _span(shares: list[float]) -> str:
    low, high = min(shares), max(shares)
    return f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"


def _size(contrast: dict) -> str:
    inside = contrast["inside"]
    return f"{contrast['size']:.2f} sd" + ("" if inside is None else f" ({inside:.2f} inside)")


def _finches(world: World) -> dict:
    beaks = world.evolved.values[np.ix_(world.finches, columns(BEAK))]
    spread = beaks.std(axis=0)
    varies = len(beaks) > 1 and spread.min() > 0
    return {
        "genus": world.columns["genus"][world.finches[0]],
        "species": len(beaks),
        **{name: round(float(sd), 3) for name, sd in zip(BEAK, spread, strict=True)},
        "r": round(float(np.corrcoef(beaks.T)[0, 1]), 3) if varies else 0.0,
    }


def _mimicry(world: World) -> dict:
    worn = world.evolved.drawn[:, columns(WORN)]
    a, b = world.mimics.T
    butterflies = worn[world.growth.plan == PLANS.index("butterfly")]
    usual = np.sqrt(2 * butterflies.var(axis=0, ddof=1).sum()) if len(butterflies) > 1 else np.nan
    apart = np.linalg.norm(worn[a] - worn[b], axis=1) / usual
    return {
        "pairs": len(a),
        # 0: dressed alike; 1: as two butterflies drawn at random
        "apart": round(float(apart.mean()), 3) if len(a) else None,
        "species": [[world.names[i], world.names[j]] for i, j in world.mimics],
    }


def _shared(evolved, name: str) -> float:
    k = columns((name,))[0]
    r = np.corrcoef(evolved.values[:, k], evolved.drawn[:, k])[0, 1]
    return round(float(r * r), 3)


def _between(values: np.ndarray, codes: np.ndarray) -> float:
    means = np.array([values[codes == c].mean() for c in np.unique(codes)])
    sizes = np.array([(codes == c).sum() for c in np.unique(codes)])
    return round(
        float((sizes * (means - values.mean()) ** 2).sum() / ((values - values.mean()) ** 2).sum()), 3
    )


def _alike(values: np.ndarray, genus: np.ndarray) -> float:
    # Intraclass correlation of congeners, over traits of standard deviation 1: mean product of two of a genus.
    _, codes = np.unique(genus, return_inverse=True)
    size = np.bincount(codes)
    sums = np.stack([np.bincount(codes, column) for column in values.T], axis=1)
    products = (sums**2).sum() - (values**2).sum()
    of_two = (size * (size - 1)).sum() * values.shape[1]
    return round(float(products / of_two), 3) if of_two else 0.0


def _within(values: np.ndarray, genus: np.ndarray, names) -> float:
    values = values[:, columns(names)]
    spread = [values[genus == g].var(axis=0, ddof=1) for g in np.unique(genus) if (genus == g).sum() > 1]
    return round(float(np.sqrt(np.mean(spread))), 3) if spread else 0.0
