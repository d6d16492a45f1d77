"""PROTEST: against SciPy's Procrustes, by plain loops, what leaves it alone, and what it must refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import procrustes as scipys
from scipy.stats import ortho_group

from embedlab.stats.pairs import procrustes
from embedlab.stats.pairs.procrustes import protest


def two(seed, n=12, d=3, e=3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    y = np.hstack([x, rng.normal(size=(n, max(e - d, 0)))])[:, :e] + 0.8 * rng.normal(size=(n, e))
    return x, y


@given(st.integers(0, 2**32 - 1))
def test_what_remains_is_scipys_disparity(seed):
    x, y = two(seed)
    found = protest(x, y, permutations=[list(range(12))])
    assert found.sum_of_squares == pytest.approx(scipys(x, y)[2], rel=1e-10)
    assert found.statistic == pytest.approx(np.sqrt(1 - scipys(x, y)[2]), rel=1e-10)
    assert found.null[0] == pytest.approx(found.statistic, rel=1e-12)
    assert found.p_value == 1.0  # only the identity was tried


@pytest.mark.parametrize(("d", "e"), [(2, 4), (5, 2), (20, 30), (3, 1)])
@pytest.mark.parametrize("chunk", [1, 2**22])
def test_the_null_permutes_rows_of_y(monkeypatch, d, e, chunk):
    monkeypatch.setattr(procrustes, "CHUNK", chunk)
    x, y = two(1, d=d, e=e)
    orders = np.array([np.random.default_rng(i).permutation(12) for i in range(7)])
    found = protest(x, y, permutations=orders)
    wide = max(d, e)  # zero columns change nothing, and let SciPy compare spaces of unequal dimension
    xp, yp = (np.pad(m, ((0, 0), (0, wide - m.shape[1]))) for m in (x, y))
    expected = [np.sqrt(1 - scipys(xp, yp[t])[2]) for t in orders]
    assert found.null == pytest.approx(expected, rel=1e-9)
    assert found.p_value == (1 + sum(v >= found.statistic - 1.49e-8 for v in expected)) / 8


def test_the_rotation_lays_y_on_x():
    x, _ = two(2)
    turn = ortho_group.rvs(3, random_state=0)
    found = protest(x, 4 * x @ turn + 1, permutations=9, rng=np.random.default_rng(0))
    assert found.rotation == pytest.approx(turn.T, abs=1e-10)
    assert (found.statistic, found.sum_of_squares) == pytest.approx((1, 0), abs=1e-12)
    assert found.p_value == 0.1
    assert protest(x, x[:, :2], permutations=[range(12)]).rotation.shape == (2, 3)


@given(st.integers(0, 2**32 - 1))
def test_turning_moving_scaling_and_renaming_change_nothing(seed):
    x, y = two(seed, e=5)
    rng = np.random.default_rng(seed)
    t = rng.permutation(12)
    orders = [list(range(12))]
    found = protest(x, y, permutations=orders).statistic
    moved = 0.1 * y @ ortho_group.rvs(5, random_state=rng) + 30
    assert protest(x[t], moved[t], permutations=orders).statistic == pytest.approx(found, rel=1e-9)
    assert protest(y, x, permutations=orders).statistic == pytest.approx(found, rel=1e-9)


def test_the_same_seed_gives_the_same_null():
    x, y = two(3)
    one, again = (protest(x, y, permutations=49, rng=np.random.default_rng(7)) for _ in range(2))
    assert (one.null == again.null).all() and one.p_value == again.p_value == 0.02


def test_any_two_configurations_fit_where_dimensions_abound():
    rng = np.random.default_rng(4)
    found = protest(rng.normal(size=(12, 200)), rng.normal(size=(12, 200)), permutations=99, rng=rng)
    assert found.statistic > 0.9 and found.p_value > 0.05  # the p-value is not fooled


def test_what_cannot_be_compared_is_refused():
    x, y = two(5)
    with pytest.raises(ValueError, match="y has 1 rows with NaN or infinity.*0"):
        protest(x, np.where(np.arange(12)[:, None] == 0, np.nan, y), permutations=[range(12)])
    with pytest.raises(ValueError, match="x has 12 rows and y has 11"):
        protest(x, y[:11], permutations=[range(12)])
    with pytest.raises(ValueError, match="all rows of x are the same"):
        protest(np.ones((12, 2)), y, permutations=[range(12)])
    with pytest.raises(ValueError, match="explicit permutations"):
        protest(x, y, permutations=[[0] * 12])
    with pytest.raises(TypeError, match="rng"):
        protest(x, y, permutations=9)


def test_the_number_of_permutations_and_the_upper_end():
    x, y = two(6)
    assert protest(x, y, rng=np.random.default_rng(0)).null.size == 999
    assert all(protest(v, v, permutations=[range(12)]).statistic <= 1.0 for v in (two(i)[0] for i in range(30)))
