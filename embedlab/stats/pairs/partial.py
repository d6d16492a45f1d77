"""Rank correlation over pairs of things less what other distances explain, with an interval over the things."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from embedlab.stats.bootstrap import bca, jackknife
from embedlab.stats.pairs.distances import checked_distances
from embedlab.stats.shown import Shown
from embedlab.stats.vectors import upper

DUST = 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class PartialRanks(Shown):
    """Partial Spearman correlation over pairs, from −1 to 1; its 95 % interval; its value without each thing `(s,)`.

    `left` and `right` `(pairs,)` are the ranks of both tables less what the others explain of them, `axes`
    `(pairs, q)` an orthonormal basis of these others and the constant: enough to ask the same of another second table.
    """

    statistic: float
    interval: tuple[float, float]
    without: np.ndarray
    left: np.ndarray
    right: np.ndarray
    axes: np.ndarray

    def of(self, y) -> float:
        """Give the statistic for another second table, condensed `(pairs,)`; 0 where the others explain it wholly."""
        right = rankdata(y)
        right = right - self.axes @ (self.axes.T @ right)
        length = np.linalg.norm(right)
        if not length > DUST * right.size**1.5:
            return 0.0
        return float(self.left @ right / (np.linalg.norm(self.left) * length))


def partial_ranks(x, y, others=(), *, draws: int = 999, rng: np.random.Generator) -> PartialRanks:
    """Correlate the ranks of two `(s, s)` tables of distances over pairs, less what `others` explain of both.

    Ranks of `x` and `y` are regressed on those of the other tables, and what is left is correlated. The interval is
    over things (species): they are drawn again, pairs count by how often each side was drawn, a thing drawn twice has
    no pair with itself, and all is ranked anew in every draw; bias-corrected and accelerated. It covered 95 to 97 % of
    the values of clades of 500 from which 24, 40 and 96 species were drawn (200 each); with ranks kept as they are
    94 to 96 %. No p-value: species share a history, and relabelling them is no chance (`measures.trait_distances`).
    Refused: tables that are no distances, fewer than 5 things, others that explain one side wholly.

    >>> x, y = (np.abs(np.subtract.outer(v, v)) for v in ([0.0, 1, 3, 7, 9], [0.0, 1, 4, 8, 9]))
    >>> found = partial_ranks(x, y, rng=np.random.default_rng(0))
    >>> from scipy.stats import spearmanr
    >>> above = np.triu_indices(5, 1)
    >>> bool(np.isclose(found.statistic, spearmanr(x[above], y[above]).statistic))
    True
    """
    tables = [checked_distances(t, name) for t, name in ((x, "x"), (y, "y"), *((o, "others") for o in others))]
    s = len(tables[0])
    if s < 5 or any(len(t) != s for t in tables):
        raise ValueError(f"tables of {[len(t) for t in tables]} things: at least 5, the same in each, are needed")
    pairs = np.array([upper(t) for t in tables])
    codes = [np.unique(p, return_inverse=True)[1] for p in pairs]
    first, second = np.triu_indices(s, 1)

    def value(weight: np.ndarray) -> float:
        w = weight[first] * weight[second]
        ranks = np.array([_ranked(c, w) for c in codes])
        square = (ranks * w) @ ranks.T  # ranks are centred: weighted sums of squares and products
        if len(square) > 2:
            among = np.linalg.pinv(square[2:, 2:], hermitian=True)
            square = square[:2, :2] - square[:2, 2:] @ among @ square[2:, :2]
        scale = np.sqrt(square[0, 0] * square[1, 1]) if min(square[0, 0], square[1, 1]) > 0 else np.nan
        return float(np.clip(square[0, 1] / scale, -1, 1))

    ones = np.ones(s)
    axes = np.linalg.qr(np.column_stack([np.ones(first.size), *(_ranked(c, ones[first]) for c in codes[2:])]))[0]
    left, right = (rankdata(p) - axes @ (axes.T @ rankdata(p)) for p in pairs[:2])
    for name, part in (("x", left), ("y", right)):
        if not np.linalg.norm(part) > DUST * part.size**1.5:
            raise ValueError(f"the other distances explain {name} wholly: nothing is left of it to correlate")
    statistic = float(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))
    without = np.array([value(np.where(np.arange(s) == i, 0.0, 1.0)) for i in range(s)])
    drawn = [value(w) for w in rng.multinomial(s, np.full(s, 1 / s), draws).astype(float)]
    return PartialRanks(statistic, _interval(statistic, np.array(drawn), without), without, left, right, axes)


def _interval(value: float, drawn: np.ndarray, without: np.ndarray) -> tuple[float, float]:
    drawn = drawn[np.isfinite(drawn)]
    try:
        return bca(drawn, value, without)
    except ValueError:  # the estimate beyond all draws: near ±1
        return jackknife(without, value, within=(-1, 1))


def _ranked(codes: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mid-ranks where each pair counts `weight` times, centred by their weighted mean."""
    of = np.bincount(codes, weight)
    rank = np.cumsum(of) - of / 2
    total = of.sum()
    return (rank - (rank * of).sum() / total)[codes]
