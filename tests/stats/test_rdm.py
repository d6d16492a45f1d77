"""Tables of dissimilarities: by plain loops, against SciPy, what leaves them alone, and what they must refuse."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import kendalltau, ortho_group, spearmanr

from embedlab.stats.pairs.rdm import compare_rdms, crossnobis, noise_ceiling

METHODS = ["cosine", "corr", "spearman", "kendall", "tau-a", "rho-a"]


def halves(seed, k=6, d=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(k, d)), rng.normal(size=(k, d))


def test_crossnobis_by_loops():
    a, b = halves(0)
    root = np.random.default_rng(1).normal(size=(5, 5))
    for precision in (None, root @ root.T):
        p = np.eye(5) if precision is None else precision
        expected = [(a[i] - a[j]) @ p @ (b[i] - b[j]) / 5 for i, j in combinations(range(6), 2)]
        assert crossnobis(a, b, precision=precision) == pytest.approx(expected, rel=1e-10, abs=1e-12)
        assert crossnobis(b, a, precision=precision) == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_of_one_half_with_itself_it_is_the_squared_distance_over_d():
    a, _ = halves(2)
    assert crossnobis(a, a) == pytest.approx(pdist(a, "sqeuclidean") / 5, rel=1e-10)


def test_noise_does_not_raise_it_as_it_raises_plain_distances():
    rng = np.random.default_rng(3)
    truth = rng.normal(size=(4, 10))
    truth[1] = truth[0]  # two classes that are the same
    found, plain = [], []
    for _ in range(2000):
        a, b = truth + rng.normal(size=(2, 4, 10))
        found.append(crossnobis(a, b))
        plain.append(pdist((a + b) / 2, "sqeuclidean") / 10)
    error = np.std(found, axis=0) / np.sqrt(2000)
    assert (np.abs(np.mean(found, axis=0) - pdist(truth, "sqeuclidean") / 10) < 4 * error).all()
    assert np.mean(plain, axis=0)[0] > 0.9  # the same two classes, apart by noise alone


@given(st.integers(0, 2**32 - 1))
def test_turning_moving_and_renaming(seed):
    a, b = halves(seed)
    rng = np.random.default_rng(seed)
    turn, t = ortho_group.rvs(5, random_state=rng), rng.permutation(6)
    found = crossnobis(a, b)
    assert crossnobis(3 * a @ turn + 1, 3 * b @ turn - 9) == pytest.approx(9 * found, abs=1e-9)
    square = np.zeros((6, 6))
    square[np.triu_indices(6, 1)] = found
    square += square.T
    assert crossnobis(a[t], b[t]) == pytest.approx(square[np.ix_(t, t)][np.triu_indices(6, 1)], abs=1e-12)


def by_loops(x, y, method):
    if method == "cosine":
        return (x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum())
    if method == "corr":
        return np.corrcoef(x, y)[0, 1]
    if method == "spearman":
        return spearmanr(x, y).statistic
    if method == "kendall":
        return kendalltau(x, y).statistic
    pairs = list(combinations(range(len(x)), 2))
    if method == "tau-a":
        return sum(np.sign(x[i] - x[j]) * np.sign(y[i] - y[j]) for i, j in pairs) / len(pairs)
    rng = np.random.default_rng(0)  # rho-a: ties broken at random, often
    broken = [np.argsort(np.lexsort((rng.random((2, len(x)))[0], v))) for _ in range(4000) for v in (x, y)]
    return np.mean([np.corrcoef(p, q)[0, 1] for p, q in zip(broken[::2], broken[1::2], strict=True)])


@pytest.mark.parametrize("method", METHODS)
def test_comparisons_by_their_definitions(method):
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=15), rng.normal(size=15)
    y = (y + x).round(0)  # with ties
    tolerance = {"abs": 0.004} if method == "rho-a" else {"rel": 1e-10}  # four standard errors of 4,000 breakings
    assert compare_rdms(x, y, method) == pytest.approx(by_loops(x, y, method), **tolerance)
    assert compare_rdms(y, x, method) == pytest.approx(compare_rdms(x, y, method), rel=1e-12)
    assert compare_rdms(x, x, method) == pytest.approx(1.0)
    assert compare_rdms(x, 2 * y, method) == pytest.approx(compare_rdms(x, y, method), rel=1e-12)
    t = rng.permutation(15)
    assert compare_rdms(x[t], y[t], method) == pytest.approx(compare_rdms(x, y, method), rel=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_the_ceiling_by_its_definition(method):
    rng = np.random.default_rng(5)
    rdms = 3 + rng.normal(size=15) + rng.normal(size=(3, 15)) * np.array([[0.1], [0.5], [2.0]])

    def scale(r):
        if method == "cosine":
            return r / np.sqrt((r * r).sum())
        return (r - r.mean()) / r.std() if method == "corr" else np.argsort(np.argsort(r)) + 1.0

    scaled = [scale(r) for r in rdms]
    upper = np.mean([compare_rdms(r, np.mean(scaled, axis=0), method) for r in rdms])
    others = [np.mean([s for j, s in enumerate(scaled) if j != i], axis=0) for i in range(3)]
    lower = np.mean([compare_rdms(r, o, method) for r, o in zip(rdms, others, strict=True)])
    found = noise_ceiling(rdms, method)
    assert (found.lower, found.upper) == pytest.approx((lower, upper), rel=1e-10)
    assert found.lower < found.upper


def test_what_cannot_be_compared_is_refused():
    a, b = halves(6)
    x, y = crossnobis(a, b), crossnobis(a, a)
    with pytest.raises(ValueError, match="b has 1 rows with NaN"):
        crossnobis(a, np.where(np.arange(6)[:, None] == 2, np.nan, b))
    with pytest.raises(ValueError, match="both halves must hold the same classes"):
        crossnobis(a, b[:5])
    for wrong in (np.eye(4), np.full((5, 5), np.nan), np.triu(np.ones((5, 5)))):
        with pytest.raises(ValueError, match=r"precision must be a finite symmetric \(5, 5\)"):
            crossnobis(a, b, precision=wrong)
    with pytest.raises(ValueError, match=r"x must be condensed.*saw shape \(4, 4\). Of a square table d, d\[np"):
        compare_rdms(np.eye(4), y)
    with pytest.raises(ValueError, match=r"y holds NaN or infinity \(pairs \[1\]\)"):
        compare_rdms(x, np.where(np.arange(15) == 1, np.nan, y))
    with pytest.raises(ValueError, match="x has 15 pairs and y has 10"):
        compare_rdms(x, y[:10])
    with pytest.raises(ValueError, match="'bures' is not offered: use 'cosine'"):
        compare_rdms(x, y, "bures")
    with pytest.raises(ValueError, match=r"\['y'\] are the same"):
        compare_rdms(x, np.ones(15))
    assert compare_rdms(y, np.ones(15), "cosine") == pytest.approx(y.sum() / np.sqrt(15 * (y**2).sum()))
    with pytest.raises(ValueError, match=r"\['x'\] are the same"):
        compare_rdms(np.zeros(15), y, "cosine")
    with pytest.raises(ValueError, match="at least 2 tables"):
        noise_ceiling([x])
    with pytest.raises(ValueError, match="'bures' is not offered"):
        noise_ceiling([x, y], "bures")


def test_a_far_origin_and_few_classes():
    a, b = halves(7)
    assert crossnobis(a + 1e8, b - 1e8) == pytest.approx(crossnobis(a, b), abs=1e-6)
    assert compare_rdms([1.0, 2.0, 4.0], [2.0, 3.0, 9.0]) == pytest.approx(1.0)  # three classes have three pairs
    with pytest.raises(ValueError, match="at least 3 classes"):
        compare_rdms([1.0, 2.0], [2.0, 3.0])
    with pytest.raises(ValueError, match=r"\['x', 'y'\] are the same"):
        compare_rdms(np.ones(3), np.ones(3))
