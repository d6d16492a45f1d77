"""Does a trait go along with an embedding beyond what common descent alone would give?"""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.comparative import Whitening, checked_covariance, pagel_lambda
from embedlab.stats.resample import p_value, permutations_of
from embedlab.stats.vectors import checked


@dataclass(frozen=True, eq=False)
class Alignment:
    """Share of what sets species apart, beyond descent, that goes along with a trait.

    `statistic` is the adjusted R² (chance 0, at most 1), `null` `(b,)` what it is with residuals permuted,
    `interval` a 95 % jackknife over species, `pseudo` `(n,)` its pseudo-values, whose mean is the estimate. `axis`
    `(n,)` is each species' position along the trait direction fitted without its own row, and `directions` `(n, d)`
    are those directions, of length 1. `lam` is the λ at which species were made unrelated.
    """

    statistic: float
    r_squared: float
    p_value: float
    null: np.ndarray
    interval: tuple[float, float]
    lam: float
    axis: np.ndarray
    directions: np.ndarray
    pseudo: np.ndarray


def design(trait) -> np.ndarray:
    """Turn a trait into predictor columns `(n, p)`: numbers stand as they are, kinds become 0/1 without the first.

    >>> design(np.array(["forest", "desert", "forest"]))
    array([[1.],
           [0.],
           [1.]])
    """
    trait = np.asarray(trait)
    if trait.dtype.kind in "fiub":
        trait = trait.astype(float)
        return trait[:, None] if trait.ndim == 1 else trait
    kinds = np.unique(trait.astype(str))
    return (trait.astype(str)[:, None] == kinds[None, 1:]).astype(float)


def aligned_beyond_phylogeny(
    x, trait, covariance, *, null: str = "rrpp", permutations=999, covariates=None,
    lam: float | str = "ml", rng: np.random.Generator | None = None,
) -> Alignment:  # fmt: skip
    """Test whether species vectors go along with a trait, with descent taken out.

    `x` `(n, d)` are species means, `trait` `(n,)` numbers or kinds, `covariance` the `(n, n)` tree covariance,
    `covariates` `(n, q)` numbers that stand in the reduced model. Species are made unrelated at λ (`"ml"`: that
    of the trait; or a number from 0 to 1), the embedding is regressed on the trait, and the residuals of the
    reduced model are permuted (RRPP: Adams & Collyer 2018). `null="lambda"` simulates the trait under Brownian
    motion on the λ-transformed tree instead, refitting λ each time (numeric traits); `null="free"` permutes species
    as if unrelated, which rejects true nulls far too often on related species.

    Errors: fewer than 8 species, NaN, a constant trait, more predictors than species, a singular covariance.
    """
    columns = design(trait)
    if (np.ptp(columns, axis=0) == 0).any() or columns.shape[1] == 0:
        raise ValueError("the trait is the same in all species: nothing can go along with it")
    x, y = checked(x, least=8), checked(columns, "trait", least=8)
    n = x.shape[0]
    if y.shape[0] != n:
        raise ValueError(f"{n} species vectors but {y.shape[0]} trait values: align them by name first")
    extra = np.zeros((n, 0)) if covariates is None else checked(covariates, "covariates", least=8)
    if y.shape[1] + extra.shape[1] + 2 >= n:
        raise ValueError(f"{y.shape[1] + extra.shape[1]} predictors for {n} species: too many; merge rare kinds")
    white = Whitening(checked_covariance(covariance, n))
    if null == "free":
        lam = 0.0
    chosen = _lambda_of(y, white) if lam == "ml" else float(lam)
    fit = _Fit(x, y, extra, white.at(chosen))
    if null in ("rrpp", "free"):
        values = fit.permuted(permutations_of(n, permutations, rng))
    elif null == "lambda":
        values = _simulated(x, y, extra, white, chosen, int(permutations), rng)
    else:
        raise ValueError(f"null={null!r} is not known: use 'rrpp', 'lambda' or 'free'")
    observed = fit.adjusted(fit.explained(fit.left))
    without = fit.without_each()
    directions = fit.directions()
    axis = ((x - x.mean(axis=0)) * directions).sum(axis=1)
    return Alignment(
        float(observed), float(fit.explained(fit.left) / fit.total), p_value(observed, values), values,
        jackknife(without, observed), chosen, axis, directions,
        n * observed - (n - 1) * without,
    )  # fmt: skip


def _lambda_of(y: np.ndarray, white: Whitening) -> float:
    lam = pagel_lambda(y, white).lam
    # At the very boundary a pair of tips at distance zero makes the covariance singular: step inside.
    while white.singular(lam):
        lam -= 1e-3
    return max(lam, 0.0)


class _Fit:
    """The regression of whitened species vectors on a whitened trait, ready to be refitted under permutations."""

    def __init__(self, x, y, extra, root):
        n = x.shape[0]
        self.root = root
        reduced = root @ np.column_stack([np.ones(n), extra])
        self.q0 = np.linalg.qr(reduced)[0]
        left = root @ x
        dust = 1e-12 * np.linalg.norm(left)
        left -= self.q0 @ (self.q0.T @ left)
        # Rotating the space changes no sum of squares: n − 1 coordinates are enough, however many there were.
        u, s, vt = np.linalg.svd(left, full_matrices=False)
        keep = s > s[0] * 1e-12 if s.size and s[0] > 0 else slice(0, 0)
        self.left, self.turn = u[:, keep] * s[keep], vt[keep]
        self.total = float((self.left**2).sum())
        if not self.total > dust**2:
            raise ValueError("the species vectors do not differ: nothing can go along with a trait")
        whole = root @ y
        self.qy, triangle = np.linalg.qr(whole - self.q0 @ (self.q0.T @ whole))
        # Against the length before projection: what a covariate explains wholly leaves dust, not a direction.
        if (np.abs(np.diag(triangle)) < 1e-10 * np.linalg.norm(whole, axis=0)).any():
            raise ValueError("the trait's columns, or the trait and the covariates, are linearly dependent")
        self.qy = self.qy * np.sign(np.diag(triangle))  # QR may turn a column round: keep the trait's own sense
        self.free = n - self.q0.shape[1]
        self.p = self.qy.shape[1]

    def explained(self, left) -> float:
        return float(((self.qy.T @ left) ** 2).sum())

    def adjusted(self, explained, total=None):
        total = self.total if total is None else total
        return 1 - (1 - explained / total) * self.free / (self.free - self.p)

    def permuted(self, orders: np.ndarray) -> np.ndarray:
        values = np.empty(len(orders))
        for i, t in enumerate(orders):
            moved = self.left[t]
            total = self.total - ((self.q0.T @ moved) ** 2).sum()  # a shuffle brings the intercept back in
            values[i] = self.adjusted(self.explained(moved), total)
        return values

    def without_each(self) -> np.ndarray:
        """Adjusted R² without each species in turn: the leave-one-out downdate of both regressions."""
        basis = np.hstack([self.q0, self.qy])
        h0 = (self.q0**2).sum(axis=1)
        h1 = (basis**2).sum(axis=1)
        full = self.left - basis @ (basis.T @ self.left)
        rss0 = self.total - (self.left**2).sum(axis=1) / np.maximum(1 - h0, 1e-9)
        rss1 = (full**2).sum() - (full**2).sum(axis=1) / np.maximum(1 - h1, 1e-9)
        free = self.free - 1
        return 1 - (rss1 / (free - self.p)) / (rss0 / free)

    def directions(self) -> np.ndarray:
        """For each species the direction of the trait fitted without it: `(n, d)`, of length 1."""
        whole = np.linalg.svd(self.qy.T @ self.left, full_matrices=False)[2][0]
        if self.p == 1:
            whole = (self.qy.T @ self.left)[0]  # increasing with the trait, where it has an order
        found = np.empty_like(self.left)
        for i in range(len(found)):
            cross = self.qy.T @ self.left - np.outer(self.qy[i], self.left[i])
            w = cross[0] if self.p == 1 else np.linalg.svd(cross, full_matrices=False)[2][0]
            w = w if w @ whole >= 0 else -w
            found[i] = w / (np.linalg.norm(w) or 1.0)
        return found @ self.turn


def _simulated(x, y, extra, white: Whitening, lam: float, b: int, rng) -> np.ndarray:
    if rng is None:
        raise TypeError("simulated traits need rng=np.random.default_rng(seed)")
    if y.shape[1] != 1:
        raise ValueError("null='lambda' simulates one numeric trait; use null='rrpp' for kinds")
    values = np.empty(b)
    root = white.vectors * np.sqrt(white.spectrum(lam))
    for i in range(b):
        drawn = (white.depth * (root @ rng.standard_normal(white.n)))[:, None]
        fit = _Fit(x, drawn, extra, white.at(_lambda_of(drawn, white)))
        values[i] = fit.adjusted(fit.explained(fit.left))
    return values
