"""Worlds of the ladder in which nothing is planted, on each rung, and with each nuisance; see `ladder.py`."""

import numpy as np
import polars as pl
from scipy.stats import linregress, ttest_1samp

from embedlab.data import Embeddings
from embedlab.stats.scatter import fisher_ratio
from embedlab.world.ladder import RUNGS, simulated_encoder
from tests.calibration.ladder import (
    EACH,
    FEW_AXES,
    FEWER,
    MORE,
    SPECIES,
    Held,
    aligned,
    grown,
    one_of,
    seen,
    told,
    variant,
    verdict,
)  # fmt: skip

# --- nothing planted


def _undrawn(rung):
    """No trait is drawn: what is seen of each evolved apart on the same tree, by the same process."""

    def draw(rng, permutations):
        trait, world = one_of(rng), grown(rng, drawn=0.0)
        return told(aligned(seen(world, rng, rung=rung), world, rng, trait, permutations))

    return draw


def _alone_undrawn(**settings):
    """One trait is not drawn, the others are: all are pulled to the optima of one habitat."""

    def draw(rng, permutations):
        trait = one_of(rng)
        world = grown(rng, drawn={trait: 0.0})
        return told(aligned(seen(world, rng), world, rng, trait, permutations, **settings))

    return draw


def no_tail(rng):
    trait, world = one_of(rng), grown(rng, drawn=0.0)
    return trait, world, seen(world, rng)


def _unconverged(rung):
    """Habitats without optima: traits are drawn, and none has to do with where a species lives."""

    def draw(rng, permutations):
        world = grown(rng, optima=0.0)
        return told(aligned(seen(world, rng, rung=rung), world, rng, "habitat", permutations))

    return draw


def _background(own):
    """No convergence either; the place shows in the vectors, and is the species' own habitat with probability `own`."""

    def draw(rng, permutations):
        world = grown(rng, optima=0.0)
        emb = seen(world, rng, own=own, place=0.6)
        v = aligned(emb, world, rng, "habitat", permutations)
        return v.p_value if own else told(v)

    return draw


def _at_chance(rung, column):
    def draw(rng, permutations):
        world = grown(rng, FEWER)
        return told(variant(seen(world, rng, MORE, rung=rung, **FEW_AXES), world, rng, column, permutations))

    return draw


# --- nuisances: nothing planted either, and a twin that takes them for something


def _bursts(named):
    """Three animals a sex with eight photographs each; without their names, photographs pass for animals."""

    def draw(rng, permutations):
        world = grown(rng, 16)
        met = world.plan(np.arange(16), 6 * 8, balanced=True, background_bias=0.0, photos=8)
        emb = simulated_encoder(world, met.replace(life_stage=1), rng, variant_size=0.0, camera=0.3)
        if not named:
            emb = Embeddings(emb.x, emb.rows.drop("individual"), emb.card)
        found = verdict("separation", Embeddings(emb.x, emb.rows.drop("life_stage"), {}), world, rng,
                        permutations=permutations)  # fmt: skip
        return told(found) if named else found.p_value

    return draw


def long_tail(rng, follow):
    """A world where image counts of species fall as 1/rank, from 96 to 2; ranked by a trait where they `follow` it."""
    trait, world = one_of(rng), grown(rng, drawn=0.0)
    rank = np.empty(SPECIES, int)
    rank[np.argsort(world.evolved[trait]) if follow else rng.permutation(SPECIES)] = np.arange(SPECIES)
    counts = np.maximum(96 // (1 + rank), 2)
    number = np.concatenate([np.arange(n) for n in counts])
    met = world.at(number * len(world) + np.repeat(np.arange(SPECIES), counts), background_bias=0.0)
    return trait, world, simulated_encoder(world, met, rng)


def any_tail(rng):
    return long_tail(rng, False)


def _tail(follow, **settings):
    def draw(rng, permutations):
        trait, world, emb = long_tail(rng, follow)
        return told(aligned(emb, world, rng, trait, permutations, **settings))

    return draw


def _images_as_species(make):
    """The trait regressed on the first axis of the images, each counted as a species of its own."""
    return lambda rng, permutations: _over_images(*make(rng))


def _over_images(trait, world, emb):
    x = emb.unit().float64()
    first = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[0][:, 0]
    value = dict(zip(world.names, world.evolved[trait], strict=True))
    return float(linregress(first, [value[s] for s in emb.column("species")]).pvalue)


def mislabelled(rng, share, columns=("species",), each=MORE, **encoder):
    """A share of the images bears the name, or the sex, of another image."""
    world = grown(rng, FEWER)
    emb = seen(world, rng, each, **FEW_AXES, **encoder)
    wrong = np.flatnonzero(rng.random(emb.n) < share)
    taken = rng.integers(emb.n, size=len(wrong))
    value = {c: np.array(emb.column(c).to_list(), object) for c in columns}
    rows = emb.rows.with_columns(pl.Series(c, _with(v, wrong, v[taken])) for c, v in value.items())
    return world, Embeddings(emb.x, rows, emb.card)


def _with(values, at, others):
    values = values.copy()
    values[at] = others
    return values.tolist()


def _wrong_names(share):
    """Sexes at chance, and names that put other species' images, and so their differences, into the noise."""

    def draw(rng, permutations):
        world, emb = mislabelled(rng, share, each=2 * MORE, variant_size=1.0)
        return told(variant(emb, world, rng, "sex", permutations))

    return draw


def _wrong_labels(share, corrected=True):
    """Sexes alike, with wrong names and wrong sexes; the twin takes the Fisher ratio of the sample as it stands."""

    def draw(rng, permutations):
        world, emb = mislabelled(rng, share, ("species", "sex"), variant_size=0.0)
        if corrected:
            alone = Embeddings(emb.x, emb.rows.drop("life_stage"), emb.card)
            return told(verdict("separation", alone, world, rng, permutations=permutations))
        ratio = fisher_ratio(emb.unit().float64(), emb.column("sex").to_numpy(), corrected=False,
                             by=emb.column("species").to_numpy())  # fmt: skip
        return float(ttest_1samp(ratio, 0, alternative="greater").pvalue)

    return draw


def held(name, draw, naive=None, weak=""):
    return Held(f"ladder: {name}", draw, naive, exact=False, worlds=EACH, weak=weak)


THROUGH_HABITAT = "no false alarm: the trait goes along with others that are drawn, through the habitat they share"
LAGGING = "no false alarm either: traits lag behind their optima, so that habitats of the past are still shared"
NAMES = "images of other species make the noise look like differences of species, so that sexes seem to lie outside"
WORLDS = (
    *(held(f"trait not drawn, {rung}", _undrawn(rung), _images_as_species(no_tail) if rung == "linear" else None)
      for rung in RUNGS),
    held("trait not drawn, others are", _alone_undrawn(), weak=THROUGH_HABITAT),
    held("trait not drawn, others are, habitat taken out", _alone_undrawn(covariates="habitat"), weak=LAGGING),
    *(held(f"habitat without convergence, {rung}", _unconverged(rung)) for rung in RUNGS),
    *(held(f"{said} at spectrum-matched chance, {rung}", _at_chance(rung, column))
      for column, said in (("sex", "sexes"), ("life_stage", "stages")) for rung in RUNGS),
    held("eight photographs of each animal, sexes alike", _bursts(True), _bursts(False)),
    held("long tail of image counts, trait not drawn", _tail(False), _images_as_species(any_tail)),
    held("long tail that follows the trait, not drawn", _tail(True)),
    held("places visible, habitat without convergence", _background(0.0), _background(0.5)),
    held("tenth of images mislabelled, sexes alike", _wrong_labels(0.1), _wrong_labels(0.1, corrected=False)),
    held("fifth of names wrong, sexes at chance", _wrong_names(0.2), weak=NAMES),
    held("tenth of names wrong, sexes at chance", _wrong_names(0.1), weak=NAMES),
)  # fmt: skip
