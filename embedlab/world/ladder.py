"""Simulated encoders: rungs between a planted truth and a trained model, so that a false step has a name.

On the first rung the axes of the space are what was planted: traits, hidden axes that evolved on the same tree, and
axes on which no species differ. The second mixes them by a random linear map, the third by a random network. Where
an estimate leaves the truth, the rung tells whether estimator, mixing or bending is to blame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from embedlab.world.characters import ALL, FUNCTIONAL, HABITATS, columns
from embedlab.world.phenotype import Specimens
from embedlab.world.traits import brownian
from embedlab.world.variants import SEXES, STAGES

if TYPE_CHECKING:
    from embedlab.data import Embeddings
    from embedlab.world.world import World

RUNGS = ("features", "linear", "network")
VARIANTS = ("sex", "life_stage")
AXES = 5  # of the species means, within which the share of a variant is planted and told
LIKE = 0.3  # part of a variant's squared length that all species share; the rest is each one's own
GAIN = 1.5  # of the network: tanh bends what one standard deviation reaches
AROUND = 64  # individuals of a species from which the truth in the space is told


def simulated_encoder(
    world: World, specimens: Specimens, rng: np.random.Generator, *, rung: str = "linear", d: int = 96,
    traits: tuple[str, ...] = tuple(FUNCTIONAL), hidden: int = 12, private: int = 24,
    variant_size: float | Mapping[str, float] = 0.5, variant_share: float | None = None, uneven: bool = True,
    noise: float = 0.7, camera: float = 0.3, place: float = 0.0, spectrum: str = "power", cone: float = 2.0,
) -> Embeddings:  # fmt: skip
    """Embed specimens as an encoder would that sees exactly what is planted; no pixels, no training.

    Gives one vector a specimen (n, d) with the rows of `world.manifest`, and the truth in `card["truth"]`. Species
    means have variance 1 in all, half of it from `traits` (as far as the world's dial `drawn` lets them through, each
    alike) and half from hidden axes. All lengths below are in units of that 1. Each part draws from a stream of its
    own, so that a dial changes what it names.

    Args:
        rung: "features" (the axes are what is planted, and d is how many there are), "linear" (a random linear map
            of them) or "network" (a random network of one hidden layer, tanh).
        hidden: axes that evolve on the tree by Brownian motion, with variance as `spectrum` says.
        private: axes on which no species differ; individuals and photographs do.
        variant_size: δ, length of the contrast of sexes (and of life stages) in standard deviations of individuals,
            root mean square over species; by name ("sex", "life_stage") for each. On the first rung the Fisher
            ratio is δ²/2, with bursts of one individual too: its photographs are averaged in the standard deviation.
        variant_share: cos²θ, share of the contrasts' squared length within the first five axes of the species
            means, planted in the features. None draws contrasts from the scatter within species: the share is then
            its spectrum-matched chance, the zero of this dial. Species are weighed by `uneven` afterwards and the map
            turns the axes: compare an estimate with the share told in `reached`, not with this.
        uneven: let the sexes and stages of each species differ as far as its own dimorphism and maturation say.
        noise: standard deviation of individuals; half of its variance lies on the species' axes, in proportion to
            what these carry, and half on private ones.
        camera: standard deviation of photographs of one individual, on private axes only.
        place: how far the habitat in the background moves a vector, on private axes; a nuisance where backgrounds
            go along with the species' own habitat.
        spectrum: "power" lets the variance of hidden and of private axes fall as 1/rank, "flat" does not.
        cone: length of the mean of all vectors.

    Raises ValueError for a rung, spectrum or share that is none, KeyError for a trait that no world has.
    """
    if rung not in RUNGS:
        raise ValueError(f"rung is one of {RUNGS}, not {rung!r}")
    if variant_share is not None and not 0 <= variant_share <= 1:
        raise ValueError(f"variant_share is a share from 0 to 1 or None, not {variant_share}")
    if unknown := [name for name in traits if name not in ALL]:
        raise KeyError(f"no traits {unknown[:5]} in a world; there are {', '.join(ALL)}")
    if private < 1 or len(traits) + hidden < 1:
        raise ValueError(f"{len(traits)} traits, {hidden} hidden and {private} private axes: there is nothing to see")
    of_species, of_variants, of_individuals, of_photos, of_places, of_map, aside = rng.spawn(7)
    means, weights = _species(world, traits, hidden, private, spectrum, of_species)
    own = np.concatenate([np.zeros(len(weights) - private), _falling(private, spectrum)])  # variances of private axes
    individual, photo = noise * np.sqrt((weights + own) / 2), camera * np.sqrt(own)  # (m,) standard deviations
    person, per_person = _people(specimens)
    scatter = np.sqrt(individual**2 + photo**2 / per_person)  # of individuals, their photographs averaged
    sizes = dict(variant_size) if isinstance(variant_size, Mapping) else dict.fromkeys(VARIANTS, float(variant_size))
    contrasts = {}
    for name, strength, stream in zip(
        VARIANTS, (world.dimorphism, world.maturation), of_variants.spawn(2), strict=True
    ):
        contrast = _contrasts(means, scatter, variant_share, stream) * (strength[:, None] if uneven else 1.0)
        contrasts[name] = sizes[name] * np.linalg.norm(scatter) * contrast / _length(contrast)
    sides = {"sex": specimens.sex / (len(SEXES) - 1), "life_stage": specimens.life_stage / (len(STAGES) - 1)}
    f = means[specimens.species]
    for name, side in sides.items():
        f = f + contrasts[name][specimens.species] * (side - 0.5)[:, None]
    f += individual * of_individuals.normal(size=(person.max(initial=-1) + 1, f.shape[1]))[person]
    f += photo * of_photos.normal(size=f.shape)
    f += (place * np.sqrt(own) * of_places.normal(size=(len(HABITATS), f.shape[1])))[specimens.background]

    see = _map(rung, f.shape[1], d, of_map)
    seen, x = see(means), see(f)
    away = of_map.normal(size=x.shape[1])
    away *= cone * np.sqrt(seen.var(axis=0).sum()) / np.linalg.norm(away)
    truth = {
        "world": world.seed, "species": len(means), "rung": rung, "dials": world.strengths.told,
        "trait_share": {t: float(w) * world.strengths.share(t) for t, w in zip(traits, weights, strict=False)},
        "variant_size": sizes, "variant_share": variant_share, "noise": noise, "camera": camera, "place": place,
        "cone": cone, "reached": _reached(see, means, contrasts, scatter, aside),
    }  # fmt: skip
    return _embeddings(world, specimens, x - seen.mean(axis=0) + away, truth)


def _species(world, traits, hidden, private, spectrum, rng) -> tuple[np.ndarray, np.ndarray]:
    """Species means (s, m) with variance 1 in all, and what each axis carries of it: none on private axes."""
    drawn = world.evolved.drawn[:, columns(traits)] if traits else np.zeros((len(world), 0))
    free = brownian(rng, world.growth, hidden, 1.0)[world.growth.tips]
    t = len(traits)
    half = 0.5 if t and hidden else 1.0
    weights = np.concatenate([half * _falling(t, "flat"), half * _falling(hidden, spectrum), np.zeros(private)])
    values = np.hstack([drawn, free, np.zeros((len(free), private))])
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0) * np.sqrt(weights), weights


def _falling(count: int, spectrum: str) -> np.ndarray:
    """Variances that sum to 1: all alike, or falling as 1/rank."""
    if spectrum not in ("flat", "power"):
        raise ValueError(f"spectrum is 'flat' or 'power', not {spectrum!r}")
    variance = 1 / np.arange(1, count + 1) if spectrum == "power" else np.ones(count)
    return variance / max(variance.sum(), 1e-12)


def _people(specimens: Specimens) -> tuple[np.ndarray, float]:
    """Number of the individual on each photograph, (n,), and how many photographs there are of one, on average."""
    named = specimens.species * (1 + specimens.individual.max(initial=0)) + specimens.individual
    found, person = np.unique(named, return_inverse=True)
    return person, len(named) / max(len(found), 1)


def _contrasts(means, scatter, share, rng) -> np.ndarray:
    """Contrasts of each species, (s, m), drawn from the scatter within species; their share inside set if asked."""
    s, m = means.shape
    found = scatter * (np.sqrt(LIKE) * rng.normal(size=m) + np.sqrt(1 - LIKE) * rng.normal(size=(s, m)))
    if share is not None:
        axes = _axes(means)
        inside = found @ axes @ axes.T
        outside = found - inside
        found = np.sqrt(share) * inside / _length(inside) + np.sqrt(1 - share) * outside / _length(outside)
    return found


def _axes(means) -> np.ndarray:
    """The first axes of the species means, (m, 5), or as many as there are."""
    return np.linalg.svd(means - means.mean(axis=0), full_matrices=False)[2][: min(AXES, len(means) - 1)].T


def _length(vectors) -> float:
    """Root mean square length."""
    return max(float(np.sqrt(np.square(vectors).sum(axis=1).mean())), 1e-12)


def _map(rung: str, m: int, d: int, rng) -> Callable[[np.ndarray], np.ndarray]:
    """What turns features into vectors, (n, m) into (n, d)."""
    if rung == "features":
        return lambda f: f
    if rung == "linear":
        mix = rng.normal(size=(m, d)) / np.sqrt(d)  # keeps squared lengths on average
        return lambda f: f @ mix
    first, second = GAIN * rng.normal(size=(m, 2 * d)), rng.normal(size=(2 * d, d)) / np.sqrt(2 * d)
    bias = 0.5 * rng.normal(size=2 * d)
    return lambda f: np.tanh(f @ first + bias) @ second


def _reached(see, means, contrasts, scatter, rng) -> dict:
    """What of each contrast has reached the space: Fisher ratio and share inside, beside its chance.

    Told of vectors as they are before they are scaled to unit length, and of means over many individuals (64 draws a
    species): a map that is not linear moves the mean of scattered individuals less than it moves a single point. None
    where there is nothing to divide by.
    """
    around = scatter * rng.normal(size=(len(means), AROUND, means.shape[1]))
    seen = see(means[:, None] + around)
    centres = seen.mean(axis=1)
    left = seen - centres[:, None]
    axes = _axes(centres)
    within = float(np.square(left).sum() / (len(means) * (AROUND - 1)))
    chance = float(np.square(left @ axes).sum() / np.square(left).sum()) if within > 0 else None
    found = {"axes": axes.shape[1], "chance_inside": chance}
    for name, contrast in contrasts.items():
        half = contrast[:, None] / 2
        moved = (see(means[:, None] + half + around) - see(means[:, None] - half + around)).mean(axis=1)
        energy = float(np.square(moved).sum())
        found[name] = {
            "fisher": energy / len(means) / (2 * within) if within > 0 else None,
            "share_inside": float(np.square(moved @ axes).sum() / energy) if energy > 0 else None,
        }
    return found


def _embeddings(world, specimens, x, truth) -> Embeddings:
    from embedlab.data import Embeddings

    rows = world.manifest(specimens, [""] * len(specimens)).drop("path")
    model = f"simulated:{truth['rung']}"
    return Embeddings(x.astype(np.float32), rows, {"model": model, "norm": "raw", "truth": truth})
