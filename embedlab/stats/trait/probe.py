"""Two kinds of species told apart by a straight line that never saw their relatives: scores, area, accuracy."""

import numpy as np
from scipy.stats import rankdata

PENALTY = 1.0  # in mean eigenvalues of the kernel: fixed, so that nothing is tuned on what is asked


def held_out_scores(kernel, is_b, fold) -> np.ndarray:
    """Score of each species by a ridge probe fitted without its fold: `(n, b)`, above 0 where it says kind b.

    `kernel` `(n, n)` holds inner products of species vectors, `is_b` `(n,)` or `(n, b)` which are of kind b, `fold`
    `(n,)` who is held out together. Kinds count alike however many species they have: 0 is half way between the
    mean training scores of both. A fold without which one kind has no species gives 0 to its members.
    """
    kernel, fold = np.asarray(kernel, float), np.asarray(fold)
    y = np.asarray(is_b, float).reshape(len(kernel), -1)
    scores = np.zeros_like(y)
    for part in np.unique(fold):
        out, train = fold == part, fold != part
        inside = kernel[np.ix_(train, train)]
        mean = inside.mean(axis=0)
        centred = inside - mean - mean[:, None] + mean.mean()
        own = y[train]
        ones = own.sum(axis=0)
        known = (ones > 0) & (ones < len(own))
        weight = np.where(own > 0, 0.5 / np.maximum(ones, 1), -0.5 / np.maximum(len(own) - ones, 1))
        scale = PENALTY * np.trace(centred) / len(centred)
        weight = np.linalg.solve(centred + scale * np.eye(len(centred)), weight) if scale > 0 else 0 * weight
        weight -= weight.mean(axis=0)
        trained = inside @ weight
        middle = (trained * own).sum(axis=0) / np.maximum(ones, 1)
        middle = (middle + (trained * (1 - own)).sum(axis=0) / np.maximum(len(own) - ones, 1)) / 2
        scores[out] = np.where(known, kernel[np.ix_(out, train)] @ weight - middle, 0.0)
    return scores


def area(scores, is_b) -> np.ndarray:
    """Share of pairs of one species of each kind that the scores put in order, `(b,)`; ties count half, ½ is chance.

    >>> area(np.array([[0.1], [0.4], [0.3]]), np.array([[False], [True], [False]]))
    array([1.])
    """
    scores, y = np.asarray(scores, float), np.asarray(is_b, bool).reshape(np.shape(scores))
    ones = y.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return ((rankdata(scores, axis=0) * y).sum(axis=0) - ones * (ones + 1) / 2) / (ones * (len(y) - ones))


def balanced_accuracy(scores, is_b) -> np.ndarray:
    """Mean share of both kinds that lie on their side of 0, `(b,)`; a score of 0 counts half, ½ is chance."""
    scores, y = np.asarray(scores, float), np.asarray(is_b, bool).reshape(np.shape(scores))
    right = np.where(scores == 0, 0.5, (scores > 0) == y)
    return ((right * y).sum(axis=0) / y.sum(axis=0) + (right * ~y).sum(axis=0) / (~y).sum(axis=0)) / 2


def area_over_clades(scores, is_b, clade, *, rng: np.random.Generator, b: int = 999) -> tuple[float, float]:
    """95 % interval of `area` when whole clades `(n,)` are drawn again, by percentile; (nan, nan) below 3 clades."""
    y, codes = np.asarray(is_b, bool), np.unique(clade, return_inverse=True)[1]
    if (k := codes.max() + 1) < 3:
        return (np.nan, np.nan)
    more = np.sign(scores[y][:, None] - scores[~y]) / 2 + 0.5
    member = np.eye(k)[codes]
    ordered, pairs = member[y].T @ more @ member[~y], np.outer(member[y].sum(axis=0), member[~y].sum(axis=0))
    times = rng.multinomial(k, np.full(k, 1 / k), b).astype(float)
    of = np.einsum("bi,ij,bj->b", times, pairs, times)
    found = np.einsum("bi,ij,bj->b", times, ordered, times)[of > 0] / of[of > 0]
    return tuple(np.quantile(found, [0.025, 0.975]).tolist()) if len(found) > b / 2 else (np.nan, np.nan)


def unlike_relatives(x, covariance) -> np.ndarray:
    """What sets each species apart from what its relatives foretell, `(n, d)`: x less its forecast from all others.

    The forecast is that of Brownian motion with this covariance `(n, n)`, the root's state estimated.

    >>> unlike_relatives(np.array([[1.0], [3.0], [8.0]]), np.eye(3)).ravel()  # strangers: less the mean of the others
    array([-4.5, -1.5,  6. ])
    """
    precision = np.linalg.inv(np.asarray(covariance, float))
    one = precision.sum(axis=1)
    precision -= np.outer(one, one) / one.sum()
    return (precision @ np.asarray(x, float)) / np.diag(precision)[:, None]
