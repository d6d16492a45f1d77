"""Worlds in which the tree that is told is not the tree that was: clades of unequal rates, ranks for a tree."""

import numpy as np
import polars as pl
from scipy.cluster.hierarchy import fcluster, linkage

from embedlab.data import Embeddings, Taxonomy, Traits, Tree
from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.measures.trait_alignment import trait_alignment
from embedlab.stats.trait.alignment import aligned_beyond_phylogeny
from embedlab.stats.trait.turned import contrasts_turned
from tests.calibration.world import Power, World, told

N, D = 40, 16


def with_a_fast_clade(rng, times=10.0):
    """Vectors and trait evolve apart, both `times` as fast within one clade that holds a fifth to a half of all."""
    while True:
        tree = random_tree(rng, N)
        shared = tree.covariance()
        kin = shared[rng.integers(N)]
        for level in np.unique(kin):
            clade = np.flatnonzero(kin >= level)
            if N / 5 <= len(clade) <= N / 2:
                own = shared[np.ix_(clade, clade)]
                root = np.linalg.cholesky(own - own.min() + 1e-9 * np.eye(len(clade))) * np.sqrt(times - 1)
                x, y = brownian_traits(rng, tree, D), brownian_traits(rng, tree)
                x[clade] += root @ rng.normal(size=(len(clade), D))
                y[clade] += root @ rng.normal(size=(len(clade), 1))
                return x, y[:, 0], tree


def faster(rng):
    x, y, tree = with_a_fast_clade(rng)
    return x, y, tree.structure(tree.names)


def of_one_rate(rng):
    tree = random_tree(rng, N)
    return brownian_traits(rng, tree, D), brownian_traits(rng, tree)[:, 0], tree.structure(tree.names)


def ranks_for_a_tree(rng):
    """Evolved on a tree that is not known: genera and families are true clades of it, and stand in for it."""
    tree = random_tree(rng, N)
    shared = tree.covariance()
    kin = linkage((shared.max() - shared)[np.triu_indices(N, 1)], "average")
    rows = {"species": [f"s{i}" for i in range(N)]}
    for rank, k in (("genus", 18), ("family", 8), ("order", 3)):
        rows[rank] = [f"{rank}{v}" for v in fcluster(kin, k, "maxclust")]
    stand_in = Tree.from_taxonomy(Taxonomy.from_rows(pl.DataFrame(rows)))
    return brownian_traits(rng, tree, D), brownian_traits(rng, tree)[:, 0], stand_in.structure(rows["species"])


def _as_default(make):
    def draw(rng, permutations):
        x, y, tree = make(rng)
        found = aligned_beyond_phylogeny(x, y, tree, null="lambda", lam="full", permutations=permutations, rng=rng)
        return {"p": found.p_value}

    return draw


def _contrasts(make):
    def draw(rng, permutations):
        x, y, tree = make(rng)
        return {"p": contrasts_turned(x, y, tree, permutations=permutations, rng=rng)[1]}

    return draw


def blurred(rng):
    """Images of a species scatter the more, the larger its trait; where the species stand has nothing to do with it."""
    tree = random_tree(rng, N)
    x, y = brownian_traits(rng, tree, D), brownian_traits(rng, tree)[:, 0]
    wide = np.repeat(np.exp(0.5 * (y - y.mean()) / y.std()), 6)[:, None]
    x = np.repeat(x / x.std() + 2 * np.eye(D)[0], 6, axis=0) + wide * rng.normal(size=(6 * N, D))
    rows = {"image_id": [str(i) for i in range(6 * N)], "species": np.repeat(tree.names, 6)}
    return Embeddings(x.astype(np.float32), pl.DataFrame(rows), {}), y, tree


def _of_blurred(rng, permutations):
    emb, y, tree = blurred(rng)
    values = Traits(pl.DataFrame({"species": tree.names, "t": y}))["t"]
    return told(trait_alignment(emb, values, tree, permutations=permutations, rng=rng).evidence)


def _of_short_means(rng, permutations):
    """Means of unit vectors as they are: the more a species scatters, the shorter."""
    emb, y, tree = blurred(rng)
    means = emb.unit().per_species()
    at = [tree.names.index(s) for s in means.names]
    structure = tree.structure(means.names)
    return _as_default(lambda _: (means.means, y[at], structure))(rng, permutations)["p"]


def _judged(rng, permutations):
    """The whole measure, in which the larger of both p-values counts: one image a species, crowded unit vectors."""
    x, y, tree = with_a_fast_clade(rng)
    rows = pl.DataFrame({"image_id": [str(i) for i in range(N)], "species": tree.names})
    emb = Embeddings((x + 2).astype(np.float32), rows, {})
    values = Traits(pl.DataFrame({"species": tree.names, "t": y}))["t"]
    return told(trait_alignment(emb, values, tree, permutations=permutations, rng=rng).evidence)


def _planted(turned):
    def draw(rng, size, permutations):
        x, y, tree = of_one_rate(rng)
        x = np.sqrt(1 - size) * x
        x[:, 0] += np.sqrt(size * D) * y
        return (_contrasts if turned else _as_default)(lambda _: (x, y, tree))(rng, permutations)["p"]

    return draw


WORLDS = (
    World("trait: one clade ten times as fast, the measure", _judged, exact=False, worlds=200),
    World(
        "trait: one clade ten times as fast, traits evolved anew",
        _as_default(faster),
        exact=False,
        worlds=200,
        weak="one rate for all clades is supposed: the measure asks for contrasts turned round as well",
    ),
    World(
        "trait: one clade ten times as fast, contrasts turned",
        _contrasts(faster),
        lambda rng, b: _as_default(faster)(rng, b)["p"],
        exact=False,
        worlds=200,
    ),
    World("trait: Brownian, contrasts turned", _contrasts(of_one_rate), exact=False, worlds=200),
    World(
        "trait: ranks stand in for a tree",
        _as_default(ranks_for_a_tree),
        exact=False,
        worlds=200,
        weak="ranks say nothing of who is near whom within them: a share that descent alone gives is left",
    ),
    World(
        "trait: images scatter the more, the larger the trait",
        _of_blurred,
        _of_short_means,
        exact=False,
        worlds=200,
        weak="means scaled to length 1 leave no first-order trace of scatter, but noise still differs by species",
    ),
)
POWER = tuple(
    Power(f"trait: {name}", _planted(turned), (0.01, 0.02, 0.03, 0.05, 0.1), worlds=100, unit="share planted")
    for name, turned in (("traits evolved anew, one rate", False), ("contrasts turned, one rate", True))
)
