"""A law's band between the scales it was fitted to, and its value at each scale when that scale is left out."""

import numpy as np

from embedlab.stats.trend.curves import BY_NAME
from embedlab.stats.trend.laws import DELTA, _Fitter, _points, residual_scale

FEWEST = 20  # draws that make a band


def _fitter(x, y, name: str) -> tuple[_Fitter, np.ndarray, np.ndarray]:
    if name not in BY_NAME:
        raise ValueError(f"no law called {name!r}; there are {', '.join(BY_NAME)}")
    x, y = _points(x, y)
    return _Fitter(BY_NAME[name], x, y, residual_scale(y), DELTA), x, y


def band(x, y, draws, name: str, at) -> tuple[np.ndarray, np.ndarray]:
    """Give the 2.5 % and 97.5 % quantile of a law at the scales `at` `(g,)`, refitted to each of `draws` `(b, m)`.

    nan where fewer than 20 draws are left; where all values are above 0, draws that are not are left out.

    >>> y = [1.0, 2.0, 3.0]
    >>> low, high = band([1.0, 10.0, 100.0], y, [[v + e for v in y] for e in np.linspace(-0.1, 0.1, 41)],
    ...                  "log-linear", [10.0])
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([1.9], [2.1])
    """
    fitter, _, y = _fitter(x, y, name)
    at = np.log(np.asarray(at, float)).reshape(-1, 1) - fitter.shift
    draws = np.asarray(draws, float).reshape(-1, len(y))
    if fitter.scale is None:
        draws = draws[(draws > 0).all(axis=1)]
    if len(draws) < FEWEST:
        return np.full(len(at), np.nan), np.full(len(at), np.nan)
    every = np.ones(len(y), bool)
    refit = fitter.again(fitter.fit(every)[0], every, draws)
    low, high = np.quantile(fitter.form.curve(refit, at), [0.025, 0.975], axis=0)
    return low, high


def held_out(x, y, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Give the different scales `(c,)` and what a law fitted to all other scales says of each.

    >>> scales, said = held_out([1.0, 10.0, 100.0, 1000.0], [1.0, 2.0, 3.0, 4.0], "log-linear")
    >>> scales.tolist(), said.round(6).tolist()
    ([1.0, 10.0, 100.0, 1000.0], [1.0, 2.0, 3.0, 4.0])
    """
    fitter, logs, y = _fitter(x, y, name)
    scales, of = np.unique(logs[:, 0], return_inverse=True)
    said = np.empty(len(scales))
    for k, scale in enumerate(scales):
        own, _ = fitter.fit(of != k)
        said[k] = fitter.form.curve(own[None], np.array([[scale]]) - fitter.shift)[0, 0]
    return np.exp(scales).round(9), said
