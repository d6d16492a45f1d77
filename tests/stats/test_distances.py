"""The Mantel correlation: by hand, against NumPy, and what it must refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr, spearmanr

from embedlab.stats.distances import mantel
from embedlab.stats.vectors import upper


def two(seed, n=9):
    rng = np.random.default_rng(seed)
    return squareform(pdist(rng.normal(size=(n, 3)))), squareform(pdist(rng.normal(size=(n, 2))))


@given(st.integers(0, 2**32 - 1))
def test_it_is_the_correlation_of_the_pairs(seed):
    x, y = two(seed)
    for method, peer in (("pearson", pearsonr), ("spearman", spearmanr)):
        found = mantel(x, y, method=method, permutations=[list(range(9))])
        assert found.statistic == pytest.approx(peer(upper(x), upper(y))[0], abs=1e-12)
        assert found.p_value == 1.0  # only the identity was tried: a tie, and never 0


@given(st.integers(0, 2**32 - 1))
def test_scale_and_names_do_not_matter(seed):
    x, y = two(seed)
    t = np.random.default_rng(seed).permutation(9)
    base = mantel(x, y, permutations=19, rng=np.random.default_rng(0))
    assert mantel(5 * x, y / 3, permutations=1, rng=np.random.default_rng(0)).statistic == pytest.approx(
        base.statistic, abs=1e-12
    )
    both = mantel(x[np.ix_(t, t)], y[np.ix_(t, t)], permutations=1, rng=np.random.default_rng(0))
    assert both.statistic == pytest.approx(base.statistic, abs=1e-12)
    assert mantel(y, x, permutations=1, rng=np.random.default_rng(0)).statistic == pytest.approx(base.statistic)


def test_the_interval_leaves_out_things_and_not_pairs():
    x, y = two(4)
    without = []
    for i in range(9):
        keep = np.delete(np.arange(9), i)
        without.append(pearsonr(upper(x[np.ix_(keep, keep)]), upper(y[np.ix_(keep, keep)]))[0])
    r = mantel(x, y, permutations=1, rng=np.random.default_rng(0))
    error = np.sqrt(8 / 9 * np.square(np.array(without) - np.mean(without)).sum())
    # half width is Student's quantile (8 degrees: 2.306) times Tukey's standard error
    assert (r.interval[1] - r.interval[0]) / 2 == pytest.approx(2.306004 * error, rel=1e-5)


def test_the_three_alternatives():
    x, y = two(1)
    orders = np.array([np.random.default_rng(i).permutation(9) for i in range(199)])
    greater, less, both = (
        mantel(x, y, permutations=orders, alternative=a).p_value for a in ("greater", "less", "two-sided")
    )
    assert greater + less == pytest.approx(1 + 1 / 200)  # no ties, and the observed value on both sides
    assert min(greater, less) <= both <= 1


def test_the_same_seed_gives_the_same_null():
    x, y = two(2)
    one, again = (mantel(x, y, permutations=49, rng=np.random.default_rng(7)) for _ in range(2))
    assert (one.null == again.null).all() and one.p_value == again.p_value


def test_what_is_no_distance_matrix_is_refused():
    x, y = two(3)
    crooked, hole, thick = x.copy(), x.copy(), x.copy()
    crooked[0, 1] += 1
    hole[0, 1] = hole[1, 0] = np.nan
    np.fill_diagonal(thick, 1)
    for wrong in (crooked, hole, thick):
        with pytest.raises(ValueError, match="y is not a distance matrix"):
            mantel(x, wrong, permutations=9, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="must be a square matrix"):
        mantel(x[:2, :2], y[:2, :2], permutations=9, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="same things in the same order"):
        mantel(x, y[:8, :8], permutations=9, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="all distances of one side are the same"):
        mantel(x, 1 - np.eye(9), permutations=9, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="'kendall' is not offered"):
        mantel(x, y, method="kendall", permutations=9, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="use 'two-sided', 'greater' or 'less'"):
        mantel(x, y, alternative="both", permutations=9, rng=np.random.default_rng(0))
