"""Probes from sums give what scikit-learn gives from rows."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import RidgeClassifier

from embedlab.stats.probes import lda, ridge
from embedlab.stream import Moments


@pytest.fixture
def rows(rng):
    y = rng.choice(["a", "b", "c", "d"], 300, p=[0.4, 0.3, 0.2, 0.1])
    x = 3 + rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6)) + np.array([ord(v) - 97 for v in y])[:, None]
    return x, y


def sums(x, y):
    m = Moments.of(x, y)
    return m.names, m.counts, m.means, m.within, m.total


def test_discriminant_analysis_as_scikit_learn(rows):
    x, y = rows
    names, counts, means, within, _ = sums(x, y)
    peer = LinearDiscriminantAnalysis(solver="lsqr").fit(x, y)
    assert lda(names, counts, means, within).scores(x) == pytest.approx(peer.decision_function(x), rel=1e-8, abs=1e-8)
    assert (lda(names, counts, means, within).predict(x) == peer.predict(x)).all()


def test_ridge_as_scikit_learn(rows):
    x, y = rows
    names, counts, means, _, total = sums(x, y)
    for penalty in (0.1, 1.0, 50.0):
        found = ridge(names, counts, means, total, penalty=penalty)
        peer = RidgeClassifier(alpha=penalty).fit(x, y)
        assert found.scores(x) == pytest.approx(peer.decision_function(x), rel=1e-8, abs=1e-8)


def test_all_shrinkage_is_the_nearest_mean(rows):
    x, y = rows
    names, counts, means, within, _ = sums(x, y)
    even = np.full(len(counts), 75)
    near = names[((x[:, None] - means[None]) ** 2).sum(axis=2).argmin(axis=1)]
    assert (lda(names, even, means, within, shrinkage=1.0).predict(x) == near).all()
    half = lda(names, counts, means, within, shrinkage=0.5).weights
    ball = 0.5 * within / 300 + 0.5 * np.trace(within) / 300 / 6 * np.eye(6)
    assert half == pytest.approx(np.linalg.solve(ball, means.T), rel=1e-9)


def test_labels_without_meaning_are_read_at_chance(rng):
    x, y = rng.normal(size=(2000, 8)), rng.integers(0, 4, 2000)
    m = Moments.of(x[:1000], y[:1000])
    for probe in (lda(m.names, m.counts, m.means, m.within), ridge(m.names, m.counts, m.means, m.total)):
        assert abs((probe.predict(x[1000:]) == y[1000:]).mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 1000)


def test_what_cannot_be_inverted_is_refused(rng):
    x, y = rng.normal(size=(6, 9)), np.repeat(["a", "b"], 3)
    m = Moments.of(x, y)
    with pytest.raises(ValueError, match="cannot be inverted .6 rows of 2 classes in 9 dimensions"):
        lda(m.names, m.counts, m.means, m.within)
    assert lda(m.names, m.counts, m.means, m.within, shrinkage=0.1).weights.shape == (9, 2)
    with pytest.raises(ValueError, match="shrinkage lies between 0 and 1, not 2"):
        lda(m.names, m.counts, m.means, m.within, shrinkage=2)
