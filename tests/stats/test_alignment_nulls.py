"""Traits drawn under each null: what they keep, what they lose, and what is refused."""

from itertools import product

import numpy as np
import pytest

from embedlab.data.synthetic import brownian_traits, discrete_trait, random_tree
from embedlab.data.tree import Tree
from embedlab.stats.resample import shuffles_within
from embedlab.stats.trait.alignment import Problem, aligned_beyond_phylogeny
from embedlab.stats.trait.alignment_nulls import drawn_traits, evolved_traits, hidden_lambda, pulls
from embedlab.stats.trait.kinds import LEAST, _mk_heights, by_thresholds, columns_of, mk_draws, mk_rate
from embedlab.stats.tree.evolution import ou_covariance

KINDS = np.array(list("aabbbccccabc") * 2)


def world(seed, n=24, d=4):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    return brownian_traits(rng, tree, d), brownian_traits(rng, tree)[:, 0], tree, rng


@pytest.mark.parametrize("null", ["bm", "ou", "lambda", "phylo_perm", "msr"])
def test_the_null_is_the_statistic_of_drawn_traits(null):
    x, y, tree, _ = world(1)
    found = aligned_beyond_phylogeny(x, y, tree.covariance(), null=null, permutations=7, rng=np.random.default_rng(3))
    problem = Problem.of(x, y, tree.covariance())
    traits = drawn_traits(problem, null, found.lam, 7, np.random.default_rng(3))
    assert traits.shape == (7, 24, 1)
    again = [
        aligned_beyond_phylogeny(x, t[:, 0], tree.covariance(), permutations=[np.arange(24)]).statistic for t in traits
    ]
    assert found.null == pytest.approx(again, abs=1e-6)
    assert found.p_value == (1 + sum(v >= found.statistic for v in again)) / 8


def test_brownian_draws_have_the_covariance_of_the_tree_and_the_rate_of_the_trait():
    x, y, tree, rng = world(2)
    c = tree.covariance()
    problem = Problem.of(x, 3 * y + 5, c)
    drawn = evolved_traits(problem, "bm", None, 20_000, rng)[:, :, 0]
    inverse = np.linalg.inv(c)
    mean = inverse.sum(axis=0) @ (3 * y + 5) / inverse.sum()
    rate = (3 * y + 5 - mean) @ inverse @ (3 * y + 5 - mean) / 23
    assert drawn.mean(axis=0) == pytest.approx(np.full(24, mean), abs=5 * np.sqrt(rate / 20_000))
    assert np.cov(drawn.T) == pytest.approx(rate * c, abs=0.06 * rate)


def test_two_columns_keep_their_covariance_and_covariates_their_part():
    x, y, tree, rng = world(3)
    z = rng.normal(size=(24, 1))
    two = np.column_stack([y, -y + 0.1 * rng.normal(size=24)]) + 10 * z
    problem = Problem.of(x, two, tree.covariance(), z)
    drawn = evolved_traits(problem, "lambda", 0.5, 4000, rng)
    moved = drawn - drawn.mean(axis=0)
    assert np.corrcoef(moved[:, 5, 0], moved[:, 5, 1])[0, 1] < -0.9
    slope = np.polyfit(z[:, 0], drawn.mean(axis=0)[:, 0], 1)[0]
    assert slope == pytest.approx(10, abs=1.0)


def test_the_pull_is_the_best_on_its_grid():
    x, _, tree, rng = world(4)
    c = tree.covariance()
    y = np.linalg.cholesky(ou_covariance(c, 4.0)) @ rng.normal(size=24)
    found = pulls(Problem.of(x, y, c), np.stack([y, x[:, 0]])[:, :, None])[0]

    def height(alpha):
        v = ou_covariance(c, alpha)
        inverse = np.linalg.inv(v)
        e = y - inverse.sum(axis=0) @ y / inverse.sum()
        return -0.5 * (24 * np.log(e @ inverse @ e) + np.linalg.slogdet(v)[1])

    grid = np.r_[0.0, np.geomspace(0.05, 50, 30)]
    assert found == pytest.approx(grid[np.argmax([height(a) for a in grid])], rel=1e-6)


def test_permuted_kinds_are_the_kinds_permuted():
    x, _, tree, rng = world(5)
    problem = Problem.of(x, KINDS, tree.covariance())
    orders = np.array([rng.permutation(24) for _ in range(3)])
    drawn = drawn_traits(problem, "phylo_perm", 1.0, orders, None)
    assert (drawn == problem.columns[orders]).all()
    found = aligned_beyond_phylogeny(x, KINDS, tree.covariance(), null="phylo_perm", permutations=orders, lam=1.0)
    peer = [aligned_beyond_phylogeny(x, KINDS[t], tree.covariance(), lam=1.0, permutations=[np.arange(24)]).statistic
            for t in orders]  # fmt: skip
    assert found.null == pytest.approx(peer, abs=1e-9)


def test_within_clades_no_residual_leaves_its_clade():
    x, y, tree, _ = world(6)
    clades = np.repeat(["p", "q", "r"], 8)
    ask = dict(null="within_clade", lam=1.0)
    found = aligned_beyond_phylogeny(
        x, y, tree.covariance(), permutations=19, clades=clades, rng=np.random.default_rng(0), **ask
    )
    orders = shuffles_within(np.repeat([0, 1, 2], 8), 19, np.random.default_rng(0))
    peer = aligned_beyond_phylogeny(x, y, tree.covariance(), permutations=orders, lam=1.0)
    assert found.null == pytest.approx(peer.null, abs=1e-12)
    with pytest.raises(ValueError, match="needs clades=, one name for each of 24 species"):
        aligned_beyond_phylogeny(x, y, tree.covariance(), permutations=9, rng=np.random.default_rng(0), **ask)
    with pytest.raises(ValueError, match="every species is a clade of its own"):
        aligned_beyond_phylogeny(
            x, y, tree.covariance(), permutations=9, clades=np.arange(24), rng=np.random.default_rng(0), **ask
        )
    with pytest.raises(TypeError, match="need rng="):
        aligned_beyond_phylogeny(x, y, tree.covariance(), permutations=9, clades=clades, **ask)


def test_thresholds_keep_counts_and_two_kinds_are_one_cut():
    rng = np.random.default_rng(7)
    codes = np.array([0] * 3 + [1] * 5 + [2] * 4)
    drawn = by_thresholds(rng.normal(size=(50, 12, 3)), codes, rng)
    assert all((np.bincount(row, minlength=3) == [3, 5, 4]).all() for row in drawn)
    hidden = rng.normal(size=(20, 8, 2))
    two = by_thresholds(hidden, np.array([0, 0, 0, 1, 1, 1, 1, 1]), rng)
    for h, row in zip(hidden, two, strict=True):
        # whoever chose first took the highest of its own hidden trait
        assert any(h[row == k, k].min() > h[row != k, k].max() for k in (0, 1))
    assert (columns_of(np.array([[0, 1, 2]]), 3) == [[[0, 0], [1, 0], [0, 1]]]).all()


def test_mk_likelihood_is_the_sum_over_all_histories():
    tree = Tree.parse("((a:.3,b:.5):.4,(c:.2,d:.6,e:.1):.7);")
    structure = tree.structure(list("abcde"))
    codes, rates = np.array([0, 1, 1, 2, 2]), np.array([0.5, 2.0])
    inner = [i for i in range(len(structure.parent)) if i not in structure.tips]
    for rate, found in zip(rates, _mk_heights(codes, structure, 3, rates), strict=True):
        total = 0.0
        for states in product(range(3), repeat=len(inner)):
            state = np.zeros(len(structure.parent), int)
            state[inner], state[structure.tips] = states, codes
            chance = 1 / 3
            for node in range(1, len(state)):
                e = np.exp(-rate * structure.length[node] * 1.5)
                chance *= e * (state[node] == state[structure.parent[node]]) + (1 - e) / 3
            total += chance
        assert found == pytest.approx(np.log(total), abs=1e-12)


def test_the_rate_of_kinds_is_found_again():
    rng = np.random.default_rng(8)
    tree = random_tree(rng, 400)
    for rate in (0.5, 2.0):
        codes = discrete_trait(rng, tree, 3, rate=rate)
        assert mk_rate(codes, tree.structure(tree.names)) == pytest.approx(rate, rel=0.35)


def test_jumping_kinds_have_enough_of_each():
    _, _, tree, rng = world(9)
    codes = np.unique(KINDS, return_inverse=True)[1]
    drawn = mk_draws(codes, tree.structure(tree.names), 30, rng)
    counts = np.stack([np.bincount(row, minlength=3) for row in drawn])
    assert drawn.shape == (30, 24) and counts.min() >= LEAST and counts.shape == (30, 3)
    assert len({tuple(c) for c in counts}) > 5  # counts are not held, unlike with thresholds
    with pytest.raises(ValueError, match="hardly any trait on this tree has all 12 kinds in 2 species each"):
        mk_draws(np.repeat(np.arange(12), 2), tree.structure(tree.names), 2, rng)


@pytest.mark.parametrize("null", ["bm", "lambda", "ou", "phylo_perm", "mk"])
def test_kinds_have_a_null_under_every_model_but_msr(null):
    x, _, tree, rng = world(10)
    found = aligned_beyond_phylogeny(x, KINDS, tree.structure(tree.names), null=null, permutations=9, rng=rng)
    assert found.null.shape == (9,) and np.isfinite(found.null).all()


def test_what_cannot_be_drawn_is_refused():
    x, y, tree, rng = world(11)
    c = tree.covariance()
    with pytest.raises(ValueError, match="null='msr' makes numbers of kinds: use 'bm', 'mk', 'phylo_perm' or 'rrpp'"):
        aligned_beyond_phylogeny(x, KINDS, c, null="msr", permutations=9, rng=rng)
    with pytest.raises(ValueError, match="null='mk' is for kinds that jump"):
        aligned_beyond_phylogeny(x, y, tree.structure(tree.names), null="mk", permutations=9, rng=rng)
    with pytest.raises(ValueError, match="null='mk' needs the tree itself"):
        aligned_beyond_phylogeny(x, KINDS, c, null="mk", permutations=9, rng=rng)
    with pytest.raises(ValueError, match="null='bm' draws traits: permutations must be a count"):
        aligned_beyond_phylogeny(x, y, c, null="bm", permutations=[np.arange(24)], rng=rng)
    with pytest.raises(TypeError, match="need rng="):
        aligned_beyond_phylogeny(x, y, c, null="lambda", permutations=9)


def test_the_same_seed_gives_the_same_null():
    x, y, tree, _ = world(12)
    one, again = (
        aligned_beyond_phylogeny(x, y, tree.covariance(), null="ou", permutations=9, rng=np.random.default_rng(1))
        for _ in range(2)
    )
    assert (one.null == again.null).all()


def test_the_lambda_null_draws_at_the_traits_own_lambda():
    """Whatever λ whitens: with that of the space, traits drawn at it would not be like the one asked about."""
    x, y, tree, rng = world(13)
    x = x + 3 * rng.normal(size=x.shape)
    c = tree.covariance()
    ask = dict(null="lambda", permutations=9)
    found = aligned_beyond_phylogeny(x, y, c, lam="full", rng=np.random.default_rng(2), **ask)
    problem = Problem.of(x, y, c)
    own = problem.lam("ml", y[None, :, None])[0]
    traits = drawn_traits(problem, "lambda", own, 9, np.random.default_rng(2))
    assert abs(own - found.lam) > 0.1
    assert found.null == pytest.approx(problem.descent.shares(traits, problem.lam("full", traits)), abs=1e-12)


def test_sisters_that_jump_are_alike_as_often_as_their_branches_say():
    tree = Tree.parse("(" + ",".join(f"(a{i}:.4,b{i}:.4):.6" for i in range(15)) + ");")
    names = [f"{side}{i}" for i in range(15) for side in "ab"]
    structure = tree.structure(names)
    codes = np.repeat([0, 1, 0, 1, 0], 6)
    rate = mk_rate(codes, structure)
    drawn = mk_draws(codes, structure, 1500, np.random.default_rng(0))
    alike = (drawn[:, 0::2] == drawn[:, 1::2]).mean()
    assert alike == pytest.approx(0.5 + 0.5 * np.exp(-rate * 0.8 * 2), abs=0.01)
    assert (drawn == 0).mean() == pytest.approx(0.5, abs=0.02)  # neither kind is favoured


def test_a_kind_that_was_rare_may_be_as_rare_again():
    _, _, tree, rng = world(14)
    codes = np.r_[np.zeros(22, int), 1, 1]
    drawn = mk_draws(codes, tree.structure(tree.names), 200, rng)
    assert min(np.bincount(row, minlength=2).min() for row in drawn) == 2


def test_kinds_are_drawn_at_the_lambda_of_what_is_hidden():
    """Cut into kinds, a Brownian trait looks as if it hardly followed the tree: the cut is undone."""
    x, _, tree, rng = world(9)
    problem = Problem.of(x, np.array(list("aaaabbbbccccddddeeeeffff")), tree.structure(tree.names))
    hidden = hidden_lambda(problem, rng)
    for true in (0.0, 0.6, 1.0):
        drawn = evolved_traits(problem, "lambda", true, 200, rng)
        columns = problem.lam("ml", drawn).mean()
        assert hidden(np.array([columns]))[0] == pytest.approx(true, abs=0.15)
        assert columns < 0.85
    assert (hidden(np.array([0.0, 1.0])) == [0.0, 1.0]).all() and (np.diff(hidden(np.linspace(0, 1, 9))) >= 0).all()
    own = float(problem.lam("ml", problem.columns[None])[0])
    found = drawn_traits(problem, "lambda", own, 5, np.random.default_rng(3))
    again = np.random.default_rng(3)
    at = float(hidden_lambda(problem, again)(np.array([own]))[0])
    assert (found == evolved_traits(problem, "lambda", at, 5, again)).all()
