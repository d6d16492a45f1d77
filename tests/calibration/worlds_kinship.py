"""Means and ratios over species whose truth is known: effects that know no tree, and effects that follow one."""

import numpy as np
from scipy.stats import t as student

from embedlab.data import Tree
from embedlab.data.evolution import brownian_traits, random_tree
from embedlab.stats.bootstrap import bca, bootstrap_ratio, two_level
from embedlab.stats.tree.kinship import clades, phylogenetic_ratio
from embedlab.stats.tree.pgls import pgls
from tests.calibration.world import Coverage

DRAWS = 399  # resamples of an interval: a world must be cheap


def covers(interval, truth) -> dict:
    return {"low": float(interval[0]), "high": float(interval[1]), "truth": float(truth)}


def comb(n: int) -> Tree:
    """The most unbalanced tree: each split parts one species from all that are left."""
    text, last = "s0:{0},s1:{0}".format(1 / n), 1 / n
    for i in range(2, n):
        text, last = f"({text}):{1 / n},s{i}:{last + 1 / n}", last + 1 / n
    return Tree.parse(f"({text});")


def evolved(rng, tree, kind) -> np.ndarray:
    """Effects of mean 0 on the tips: Brownian with Pagel's λ, drawn to a middle (OU), skewed, or of no tree."""
    n = len(tree)
    if kind == "ou":
        c = tree.covariance(tree.names)
        apart = np.add.outer(np.diag(c), np.diag(c)) - 2 * c
        return np.linalg.cholesky(np.exp(-3 * apart) + 1e-9 * np.eye(n)) @ rng.normal(size=n)
    if kind == "skewed":
        return rng.gamma(1.0, size=n) - 1
    return brownian_traits(rng, tree, lam=kind)[:, 0]


def related(kind, n, interval, make=random_tree, ratio=False):
    def draw(rng):
        tree = make(n) if make is comb else make(rng, n)
        totals = rng.gamma(3.0, size=n) / 3 if ratio else np.ones(n)
        parts = totals * (1 + evolved(rng, tree, kind))
        return covers(interval(parts, totals, tree, rng), 1.0)

    return draw


def on_tree(parts, totals, tree, rng):
    return phylogenetic_ratio(parts, totals, tree.structure(tree.names), rng=rng, b=DRAWS)


def iid(parts, totals, tree, rng):
    return bootstrap_ratio(parts, totals, rng=rng, b=DRAWS)


def blocks(parts, totals, tree, rng):
    codes = clades(tree.structure(tree.names), 8)
    return bootstrap_ratio(np.bincount(codes, parts), np.bincount(codes, totals), rng=rng, b=DRAWS)


def gls(lam):
    def interval(parts, totals, tree, rng):
        fit = pgls(parts, np.ones((len(parts), 1)), tree.structure(tree.names), lam=lam)
        half = student.ppf(0.975, len(parts) - 1) * fit.standard_errors[0]
        return fit.coefficients[0] - half, fit.coefficients[0] + half

    return interval


def accelerated(parts, totals, tree, rng):
    n = parts.size
    drawn = parts[rng.integers(0, n, (DRAWS, n))].mean(axis=1)
    return bca(drawn, parts.mean(), (parts.sum() - parts) / (n - 1))


def photographed(n, per, interval):
    def draw(rng):
        groups = np.repeat(np.arange(n), per)
        return covers(interval(rng.normal(size=n)[groups] + 1.5 * rng.normal(size=n * per), groups, rng), 0.0)

    return draw


def nested(x, groups, rng):
    return two_level(x, groups, rng=rng, b=199)


def images_only(x, groups, rng):
    drawn = x[rng.integers(0, x.size, (199, x.size))].mean(axis=1)
    return np.quantile(drawn, [0.025, 0.975])


COVERAGE = (
    *(Coverage(f"mean over {n} species, no tree", related(0.0, n, iid)) for n in (30, 60)),
    Coverage("mean of skewed effects, 60 species, no tree", related("skewed", 60, iid)),
    Coverage("mean of skewed effects, 60 species, BCa", related("skewed", 60, accelerated), promised=False),
    *(
        Coverage(
            f"species then images, {n} species of {per}",
            photographed(n, per, nested),
            photographed(n, per, images_only),
        )
        for n, per in ((30, 30), (60, 5))
    ),
    *(
        Coverage(f"on a tree: {said}, {n} species", related(kind, n, on_tree), related(kind, n, iid))
        for n in (30, 60)
        for said, kind in (("Brownian", 1.0), ("lambda .8", 0.8), ("lambda .5", 0.5))
    ),
    *(
        Coverage(f"on a tree: {said}, {n} species", related(kind, n, on_tree), related(kind, n, iid), promised=False)
        for n in (30, 60)
        for said, kind in (("lambda .2", 0.2), ("OU", "ou"))
    ),
    Coverage("on a tree: effects of no tree, 60 species", related(0.0, 60, on_tree), promised=False),
    Coverage("on a tree: skewed effects of no tree, 60 species", related("skewed", 60, on_tree), promised=False),
    Coverage("on a comb: Brownian, 30 species", related(1.0, 30, on_tree, comb), related(1.0, 30, iid, comb)),
    Coverage("on a tree: ratio of sums, Brownian, 60 species", related(1.0, 60, on_tree, ratio=True)),
    Coverage("clades resampled: Brownian, 60 species in 8", related(1.0, 60, blocks), promised=False),
    Coverage("GLS mean at lambda 1: Brownian, 60 species", related(1.0, 60, gls(1.0)), related(1.0, 60, iid)),
    Coverage("GLS mean at the fitted lambda: lambda .5, 60 species", related(0.5, 60, gls("ml")), promised=False),
)
