"""Evolution has the moments of its formulas: Brownian covariance, OU moments, switching of habitats."""

import numpy as np
import pytest

from embedlab.data.tree import Tree
from embedlab.world.traits import (
    HABITATS,
    Evolution,
    brownian,
    evolve,
    habitats,
    loosened,
    ornstein_uhlenbeck,
)
from embedlab.world.tree import grow, ranks

GROWTH = grow(np.random.default_rng(2), 12)
TREE = Tree(
    GROWTH.parent, GROWTH.length, [f"t{i}" if i in GROWTH.tips else None for i in range(len(GROWTH.parent))]
)
SHARED = TREE.covariance([f"t{i}" for i in GROWTH.tips])
DRAWS = 20_000


def test_brownian_covariance_is_the_shared_path():
    tips = brownian(np.random.default_rng(0), GROWTH, DRAWS, 1.32)[GROWTH.tips]
    # a covariance of two unit normals over 20,000 draws errs by √2/√20,000 = .01 at most: five of these
    assert np.abs(tips @ tips.T / DRAWS - 1.32 * SHARED).max() < 1.32 * 0.05


@pytest.mark.parametrize("signal", [0, 0.4, 1])
def test_signal_is_pagels_lambda(signal):
    rng = np.random.default_rng(4)
    tips = loosened(rng, brownian(rng, GROWTH, DRAWS, 1.32)[GROWTH.tips], 1.32, signal)
    expected = 1.32 * np.where(np.eye(len(tips)) > 0, 1, signal * SHARED)
    assert np.abs(tips @ tips.T / DRAWS - expected).max() < 1.32 * 0.05


def test_ou_moments_with_one_habitat():
    alpha, variance, theta = 3.0, 1.21, 0.8
    still = [[(0, length)] for length in GROWTH.length]
    optima = np.full((1, DRAWS), theta)
    tips = ornstein_uhlenbeck(np.random.default_rng(1), GROWTH, still, optima, alpha, variance)[GROWTH.tips]
    # started at the optimum: mean θ; cov = σ²/2α · e^{−α d_ij} (1 − e^{−2α s_ij}), s shared path, d distance
    # between tips
    apart = 2 * (1 - SHARED)
    expected = variance / (2 * alpha) * np.exp(-alpha * apart) * (1 - np.exp(-2 * alpha * SHARED))
    assert np.abs(tips.mean(1) - theta).max() < 5 * np.sqrt(variance / (2 * alpha) / DRAWS)
    assert np.abs(np.cov(tips) - expected).max() < 0.05 * variance / (2 * alpha)


def test_ou_approaches_a_new_optimum():
    alpha = 3.0
    moved = [[(1, length)] for length in GROWTH.length]
    moved[0] = [(0, 0.0)]
    optima = np.stack([np.zeros(4000), np.ones(4000)])
    values = ornstein_uhlenbeck(np.random.default_rng(1), GROWTH, moved, optima, alpha, 1.21)[GROWTH.tips]
    assert np.abs(values.mean() - (1 - np.exp(-alpha))) < 0.02


def test_habitats_switch_at_their_rate():
    rate, rng = 2.4, np.random.default_rng(3)
    differ = np.zeros((len(GROWTH.tips), len(GROWTH.tips)))
    worlds = 2000
    for _ in range(worlds):
        stretches = habitats(rng, GROWTH, rate)
        state = np.array([stretches[tip][-1][0] for tip in GROWTH.tips])
        differ += state[:, None] != state[None, :]
    expected = (1 - 1 / len(HABITATS)) * (1 - np.exp(-rate * 2 * (1 - SHARED)))
    # a share over 2,000 worlds errs by at most .0112: four of these
    assert np.abs(differ / worlds - expected).max() < 0.045
    assert all(
        np.isclose(sum(length for _, length in path), GROWTH.length[i]) for i, path in enumerate(stretches)
    )


def _world(seed=0, n=240, **strengths):
    growth = grow(np.random.default_rng(seed), n)
    genus = ranks(growth)["genus"]
    return evolve(np.random.default_rng([seed, 1]), growth, genus, Evolution(**strengths)), genus


def _habitat_share(evolved):
    traits = evolved.values[:, :9]
    means = np.stack([traits[evolved.habitat == h].mean(0) for h in np.unique(evolved.habitat)])
    sizes = np.array([(evolved.habitat == h).sum() for h in np.unique(evolved.habitat)])
    return float((sizes[:, None] * means**2).sum() / (traits**2).sum())


def test_convergence_is_a_dial():
    shares = [
        np.mean([_habitat_share(_world(seed, optima=spread)[0]) for seed in range(4)])
        for spread in (0, 0.6, 1.3)
    ]
    assert shares[0] < shares[1] < shares[2] and shares[0] < 0.15 and shares[2] > 0.25


def test_values_are_standardised_and_colours_close_within_genera():
    evolved, genus = _world(mimicry=0)
    assert np.allclose(evolved.values.mean(0), 0) and np.allclose(evolved.values.std(0), 1)
    _, codes = np.unique(genus, return_inverse=True)

    def within(name):
        values = evolved[name]
        return np.mean([values[codes == c].std() for c in np.unique(codes) if (codes == c).sum() > 1])

    assert within("hue_1") < 0.5 * within("stripes")


def test_some_species_are_monomorphic_and_relatives_resemble():
    shares, alike = [], []
    for seed in range(6):
        evolved, genus = _world(seed)
        strength = evolved.dimorphism
        assert (
            strength.min() >= 0 and strength.max() <= 1.3 and not ((strength > 0) & (strength < 0.15)).any()
        )
        shares.append((strength == 0).mean())
        neighbours = np.abs(np.diff(strength))[genus[1:] == genus[:-1]].mean()
        alike.append(neighbours / np.abs(strength - np.roll(strength, 97)).mean())
    assert 0.04 < np.mean(shares) < 0.3, "about one in eight"
    assert np.mean(alike) < 0.8, "evolves on the tree"
