"""One regression of whitened species vectors on a whitened trait, refitted under permutations and without each row."""

import numpy as np

from embedlab.stats.tree.relatedness import Whitening


def whitened(white: Whitening, lam: float, *columns: np.ndarray) -> list[np.ndarray]:
    """Make species unrelated at λ: each `(n, c)` times the symmetric inverse root of C_λ."""
    root = np.sqrt(white.spectrum(lam))[:, None]
    return [white.vectors @ (white.rotate(c) / root) for c in columns]


class Regression:
    """Whitened vectors `(n, r)` on a whitened trait `(n, p)`, beside a reduced model `(n, m)` with its ones."""

    def __init__(self, x: np.ndarray, y: np.ndarray, base: np.ndarray):
        n = x.shape[0]
        self.q0 = np.linalg.qr(base)[0]
        self.left = x - self.q0 @ (self.q0.T @ x)
        self.total = float((self.left**2).sum())
        if not self.total > (1e-12 * np.linalg.norm(x)) ** 2:
            raise ValueError("the species vectors do not differ: nothing can go along with a trait")
        self.qy, triangle = np.linalg.qr(y - self.q0 @ (self.q0.T @ y))
        # Against the length before projection: what a covariate explains wholly leaves dust, not a direction.
        if (np.abs(np.diag(triangle)) < 1e-10 * np.linalg.norm(y, axis=0)).any():
            raise ValueError("the trait's columns, or the trait and the covariates, are linearly dependent")
        self.qy = self.qy * np.sign(np.diag(triangle))  # QR may turn a column round: keep the trait's own sense
        self.free = n - self.q0.shape[1]
        self.p = self.qy.shape[1]

    @property
    def explained(self) -> float:
        """Sum of squares that the trait explains beyond the reduced model."""
        return float(((self.qy.T @ self.left) ** 2).sum())

    @property
    def r_squared(self) -> float:
        """Share of what the reduced model leaves, 0 to 1."""
        return self.explained / self.total

    @property
    def share(self) -> float:
        """Adjusted R²: 0 on average where nothing is, 1 at most."""
        return float(self._adjusted(self.explained, self.total))

    def _adjusted(self, explained, total):
        return 1 - (1 - explained / total) * self.free / (self.free - self.p)

    def permuted(self, orders: np.ndarray) -> np.ndarray:
        """Adjusted R² `(b,)` with the residuals of the reduced model in each of these orders `(b, n)` (RRPP)."""
        values = np.empty(len(orders))
        step = max(1, 2_000_000 // max(self.left.shape))
        for i in range(0, len(orders), step):
            back = np.argsort(orders[i : i + step], axis=1)  # moving the rows one way is moving the trait the other
            explained = sum(((q[back] @ self.left) ** 2).sum(axis=1) for q in self.qy.T)
            # A shuffle brings the reduced model back into the residuals: it is taken out again.
            returned = sum(((q[back] @ self.left) ** 2).sum(axis=1) for q in self.q0.T)
            values[i : i + step] = self._adjusted(explained, self.total - returned)
        return values

    def without_each(self) -> np.ndarray:
        """Adjusted R² without each species in turn `(n,)`: the leave-one-out downdate of both regressions."""
        basis = np.hstack([self.q0, self.qy])
        h0 = (self.q0**2).sum(axis=1)
        h1 = (basis**2).sum(axis=1)
        full = self.left - basis @ (basis.T @ self.left)
        rss0 = self.total - (self.left**2).sum(axis=1) / np.maximum(1 - h0, 1e-9)
        rss1 = (full**2).sum() - (full**2).sum(axis=1) / np.maximum(1 - h1, 1e-9)
        free = self.free - 1
        return 1 - (rss1 / (free - self.p)) / (rss0 / free)

    def directions(self) -> np.ndarray:
        """For each species the direction of the trait fitted without it: `(n, r)`, of length 1."""
        cross = self.qy.T @ self.left
        whole = cross[0] if self.p == 1 else np.linalg.svd(cross, full_matrices=False)[2][0]
        found = np.empty_like(self.left)
        for i in range(len(found)):
            own = cross - np.outer(self.qy[i], self.left[i])
            w = own[0] if self.p == 1 else np.linalg.svd(own, full_matrices=False)[2][0]
            w = w if w @ whole >= 0 else -w  # increasing with the trait, where it has an order
            found[i] = w / (np.linalg.norm(w) or 1.0)
        return found
