"""Agreement with a tree: found where vectors evolved on it, absent where not, and trees with traps."""

import numpy as np
import polars as pl
import pytest

from embedlab.claims import Claim, judge
from embedlab.data import Embeddings
from embedlab.data.synthetic import brownian_traits, nothing, random_tree, traits_in_space
from embedlab.data.tree import Tree
from embedlab.measures.phylogeny import phylogeny
from embedlab.stats.pairs.distances import mantel
from embedlab.stats.tree.comparative import k_mult
from embedlab.stats.vectors import squared_distances

CLAIM = Claim(id="a", says="Near relatives are near.", source="-", at_least=0.05)


def word(result):
    return judge([CLAIM], {"a": result.evidence})[0]


def evolved(seed, n=24, lam=1.0, **more):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    return traits_in_space(rng, tree, brownian_traits(rng, tree)[:, 0], share=0.0, lam=lam, **more), tree


def of_species(x, names):
    rows = pl.DataFrame({"image_id": [str(i) for i in range(len(x))], "species": names})
    return Embeddings(np.asarray(x, np.float32), rows, {})


def test_evolved_on_the_tree_is_found_and_dealt_out_is_not():
    for seed in range(3):
        emb, tree = evolved(seed, noise=0.1)
        found = phylogeny(emb, tree, permutations=199, rng=0)
        assert word(found).word == "supported" and found.correlation > 0.4
        plain = nothing(np.random.default_rng(seed), species=24)
        assert word(phylogeny(plain, tree, permutations=199, rng=0)).word != "supported"


def test_it_is_mantel_and_k_of_species_means():
    emb, tree = evolved(3)
    found = phylogeny(emb, tree, permutations=19, rng=0)
    means = emb.unit().per_species()
    near = np.sqrt(squared_distances(means.means))
    far = tree.distances(means.names)
    assert found.correlation == pytest.approx(mantel(near, far, permutations=[np.arange(24)]).statistic, abs=1e-9)
    k = k_mult(means.means, tree.covariance(means.names), permutations=[np.arange(24)]).statistic
    assert found.k_mult == pytest.approx(k)
    assert found.chance_distance == pytest.approx(near[np.triu_indices(24, 1)].mean())


def test_k_without_the_noise_of_means_is_nearer_to_that_of_the_species():
    nearer = 0
    for seed in range(5):
        (truth, tree), noisy = evolved(seed, noise=0.0), evolved(seed, noise=0.3)[0]
        whole, found = (phylogeny(e, tree, permutations=9, rng=0) for e in (truth, noisy))
        nearer += abs(found.k_corrected - whole.k_mult) < abs(found.k_mult - whole.k_mult)
    assert nearer >= 4  # one of them is mostly noise, and nan
    means = noisy.unit().per_species()
    c, one = tree.covariance(means.names), [np.arange(24)]
    own = k_mult(means.means, c, permutations=one, noise=means.within / means.counts)
    assert found.k_corrected == pytest.approx(own.statistic)
    assert f"{found.k_corrected:.2f} with the noise of means taken off" in str(found)
    half = noisy.take([i for i in range(noisy.n) if i % 4 < (1 if i < 40 else 4)])  # ten species of one image
    means = half.unit().per_species()
    noise = np.where(np.isfinite(means.within), means.within, np.nanmean(means.within)) / means.counts
    own = k_mult(means.means, tree.covariance(means.names), permutations=one, noise=noise)
    assert phylogeny(half, tree, permutations=9, rng=0).k_corrected == pytest.approx(own.statistic)


def test_where_nearly_all_is_noise_no_corrected_k_is_told():
    emb, tree = evolved(1, noise=0.5)  # K .12 would become 1.75
    found = phylogeny(emb, tree, permutations=9, rng=0)
    assert found.k_mult < 0.2 and np.isnan(found.k_corrected)


def test_images_one_a_species_give_no_corrected_k():
    emb, tree = evolved(3)
    single = emb.take(np.arange(0, emb.n, 4))
    found = phylogeny(single, tree, permutations=9, rng=0)
    assert np.isnan(found.k_corrected) and "taken off" not in str(found)


def test_signal_rises_with_pagels_lambda():
    r = [np.mean([phylogeny(evolved(s, lam=lam, noise=0.1)[0], evolved(s)[1], permutations=9, rng=0).correlation
                  for s in range(4)]) for lam in (0.0, 0.5, 1.0)]  # fmt: skip
    assert r[0] < 0.15 < r[1] < r[2]


def test_shuffled_tips_are_uniform_where_nothing_is():
    rng = np.random.default_rng(0)
    tree = random_tree(rng, 12)
    ps = [
        phylogeny(of_species(rng.normal(size=(12, 8)), tree.names), tree, permutations=39, rng=rng).evidence.p_more
        for _ in range(40)
    ]
    assert np.mean(np.array(ps) <= 0.05) <= 0.05 + 4 * 0.035  # Monte-Carlo error of 40 worlds
    assert 0.3 < np.mean(ps) < 0.7


def test_tips_at_distance_zero_give_no_k_and_say_so_by_nan(rng):
    tree = Tree.parse("((a:0,b:0):1,(c:1,d:1):0,e:1,(f:.5,g:.5,h:.5):.5);")
    found = phylogeny(of_species(rng.normal(size=(16, 4)), list("abcdefgh") * 2), tree, permutations=19, rng=0)
    assert np.isnan(found.k_mult) and np.isfinite(found.correlation) and found.evidence.n_effective < 8


def test_who_is_not_in_the_tree_is_named(rng):
    emb, tree = evolved(4)
    names = tree.names
    half = tree.prune(names[:20])
    species = [None if i < 4 else s for i, s in enumerate(emb.column("species"))]
    rows = emb.rows.with_columns(pl.Series("species", species))
    found = phylogeny(Embeddings(emb.x, rows, {}), half, permutations=9, rng=0)
    assert len(found.species) == 19
    assert found.left_out[0] == "4 images without species"
    assert found.left_out[1].startswith("4 species not in the tree: ") and names[-1] in found.left_out[1]


def test_too_few_species_are_refused():
    emb, tree = evolved(5)
    with pytest.raises(ValueError, match="4 species stand both in the store and in the tree; at least 5"):
        phylogeny(emb, tree.prune(tree.names[:4]), permutations=9, rng=0)


def test_five_species_can_be_judged_but_not_four():
    emb, tree = evolved(6, n=5)
    found = phylogeny(emb, tree, permutations=999, rng=0)
    assert found.evidence.p_floor == 2**-5 and found.evidence.n == 5


def test_a_tree_without_structure_is_refused(rng):
    star = Tree.parse("(a:1,b:1,c:1,d:1,e:1,f:1);")
    with pytest.raises(ValueError, match="all distances of one side are the same"):
        phylogeny(of_species(rng.normal(size=(6, 3)), list("abcdef")), star, permutations=9, rng=0)


def test_scale_rotation_and_order_do_not_matter(rng):
    emb, tree = evolved(7)
    base = phylogeny(emb, tree, permutations=9, rng=0)
    turn = np.linalg.qr(rng.normal(size=(32, 32)))[0]
    moved = Embeddings((5 * emb.float64() @ turn).astype(np.float32), emb.rows, {}).take(rng.permutation(emb.n))
    again = phylogeny(moved, tree.with_lengths(10 * tree.length), permutations=9, rng=0)
    assert again.correlation == pytest.approx(base.correlation, abs=1e-5)  # float32
    assert again.k_mult == pytest.approx(base.k_mult, rel=1e-4)
    # depth is a share of the deepest pair: years or substitutions, the curve is the same
    assert again.depth == pytest.approx(base.depth) and again.depth.max() < 1
    assert again.space_at_depth == pytest.approx(base.space_at_depth, rel=1e-4)


def test_the_same_seed_gives_the_same_bits():
    emb, tree = evolved(8)
    one, again = (phylogeny(emb, tree, permutations=29, rng=2) for _ in range(2))
    assert (one.evidence.null == again.evidence.null).all() and (one.space_low == again.space_low).all()


def test_results_say_what_they_are():
    emb, tree = evolved(9)
    found = phylogeny(emb, tree, permutations=99, rng=0)
    assert "on the tree of 24 species correlate with r = " in str(found) and "shuffled tips" in str(found)
    assert "patristic distance, 24 species" in found.caption
    assert found.table().columns == ["tree_distance", "space_distance", "low", "high", "chance"]
    assert (found.space_low <= found.space_at_depth + 1e-9).all() and (np.diff(found.depth) > 0).all()
