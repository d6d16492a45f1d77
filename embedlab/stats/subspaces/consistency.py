"""Whether contrasts of many species point the same way: agreement between clades, and transfer to unseen ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.stats import rankdata

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.resample import p_value
from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked, checked_kinds


@dataclass(frozen=True, eq=False, repr=False)
class SharedDirection(Shown):
    """How far contrasts agree: `statistic` 1 is one direction and one length, 0 is none, below 0 they are opposed.

    `each` `(s,)` is the part of every contrast, in the same units: their mean, weighted by the pairs that each takes
    part in, is the statistic. `interval` (95 %) is a jackknife over clades.
    """

    statistic: float
    p_value: float
    p_less: float
    null: np.ndarray
    each: np.ndarray
    interval: tuple[float, float]


def sign_flips(clades, flips: int, rng: np.random.Generator) -> np.ndarray:
    """Signs +1 and −1 `(m, s)` for contrasts turned round by whole clades `(s,)`; all there are, where these are few.

    Turning everything round changes no agreement, so the first clade stays and c clades have 2^(c − 1) patterns; the
    one observed is left out. Errors: fewer than two clades.

    >>> sign_flips(["a", "b", "b"], 99, np.random.default_rng(0)).tolist()
    [[1.0, -1.0, -1.0]]
    """
    _, codes = np.unique(np.asarray(clades), return_inverse=True)
    c = codes.max(initial=0) + 1
    if c < 2:
        raise ValueError("all contrasts belong to one clade: whether clades agree cannot be asked")
    if c - 1 < 40 and 2 ** (c - 1) - 1 <= flips:
        signs = np.array([(1.0, *rest) for rest in product((1.0, -1.0), repeat=c - 1)][1:])
    else:
        signs = rng.choice([1.0, -1.0], (flips, c))
    return signs[:, codes]


def shared_direction(contrasts, noise, *, clades=None, flips=999, rng: np.random.Generator | None = None):
    """Agreement of the contrasts `(s, d)` of different clades, free of noise: a `SharedDirection`.

    The mean product of contrasts of different clades over their mean squared length, from which `noise` `(s,)` is
    taken: what sampling adds to ‖δ‖². So it is the cosine that contrasts of equal length would have without noise,
    and long contrasts count more. `clades` `(s,)` defaults to each species by itself; relatives share a contrast by
    descent, and pairs within a clade do not count. The null turns whole clades round: exact where clades are
    independent and as likely to differ one way as the other. `flips` is a count or a `(m, s)` array of signs.
    Invariant under rotation and a common scale. nan where noise accounts for all of the length.

    >>> found = shared_direction([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0.0, 0.0, 0.0], flips=9, rng=None)
    >>> round(found.statistic, 4), found.p_value
    (0.3333, 0.5)
    """
    x, noise = checked(contrasts, "contrasts"), np.asarray(noise, float)
    clades = np.arange(len(x)) if clades is None else checked_kinds(clades, len(x), "clades")
    if noise.shape != (len(x),) or not np.isfinite(noise).all() or (noise < 0).any():
        at = np.flatnonzero(~(noise >= 0) | np.isinf(noise))[:5].tolist()
        raise ValueError(f"{len(x)} contrasts, noise of shape {noise.shape}: finite, 0 or more (see rows {at})")
    signs = sign_flips(clades, flips, rng) if np.ndim(flips) == 0 else np.asarray(flips, float)
    if signs.shape[1:] != noise.shape or not (np.abs(signs) == 1).all():
        raise ValueError(f"flips must be signs +1 and -1, one for each of {len(x)} contrasts; saw {signs.shape}")
    gram = x @ x.T
    square = np.diag(gram) - noise
    apart = clades[:, None] != clades
    products = np.where(apart, gram, 0.0)
    value = _ratio(products, apart, square)
    scale = apart.sum() * square.mean()
    null = ((signs @ products) * signs).sum(axis=1)
    total = products.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        each = products.sum(axis=1) / apart.sum(axis=1) / square.mean()
    without = []
    for clade in np.unique(clades):
        keep = clades != clade
        without.append(_ratio(products[np.ix_(keep, keep)], apart[np.ix_(keep, keep)], square[keep]))
    known = np.isfinite(value) and np.isfinite(without).all()
    p_more, p_less = p_value(total, null), p_value(total, null, more=False)
    return SharedDirection(
        value, p_more, p_less, null / scale if scale > 0 else null * np.nan, each,
        jackknife(without, value) if known else (np.nan, np.nan),
    )  # fmt: skip


def _ratio(products, apart, square) -> float:
    pairs, length = apart.sum(), square.mean() if square.size else 0.0
    return float(products.sum() / pairs / length) if pairs and length > 0 else np.nan


def transfer(vectors: Sequence, kinds: Sequence, contrasts, *, clades=None, signs=None, train=None) -> np.ndarray:
    """How well the axis of other clades ranks individuals by kind: `(s,)`, or `(m, s)` for rows of `signs`.

    For every species a matrix of `vectors` `(n, d)` and the `kinds` `(n,)` of its rows (True is what contrasts
    `(s, d)` point to). The axis is the sum of the contrasts of all *other* clades. The answer is the chance that of
    one individual of each kind the right one lies further along (area under the curve): 1/2 where the axis says
    nothing, 1 where it always tells, 0 where it is the wrong way round. No threshold, so that kinds may be of any
    number. `signs` `(m, s)` turn species round, contrast and kinds alike. `train` `(s,)` says which lend an axis.
    Errors: NaN, shapes, a species of one kind only, one without another clade.

    >>> birds = [np.array([[0.0], [1.0]])] * 2
    >>> transfer(birds, [[False, True]] * 2, [[1.0], [1.0]])
    array([1., 1.])
    """
    delta = checked(contrasts, "contrasts")
    s = len(delta)
    clades = np.arange(s) if clades is None else checked_kinds(clades, s, "clades")
    if len(vectors) != s or len(kinds) != s:
        raise ValueError(f"{s} contrasts, vectors of {len(vectors)} and kinds of {len(kinds)} species: one of each")
    one = signs is None
    signs = np.ones((1, len(delta))) if one else np.asarray(signs, float)
    lend = np.ones(len(delta), bool) if train is None else np.asarray(train, bool)
    if signs.ndim != 2 or signs.shape[1] != s or not (np.abs(signs) == 1).all() or lend.shape != (s,):
        raise ValueError(f"signs {signs.shape} must be +1 and -1, and train {lend.shape} one mark, for {s} species")
    found = np.empty((len(signs), len(delta)))
    for i, (x, kind) in enumerate(zip(vectors, kinds, strict=True)):
        others, kind = (clades != clades[i]) & lend, np.asarray(kind, bool)
        if not others.any():
            raise ValueError(f"species {i} has no other clade to take an axis from: give two clades or more")
        x = checked(x, f"vectors of species {i}")
        if x.shape != (*kind.shape, delta.shape[1]):
            raise ValueError(f"species {i}: vectors of shape {x.shape}, kinds of {kind.shape}, contrasts {delta.shape}")
        n1, n0 = kind.sum(), (~kind).sum()
        if not n1 or not n0:
            raise ValueError(f"species {i} has individuals of one kind only: leave it out first")
        along = (x @ delta[others].T) @ signs[:, others].T  # (n, m)
        ranks = rankdata(along, axis=0)[kind].sum(axis=0)
        area = (ranks - n1 * (n1 + 1) / 2) / (n1 * n0)
        found[:, i] = np.where(signs[:, i] > 0, area, 1 - area)
    return found[0] if one else found
