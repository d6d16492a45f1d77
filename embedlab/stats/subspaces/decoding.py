"""Linear readings of labels from vectors: fitted on some rows, tried on others, at many labellings at once."""

import numpy as np

from embedlab.stats.vectors import checked, group_means
from embedlab.stats.whitening import whitener


def read_kind(train, labels, test) -> np.ndarray:
    """Tell for the rows of `test` `(m, d)` of which of two kinds they are: booleans `(b, m)`.

    `labels` `(b, n)` are true and false for the rows of `train` `(n, d)`, one labelling a row, or `(n,)` for one.
    A linear discriminant in the shrunk metric of all training rows, the threshold midway between the two means, so
    that unequal numbers favour neither. The metric knows no labels: a shuffled labelling costs a matrix product.

    >>> read_kind([[0.0], [1.0], [4.0], [5.0]], [False, False, True, True], [[1.5], [3.5]])
    array([[False,  True]])
    """
    train, test = checked(train, "train"), checked(test, "test", least=1)
    z = np.atleast_2d(np.asarray(labels, bool)).astype(float)
    if z.shape[1] != len(train) or train.shape[1] != test.shape[1]:
        raise ValueError(
            f"{len(train)} training rows, labels {z.shape}; {train.shape[1]} dimensions, test {test.shape}"
        )
    n1 = z.sum(axis=1, keepdims=True)
    if not ((n1 > 0) & (n1 < len(train))).all():
        raise ValueError("each labelling needs training rows of both kinds")
    middle = train.mean(axis=0)
    train, test = train - middle, test - middle
    total = whitener(train).map
    one, zero = z @ train / n1, (1 - z) @ train / (len(train) - n1)
    axes = (one - zero) @ total @ total
    threshold = (axes * (one + zero)).sum(axis=1, keepdims=True) / 2
    return axes @ test.T > threshold


def read_class(train, codes, test) -> np.ndarray:
    """Tell for the rows of `test` `(m, d)` which class they belong to: whole numbers `(m,)` out of `codes` `(n,)`.

    The nearest class mean in the shrunk metric of the scatter within classes (a linear discriminant with equal priors).

    >>> read_class([[0.0], [1.0], [4.0], [5.0], [9.0], [8.0]], [0, 0, 1, 1, 2, 2], [[1.5], [3.5], [7.0]])
    array([0, 1, 2])
    """
    train, test, codes = checked(train, "train"), checked(test, "test", least=1), np.asarray(codes)
    if codes.shape != (len(train),) or train.shape[1] != test.shape[1]:
        raise ValueError(f"{len(train)} training rows, codes {codes.shape}; {train.shape[1]} dimensions, {test.shape}")
    kinds, of = np.unique(codes, return_inverse=True)
    means = group_means(train, of, kinds.size)
    metric = whitener(train - means[of]).map
    means, test = means @ metric, test @ metric
    return kinds[np.argmax(test @ means.T - (means**2).sum(axis=1) / 2, axis=1)]
