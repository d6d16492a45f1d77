"""Worlds whose answer is known: vectors, trees and traits with the truth planted, for trying every measure.

Each world takes its randomness by hand, and says in `card["truth"]` what was planted.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float

from embedlab.data.embeddings import Embeddings
from embedlab.data.evolution import brownian_traits, discrete_trait, random_tree, species_names
from embedlab.data.tree import Tree

__all__ = [
    "brownian_traits",
    "dimorphic_birds",
    "dimorphic_series",
    "discrete_trait",
    "nothing",
    "photo_bursts",
    "random_tree",
    "species_names",
    "traits_in_space",
]


def _scales(d: int, spectrum: str) -> Float[np.ndarray, " d"]:
    """Standard deviations per axis with mean square 1: all alike, or falling as 1/rank in variance."""
    if spectrum == "flat":
        return np.ones(d)
    if spectrum == "power":
        variance = 1.0 / np.arange(1, d + 1)
        return np.sqrt(variance * d / variance.sum())
    raise ValueError(f"spectrum is 'flat' or 'power', not {spectrum!r}")


def _rotation(rng: np.random.Generator, d: int) -> Float[np.ndarray, "d d"]:
    """A random rotation, so that no axis of the space means anything by itself."""
    q, r = np.linalg.qr(rng.normal(size=(d, d)))
    return q * np.sign(np.diagonal(r))


def _embeddings(x: np.ndarray, columns: dict[str, Any], truth: dict[str, Any]) -> Embeddings:
    rows = {"image_id": [f"img{i:05d}" for i in range(len(x))], **columns}
    card = {"model": "planted", "norm": "raw", "truth": truth}
    return Embeddings(x.astype(np.float32), pl.DataFrame(rows), card)


def dimorphic_birds(
    rng: np.random.Generator,
    *,
    species: int = 12,
    per_cell: int = 6,
    d: int = 64,
    outside: float = 1.0,
    size: float = 1.0,
    noise: float = 0.5,
    spectrum: str = "flat",
    unequal: bool = False,
    column: str = "sex",
    levels: tuple[str, str] = ("female", "male"),
    animals: np.random.Generator | None = None,
) -> Embeddings:
    """Birds of two sexes (or stages: `column`, `levels`) whose contrast leaves the species span as planned.

    `outside` is the share of the contrast's squared length outside the span of the species means: 1 is
    orthogonal to it, 0 lies within. `size` is the contrast's length, where 1 is half the typical distance of
    a species from the centre of all; `noise` is the spread of individuals, where that of species is 1. A
    `power` spectrum lets variance fall as 1/rank, of species and individuals on the same axes, so that
    chance is no longer (s - 1)/d. `unequal` gives each cell between 2 and `per_cell`
    individuals and most species fewer females, and so leans sample means towards the males. One photograph
    per individual. With a generator for `animals`, individuals are drawn from it, and species from `rng` alone.
    """
    if not 0 <= outside <= 1:
        raise ValueError(f"outside is a share between 0 and 1, not {outside}")
    if (outside > 0 and d < species) or (outside < 1 and species < 2):
        raise ValueError(f"{species} species in {d} dimensions leave no room: take d > species > 1")
    scales = _scales(d, spectrum)
    turn = _rotation(rng, d)
    means = (rng.normal(size=(species, d)) * scales) @ turn
    centred = means - means.mean(axis=0)
    basis = np.linalg.svd(centred, full_matrices=False)[2][: species - 1]
    draw = (rng.normal(size=d) * scales) @ turn
    within = draw @ basis.T @ basis
    beyond = draw - within
    contrast = np.zeros(d)
    if outside > 0:
        contrast += np.sqrt(outside) * beyond / np.linalg.norm(beyond)
    if outside < 1:
        contrast += np.sqrt(1 - outside) * within / np.linalg.norm(within)
    contrast *= size * np.sqrt(d) / 2
    names = species_names(species)
    x, of, which = [], [], []
    for i in range(species):
        for side, level in ((-0.5, levels[0]), (0.5, levels[1])):
            low = max(2, per_cell // 3) if side < 0 else max(2, per_cell // 2)
            count = int(rng.integers(low, max(low, per_cell - (side < 0)) + 1)) if unequal else per_cell
            quirk = noise * ((animals or rng).normal(size=(count, d)) * scales) @ turn
            x.append(means[i] + side * contrast + quirk)
            of += [names[i]] * count
            which += [level] * count
    truth = {
        "world": "dimorphic_birds",
        "outside": outside,
        "size": size,
        "noise": noise,
        "spectrum": spectrum,
    }
    truth["contrast_length"] = float(np.linalg.norm(contrast))
    columns = {
        "species": of,
        "genus": [name.split()[0] for name in of],
        "individual": [f"ind{i:05d}" for i in range(len(of))],
        column: which,
    }
    return _embeddings(np.concatenate(x), columns, truth)


def dimorphic_series(
    seed: int, scales: Mapping[float, Mapping[str, Any]], *, runs: int = 2, **how: Any
) -> list[Embeddings]:
    """Spaces as of models trained on more and more images: `scales` maps images seen to what is planted there.

    What is planted are words of `dimorphic_birds`, as {1e6: {"size": 0.4}}; `how` holds at every scale. At each scale
    stand `runs` spaces, as of training begun from other seeds; along the scales a run keeps its species where they
    are and sees their individuals otherwise. The card of each tells `images_seen` and `seed`, as that of a model does.
    """
    made = []
    for number, (seen, planted) in enumerate(scales.items()):
        for run in range(runs):
            animals = np.random.default_rng([seed, run, number])
            birds = dimorphic_birds(np.random.default_rng([seed, run]), animals=animals, **how, **planted)
            training = {"images_seen": float(seen), "seed": run}
            card = {**birds.card, "model": f"{seen:,.0f} images", "training": training}
            made.append(Embeddings(birds.x, birds.rows, card))
    return made


def photo_bursts(
    rng: np.random.Generator,
    *,
    species: int = 6,
    individuals: int = 3,
    photos: int = 8,
    d: int = 32,
    size: float = 0.0,
    quirk: float = 1.0,
    noise: float = 0.3,
) -> Embeddings:
    """Several photos of each animal, `individuals` per sex and species; each animal has its own quirk.

    With `size` 0 the sexes do not differ, and a test that shuffles photographs instead of animals finds a
    difference nearly always: photos of one animal are no independent observations.
    """
    means = rng.normal(size=(species, d))
    direction = rng.normal(size=d)
    direction *= size * np.sqrt(d) / np.linalg.norm(direction)
    names = species_names(species)
    x, of, sexes, who = [], [], [], []
    for i in range(species):
        for side, sex in ((-0.5, "female"), (0.5, "male")):
            for _ in range(individuals):
                animal = means[i] + side * direction + quirk * rng.normal(size=d)
                x.append(animal + noise * rng.normal(size=(photos, d)))
                of += [names[i]] * photos
                sexes += [sex] * photos
                who += [f"ind{len(x):04d}"] * photos
    truth = {"world": "photo_bursts", "size": size, "quirk": quirk, "noise": noise}
    columns = {"species": of, "genus": [n.split()[0] for n in of], "individual": who, "sex": sexes}
    return _embeddings(np.concatenate(x), columns, truth)


def nothing(
    rng: np.random.Generator, *, species: int = 8, per_species: int = 12, d: int = 32, spectrum: str = "flat"
) -> Embeddings:
    """Vectors that know nothing: species, sex and life stage are dealt out regardless of them."""
    n = species * per_species
    x = (rng.normal(size=(n, d)) * _scales(d, spectrum)) @ _rotation(rng, d)
    of = [name for name in species_names(species) for _ in range(per_species)]
    columns = {
        "species": of,
        "genus": [name.split()[0] for name in of],
        "individual": [f"ind{i:05d}" for i in range(n)],
        "sex": [("female", "male")[i % 2] for i in range(n)],
        "life_stage": [("adult", "juvenile")[(i // 2) % 2] for i in range(n)],
    }
    return _embeddings(x, columns, {"world": "nothing", "spectrum": spectrum})


def traits_in_space(
    rng: np.random.Generator,
    tree: Tree,
    trait: Float[np.ndarray, " n"],
    *,
    share: float = 0.3,
    lam: float = 1.0,
    d: int = 32,
    per_species: int = 4,
    noise: float = 0.5,
) -> Embeddings:
    """Photos of species whose means evolved on the tree, with a direction of its own for `trait`.

    `share` is the trait's part of the variance of the species means (the total, over all axes): 0 plants
    nothing, and what alignment there is then comes from shared ancestry alone, with Pagel's `lam`. `trait`
    has one number per tip, in the order of `tree.names`.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share lies between 0 and 1, not {share}")
    ancestry = brownian_traits(rng, tree, d, lam)
    ancestry = (ancestry - ancestry.mean(axis=0)) / np.sqrt(
        np.square(ancestry - ancestry.mean(axis=0)).mean()
    )
    direction = rng.normal(size=d)
    score = (trait - trait.mean()) / trait.std()
    planted = np.outer(score, direction) * np.sqrt(d) / np.linalg.norm(direction)
    means = np.sqrt(1 - share) * ancestry + np.sqrt(share) * planted
    x = np.repeat(means, per_species, axis=0) + noise * rng.normal(size=(len(tree) * per_species, d))
    of = [name for name in tree.names for _ in range(per_species)]
    columns = {"species": of, "genus": [name.split()[0] for name in of]}
    columns["individual"] = [f"ind{i:05d}" for i in range(len(of))]
    return _embeddings(x, columns, {"world": "traits_in_space", "share": share, "lam": lam, "noise": noise})
