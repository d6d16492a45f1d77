"""Signal on trees and on their matrices: one answer by every road, and ten thousand species."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import multivariate_normal

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.data.tree import Tree
from embedlab.stats.tree import comparative
from embedlab.stats.tree.comparative import blomberg_k, effective_species, k_mult, pagel_lambda
from embedlab.stats.tree.pruning import Pruned


def both(tree, rng):
    """Structure and covariance of one tree, species in an order that is not that of the tips."""
    names = list(rng.permutation(tree.names))
    return tree.structure(names), tree.covariance(names)


SHAPES = [
    "((a:1,b:1,c:1):1,d:2,e:2,(f:1,g:.5,h:2,i:1,j:1):1);",
    "((a:0,b:1):1,(c:1,d:2):3,(e:0,f:3,g:1):2,h:1,i:2,j:2);",
    "(a:1,b:2,c:3,d:4,e:5,f:1,g:2,h:3,i:4,j:5);",
    "(((((((((a:1,b:1):1,c:2):1,d:3):1,e:4):1,f:5):1,g:6):1,h:7):1,i:8):1,j:9);",
]


@pytest.mark.parametrize("text", SHAPES)
@pytest.mark.parametrize("small", [0, 1000], ids=["walked", "as asked"])
def test_a_tree_and_its_matrix_answer_alike(text, small, rng, monkeypatch):
    monkeypatch.setattr(comparative, "_SMALL", small)  # wide vectors on few species would leave the tree otherwise
    structure, c = both(Tree.parse(text), rng)
    orders = np.array([rng.permutation(10) for _ in range(40)])
    for d in (1, 3, 9, 10, 40):  # narrow and wide take different roads
        x, noise = rng.normal(size=(10, d)), 0.01 * rng.random(10)
        for blur_by in (None, noise):
            a, b = (k_mult(x, cov, permutations=orders, noise=blur_by) for cov in (structure, c))
            assert a.statistic == pytest.approx(b.statistic, rel=1e-9) and a.null == pytest.approx(b.null, rel=1e-9)
            assert a.p_value == b.p_value
    y = rng.normal(size=10)
    a, b = pagel_lambda(y, structure), pagel_lambda(y, c)
    assert a.log_likelihood == pytest.approx(b.log_likelihood, abs=1e-9)
    assert a.interval == pytest.approx(b.interval, abs=1e-5)
    assert effective_species(structure) == pytest.approx(effective_species(c))


@pytest.mark.parametrize("small", [0, 1000], ids=["walked", "as asked"])
def test_k_under_permutations_is_k_of_permuted_species(small, rng, monkeypatch):
    """Against the formula of methods.md written out, for both roads of the matrix and that of the tree."""
    monkeypatch.setattr(comparative, "_SMALL", small)
    monkeypatch.setattr(comparative, "_STRIPE", 4)  # several stripes, the last one narrower
    monkeypatch.setattr(comparative, "_FEW", 8)  # 2 columns and 14 take different roads
    monkeypatch.setattr(comparative, "_BLOCK", 60)  # several blocks of permutations
    structure, c = both(random_tree(rng, 14), rng)
    inverse = np.linalg.inv(c)
    one = np.ones(14)
    scale = (np.trace(c) - 14 / inverse.sum()) / 13
    orders = np.array([rng.permutation(14) for _ in range(6)])
    for d in (2, 50):
        x, noise = rng.normal(size=(14, d)) + 5, 0.05 * d * rng.random(14)
        away = np.eye(14) - np.outer(one, inverse.sum(axis=0)) / inverse.sum()
        for blur_by in (np.zeros(14), noise):
            expected = []
            for t in np.vstack([np.arange(14), orders]):
                e, blur = away @ x[t], np.diag(blur_by[t])
                above = np.trace(e.T @ e) - np.trace(away.T @ away @ blur)
                below = np.trace(e.T @ inverse @ e) - np.trace(away.T @ inverse @ away @ blur)
                expected.append(above / below / scale)
            for cov in (structure, c, Pruned(structure)):
                found = k_mult(x, cov, permutations=orders, noise=blur_by)
                assert [found.statistic, *found.null] == pytest.approx(expected, rel=1e-9)


def test_noise_taken_off_gives_k_of_the_true_means(rng):
    tree = random_tree(rng, 40)
    same = [np.arange(40)]
    sizes = rng.integers(2, 9, 40)
    true, raw, corrected = [], [], []
    for _ in range(60):
        x = brownian_traits(rng, tree, 30)
        blurred = x + 0.8 * rng.normal(size=(40, 30)) / np.sqrt(sizes)[:, None]
        noise = 30 * 0.64 / sizes
        place = tree.structure(tree.names)
        true.append(k_mult(x, place, permutations=same).statistic)
        raw.append(k_mult(blurred, place, permutations=same).statistic)
        corrected.append(k_mult(blurred, place, permutations=same, noise=noise).statistic)
    error = np.std(np.subtract(corrected, true)) / np.sqrt(60)
    assert abs(np.mean(corrected) - np.mean(true)) < 4 * error + 0.02  # a ratio of unbiased sums leans a little
    assert np.mean(raw) < np.mean(true) - 0.1


def test_k_of_one_trait_is_k_for_vectors_of_one_column(rng):
    structure, _ = both(random_tree(rng, 9), rng)
    y, noise = rng.normal(size=9), np.full(9, 1e-3)
    orders = np.array([rng.permutation(9) for _ in range(9)])
    a = blomberg_k(y, structure, permutations=orders, noise=noise)
    b = k_mult(y[:, None], structure, permutations=orders, noise=noise)
    assert a.statistic == b.statistic and a.p_value == b.p_value


def test_lambda_of_several_traits_is_shared(rng):
    structure, c = both(random_tree(rng, 12), rng)
    y = rng.normal(size=(12, 2))
    found = pagel_lambda(y, structure)
    c_lam = c * found.lam + np.diag(np.diag(c)) * (1 - found.lam)
    inverse = np.linalg.inv(c_lam)
    left = y - inverse.sum(axis=0) @ y / inverse.sum()
    sigma = left.T @ inverse @ left / 12
    density = multivariate_normal(np.zeros(24), np.kron(sigma, c_lam)).logpdf(left.T.ravel())
    assert found.log_likelihood == pytest.approx(density, abs=1e-8)
    for lam in np.linspace(0, 1, 21):
        c_lam = c * lam + np.diag(np.diag(c)) * (1 - lam)
        inverse = np.linalg.inv(c_lam)
        left = y - inverse.sum(axis=0) @ y / inverse.sum()
        density = multivariate_normal(np.zeros(24), np.kron(left.T @ inverse @ left / 12, c_lam)).logpdf(left.T.ravel())
        assert density <= found.log_likelihood + 1e-9


def test_the_ends_of_the_interval_are_where_the_likelihood_has_fallen(rng):
    tree = random_tree(rng, 60)
    structure, c = both(tree, rng)
    y = np.linalg.cholesky(0.6 * c + 0.4 * np.diag(np.diag(c))) @ rng.normal(size=60)
    found = pagel_lambda(y, structure)
    low, high = found.interval
    assert 0 < low < found.lam < high < 1  # this draw: both ends inside

    def restricted(lam):
        """Likelihood of all differences from the first species: what is left when the root is not known."""
        d = np.column_stack([-np.ones(59), np.eye(59)])
        v = d @ (c * lam + np.diag(np.diag(c)) * (1 - lam)) @ d.T
        return -0.5 * (59 * np.log(d @ y @ np.linalg.solve(v, d @ y)) + np.linalg.slogdet(v)[1])

    top = -minimize_scalar(lambda lam: -restricted(lam), bounds=(low, high), method="bounded").fun
    for end in (low, high):  # 60 species may lie a tenth further down than many would
        assert restricted(end) == pytest.approx(top - 1.1 * 1.920729, abs=1e-4)


def test_ten_thousand_species_make_no_matrix(rng):
    """A matrix of 10,000 × 10,000 would be 800 MB; the walk is refused none of it and takes a second."""
    names = [f"s{i}" for i in range(10_000)]
    tree = Tree.parse("(" + ",".join(f"({a}:1,{b}:1):1" for a, b in zip(names[::2], names[1::2], strict=True)) + ");")
    structure = tree.structure(names)
    y = np.repeat(rng.normal(size=5000), 2) + rng.normal(size=10_000)
    found = pagel_lambda(y, structure)
    pairs = y.reshape(-1, 2) - y.mean()
    alike = (
        2 * (pairs[:, 0] * pairs[:, 1]).mean() / (pairs**2).mean()
    )  # C is [[2, λ], [λ, 2]]: λ is twice their likeness
    assert found.lam == pytest.approx(alike, abs=1e-6) and 0.9 < found.lam < 1
    assert 0.9 < blomberg_k(y, structure, permutations=9, rng=rng).statistic < 1.1
    assert effective_species(structure) == pytest.approx(2 * 10_000 / 3)


def test_a_shuffle_without_a_value_counts_against_the_claim():
    rng = np.random.default_rng(1)
    tree = random_tree(rng, 12)
    x, noise = rng.normal(size=(12, 2)), rng.gamma(0.3, 4.0, 12)
    found = k_mult(x, tree.structure(tree.names), permutations=49, noise=noise, rng=rng)
    lost = found.null == np.finfo(float).max
    assert 0 < lost.sum() < 49 and found.p_value >= (lost.sum() + 1) / 50
    with pytest.raises(ValueError, match="noise is as large as the differences"):
        k_mult(x, tree.structure(tree.names), permutations=9, noise=noise + 50, rng=rng)


def test_noise_that_eats_the_contrasts_alone_is_refused():
    """One noisy species among near kin: squares about the root outlast its noise, squared contrasts do not."""
    c = Tree.parse("((a:1,b:1):1,(c:1,d:1):1,e:2);").covariance(list("abcde"))
    x = np.array([[-0.9, 0.2], [-0.9, 0.9], [1.2, 0.2], [-0.4, 0.1], [-0.3, -0.7]])
    noise, away = np.array([0.0, 0.3, 0.0, 3.8, 0.2]), [np.arange(5), np.array([1, 2, 3, 4, 0])]
    project = np.eye(5) - np.linalg.inv(c).sum(axis=0) / np.linalg.inv(c).sum()
    for t, sign in zip(away, (-1, 1), strict=True):  # shuffled over the tree the noise would leave something
        e, inverse = project @ x[t], np.linalg.inv(c)
        below = np.trace(e.T @ inverse @ e) - np.trace(project.T @ inverse @ project @ np.diag(noise[t]))
        assert np.sign(below) == sign and np.sum(e**2) > np.trace(project.T @ project @ np.diag(noise[t]))
    with pytest.raises(ValueError, match="noise is as large as the differences"):
        k_mult(x, c, permutations=away[1:], noise=noise)
