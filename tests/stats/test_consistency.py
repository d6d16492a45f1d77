"""Do contrasts agree: by plain loops over pairs, against all sign flips, and by counting pairs of individuals."""

from itertools import product

import numpy as np
import pytest

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.subspaces.consistency import shared_direction, sign_flips, transfer


def by_pairs(x, noise, clades):
    products = [x[i] @ x[j] for i in range(len(x)) for j in range(len(x)) if clades[i] != clades[j]]
    return np.mean(products) / np.mean([v @ v - e for v, e in zip(x, noise, strict=True)])


def test_the_statistic_is_a_mean_over_pairs_of_different_clades(rng):
    x, noise, clades = 1 + rng.normal(size=(7, 5)), rng.uniform(0, 0.3, 7), np.array(list("aabbccd"))
    found = shared_direction(x, noise, clades=clades, flips=99, rng=rng)
    assert found.statistic == pytest.approx(by_pairs(x, noise, clades), rel=1e-12)
    weight = [(clades != c).sum() for c in clades]
    assert np.average(found.each, weights=weight) == pytest.approx(found.statistic)
    signs = np.array([(1, *rest) for rest in product((1, -1), repeat=3)])[1:][:, [0, 0, 1, 1, 2, 2, 3]]
    null = [by_pairs(s[:, None] * x, noise, clades) for s in signs]
    assert np.sort(found.null) == pytest.approx(np.sort(null))
    assert found.p_value == (sum(v >= found.statistic for v in null) + 1) / 8
    assert found.p_less == (sum(v <= found.statistic for v in null) + 1) / 8
    without = [by_pairs(x[clades != c], noise[clades != c], clades[clades != c]) for c in "abcd"]
    assert found.interval == pytest.approx(jackknife(without, found.statistic))


def test_rotation_scale_and_order_do_not_matter(rng):
    x, noise, clades = 1 + rng.normal(size=(6, 5)), rng.uniform(0, 0.3, 6), np.array([0, 0, 1, 2, 2, 3])
    base = shared_direction(x, noise, clades=clades, flips=99, rng=rng)
    turn, order = np.linalg.qr(rng.normal(size=(5, 5)))[0], rng.permutation(6)
    moved = shared_direction(3 * x[order] @ turn, 9 * noise[order], clades=clades[order], flips=99, rng=rng)
    assert moved.statistic == pytest.approx(base.statistic) and moved.p_value == base.p_value
    assert moved.interval == pytest.approx(base.interval) and moved.each == pytest.approx(base.each[order])


def test_noise_does_not_lower_agreement_only_its_correction_saves_it(rng):
    raw, corrected = [], []
    for _ in range(300):
        x = np.eye(40)[:1] + 0.2 * rng.normal(size=(10, 40))  # noise 1.6 in squared length against 1
        raw.append(by_pairs(x, np.zeros(10), np.arange(10)))
        corrected.append(shared_direction(x, np.full(10, 1.6), flips=1, rng=rng).statistic)
    assert np.mean(raw) < 0.5 and np.median(corrected) == pytest.approx(1.0, abs=0.03)


def test_relatives_that_agree_are_no_agreement_of_clades(rng):
    # two big clades, each with a contrast of its own
    x = np.repeat(np.eye(6)[:2], 8, axis=0)
    assert shared_direction(x, np.zeros(16), flips=99, rng=rng).statistic > 0.4
    assert shared_direction(x, np.zeros(16), clades=np.repeat([0, 1], 8), flips=99, rng=rng).statistic == 0


def test_flips_are_all_or_drawn_and_turn_whole_clades(rng):
    every = sign_flips(list("abcd"), 7, rng)
    assert every.shape == (7, 4) and len(np.unique(every, axis=0)) == 7 and (every[:, 0] == 1).all()
    assert not (every == 1).all(axis=1).any()
    drawn = sign_flips(np.repeat(np.arange(30), 2), 500, rng)
    assert drawn.shape == (500, 60) and (drawn[:, ::2] == drawn[:, 1::2]).all()
    assert np.abs(drawn[:, ::2].mean(axis=0)).max() < 0.2
    with pytest.raises(ValueError, match="belong to one clade"):
        sign_flips(["a", "a"], 9, rng)


def counted(x, kind, axis):
    """Pairs of individuals, one of each kind, that the axis puts in order; a tie is half a pair."""
    along = x @ axis
    pairs = [np.sign(b - a) / 2 + 0.5 for a in along[~kind] for b in along[kind]]
    return np.mean(pairs)


def test_transfer_counts_pairs_in_unseen_clades(rng):
    clades, delta = np.array([0, 0, 1, 2]), rng.normal(size=(4, 3))
    kinds = [np.array([0, 0, 1, 1, 1], bool)] * 4
    vectors = [np.round(rng.normal(size=(5, 3)) + np.outer(k, d), 1) for k, d in zip(kinds, delta, strict=True)]
    signs = np.array([[1, 1, 1, 1], [1, 1, -1, 1], [1, 1, 1, -1]])
    got = transfer(vectors, kinds, delta, clades=clades, signs=signs)
    for row, s in zip(got, signs, strict=True):
        for i in range(4):
            axis = (s[:, None] * delta)[clades != clades[i]].sum(axis=0)
            assert row[i] == pytest.approx(counted(vectors[i], kinds[i] if s[i] > 0 else ~kinds[i], axis))
    assert transfer(vectors, kinds, delta, clades=clades) == pytest.approx(got[0])
    lend = np.array([1, 1, 1, 0], bool)  # the last species is a control: it is told, and lends nothing
    got = transfer(vectors, kinds, delta, clades=clades, train=lend)
    assert got[2] == pytest.approx(counted(vectors[2], kinds[2], delta[:2].sum(axis=0)))
    assert transfer([np.ones((5, 3))] * 4, kinds, delta) == pytest.approx(np.full(4, 0.5))  # ties


def test_what_cannot_be_asked_is_refused(rng):
    x = rng.normal(size=(3, 2))
    with pytest.raises(ValueError, match=r"noise of shape \(2,\)"):
        shared_direction(x, [0.0, 0.0], rng=rng)
    with pytest.raises(ValueError, match="signs"):
        shared_direction(x, np.zeros(3), flips=np.zeros((2, 3)), rng=rng)
    with pytest.raises(ValueError, match="NaN"):
        shared_direction(np.where(x > 5, x, np.nan), np.zeros(3), rng=rng)
    assert np.isnan(shared_direction(x, np.full(3, 1e3), rng=rng).statistic)  # all of it is noise
    birds = [np.eye(2)] * 3
    with pytest.raises(ValueError, match="species 0 has no other clade"):
        transfer(birds, [[0, 1]] * 3, x, clades=[0, 0, 0])
    with pytest.raises(ValueError, match="one kind only"):
        transfer(birds, [[1, 1]] * 3, x)
