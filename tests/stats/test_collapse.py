"""Neural collapse by plain loops, where it is complete, and what does not change it."""

import numpy as np
import pytest

from embedlab.stats.shape.collapse import neural_collapse


def planted(rng, k=4, each=(5, 7, 6, 9), d=6):
    labels = np.repeat(np.arange(k), each)
    return 3 * rng.normal(size=(k, d))[labels] + rng.normal(size=(labels.size, d)), labels


def test_by_plain_loops(rng):
    x, y = planted(rng)
    k, n, g = 4, len(x), x.mean(axis=0)
    means = np.array([x[y == c].mean(axis=0) for c in range(k)])
    within = sum(np.outer(r - means[c], r - means[c]) for r, c in zip(x, y, strict=True)) / n
    between = sum(np.outer(m - g, m - g) for m in means) / k
    found = neural_collapse(x, y)
    assert found.nc1 == pytest.approx(np.trace(within @ np.linalg.pinv(between)) / k)
    assert found.quotient == pytest.approx(np.trace(within) / np.trace(between))
    v = [((x[y == c] - means[c]) ** 2).sum(axis=1).mean() for c in range(k)]
    pairs = [(v[i] + v[j]) / 2 / ((means[i] - means[j]) ** 2).sum() for i in range(k) for j in range(k) if i != j]
    assert found.distance_variance == pytest.approx(np.mean(pairs))
    gram = (means - g) @ (means - g).T
    simplex = (np.eye(k) - 1 / k) / np.sqrt(k - 1)
    assert found.simplex_error == pytest.approx(np.linalg.norm(gram / np.linalg.norm(gram) - simplex))
    length = np.linalg.norm(means - g, axis=1)
    assert found.norm_variation == pytest.approx(length.std(ddof=1) / length.mean())
    assert found.classes == 4 and found.statistic == found.nc1


def test_complete_collapse_is_zero():
    x = np.repeat(np.eye(4), 3, axis=0)
    found = neural_collapse(x, np.repeat(list("abcd"), 3))
    numbers = [found.nc1, found.quotient, found.distance_variance, found.simplex_error, found.norm_variation]
    assert numbers == pytest.approx([0] * 5, abs=1e-12)


def test_what_changes_nothing(rng):
    x, y = planted(rng)
    one, turn = neural_collapse(x, y), np.linalg.qr(rng.normal(size=(6, 6)))[0]
    t = rng.permutation(len(x))
    two = neural_collapse((9 * x @ turn + 4)[t], np.array(list("dbca"))[y][t])
    for name in ("nc1", "quotient", "distance_variance", "simplex_error", "norm_variation"):
        assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-9), name
    bent = neural_collapse(x @ rng.normal(size=(6, 6)), y)
    assert bent.quotient != pytest.approx(one.quotient, rel=1e-3)


def test_more_classes_than_dimensions(rng):
    x = rng.normal(size=(9, 2))[np.repeat(np.arange(9), 4)] * 5 + rng.normal(size=(36, 2))
    means = x.reshape(9, 4, 2).mean(axis=1)
    rest = (x.reshape(9, 4, 2) - means[:, None]).reshape(-1, 2)
    c = means - means.mean(axis=0)
    wanted = np.trace(rest.T @ rest / 36 @ np.linalg.inv(c.T @ c / 9)) / 9
    assert neural_collapse(x, np.repeat(np.arange(9), 4)).nc1 == pytest.approx(wanted)


def test_refusals(rng):
    x = rng.normal(size=(6, 3))
    with pytest.raises(ValueError, match=r"3 classes, \[2\] of them with one row"):
        neural_collapse(x, [0, 0, 0, 1, 1, 2])
    with pytest.raises(ValueError, match="1 classes"):
        neural_collapse(x, [0] * 6)
    with pytest.raises(ValueError, match=r"6 rows but labels of shape \(2,\)"):
        neural_collapse(x, [0, 1])
    with pytest.raises(ValueError, match="means of two classes coincide"):
        neural_collapse([[1.0], [-1.0], [2.0], [-2.0], [5.0], [6.0]], [0, 0, 1, 1, 2, 2])
    with pytest.raises(ValueError, match="NaN"):
        neural_collapse([[np.nan], [1.0], [1.0], [2.0]], [0, 0, 1, 1])


def test_means_on_a_line_count_along_it_alone(rng):
    """Four classes on a line aslant in six dimensions: NC1 is the scatter along it over that of the means, by hand."""
    at, y = np.array([-3.0, -1.0, 0.5, 3.5]), np.repeat(np.arange(4), 5)
    rest = rng.normal(size=(20, 6))
    rest -= np.array([rest[y == c].mean(axis=0) for c in range(4)])[y]
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    x = (np.outer(at[y], np.eye(6)[0]) + rest) @ turn + 3
    wanted = np.mean(rest[:, 0] ** 2) / np.mean(at**2) / 4
    assert neural_collapse(x, y).nc1 == pytest.approx(wanted, rel=1e-9)


def test_rows_that_are_all_the_same_have_no_classes():
    with pytest.raises(ValueError, match="means of two classes coincide"):
        neural_collapse(np.full((4, 2), 0.5), [0, 0, 1, 1])
