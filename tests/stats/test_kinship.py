"""Intervals over related species: they cover the process that made the species, by matrix and by tree alike."""

import numpy as np
import pytest
from scipy import stats as sps

from embedlab.data import Tree
from embedlab.data.evolution import brownian_traits, random_tree
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.tree.kinship import AVERAGED, _AllLambdas, _mixture, clades, phylogenetic_ratio
from embedlab.stats.tree.pruning import Pruned
from embedlab.stats.tree.relatedness import Whitening


@pytest.fixture
def tree(rng):
    return random_tree(rng, 24)


def by_hand(c, left):
    """Weights of λ, standard errors and GLS means from inverses and determinants, one λ at a time."""
    n, one = len(c), np.ones(len(c))
    heights, errors, centres = [], [], []
    for lam in AVERAGED:
        v = lam * c + (1 - lam) * np.diag(np.diag(c))
        inverse = np.linalg.inv(v)
        centre = one @ inverse @ left / (one @ inverse @ one)
        e = left - centre
        variance = e @ inverse @ e / (n - 1)
        reml = -0.5 * ((n - 1) * np.log(variance) + np.linalg.slogdet(v)[1] + np.log(one @ inverse @ one))
        heights.append(reml + np.log(np.sqrt(lam + 0.02)) + np.log(np.gradient(AVERAGED)[len(heights)]))
        errors.append(np.sqrt(variance * (one @ v @ one)))
        centres.append(centre)
    weight = np.exp(np.array(heights) - max(heights))
    return weight / weight.sum(), np.array(errors), np.array(centres)


def test_weights_errors_and_means_are_those_of_plain_algebra(rng, tree):
    c = tree.covariance(tree.names) * 3.0
    left = rng.normal(size=24)
    weight, error, centre = (v[0] for v in _AllLambdas(Whitening(c)).fitted(left[None]))
    w, e, m = by_hand(c, left)
    assert weight == pytest.approx(w, rel=1e-7, abs=1e-12) and centre == pytest.approx(m, rel=1e-7)
    assert error == pytest.approx(np.sqrt(w @ e**2), rel=1e-7)


def test_the_mixture_by_matrix_and_by_tree_is_the_mixture_by_hand(rng, tree):
    c, left = tree.covariance(tree.names), rng.normal(size=24)
    w, e, _ = by_hand(c, left)
    half = _mixture(Whitening(c), left, 0.95)
    assert 2 * w @ sps.t.sf(half / e, 23) == pytest.approx(0.05, rel=1e-6)
    assert _mixture(Pruned(tree.structure(tree.names)), left, 0.95) == pytest.approx(half, rel=1e-7)


def test_what_is_drawn_varies_as_the_effects_do(rng, tree):
    c = tree.covariance(tree.names)
    model = _AllLambdas(Whitening(c))
    left = np.linalg.cholesky(c) @ rng.normal(size=24)
    for lam in (0.0, 1.0):
        at = int(np.flatnonzero(model.lam == lam)[0])
        weight = np.eye(model.lam.size)[at]
        centre = model.fitted(left[None])[2][0]
        drawn = model.drawn(left, weight, centre, 40_000, rng)
        inverse = np.linalg.inv(lam * c + (1 - lam) * np.diag(np.diag(c)))
        e = left - centre[at]
        wanted = (e @ inverse @ e / 23) * (lam * c.sum() + (1 - lam) * np.trace(c))
        assert drawn.sum(axis=1).var() == pytest.approx(wanted, rel=0.25)  # the residuals of one world, not its law


def test_without_a_tree_it_is_wider_than_students_but_not_by_much(rng):
    x = 1 + rng.normal(size=40)
    low, high = phylogenetic_ratio(x, np.ones(40), np.eye(40), rng=rng, b=999)
    assert (low, high) == pytest.approx(sps.t.interval(0.95, 39, x.mean(), sps.sem(x)), abs=0.08)


def test_it_covers_the_process_where_species_drawn_as_if_unrelated_do_not():
    rng = np.random.default_rng(11)
    ours = iid = 0
    for _ in range(60):
        tree = random_tree(rng, 30)
        x = 1 + brownian_traits(rng, tree)[:, 0]
        low, high = phylogenetic_ratio(x, np.ones(30), tree.structure(tree.names), rng=rng, b=199)
        ours += low <= 1 <= high
        low, high = bootstrap_ratio(x, np.ones(30), rng=rng, b=199)
        iid += low <= 1 <= high
    assert ours >= 60 * 0.95 - 4 * np.sqrt(60 * 0.95 * 0.05) and iid < 45


def test_order_scale_and_unit_of_the_tree_do_not_matter(rng, tree):
    parts, totals = rng.normal(1, 0.4, 24), rng.gamma(5.0, size=24)
    names = tree.names
    one = phylogenetic_ratio(parts, totals, tree.structure(names), rng=np.random.default_rng(1), b=1500)
    turn = rng.permutation(24)
    c = 7 * tree.covariance([names[i] for i in turn])
    other = phylogenetic_ratio(10 * parts[turn], 5 * totals[turn], c, rng=np.random.default_rng(2), b=1500)
    assert other == pytest.approx([2 * v for v in one], rel=0.25)
    assert one[0] < parts.sum() / totals.sum() < one[1]
    narrow = phylogenetic_ratio(parts, totals, tree.structure(names), rng=np.random.default_rng(1), level=0.5)
    assert one[0] < narrow[0] < narrow[1] < one[1]
    again = phylogenetic_ratio(parts, totals, tree.covariance(names), rng=np.random.default_rng(1), b=1500)
    assert again == pytest.approx(one, rel=1e-6)  # structure and matrix are one tree


def test_hard_trees_are_taken():
    rng = np.random.default_rng(0)
    for text in (
        "((a:0,b:0):1,(c:1,d:1):0,e:2);",  # twins at distance zero, a polytomy, tips of unequal depth
        "(a:1,b:1,c:1,d:1,e:1);",
        "((((a:1,b:1):1,c:2):1,d:3):1,e:4);",
    ):
        found = Tree.parse(text)
        low, high = phylogenetic_ratio(
            [1.0, 2.0, 4.0, 3.0, 2.5], np.ones(5), found.structure(list("abcde")), rng=rng, b=99
        )
        assert low < 2.5 < high


def test_above_a_thousand_species_the_tree_is_walked():
    rng = np.random.default_rng(1)
    tree = random_tree(rng, 1200)
    x = 1 + brownian_traits(rng, tree)[:, 0]
    low, high = phylogenetic_ratio(x, np.ones(1200), tree.structure(tree.names), rng=rng)
    assert (low + high) / 2 == pytest.approx(x.mean()) and low < 1 < high
    c = tree.covariance(tree.names)
    wide = 2 * sps.t.ppf(0.975, 1199) * np.sqrt(c.mean())
    assert high - low == pytest.approx(wide, rel=0.1)  # λ is known to be near 1 with so many


def test_it_says_when_it_cannot_be_had(rng):
    assert np.isnan(phylogenetic_ratio([1.0, 2.0], [1.0, 1.0], np.eye(2), rng=rng)).all()
    assert np.isnan(phylogenetic_ratio([1.0] * 3, [0.0] * 3, np.eye(3), rng=rng)).all()
    assert phylogenetic_ratio([1.0] * 4, [2.0] * 4, np.eye(4), rng=rng) == (0.5, 0.5)
    with pytest.raises(ValueError, match=r"parts and totals has 1 rows with NaN .*\[1\]"):
        phylogenetic_ratio([1.0, np.nan, 1.0], np.ones(3), np.eye(3), rng=rng)
    with pytest.raises(ValueError, match="covariance of shape"):
        phylogenetic_ratio(np.ones(4), np.arange(4.0) + 1, np.eye(3), rng=rng)


def test_clades_are_cut_by_depth(tree):
    text = "(((a:1,b:1):2,(c:2,d:2):1):1,(e:3.5,f:3.5):0.5);"
    names = list("cabdfe")
    found = Tree.parse(text)
    for covariance in (found.covariance(names), found.structure(names)):
        assert clades(covariance, 1).tolist() == [0] * 6
        assert clades(covariance, 2).tolist() == [0, 0, 0, 0, 1, 1]
        assert clades(covariance, 3).tolist() == [0, 0, 0, 0, 1, 2]  # e and f part first
        assert clades(covariance, 4).tolist() == [0, 1, 1, 0, 2, 3]
        assert clades(covariance, 6).tolist() == [0, 1, 2, 3, 4, 5]
    assert clades(np.eye(4), 2).max() == 0  # a star is one clade or four
    with pytest.raises(ValueError, match="1 to 6 clades"):
        clades(found.covariance(names), 7)
    c = tree.covariance(tree.names)
    codes = clades(c, 6)
    assert np.unique(codes).tolist() == list(range(codes.max() + 1)) and codes.max() + 1 <= 6
    inside = c[codes[:, None] == codes[None, :]].min()
    assert inside > c[codes[:, None] != codes[None, :]].max()


def test_the_interval_grows_with_its_parts_and_mirrors_with_them(rng, tree):
    parts, totals, c = rng.normal(1, 0.4, 24), rng.gamma(5.0, size=24), tree.covariance(tree.names)
    low, high = phylogenetic_ratio(parts, totals, c, rng=np.random.default_rng(1), b=299)
    for unit in (1e-9, 1e9):
        scaled = phylogenetic_ratio(unit * parts, totals, c, rng=np.random.default_rng(1), b=299)
        assert scaled == pytest.approx((unit * low, unit * high), rel=1e-8)
    # what was left over changes its sign, and so does every world drawn from it with the same random numbers
    mirrored = phylogenetic_ratio(-parts, totals, c, rng=np.random.default_rng(1), b=299)
    assert mirrored == pytest.approx((-high, -low), rel=1e-8)
