"""Relabelling in cosets: the same sums as one by one, and a p-value that is exact when everything is enumerated."""

from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest

import embedlab.stats.pairs.cosets as module
from embedlab.stats.pairs.cosets import Cosets, coset_sums, cosets
from embedlab.stats.pairs.distances import mantel, partial_mantel
from embedlab.stats.resample import p_value


def symmetric(rng, n, whole=False):
    x = rng.integers(0, 3, (n, n)).astype(float) if whole else rng.normal(size=(n, n))
    x = x + x.T
    np.fill_diagonal(x, 0)
    return x


def direct(x, y, orders):
    return np.array([sum(x[t[i], t[j]] * y[i, j] for i in range(len(x)) for j in range(i)) for t in orders])


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8, 9, 12, 13])
@pytest.mark.parametrize("count", [1, 30])
def test_the_sums_are_those_of_one_relabelling_after_another(n, count):
    rng = np.random.default_rng(n)
    x, y, z = (symmetric(rng, n) for _ in range(3))
    drawn = cosets(n, count, rng)
    assert len(drawn) >= count and (len(drawn) + 1) % n == 0 and len(drawn) - n < count
    size = np.sqrt((x**2).sum() / 2 * (y**2).sum() / 2)
    expected = direct(x, y, drawn.orders())
    assert coset_sums(x, y, drawn) == pytest.approx(expected, abs=1e-14 * size)
    # several y share the transform of x, and what stands on the diagonal does not count
    thick = x + np.diag(rng.normal(size=n))
    both = coset_sums(thick, [y, z], drawn)
    assert both.shape == (2, len(drawn))
    assert both[0] == pytest.approx(expected, abs=1e-14 * size)
    assert (both == coset_sums(thick, np.array([y, z]), drawn)).all()
    single = coset_sums(x, y, drawn, dtype=np.float32)
    assert np.abs(single - expected).max() < 1e-6 * size


@pytest.mark.parametrize("n", [10, 11, 12, 13])
@pytest.mark.parametrize("width", [1, 2, 4, 5])
def test_the_size_of_a_block_changes_nothing(n, width, monkeypatch):
    rng = np.random.default_rng(n)
    x, y, drawn = symmetric(rng, n), symmetric(rng, n), cosets(n, 25, rng)
    whole = coset_sums(x, y, drawn)
    monkeypatch.setattr(module, "CACHE", width * n * 8)
    assert coset_sums(x, y, drawn) == pytest.approx(whole, abs=1e-12)


def test_a_thousand_things():
    rng = np.random.default_rng(0)
    x, y, drawn = symmetric(rng, 1000), symmetric(rng, 1000), cosets(1000, 1500, rng)
    assert len(drawn) == 1999
    some = rng.choice(1999, 5)
    expected = [np.vdot(x[np.ix_(t, t)], y) / 2 for t in drawn.orders(some)]
    size = np.sqrt(np.vdot(x, x) * np.vdot(y, y)) / 2
    assert coset_sums(x, y, drawn)[some] == pytest.approx(expected, abs=1e-14 * size)
    assert coset_sums(x, y, drawn, dtype=np.float32)[some] == pytest.approx(expected, abs=1e-7 * size)


def test_the_first_coset_is_a_cyclic_group_and_the_others_are_its_cosets():
    n = 7
    drawn = cosets(n, 20, np.random.default_rng(3))
    orders = np.vstack([np.arange(n), drawn.orders()]).reshape(3, n, n)
    turn = orders[0, 1]
    power = np.arange(n)
    for k in range(n):
        for coset in orders:
            assert (coset[k] == coset[0][power]).all()  # σ hᵏ: first the turn, then the relabelling
        power = turn[power]
    assert (power == np.arange(n)).all()  # n turns lead back
    assert (drawn.orders([4, 0]) == drawn.orders()[[4, 0]]).all()


def all_draws(n, others):
    """Every draw that `cosets` can make, each as likely as any other."""
    every = [np.array(p) for p in permutations(range(n))]
    for circle in every:
        if not others:
            yield Cosets(circle, circle[None])
        for start in every if others else ():
            yield Cosets(circle, np.stack([circle, start]))


@pytest.mark.parametrize("others", [0, 1])
def test_seen_from_any_of_its_members_a_draw_looks_alike(others):
    """The heart of the proof in docs/cosets.md: s⁻¹S has the law of S, repeats counted, for s in any place of S."""
    n = 4
    law, moved = Counter(), Counter()
    for drawn in all_draws(n, others):
        slots = [tuple(range(n)), *map(tuple, drawn.orders().tolist())]
        law[tuple(sorted(slots))] += len(slots)
        for s in slots:
            back = np.argsort(s)
            moved[tuple(sorted(tuple(back[list(t)].tolist()) for t in slots))] += 1
    assert law == moved


@pytest.mark.parametrize(("n", "others", "whole"), [(4, 1, True), (4, 0, True), (5, 0, False)])
def test_the_p_value_is_exact_when_data_and_draws_are_all_enumerated(n, others, whole):
    rng = np.random.default_rng(5)
    x, y = symmetric(rng, n, whole), symmetric(rng, n, whole)
    found, without_identity = [], []
    draws = list(all_draws(n, others))
    for g in permutations(range(n)):
        data = x[np.ix_(g, g)]  # the null: every labelling of x is as likely
        observed = np.vdot(data, y) / 2
        for drawn in draws:
            null = coset_sums(data, y, drawn)
            found.append(p_value(observed, null))
            without_identity.append((null >= observed - 1e-9).mean())
    found, slots = np.array(found), n * (1 + others)
    assert np.array(found * slots) == pytest.approx(np.round(found * slots), abs=1e-9)
    rates = [np.mean(found <= k / slots + 1e-9) for k in range(1, slots + 1)]
    allowed = np.arange(1, slots + 1) / slots
    assert (rates <= allowed + 1e-12).all()
    if not whole and not others:
        assert rates == pytest.approx(allowed)  # no ties, no repeats: not a jot conservative
    # and the check has teeth: leave the identity out, and "p = 0" is found in many a world where nothing is
    assert np.mean(np.array(without_identity) == 0) > 0.01


@pytest.mark.parametrize(("n", "others"), [(2, 1), (3, 1), (3, 2)])
def test_the_slots_keep_their_joint_law_for_every_single_circle(n, others):
    """Step 1 of docs/cosets.md to the letter, with its ρ: the whole family has its law, and not its set alone."""
    every = [np.array(p) for p in permutations(range(n))]
    for circle in every:
        law, moved = Counter(), {slot: Counter() for slot in product(range(others + 1), range(n))}
        for starts in product(every, repeat=others):
            drawn = Cosets(circle, np.stack([circle, *starts]))
            s = np.vstack([np.arange(n), drawn.orders()]).reshape(others + 1, n, n)
            law[s.tobytes()] += 1
            for mu, kappa in moved:
                t = np.argsort(s[mu, kappa])[s]  # s[mu, kappa]⁻¹ after each of the others
                renamed = t.copy()
                renamed[0] = np.roll(t[mu], -kappa, axis=0)  # ρ(μ, k) = (0, k − κ)
                if mu:
                    renamed[mu] = t[0]  # ρ(0, k) = (μ, k)
                moved[mu, kappa][renamed.tobytes()] += 1
        assert all(m == law for m in moved.values())


class Scripted(np.random.Generator):
    """Chance that deals the orders it was told to."""

    def __init__(self, orders):
        super().__init__(np.random.PCG64(0))
        self.orders = list(orders)

    def permutation(self, n):
        return self.orders.pop(0)


def test_the_tests_themselves_hold_their_level_when_all_is_enumerated():
    """Two-sided, lower and partial, with one coset: for each circle alone, as a subgroup has it; ties and none."""
    n, rng = 5, np.random.default_rng(8)
    ways = (
        lambda x, y, z, **how: mantel(x, y, **how),
        lambda x, y, z, **how: mantel(x, y, method="spearman", alternative="less", **how),
        lambda x, y, z, **how: partial_mantel(x, y, z, **how),
    )
    every = [np.array(p) for p in permutations(range(n))]
    for skewed, way in product([True, False], ways):
        x, y, z = (np.exp(np.abs(symmetric(rng, n, not skewed))) * (1 - np.eye(n)) for _ in range(3))
        for circle in every[7::40]:
            found = [way(x[np.ix_(g, g)], y, z, permutations=n - 1, rng=Scripted([circle])) for g in every]
            assert all(f.null.size == n - 1 for f in found)
            p = np.array([f.p_value for f in found])
            assert all(np.mean(p <= k / n + 1e-9) <= k / n + 1e-12 for k in range(1, n + 1))


def test_the_level_is_that_of_the_average_over_draws_and_not_of_each():
    """Remark 4 of docs/cosets.md: with two cosets a single draw may reject too often, or too seldom."""
    n, rng = 4, np.random.default_rng(5)
    x, y = symmetric(rng, n), symmetric(rng, n)
    every = [np.array(p) for p in permutations(range(n))]
    circle, rates = every[7], []
    for start in every:
        drawn = Cosets(circle, np.stack([circle, start]))
        worlds = [x[np.ix_(g, g)] for g in every]
        p = [p_value(np.vdot(data, y) / 2, coset_sums(data, y, drawn)) for data in worlds]
        rates.append([np.mean(np.array(p) <= k / 8 + 1e-9) for k in range(1, 9)])
    allowed = np.arange(1, 9) / 8
    assert (np.array(rates) > allowed + 0.01).any() and (np.mean(rates, axis=0) <= allowed + 1e-12).all()


def test_what_no_relabelling_changes_is_no_finding():
    rng = np.random.default_rng(0)
    far = rng.exponential(size=100)
    star = (far[:, None] + far) * (1 - np.eye(100))  # a + b for each two: a tree that is a star
    side = rng.permutation(np.arange(100) % 2)
    halves = (side[:, None] != side).astype(float)  # two groups of one size: r is 0 under every relabelling
    assert mantel(star, halves, permutations=199, rng=rng).p_value == 1


def test_a_count_reports_what_was_used_and_a_seed_settles_it():
    rng = np.random.default_rng(0)
    x, y = (np.abs(symmetric(rng, 20)) for _ in range(2))
    one, again = (mantel(x, y, permutations=99, rng=np.random.default_rng(4)) for _ in range(2))
    assert one.null.size == 99 and (one.null == again.null).all()
    assert mantel(x, y, permutations=100, rng=np.random.default_rng(4)).null.size == 119


def test_the_same_numbers_come_from_the_listed_relabellings():
    rng = np.random.default_rng(1)
    x, y = (np.abs(symmetric(rng, 17)) for _ in range(2))
    fast = mantel(x, y, permutations=300, rng=np.random.default_rng(2))
    listed = mantel(x, y, permutations=cosets(17, 300, np.random.default_rng(2)).orders())
    assert fast.null == pytest.approx(listed.null, abs=1e-13)
    assert fast.p_value == listed.p_value


def test_what_cannot_be_relabelled_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least 2 things and 1 relabelling; saw 1 and 9"):
        cosets(1, 9, rng)
    with pytest.raises(ValueError, match="saw 9 and 0"):
        cosets(9, 0, rng)
    with pytest.raises(TypeError, match="need rng="):
        cosets(9, 9, None)
    drawn = cosets(4, 9, rng)
    with pytest.raises(ValueError, match=r"must be \(4, 4\); saw \(4, 4\), \(5, 5\)"):
        coset_sums(np.eye(4), np.eye(5), drawn)
    with pytest.raises(ValueError, match=r"must be \(4, 4\)"):
        coset_sums(np.eye(5), [np.eye(5)], drawn)
