"""Contrasts turned round: counted by hand on small trees, blind to rotation and names, refused where there are none."""

from itertools import product

import numpy as np
import pytest

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.stats.trait.alignment import aligned_beyond_phylogeny
from embedlab.stats.trait.turned import contrasts_turned
from embedlab.stats.tree.pruning import Pruned


def world(seed, n=9, d=3):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    return brownian_traits(rng, tree, d), brownian_traits(rng, tree)[:, 0], tree.structure(tree.names), rng


def test_share_is_that_of_the_regression_at_the_same_lambda():
    x, y, tree, rng = world(1, 20)
    z = rng.normal(size=(20, 1))
    for lam in (0.3, 1.0):
        for covariates in (None, z):
            share, _ = contrasts_turned(x, y, tree, lam=lam, covariates=covariates, permutations=9, rng=rng)
            known = aligned_beyond_phylogeny(
                x, y, tree, lam=lam, covariates=covariates, permutations=9, rng=rng
            ).statistic
            assert share == pytest.approx(known, rel=1e-9)


def test_p_is_the_share_of_all_signs():
    x, y, tree, rng = world(2)
    apart = Pruned(tree).contrasts(np.column_stack([y, x]))[0]
    v, u = apart[:, 0], apart[:, 1:]
    values = np.array([(((np.array(s) * v) @ u) ** 2).sum() for s in product((-1, 1), repeat=8)])
    exact = np.mean(values >= values[-1] * (1 - 1e-12))
    assert contrasts_turned(x, y, tree, permutations=9999, rng=rng)[1] == pytest.approx(exact, abs=0.02)


def test_rotation_unit_and_kinds_change_nothing():
    x, y, tree, _ = world(3, 12)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    kinds = np.where(y > np.median(y), "open", "wood")
    for trait, other in ((y, 3 * y - 7), (kinds, np.where(kinds == "open", "a", "b"))):
        one = contrasts_turned(x, trait, tree, rng=np.random.default_rng(5))
        two = contrasts_turned(10 * x @ turn + 4, other, tree, rng=np.random.default_rng(5))
        assert one == pytest.approx(two, rel=1e-9)


def test_planted_trait_is_found():
    x, y, tree, rng = world(4, 40, 8)
    assert contrasts_turned(x + np.outer(y, np.ones(8)), y, tree, rng=rng)[1] < 0.01


def test_refusals():
    x, y, tree, rng = world(5)
    with pytest.raises(ValueError, match="align them by name"):
        contrasts_turned(x[:8], y[:8], tree, rng=rng)
    with pytest.raises(ValueError, match="dependent"):
        contrasts_turned(x, np.column_stack([y, 2 * y]), tree, rng=rng)
    with pytest.raises(ValueError, match="explain it wholly"):
        contrasts_turned(x, y, tree, covariates=y[:, None], rng=rng)
    with pytest.raises(ValueError):
        contrasts_turned(np.where(x == x[0, 0], np.nan, x), y, tree, rng=rng)
