"""Regression among relatives against least squares written out with an inverse, and against SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress, multivariate_normal
from scipy.stats import t as student

from embedlab.data.synthetic import random_tree
from embedlab.data.tree import Tree
from embedlab.stats.tree.pgls import pgls
from embedlab.stats.tree.relatedness import related


def world(seed, n=14, q=2):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n, death=0.3)
    names = list(rng.permutation(tree.names))
    return rng, tree.structure(names), tree.covariance(names), rng.normal(size=(n, q)), rng.normal(size=n)


def by_inverse(y, x, c):
    """Coefficients, errors, t, p and log-likelihood as the textbook writes them."""
    n, q = x.shape
    inverse = np.linalg.inv(c)
    bread = np.linalg.inv(x.T @ inverse @ x)
    beta = bread @ x.T @ inverse @ y
    left = y - x @ beta
    square = left @ inverse @ left
    error = np.sqrt(np.diag(bread) * square / (n - q))
    p = 2 * student.sf(np.abs(beta / error), n - q)
    return beta, error, p, multivariate_normal(np.zeros(n), square / n * c).logpdf(left), square / (n - q)


@given(st.integers(0, 2**32 - 1))
def test_by_tree_by_matrix_and_by_textbook(seed):
    _, structure, c, x, y = world(seed)
    design = np.column_stack([np.ones(14), x])
    for lam in (0.0, 0.6, 1.0):
        beta, error, p, height, rate = by_inverse(y, design, c * lam + np.diag(np.diag(c)) * (1 - lam))
        for cov in (structure, c, related(structure, 14)):
            fit = pgls(y, x, cov, lam=lam)
            assert fit.coefficients == pytest.approx(beta, rel=1e-7, abs=1e-9)
            assert fit.standard_errors == pytest.approx(error, rel=1e-7)
            assert fit.t == pytest.approx(beta / error, rel=1e-6, abs=1e-9) and (fit.statistic == fit.t).all()
            assert fit.p_value == pytest.approx(p, rel=1e-5)
            assert fit.log_likelihood == pytest.approx(height, abs=1e-7) and fit.rate == pytest.approx(rate, rel=1e-7)
            assert fit.residuals == pytest.approx(y - design @ beta, abs=1e-8)
            assert fit.lam == lam and fit.interval is None


def test_unrelated_species_give_ordinary_regression(rng):
    x, y = rng.normal(size=20), rng.normal(size=20)
    fit, ordinary = pgls(y, x, np.eye(20)), linregress(x, y)
    assert fit.coefficients == pytest.approx([ordinary.intercept, ordinary.slope])
    assert fit.standard_errors == pytest.approx([ordinary.intercept_stderr, ordinary.stderr])
    assert fit.p_value[1] == pytest.approx(ordinary.pvalue)


def test_a_column_of_ones_is_the_intercept_wherever_it_stands():
    _, structure, _, x, y = world(3)
    base = pgls(y, x, structure)
    for design, order in (
        (np.column_stack([np.ones(14), x]), [0, 1, 2]),
        (np.column_stack([x, np.ones(14)]), [1, 2, 0]),
        (np.column_stack([x[:, 0], 4 * np.ones(14), x[:, 1]]), [1, 0, 2]),
    ):
        fit = pgls(y, design, structure)
        assert fit.coefficients.shape == (3,) and fit.t == pytest.approx(base.t[order])
        assert fit.log_likelihood == pytest.approx(base.log_likelihood)
    # nothing but a mean: the root's estimate
    fit = pgls(y, np.ones(14), structure)
    assert fit.coefficients == pytest.approx(related(structure, 14).contrasts(y[:, None])[1])


@given(st.integers(0, 2**32 - 1))
def test_no_lambda_on_a_fine_grid_fits_better(seed):
    _, structure, c, x, y = world(seed)
    fit, dense = pgls(y, x, structure, lam="ml"), pgls(y, x, c, lam="ml")
    grid = [pgls(y, x, c, lam=v).log_likelihood for v in np.linspace(0, 1, 101)]
    assert max(grid) <= fit.log_likelihood + 1e-9
    assert fit.log_likelihood == pytest.approx(dense.log_likelihood, abs=1e-8)
    assert fit.interval[0] <= fit.lam <= fit.interval[1]
    assert fit.interval == pytest.approx(dense.interval, abs=1e-4)
    exact = pgls(y, x, structure, lam=fit.lam)
    assert fit.coefficients == pytest.approx(exact.coefficients) and fit.log_likelihood == pytest.approx(
        exact.log_likelihood
    )


def test_restricted_likelihood_is_that_of_error_contrasts():
    """REML: the density of what is left of the trait when the predictors are taken out, whatever their slopes."""
    for seed in range(4):
        _, structure, c, x, y = world(seed)
        design = np.column_stack([np.ones(14), x])
        away = np.linalg.svd(design)[0][:, 3:].T  # rows that know nothing of the predictors

        def height(lam, c=c, y=y, away=away):
            v = away @ (c * lam + np.diag(np.diag(c)) * (1 - lam)) @ away.T
            z = away @ y
            return -0.5 * (11 * np.log(z @ np.linalg.solve(v, z)) + np.linalg.slogdet(v)[1])

        fit, full = pgls(y, x, structure, lam="reml"), pgls(y, x, structure, lam="ml")
        grid = np.linspace(0, 1, 201)
        assert height(fit.lam) >= max(height(v) for v in grid) - 1e-9
        assert fit.coefficients == pytest.approx(pgls(y, x, c, lam=fit.lam).coefficients)
        assert fit.log_likelihood <= full.log_likelihood
        # both name one interval, which ends where this density has fallen; the full one may widen it to its own top
        for end in fit.interval:
            if 0 < end < 1:
                assert height(end) == pytest.approx(height(fit.lam) - 1.920729 * (1 + 6 / 14), abs=1e-4)
        assert full.interval[0] <= fit.interval[0] + 1e-6 and fit.interval[1] <= full.interval[1] + 1e-6


def test_units_and_order_change_nothing():
    rng, structure, c, x, y = world(5)
    base, t = pgls(y, x, structure, lam="ml"), rng.permutation(14)
    moved = pgls(y[t], x[t], c[np.ix_(t, t)], lam="ml")
    assert moved.t == pytest.approx(base.t, rel=1e-4) and moved.lam == pytest.approx(base.lam, abs=1e-5)
    units = pgls(100 + 3 * y, x * [10, 1], 50 * c, lam="ml")
    assert units.t[1:] == pytest.approx(base.t[1:], rel=1e-4)
    assert units.coefficients[1:] == pytest.approx(base.coefficients[1:] * [0.3, 3], rel=1e-5)
    assert units.log_likelihood + 14 * np.log(3) == pytest.approx(base.log_likelihood, abs=1e-8)


def test_trees_with_traps(rng):
    text = "((a:0,b:1):1,(c:1,d:2,x:1):3,(e:0,f:3,g:1):2,h:1);"
    tree = Tree.parse(text)
    x, y = rng.normal(size=9), rng.normal(size=9)
    fits = [pgls(y, x, cov, lam="ml") for cov in (tree.structure(tree.names), tree.covariance())]
    assert fits[0].log_likelihood == pytest.approx(fits[1].log_likelihood, abs=1e-8)
    twins = Tree.parse("((a:0,b:0):1,(c:1,d:2,x:1):3,(e:1,f:3,g:1):2,h:1);")
    with pytest.raises(ValueError, match=r"tips \[\(0, 1\)\] stand at distance zero"):
        pgls(y, x, twins.structure(twins.names))
    with pytest.raises(ValueError, match="singular at λ = 1: tips at distance zero"):
        pgls(y, x, twins.covariance())
    fit = pgls(y, x, twins.structure(twins.names), lam="ml")
    assert 0 <= fit.lam < 1 and np.isfinite(fit.log_likelihood)


def test_what_cannot_be_fitted_is_refused():
    _, structure, c, x, y = world(1)
    for args, words in (
        ((y, np.column_stack([x, x[:, 0] * 2]), c), "linearly dependent"),
        ((y, np.column_stack([np.ones(14), np.ones(14)]), c), "linearly dependent"),
        ((y, np.zeros(14), c), "linearly dependent"),
        ((y, np.column_stack([x[:, 0], np.zeros(14)]), c), "linearly dependent"),
        ((y, np.random.default_rng(0).normal(size=(14, 13)), c), "14 species for 14 coefficients: at least 16"),
        ((np.column_stack([y, y]), x, c), "one trait"),
        ((y[:13], x, c), "one row a species in both"),
        ((np.r_[np.nan, y[1:]], x, c), "y has 1 rows with NaN"),
        ((y, np.where(x == x[0, 0], np.inf, x), c), "X has 1 rows with NaN"),
        ((2 + x @ [1.0, 2.0], x, c), "give the trait exactly"),
        ((np.ones(14), x, structure), "give the trait exactly"),
        ((y[:9], x[:9], structure), "9 species in the trait, 14"),
        ((y[:9], x[:9], c), "9 species but a covariance of shape"),
    ):
        with pytest.raises(ValueError, match=words):
            pgls(*args)
    with pytest.raises(ValueError, match="lam='reml2' is not known: use a number from 0 to 1, 'ml' or 'reml'"):
        pgls(y, x, c, lam="reml2")
    with pytest.raises(ValueError, match="between 0 and 1, not 1.5"):
        pgls(y, x, c, lam=1.5)
