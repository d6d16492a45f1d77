"""One cloud seen five ways: as it is, centred, on the sphere, both, and whitened."""

import numpy as np

from embedlab.stats.vectors import checked, spectrum

VIEWS = ("raw", "centred", "unit", "centred unit", "whitened")
HELD = 0.9  # share of variance on the axes that are whitened
ROWS_AN_AXIS = 4  # with fewer, whitened axes are noise blown up to the size of signal


def views(x) -> dict[str, np.ndarray]:
    """Give rows `(n, d)` under each of `VIEWS`: what a diagnostic says should not hang on one of them.

    "unit" scales rows to length 1, "centred unit" takes the mean out first. "whitened" are scores on the principal
    axes that hold 90 % of the variance, at most one axis for four rows, each scaled to variance 1. Rows of length
    zero, before or after centring, are refused.
    """
    x = checked(x, least=3)
    centred = x - x.mean(axis=0)
    found = {"raw": x, "centred": centred}
    for name, v in (("unit", x), ("centred unit", centred)):
        length = np.linalg.norm(v, axis=1)
        if (length == 0).any():
            raise ValueError(f"rows {np.flatnonzero(length == 0)[:5].tolist()} have length zero: leave them out first")
        found[name] = v / length[:, None]
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    held = np.cumsum(s**2) / (s**2).sum()
    axes = int(np.clip(np.searchsorted(held, HELD) + 1, 1, max(len(x) // ROWS_AN_AXIS, 1)))
    found["whitened"] = u[:, :axes] * np.sqrt(len(x) - 1)
    return found


def gaussian_twin(x, rng: np.random.Generator) -> np.ndarray:
    """Gaussian rows `(n, d')` with the mean and the spectrum of `x` `(n, d)`, turned: its shape without its structure.

    What a diagnostic gives here comes of dimension, spectrum and mean alone. d' is at most n.
    """
    x = checked(x, least=3)
    mean = x.mean(axis=0)
    vt = np.linalg.svd(x - mean, full_matrices=False)[2]
    scale = np.sqrt(spectrum(x))
    along = vt @ mean
    beyond = mean - along @ vt  # what of the mean lies outside the axes needs one axis of its own
    drawn = rng.standard_normal((len(x), scale.size)) * scale + along
    return np.hstack([drawn, np.full((len(x), 1), np.linalg.norm(beyond))])
