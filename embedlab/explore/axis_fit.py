"""Fits behind the axes of the explorer: every place comes from species other than the image's own."""

import hashlib
from dataclasses import dataclass

import numpy as np

FOLDS = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Placed:
    """Places of images `(n,)`, the direction of all species `(d,)`, and what a test of them starts from.

    Of a trait: `species` `(s,)` forecasts and the `operator` `(s, s)` that makes them of any trait's values. Of a
    contrast: `r`, the rows less their species' mean `centred` `(n, d)`, and `sums`, pairs to correlate by species.
    """

    images: np.ndarray
    direction: np.ndarray
    species: np.ndarray | None = None
    operator: np.ndarray | None = None
    r: float = np.nan
    centred: np.ndarray | None = None
    sums: tuple = ()


def species_folds(emb, by: str, names: list[str]) -> tuple[np.ndarray, str]:
    """Give the fold of each species, whole genera together where all are known and there are enough, and say which.

    Dealt out by a hash of the name, the largest genus first: every machine makes the same folds.
    """
    genus = None
    if emb.has("genus") and by == "species":
        known = dict(zip(emb.column(by).to_list(), emb.column("genus").to_list(), strict=True))
        genus = [known.get(s) for s in names]
    whole = genus is not None and None not in genus and len(set(genus)) >= FOLDS
    groups = genus if whole else names
    size: dict = {}
    for g in groups:
        size[g] = size.get(g, 0) + 1
    load, fold_of = np.zeros(min(FOLDS, len(size)), int), {}
    for g in sorted(size, key=lambda g: (-size[g], hashlib.sha256(g.encode()).digest())):
        fold_of[g] = int(load.argmin())
        load[fold_of[g]] += size[g]
    folds = np.array([fold_of[g] for g in groups])
    return folds, f"{len(load)} folds of whole {'genera' if whole else 'species'}"


def trait_positions(x, codes, means, y, folds) -> Placed:
    """Forecast a trait `y` `(s,)` of each image `(n, d)` and species mean `(s, d)` by ridge on the other folds.

    `codes` `(n,)` is each image's species, −1 where it has none with a value: such images are placed by all species.
    The penalty is the mean eigenvalue of the training species' kernel: fixed beforehand, so that forecasts are linear
    in the trait and chance costs one product.
    """
    means = _directions(means)
    s = len(y)
    operator, images = np.zeros((s, s)), np.empty(len(x))
    fold_of = np.r_[folds, -1][codes]
    for held in [*range(int(folds.max()) + 1), -1]:
        train = folds != held
        weights, centre, spread = _ridge(means[train])
        values = spread @ y[train]  # y less its mean, made smooth
        rows = fold_of == held
        images[rows] = y[train].mean() + (x[rows] - centre) @ (weights @ values)
        if held >= 0:
            operator[np.ix_(~train, train)] = (means[~train] - centre) @ weights @ spread + 1 / train.sum()
    weights, _, spread = _ridge(means)
    return Placed(images=images, direction=weights @ (spread @ y), species=operator @ y, operator=operator)


def _ridge(means: np.ndarray):
    """Weights `(d, m)` that take a smoothed trait to a direction, the centre, and the smoother `(m, m)`."""
    centre = means.mean(axis=0)
    rows = means - centre
    kernel = rows @ rows.T
    m = len(rows)
    flat = np.eye(m) - 1 / m
    smoother = np.linalg.solve(kernel + np.trace(kernel) / m * np.eye(m), flat)
    return rows.T, centre, smoother


def _directions(means: np.ndarray) -> np.ndarray:
    """Means scaled to length 1, as `trait_alignment` takes them: the length of a mean tells scatter and numbers."""
    length = np.linalg.norm(means, axis=1, keepdims=True)
    return means / np.where(length > 0, length, 1.0)


def contrast_positions(x, codes, kinds, s: int) -> Placed:
    """Place images `(n, d)` on the mean difference of kind 1 from kind 0 in the other species.

    They are seen from the mean of their species. `codes` `(n,)` are species 0 … s − 1, `kinds` 1, 0 or −1.
    Divided by the squared length of the difference of all.
    """
    size = np.array([np.bincount(codes[kinds == k], minlength=s) for k in (0, 1)])
    both = (size > 0).all(axis=0)
    sums = np.zeros((2, s, x.shape[1]))
    for k in (0, 1):
        np.add.at(sums[k], codes[kinds == k], x[kinds == k])
    difference = np.zeros((s, x.shape[1]))
    difference[both] = sums[1, both] / size[1, both, None] - sums[0, both] / size[0, both, None]
    total, m = difference.sum(axis=0), int(both.sum())
    direction = total / m
    count = np.bincount(codes, minlength=s)
    centre = np.zeros((s, x.shape[1]))
    np.add.at(centre, codes, x)
    centred = x - (centre / np.maximum(count, 1)[:, None])[codes]
    others = (total - difference) / np.where(both, m - 1, m)[:, None]
    images = np.einsum("nd,nd->n", centred, others[codes]) / max(float(direction @ direction), 1e-300)
    asked = (kinds >= 0) & both[codes]
    place, kind = _within(images[asked], codes[asked], s), _within(kinds[asked].astype(float), codes[asked], s)
    scale = np.sqrt((place @ place) * (kind @ kind))
    r = float(place @ kind / scale) if scale > 0 else 0.0
    return Placed(images=images, direction=direction, r=r, centred=centred, sums=(place, kind, codes[asked]))


def _within(values: np.ndarray, codes: np.ndarray, s: int) -> np.ndarray:
    """Values less the mean of their species."""
    count = np.maximum(np.bincount(codes, minlength=s), 1)
    return values - (np.bincount(codes, values, minlength=s) / count)[codes]


def interval_of(a, b, groups=None, *, rng, b_times: int = 1999) -> tuple[float, float]:
    """Give the 95 % percentile interval of the correlation of `a` and `b` `(n,)` when units are drawn again.

    Units are rows, or whole `groups` `(n,)`, whose pairs then count about 0 (they are centred within groups).
    """
    if groups is None:
        parts = np.stack([np.ones_like(a), a, b, a * a, b * b, a * b])
    else:
        # centred within groups: sums of products alone
        parts = np.stack([np.bincount(groups, v) for v in (a * a, b * b, a * b)])
        parts = parts[:, np.bincount(groups) > 0]
    n = parts.shape[1]
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=b_times) @ parts.T
    if groups is None:
        m, sa, sb, saa, sbb, sab = drawn.T
        aa, bb, ab = saa - sa**2 / m, sbb - sb**2 / m, sab - sa * sb / m
    else:
        aa, bb, ab = drawn.T
    good = (aa > 1e-12 * parts[-3].sum()) & (bb > 1e-12 * parts[-2].sum())
    found = ab[good] / np.sqrt(aa[good] * bb[good])
    low, high = np.quantile(found, [0.025, 0.975])
    return float(np.clip(low, -1, 1)), float(np.clip(high, -1, 1))


def orthogonal(x: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Places `(n,)` on the first principal component at right angles to a direction `(d,)`; its sign is fixed."""
    unit = direction / max(float(np.linalg.norm(direction)), 1e-300)
    rows = x - x.mean(axis=0)
    rows = rows - np.outer(rows @ unit, unit)
    first = np.linalg.eigh(rows.T @ rows)[1][:, -1]
    return rows @ (first * np.sign(first[np.abs(first).argmax()]))
