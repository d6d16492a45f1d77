"""The fit behind a contrast's axis: every place comes from species other than the image's own."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array


@dataclass(frozen=True, kw_only=True, eq=False)
class Placed:
    """Places of images `(n,)`, the direction of all species `(d,)`, and what a test of them starts from.

    `r` is the correlation of place and kind within species, `centred` `(n, d)` the rows less their species' mean,
    `pairs` what is correlated: places, kinds and species `(m,)`.
    """

    images: np.ndarray
    direction: np.ndarray
    r: float
    centred: np.ndarray
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray]


def contrast_positions(x, codes, kinds, s: int, centred: np.ndarray | None = None) -> Placed:
    """Place images `(n, d)` on the mean difference of kind 1 from kind 0 in the other species.

    They are seen from the mean of their species. `codes` `(n,)` are species 0 … s − 1, `kinds` 1, 0 or −1.
    Divided by the squared length of the difference of all. `centred` may be given where kinds are dealt anew.
    """
    size = np.array([np.bincount(codes[kinds == k], minlength=s) for k in (0, 1)])
    both = (size > 0).all(axis=0)
    sums = [_sums(x[kinds == k], codes[kinds == k], s) for k in (0, 1)]
    difference = np.zeros((s, x.shape[1]))
    difference[both] = sums[1][both] / size[1, both, None] - sums[0][both] / size[0, both, None]
    total, m = difference.sum(axis=0), int(both.sum())
    direction = total / m
    if centred is None:
        count = np.bincount(codes, minlength=s)
        centred = x - (_sums(x, codes, s) / np.maximum(count, 1)[:, None])[codes]
    others = (total - difference) / np.where(both, m - 1, m)[:, None]
    images = np.einsum("nd,nd->n", centred, others[codes]) / max(float(direction @ direction), 1e-300)
    asked = (kinds >= 0) & both[codes]
    place, kind = _within(images[asked], codes[asked], s), _within(kinds[asked].astype(float), codes[asked], s)
    scale = np.sqrt((place @ place) * (kind @ kind))
    r = float(place @ kind / scale) if scale > 0 else 0.0
    return Placed(images=images, direction=direction, r=r, centred=centred, pairs=(place, kind, codes[asked]))


def _sums(x: np.ndarray, codes: np.ndarray, s: int) -> np.ndarray:
    """Sums of the rows of each species `(s, d)`: what np.add.at gives, to the bit, at a small part of its time."""
    return csr_array((np.ones(len(x)), (codes, np.arange(len(x)))), shape=(s, len(x))) @ x


def _within(values: np.ndarray, codes: np.ndarray, s: int) -> np.ndarray:
    """Values less the mean of their species."""
    count = np.maximum(np.bincount(codes, minlength=s), 1)
    return values - (np.bincount(codes, values, minlength=s) / count)[codes]


def interval_of(a, b, groups, *, rng, draws: int = 1999) -> tuple[float, float]:
    """Give the 95 % percentile interval of the correlation of `a` and `b` `(n,)` when whole groups are drawn again.

    Both have mean 0 within each of `groups` `(n,)`.
    """
    parts = np.stack([np.bincount(groups, v) for v in (a * a, b * b, a * b)])[:, np.bincount(groups) > 0]
    n = parts.shape[1]
    aa, bb, ab = (rng.multinomial(n, np.full(n, 1 / n), size=draws) @ parts.T).T
    good = (aa > 1e-12 * parts[0].sum()) & (bb > 1e-12 * parts[1].sum())
    low, high = np.quantile(ab[good] / np.sqrt(aa[good] * bb[good]), [0.025, 0.975])
    return float(np.clip(low, -1, 1)), float(np.clip(high, -1, 1))


def orthogonal(x: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Places `(n,)` on the first principal component at right angles to a direction `(d,)`; its sign is fixed."""
    unit = direction / max(float(np.linalg.norm(direction)), 1e-300)
    rows = x - x.mean(axis=0)
    rows = rows - np.outer(rows @ unit, unit)
    first = np.linalg.eigh(rows.T @ rows)[1][:, -1]
    return rows @ (first * np.sign(first[np.abs(first).argmax()]))
