"""Species dealt out over the tips, genera dealt out within families: does the order of kinship look right?"""

from functools import cache

import numpy as np
import polars as pl
from scipy import stats as sps

from embedlab.data import Embeddings
from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.data.tree import Tree
from embedlab.measures.hierarchy import hierarchy
from embedlab.stats.taxa.dendrogram import dendrogram, shared_groups, treelike
from embedlab.stats.taxa.nested import nested_separability
from embedlab.stats.taxa.triplets import triplet_agreement
from embedlab.stats.vectors import squared_distances
from tests.calibration.world import Coverage, Power, World, told


def branching(rng):
    """A tree that grew at random."""
    return random_tree(rng, 20)


def comb(rng):
    """The least balanced tree: each species parts from all that are left."""
    text = "t0:1"
    for i in range(1, 20):
        text = f"({text},t{i}:{i}):1"
    return Tree.parse(text.rsplit(":", 1)[0] + ";")


def dealt_out(rng, tree, scale=None):
    """Distances of species that know nothing of the tree, and its covariance."""
    x = rng.normal(size=(len(tree), 8)) * (1 if scale is None else scale)
    return np.sqrt(squared_distances(x)), tree.covariance(tree.names)


def _both(found):
    return {"p": found.p_value, "p_less": found.p_less}


def _triplets(make, scale=None, upto=1.0):
    def draw(rng, permutations):
        d, c = dealt_out(rng, make(rng), scale)
        return _both(triplet_agreement(d, c, permutations=permutations, upto=upto, rng=rng))

    return draw


def _each_a_witness(make):
    """Triplets counted as independent, as a binomial test would."""

    def naive(rng, permutations):
        d, c = dealt_out(rng, make(rng))
        found = triplet_agreement(d, c, permutations=np.arange(len(d))[None])
        n = int(found.counts.sum())
        return float(sps.binomtest(round(found.statistic * n), n, 1 / 3, alternative="greater").pvalue)

    return naive


def _groups(rooted):
    def draw(rng, permutations):
        tree = random_tree(rng, 16)
        d, _ = dealt_out(rng, tree)
        own, wanted = dendrogram(d), tree.structure(tree.names)
        return {"p": shared_groups(own, wanted, rooted=rooted, permutations=permutations, rng=rng).p_value}

    return draw


def images(rng):
    """Three photographs of each of 20 species that know nothing of the tree."""
    tree = random_tree(rng, 20)
    x = np.repeat(rng.normal(size=(20, 6)), 3, axis=0) + 1.2 * rng.normal(size=(60, 6))
    rows = {"image_id": [str(i) for i in range(60)], "species": np.repeat(tree.names, 3).tolist()}
    return Embeddings(x.astype(np.float32), pl.DataFrame(rows), {}), tree


def _mistakes(rng, permutations):
    found = told(hierarchy(*images(rng), permutations=permutations, rng=rng).evidence["mistakes"])
    return {"p": found["p_less"], "p_less": found["p"], "word": found["word"]}


def taxa(rng, spread, families=6, photos=1):
    """Species in genera of one to five, in families of unequal scatter; `spread` is how far genera stand apart."""
    x, genus, family = [], [], []
    for f in range(families):
        scale = (0.3, 1.0, 3.0)[f % 3]
        for g in range(3):
            centre = spread * scale * rng.normal(size=8)
            for _ in range(1 + (f + 2 * g) % 5):
                x.append(centre + scale * (rng.normal(size=8) + 0.2 * rng.normal(size=(photos, 8))))
                genus += [f"{f}.{g}"] * photos
                family += [f] * photos
    return np.concatenate(x), genus, family


def _nested(rng, permutations):
    return _both(nested_separability(*taxa(rng, 0.0), permutations=permutations, rng=rng))


def _nested_images(rng, permutations):
    """The same of photographs as if each were a species."""
    return nested_separability(*taxa(rng, 0.0, photos=4), permutations=permutations, rng=rng).p_value


def _cloud(power):
    def draw(rng, permutations):
        scale = 1 / np.sqrt(np.arange(1, 9)) if power else 1.0
        return {"p": treelike(rng.normal(size=(20, 8)) * scale, draws=permutations, rng=rng).p_value}

    return draw


# --- intervals: species drawn from many on one large tree; families drawn from many


@cache
def population():
    """Distances and covariance of 300 species that evolved, and the share of all their triplets that agree."""
    rng = np.random.default_rng(5)
    tree = random_tree(rng, 300)
    x = brownian_traits(rng, tree, 8) + 0.5 * rng.normal(size=(300, 8))
    d, c = np.sqrt(squared_distances(x)), tree.covariance(tree.names)
    return d, c, triplet_agreement(d, c, permutations=np.arange(300)[None], rng=rng).statistic


def _sampled(rng, n):
    d, c, truth = population()
    some = np.ix_(*[rng.choice(300, n, replace=False)] * 2)
    return triplet_agreement(d[some], c[some], permutations=np.arange(n)[None], rng=rng), truth


def _cover(n):
    def draw(rng):
        found, truth = _sampled(rng, n)
        return {"low": found.interval[0], "high": found.interval[1], "truth": truth}

    return draw


def _as_binomial(n):
    def naive(rng):
        found, truth = _sampled(rng, n)
        half = 1.96 * np.sqrt(found.statistic * (1 - found.statistic) / found.counts.sum())
        return {"low": found.statistic - half, "high": found.statistic + half, "truth": truth}

    return naive


@cache
def nested_truth():
    """Share of variance between genera, in 3,000 families."""
    return nested_separability(*taxa(np.random.default_rng(0), 0.7, 3000), permutations=1,
                               rng=np.random.default_rng(0)).statistic  # fmt: skip


def _cover_nested(rng):
    found = nested_separability(*taxa(rng, 0.7, 30), permutations=1, rng=rng)
    return {"low": found.interval[0], "high": found.interval[1], "truth": nested_truth()}


def _power(rng, size, permutations):
    tree = random_tree(rng, 20)
    x = np.sqrt(size) * brownian_traits(rng, tree, 8) + np.sqrt(1 - size) * rng.normal(size=(20, 8))
    d = np.sqrt(squared_distances(x))
    return triplet_agreement(d, tree.covariance(tree.names), permutations=permutations, rng=rng).p_value


def _power_nested(rng, size, permutations):
    return nested_separability(*taxa(rng, size), permutations=permutations, rng=rng).p_value


WORLDS = (
    World("hierarchy: species dealt out, triplets", _triplets(branching), _each_a_witness(branching)),
    World("hierarchy: species dealt out on a comb", _triplets(comb), _each_a_witness(comb)),
    World("hierarchy: species dealt out, anisotropic", _triplets(branching, 2.0 ** -np.arange(8))),
    World("hierarchy: species dealt out, recent triplets", _triplets(branching, upto=0.7), exact=False),
    World("hierarchy: species dealt out, clades of average linkage", _groups(True), exact=False),
    World("hierarchy: species dealt out, splits of average linkage", _groups(False), exact=False),
    World("hierarchy: species dealt out, height of mistakes", _mistakes, worlds=300),
    World("hierarchy: genera dealt out within families", _nested, _nested_images),
    World("hierarchy: a cloud is no tree, flat spectrum", _cloud(False), worlds=300),
    World("hierarchy: a cloud is no tree, falling spectrum", _cloud(True), worlds=300),
)
COVERAGE = (
    Coverage("hierarchy: triplets, 30 species of 300", _cover(30), _as_binomial(30)),
    Coverage("hierarchy: triplets, 60 species of 300", _cover(60), _as_binomial(60), promised=False),
    Coverage("hierarchy: genera within 30 families", _cover_nested, promised=False),
)
POWER = (
    Power("hierarchy: triplets, 20 species", _power, (0.05, 0.1, 0.2, 0.4, 0.8), unit="share of variance on the tree"),
    Power("hierarchy: genera within 6 families", _power_nested, (0.1, 0.2, 0.4, 0.6, 0.9), unit="genera apart"),
)
