"""Placebo panels: honest tests stay near 5 %, the naive one is stamped; and what a tree could have seen."""

import numpy as np
import pytest

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.stats.alignment import Problem, aligned_beyond_phylogeny
from embedlab.stats.alignment_nulls import evolved_traits
from embedlab.stats.placebo import FEWER, SHARED, PlaceboPanel, Power, injected_power, placebo_panel

KINDS = np.array(list("aabbbccccabc") * 2)


def world(seed, n=24, d=6):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    return brownian_traits(rng, tree, d), brownian_traits(rng, tree)[:, 0], tree, rng


def test_the_naive_test_is_stamped_and_ours_is_not():
    x, y, tree, rng = world(1, n=40, d=16)
    c = tree.covariance()
    ours = placebo_panel(x, y, c, placebos=100, permutations=59, rng=rng)
    naive = placebo_panel(x, y, c, null="free", placebos=100, permutations=59, rng=rng)
    assert ours.calibrated and ours.rate <= 0.07 and not str(ours).startswith("UNCALIBRATED")
    assert not naive.calibrated and naive.rate > 0.3 and str(naive).startswith("UNCALIBRATED: of placebo traits ")
    assert naive.drawn == (100, 100)  # beyond doubt at once: nothing more is drawn


def test_a_panel_is_the_test_itself_asked_of_drawn_traits():
    """The same draws put through the public function give the same count."""
    x, y, tree, _ = world(2)
    c = tree.covariance()
    found = placebo_panel(x, y, c, lam=1.0, placebos=20, permutations=19, rng=np.random.default_rng(5))
    rng = np.random.default_rng(5)
    problem = Problem.of(x, y, c)
    called = 0
    for t in evolved_traits(problem, "bm", None, 20, rng):
        called += aligned_beyond_phylogeny(x, t[:, 0], c, lam=1.0, permutations=19, rng=rng).p_value <= 0.05
    assert found.drawn[0] == 20 and found.called[0] == called


@pytest.mark.parametrize("null", ["rrpp", "within_clade", "bm", "lambda", "ou", "phylo_perm", "msr"])
def test_every_null_of_numbers_has_a_panel(null):
    x, y, tree, rng = world(3)
    z = rng.normal(size=(24, 1))
    found = placebo_panel(x, y, tree.covariance(), null=null, covariates=z, clades=np.repeat(list("pqr"), 8),
                          placebos=30, permutations=39, rng=rng)  # fmt: skip
    assert found.rate < 0.3 and found.drawn[0] in (30, 150)


@pytest.mark.parametrize("null", ["rrpp", "bm", "phylo_perm", "mk"])
def test_every_null_of_kinds_has_a_panel(null):
    x, _, tree, rng = world(4)
    structure = tree.structure(tree.names)
    found = placebo_panel(x, KINDS, structure, null=null, placebos=20, permutations=39, rng=rng)
    assert found.rate < 0.3 and found.models[0] == "Brownian" and found.models[1].startswith("λ = ")
    assert FEWER == 39 and SHARED == 999


def test_numbers_of_a_panel():
    panel = PlaceboPanel(("Brownian", "λ = 0.50"), (10, 14), (200, 200))
    assert panel.rates == (0.05, 0.07) and panel.rate == 0.07 and panel.calibrated
    assert panel.interval == pytest.approx((0.0388, 0.1146), abs=2e-4)  # binom.test(14, 200) in R
    assert str(panel) == (
        "of placebo traits 7.0% are called aligned (3.9% to 11.5%; Brownian 5.0% of 200, λ = 0.50 7.0% of 200)"
    )
    worse = PlaceboPanel(("Brownian", "λ = 0.50"), (80, 14), (1000, 200))
    assert not worse.calibrated and worse.rate == 0.08
    assert PlaceboPanel(("a", "b"), (0, 0), (200, 200)).interval == pytest.approx((0, 0.01827), abs=1e-4)
    assert PlaceboPanel(("a", "b"), (20, 20), (20, 20)).interval[1] == 1.0


def test_more_is_seen_of_what_is_stronger():
    x, y, tree, rng = world(5, n=40, d=4)
    c = tree.covariance()
    null = aligned_beyond_phylogeny(x, y, c, permutations=199, rng=rng).null
    found = injected_power(x, y, c, null, draws=60, rng=rng)
    assert found.power[0] < 0.2 and found.power[-1] > 0.9 and found.strength[[0, -1]].tolist() == [0.0, 1.0]
    assert abs(found.share[0]) < 0.01 and found.share[-1] > 0.1 and 0 < found.smallest < found.share[-1]
    kinds = injected_power(x, np.where(y > np.median(y), "a", "b"), c, null, draws=30, rng=rng)
    assert kinds.power[-1] > kinds.power[0]


def test_the_smallest_share_is_read_between_strengths():
    strength, share = np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.1, 0.3])
    assert Power(strength, share, np.array([0.05, 0.6, 1.0])).smallest == pytest.approx(0.2)
    assert Power(strength, share, np.array([0.05, 0.9, 0.85])).smallest == pytest.approx(0.75 / 0.85 * 0.1)
    assert Power(strength, share, np.array([0.9, 0.9, 1.0])).smallest == 0.0
    assert np.isnan(Power(strength, share, np.array([0.05, 0.3, 0.7])).smallest)
