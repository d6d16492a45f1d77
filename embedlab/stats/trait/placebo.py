"""Placebo traits: how often a test calls aligned what evolved without the embedding, and what it could have seen."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats as sps

from embedlab.stats.resample import p_value
from embedlab.stats.shown import Shown
from embedlab.stats.trait.alignment import LEVEL, Problem, residual_orders
from embedlab.stats.trait.alignment_nulls import MODELS, drawn_traits, evolved_traits, hidden_lambda, left_over, pulls
from embedlab.stats.trait.kinds import by_thresholds, columns_of
from embedlab.stats.trait.regression import whitened
from embedlab.stats.tree.evolution import phylo_permutations, simulate, spectral_randomisation

STAMP_ABOVE = 0.07  # realised error at a nominal .05 from which a result is stamped UNCALIBRATED
AGAIN = 5  # a panel above it is made this much larger first: one in thirteen honest panels of 200 exceeds 7 % by luck
NEAR = np.array([0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995, 1])  # λ at which such draws are made
SHARED = 999  # draws that many placebos share: their error is in all of them
FEWER = 39  # draws for each placebo where each draw's λ has to be fitted anew


@dataclass(frozen=True, eq=False, repr=False)
class PlaceboPanel(Shown):
    """Placebo traits put through a test: the share called aligned at .05, which should be .05 or less.

    `rates` are those of traits that evolved by Brownian motion and at the λ of the trait itself (`models`), `called`
    and `drawn` the counts behind them. `rate` and `interval` (95 %, Clopper & Pearson) are those of the worse.
    """

    models: tuple[str, ...]
    called: tuple[int, ...]
    drawn: tuple[int, ...]

    @property
    def rates(self) -> tuple[float, ...]:
        """Share called aligned, by model."""
        return tuple(c / d for c, d in zip(self.called, self.drawn, strict=True))

    @property
    def rate(self) -> float:
        """The larger rate."""
        return max(self.rates)

    @property
    def interval(self) -> tuple[float, float]:
        """Monte Carlo interval of the larger rate."""
        worst = int(np.argmax(self.rates))
        return _clopper_pearson(self.called[worst], self.drawn[worst])

    @property
    def calibrated(self) -> bool:
        """Whether no more than 7 % are called, by either model."""
        return self.rate <= STAMP_ABOVE

    def __str__(self) -> str:
        low, high = self.interval
        by = ", ".join(f"{m} {r:.1%} of {d}" for m, r, d in zip(self.models, self.rates, self.drawn, strict=True))
        stamp = "" if self.calibrated else "UNCALIBRATED: "
        return f"{stamp}of placebo traits {self.rate:.1%} are called aligned ({low:.1%} to {high:.1%}; {by})"


def placebo_panel(
    x, trait, covariance, *, null: str = "rrpp", covariates=None, clades=None, lam: float | str = "ml",
    placebos: int = 200, permutations: int = 199, also: Callable | None = None, rng: np.random.Generator,
) -> PlaceboPanel:  # fmt: skip
    """Put simulated traits through the test that `aligned_beyond_phylogeny` is, on the same tree and vectors.

    Arguments as there; the trait says how placebos look: one or several columns, or kinds in the same numbers.
    `placebos` are drawn by Brownian motion, and as many at the trait's own λ. Where more than 7 % are called, and luck
    could still be the reason, four times more are drawn. For the nulls `bm`, `lambda` and `ou` placebos share draws
    with others of nearly the same parameter; `phylo_perm`, `msr` and `mk` take 39 draws each. Explicit permutations
    are not taken: a placebo's shuffles are its own. `also(columns)` gives the p-value of a second test that must be
    passed too, for a placebo `(n, p)` that passed the first. Errors as there.

    >>> x = np.arange(16.0).reshape(8, 2) ** 2 % 7
    >>> placebo_panel(x, x[:, 0], np.eye(8), placebos=2, permutations=9, rng=np.random.default_rng(0)).rates
    (0.0, 0.0)

    (Nine shuffles cannot reach .05.)
    """
    problem = Problem.of(x, trait, covariance, covariates)
    own = float(problem.lam("ml", problem.columns[None])[0])
    test = _Test(problem, null, lam, clades, permutations, rng)
    called, drawn = [], []
    for model, parameter in (("bm", None), ("lambda", float(test.hidden(np.array([own]))[0]))):
        hits = _called(problem, test, also, model, parameter, placebos, rng)
        total = placebos
        if hits / total > STAMP_ABOVE and _clopper_pearson(hits, total)[0] <= STAMP_ABOVE:
            hits += _called(problem, test, also, model, parameter, (AGAIN - 1) * placebos, rng)
            total *= AGAIN
        called.append(hits)
        drawn.append(total)
    return PlaceboPanel(("Brownian", f"λ = {own:.2f}"), tuple(called), tuple(drawn))


def _clopper_pearson(k: int, n: int) -> tuple[float, float]:
    low = sps.beta.ppf(0.025, k, n - k + 1) if k else 0.0
    high = sps.beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
    return float(low), float(high)


def _called(problem: Problem, test: "_Test", also, model: str, parameter, count: int, rng) -> int:
    traits = evolved_traits(problem, model, parameter, count, rng)
    passed = [t for t, p in zip(traits, test.p_values(traits), strict=True) if p <= LEVEL + 1e-12]
    return len(passed) if also is None else sum(also(t) <= LEVEL + 1e-12 for t in passed)


class _Test:
    """The test under one null, for many traits on the same tree and vectors."""

    def __init__(self, problem: Problem, null: str, lam, clades, permutations: int, rng):
        self.problem, self.null, self.clades, self.b, self.rng = problem, null, clades, permutations, rng
        self.rule = 0.0 if null == "free" else lam
        self.drawn: dict[float, np.ndarray] = {}
        self.hidden = (lambda v: v) if problem.codes is None else hidden_lambda(problem, rng)

    def p_values(self, traits: np.ndarray) -> list[float]:
        """The p-value of each trait `(k, n, p)`."""
        lam = self.problem.lam(self.rule, traits)
        if self.null in ("rrpp", "free", "within_clade"):
            return [self._permuted(t, v) for t, v in zip(traits, lam, strict=True)]
        observed = self.problem.descent.shares(traits, lam)
        if self.null in MODELS:
            near = self._parameters(traits)
            return [p_value(s, self._evolved(v)) for s, v in zip(observed, near, strict=True)]
        return [p_value(s, self._values(t)) for s, t in zip(observed, self._redrawn(traits), strict=True)]

    def _values(self, traits: np.ndarray) -> np.ndarray:
        return self.problem.descent.shares(traits, self.problem.lam(self.rule, traits))

    def _permuted(self, columns: np.ndarray, lam: float) -> float:
        fit = self.problem.regression(columns, float(lam))
        return p_value(fit.share, fit.permuted(residual_orders(self.null, len(columns), self.b, self.clades, self.rng)))

    def _parameters(self, traits: np.ndarray) -> np.ndarray:
        """What the null's model would be fitted as, on a grid: λ (dense near 1, where it matters most) or α."""
        if self.null == "lambda":
            own = self.hidden(self.problem.lam("ml", traits))
            return NEAR[np.abs(own[:, None] - NEAR).argmin(axis=1)]
        if self.null == "ou":
            return pulls(self.problem, traits)
        return np.zeros(len(traits))

    def _evolved(self, parameter: float) -> np.ndarray:
        # Neither the reduced model's part of a trait nor its scale changes the statistic: the parameter says it all.
        if parameter not in self.drawn:
            value = None if self.null == "bm" else float(parameter)
            self.drawn[parameter] = self._values(evolved_traits(self.problem, self.null, value, SHARED, self.rng))
        return self.drawn[parameter]

    def _redrawn(self, traits: np.ndarray):
        """For each trait the draws of its own null `(b, n, p)`; one set of shuffles or turns serves all."""
        c, b, rng = self.problem.covariance, min(self.b, FEWER), self.rng
        if self.null == "mk":
            for t in traits:
                codes = (t @ np.arange(1, t.shape[1] + 1)).astype(int)
                yield drawn_traits(replace(self.problem, columns=t, codes=codes), "mk", 1.0, b, rng)
            return
        left = traits
        if self.problem.base.shape[1] > 1 and self.problem.codes is None:
            lam = self.problem.lam("ml", traits)
            left = np.stack([left_over(replace(self.problem, columns=t), v) for t, v in zip(traits, lam, strict=True)])
        if self.null == "phylo_perm":
            orders = phylo_permutations(c, b, rng)
            yield from (t[orders] for t in left)
            return
        k, n, p = left.shape
        turned = spectral_randomisation(left.transpose(1, 0, 2).reshape(n, -1), c, b, rng).reshape(b, n, k, p)
        yield from turned.transpose(2, 0, 1, 3)


@dataclass(frozen=True, eq=False, repr=False)
class Power(Shown):
    """What a test on this tree could have seen: shares planted, and how often they would be called at .05.

    `strength` `(g,)` is the part of the trait's variance beyond descent that is a direction of the space, `share`
    `(g,)` the adjusted R² that it gives on average, `power` `(g,)` how often it is called.
    """

    strength: np.ndarray
    share: np.ndarray
    power: np.ndarray

    @property
    def smallest(self) -> float:
        """The smallest share that would be called in 80 % of cases; nan where even the strongest is not."""
        power = np.maximum.accumulate(self.power)
        if power[-1] < 0.8:
            return float("nan")
        at = int(np.argmax(power >= 0.8))
        if at == 0:
            return float(self.share[0])
        part = (0.8 - power[at - 1]) / (power[at] - power[at - 1])
        return float(self.share[at - 1] + part * (self.share[at] - self.share[at - 1]))


STRENGTHS = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])


def injected_power(
    x, trait, covariance, null_values, *, covariates=None, lam: float | str = "ml", draws: int = 100,
    rng: np.random.Generator,
) -> Power:  # fmt: skip
    """Plant traits on the tree and in the vectors at hand, and tell which share of the space would have been seen.

    A planted trait is a random direction of the vectors beside Brownian noise, mixed at each of eleven strengths and
    cut at thresholds where the trait has kinds. It is called where its adjusted R² exceeds the upper 5 % of
    `null_values` `(b,)`, the null of the test that was made. Directions are drawn evenly, so they lean towards the axes
    along which species differ most: power for a trait on a small axis is less. Errors as in `aligned_beyond_phylogeny`.

    >>> x = np.arange(16.0).reshape(8, 2) ** 2 % 7
    >>> found = injected_power(x, x[:, 0], np.eye(8), [2.0], draws=2, rng=np.random.default_rng(0))
    >>> found.power.any(), found.smallest  # no share passes a null of 2
    (np.False_, nan)
    """
    problem = Problem.of(x, trait, covariance, covariates)
    null_values = np.asarray(null_values, float)
    if null_values.ndim != 1 or not null_values.size or not np.isfinite(null_values).all():
        raise ValueError(f"null_values must be a row of finite numbers, Alignment.null; saw shape {null_values.shape}")
    critical = np.quantile(null_values, 1 - LEVEL)
    n = len(problem.columns)
    kinds = 0 if problem.codes is None else int(problem.codes.max()) + 1
    hidden = kinds or problem.columns.shape[1]
    share, power = np.empty(STRENGTHS.size), np.empty(STRENGTHS.size)
    where = problem.covariance if problem.structure is None else problem.structure
    for i, strength in enumerate(STRENGTHS):
        noise = _unit_rate(problem, simulate(where, rng, count=draws * hidden).T)
        along = _unit_rate(problem, problem.x @ rng.standard_normal((problem.x.shape[1], draws * hidden)))
        mixed = np.sqrt(strength) * along + np.sqrt(1 - strength) * noise
        traits = mixed.T.reshape(draws, hidden, n).transpose(0, 2, 1)
        if kinds:
            traits = columns_of(by_thresholds(traits, problem.codes, rng), kinds)
        values = problem.descent.shares(traits, problem.lam(lam, traits))
        share[i], power[i] = values.mean(), (values > critical).mean()
    return Power(STRENGTHS, share, power)


def _unit_rate(problem: Problem, columns: np.ndarray) -> np.ndarray:
    """Scale columns `(n, k)` to a Brownian rate of 1 about what the reduced model fits."""
    top = problem.descent.grid[-1]
    fit = problem.regression(problem.columns, top)
    white = whitened(problem.white, top, columns)[0]
    left = white - fit.q0 @ (fit.q0.T @ white)
    return columns / np.sqrt((left**2).sum(axis=0) / fit.free)
