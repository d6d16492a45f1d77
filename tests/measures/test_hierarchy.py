"""The order of kinship: found where vectors evolved, absent where dealt out, and mistakes that fall near."""

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim, judge
from embedlab.data import Embeddings
from embedlab.data.synthetic import brownian_traits, nothing, random_tree
from embedlab.data.tree import Tree
from embedlab.measures.hierarchy import hierarchy
from embedlab.measures.neighbours import nearest
from embedlab.stats.taxa.dendrogram import dendrogram, shared_groups
from embedlab.stats.taxa.nested import nested_separability
from embedlab.stats.taxa.triplets import triplet_agreement
from embedlab.stats.vectors import squared_distances

MORE = Claim(id="a", says="So.", source="-", at_least=0.05)
LESS = Claim(id="a", says="So.", source="-", at_least=0.05, direction=-1)


def evolved(seed, n=24, d=16, photos=4, noise=1.0):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    x = np.repeat(3 + brownian_traits(rng, tree, d), photos, axis=0)
    x += noise * rng.normal(size=x.shape)
    i = np.repeat(np.arange(n), photos)
    rows = {"image_id": [str(k) for k in range(len(x))], "species": [tree.names[k] for k in i]}
    rows |= {"family": [f"F{k // 8}" for k in i], "genus": [f"G{k // 4}" for k in i]}
    return Embeddings(x.astype(np.float32), pl.DataFrame(rows), {}), tree


def word(result, key, claim=MORE):
    return judge([claim], {"a": result.evidence[key]})[0]


def test_kinship_is_found_where_it_is_and_not_where_it_is_not():
    for seed in range(3):
        emb, tree = evolved(seed)
        found = hierarchy(emb, tree, permutations=199, rng=0)
        assert word(found, "triplets").word == "supported" and found.triplets.statistic > 0.5
        assert word(found, "mistakes", LESS).word == "supported"
        plain = hierarchy(nothing(np.random.default_rng(seed), species=24), tree, permutations=199, rng=0)
        assert all(word(plain, k).word != "supported" for k in ("triplets", "recent"))
        assert word(plain, "mistakes", LESS).word != "supported"
        assert plain.triplets.null.mean() == pytest.approx(1 / 3, abs=0.02)


def test_it_is_its_parts_on_species_means():
    emb, tree = evolved(4)
    orders = np.array([np.random.default_rng(1).permutation(24) for _ in range(5)])
    found = hierarchy(emb, tree, permutations=orders, rng=0)
    means = emb.unit().per_species()
    near, c = np.sqrt(squared_distances(means.means)), tree.covariance(means.names)
    parts = triplet_agreement(near, c, permutations=orders)
    assert found.evidence["triplets"].estimate == parts.statistic and (found.triplets.null == parts.null).all()
    young = triplet_agreement(near, c, permutations=orders, upto=0.5)
    assert found.evidence["recent"].estimate == young.statistic
    joined, wanted = dendrogram(near), tree.structure(means.names)
    assert found.clades.statistic == shared_groups(joined, wanted, permutations=orders).statistic
    assert found.splits.statistic == shared_groups(joined, wanted, rooted=False, permutations=orders).statistic
    assert not found.splits.rooted and found.clades.rooted
    family = [f"F{tree.names.index(s) // 8}" for s in means.names]
    genus = [f"G{tree.names.index(s) // 4}" for s in means.names]
    own = nested_separability(means.means, genus, family, permutations=1, rng=np.random.default_rng(0))
    assert list(found.ranks) == ["genus within family"]
    assert found.ranks["genus within family"].statistic == pytest.approx(own.statistic)


def test_mistakes_by_a_plain_loop():
    emb, tree = evolved(5)
    orders = np.array([np.random.default_rng(1).permutation(24) for _ in range(5)])
    found = hierarchy(emb, tree, permutations=orders, rng=0)
    names = emb.unit().per_species().names
    of = [names.index(s) for s in emb.column("species")]
    other = nearest(emb.unit().float64())
    c = tree.covariance(names)
    wrong = [(a, of[o]) for a, o in zip(of, other, strict=True) if a != of[o]]
    assert found.mistakes_made == len(wrong) and found.images == emb.n
    assert found.mistakes == pytest.approx(np.mean([1 - c[a, b] / c.max() for a, b in wrong]))
    for t, value in zip(orders, found.evidence["mistakes"].null, strict=True):
        assert value == pytest.approx(np.mean([1 - c[t[a], t[b]] / c.max() for a, b in wrong]))


def test_where_no_mistake_is_made_none_is_judged():
    emb, tree = evolved(6, noise=0.01)
    found = hierarchy(emb, tree, permutations=19, rng=0)
    said = word(found, "mistakes", LESS)
    assert said.word == "cannot tell" and "too few mistakes" in said.reason and np.isnan(found.mistakes)
    assert "nearest neighbours of another species" not in str(found)


def test_a_tree_without_recent_branchings_cannot_tell_of_them():
    tree = Tree.parse("((a:9,b:9):1,(c:9,d:9):1,(e:9,f:9):1);")
    x = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
    rows = pl.DataFrame({"image_id": [str(i) for i in range(12)], "species": list("abcdef") * 2})
    found = hierarchy(Embeddings(x, rows, {}), tree, permutations=19, rng=0)
    said = word(found, "recent")
    assert said.word == "cannot tell" and "no triplet that meets below 0.5" in said.reason and found.recent is None
    assert found.triplets.unresolved == 8 and "8 triplets that the tree leaves open" in found.caption


def test_who_is_not_in_the_tree_is_named_and_too_few_are_refused():
    emb, tree = evolved(7)
    half = tree.prune(tree.names[:20])
    species = [None if i < 4 else s for i, s in enumerate(emb.column("species"))]
    part = Embeddings(emb.x, emb.rows.with_columns(pl.Series("species", species)), {})
    found = hierarchy(part, half, permutations=9, rng=0)
    assert len(found.species) == 19 and found.left_out[0] == "4 images without species"
    assert found.left_out[1].startswith("4 species not in the tree: ")
    with pytest.raises(ValueError, match="4 species stand both in the store and in the tree; at least 5"):
        hierarchy(emb, tree.prune(tree.names[:4]), permutations=9, rng=0)


def test_scale_rotation_and_order_do_not_matter(rng):
    emb, tree = evolved(8)
    base = hierarchy(emb, tree, permutations=9, rng=0)
    turn = np.linalg.qr(rng.normal(size=(16, 16)))[0]
    moved = Embeddings((5 * emb.float64() @ turn).astype(np.float32), emb.rows, {}).take(rng.permutation(emb.n))
    again = hierarchy(moved, tree.with_lengths(10 * tree.length), permutations=9, rng=0)
    assert again.triplets.statistic == pytest.approx(base.triplets.statistic, abs=1e-3)  # float32 may turn a near tie
    assert again.mistakes == pytest.approx(base.mistakes, rel=1e-6)
    assert again.clades.statistic == base.clades.statistic


def test_the_same_seed_gives_the_same_bits():
    emb, tree = evolved(9)
    one, again = (hierarchy(emb, tree, permutations=29, rng=2) for _ in range(2))
    assert (one.evidence["mistakes"].null == again.evidence["mistakes"].null).all()
    assert one.treelike.p_value == again.treelike.p_value and one.caption == again.caption


def test_results_say_what_they_are():
    emb, tree = evolved(10)
    found = hierarchy(emb, tree, permutations=99, rng=0)
    assert "of three species the space sets the same one apart as the tree in " in str(found)
    assert "shuffled tips" in str(found) and "where they meet in the younger half" in str(found)
    for said in ("clades", "splits (no root)", "Cophenetic correlation", "genus within family: epsilon²"):
        assert said in found.caption
    assert found.table().columns == [
        "from_height", "to_height", "triplets", "agreement", "low", "high", "chance", "chance_low", "chance_high",
    ]  # fmt: skip
    assert found.evidence["triplets"].n == 24 and found.evidence["triplets"].n_effective < 24
    assert found.evidence["triplets"].p_floor == 1 / 100
