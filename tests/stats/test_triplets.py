"""Triplets by a plain loop, on trees with polytomies and unequal tips, and drawn at random where they are many."""

from itertools import combinations

import numpy as np
import pytest

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.data.tree import Tree
from embedlab.stats.taxa import triplets as module
from embedlab.stats.taxa.triplets import resolved_triplets, triplet_agreement
from embedlab.stats.vectors import squared_distances

NO_SHUFFLE = np.arange(12)[None]


def world(rng, n=12, d=3, tree=None):
    tree = tree or random_tree(rng, n)
    x = brownian_traits(rng, tree, d) + 0.6 * rng.normal(size=(len(tree), d))
    return np.sqrt(squared_distances(x)), tree.covariance(tree.names)


def by_loop(d, c, upto=1.0, edges=module.DEPTHS):
    hits, at, members = [], [], []
    for three in combinations(range(len(d)), 3):
        shared = {pair: c[pair] for pair in combinations(three, 2)}
        kin = max(shared, key=shared.get)
        rest = [v for pair, v in shared.items() if pair != kin]
        if shared[kin] - max(rest) < 1e-9 * c.max():
            continue
        height = 1 - min(rest) / np.diag(c).max()
        if height > upto + 1e-12:
            continue
        least = min(d[pair] for pair in shared)
        nearest = [pair for pair in shared if d[pair] <= least + 1e-12 * d.max()]
        hits.append((kin in nearest) / len(nearest))
        at.append(next(k for k in range(len(edges) - 1) if height <= edges[k + 1] + 1e-12))
        members.append(three)
    return np.array(hits), np.array(at), members


def test_shares_by_a_plain_loop(rng):
    d, c = world(rng)
    found = triplet_agreement(d, c, permutations=NO_SHUFFLE)
    hits, at, members = by_loop(d, c)
    assert found.statistic == pytest.approx(hits.mean()) and found.distance == pytest.approx(1 - hits.mean())
    for k in range(5):
        assert found.counts[k] == (at == k).sum()
        if (at == k).any():
            assert found.by_depth[k] == pytest.approx(hits[at == k].mean())
    assert np.isnan(found.by_depth[found.counts == 0]).all()
    without = np.array([hits[[i not in m for m in members]].mean() for i in range(12)])
    from embedlab.stats.bootstrap import jackknife

    assert found.interval == pytest.approx(jackknife(without, hits.mean()))
    deep = [hits[[i not in m and k == 4 for m, k in zip(members, at, strict=True)]].mean() for i in range(12)]
    assert (found.low[4], found.high[4]) == pytest.approx(jackknife(deep, hits[at == 4].mean()))
    assert not found.drawn and found.unresolved == 0
    assert found.edges.tolist() == [0, 0.2, 0.4, 0.6, 0.8, 1]  # from the tips to the root, nothing left out


def test_the_null_moves_species_over_the_tips(rng):
    d, c = world(rng)
    orders = np.array([rng.permutation(12) for _ in range(8)])
    found = triplet_agreement(d, c, permutations=orders)
    moved = [by_loop(d[np.ix_(t, t)], c) for t in orders]
    assert found.null == pytest.approx([h.mean() for h, _, _ in moved])
    assert found.null_by_depth[:, 4] == pytest.approx([h[a == 4].mean() for h, a, _ in moved])
    assert found.p_value == (np.sum(found.null >= found.statistic - 1e-9) + 1) / 9
    assert found.p_less == (np.sum(found.null <= found.statistic + 1e-9) + 1) / 9


def test_recent_triplets_alone(rng):
    d, c = world(rng, 20)
    found = triplet_agreement(d, c, permutations=np.arange(20)[None], upto=0.6)
    hits, at, _ = by_loop(d, c, upto=0.6)
    assert found.statistic == pytest.approx(hits.mean()) and found.counts.sum() == len(hits)
    assert (found.counts[3:] == 0).all() and found.counts[2] == (at == 2).sum()


def test_distances_of_the_tree_itself_agree_everywhere(rng):
    tree = random_tree(rng, 15)
    d, c = tree.distances(tree.names), tree.covariance(tree.names)
    found = triplet_agreement(d, c, permutations=99, rng=rng)
    assert found.statistic == 1 and found.interval == (1, 1) and found.p_value == 0.01
    assert found.null.mean() == pytest.approx(1 / 3, abs=0.05)
    assert found.p_less == 1


def test_polytomies_and_tips_of_unequal_length_are_read_by_topology():
    tree = Tree.parse("(((a:9,b:1):1,c:.5):1,(d:1,e:1,f:1):1,g:.1);")
    names = list("abcdefg")
    c = tree.covariance(names)
    found, height, unresolved, drawn = resolved_triplets(c)
    kin = {tuple(names[i] for i in t) for t in found}
    assert ("a", "b", "c") in kin  # kin are not the nearest by path: a's own branch is long
    assert not any(set(t) == set("def") for t in kin) and not drawn
    assert len(kin) + unresolved == 35 and height.max() == 1
    star = Tree.parse("(a:1,b:1,c:1,d:1,e:1);").covariance(list("abcde"))
    with pytest.raises(ValueError, match="the tree resolves no triplet: which"):
        triplet_agreement(np.ones((5, 5)) - np.eye(5), star, permutations=9, rng=np.random.default_rng(0))


def test_ties_in_the_space_count_by_shares(rng):
    tree = random_tree(rng, 6)
    c = tree.covariance(tree.names)
    equal = np.ones((6, 6)) - np.eye(6)
    assert triplet_agreement(equal, c, permutations=np.arange(6)[None]).statistic == pytest.approx(1 / 3)
    two = np.ones((6, 6)) - np.eye(6)
    two[:3, 3:] = two[3:, :3] = 2.0
    found = triplet_agreement(two, c, permutations=np.arange(6)[None])
    assert found.statistic == pytest.approx(by_loop(two, c)[0].mean())


def test_many_triplets_are_drawn_evenly(rng, monkeypatch):
    d, c = world(rng, 30)
    whole = triplet_agreement(d, c, permutations=np.arange(30)[None])
    monkeypatch.setattr(module, "MOST", 3000)
    with pytest.raises(TypeError, match="4,060 triplets are drawn from: pass rng="):
        resolved_triplets(c)
    some = triplet_agreement(d, c, permutations=np.arange(30)[None], rng=rng)
    assert some.drawn and some.counts.sum() == 3000
    assert some.statistic == pytest.approx(whole.statistic, abs=4 * 0.5 / np.sqrt(3000))
    assert some.counts / 3000 == pytest.approx(whole.counts / 4060, abs=0.05)
    monkeypatch.setattr(module, "MOST", 60)
    recent, height, _, drawn = resolved_triplets(c, upto=0.7, rng=rng)
    assert drawn and len(recent) <= 60 and height.max() <= 0.7
    assert (np.diff(np.sort(recent, axis=1), axis=1) > 0).all()


def test_three_different_numbers_are_drawn_alike(rng):
    drawn = module._threes(4, 24_000, rng)
    assert {tuple(t) for t in drawn.tolist()} == {
        (a, b, c) for a in range(4) for b in range(4) for c in range(4) if len({a, b, c}) == 3
    }
    _, times = np.unique(drawn, axis=0, return_counts=True)
    assert np.abs(times - 1000).max() < 5 * np.sqrt(1000)


def test_scale_order_and_branch_lengths_do_not_matter(rng):
    d, c = world(rng, 14)
    turn = rng.permutation(14)
    one = triplet_agreement(d, c, permutations=np.arange(14)[None])
    other = triplet_agreement(3 * d[np.ix_(turn, turn)], 7 * c[np.ix_(turn, turn)], permutations=np.arange(14)[None])
    assert other.statistic == pytest.approx(one.statistic) and other.interval == pytest.approx(one.interval)
    assert triplet_agreement(d**2, c**1.5, permutations=np.arange(14)[None]).statistic == one.statistic


def test_what_cannot_be_asked_is_refused(rng):
    d, c = world(rng)
    with pytest.raises(ValueError, match="4 species are too few"):
        triplet_agreement(d[:4, :4], c[:4, :4], permutations=9, rng=rng)
    with pytest.raises(ValueError, match="distances of 12 species, a covariance of shape"):
        triplet_agreement(d, c[:5, :5], permutations=9, rng=rng)
    with pytest.raises(ValueError, match="no triplet that meets below 1e-06 of its height"):
        triplet_agreement(d, c, permutations=9, upto=1e-6, rng=rng)
    with pytest.raises(ValueError, match="distances is not a distance matrix"):
        triplet_agreement(np.full((5, 5), np.nan), c[:5, :5], permutations=9, rng=rng)
