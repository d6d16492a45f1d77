"""Agreement of individuals: by plain loops, blind to species, and exact under shuffles within them."""

import numpy as np
import pytest
from scipy.stats import t as student

from embedlab.stats.pairs.deviations import agreement_within


def planted(rng, same=0.0, sizes=(3, 4, 2, 5, 3, 4), d=4, e=3):
    g = np.repeat(np.arange(len(sizes)), sizes)
    own = rng.normal(size=(g.size, d))
    x = 4 * rng.normal(size=(len(sizes), d))[g] + own
    y = 4 * rng.normal(size=(len(sizes), e))[g] + same * own[:, :e] + rng.normal(size=(g.size, e))
    return x, y, g


def plain(x, y, g, without=None):
    def blocks(a, b):
        return [
            (a[g == s] - a[g == s].mean(axis=0)).T @ (b[g == s] - b[g == s].mean(axis=0)) / (np.sum(g == s) - 1)
            for s in np.unique(g)
            if s != without
        ]

    def total(m):
        return sum((m[i] * m[j]).sum() for i in range(len(m)) for j in range(len(m)) if i != j)

    return total(blocks(x, y)) / np.sqrt(total(blocks(x, x)) * total(blocks(y, y)))


def test_by_plain_loops(rng):
    x, y, g = planted(rng, 0.7)
    orders = np.array([np.concatenate([rng.permutation(np.flatnonzero(g == s)) for s in range(6)]) for _ in range(5)])
    found = agreement_within(x, y, g, permutations=orders)
    assert found.statistic == pytest.approx(plain(x, y, g))
    assert found.null == pytest.approx([plain(x, y[t], g) for t in orders])
    assert found.p_value == (np.sum(found.null >= found.statistic - 1e-9) + 1) / 6
    without = np.array([plain(x, y, g, s) for s in range(6)])
    half = student.ppf(0.975, 5) * np.sqrt(5 / 6 * ((without - without.mean()) ** 2).sum())
    assert found.interval == pytest.approx((found.statistic - half, min(found.statistic + half, 1.0)))  # cut at 1
    assert found.n == 21


def test_what_changes_nothing(rng):
    x, y, g = planted(rng, 0.5)
    order = [np.arange(21)]
    one = agreement_within(x, y, g, permutations=order).statistic
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    moved = 10 * rng.normal(size=(6, 4))[g]  # each species pushed elsewhere
    assert agreement_within(3 * x @ turn + moved, y, g, permutations=order).statistic == pytest.approx(one)
    t = rng.permutation(21)
    assert agreement_within(x[t], y[t], g[t], permutations=order).statistic == pytest.approx(one)
    assert agreement_within(y, x, np.array(list("abcdef"))[g], permutations=order).statistic == pytest.approx(one)


def test_without_correspondence_it_is_zero_on_average(rng):
    values = [agreement_within(*planted(rng), permutations=1, rng=rng).statistic for _ in range(300)]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(300)


def test_single_rows_say_nothing(rng):
    x, y, g = planted(rng, 0.5)
    more = agreement_within(
        np.concatenate([x, x[:1]]), np.concatenate([y, y[:1]]), np.append(g, 99), permutations=9, rng=rng
    )
    assert more.statistic == pytest.approx(plain(x, y, g)) and more.n == 21


def test_refusals(rng):
    x, y, g = planted(rng)
    with pytest.raises(ValueError, match="2 groups have 2 rows or more: at least 3"):
        agreement_within(x[:6], y[:6], [0, 0, 1, 1, 2, 3], permutations=9, rng=rng)
    with pytest.raises(ValueError, match=r"21 rows but groups of shape \(3,\)"):
        agreement_within(x, y, g[:3], permutations=9, rng=rng)
    with pytest.raises(ValueError, match="rows of one group are all the same"):
        agreement_within(x, np.eye(6)[g], g, permutations=9, rng=rng)
    with pytest.raises(ValueError, match="moves a row into another group"):
        agreement_within(x, y, g, permutations=[np.arange(21)[::-1]])
    with pytest.raises(ValueError, match="leave single rows out first"):
        agreement_within(x, y, np.r_[g[:-1], 77], permutations=[np.arange(21)])
    axes = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    with pytest.raises(ValueError, match="do not share any way of varying"):
        agreement_within(axes, axes, [0, 0, 1, 1, 2, 2], permutations=9, rng=rng)
