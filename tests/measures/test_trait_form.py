"""Which null goes with which λ in trait alignment, and what the default sees that the other form does not."""

import numpy as np
import polars as pl
import pytest

from embedlab.data import Embeddings, Traits
from embedlab.data.synthetic import brownian_traits, random_tree, traits_in_space
from embedlab.measures.trait_alignment import form, trait_alignment
from embedlab.stats.trait.alignment import aligned_beyond_phylogeny
from embedlab.stats.vectors import unit_rows


def table(names, values):
    return Traits(pl.DataFrame({"species": list(names), "size": list(values)}))


def world(seed, share=0.3):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, 24)
    size = brownian_traits(rng, tree)[:, 0]
    return traits_in_space(rng, tree, size, share=share), table(tree.names, size), tree


def test_residuals_are_permuted_where_that_is_asked_for():
    """Named as a null, by the λ that goes with it, or by orders that are handed in: then no chance is drawn."""
    emb, traits, tree = world(4)
    orders = np.array([np.random.default_rng(2).permutation(24) for _ in range(39)])
    found = trait_alignment(emb, traits["size"], tree, permutations=orders, further=True, rng=1)
    means = emb.unit().per_species()
    value = traits.rows["size"].to_numpy()[[tree.names.index(s) for s in means.names]]
    peer = aligned_beyond_phylogeny(unit_rows(means.means), value, tree.structure(means.names), permutations=orders)
    assert (found.evidence.null == peer.null).all() and found.evidence.p_more == peer.p_value
    assert found.null == "rrpp" and found.lam_of == "the trait" and found.evidence.p_floor == 1 / 40
    assert found.beside.again[0][0] == "at λ of the full model, traits evolved anew"
    for how in (dict(null="rrpp"), dict(lam="ml")):
        one = trait_alignment(emb, traits["size"], tree, permutations=9, rng=1, **how)
        assert (one.null, one.lam, one.lam_of) == ("rrpp", peer.lam, "the trait")
        assert "permuted after phylogenetic whitening (RRPP), 9 times" in one.caption and "(the trait)" in one.caption
    with pytest.raises(ValueError, match="null='lambda' draws traits anew, and permutations are orders of species"):
        trait_alignment(emb, traits["size"], tree, null="lambda", permutations=orders, rng=1)


def test_a_null_goes_with_its_lambda():
    assert form(None, None) == form("lambda", None) == form(None, "full") == ("lambda", "full")
    assert form("rrpp", None) == form(None, "ml") == form(None, None, [[0, 1]]) == ("rrpp", "ml")
    assert form("msr", None) == ("msr", "ml") and form("bm", None) == ("bm", "full")
    assert form("lambda", "ml") == ("lambda", "ml") and form(None, 0.5) == ("lambda", 0.5)
    assert form("free", None)[0] == "free"


def test_noise_of_images_does_not_blind_the_default():
    """Half of the axes follow the tree, half do not: at the trait's λ hardly a planted effect is seen."""
    called = {"lambda": 0, "rrpp": 0}
    for seed in range(12):
        rng = np.random.default_rng(seed)
        tree = random_tree(rng, 40)
        size = brownian_traits(rng, tree)[:, 0]
        x = np.hstack([brownian_traits(rng, tree, 8) + np.outer(size, 1.2 * rng.normal(size=8)),
                       2 * rng.normal(size=(40, 8))])  # fmt: skip
        rows = {"image_id": tree.names, "species": tree.names}
        emb = Embeddings(x.astype(np.float32), pl.DataFrame(rows), {})
        for null in called:
            found = trait_alignment(emb, table(tree.names, size)["size"], tree, null=null, permutations=99, rng=rng)
            called[null] += found.evidence.p_more <= 0.05
    assert called["lambda"] >= 8 and called["rrpp"] <= 4


def test_permuting_within_a_clade_takes_it_from_the_rows():
    emb, traits, tree = world(21)
    found = trait_alignment(emb, traits["size"], tree, null="within_clade", permutations=19, rng=0)
    assert found.null == "within_clade" and "within clades only" in found.caption
    with pytest.raises(ValueError, match="permutes within a family, which the rows do not tell .* there is genus"):
        trait_alignment(emb, traits["size"], tree, null="within_clade", clade="family", permutations=19, rng=0)


def test_scatter_of_images_is_not_length_of_means():
    """Blurred species have shorter means of unit vectors: a length, of which a trait that goes with blur knows much."""
    emb, traits, tree = world(19)
    value = traits["size"]
    z = dict(zip(value.species, np.argsort(np.argsort(np.array(value.values))) / 24, strict=True))
    own = np.array([z[s] for s in emb.column("species").to_list()])
    noise = np.random.default_rng(3).normal(size=(emb.n, emb.d))
    x = np.eye(emb.d)[0] + 0.3 * np.exp(2 * own - 2)[:, None] * noise
    blurred = Embeddings(x.astype(np.float32), emb.rows, {})
    means = blurred.unit().per_species()
    at = [tree.names.index(s) for s in means.names]
    how = dict(lam="full", null="lambda", permutations=19, rng=np.random.default_rng(3))
    short = aligned_beyond_phylogeny(means.means, np.array(value.values)[at], tree.structure(means.names), **how)
    found = trait_alignment(blurred, value, tree, permutations=19, rng=3)
    assert short.statistic > 0.15 and found.evidence.estimate < short.statistic / 2


def test_the_larger_of_two_p_values_counts():
    """Traits evolved anew, and contrasts turned round: the evidence takes the one that doubts more, and says so."""
    doubted = 0
    for seed in range(6):
        emb, traits, tree = world(30 + seed, share=0.02)
        found = trait_alignment(emb, traits["size"], tree, permutations=99, further=True, rng=0)
        first = (np.sum(found.evidence.null >= found.evidence.estimate - 1e-12) + 1) / 100
        second = {w: p for w, _, p in found.beside.again}[
            "where clades may evolve at rates of their own (contrasts turned round)"
        ]
        assert found.evidence.p_more == max(first, second)
        doubted += second > first
    assert 0 < doubted and "contrasts of sister clades with random signs" in found.evidence.chance_kind
    assert "The claim must also pass where contrasts of sister clades take random signs." in found.caption
    permuted = trait_alignment(emb, traits["size"], tree, null="rrpp", permutations=99, rng=0)
    assert "sister clades" not in permuted.evidence.chance_kind + permuted.caption
