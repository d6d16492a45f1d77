"""Which curve does a measure follow along a scale, and what does it foretell?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from embedlab.stats.shown import Shown
from embedlab.stats.trend.curves import BY_NAME, FORMS, Form
from embedlab.stats.trend.huber import descend, huber

HOFFMANN = 1e-3  # where Huber's loss turns straight, for hundreds of points
DELTA = 0.1  # and for few: beyond a tenth (in logarithms, or in standard deviations) a residual counts straight
BEST = 12  # starts that are followed to their end
FAR = 1e6  # a curve that explodes is as wrong as this, and stays a number
AHEAD = 10.0  # how far beyond the largest scale a law is asked for its forecast


@dataclass(frozen=True, eq=False, repr=False)
class LawFit(Shown):
    """One law fitted to all scales: its parameters, its errors where a scale was held out, and its forecast.

    `held_out` is the root mean square of the residuals of scales that were left out one at a time, `last` the
    residual of the largest scale when that was left out, both in the kind of residual that `Laws.residual` names.
    `intervals` and `forecast_interval` are 95 % over resampled values, nan where none were given. `wins` is the share
    of resamples in which this law has the smallest `held_out`.
    """

    name: str
    formula: str
    parameters: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    loss: float
    held_out: float
    last: float
    forecast: float
    forecast_interval: tuple[float, float]
    wins: float
    predict: Callable


@dataclass(frozen=True, eq=False, repr=False)
class Laws(Shown):
    """Laws that were compared, the one with the smallest held-out error first; a constant stands for "no scaling"."""

    fits: tuple[LawFit, ...]
    residual: str
    ahead: float

    @property
    def best(self) -> LawFit:
        """The law that foretells a scale it has not seen with the smallest error."""
        return self.fits[0]

    def __getitem__(self, name: str) -> LawFit:
        """A law by its name."""
        for fit in self.fits:
            if fit.name == name:
                return fit
        raise KeyError(f"no law called {name!r} was fitted; there are {', '.join(f.name for f in self.fits)}")

    def __contains__(self, name: str) -> bool:
        """Whether a law of this name was fitted."""
        return any(f.name == name for f in self.fits)


class _Fitter:
    """One form on one set of points: starts, residuals, and fits with points held out or values drawn again."""

    def __init__(self, form: Form, x: np.ndarray, y: np.ndarray, scale: float | None, delta: float):
        self.form, self.y, self.scale, self.delta = form, y, scale, delta
        self.shift = x.mean(axis=0)
        self.z = x - self.shift

    def residual(self, theta, y, z=None):
        f = self.form.curve(theta, self.z if z is None else z)
        with np.errstate(over="ignore"):
            r = np.log(np.maximum(f, 1e-300) / y) if self.scale is None else (f - y) / self.scale
        return np.clip(r, -FAR, FAR)

    def starts(self, keep: np.ndarray) -> np.ndarray:
        """The best of many shapes, each with its weights by least squares on the points kept."""
        columns, rest = self.form.shapes(self.z)
        z = self.z[keep]
        share = 1 / self.y[keep] if self.scale is None else np.ones(keep.sum())
        a = columns[:, :, keep] * share
        square = np.einsum("scm,stm->sct", a, a)
        square += 1e-12 * np.einsum("scc->s", square)[:, None, None] * np.eye(square.shape[1])
        weights = np.linalg.solve(square, (a @ (self.y[keep] * share))[:, :, None])[:, :, 0]
        theta = self.form.begin(weights, rest)
        with np.errstate(all="ignore"):
            loss = huber(np.nan_to_num(self.residual(theta, self.y[keep], z), nan=1e6, posinf=1e6), self.delta)
        return theta[np.argsort(loss, kind="stable")[:BEST]]

    def fit(self, keep: np.ndarray) -> tuple[np.ndarray, float]:
        theta = self.starts(keep)
        moved, loss = descend(lambda t: self.residual(t, self.y), theta, np.tile(keep * 1.0, (len(theta), 1)),
                              self.delta)  # fmt: skip
        best = int(np.argmin(loss))
        return moved[best], float(loss[best])

    def again(self, theta: np.ndarray, keep: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Refit values drawn again `(b, m)` from one place: `(b, k)`."""
        start = np.tile(theta, (len(values), 1))
        return descend(lambda t: self.residual(t, values), start, np.tile(keep * 1.0, (len(values), 1)), self.delta,
                       steps=60)[0]  # fmt: skip


def residual_scale(y: np.ndarray) -> float | None:
    """What a difference from a law is counted in: None (logarithms) where all of `y` is above 0, else its s.d.

    Values that differ by rounding alone are taken for equal and counted as they are.
    """
    if (y > 0).all():
        return None
    spread = float(y.std())
    return spread if spread > 1e-12 * np.abs(y).max() else 1.0


def fit_power(x, y, *, delta: float = HOFFMANN) -> tuple[dict[str, float], float]:
    """Parameters of y = E + Σ Aⱼ xⱼ^-αⱼ by Huber's loss on log residuals, from many starts, and that loss.

    `x` is `(m,)` or `(m, t)`, above 0, one column a term; `y` `(m,)` above 0. With two terms (parameters, tokens) it
    is the form of Hoffmann et al. 2022. The optimum is flat: factors and offset move together. Reaches the loss of
    the re-analysis by Besiroglu et al. 2024.

    >>> found, _ = fit_power([1.0, 2.0, 4.0, 8.0, 16.0], [3.0, 2.5, 2.25, 2.125, 2.0625])
    >>> {k: round(float(v), 3) for k, v in found.items()}
    {'offset': 2.0, 'factor': 1.0, 'exponent': 1.0}
    """
    x, y = _points(x, y)
    if not (y > 0).all():
        raise ValueError("a residual of logarithms needs values above 0")
    if len(np.unique(x, axis=0)) < 1 + 2 * x.shape[1]:
        raise ValueError(f"{len(np.unique(x, axis=0))} different scales for {1 + 2 * x.shape[1]} parameters: too few")
    fitter = _Fitter(BY_NAME["power"], x, y, None, delta)
    theta, loss = fitter.fit(np.ones(len(y), bool))
    return {k: float(v) for k, v in BY_NAME["power"].told(theta, fitter.shift).items()}, loss


def compare_laws(
    x, y, *, draws=None, delta: float = DELTA, names: Sequence[str] | None = None, ahead: float = AHEAD
) -> Laws:
    """Fit laws to values `y` `(m,)` at scales `x` `(m,)` above 0, and rank them by the error on scales held out.

    Laws: constant, log-linear (3 scales or more), power with offset and saturating (4), broken once (8; Caballero et
    al. 2022); `names` picks some. All runs of a scale are held out together. Huber's loss on log residuals where all
    values are above 0, otherwise on differences in units of their standard deviation. `draws` `(b, m)` are the same
    values for resampled units (one resample at every scale): they give intervals, refitted from the optimum. With
    four scales a law of three parameters has three scales to learn from and one to foretell: the ranking is then a
    matter of luck, which `wins` shows. Errors: shapes, NaN, scales not above 0, a name that is none, too few scales.

    >>> found = compare_laws([1.0, 10.0, 100.0], [1.0, 2.0, 3.0])
    >>> found.best.name, round(found.best.forecast, 6)  # at 1,000
    ('log-linear', 4.0)
    """
    x, y = _points(x, y)
    scales, of = np.unique(x[:, 0], return_inverse=True)
    spread = residual_scale(y)
    positive = spread is None
    draws = np.zeros((0, len(y))) if draws is None else np.asarray(draws, float)
    if draws.ndim != 2 or draws.shape[1] != len(y) or not np.isfinite(draws).all():
        raise ValueError(f"draws must be a finite (b, {len(y)}) array; saw shape {draws.shape}")
    # values drawn again that fall to 0 or below have no logarithm: those draws say nothing of a log residual
    draws = draws[(draws > 0).all(axis=1)] if positive else draws
    unknown = sorted(set(names or ()) - set(BY_NAME))
    if unknown:
        raise ValueError(f"no law called {unknown}; there are {', '.join(BY_NAME)}")
    forms = [f for f in FORMS if (names is None or f.name in names) and len(scales) >= f.least]
    if not forms:
        raise ValueError(f"{len(scales)} different scales are too few for {', '.join(names or BY_NAME)}: run more")
    out_at = np.full((1, 1), x[:, 0].max() + np.log(ahead))
    every = np.ones(len(y), bool)
    raw, of_draws = [], []
    for form in forms:
        fitter = _Fitter(form, x, y, spread, delta)
        theta, loss = fitter.fit(every)
        error, again = np.zeros(len(y)), np.zeros(draws.shape)
        for k in range(len(scales)):
            keep = of != k
            own, _ = fitter.fit(keep)
            error[~keep] = fitter.residual(own[None], y)[0, ~keep]
            if len(draws):
                again[:, ~keep] = fitter.residual(fitter.again(own, keep, draws), draws)[:, ~keep]
        of_draws.append(np.sqrt((again**2).mean(axis=1)))
        refit = fitter.again(theta, every, draws) if len(draws) else np.zeros((0, len(theta)))
        raw.append((form, fitter, theta, loss, error, refit))
    wins = np.bincount(np.argmin(np.round(of_draws, 9), axis=0), minlength=len(forms)) / max(len(draws), 1)
    fits = [_told(*r, w, of, out_at) for r, w in zip(raw, wins, strict=True)]
    # Of laws that foretell equally well the one with fewer parameters stands first: the order of FORMS. Equally well is
    # to nine decimals of a logarithm or of a standard deviation: fits that meet differ by their rounding.
    return Laws(tuple(sorted(fits, key=lambda f: round(f.held_out, 9))), "log" if positive else "difference", ahead)


def _told(form, fitter, theta, loss, error, refit, wins, of, out_at) -> LawFit:
    named = {k: float(v) for k, v in form.told(theta, fitter.shift).items()}
    spread = [form.told(t, fitter.shift) for t in refit]
    low_high = {k: _range([s[k] for s in spread]) for k in named}
    beyond = out_at - fitter.shift

    def predict(at):
        at = np.log(np.asarray(at, float).reshape(-1, 1)) - fitter.shift
        return form.curve(theta[None], at)[0]

    return LawFit(
        name=form.name, formula=form.formula, parameters=named, intervals=low_high, loss=float(loss),
        held_out=float(np.sqrt((error**2).mean())), last=float(error[of == of.max()].mean()),
        forecast=float(form.curve(theta[None], beyond)[0, 0]),
        forecast_interval=_range(form.curve(refit, beyond)[:, 0] if len(refit) else []), wins=float(wins),
        predict=predict,
    )  # fmt: skip


def _range(values) -> tuple[float, float]:
    if len(values) < 20:
        return (np.nan, np.nan)
    low, high = np.quantile(values, [0.025, 0.975])
    return (float(low), float(high))


def _points(x, y):
    x, y = np.asarray(x, float), np.asarray(y, float)
    x = x[:, None] if x.ndim == 1 else x
    if y.ndim != 1 or x.shape[0] != len(y) or len(y) < 2:
        raise ValueError(f"scales of shape {x.shape} and values of shape {y.shape}: give one value a scale")
    if not np.isfinite(x).all() or not np.isfinite(y).all() or not (x > 0).all():
        raise ValueError("scales must be above 0, and scales and values finite")
    return np.log(x), y
