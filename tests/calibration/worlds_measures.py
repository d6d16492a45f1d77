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
)
from embedlab.measures.neighbours import neighbour_agreement
from embedlab.measures.phylogeny import phylogeny
from embedlab.measures.separation import separation
from embedlab.stats.pairs.distances import mantel
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


WORLDS = (
    World("separation: labels dealt out", _separation(lambda rng: nothing(rng, spectrum="power"))),
    World("separation: stages dealt out", _separation(nothing, "life_stage")),
    World("separation: unequal counts", _separation(lambda rng: dimorphic_birds(rng, size=0.0, unequal=True))),
    World("separation: photo bursts", _separation(photo_bursts), _photographs),
    World("phylogeny: species dealt out", _tree, _two_evolved),
    World("neighbours: genera dealt out within families", _genera, _genera_of_images, exact=False),
)
