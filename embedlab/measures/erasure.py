"""What can be read where: a contrast inside and outside the species span, and after either concept is erased."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.measures.contrast import MIN_ACROSS, Blocks, Contrast, blocks
from embedlab.measures.halves import half_of_each
from embedlab.measures.orthogonality import DEFAULT_AXES
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.resample import generator, p_floor, p_value
from embedlab.stats.shown import Spoken
from embedlab.stats.subspaces.decoding import read_class, read_kind
from embedlab.stats.subspaces.erasure import erase
from embedlab.stats.subspaces.subspace import span
from embedlab.stats.tost import two_one_sided

MAY_FALL = 0.05  # an accuracy that is shown to fall by less is kept
RANDOM = 5  # random subspaces outside the span


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Erasure(Spoken):
    """How well a contrast and the species are read in parts of the space, on images that fitted nothing.

    `readings` has a row for each thing that is read ("contrast" or "species") and each place: its accuracy (mean over
    species, both kinds weighing alike), interval, chance, and change against the whole space; `kept` says that the
    accuracy is shown to fall by less than 5 points. `evidence` is on the contrast once species are erased.
    """

    contrast: Contrast
    species: tuple[str, ...]
    rank: int
    d: int
    readings: pl.DataFrame
    unit: str
    left_out: tuple[str, ...]
    evidence: Evidence

    def __str__(self) -> str:
        told = {(r["what"], r["where"]): r for r in self.readings.iter_rows(named=True)}
        own, after = told["contrast", "whole space"], told["contrast", "species erased"]
        all_, gone = told["species", "whole space"], told["species", "contrast erased"]
        inside, outside = told["contrast", "inside the span"], told["contrast", "outside, main"]
        return (
            f"{self.contrast} is read right in {own['accuracy']:.0%} (50% by chance) and, once {self.rank} axes of the "
            f"species are erased, in {after['accuracy']:.0%} ({_change(after)}); the species in {all_['accuracy']:.0%} "
            f"({all_['chance']:.0%} by chance) and, once the contrast is erased, in {gone['accuracy']:.0%} "
            f"({_change(gone)}). On {self.rank} axes inside the span it is read in {inside['accuracy']:.0%}, on as "
            f"many outside in {outside['accuracy']:.0%}"
        )

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in a few sentences."""
        return (
            f"Balanced accuracy of linear discriminants over {len(self.species)} species, fitted on one half of the "
            f"{self.unit} and tried on the other, both ways; erasure (least squares, shrunk) and subspaces are fitted "
            f"on the first half too. Subspaces have {self.rank} of {self.d} dimensions each, so that none wins by its "
            "size. Bars: 95 % over species. Chance: labels shuffled within species, and one over the number of species."
        )

    def table(self) -> pl.DataFrame:
        """One row a reading."""
        return self.readings


def erasure(embeddings, contrast, *, strata=(), axes: int | None = None, permutations: int = 199,
            rng: np.random.Generator | int) -> Erasure:  # fmt: skip
    """Read the contrast (column, a, b) and the species before and after either is erased, and inside and outside.

    `axes` are the dimensions of the species span and of the subspaces set beside it (default 5, or all s − 1).
    Erasure takes out linear traces of the mean only. Each cell needs 4 individuals, because halves are cross-fitted.
    """
    rng = generator(rng)
    cut = blocks(embeddings, contrast, strata=strata, least=4)
    if len(cut.groups) < 2:
        raise ValueError(f"only one species, {cut.groups[0]!r}, holds both kinds: there is no span to erase")
    half = [half_of_each(b.is_b, rng) for b in cut.blocks]
    sides = [_Side.of(cut, half), _Side.of(cut, [~h for h in half])]
    shuffled = [side.shuffles(permutations, rng) for side in sides]
    s, k = len(cut.groups), min(axes or DEFAULT_AXES, len(cut.groups) - 1, cut.blocks[0].x.shape[1] - 1)
    right: dict = {}
    labels = [np.vstack([side.kind, null]) for side, null in zip(sides, shuffled, strict=True)]
    # Shuffled on both halves: the two folds hang together by the agreement of the halves, and so must those of chance.
    for fit, tried, own, other in ((*sides, *labels), (*sides[::-1], *labels[::-1])):
        for name, maps in _places(fit, k, rng).items():
            for change in maps:
                x, y = change(fit.x), change(tried.x)
                # Of what was erased nothing but rounding is left on these rows: it is not read.
                if name != "contrast erased":
                    told = read_kind(x, own, y) == other
                    right.setdefault(("contrast", name), []).append(tried.balanced(told, other, s))
                if name in ("whole space", "contrast erased"):
                    told = read_class(x, fit.group, y) == tried.group
                    right.setdefault(("species", name), []).append(tried.balanced(told[None], other[:1], s))
    accuracy = {key: np.mean(v, axis=0) for key, v in right.items()}  # (1 + permutations, s)
    rows = [_row(key, v, accuracy[key[0], "whole space"], s, rng) for key, v in accuracy.items()]
    after = accuracy["contrast", "species erased"]
    null = after[1:].mean(axis=1)
    estimate = float(after[0].mean())
    evidence = Evidence(
        statistic=f"balanced accuracy of {cut.contrast} once {k} axes of the species are erased",
        estimate=estimate,
        interval=bootstrap_ratio(after[0], np.ones(s), rng=rng, within=(0, 1)),
        null=null,
        chance_kind="labels shuffled within species",
        p_more=p_value(estimate, null),
        p_less=1.0,  # an accuracy below one half contradicts nothing
        p_floor=p_floor(permutations, s),
        n=s,
        n_effective=float(s),
        cannot_tell="" if s >= MIN_ACROSS else f"{s} species: a claim across species needs at least {MIN_ACROSS}",
    )
    return Erasure(
        contrast=cut.contrast, species=cut.groups, rank=k, d=cut.blocks[0].x.shape[1],
        readings=pl.DataFrame(rows), unit=cut.unit, left_out=cut.left_out, evidence=evidence,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Side:
    """One half of the images."""

    x: np.ndarray
    group: np.ndarray
    kind: np.ndarray
    block: np.ndarray

    @classmethod
    def of(cls, cut: Blocks, chosen) -> "_Side":
        rows = list(zip(cut.blocks, chosen, strict=True))
        return cls(
            np.vstack([b.x[h] for b, h in rows]),
            np.concatenate([np.full(h.sum(), b.group) for b, h in rows]),
            np.concatenate([b.is_b[h] for b, h in rows]),
            np.concatenate([np.full(h.sum(), i) for i, (_, h) in enumerate(rows)]),
        )

    def shuffles(self, b: int, rng) -> np.ndarray:
        found = np.empty((b, self.kind.size), bool)
        for i in np.unique(self.block):
            rows = self.block == i
            found[:, rows] = rng.permuted(np.broadcast_to(self.kind[rows], (b, rows.sum())), axis=1)
        return found

    def balanced(self, right, kind, s: int) -> np.ndarray:
        """Share right of each species, both kinds weighing alike: `(b, s)`, for rows `(b, n)` of kinds."""
        of = np.eye(s)[self.group]
        shares = [((right & z) @ of) / (z[:1] @ of) for z in (kind, ~kind)]  # shuffles keep the numbers of each species
        return (shares[0] + shares[1]) / 2

    def parted(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows with the contrast of their block taken off, and rows with the middle of their block taken off."""
        level, centred = self.x.copy(), self.x.copy()
        for i in np.unique(self.block):
            rows = self.block == i
            one, zero = (self.x[rows & (self.kind == k)].mean(axis=0) for k in (True, False))
            level[rows] -= np.where(self.kind[rows], 0.5, -0.5)[:, None] * (one - zero)
            centred[rows] -= (one + zero) / 2
        return level, centred


def _places(fit: _Side, k: int, rng) -> dict:
    """Maps of the space, each name with one or several: all fitted on one half."""
    # Unequal numbers of the kinds would carry the contrast into the species means, and these into the contrast.
    level, centred = fit.parted()
    s = fit.group.max() + 1
    means = np.array([level[fit.group == g].mean(axis=0) for g in range(s)])
    inside, _ = span(means, k)
    out = fit.x - (fit.x @ inside) @ inside.T
    main = np.linalg.svd(out - out.mean(axis=0), full_matrices=False)[2][:k].T
    noise = np.linalg.svd(centred, full_matrices=False)[2][:k].T
    d = fit.x.shape[1]
    some = [rng.standard_normal((d, k)) for _ in range(RANDOM)]
    some = [np.linalg.qr(g - inside @ (inside.T @ g))[0] for g in some]
    species = erase(level, (means - means.mean(axis=0))[fit.group] @ inside, method="shrunk")
    # Only the directions are used: the middle of each species stays where it is.
    pair = erase(centred, fit.kind[:, None].astype(float), method="shrunk")
    return {
        "whole space": [lambda x: x],
        "species erased": [species.transform],
        "contrast erased": [pair.transform],
        "inside the span": [lambda x: x @ inside],
        "outside, main": [lambda x: x @ main],
        "outside, random": [lambda x, u=u: x @ u for u in some],
        "main noise axes": [lambda x: x @ noise],
    }


def _row(key, found, whole, s: int, rng) -> dict:
    what, where = key
    value, ones = found[0], np.ones(s)
    low, high = bootstrap_ratio(value, ones, rng=rng, within=(0, 1))
    change = value - whole[0]
    error = change.std(ddof=1) / np.sqrt(s) if s > 2 else 0.0
    bounds = bootstrap_ratio(change, ones, rng=rng)
    null = found[1:].mean(axis=1) if len(found) > 1 else np.array([1 / s])
    by_chance = np.quantile(null, [0.025, 0.975])
    kept = bool(change.mean() > -MAY_FALL) if s > 2 else None
    if error > 0:
        kept = two_one_sided(change.mean(), error, s - 1, (-MAY_FALL, np.inf)).equivalent
    if where == "whole space":
        change, bounds, kept = np.full(s, np.nan), (np.nan, np.nan), None
    numbers = (value.mean(), low, high, null.mean(), *by_chance, change.mean(), *bounds)
    names = ("accuracy", "low", "high", "chance", "chance_low", "chance_high", "change", "change_low", "change_high")
    return {"what": what, "where": where, **{n: float(v) for n, v in zip(names, numbers, strict=True)}, "kept": kept}


def _change(row: dict) -> str:
    low, mean, high = (100 * row[k] for k in ("change_low", "change", "change_high"))
    return f"{mean:+.1f} points [{low:+.1f}, {high:+.1f}]"
