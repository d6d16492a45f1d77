"""Placebo panels: honest tests stay near 5 %, the naive one is stamped; and what a tree could have seen."""

import numpy as np
import pytest

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.stats.trait.alignment import Problem, aligned_beyond_phylogeny
from embedlab.stats.trait.alignment_nulls import evolved_traits, pulls
from embedlab.stats.trait.placebo import (
    FEWER,
    NEAR,
    SHARED,
    PlaceboPanel,
    Power,
    _Test,
    _unit_rate,
    injected_power,
    placebo_panel,
)
from embedlab.stats.tree.evolution import simulate

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
    assert found.strength == pytest.approx(np.arange(11) / 10)
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


def test_power_is_the_share_of_planted_traits_beyond_the_null():
    """The first strength, drawn again by hand: Brownian noise alone, scaled to a rate of 1."""
    x, y, tree, _ = world(6)
    c = tree.covariance()
    null = np.linspace(-0.05, 0.05, 101)
    found = injected_power(x, y, c, null, lam=1.0, draws=30, rng=np.random.default_rng(4))
    noise = simulate(c, np.random.default_rng(4), count=30)
    shares = [aligned_beyond_phylogeny(x, v, c, lam=1.0, permutations=[np.arange(24)]).statistic for v in noise]
    assert found.share[0] == pytest.approx(np.mean(shares), abs=1e-9)
    assert found.power[0] == np.mean(np.array(shares) > np.quantile(null, 0.95))
    # the last: a direction of the vectors and nothing else, whatever its scale
    rng = np.random.default_rng(8)
    problem = Problem.of(x, y, c)
    columns = problem.x @ rng.standard_normal((problem.x.shape[1], 4))
    one = np.ones(24)
    inverse = np.linalg.inv(c)
    scaled = _unit_rate(problem, columns)
    mean = one @ inverse @ scaled / (one @ inverse @ one)
    rate = np.einsum("ij,ik,kj->j", scaled - mean, inverse, scaled - mean) / 23
    assert rate == pytest.approx(np.ones(4), abs=1e-9)


def test_the_panel_of_an_evolved_null_finds_its_parameter_on_a_grid():
    x, y, tree, rng = world(7)
    problem = Problem.of(x, y, tree.covariance())
    traits = evolved_traits(problem, "lambda", 0.6, 12, rng)
    for null in ("lambda", "ou", "bm"):
        test = _Test(problem, null, "ml", None, 19, rng)
        found = test._parameters(traits)
        if null == "lambda":
            assert np.abs(found - problem.lam("ml", traits)).max() <= 0.075 + 1e-9 and np.isin(found, NEAR).all()
        elif null == "ou":
            assert (found == pulls(problem, traits)).all()
        else:
            assert (found == 0).all()
        assert test._evolved(found[0]) is test._evolved(found[0])  # drawn once, used by all


def test_what_a_covariate_explains_is_taken_off_before_numbers_are_shuffled_and_kinds_are_not():
    x, y, tree, rng = world(8)
    z, c = rng.normal(size=(24, 1)), tree.covariance()
    problem = Problem.of(x, y + 5 * z[:, 0], c, z)
    traits = problem.columns[None]
    drawn = next(iter(_Test(problem, "phylo_perm", "ml", None, 19, rng)._redrawn(traits)))
    lam = float(problem.lam("ml", traits)[0])
    design, inverse = np.column_stack([np.ones(24), z]), np.linalg.inv(lam * c + (1 - lam) * np.diag(np.diag(c)))
    left = problem.columns - design @ np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ problem.columns)
    assert np.ptp(left) < 0.7 * np.ptp(problem.columns)
    assert np.sort(drawn, axis=1) == pytest.approx(np.tile(np.sort(left, axis=0), (len(drawn), 1, 1)), abs=1e-9)
    kinds = Problem.of(x, KINDS, tree.structure(tree.names), z)
    for shuffled in _Test(kinds, "phylo_perm", "ml", None, 19, rng)._redrawn(kinds.columns[None]):
        assert (shuffled.sum(axis=1) == kinds.columns.sum(axis=0)).all() and set(np.unique(shuffled)) == {0.0, 1.0}


def test_the_naive_panel_takes_species_as_unrelated():
    x, y, tree, _ = world(9)
    c = tree.covariance()
    problem = Problem.of(x, y, c)
    traits = evolved_traits(problem, "bm", None, 6, np.random.default_rng(3))
    found = _Test(problem, "free", "ml", None, 199, np.random.default_rng(5)).p_values(traits)
    rng = np.random.default_rng(5)
    asked = [aligned_beyond_phylogeny(x, t[:, 0], np.diag(np.diag(c)), lam=1.0, permutations=199, rng=rng)
             for t in traits]  # fmt: skip
    assert found == [a.p_value for a in asked]


def test_a_panel_in_doubt_counts_both_draws():
    """Ten placebos of which luck could have called too many, then forty more: the same draws, asked one by one."""
    x, y, tree, _ = world(2)
    c = tree.covariance()
    found = placebo_panel(x, y, c, null="free", placebos=10, permutations=19, rng=np.random.default_rng(5))
    rng = np.random.default_rng(5)
    problem = Problem.of(x, y, c)
    called = []
    for count in (10, 40):
        p = [aligned_beyond_phylogeny(x, t[:, 0], c, null="free", permutations=19, rng=rng).p_value
             for t in evolved_traits(problem, "bm", None, count, rng)]  # fmt: skip
        called.append(sum(v <= 0.05 for v in p))
    assert called[0] == 3 and called[1] > 0  # 3 of 10: from 6.7 % up (Clopper & Pearson), which 7 % lies within
    assert (found.called[0], found.drawn[0]) == (sum(called), 50)


@pytest.mark.parametrize("null", [[0.1, np.nan, 0.2], [np.inf, 0.1], [], [[0.1, 0.2]]])
def test_power_against_a_null_that_is_none_is_refused(null):
    x, y, tree, rng = world(1)
    with pytest.raises(ValueError, match="null_values must be a row of finite numbers"):
        injected_power(x, y, tree.covariance(), null, draws=2, rng=rng)
