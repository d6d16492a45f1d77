"""Models of evolution against the normal density of their covariance, written out."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from embedlab.data.synthetic import random_tree
from embedlab.data.tree import Tree
from embedlab.stats.tree.evolution import ou_covariance, simulate
from embedlab.stats.tree.models import fit_evolution
from embedlab.stats.tree.pruning import Pruned


def matrices(c, model, v):
    """The covariance that a model gives, entry by entry."""
    depth = np.diag(c)
    if model == "lambda":
        return c * v + np.diag(depth) * (1 - v)
    if model == "eb":
        return c if v == 0 else (np.exp(v * c) - 1) / v
    apart = depth[:, None] + depth - 2 * c
    return c if v == 0 else np.exp(-v * apart) * (1 - np.exp(-2 * v * c)) / (2 * v)


def density(y, c):
    """Log-likelihood, rate and root at their maximum."""
    inverse = np.linalg.inv(c)
    root = inverse.sum(axis=0) @ y / inverse.sum()
    rate = (y - root) @ inverse @ (y - root) / len(y)
    return multivariate_normal(np.full(len(y), root), rate * c).logpdf(y), rate, root


def restricted_density(y, c):
    """Density of all differences from the first species: whatever is left when the root is not known (REML)."""
    n = len(y)
    d = np.column_stack([-np.ones(n - 1), np.eye(n - 1)])
    v = d @ c @ d.T
    rate = (d @ y) @ np.linalg.solve(v, d @ y) / n  # the divisor is the same constant for all covariances
    return -0.5 * ((n - 1) * np.log(rate) + np.linalg.slogdet(v)[1])


TREES = [
    random_tree(np.random.default_rng(3), 15),
    Tree.parse("((a:1,b:3):1,(c:0.5,d:2):2,e:1,f:4,(g:1,h:0,i:2):1,((j:.1,k:.2):.3,l:2):1);"),
]


@pytest.mark.parametrize("tree", TREES, ids=str)
@pytest.mark.parametrize("model", ["ou", "eb", "lambda"])
def test_nothing_on_a_fine_grid_is_more_likely(tree, model, rng):
    names = list(rng.permutation(tree.names))
    structure, c = tree.structure(names), tree.covariance(names)
    for _ in range(4):
        y = 50 + 2 * rng.normal(size=len(names)) + simulate(c, rng)[0]
        walked, dense = (fit_evolution(y, cov, model=model) for cov in (Pruned(structure), c))
        assert walked.log_likelihood == pytest.approx(dense.log_likelihood, abs=1e-7)
        assert walked.interval == pytest.approx(dense.interval, rel=1e-3, abs=1e-6)
        grid = {"ou": np.geomspace(1e-3, 60, 100), "eb": -np.linspace(0, np.log(1e5) / np.diag(c).max(), 60),
                "lambda": np.linspace(0, 1, 60)}[model]  # fmt: skip
        heights = [density(y, matrices(c, model, v))[0] for v in grid]
        assert max(heights) <= walked.log_likelihood + 1e-7
        assert walked.interval[0] <= walked.parameter <= walked.interval[1]
        restricted = np.array([restricted_density(y, matrices(c, model, v)) for v in grid])
        drop = 1.920729 * (1 + 6 / len(y) if model == "lambda" else 1)
        inside = grid[restricted > restricted.max() - drop + 0.02]  # the top lies between points of this grid
        assert walked.interval[0] <= inside.min() + 1e-6 and inside.max() <= walked.interval[1] + 1e-6
        for end in walked.interval:
            if grid.min() < end < grid.max() and end != walked.parameter:
                height = restricted_density(y, matrices(c, model, end))
                assert restricted.max() - drop - 1e-5 < height < restricted.max() - drop + 0.02
        if np.isfinite(walked.parameter):
            height, rate, root = density(y, matrices(c, model, walked.parameter))
            assert walked.log_likelihood == pytest.approx(height, abs=1e-7)
            assert walked.rate == pytest.approx(rate, rel=1e-6) and walked.root == pytest.approx(root, rel=1e-8)
        assert walked.aicc == pytest.approx(-2 * walked.log_likelihood + 6 + 24 / (len(y) - 4))


@pytest.mark.parametrize("tree", TREES, ids=str)
def test_brownian_motion_and_white_noise(tree, rng):
    c, y = tree.covariance(), rng.normal(size=len(tree)) + 5
    for cov in (c, tree.structure(tree.names)):
        for model, matrix in (("bm", c), ("white", np.eye(len(y)))):
            fit = fit_evolution(y, cov, model=model)
            assert [fit.log_likelihood, fit.rate, fit.root] == pytest.approx(density(y, matrix))
            assert fit.aicc == pytest.approx(-2 * fit.log_likelihood + 4 + 12 / (len(y) - 3))
            assert np.isnan(fit.parameter) and fit.interval is None and fit.statistic == fit.log_likelihood
    assert fit.rate == pytest.approx(y.var()) and fit.root == pytest.approx(y.mean())


def test_what_was_planted_is_found(rng):
    tree = random_tree(rng, 300)
    structure = tree.structure(tree.names)
    found = {
        alpha: [
            fit_evolution(y, structure, model="ou")
            for y in simulate(structure, rng, count=9, model="ou", parameter=alpha)
        ]
        for alpha in (0.0, 2.0, 10.0)
    }
    median = {alpha: np.median([f.parameter for f in fits]) for alpha, fits in found.items()}
    assert median[0.0] < 1 and 1 < median[2.0] < 4 and 7 < median[10.0] < 14
    assert np.mean([f.rate for f in found[0.0]]) == pytest.approx(1, rel=0.2)
    noise = fit_evolution(rng.normal(size=300), structure, model="ou")
    assert noise.interval[1] == np.inf and noise.parameter > 50


def test_infinite_pull_is_white_noise():
    # two pairs of sisters, as unlike as can be: any resemblance of relatives is worse than none
    tree = Tree.parse("((a:1,b:1):1,(c:1,d:1):1,(e:1,f:1):1);")
    y = [1.0, -1.0, 1.0, -1.0, 1.2, -1.2]
    for cov in (tree.structure(tree.names), tree.covariance()):
        fit, white = (fit_evolution(y, cov, model=m) for m in ("ou", "white"))
        assert fit.interval[1] == np.inf
        assert fit.log_likelihood == pytest.approx(white.log_likelihood, abs=1e-9)


def test_tiny_pulls_are_brownian_motion(rng):
    c = TREES[1].covariance()
    for alpha in (0.0, 1e-300, 1e-13, 1e-9):
        assert ou_covariance(c, alpha) == pytest.approx(c, rel=1e-7)
    assert ou_covariance(c, 0.3) == pytest.approx(matrices(c, "ou", 0.3), rel=1e-12)


def test_what_cannot_be_fitted_is_refused(rng):
    c = TREES[0].covariance()
    with pytest.raises(ValueError, match="model='bn' is not known: use one of"):
        fit_evolution(rng.normal(size=15), c, model="bn")
    with pytest.raises(ValueError, match="did not evolve"):
        fit_evolution(np.ones(15), c, model="bm")
    with pytest.raises(ValueError, match="NaN"):
        fit_evolution(np.r_[np.nan, np.ones(14)], c, model="bm")
    with pytest.raises(ValueError, match="at least 5 rows"):
        fit_evolution([1.0, 2.0, 3.0], c, model="bm")
    with pytest.raises(ValueError, match="14 species but a covariance"):
        fit_evolution(rng.normal(size=14), c, model="bm")
    twins = Tree.parse("((a:0,b:0):1,(c:1,d:1):0,e:1,f:1);")
    for model in ("bm", "ou", "eb"):
        with pytest.raises(ValueError, match=r"tips \[\(0, 1\)\] stand at distance zero"):
            fit_evolution(rng.normal(size=6), twins.structure(twins.names), model=model)
        with pytest.raises(ValueError, match=r"tips \[\(0, 1\)\] stand at distance zero"):
            fit_evolution(rng.normal(size=6), twins.covariance(), model=model)
    assert fit_evolution(rng.normal(size=6), twins.covariance(), model="lambda").parameter < 1
