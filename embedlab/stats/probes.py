"""Linear probes from sums alone: what a space lets a straight line read, without another pass over its rows."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked


@dataclass(frozen=True, eq=False, repr=False)
class Probe(Shown):
    """A linear rule: scores are `x @ weights + intercept`, `(n, k)`, and the greatest names the class.

    `weights` is `(d, k)`, `intercept` `(k,)`; `names` `(k,)` are the classes in the order of the columns.
    """

    names: np.ndarray
    weights: np.ndarray
    intercept: np.ndarray

    def scores(self, x) -> np.ndarray:
        """One score a class for each row of `x` `(n, d)`: `(n, k)`."""
        return np.asarray(x) @ self.weights.astype(np.asarray(x).dtype) + self.intercept.astype(np.asarray(x).dtype)

    def predict(self, x) -> np.ndarray:
        """The class of each row: `(n,)`."""
        scores = self.scores(x)
        lost = np.flatnonzero(~np.isfinite(scores).all(axis=1))
        if lost.size:  # the greatest of NaN would be the first class
            raise ValueError(f"{lost.size} rows give no finite score (rows {lost[:5].tolist()}): leave them out first")
        return self.names[scores.argmax(axis=1)]


def lda(names, counts, means, within, *, shrinkage: float = 0.0) -> Probe:
    """Linear discriminant analysis from counts `(k,)`, class means `(k, d)` and pooled within-class scatter `(d, d)`.

    Classes are as frequent as they were seen. `shrinkage` from 0 to 1 moves the covariance towards a ball of the same
    trace: 0 is LDA, 1 nearest mean. The covariance divides by n, as scikit-learn's `LinearDiscriminantAnalysis
    (solver="lsqr")` does, with which it agrees (1.9.1). A covariance that cannot be inverted is refused.

    >>> probe = lda(["a", "b"], [2, 2], [[0.0], [4.0]], [[2.0]])
    >>> probe.predict([[1.5], [2.5]])
    array(['a', 'b'], dtype='<U1')
    """
    names, counts, means, within = _sums(names, counts, means, within)
    if not 0 <= shrinkage <= 1:
        raise ValueError(f"shrinkage lies between 0 and 1, not {shrinkage:g}")
    d = means.shape[1]
    covariance = within / counts.sum()
    covariance = (1 - shrinkage) * covariance + shrinkage * np.trace(covariance) / d * np.eye(d)
    weights = _solved(covariance, means.T, f"{int(counts.sum())} rows of {len(names)} classes in {d} dimensions")
    return Probe(names, weights, np.log(counts / counts.sum()) - 0.5 * (means * weights.T).sum(axis=1))


def ridge(names, counts, means, total, *, penalty: float = 1.0) -> Probe:
    """Ridge regression on classes coded −1 and 1, from counts `(k,)`, class means `(k, d)` and total scatter `(d, d)`.

    `total` is about the mean of all rows. `penalty` is added to the diagonal of the scatter; the intercept is free.
    Agrees with scikit-learn 1.9.1 `RidgeClassifier(alpha=penalty)` on three classes or more; two give two columns here.

    >>> ridge(["a", "b"], [1, 1], [[-1.0], [1.0]], [[2.0]], penalty=2.0).weights
    array([[-0.5,  0.5]])
    """
    names, counts, means, total = _sums(names, counts, means, total)
    if not 0 <= penalty < np.inf:
        raise ValueError(f"the penalty is 0 or more, not {penalty:g}")
    n = counts.sum()
    mean = counts @ means / n
    # X'Y of centred rows and one-hot classes is the class sums; coding by −1 and 1 doubles them.
    cross = 2 * (counts[:, None] * (means - mean)).T
    weights = _solved(total + penalty * np.eye(len(total)), cross, f"penalty {penalty:g}")
    return Probe(names, weights, 2 * counts / n - 1 - mean @ weights)


def _sums(names, counts, means, scatter):
    names, counts = np.asarray(names), np.asarray(counts, float)
    means, scatter = checked(means, "means"), checked(scatter, "the scatter", least=1)
    (k, d), wrong = means.shape, np.flatnonzero(~(counts >= 1) | np.isinf(counts))
    if names.shape != (k,) or counts.shape != (k,) or scatter.shape != (d, d):
        raise ValueError(
            f"{names.shape} names, {counts.shape} counts, {means.shape} means and a scatter of {scatter.shape}: "
            f"(k,), (k,), (k, d) and (d, d) are needed"
        )
    if wrong.size:
        raise ValueError(f"classes {names[wrong][:5].tolist()} have no rows: leave them out")
    return names, counts, means, scatter


def _solved(matrix: np.ndarray, right: np.ndarray, why: str) -> np.ndarray:
    try:
        found = cho_solve(cho_factor(matrix), right)
    except np.linalg.LinAlgError:
        found = None
    diagonal = np.abs(np.diag(matrix)).max()
    if found is None or not np.isfinite(found).all() or np.abs(matrix @ found - right).max() > 1e-4 * (
        diagonal * np.abs(found).max() + np.abs(right).max()
    ):  # fmt: skip
        raise ValueError(f"the scatter cannot be inverted ({why}): more rows, a shrinkage or a penalty are needed")
    return found
