"""Signal on trees: by hand, against the normal density, and on trees with traps."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.data.tree import Tree
from embedlab.stats.tree.comparative import (
    Whitening,
    blomberg_k,
    checked_covariance,
    effective_species,
    k_mult,
    pagel_lambda,
)
from embedlab.stats.tree.pruning import Pruned

seeds = st.integers(0, 2**32 - 1)


def tree_of(seed, n=12):
    return random_tree(np.random.default_rng(seed), n).covariance()


def test_k_by_hand():
    # a star: every tree-like sum of squares equals the plain one, so K is 1 whatever the trait
    assert blomberg_k([1.0, 5.0, 2.0, 9.0], np.eye(4), permutations=[[0, 1, 2, 3]]).statistic == pytest.approx(1)
    # two pairs of sisters that share half their history, alike within pairs and apart between:
    # C = [[2,1],[1,2]] twice. Root mean 0, E'E = 4, E'C⁻¹E = 4/3, so the ratio is 3;
    # expected: (tr C - n / 1'C⁻¹1)/(n - 1) = (8 - 4/(4/3))/3 = 5/3, and K = 9/5
    pair = np.array([[2.0, 1.0], [1.0, 2.0]])
    c = np.kron(np.eye(2), pair)
    assert blomberg_k([1.0, 1.0, -1.0, -1.0], c, permutations=[[0, 1, 2, 3]]).statistic == pytest.approx(9 / 5)


@given(seeds)
def test_k_does_not_depend_on_units_rotation_or_the_order_of_species(seed):
    rng = np.random.default_rng(seed)
    c, x = tree_of(seed), rng.normal(size=(12, 4))
    same = [np.arange(12)]
    base = k_mult(x, c, permutations=same).statistic
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert k_mult(3 * x @ turn + 50, c, permutations=same).statistic == pytest.approx(base, rel=1e-8)
    assert k_mult(x, 100 * c, permutations=same).statistic == pytest.approx(base, rel=1e-8)
    t = rng.permutation(12)
    assert k_mult(x[t], c[np.ix_(t, t)], permutations=same).statistic == pytest.approx(base, rel=1e-8)


def test_k_is_1_on_average_under_brownian_motion_and_falls_without_signal(rng):
    tree = random_tree(rng, 30)
    c = tree.covariance()
    same = [np.arange(30)]
    brown = [k_mult(brownian_traits(rng, tree, 20), c, permutations=same).statistic for _ in range(40)]
    none = [k_mult(rng.normal(size=(30, 20)), c, permutations=same).statistic for _ in range(40)]
    # K is a ratio: its mean is a little off 1; over 20 traits by less than a tenth
    assert np.mean(brown) == pytest.approx(1, abs=0.1)
    assert max(none) < min(brown)


@given(seeds)
def test_the_likelihood_of_lambda_is_that_of_the_normal_density(seed):
    rng = np.random.default_rng(seed)
    c = tree_of(seed) * 3.0
    y = rng.normal(size=12)
    found = pagel_lambda(y, c)
    c_lam = c * found.lam + np.diag(np.diag(c)) * (1 - found.lam)
    inverse = np.linalg.inv(c_lam)
    mean = inverse.sum(axis=0) @ y / inverse.sum()
    sigma = (y - mean) @ inverse @ (y - mean) / 12
    density = multivariate_normal(np.full(12, mean), sigma * c_lam).logpdf(y)
    assert found.log_likelihood == pytest.approx(density, abs=1e-8)
    assert found.interval[0] <= found.lam <= found.interval[1] and found.statistic == found.lam


@given(seeds)
def test_no_lambda_on_a_fine_grid_is_more_likely(seed):
    rng = np.random.default_rng(seed)
    c, y = tree_of(seed), rng.normal(size=(12, 1))
    found = pagel_lambda(y, c)
    white = Whitening(c)
    rotated, one = white.rotate(y), white.rotate(np.ones((12, 1)))[:, 0]
    for lam in np.linspace(0, 1, 501):
        s = white.spectrum(lam)
        left = rotated[:, 0] - one * ((one / s) @ rotated[:, 0] / (one @ (one / s)))
        sigma = left @ (left / s) / 12
        log_det = np.log(s).sum() + 2 * np.log(white.depth).sum()
        height = -0.5 * (12 * (np.log(2 * np.pi * sigma) + 1) + log_det)
        assert height <= found.log_likelihood + 1e-9


def test_lambda_does_not_depend_on_units_or_the_order_of_species():
    """Two grid points that differed by rounding alone once hid the optimum between their neighbours."""
    for seed in [225, 271, 381, *range(40)]:
        rng = np.random.default_rng(seed)
        tree = random_tree(rng, 16)
        c, y, t = tree.covariance(), brownian_traits(rng, tree)[:, 0], rng.permutation(16)
        base, units = pagel_lambda(y, c), pagel_lambda(2 - 7 * y, 50 * c)
        order = pagel_lambda(y[t], c[np.ix_(t, t)])
        # the likelihood is flat at its top: λ is known to the root of the rounding of log-likelihoods near 10
        assert [units.lam, order.lam] == pytest.approx([base.lam] * 2, abs=1e-6)
        assert units.log_likelihood + 16 * np.log(7) == pytest.approx(base.log_likelihood, abs=1e-9)


def test_lambda_finds_what_was_planted(rng):
    tree = random_tree(rng, 60)
    c = tree.covariance()
    found = {
        lam: np.mean([pagel_lambda(brownian_traits(rng, tree, 1, lam), c).lam for _ in range(15)])
        for lam in (0.0, 0.5, 1.0)
    }
    # few species say little of λ: means of 15 within a fifth, and in order
    assert found[0.0] < 0.2 < 0.3 < found[0.5] < 0.75 < 0.9 < found[1.0]


def test_whitening_makes_species_unrelated():
    c = tree_of(5)
    for lam in (0.0, 0.4, 1.0):
        w = Whitening(c).at(lam)
        c_lam = c * lam + np.diag(np.diag(c)) * (1 - lam)
        assert w @ c_lam @ w.T == pytest.approx(np.eye(12), abs=1e-9)


def test_effective_species_by_hand():
    assert effective_species(np.eye(7)) == pytest.approx(7)
    # two pairs sharing everything but a half: 1'C⁻¹1 = 4/3, mean depth 2
    assert effective_species(np.kron(np.eye(2), [[2.0, 1.0], [1.0, 2.0]])) == pytest.approx(8 / 3)
    # one tip twice, at distance zero: it counts once
    twice = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert effective_species(twice) == pytest.approx(2)
    for text, expected in (("((a:1,b:1):1,(c:1,d:1):1);", 8 / 3), ("((a:0,b:0):1,c:1);", 2), ("(a:1,b:1,c:1);", 3)):
        tree = Tree.parse(text)
        assert effective_species(tree.structure(tree.names)) == pytest.approx(expected)
        assert effective_species(Pruned(tree.structure(tree.names))) == pytest.approx(expected)


def test_tips_at_distance_zero_are_named_and_not_inverted(rng):
    tree = Tree.parse("((a:0,b:0):1,(c:1,d:1):0,e:1,f:1);")  # a polytomy, too
    c = tree.covariance()
    with pytest.raises(ValueError, match=r"singular at λ = 1: tips \[\(0, 1\)\] stand at distance zero; drop one"):
        k_mult(rng.normal(size=(6, 2)), c, rng=rng)
    with pytest.raises(ValueError, match=r"tips \[\(0, 1\)\] stand at distance zero; drop one"):
        k_mult(rng.normal(size=(6, 2)), tree.structure(tree.names), rng=rng)
    with pytest.raises(ValueError, match="singular at λ = 1: tips at distance zero"):
        Whitening(c).at(1.0)
    found = pagel_lambda([1.0, 1.3, 2.0, 0.5, 4.0, 2.2], c)  # λ = 1 has no likelihood here; below it does
    assert 0 <= found.lam < 1 and np.isfinite(found.log_likelihood)
    walked = pagel_lambda([1.0, 1.3, 2.0, 0.5, 4.0, 2.2], tree.structure(tree.names))
    assert walked.log_likelihood == pytest.approx(found.log_likelihood, abs=1e-8)


def test_polytomies_and_single_children_change_nothing():
    resolved = Tree.parse("(((a:1,b:1):0,c:1):1,(d:1):1,e:2);").covariance(list("abcde"))
    polytomy = Tree.parse("((a:1,b:1,c:1):1,d:2,e:2);").covariance(list("abcde"))
    y = [1.0, 2.0, 1.5, 4.0, 7.0]
    assert pagel_lambda(y, resolved).log_likelihood == pytest.approx(pagel_lambda(y, polytomy).log_likelihood)
    k = [blomberg_k(y, c, permutations=[np.arange(5)]).statistic for c in (resolved, polytomy)]
    assert k[0] == pytest.approx(k[1])


def test_trees_that_are_not_ultrametric_are_taken(rng):
    c = Tree.parse("((a:1,b:3):1,(c:0.5,d:2):2,e:1,f:4);").covariance()
    found = pagel_lambda([1.0, 2.0, 1.5, 4.0, 7.0, 3.0], c)
    assert 0 <= found.lam <= 1
    assert 0 < blomberg_k(np.arange(6.0), c, permutations=9, rng=rng).p_value <= 1


def test_what_has_no_answer_is_refused(rng):
    c = tree_of(1)
    with pytest.raises(ValueError, match="the same in all species has no λ"):
        pagel_lambda(np.ones(12), c)
    with pytest.raises(ValueError, match="linearly dependent"):
        pagel_lambda(np.column_stack([np.arange(12.0), np.arange(12.0) * 2]), c)
    with pytest.raises(ValueError, match="trait has 1 rows with NaN"):
        pagel_lambda(np.r_[np.nan, np.arange(11.0)], c)
    with pytest.raises(ValueError, match="12 species but a covariance of shape"):
        k_mult(rng.normal(size=(12, 2)), np.eye(5), rng=rng)
    with pytest.raises(ValueError, match="11 species in the trait, 12 in the covariance"):
        pagel_lambda(np.arange(11.0), Whitening(c))
    with pytest.raises(ValueError, match="not symmetric"):
        checked_covariance(np.triu(c), 12)
    with pytest.raises(ValueError, match=r"tips \[0\] have no distance to the root"):
        checked_covariance(np.diag(np.r_[0.0, np.ones(11)]), 12)
    with pytest.raises(ValueError, match="do not differ"):
        k_mult(np.ones((12, 3)), c, rng=rng)
    with pytest.raises(ValueError, match="is it that of a tree"):
        k_mult(rng.normal(size=(3, 2)), np.array([[1, 0.9, 0], [0.9, 1, 0.9], [0, 0.9, 1]]), rng=rng)
    with pytest.raises(ValueError, match="13 species in the trait, 12 in the covariance"):
        k_mult(rng.normal(size=(13, 2)), random_tree(rng, 12).structure(random_tree(rng, 12).names), rng=rng)
    for noise, words in (
        (np.ones(3), "12 variances"),
        (np.full(12, -1.0), "not negative"),
        (np.full(12, np.nan), "finite"),
        (np.full(12, 100.0), "as large as the differences"),
    ):
        with pytest.raises(ValueError, match=words):
            k_mult(rng.normal(size=(12, 2)), c, noise=noise, rng=rng)


def test_a_result_does_not_change_after_it_was_found(rng):
    found = blomberg_k([1.0, 5.0, 2.0], np.eye(3), permutations=9, rng=rng)
    with pytest.raises(FrozenInstanceError):
        found.p_value = 0.001
    with pytest.raises(FrozenInstanceError):
        pagel_lambda([1.0, 5.0, 2.0], np.eye(3)).lam = 1.0
