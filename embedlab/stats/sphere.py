"""Vectors of length 1: how closely they gather round their mean direction, and how they can differ there."""

import numpy as np

from embedlab.stats.vectors import checked


def resultant(x) -> float:
    """Squared length of the mean that vectors `(n, d)` of length 1 come from, free of sampling: 0 to 1.

    (n ‖mean‖² − 1) / (n − 1), the mean product of different rows, cut at 0. 1 is one direction, 0 is all directions;
    the plain ‖mean‖² is 1/n where there is none.

    >>> resultant([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    0.3333333333333333
    """
    x = checked(x)
    if not np.allclose((x**2).sum(axis=1), 1, atol=1e-4):
        raise ValueError("the vectors are not of length 1: scale them first")
    n = len(x)
    mean = x.sum(axis=0)
    return float(np.clip((mean @ mean - n) / (n * (n - 1)), 0, 1))


def radial_part(squared):
    """Deviation along the mean direction over that along any other, for vectors of length 1 in many dimensions.

    `squared` is the squared length of their mean, as `resultant` gives it: a number or an array. √(R²(1 − R²) / 2),
    at most .354: unit length alone keeps differences within a species off its mean direction. To first order in the
    spread of ‖noise‖², for tangent noise alike in all directions, so for ten dimensions or more.

    >>> radial_part([0.5, 1.0]).round(4)
    array([0.3536, 0.    ])
    """
    squared = np.asarray(squared, float)
    if not ((squared >= 0) & (squared <= 1)).all():
        raise ValueError("the squared length of a mean of unit vectors lies within 0 and 1")
    return np.sqrt(squared * (1 - squared) / 2)
