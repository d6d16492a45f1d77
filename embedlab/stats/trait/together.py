"""Several traits that evolve anew together: each at its own λ, with the correlation of their steps kept."""

import numpy as np
from scipy.linalg import solve_triangular

from embedlab.stats.tree.comparative import pagel_lambda
from embedlab.stats.tree.relatedness import as_matrix
from embedlab.stats.vectors import checked


def evolved_together(traits, covariance, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw sets of traits `(count, s, p)` that evolve on the tree as these `(s, p)` did; and λ of each trait `(p,)`.

    Each trait is a Brownian part of share λ, its own by maximum likelihood, and a part that knows no tree. The steps
    of both parts have the correlations that these traits show once the tree is taken out, so that a whole suite of
    characters is drawn jointly. Means are 0: distances know none. Errors: NaN, a constant trait, fewer than 3 species.

    >>> drawn, lam = evolved_together([[0.0], [1.0], [5.0]], np.eye(3), 2, np.random.default_rng(0))
    >>> drawn.shape, lam.shape
    ((2, 3, 1), (1,))
    """
    x = checked(np.asarray(traits, float), "traits", least=3)
    c = as_matrix(covariance)
    s, p = x.shape
    lam = np.array([pagel_lambda(column, c).lam for column in x.T])
    steps = np.empty((s, p))
    for j, (own, column) in enumerate(zip(lam, x.T, strict=True)):
        root = np.linalg.cholesky(_at(c, own) + 1e-10 * np.diag(np.diag(c)))
        y, one = (solve_triangular(root, v, lower=True) for v in (column, np.ones(s)))
        steps[:, j] = y - one * (one @ y) / (one @ one)
    values, vectors = np.linalg.eigh(steps.T @ steps / (s - 1))
    rate = vectors * np.sqrt(np.maximum(values, 0.0))  # (p, p): rate @ rate.T is how steps go together
    values, vectors = np.linalg.eigh(c)
    shared = (vectors * np.sqrt(np.maximum(values, 0.0))) @ rng.standard_normal((count, s, p))
    alone = np.sqrt(np.diag(c))[:, None] * rng.standard_normal((count, s, p))
    return (shared @ rate.T) * np.sqrt(lam) + (alone @ rate.T) * np.sqrt(1 - lam), lam


def _at(c: np.ndarray, lam: float) -> np.ndarray:
    return lam * c + (1 - lam) * np.diag(np.diag(c))
