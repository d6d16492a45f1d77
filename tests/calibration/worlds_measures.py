"""Worlds in which the sexes do not differ and species know no tree: the p-values of four measures."""

import numpy as np
import polars as pl

from embedlab.data import Embeddings
from embedlab.data.synthetic import (
    brownian_traits,
    dimorphic_birds,
    nothing,
    photo_bursts,
    random_tree,
    species_names,
)
from embedlab.measures.neighbours import neighbour_agreement
from embedlab.measures.orthogonality import orthogonality
from embedlab.measures.phylogeny import phylogeny
from embedlab.measures.separation import separation
from embedlab.stats.distances import mantel
from embedlab.stats.resample import p_value
from tests.calibration.world import World, told

SEX = ("sex", "female", "male")


# --- separation: the sexes do not differ


def _separation(make, column="sex"):
    def draw(rng, permutations):
        a, b = ("female", "male") if column == "sex" else ("juvenile", "adult")
        return told(separation(make(rng), (column, a, b), permutations=permutations, rng=rng).evidence)

    return draw


def _photographs(rng, permutations):
    burst = photo_bursts(rng)
    alone = Embeddings(burst.x, burst.rows.drop("individual"), {})
    return separation(alone, SEX, permutations=permutations, rng=rng).evidence.p_more


# --- orthogonality: the sexes differ as individuals do, in any direction that noise takes


def noise_like(rng, shared, spectrum, species=10, per_cell=8, d=48, size=0.7):
    """Sexes differ by a vector drawn from the noise of individuals: one for all species, or one for each."""
    scale = np.ones(d) if spectrum == "flat" else np.sqrt(1 / np.arange(1, d + 1))
    scale = scale * np.sqrt(d / np.square(scale).sum())
    x, of, sex = [], [], []
    common = size * scale * rng.normal(size=d)
    for name in species_names(species):
        mean = scale * rng.normal(size=d)
        contrast = common if shared else size * scale * rng.normal(size=d)
        for side, kind in ((-0.5, "female"), (0.5, "male")):
            x.append(mean + side * contrast + 0.5 * scale * rng.normal(size=(per_cell, d)))
            of += [name] * per_cell
            sex += [kind] * per_cell
    rows = {"image_id": [str(i) for i in range(len(of))], "species": of, "sex": sex}
    return Embeddings(np.concatenate(x).astype(np.float32), pl.DataFrame(rows), {})


def _orthogonality(make):
    return lambda rng, permutations: told(orthogonality(make(rng), SEX, permutations=permutations, rng=rng).evidence)


def _isotropic(make):
    """Rank over dimensions as chance: "the sexes differ *inside* the span" is then true of any noise."""

    def draw(rng, permutations):
        found = orthogonality(make(rng), SEX, permutations=permutations, rng=rng)
        return p_value(found.share, found.nulls["isotropic"]) if np.isfinite(found.share) else 1.0

    return draw


# --- phylogeny and neighbours: species dealt out regardless of the tree, genera regardless of the family


def _tree(rng, permutations):
    tree = random_tree(rng, 16)
    x = np.repeat(rng.normal(size=(16, 12)), 3, axis=0) + 0.3 * rng.normal(size=(48, 12))
    rows = {"image_id": [str(i) for i in range(48)], "species": [s for s in tree.names for _ in range(3)]}
    return told(phylogeny(Embeddings(x.astype(np.float32), pl.DataFrame(rows), {}), tree,
                          permutations=permutations, rng=rng).evidence)  # fmt: skip


def _two_evolved(rng, permutations):
    """Mantel with shuffled tips, asked of a *trait* and a space on one tree: the misuse that methods.md measures."""
    tree = random_tree(rng, 30)
    x, y = brownian_traits(rng, tree, 16), brownian_traits(rng, tree)
    far = [np.sqrt(np.square(v[:, None] - v[None]).sum(axis=2)) for v in (x, y)]
    return mantel(*far, permutations=permutations, alternative="greater", rng=rng).p_value


def families(rng, photos=2):
    """Species in genera in families; genera are dealt out within the family, whatever the vectors."""
    x, rows = [], {"family": [], "genus": [], "species": []}
    for f in range(5):
        centre = 2 * rng.normal(size=12)
        genus = rng.permutation(np.repeat([0, 1, 2], 3))
        for s in range(9):
            own = centre + rng.normal(size=12)
            x.append(own + 0.3 * rng.normal(size=(photos, 12)))
            for key, value in zip(rows, (f"f{f}", f"g{f}{genus[s]}", f"s{f}{s}"), strict=True):
                rows[key] += [value] * photos
    x = np.concatenate(x).astype(np.float32)
    return Embeddings(x, pl.DataFrame({"image_id": [str(i) for i in range(len(x))], **rows}), {})


def _genera(rng, permutations):
    found = neighbour_agreement(families(rng), ("family", "genus"), permutations=permutations, rng=rng)
    return told(found.evidence["genus"])


def _genera_of_images(rng, permutations):
    found = neighbour_agreement(families(rng), ("family", "genus"), other=None, permutations=permutations, rng=rng)
    return found.evidence["genus"].p_more


def _alike(spectrum, shared):
    return lambda rng: noise_like(rng, shared, spectrum)


WORLDS = (
    World("separation: labels dealt out", _separation(lambda rng: nothing(rng, spectrum="power"))),
    World("separation: stages dealt out", _separation(nothing, "life_stage")),
    World("separation: unequal counts", _separation(lambda rng: dimorphic_birds(rng, size=0.0, unequal=True))),
    World("separation: photo bursts", _separation(photo_bursts), _photographs),
    World(
        "orthogonality: no contrast", _orthogonality(lambda rng: noise_like(rng, True, "power", size=0.0)), exact=False
    ),
    *(
        World(
            f"orthogonality: {'one contrast' if shared else 'a contrast a species'}, {spectrum} noise",
            _orthogonality(_alike(spectrum, shared)),
            _isotropic(_alike(spectrum, shared)) if spectrum == "power" else None,
            exact=False,
        )
        for spectrum in ("flat", "power")
        for shared in (True, False)
    ),
    World("phylogeny: species dealt out", _tree, _two_evolved),
    World("neighbours: genera dealt out within families", _genera, _genera_of_images, exact=False),
)
