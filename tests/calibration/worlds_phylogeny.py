"""Worlds in which tips are exchangeable, or two traits evolved apart: K, K for vectors, regression, λ's interval."""

import numpy as np

from embedlab.data.synthetic import random_tree
from embedlab.stats.tree.comparative import blomberg_k, k_mult, pagel_lambda
from embedlab.stats.tree.evolution import simulate
from embedlab.stats.tree.pgls import pgls
from embedlab.stats.tree.trees import Branches
from tests.calibration.world import Coverage, Power, World


def grown(n):
    """A birth-death tree, new in each world."""

    def make(rng):
        tree = random_tree(rng, n)
        return tree.structure(tree.names)

    return make


def comb(n):
    """One species branching off after another: as unbalanced as a tree can be, and ultrametric."""

    def make(rng):
        parent, length, above = [-1], [0.0], 0
        height = np.r_[1.0, np.sort(rng.random(n - 2))[::-1], 0.0]
        for i in range(n - 1):
            parent += [above, above]
            length += [height[i], height[i] - height[i + 1]]
            above = len(parent) - 1
        tips = np.setdiff1d(np.arange(len(parent)), parent)
        return Branches(np.array(parent), np.array(length), tips)

    return make


def star_like(n):
    """Twigs of a tenth of the depth in pairs, on one polytomy."""

    def make(rng):
        parent, length = [-1], [0.0]
        for _ in range(n // 2):
            above = len(parent)
            parent += [0, above, above]
            length += [0.1, 0.9, 0.9]
        return Branches(np.array(parent), np.array(length), np.setdiff1d(np.arange(len(parent)), parent))

    return make


def _signal(tree, d, noisy=False):
    """K of vectors that were dealt out to the tips; `noisy`: means of unequal numbers, their noise taken off."""

    def draw(rng, permutations):
        structure = tree(rng)
        n = len(structure.tips)
        x, noise = rng.normal(size=(n, d)) * np.arange(1, d + 1) ** -0.5, None
        if noisy:
            sizes = rng.integers(2, 20, n)
            x, noise = x + 0.25 * rng.normal(size=(n, d)) / np.sqrt(sizes)[:, None], d * 0.0625 / sizes
        return {"p": k_mult(x, structure, permutations=permutations, noise=noise, rng=rng).p_value}

    return draw


def _signal_of_one(tree):
    def draw(rng, permutations):
        structure = tree(rng)
        y = rng.standard_t(3, size=len(structure.tips))
        return {"p": blomberg_k(y, structure, permutations=permutations, rng=rng).p_value}

    return draw


def _slope(tree, lam, model="lambda", parameter=1.0):
    """The t-test of a slope between two traits that evolved apart by one model."""

    def draw(rng, permutations):
        structure = tree(rng)
        x, y = simulate(structure, rng, count=2, model=model, parameter=parameter)
        return {"p": float(pgls(y, x, structure, lam=lam).p_value[1])}

    return draw


def _ordinary(tree):
    """Least squares on species, as if they were unrelated."""

    def draw(rng, permutations):
        structure = tree(rng)
        x, y = simulate(structure, rng, count=2)
        return float(pgls(y, x, structure, lam=0.0).p_value[1])

    return draw


def _interval(n, lam):
    tree = grown(n)

    def draw(rng):
        structure = tree(rng)
        y = simulate(structure, rng, model="lambda", parameter=lam)[0]
        low, high = pagel_lambda(y, structure).interval
        return {"low": low, "high": high, "truth": lam}

    return draw


def _power_of_k(rng, size, permutations):
    structure = grown(30)(rng)
    x = simulate(structure, rng, count=8, model="lambda", parameter=size).T
    return k_mult(x, structure, permutations=permutations, rng=rng).p_value


def _power_of_slope(rng, size, permutations):
    structure = grown(30)(rng)
    x, y = simulate(structure, rng, count=2)
    return float(pgls(y + size * x, x, structure, lam="ml").p_value[1])


WEAK = "OU pulls tips together otherwise than λ can: the t-test of a regression with λ fitted is then liberal"

WORLDS = (
    World("K: one trait dealt out", _signal_of_one(grown(30))),
    World("K: one trait dealt out, comb", _signal_of_one(comb(30))),
    World("K: vectors dealt out", _signal(grown(30), 16)),
    World("K: vectors dealt out, comb", _signal(comb(30), 16)),
    World("K: vectors dealt out, nearly a star", _signal(star_like(30), 16)),
    World("K: vectors dealt out, noise taken off", _signal(grown(30), 16, noisy=True)),
    World("regression: Brownian, λ = 1", _slope(grown(40), 1.0), _ordinary(grown(40))),
    World("regression: Brownian on a comb, λ = 1", _slope(comb(40), 1.0), _ordinary(comb(40))),
    *(
        World(f"regression: λ = {lam:g}, fitted", _slope(grown(40), "ml", parameter=lam), exact=False, worlds=200)
        for lam in (0.0, 0.5, 1.0)
    ),
    World("regression: λ = 0.5, fitted by REML", _slope(grown(40), "reml", parameter=0.5), exact=False, worlds=200),
    World("regression: OU, λ fitted", _slope(grown(40), "ml", "ou", 3.0), exact=False, worlds=200, weak=WEAK),
)

COVERAGE = tuple(
    # at its ends the interval is cut, and covers more than it promises
    Coverage(f"λ = {lam:g}, {n} species", _interval(n, lam), promised=0 < lam < 1)
    for n in (30, 60)
    for lam in (0.0, 0.5, 0.9, 1.0)
)

POWER = (
    Power("K for vectors, 30 species", _power_of_k, (0.1, 0.3, 0.5, 0.7, 0.9), unit="λ of the vectors"),
    Power("regression, 30 species", _power_of_slope, (0.1, 0.2, 0.3, 0.5, 0.7), unit="slope"),
)
