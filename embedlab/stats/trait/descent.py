"""Species vectors where every C_λ is diagonal: λ and the share explained, for thousands of traits at once."""

import numpy as np

from embedlab.stats.tree.relatedness import Whitening

# Denser towards 1, where the likelihood of a trait that follows the tree turns quickly.
GRID = np.unique(np.r_[np.linspace(0, 1, 41), 1 - np.geomspace(1e-6, 0.02, 12)])
GOLDEN = (np.sqrt(5) - 1) / 2
STEPS = 24  # golden sections of traits: a bracket of .05 becomes 5e-7
FEWER_STEPS = 17  # of vectors, where a step is dear: one of .2 becomes 6e-5
CHUNK = 4_000_000  # numbers held at once, so that forty thousand traits fit in memory


def reduced(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotate vectors `(n, d)` into the at most n − 1 dimensions that they differ in: `(n, r)` and the turn `(r, d)`.

    Sums of squares stay, whatever the number of dimensions was. Vectors that do not differ are refused.
    """
    centred = x - x.mean(axis=0)
    u, s, vt = np.linalg.svd(centred, full_matrices=False)
    if not s.size or not s[0] > 1e-12 * np.linalg.norm(x):
        raise ValueError("the species vectors do not differ: nothing can go along with a trait")
    keep = s > s[0] * 1e-12
    return u[:, keep] * s[keep], vt[keep]


class Descent:
    """Vectors `x` `(n, r)` and a reduced model `base` `(n, m)`, ones included, rotated by the tree's eigenvectors.

    Traits come as `(k, n, p)`: k of them with p columns each. Nothing here is permuted; a trait that is simulated
    again and again, its λ refitted each time, costs a few matrix products for all of them together.
    """

    def __init__(self, x: np.ndarray, base: np.ndarray, white: Whitening):
        self.white = white
        self.n, self.m = base.shape
        self.x = white.rotate(x)
        self.base = white.rotate(base)
        self.products = (self.base[:, :, None] * self.base[:, None, :]).reshape(self.n, -1)
        self.length = (self.x**2).sum(axis=1)
        self.grid = np.array([v for v in GRID if not white.singular(v)])
        # For vectors, whose every step is dear and whose likelihood is smoother than that of one trait.
        self.coarse = self.grid[np.unique(np.r_[0:40:4, 40 : self.grid.size : 3, self.grid.size - 1])]

    def rotate(self, traits: np.ndarray) -> np.ndarray:
        """Rotate traits `(k, n, p)`."""
        return np.matmul(self.white.vectors.T, np.asarray(traits, float) / self.white.depth[:, None])

    def _weights(self, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Inverse variances `(k, n)` and log determinants `(k,)` at each λ."""
        s = lam[:, None] * np.maximum(self.white.values, 0.0) + (1 - lam)[:, None]
        return 1 / s, np.log(s).sum(axis=1)

    def _chunks(self, k: int, each: int):
        step = max(1, CHUNK // each)
        return (slice(i, min(i + step, k)) for i in range(0, k, step))

    def lambdas(self, traits: np.ndarray, of: str = "trait") -> np.ndarray:
        """Pagel's λ of each trait `(k, n, p)` by maximum likelihood over [0, 1], the reduced model taken out: `(k,)`.

        The columns of a trait share one λ. `of="full"` gives the λ of what base and trait together leave of the
        vectors, all dimensions counted with the same variance. Where tips at distance zero make λ = 1 singular,
        the search ends just short of it.
        """
        y = self.rotate(traits)
        found = []
        for part in self._chunks(len(y), self.n * y.shape[2] * (4 + y.shape[2])):
            if of == "trait":
                found.append(self._search(y[part], self._on_grid(y[part]), self._height_of_trait, self.grid))
            else:
                steps = [self._height_of_vectors(y[part], np.full(len(y[part]), v)) for v in self.coarse]
                heights = np.stack(steps, axis=1)
                found.append(self._search(y[part], heights, self._height_of_vectors, self.coarse, FEWER_STEPS))
        return np.concatenate(found)

    def _search(self, y: np.ndarray, heights: np.ndarray, height, grid: np.ndarray, steps: int = STEPS) -> np.ndarray:
        top = heights.argmax(axis=1)
        best, peak = grid[top], heights[np.arange(len(y)), top]
        low, high = grid[np.maximum(top - 1, 0)], grid[np.minimum(top + 1, grid.size - 1)]
        a, b = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        at_a, at_b = height(y, a), height(y, b)
        for _ in range(steps):
            left = at_a > at_b
            high, low = np.where(left, b, high), np.where(left, low, a)
            a, b = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
            new = height(y, np.where(left, a, b))
            at_a, at_b = np.where(left, new, at_b), np.where(left, at_a, new)
        middle = (low + high) / 2
        return np.where(height(y, middle) > peak, middle, best)

    def _on_grid(self, y: np.ndarray) -> np.ndarray:
        """Log-likelihood `(k, g)` of each trait on the grid: λ is the same for all, so that two products do."""
        k, n, p = y.shape
        w, log_det = self._weights(self.grid)
        a = (w @ self.products).reshape(-1, self.m, self.m)
        flat = y.transpose(0, 2, 1)
        b = (flat @ (w[:, :, None] * self.base).transpose(1, 0, 2).reshape(n, -1)).reshape(k, p, -1, self.m)
        b = b.transpose(0, 2, 3, 1)
        c = (flat[:, :, None] * flat[:, None]) @ w.T
        return self._likelihood(c.transpose(0, 3, 1, 2), b, np.linalg.solve(a, b), log_det)

    def _likelihood(self, c, b, solved, log_det) -> np.ndarray:
        p = c.shape[-1]
        if p == 1:
            left = c[..., 0, 0] - (b * solved).sum(axis=(-2, -1))
            return -0.5 * (self.n * np.log(np.maximum(left, 1e-300)) + log_det)
        left = c - np.matmul(np.swapaxes(b, -1, -2), solved)
        return -0.5 * (self.n * np.linalg.slogdet(left)[1] + p * log_det)

    def _height_of_trait(self, y: np.ndarray, lam: np.ndarray) -> np.ndarray:
        w, log_det = self._weights(lam)
        weighted = y * w[:, :, None]
        a = (w @ self.products).reshape(-1, self.m, self.m)
        b = np.matmul(self.base.T, weighted)
        if y.shape[2] == 1:
            c = (y[:, :, 0] * weighted[:, :, 0]).sum(axis=1)[:, None, None]
        else:
            c = np.matmul(y.transpose(0, 2, 1), weighted)
        return self._likelihood(c, b, np.linalg.solve(a, b), log_det)

    def _height_of_vectors(self, y: np.ndarray, lam: np.ndarray) -> np.ndarray:
        rss = self._left(y, lam)[1]
        return -0.5 * (self.n * np.log(np.maximum(rss, 1e-300)) + self._weights(lam)[1])

    def _left(self, y: np.ndarray, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of squares that base alone, and base with trait, leave of the whitened vectors: twice `(k,)`."""
        k, n, p = y.shape
        w = self._weights(lam)[0]
        basis = np.concatenate([np.broadcast_to(self.base, (k, n, self.m)), y], axis=2)
        weighted = basis * w[:, :, None]
        a = np.matmul(basis.transpose(0, 2, 1), weighted)
        cross = np.matmul(weighted.transpose(0, 2, 1).reshape(-1, n), self.x).reshape(k, self.m + p, -1)
        square = np.matmul(cross, cross.transpose(0, 2, 1))
        total = w @ self.length
        m = self.m
        fitted0 = np.trace(np.linalg.solve(a[:, :m, :m], square[:, :m, :m]), axis1=1, axis2=2)
        fitted1 = np.trace(np.linalg.solve(a, square), axis1=1, axis2=2)
        return total - fitted0, total - fitted1

    def shares(self, traits: np.ndarray, lam: np.ndarray) -> np.ndarray:
        """Adjusted R² `(k,)` of the regression of the whitened vectors on each trait `(k, n, p)` at its λ `(k,)`."""
        y = self.rotate(traits)
        free, p = self.n - self.m, y.shape[2]
        found = []
        for part in self._chunks(len(y), self.n * 3 * (self.m + p) + self.x.shape[1] * (self.m + p)):
            before, after = self._left(y[part], lam[part])
            found.append(1 - after / before * free / (free - p))
        return np.concatenate(found)
