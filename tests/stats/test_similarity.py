"""CKA, RV and distance correlation: by plain loops, what leaves them alone, and what they must refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from embedlab.stats.pairs import similarity
from embedlab.stats.pairs.similarity import cka, distance_correlation, rv

MEASURES = [
    cka,
    rv,
    distance_correlation,
    lambda x, y: cka(x, y, debiased=False),
    lambda x, y: distance_correlation(x, y, bias_corrected=False),
]
each = pytest.mark.parametrize("measure", MEASURES, ids=["cka", "rv", "dcor", "cka plain", "dcor plain"])


def two(seed, n=11, d=3, e=4):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    return x, np.hstack([x[:, :1], rng.normal(size=(n, e - 1))]) + 5


def song(k, ell):
    """Unbiased HSIC term by term (Song et al. 2012, equation 4), on Gram matrices."""
    n = len(k)
    k, ell = (m - np.diag(np.diag(m)) for m in (k, ell))
    trace = sum(k[i, j] * ell[j, i] for i in range(n) for j in range(n))
    return (
        trace + k.sum() * ell.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * sum((k @ ell)[i].sum() for i in range(n))
    ) / (n * (n - 3))


@pytest.mark.parametrize(("d", "e"), [(3, 4), (30, 2), (40, 50)])
def test_debiased_cka_is_songs_ratio_whatever_the_shapes(d, e):
    x, y = two(1, d=d, e=e)
    k, ell = x @ x.T, y @ y.T
    assert cka(x, y) == pytest.approx(song(k, ell) / np.sqrt(song(k, k) * song(ell, ell)), rel=1e-10)


@pytest.mark.parametrize(("d", "e"), [(3, 4), (30, 2), (40, 50)])
def test_plain_cka_is_the_cosine_of_centred_gram_matrices(d, e):
    x, y = two(2, d=d, e=e)
    h = np.eye(11) - 1 / 11
    k, ell = h @ x @ x.T @ h, h @ y @ y.T @ h
    cosine = (k * ell).sum() / np.sqrt((k * k).sum() * (ell * ell).sum())
    assert cka(x, y, debiased=False) == pytest.approx(cosine, rel=1e-10)
    assert rv(x, y) == pytest.approx(cosine, rel=1e-10)


def test_distance_correlation_by_its_definitions(monkeypatch):
    x, y = two(3)
    n = len(x)
    a, b = (np.array([[np.linalg.norm(u - v) for v in m] for u in m]) for m in (x, y))

    def plain(m):
        return m - m.mean(0) - m.mean(1)[:, None] + m.mean()

    def corrected(m):
        u = m - m.sum(0) / (n - 2) - m.sum(1)[:, None] / (n - 2) + m.sum() / ((n - 1) * (n - 2))
        return u - np.diag(np.diag(u))

    for centre, kind in ((plain, False), (corrected, True)):
        p, q = centre(a), centre(b)
        expected = (p * q).sum() / np.sqrt((p * p).sum() * (q * q).sum())
        expected = expected if kind else np.sqrt(expected)
        assert distance_correlation(x, y, bias_corrected=kind) == pytest.approx(expected, rel=1e-9)
        monkeypatch.setattr(similarity, "BLOCK", 23)  # two rows at a time
        assert distance_correlation(x, y, bias_corrected=kind) == pytest.approx(expected, rel=1e-9)
        monkeypatch.undo()


@each
@given(seed=st.integers(0, 2**32 - 1))
def test_turning_moving_scaling_and_renaming_change_nothing(measure, seed):
    x, y = two(seed)
    rng = np.random.default_rng(seed)
    turn = ortho_group.rvs(4, random_state=rng)
    t = rng.permutation(11)
    found = measure(x, y)
    assert measure(x[t], (3.5 * y @ turn - 2)[t]) == pytest.approx(found, abs=1e-8)
    assert measure(y, x) == pytest.approx(found, abs=1e-10)  # which side is first does not matter
    assert measure(x, -2 * x + 1) == pytest.approx(1, abs=1e-9)
    assert found <= 1 + 1e-12


def test_independent_rows_have_expectation_zero_only_when_debiased():
    rng = np.random.default_rng(4)
    pairs = [(rng.normal(size=(32, 10)), rng.normal(size=(32, 10))) for _ in range(300)]
    assert np.mean([cka(x, y) for x, y in pairs]) == pytest.approx(0, abs=0.01)
    assert np.mean([distance_correlation(x, y) for x, y in pairs]) == pytest.approx(0, abs=0.01)
    assert np.mean([cka(x, y, debiased=False) for x, y in pairs]) > 0.2  # which is nothing at all
    assert np.mean([distance_correlation(x, y, bias_corrected=False) for x, y in pairs]) > 0.6


def test_a_far_origin_does_not_eat_the_digits():
    x, y = two(5)
    for measure in MEASURES:
        assert measure(x + 1e6, y) == pytest.approx(measure(x, y), rel=1e-5, abs=1e-7)


def test_distance_correlation_sees_what_is_not_linear():
    x = np.linspace(-1, 1, 41)
    assert abs(rv(x, x**2)) < 1e-20
    assert distance_correlation(x, x**2) > 0.15


def test_a_vector_is_one_column():
    x, y = two(6)
    for measure in MEASURES:
        assert measure(x[:, 0], y) == measure(x[:, :1], y)
    assert rv(x[:, 0], y[:, 1]) == pytest.approx(np.corrcoef(x[:, 0], y[:, 1])[0, 1] ** 2, rel=1e-10)


@each
def test_what_cannot_be_compared_is_refused(measure):
    x, y = two(7)
    hole = x.copy()
    hole[3, 1] = np.nan
    with pytest.raises(ValueError, match="x has 1 rows with NaN or infinity.*3"):
        measure(hole, y)
    with pytest.raises(ValueError, match="x has 11 rows and y has 10"):
        measure(x, y[:10])
    with pytest.raises(ValueError, match="all rows of y are the same"):
        measure(x, np.full((11, 2), 0.1))
    with pytest.raises(ValueError, match="rows and 1 dimension are needed"):
        measure(x[:2], y[:2])


@pytest.mark.parametrize("measure", [cka, distance_correlation])
def test_four_rows_are_needed_where_the_bias_is_taken_off(measure):
    x, y = two(8)
    with pytest.raises(ValueError, match="at least 4 rows"):
        measure(x[:3], y[:3])
    with pytest.raises(ValueError, match="too few rows that differ"):
        measure(np.eye(6)[:, :1] * 0 + np.array([[1.0], [1], [1], [1], [1], [2]]), y[:6])
