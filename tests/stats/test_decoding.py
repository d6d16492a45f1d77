"""Linear readings: the discriminant by its formula, many labellings at once, and what numbers must not favour."""

import numpy as np
import pytest

from embedlab.stats.subspaces.decoding import read_class, read_kind
from embedlab.stats.whitening import whitener


def discriminant(train, labels, test):
    one, zero = train[labels].mean(axis=0), train[~labels].mean(axis=0)
    metric = whitener(train - train.mean(axis=0)).map
    precision = metric @ metric
    return [(x - (one + zero) / 2) @ precision @ (one - zero) > 0 for x in test]


def test_two_kinds_by_the_formula_and_as_scikit_learn_has_it(rng):
    lda = pytest.importorskip("sklearn.discriminant_analysis")
    labels = rng.permutation(np.repeat([True, False], 60))
    train = rng.normal(size=(120, 6)) * [2, 1, 1, 1, 1, 1] + labels[:, None] * [1.0, 1, 0, 0, 0, 0]
    test = rng.normal(size=(300, 6)) * [2, 1, 1, 1, 1, 1] + 0.5 * np.array([1.0, 1, 0, 0, 0, 0])
    got = read_kind(train, labels, test)[0]
    assert (got == discriminant(train, labels, test)).all()
    theirs = lda.LinearDiscriminantAnalysis(solver="lsqr", priors=[0.5, 0.5]).fit(train, labels).predict(test)
    assert (got == theirs).mean() > 0.95  # they do not shrink
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    assert (read_kind(5 * train @ turn + 3, labels, 5 * test @ turn + 3)[0] == got).all()


def test_many_labellings_at_once_are_as_one_by_one(rng):
    train, test = rng.normal(size=(20, 4)), rng.normal(size=(9, 4))
    labels = np.array([rng.permutation(np.repeat([True, False], [6, 14])) for _ in range(5)])
    together = read_kind(train, labels, test)
    assert together.shape == (5, 9)
    for row, one in zip(together, labels, strict=True):
        assert (row == read_kind(train, one, test)[0]).all()


def test_unequal_numbers_favour_neither_kind(rng):
    labels = np.repeat([True, False], [10, 190])
    train = rng.normal(size=(200, 2)) + 2.0 * labels[:, None]
    told = read_kind(train, labels, rng.normal(size=(4000, 2)) + 1.0)  # midway
    assert told.mean() == pytest.approx(0.5, abs=0.15)


def test_classes_by_nearest_mean_in_the_metric(rng):
    codes = np.repeat([7, 3, 9], 30)
    train = rng.normal(size=(90, 4)) * [5, 1, 1, 1] + np.repeat(np.eye(4)[1:], 30, axis=0) * 3
    test = rng.normal(size=(50, 4)) * [5, 1, 1, 1] + np.eye(4)[1] * 3
    means = {k: train[codes == k].mean(axis=0) for k in (3, 7, 9)}
    left = np.vstack([train[codes == k] - means[k] for k in (3, 7, 9)])
    metric = whitener(left).map
    expected = [min(means, key=lambda k: np.linalg.norm((x - means[k]) @ metric)) for x in test]
    got = read_class(train, codes, test)
    assert got.tolist() == expected and (got == 7).mean() > 0.8
    order = rng.permutation(90)
    assert (read_class(train[order], codes[order], test) == got).all()


def test_what_does_not_fit_is_refused(rng):
    x = rng.normal(size=(6, 3))
    with pytest.raises(ValueError, match="of both kinds"):
        read_kind(x, [True] * 6, x)
    with pytest.raises(ValueError, match="6 training rows"):
        read_kind(x, [True, False], x)
    with pytest.raises(ValueError, match="3 dimensions"):
        read_class(x, [0, 0, 0, 1, 1, 1], x[:, :2])
    with pytest.raises(ValueError, match="NaN"):
        read_class(np.where(x > 9, x, np.nan), [0, 0, 0, 1, 1, 1], x)


def test_one_row_is_read_as_it_is_among_others(rng):
    codes = np.repeat([2, 4, 8], 10)
    train, test = rng.normal(size=(30, 3)) + 2 * np.eye(3)[codes // 3], rng.normal(size=(6, 3))
    together = read_class(train, codes, test)
    assert np.concatenate([read_class(train, codes, row[None]) for row in test]).tolist() == together.tolist()
