"""Partial RSA: rises with what is planted, is silent where nothing is, and is its parts on species means."""

import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata

from embedlab.claims import Claim, judge
from embedlab.data import Embeddings, Traits
from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.measures.trait_distances import trait_distances
from embedlab.stats.pairs.partial import partial_ranks

CLAIM = Claim(id="a", says="So.", source="-", at_least=0.02)


def world(seed=0, species=40, share=0.5, d=12, traits=3, photos=3, classes=2):
    """Species whose vectors hold `share` of their variance in traits that evolved on the same tree."""
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, species)
    t = brownian_traits(rng, tree, traits)
    t = (t - t.mean(axis=0)) / t.std(axis=0)
    rest = brownian_traits(rng, tree, d)
    rest = (rest - rest.mean(axis=0)) / rest.std(axis=0)
    own = t @ np.linalg.qr(rng.normal(size=(d, traits)))[0].T * np.sqrt(d / traits)
    means = 4 + np.sqrt(1 - share) * rest + np.sqrt(share) * own
    x = np.repeat(means, photos, axis=0) + 0.2 * rng.normal(size=(species * photos, d))
    c = tree.covariance(tree.names)
    side = [f"class {int(c[i, 0] > 0) % classes}" for i in range(species)]  # the two sides of the root
    rows = {"image_id": [str(i) for i in range(len(x))], "species": np.repeat(tree.names, photos).tolist()}
    rows["class"] = np.repeat(side, photos).tolist()
    table = Traits({"species": tree.names, **{f"t{j}": t[:, j] for j in range(traits)}})
    return Embeddings(x.astype(np.float32), pl.DataFrame(rows), {}), [table[n] for n in table.names], tree


def test_it_rises_with_the_planted_share():
    found = [trait_distances(*world(share=v), permutations=99, draws=99, rng=0) for v in (0.0, 0.3, 0.6)]
    values = [r.correlation for r in found]
    assert values[0] < 0.15 and values[1] > values[0] + 0.1 and values[2] > values[1] + 0.1
    assert judge([CLAIM], {"a": found[2].evidence})[0].word == "supported"
    assert "partial RSA over 3 traits and 40 species, beyond descent and class" in str(found[2])
    assert found[2].table().height == 10 and found[2].table()["pairs"].sum() == 780
    middle = found[2].table()["space_rank_left"].to_list()
    assert middle[0] < -0.05 < 0.05 < middle[-1]


def test_empty_worlds_are_seldom_called():
    """Vectors and traits evolve apart on one tree: .05 and four standard errors; relabelling calls many more."""
    p, relabelled = [], []
    for seed in range(40):
        emb, traits, tree = world(seed, species=30, share=0.0, photos=1)
        found = trait_distances(emb, traits, tree, permutations=59, draws=2, rng=seed)
        p.append(found.evidence.p_more)
        rng = np.random.default_rng(seed)
        t = squareform(pdist(np.column_stack([c.values.to_numpy() for c in traits])))
        t = t / t.max()
        names = emb.per_species().names
        t = t[np.ix_(*[[tree.names.index(n) for n in names]] * 2)]
        means = emb.unit().per_species().means
        parts = partial_ranks(squareform(pdist(means)), t, [tree.distances(names)], draws=2, rng=rng)
        above = np.triu_indices(30, 1)
        free = [parts.of(t[np.ix_(o, o)][above]) for o in (rng.permutation(30) for _ in range(39))]
        relabelled.append(np.sum(np.array(free) >= parts.statistic) <= 1)  # p ≤ .05
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 40)
    assert np.mean(relabelled) > 0.15


def test_it_is_the_partial_correlation_of_ranks():
    emb, traits, tree = world(3, photos=1)
    found = trait_distances(emb, traits, tree, permutations=9, draws=9, rng=0)
    species = emb.unit().per_species()
    x = species.means / np.linalg.norm(species.means, axis=1, keepdims=True)
    t = np.column_stack([c.values.to_numpy()[[c.species.index(n) for n in species.names]] for c in traits])
    t = (t - t.mean(axis=0)) / t.std(axis=0)
    side = dict(emb.rows.select("species", "class").iter_rows())
    above = np.triu_indices(len(x), 1)
    differ = np.array([side[species.names[i]] != side[species.names[j]] for i, j in zip(*above, strict=True)], float)
    basis = np.column_stack([np.ones(differ.size), rankdata(tree.distances(species.names)[above]), differ])
    left = [v - basis @ np.linalg.lstsq(basis, v, rcond=None)[0] for v in (rankdata(pdist(x)), rankdata(pdist(t)))]
    assert found.correlation == pytest.approx(np.corrcoef(left)[0, 1])
    part, total = found.parts
    assert part.sum() / total.sum() == pytest.approx(found.correlation)


def test_the_same_draws_meet_every_space():
    """What a trend needs: with one seed the traits that evolve anew are the same ones, whatever the vectors."""
    emb, traits, tree = world(1)
    noise = Embeddings(np.random.default_rng(2).normal(size=emb.x.shape).astype(np.float32), emb.rows, {})
    a, b, again = (trait_distances(e, traits, tree, permutations=9, draws=9, rng=5) for e in (emb, noise, emb))
    assert (a.lam == b.lam).all() and (a.evidence.null == again.evidence.null).all()
    assert a.evidence.interval == again.evidence.interval and (a.evidence.null != b.evidence.null).any()


def test_class_is_taken_out_only_where_it_can_be():
    emb, traits, tree = world(2)
    with_class = trait_distances(emb, traits, tree, permutations=9, draws=9, rng=0)
    for rows, why in (
        (emb.rows.drop("class"), "class is not recorded: only descent is taken out"),
        (emb.rows.with_columns(pl.lit("Aves").alias("class")), "all species are of one class"),
    ):
        without = trait_distances(Embeddings(emb.x, rows, {}), traits, tree, permutations=9, draws=9, rng=0)
        assert not without.rank and any(why in line for line in without.left_out)
        assert without.correlation != with_class.correlation
    assert "partial on patristic distance;" in without.caption


def test_what_cannot_be_asked_is_refused():
    emb, traits, tree = world()
    with pytest.raises(ValueError, match="no traits"):
        trait_distances(emb, [], tree, rng=0)
    kinds = Traits({"species": tree.names, "habitat": ["wet", "dry"] * 20})
    with pytest.raises(ValueError, match=r"\['habitat'\] are kinds without an order"):
        trait_distances(emb, [kinds["habitat"]], tree, rng=0)
    half = [Traits({"species": tree.names[a:b], f"u{a}": np.arange(float(b - a))})[f"u{a}"] for a, b in
            ((0, 20), (15, 40))]  # fmt: skip
    with pytest.raises(ValueError, match="5 species have all 2 traits: at least 8"):
        trait_distances(emb, half, tree, rng=0)
    with pytest.raises(TypeError, match="rng"):
        trait_distances(emb, traits, tree, rng=None)


def test_a_trait_that_is_the_same_in_all_species_is_named():
    emb, traits, tree = world(species=12)
    names = list(traits[0].species)
    legs = Traits({"species": names, "legs": [2.0] * (len(names) - 1) + [4.0]})["legs"]
    few = Traits({"species": names[:-1], "mass": list(np.arange(len(names) - 1.0))})["mass"]
    with pytest.raises(ValueError, match=r"\['legs'\] are the same in all species: leave them out"):
        trait_distances(emb, [few, legs], tree, permutations=9, draws=9, rng=0)
