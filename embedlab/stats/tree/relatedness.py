"""How related species are, as a matrix or as a tree, and how to make them unrelated for any λ.

A matrix is decomposed once (O(n³), then O(n²) a column); a structure is walked (O(n) a column and λ: `pruning`).
"""

import numpy as np

from embedlab.stats.tree.pruning import Pruned, is_structure


def checked_covariance(covariance, n: int) -> np.ndarray:
    """Give `covariance` as a float64 matrix; refuse wrong shapes, asymmetry and tips without any depth."""
    c = np.asarray(covariance, float)
    if c.shape != (n, n):
        raise ValueError(
            f"{n} species but a covariance of shape {c.shape}: prune the tree to the same species, in one order"
        )
    odd = ~np.isfinite(c)
    if not odd.any():
        odd = ~np.isclose(c, c.T, rtol=1e-8, atol=1e-12 * np.abs(c).max())
    if odd.any():
        raise ValueError(
            f"the covariance is not symmetric and finite (species {np.flatnonzero(odd.any(axis=1))[:5].tolist()}): "
            "take it from Tree.covariance(names)"
        )
    if (np.diag(c) <= 0).any():
        rootless = f"tips {np.flatnonzero(np.diag(c) <= 0)[:5].tolist()} have no distance to the root"
        hint = "give a tree with branch lengths"
        if not np.diag(c).any():
            hint = "are these distances? tree.covariance(names) gives the paths that two tips share"
        raise ValueError(f"{rootless}: {hint}")
    return c


def as_matrix(covariance) -> np.ndarray:
    """Give a covariance, or what a structure says of it, as a checked float64 matrix `(n, n)`."""
    if is_structure(covariance):
        return Pruned(covariance).covariance()
    return checked_covariance(covariance, len(covariance))


def refuse_twins(c: np.ndarray) -> None:
    """Refuse a covariance `(n, n)` with tips at distance zero, and name the pairs: it cannot be inverted."""
    twins = np.argwhere(np.triu(c > np.sqrt(np.outer(np.diag(c), np.diag(c))) * (1 - 1e-12), k=1))
    if len(twins):
        raise ValueError(
            f"the tree covariance is singular at λ = 1: tips {[tuple(t) for t in twins[:5].tolist()]} stand at "
            "distance zero; drop one of each such pair"
        )


class Whitening:
    """Turn related species into unrelated ones, for any λ, with one decomposition of the tree covariance.

    `at(lam)` gives the symmetric root W with W C_λ Wᵀ = I, where C_λ is `covariance` with its off-diagonal
    entries times λ: 0 takes species as unrelated, 1 takes the tree as it is.
    """

    def __init__(self, covariance):
        c = checked_covariance(covariance, len(covariance))
        self.depth = np.sqrt(np.diag(c))
        self.values, self.vectors = np.linalg.eigh(c / np.outer(self.depth, self.depth))
        self.n = c.shape[0]

    def spectrum(self, lam: float) -> np.ndarray:
        """Eigenvalues `(n,)` of the correlation form of C_λ."""
        return lam * np.maximum(self.values, 0.0) + (1 - lam)

    def singular(self, lam: float) -> bool:
        """Whether C_λ cannot be inverted: at λ = 1 two tips at distance zero make it so."""
        s = self.spectrum(lam)
        return bool(s.min() <= 1e-10 * s.max())

    def at(self, lam: float) -> np.ndarray:
        """The symmetric inverse root `(n, n)` of C_λ."""
        if self.singular(lam):
            raise ValueError(
                f"the tree covariance is singular at λ = {lam:g}: tips at distance zero; drop one of each such pair"
            )
        return (self.vectors / np.sqrt(self.spectrum(lam))) @ self.vectors.T / self.depth

    def rotate(self, y: np.ndarray) -> np.ndarray:
        """Coordinates of `y` `(n, p)` in which every C_λ is diagonal."""
        return self.vectors.T @ (y / self.depth[:, None])

    def whiten(self, x, lam: float) -> np.ndarray:
        """Rows `(n, p)` of `x` made unrelated at one λ. A singular C_λ is refused."""
        return self.at(lam) @ np.asarray(x, float)

    def whitened(self, x: np.ndarray, lam) -> tuple[np.ndarray, np.ndarray]:
        """Give rows `(g, n, p)` with ZᵀZ = XᵀC⁻¹X for each λ, and log det C_λ `(g,)`, which is -inf where singular."""
        s = np.stack([self.spectrum(v) for v in np.atleast_1d(lam)])
        flat = s.min(axis=1) <= 1e-10 * s.max(axis=1)
        s[flat] = 1.0
        log_det = 2 * np.log(self.depth).sum() + np.log(s).sum(axis=1)
        log_det[flat] = -np.inf
        return self.rotate(x) / np.sqrt(s)[:, :, None], log_det


Relatedness = Whitening | Pruned


def related(covariance, n: int) -> Relatedness:
    """Make ready what is known of the relatedness of `n` species: a matrix, a structure, or either made ready before.

    Both answer `.n`, `.whiten(x, lam)`, `.whitened(x, lams)` and `.singular(lam)`.
    """
    if isinstance(covariance, Whitening | Pruned):
        ready = covariance
    elif is_structure(covariance):
        ready = Pruned(covariance)
    else:
        ready = Whitening(checked_covariance(covariance, n))
    if ready.n != n:
        raise ValueError(f"{n} species in the trait, {ready.n} in the covariance: prune the tree to the same species")
    return ready
