"""The Mantel correlation and the partial one: by hand, against SciPy, and what they must refuse."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from scipy.stats import kendalltau, pearsonr, rankdata, spearmanr

from embedlab.stats.pairs.distances import checked_distances, mantel, partial_mantel
from embedlab.stats.resample import permutations_of
from embedlab.stats.vectors import upper

PEERS = {"pearson": pearsonr, "spearman": spearmanr, "kendall": kendalltau}


def two(seed, n=9):
    rng = np.random.default_rng(seed)
    return squareform(pdist(rng.normal(size=(n, 3)))), squareform(pdist(rng.normal(size=(n, 2))))


@given(st.integers(0, 2**32 - 1))
def test_it_is_the_correlation_of_the_pairs(seed):
    x, y = two(seed)
    for method, peer in PEERS.items():
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
    with pytest.raises(ValueError, match="'tau' is not offered: use one of"):
        mantel(x, y, method="tau", permutations=9, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="use 'two-sided', 'greater' or 'less'"):
        mantel(x, y, alternative="both", permutations=9, rng=np.random.default_rng(0))
    for method in PEERS:
        with pytest.raises(ValueError, match="all distances of one side are the same"):
            mantel(0.1 * (1 - np.eye(9)), x, method=method, permutations=9, rng=np.random.default_rng(0))
        with pytest.raises(TypeError, match="need rng="):
            mantel(x, y, method=method, permutations=9)
    with pytest.raises(ValueError, match="saw 9 and 0|at least one is needed"):
        mantel(x, y, permutations=0, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"explicit permutations must be a \(b, 9\) array"):
        mantel(x, y, permutations=[list(range(8))])
    infinite = x.copy()
    infinite[0, 1] = infinite[1, 0] = np.inf
    with pytest.raises(ValueError, match="x is not a distance matrix"):
        mantel(infinite, y, permutations=9, rng=np.random.default_rng(0))


def third(seed, n=9):
    return squareform(pdist(np.random.default_rng(seed + 1).normal(size=(n, 2))))


def partial_by_hand(x, y, z, method):
    """Correlation of what a straight line on z leaves of x and of y."""
    a, b, c = (rankdata(upper(m)) if method == "spearman" else upper(m) for m in (x, y, z))
    if method == "kendall":
        xy, xz, yz = (kendalltau(*pair).statistic for pair in ((a, b), (a, c), (b, c)))
        return (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
    return pearsonr(*(v - np.polyval(np.polyfit(c, v, 1), c) for v in (a, b)))[0]


@pytest.mark.parametrize("method", PEERS)
def test_every_value_of_the_null_is_the_correlation_after_relabelling_x(method):
    (x, y), z = two(5), third(5)
    orders = permutations_of(9, 23, np.random.default_rng(0))
    moved = [x[np.ix_(t, t)] for t in orders]
    plain = mantel(x, y, method=method, permutations=orders)
    partial = partial_mantel(x, y, z, method=method, permutations=orders)
    assert plain.null == pytest.approx([PEERS[method](upper(m), upper(y))[0] for m in moved], abs=1e-12)
    assert partial.null == pytest.approx([partial_by_hand(m, y, z, method) for m in moved], abs=1e-12)
    assert partial.statistic == pytest.approx(partial_by_hand(x, y, z, method), abs=1e-12)
    by_hand = (np.sum(np.abs(partial.null) >= abs(partial.statistic)) + 1) / 24
    assert partial.p_value == pytest.approx(by_hand)


@pytest.mark.parametrize("method", ["kendall", "spearman", "pearson"])
def test_a_count_draws_relabellings_of_x(method):
    """Whichever engine draws them, the null has the mean and the spread of that of all 9! relabellings."""
    (x, y), z = two(6), third(6)
    for test, sides in ((mantel, (x, y)), (partial_mantel, (x, y, z))):
        drawn = test(*sides, method=method, permutations=3000, rng=np.random.default_rng(1)).null
        listed = test(*sides, method=method, permutations=permutations_of(9, 3000, np.random.default_rng(2))).null
        assert drawn.size >= 3000
        error = listed.std() / np.sqrt(3000)
        assert abs(drawn.mean() - listed.mean()) < 4 * np.sqrt(2) * error
        assert drawn.std() == pytest.approx(listed.std(), rel=0.08)


@pytest.mark.parametrize("method", PEERS)
def test_few_things_take_every_relabelling(method):
    x, y = two(7, 5)
    found = mantel(x, y, method=method, permutations=999, alternative="greater", rng=np.random.default_rng(0))
    every = [PEERS[method](upper(x[np.ix_(t, t)]), upper(y))[0] for t in permutations(range(5))]
    assert found.null.size == 119
    assert found.p_value == pytest.approx(np.mean(np.array(every) >= found.statistic - 1e-9))


def test_blocks_change_nothing(monkeypatch):
    x, y = two(8, 21)
    orders = permutations_of(21, 50, np.random.default_rng(0))
    whole = mantel(x, y, permutations=orders).null
    for block in (1, 30, 700):
        monkeypatch.setattr("embedlab.stats.pairs.distances.BLOCK", block)
        assert mantel(x, y, permutations=orders).null == pytest.approx(whole, abs=1e-13)


@pytest.mark.parametrize("method", PEERS)
def test_the_intervals_leave_out_things_and_not_pairs(method):
    (x, y), z = two(4), third(4)
    kept = [np.delete(np.arange(9), i) for i in range(9)]
    for test, sides in ((mantel, (x, y)), (partial_mantel, (x, y, z))):
        found = test(*sides, method=method, permutations=[list(range(9))])
        # ranks are those among all nine things: leaving one out must not move the others
        of = [np.zeros((9, 9)) for _ in sides]
        for square, d in zip(of, sides, strict=True):
            square[np.triu_indices(9, 1)] = rankdata(upper(d)) if method == "spearman" else upper(d)
            square += square.T
        rest = [[d[np.ix_(k, k)] for d in of] for k in kept]
        if test is mantel:
            peer = pearsonr if method == "spearman" else PEERS[method]
            without = np.array([peer(upper(a), upper(b))[0] for a, b in rest])
        else:
            without = np.array([partial_by_hand(*r, "pearson" if method == "spearman" else method) for r in rest])
        error = np.sqrt(8 / 9 * np.square(without - without.mean()).sum())
        assert sum(found.interval) / 2 == pytest.approx(found.statistic, abs=1e-12)
        assert (found.interval[1] - found.interval[0]) / 2 == pytest.approx(2.306004 * error, rel=1e-5)


def test_the_partial_test_sees_scale_and_names_no_more_than_the_plain_one():
    (x, y), z = two(9), third(9)
    identity, t = [list(range(9))], np.random.default_rng(0).permutation(9)
    base = partial_mantel(x, y, z, permutations=identity).statistic
    same = [
        partial_mantel(3 * x, y / 2, 7 * z, permutations=identity),
        partial_mantel(*(m[np.ix_(t, t)] for m in (x, y, z)), permutations=identity),
        partial_mantel(y, x, z, permutations=identity),
    ]
    assert [r.statistic for r in same] == pytest.approx([base] * 3, abs=1e-12)


def test_what_the_third_explains_is_gone():
    """x and y agree only through z: the plain correlation is large, the partial one near 0."""
    rng = np.random.default_rng(3)
    z = squareform(pdist(rng.normal(size=(60, 2))))
    noise = [squareform(rng.exponential(0.2, 60 * 59 // 2)) for _ in range(2)]
    x, y = (z + e for e in noise)
    assert mantel(x, y, permutations=9, rng=rng).statistic > 0.9
    assert abs(partial_mantel(x, y, z, permutations=9, rng=rng).statistic) < 0.1


def test_a_relabelling_under_which_nothing_is_left_counts_against_the_claim():
    (x, y), t = two(2, 5), np.array([1, 2, 3, 4, 0])
    z = x[np.ix_(t, t)]  # under t, x is z itself
    found = partial_mantel(x, y, z, permutations=[t, np.array([1, 0, 2, 3, 4])], alternative="greater")
    assert found.null[0] == found.statistic and found.p_value >= 2 / 3
    with pytest.raises(ValueError, match="z explains one side wholly"):
        partial_mantel(x, y, 2 * x, permutations=9, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="z explains one side wholly"):
        partial_mantel(x, y, y, permutations=9, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"x is \(5, 5\) and y is \(5, 5\) and z is \(4, 4\): all must hold the same"):
        partial_mantel(x, y, z[:4, :4], permutations=9, rng=np.random.default_rng(0))


def test_dust_on_one_triangle_does_not_matter():
    x, y = two(1)
    dusty = x * (1 + 1e-9 * np.triu(np.ones((9, 9))))
    clean, soiled = (mantel(m, y, permutations=99, rng=np.random.default_rng(0)) for m in (x, dusty))
    assert soiled.null == pytest.approx(clean.null, abs=1e-8) and soiled.p_value == clean.p_value
    assert mantel(dusty.T, y, permutations=[list(range(9))]).statistic == soiled.statistic
    crooked = np.zeros((600, 600))
    crooked[599, 3] = 1.0  # in a block far from the diagonal
    with pytest.raises(ValueError, match="x is not a distance matrix"):
        mantel(crooked, crooked, permutations=9, rng=np.random.default_rng(0))


def test_how_far_two_triangles_may_differ():
    """By a relative 1e-5: more is not rounding."""
    x, y = two(1)
    for dust, fine in ((0.5e-5, True), (3e-5, False)):
        dusty = x * (1 + dust * np.triu(np.ones((9, 9))))
        if fine:
            assert np.isfinite(mantel(dusty, y, permutations=[list(range(9))]).statistic)
        else:
            with pytest.raises(ValueError, match="x is not a distance matrix"):
                mantel(dusty, y, permutations=[list(range(9))])


def test_a_hand_sized_leave_one_out():
    """Three of four things make three pairs: the correlations without each, and Student's 3 degrees, by hand."""
    x = squareform([1.0, 2, 4, 3, 5, 6.5])
    y = squareform([2.0, 1, 5, 3, 4, 8])
    without = np.array([pearsonr(upper(np.delete(np.delete(x, i, 0), i, 1)),
                                 upper(np.delete(np.delete(y, i, 0), i, 1)))[0] for i in range(4)])  # fmt: skip
    found = mantel(x, y, permutations=[[0, 1, 2, 3]])
    assert found.interval[1] == 1.0  # cut where a correlation ends
    half = 3.182446 * np.sqrt(3 / 4 * np.square(without - without.mean()).sum())
    assert found.statistic - found.interval[0] == pytest.approx(half)


def test_two_triangles_apart_by_dust_become_their_mean():
    x = two(2)[0]
    dusty = x * (1 + 1e-6 * np.triu(np.ones((9, 9))))
    found = checked_distances(dusty, "x")
    assert (found == found.T).all() and found == pytest.approx(x * (1 + 0.5e-6), rel=1e-12)
    assert checked_distances(x, "x") is x
