"""The curves that a measure may follow along a scale, and shapes from which to begin a fit of each."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import expit

from embedlab.stats.shown import Shown

BREAK_FROM = 8  # different scales from which on a broken law may be tried: it has six parameters


@dataclass(frozen=True, eq=False, repr=False)
class Form(Shown):
    """A curve: `curve(theta (b, k), x (m, t)) -> (b, m)`, its parameters by name, and shapes to begin from.

    `shapes(x)` lists functions of x that a start adds up with weights found by least squares: `(starts, columns, m)`
    and what `theta` holds beside those weights, `(starts, rest)`. `told` turns theta into the parameters as named.
    """

    name: str
    formula: str
    curve: Callable
    shapes: Callable
    begin: Callable
    told: Callable
    least: int  # different scales below which it is not fitted


def _power(theta, x):
    terms = (theta.shape[1] - 1) // 3
    out = theta[:, :1]
    for j in range(terms):
        sign, height, rate = (theta[:, [1 + 3 * j + i]] for i in range(3))
        out = out + np.sign(sign) * np.exp(np.minimum(height - rate * x[:, j], 700))
    return out


def _power_shapes(x):
    grid = np.geomspace(0.02, 4, 24 if x.shape[1] == 1 else 9)
    rates = np.array(list(product(grid, repeat=x.shape[1])))
    one = np.ones((len(rates), 1, len(x)))
    return np.concatenate([one, np.exp(-rates[:, :, None] * x.T)], axis=1), rates


def _power_begin(weights, rates):
    parts = [weights[:, :1]]
    for j in range(rates.shape[1]):
        w = weights[:, [j + 1]]
        parts += [np.sign(w) + (w == 0), np.log(np.abs(w) + 1e-12), rates[:, [j]]]
    return np.concatenate(parts, axis=1)


def _power_told(theta, shift):
    found = {"offset": theta[0]}
    terms = (len(theta) - 1) // 3
    for j in range(terms):
        sign, height, rate = theta[1 + 3 * j : 4 + 3 * j]
        tail = "" if terms == 1 else f"_{j + 1}"
        factor = np.sign(sign) * np.exp(np.minimum(height + rate * shift[j], 700))
        found |= {f"factor{tail}": factor, f"exponent{tail}": rate}
    return found


def _saturating_shapes(x):
    half = np.linspace(x[:, 0].min() - 3, x[:, 0].max() + 3, 24)[:, None]
    rise = expit(x[:, 0] - half)
    return np.stack([np.ones_like(rise), rise], axis=1), half


def _broken(theta, x):
    start, factor, rate, more, at, width = (theta[:, [i]] for i in range(6))
    bent = np.logaddexp(0.0, (x[:, 0] - at) / np.exp(np.clip(width, -20, 20))) * np.exp(np.clip(width, -20, 20))
    return start + factor * np.exp(np.minimum(-rate * x[:, 0] - more * bent, 700))


def _broken_shapes(x):
    z = x[:, 0]
    at = np.linspace(z.min(), z.max(), 12)[1:-1]
    rest = np.array(list(product((0.0, 0.05, 0.2, 0.6), (-2, -0.5, 0.5, 2, 5, 9), at, np.log([0.02, 0.06, 0.2, 0.6]))))
    return np.stack([np.ones((len(rest), len(z))), _broken(np.c_[np.zeros(len(rest)), np.ones(len(rest)), rest], x)],
                    axis=1), rest  # fmt: skip


def _broken_told(theta, shift):
    start, factor, rate, more, at, width = theta
    scaled = factor * np.exp(rate * shift[0])
    return {"offset": start, "factor": scaled, "exponent": rate, "exponent_change": more,
            "break_at": np.exp(at + shift[0]), "break_width": np.exp(width)}  # fmt: skip


FORMS = (
    Form("constant", "a", lambda t, x: t[:, :1] + 0 * x[:, 0], lambda x: (np.ones((1, 1, len(x))), np.zeros((1, 0))),
         lambda w, r: w, lambda t, s: {"level": t[0]}, 2),
    Form("log-linear", "a + b log10 x", lambda t, x: t[:, :1] + t[:, 1:] * x[:, 0] / np.log(10),
         lambda x: (np.stack([np.ones(len(x)), x[:, 0] / np.log(10)])[None], np.zeros((1, 0))), lambda w, r: w,
         lambda t, s: {"level": t[0] - t[1] * s[0] / np.log(10), "per_tenfold": t[1]}, 3),
    Form("power", "E + A x^-alpha", _power, _power_shapes, _power_begin, _power_told, 4),
    Form("saturating", "a + b x/(x + h)", lambda t, x: t[:, :1] + t[:, 1:2] * expit(x[:, 0] - t[:, 2:]),
         _saturating_shapes, lambda w, r: np.c_[w, r],
         lambda t, s: {"start": t[0], "rise": t[1], "half_at": np.exp(min(t[2] + s[0], 700))}, 4),
    Form("broken", "a + b x^-c (1 + (x/d)^(1/f))^(-g f)", _broken, _broken_shapes, lambda w, r: np.c_[w, r],
         _broken_told, BREAK_FROM),
)  # fmt: skip

BY_NAME = {f.name: f for f in FORMS}
