"""Who is shown and who is asked: episodes of few-shot naming in which no individual stands on both sides."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Episodes:
    """Unit vectors `x` `(n, d)` (float32) of photographs, whose they are, and which species these are.

    `photos` lists the rows of each of m individuals, `labels` `(m,)` their species and `cells` `(m,)` their cell of
    sex, stage, … (0 where nothing is balanced). `unit` says whether individuals are known or each image is one.
    """

    x: np.ndarray
    names: tuple[str, ...]
    labels: np.ndarray
    cells: np.ndarray
    first: np.ndarray  # of each individual, where its rows start in `order`
    many: np.ndarray  # and how many there are
    order: np.ndarray
    unit: str

    @classmethod
    def of(cls, emb, by: str, balance: Sequence[str], least: int) -> tuple["Episodes", list[str]]:
        """Cut an `Embeddings` of unit vectors into individuals; species with fewer than `least` are named, and out."""
        species, names = emb.codes(by)
        facts = [emb.column(c).cast(str).to_list() for c in balance]
        cell_of = list(zip(*facts, strict=True)) if facts else [()] * emb.n
        known = emb.has("individual")
        who = emb.column("individual").to_list() if known else [None] * emb.n
        # A nameless animal is itself; one name in two species is two animals. One seen in two cells (young and old)
        # stays one animal, in the cell of its first photograph: it must not stand on both sides.
        keys = [(s, ("row", i) if w is None else w) for i, (s, w) in enumerate(zip(species.tolist(), who, strict=True))]
        place: dict = {}
        one = np.array([place.setdefault(k, len(place)) for k in keys])
        where = np.unique(one, return_index=True)[1]
        size = np.bincount(species[where], minlength=len(names))
        keep = np.flatnonzero(size >= least)
        thin = [names[i] for i in range(len(names)) if size[i] < least]
        rows = np.flatnonzero(np.isin(species, keep))
        again = {old: new for new, old in enumerate(np.unique(one[rows]))}
        one = np.array([again[i] for i in one[rows]], int)
        order = np.argsort(one, kind="stable")
        many = np.bincount(one)
        start = np.cumsum(many) - many
        at = rows[order[start]] if len(rows) else rows
        kinds = {kind: i for i, kind in enumerate(sorted(set(cell_of)))}
        return cls(
            np.asarray(emb.x, np.float32)[rows], tuple(names[i] for i in keep), np.searchsorted(keep, species[at]),
            np.array([kinds[cell_of[i]] for i in at], int), start, many, order, "individuals" if known else "images",
        ), thin  # fmt: skip

    @property
    def counts(self) -> np.ndarray:
        """How many individuals each species has `(s,)`."""
        return np.bincount(self.labels, minlength=len(self.names))

    def shuffled(self, rng: np.random.Generator) -> np.ndarray:
        """The labels dealt out among individuals of one cell."""
        dealt = self.labels.copy()
        for cell in np.unique(self.cells):
            own = np.flatnonzero(self.cells == cell)
            dealt[own] = self.labels[rng.permutation(own)]
        return dealt

    def photo(self, rng: np.random.Generator) -> np.ndarray:
        """One photograph of each individual, at random `(m,)`."""
        return self.order[self.first + (rng.random(self.many.size) * self.many).astype(int)]

    def confusion(self, said: np.ndarray, k: int) -> np.ndarray:
        """Share of each answer `(s, k)`, averaged over photographs, then individuals, then cells of a species."""
        each = np.zeros((self.many.size, k))
        np.add.at(each, (np.repeat(np.arange(self.many.size), self.many), said[self.order]), 1.0)
        return _by_cell(each / self.many[:, None], self.labels, self.cells, len(self.names))


def _by_cell(values: np.ndarray, labels: np.ndarray, cells: np.ndarray, s: int) -> np.ndarray:
    """Means of the rows of `values` `(m, k)` over the cells of a species, then over its cells: `(s, k)`."""
    c = int(cells.max(initial=0)) + 1
    place = labels * c + cells
    size = np.bincount(place, minlength=s * c)
    total = np.zeros((s * c, values.shape[1]))
    np.add.at(total, place, values)
    there = size > 0
    total[there] /= size[there, None]
    return total.reshape(s, c, -1).sum(axis=1) / there.reshape(s, c).sum(axis=1)[:, None]


def hits(e: Episodes, shots: Sequence[int], labels: Sequence[np.ndarray], rng: np.random.Generator, *,
         most_asked: int | None = None) -> np.ndarray:  # fmt: skip
    """Share of right answers `(episodes, shots, s)`, one episode for each entry of `labels` (species of individuals).

    The support of fewer shots is part of that of more, and all shots ask those who stand in no support: the same
    queries at every number of shots, which one product of matrices answers for all of them. `most_asked` limits how
    many of a species are asked.
    """
    s, most = len(e.names), max(shots)
    found = np.empty((len(labels), len(shots), s))
    for i, own in enumerate(labels):
        photos, turn = e.photo(rng), _turns(own, e.cells, rng)
        asked = np.flatnonzero((turn >= most) & (turn < most + (most_asked or turn.size)))
        means = np.concatenate([_means(e.x, photos, own, turn, k, s) for k in shots])
        # nearest mean: -|x - m|²/2 up to what all candidates share
        score = e.x[photos[asked]] @ means.T - (means * means).sum(axis=1) / 2
        right = score.reshape(asked.size, len(shots), s).argmax(axis=2) == own[asked, None]
        found[i] = _by_cell(right.astype(float), own[asked], e.cells[asked], s).T
    return found


def _turns(labels: np.ndarray, cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The turn of each individual in its species `(m,)`: at random, going round the cells in an order of their own."""
    m = labels.size
    random = rng.random(m)
    cell = labels * (int(cells.max(initial=0)) + 1) + cells
    turn = _rank_within(cell, random)  # first of its cell, second, …
    first = rng.random(int(cell.max()) + 1)[cell]  # which cell of the species goes first
    return _rank_within(labels, turn + first * 0.999)


def _rank_within(group: np.ndarray, value: np.ndarray) -> np.ndarray:
    order = np.lexsort((value, group))
    size = np.bincount(group)
    rank = np.empty(group.size, int)
    rank[order] = np.arange(group.size) - np.repeat(np.cumsum(size) - size, size)
    return rank


def _means(x, photos, labels, turn, k: int, s: int) -> np.ndarray:
    """Mean vector of the first k of each species, `(s, d)`."""
    shown = np.flatnonzero(turn < k)
    shown = shown[np.argsort(labels[shown], kind="stable")]
    return x[photos[shown]].reshape(s, k, -1).mean(axis=1)
