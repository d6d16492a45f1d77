"""Worlds in which nothing is, and the p-value that each measure gives there.

A world draws itself from a generator and gives the p-value of the claim ("p"), of its opposite where there is one
("p_less"), and the word of the verdict on it alone. Its naive twin gives a p-value on a world drawn alike.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.claims import Claim, judge
from embedlab.data import Embeddings, Traits
from embedlab.data.synthetic import (
    brownian_traits,
    dimorphic_birds,
    discrete_trait,
    nothing,
    photo_bursts,
    random_tree,
    species_names,
    traits_in_space,
)
from embedlab.measures.neighbours import neighbour_agreement
from embedlab.measures.orthogonality import orthogonality
from embedlab.measures.phylogeny import phylogeny
from embedlab.measures.scaling import scaling
from embedlab.measures.separation import separation
from embedlab.measures.trait_alignment import trait_alignment
from embedlab.stats.distances import mantel
from embedlab.stats.resample import p_value

SEX = ("sex", "female", "male")
CLAIM = Claim(id="a", says="So.", source="-", at_least=0.0)


@dataclass(frozen=True)
class World:
    """An empty world: `draw(rng, permutations)` gives p-values; `naive` the p-value of a test known to be wrong."""

    name: str
    draw: Callable
    naive: Callable | None = None
    exact: bool = True  # the p-value is uniform, not only small seldom enough


def told(evidence) -> dict:
    verdict = judge([CLAIM], {"a": evidence})[0]
    return {"p": evidence.p_more, "p_less": evidence.p_less, "word": verdict.word}


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


# --- trait alignment: vectors and trait evolved apart, on one tree


def _evolved(trait, n=40, d=16):
    def make(rng):
        tree = random_tree(rng, n)
        values = trait(rng, tree)
        emb = traits_in_space(rng, tree, rng.normal(size=n), share=0.0, d=d, per_species=2, noise=0.2)
        return emb, Traits(pl.DataFrame({"species": tree.names, "t": values}))["t"], tree

    return make


def _alignment(trait, null="rrpp"):
    make = _evolved(trait)

    def draw(rng, permutations):
        emb, values, tree = make(rng)
        return told(trait_alignment(emb, values, tree, null=null, permutations=permutations, rng=rng).evidence)

    return draw


def _free(trait):
    draw = _alignment(trait, "free")
    return lambda rng, permutations: draw(rng, permutations)["p"]


def brownian(lam):
    return lambda rng, tree: brownian_traits(rng, tree, lam=lam)[:, 0]


def threshold(rng, tree):
    """A habitat as biologists draw it: a hidden Brownian trait cut at thirds, so that no kind is rare."""
    hidden = brownian_traits(rng, tree)[:, 0]
    return np.array(["forest", "edge", "open"])[np.digitize(hidden, np.quantile(hidden, [1 / 3, 2 / 3]))]


def jumping(rng, tree):
    """A character of two states on the tree, drawn again until both are borne by a quarter of the species."""
    while True:
        state = discrete_trait(rng, tree, 2, rate=1.0)
        if 0.25 <= state.mean() <= 0.75:
            return np.array(["wet", "dry"])[state]


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


# --- scaling: a contrast that differs from run to run, whatever the scale


def runs(rng, scatter, size=0.8):
    """Eight runs at four scales; each has the same sexes apart by a length of its own."""
    stores = []
    for i in range(8):
        emb = dimorphic_birds(rng, species=6, per_cell=5, d=16, size=max(size + scatter * rng.normal(), 0.0))
        stores.append(Embeddings(emb.x, emb.rows, {"training": {"images_seen": 1000 * 4 ** (i // 2)}}))
    return stores


def _trend(scatter, size=0.8):
    def measure(permutations):
        return lambda emb, rng: separation(emb, SEX, permutations=permutations, rng=rng)

    return lambda rng, permutations: told(scaling(runs(rng, scatter, size), measure(permutations), rng=rng).evidence)


def _placebo_only(rng, permutations):
    """Against shuffled labels alone, runs that merely differ look like a trend."""
    found = scaling(runs(rng, 0.2), lambda emb, own: separation(emb, SEX, permutations=permutations, rng=own), rng=rng)
    return p_value(found.slope, found.evidence.null)


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
    World("trait: Brownian", _alignment(brownian(1.0)), _free(brownian(1.0)), exact=False),
    World("trait: lambda .5", _alignment(brownian(0.5)), _free(brownian(0.5)), exact=False),
    World("trait: lambda 0", _alignment(brownian(0.0)), exact=False),
    World("trait: threshold habitat", _alignment(threshold), _free(threshold), exact=False),
    World("trait: two states (Mk)", _alignment(jumping), _free(jumping), exact=False),
    World("phylogeny: species dealt out", _tree, _two_evolved),
    World("neighbours: genera dealt out within families", _genera, _genera_of_images, exact=False),
    World("scaling: no contrast", _trend(0.0, 0.0), exact=False),
    World("scaling: equal contrasts", _trend(0.0), exact=False),
    World("scaling: contrasts that differ by run", _trend(0.2), _placebo_only, exact=False),
)
