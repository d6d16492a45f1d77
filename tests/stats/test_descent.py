"""λ and shares of many traits at once: as one at a time, with matrices written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.stats.trait.alignment import Problem, aligned_beyond_phylogeny
from embedlab.stats.trait.descent import CHUNK, reduced
from embedlab.stats.tree.comparative import pagel_lambda

seeds = st.integers(0, 2**32 - 1)


def world(seed, n=14, d=5):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    lam = rng.choice([0.0, 0.4, 0.8, 1.0])
    return brownian_traits(rng, tree, d), brownian_traits(rng, tree, 1, lam)[:, 0], tree.covariance(), rng


@given(seeds)
def test_lambda_of_a_trait_is_pagels(seed):
    x, y, c, rng = world(seed)
    problem = Problem.of(x, y, c)
    traits = np.stack([y, rng.normal(size=14), x[:, 0]])[:, :, None]
    peer = [pagel_lambda(t[:, 0], c) for t in traits]
    found = problem.descent.lambdas(traits)
    rotated, at = problem.descent.rotate(traits), np.array([p.lam for p in peer])
    # two optima of one height may stand apart: the likelihood decides, not the place
    reached, best = (problem.descent._height_of_trait(rotated, lam) for lam in (found, at))
    assert (reached >= best - 1e-7).all()
    # and it is the likelihood of Pagel's λ, up to what does not depend on λ
    zero = [pagel_lambda(t[:, 0], np.diag(np.diag(c))).log_likelihood for t in traits]
    none = problem.descent._height_of_trait(rotated, np.zeros(3))
    assert best - none == pytest.approx([p.log_likelihood - z for p, z in zip(peer, zero, strict=True)], abs=1e-6)


def brute(y, base, c, lam):
    """Profile likelihood of a regression of y on base under C_λ, up to a constant."""
    c = c * lam + np.diag(np.diag(c)) * (1 - lam)
    inverse = np.linalg.inv(c)
    e = y - base @ np.linalg.solve(base.T @ inverse @ base, base.T @ inverse @ y)
    n, p = y.shape
    return -0.5 * (n * np.linalg.slogdet(e.T @ inverse @ e)[1] + p * np.linalg.slogdet(c)[1])


def test_lambda_given_covariates_of_two_columns_is_the_best_there_is():
    for seed in range(6):
        x, y, c, rng = world(seed, n=18)
        trait, z = np.column_stack([y, y + rng.normal(size=18)]), rng.normal(size=(18, 1))
        problem = Problem.of(x, trait, c, z)
        found = problem.descent.lambdas(trait[None])[0]
        base = np.column_stack([np.ones(18), z])
        best = max(brute(trait, base, c, v) for v in np.linspace(0, 1, 501))
        assert brute(trait, base, c, found) >= best - 1e-6


def test_lambda_of_the_full_model_is_that_of_what_is_left_of_the_vectors():
    for seed in range(6):
        x, y, c, rng = world(seed, n=18)
        problem = Problem.of(x, y, c)
        found = problem.descent.lambdas(y[None, :, None], "full")[0]
        base = np.column_stack([np.ones(18), y])

        def height(lam, base=base, x=x, c=c):
            c = c * lam + np.diag(np.diag(c)) * (1 - lam)
            inverse = np.linalg.inv(c)
            e = x - base @ np.linalg.solve(base.T @ inverse @ base, base.T @ inverse @ x)
            return -0.5 * (18 * np.log(np.trace(e.T @ inverse @ e)) + np.linalg.slogdet(c)[1])

        assert height(found) >= max(height(v) for v in np.linspace(0, 1, 501)) - 1e-6
        assert aligned_beyond_phylogeny(x, y, c, lam="full", permutations=9, rng=rng).lam == found


@given(seeds)
def test_shares_of_many_are_the_shares_of_each(seed):
    x, y, c, rng = world(seed)
    z = rng.normal(size=(14, 1))
    traits = np.stack([np.column_stack([y, x[:, 1]]), rng.normal(size=(14, 2))])
    problem = Problem.of(x, traits[0], c, z)
    lam = np.array([0.9, 0.2])
    found = problem.descent.shares(traits, lam)
    each = [
        aligned_beyond_phylogeny(x, t, c, covariates=z, lam=v, permutations=[np.arange(14)]).statistic
        for t, v in zip(traits, lam, strict=True)
    ]
    assert found == pytest.approx(each, abs=1e-9)


def test_cutting_into_chunks_changes_nothing(monkeypatch):
    x, _, c, rng = world(3)
    problem = Problem.of(x, rng.normal(size=14), c)
    traits = rng.normal(size=(7, 14, 1))
    lam = problem.descent.lambdas(traits)
    shares = problem.descent.shares(traits, lam)
    monkeypatch.setattr("embedlab.stats.trait.descent.CHUNK", 100)
    assert CHUNK > 100 and problem.descent.lambdas(traits) == pytest.approx(lam, abs=1e-12)
    assert problem.descent.shares(traits, lam) == pytest.approx(shares, abs=1e-12)


def test_reduced_keeps_every_distance():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 40)) + 100
    small, turn = reduced(x)
    assert small.shape == (6, 5) and turn.shape == (5, 40)
    assert small @ turn == pytest.approx(x - x.mean(axis=0), abs=1e-9)
    with pytest.raises(ValueError, match="the species vectors do not differ"):
        reduced(np.full((6, 3), 0.1))


def test_vectors_on_a_line_keep_one_dimension():
    """Whether the space has one axis or the line lies aslant in four: what rounding leaves beside it is no axis."""
    rng = np.random.default_rng(0)
    along = rng.normal(size=9)
    for x in (along[:, None], np.outer(along, rng.normal(size=4)) + 5):
        small, turn = reduced(x)
        assert small.shape == (9, 1) and small @ turn == pytest.approx(x - x.mean(axis=0), abs=1e-12)


def test_twins_with_one_value_leave_lambda_just_below_1():
    """Twins at distance zero share their value, so the likelihood rises without end as λ nears 1, where none is."""
    rng = np.random.default_rng(1)
    c = random_tree(rng, 10).covariance()
    twice = np.r_[np.arange(10), 0]
    c, y = c[np.ix_(twice, twice)], (np.linalg.cholesky(c) @ rng.normal(size=10))[twice]
    problem = Problem.of(rng.normal(size=(11, 3)), y, c)
    found = problem.descent.lambdas(y[None, :, None])[0]
    assert problem.white.singular(1.0) and 1 - 1e-5 < found < 1
