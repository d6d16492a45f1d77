"""Kendall's tau-b of relabelled pairs: SciPy's number, by counting what stands in the wrong order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from embedlab.stats.pairs.kendall import inversions, tau_b


@given(st.integers(0, 2**32 - 1), st.integers(1, 70), st.integers(1, 80))
def test_inversions_are_pairs_in_the_wrong_order(seed, m, kinds):
    ranks = np.random.default_rng(seed).integers(0, min(kinds, m), (3, m))
    slow = [sum(int(r[p] > r[q]) for q in range(m) for p in range(q)) for r in ranks]
    assert inversions(ranks).tolist() == slow


@pytest.mark.parametrize("m", [15, 16, 17, 31, 33, 40_000])
def test_lists_of_any_length(m):
    back = np.arange(m)[::-1]
    assert inversions([back, back[::-1], np.zeros(m, int)]).tolist() == [m * (m - 1) // 2, 0, 0]


@pytest.mark.parametrize("kinds", [2, 4, None])
@pytest.mark.parametrize("n", [3, 4, 7, 26])
def test_it_is_scipys_tau_b_of_the_relabelled_pairs(n, kinds):
    rng = np.random.default_rng(n)

    def table():
        x = rng.normal(size=(n, n)) if kinds is None else rng.integers(0, kinds, (n, n)).astype(float)
        x[0, 1], x[0, 2] = -1, kinds or 9  # never all alike
        x = np.triu(x, k=1)
        return x + x.T

    x, y, orders = table(), table(), np.array([rng.permutation(n) for _ in range(30)])
    i, j = np.triu_indices(n, k=1)
    expected = [kendalltau(x[t[i], t[j]], y[i, j]).statistic for t in orders]
    assert tau_b(x, y, orders) == pytest.approx(expected, abs=1e-14)


def test_many_relabellings_in_several_batches(monkeypatch):
    monkeypatch.setattr("embedlab.stats.pairs.kendall.BATCH", 100)
    rng = np.random.default_rng(0)
    x, y = (v + v.T for v in rng.normal(size=(2, 9, 9)))
    orders = np.array([rng.permutation(9) for _ in range(7)])
    assert tau_b(x, y, orders).tolist() == [tau_b(x, y, t[None])[0] for t in orders]


def test_a_side_without_any_order_is_refused():
    with pytest.raises(ValueError, match="all distances of one side are the same"):
        tau_b(1 - np.eye(4), np.arange(16).reshape(4, 4), [[0, 1, 2, 3]])
