"""Partial ranks over pairs against SciPy and by hand; sets of traits that evolve together as planted."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.stats.pairs.distances import partial_mantel
from embedlab.stats.pairs.partial import partial_ranks
from embedlab.stats.trait.together import evolved_together


def tables(seed, s=14):
    rng = np.random.default_rng(seed)
    z, a, b = rng.normal(size=(s, 2)), rng.normal(size=(s, 3)), rng.normal(size=(s, 3))
    return [squareform(pdist(v)) for v in (np.c_[z, a], np.c_[z, b, a[:, 0]], z)]


def test_one_other_is_the_partial_mantel_of_ranks(rng):
    x, y, z = tables(0)
    ours = partial_ranks(x, y, [z], draws=100, rng=rng)
    peer = partial_mantel(x, y, z, method="spearman", permutations=9, rng=rng)
    assert ours.statistic == pytest.approx(peer.statistic)
    plain = partial_ranks(x, y, draws=100, rng=rng)
    above = np.triu_indices(14, 1)
    assert plain.statistic == pytest.approx(spearmanr(x[above], y[above]).statistic)
    assert plain.of(y[above]) == pytest.approx(plain.statistic) and ours.of(y[above]) == pytest.approx(ours.statistic)
    assert ours.of(z[above]) == 0.0  # what the others explain wholly


def test_without_each_thing_all_is_ranked_anew(rng):
    x, y, z = tables(1)
    found = partial_ranks(x, y, [z], draws=100, rng=rng)
    for i in (0, 5):
        keep = np.delete(np.arange(14), i)
        short = [t[np.ix_(keep, keep)] for t in (x, y, z)]
        assert found.without[i] == pytest.approx(partial_ranks(short[0], short[1], [short[2]], draws=100, rng=rng)
                                                 .statistic)  # fmt: skip
    assert found.interval[0] < found.statistic < found.interval[1]


def test_scales_of_distances_mean_nothing(rng):
    x, y, z = tables(2)
    value = partial_ranks(x, y, [z], draws=100, rng=rng).statistic
    assert partial_ranks(x**3, 7 * y, [np.sqrt(z)], draws=100, rng=rng).statistic == pytest.approx(value)
    order = rng.permutation(14)
    turned = [t[np.ix_(order, order)] for t in (x, y, z)]
    assert partial_ranks(turned[0], turned[1], [turned[2]], draws=100, rng=rng).statistic == pytest.approx(value)


def test_refusals(rng):
    x, y, z = tables(3)
    with pytest.raises(ValueError, match="the other distances explain x wholly"):
        partial_ranks(z, y, [z], rng=rng)
    with pytest.raises(ValueError, match="at least 5"):
        partial_ranks(x[:4, :4], y[:4, :4], rng=rng)
    with pytest.raises(ValueError, match="the same in each"):
        partial_ranks(x, y[:8, :8], rng=rng)


def test_traits_evolve_together_as_they_did(rng):
    tree = random_tree(rng, 150)
    c = tree.covariance(tree.names)
    steps = np.array([[1.0, 0.0], [0.8, 0.6]])
    traits = brownian_traits(rng, tree, 2) @ steps.T
    traits = np.c_[traits, rng.normal(size=150)]
    drawn, lam = evolved_together(traits, c, 400, rng)
    assert lam[0] > 0.9 and lam[1] > 0.9 and lam[2] < 0.2
    got = np.einsum("bsp,bsq->pq", drawn, np.linalg.solve(c, drawn)) / (400 * 150)
    corr = got[0, 1] / np.sqrt(got[0, 0] * got[1, 1])
    assert corr == pytest.approx(0.8, abs=0.1)  # within what 150 species tell of it
    near = np.abs(c - c.T.max() * 0.9) < 0.05
    assert drawn.shape == (400, 150, 3) and near.any()
    rank = [np.corrcoef(d[:, 0], traits[:, 0])[0, 1] for d in drawn]
    assert abs(np.mean(rank)) < 0.15  # drawn anew, not copied
