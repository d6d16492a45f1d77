"""How often is the nearest neighbour of the same taxon, and is that more than its parent taxon explains?"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.data.taxonomy import PLURALS, RANKS
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.resample import generator, p_floor, p_value, shuffles_within
from embedlab.stats.shown import Spoken

LEAST_TAXA = 8  # taxa of a rank from which these are resampled for the interval, and not their members
_BLOCK = 2048  # rows compared at once: 2,048 × 100k distances fill 1.6 GB


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NeighbourAgreement(Spoken):
    """Share of images whose nearest neighbour bears the same name, rank by rank, beside two kinds of chance.

    All shares run from 0 to 1. `chance` is that of a random neighbour (the sum of squared label shares),
    `parent_chance` that of names shuffled within the rank above, and `ceiling` the share of images whose name is
    borne by another one at all; `where_possible` counts only those. `apart` names for each rank the taxon whose
    own members do not count as neighbours, "" where all do.
    """

    ranks: tuple[str, ...]
    agreement: np.ndarray
    low: np.ndarray
    high: np.ndarray
    chance: np.ndarray
    parent_chance: np.ndarray
    ceiling: np.ndarray
    n: np.ndarray
    parents: tuple[str, ...]
    apart: tuple[str, ...]
    evidence: dict[str, Evidence]

    def __str__(self) -> str:
        said = [
            f"{r} {a:.0%} (random {c:.0%}" + (f", within {p or 'all'} {w:.0%})" if np.isfinite(w) else ")")
            for r, a, c, p, w in zip(
                self.ranks, self.agreement, self.chance, self.parents, self.parent_chance, strict=True
            )
        ]
        return "nearest neighbours share the " + ", ".join(said)

    @property
    def where_possible(self) -> np.ndarray:
        """Agreement among the images whose name is borne by another one; nan where there is none."""
        return np.divide(self.agreement, self.ceiling, out=np.full(len(self.ranks), np.nan), where=self.ceiling > 0)

    @property
    def possible(self) -> np.ndarray:
        """How many images bear a name that another one bears too."""
        return np.rint(self.ceiling * self.n).astype(int)

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in two sentences."""
        said = "; ".join(f"{r}: of another {a}" for r, a in zip(self.ranks, self.apart, strict=True) if a)
        apart = f" ({said})" if said else ""
        return (
            f"Share of images whose nearest neighbour by cosine{apart} bears the same name, with 95 % interval from "
            "resampling the taxa of the rank (their members, where there are fewer than 8). Dotted: a random "
            "neighbour; tick: names shuffled among the lower taxa "
            "of one parent taxon."
        )

    def table(self) -> pl.DataFrame:
        """One row a rank."""
        return pl.DataFrame({
            "rank": self.ranks, "agreement": self.agreement, "low": self.low, "high": self.high, "chance": self.chance,
            "within": self.parents, "chance_within": self.parent_chance, "ceiling": self.ceiling, "images": self.n,
            "where_possible": self.where_possible, "possible": self.possible,
        })  # fmt: skip


def nearest(x: np.ndarray, excluded: np.ndarray | None = None) -> np.ndarray:
    """Index of each row's nearest other row by cosine, `(n,)`; rows with the same `excluded` code do not count.

    −1 where nothing is left to compare with. Rows must have length 1.
    """
    n = len(x)
    found = np.full(n, -1)
    for start in range(0, n, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, n))
        likeness = x[rows] @ x.T
        likeness[np.arange(rows.size), rows] = -np.inf
        if excluded is not None:
            likeness[excluded[rows][:, None] == excluded[None, :]] = -np.inf
        best = likeness.argmax(axis=1)
        found[rows] = np.where(np.isfinite(likeness[np.arange(rows.size), best]), best, -1)
    return found


def neighbour_agreement(embeddings, ranks=None, *, other: str | None = "lower", permutations: int = 999,
                        rng: np.random.Generator | int) -> NeighbourAgreement:  # fmt: skip
    """Ask of each rank how often an image's nearest neighbour bears the same name.

    `ranks` are columns, coarse to fine (default: the taxonomic ranks that vary). With `other="lower"` the
    neighbour must be of another lower taxon (another genus, for the family; another species, for the genus), and
    those are the units that are shuffled within the parent taxon: this is the form to judge, since congeners are of
    one family whatever the family means. The interval resamples the taxa of the rank itself where there are 8 or
    more, because their members are hit or missed together: measured coverage 92 to 96 % with 8 to 60 families. With
    fewer it resamples the members, and covers 86 to 91 %. `other` may name a column instead. With `other=None` any
    other image counts and images are the units: this describes a space, but photographs of one species are no
    evidence about families.
    """
    rng = generator(rng)
    ranks = _ranks(embeddings, other) if ranks is None else tuple(ranks)
    rows = {key: [] for key in ("agreement", "low", "high", "chance", "parent", "ceiling", "n")}
    parents, aparts, evidence = [], [], {}
    for i, rank in enumerate(ranks):
        parent = ranks[i - 1] if i else ""
        own = _apart(embeddings, rank, ranks[i + 1 :], other)
        emb = embeddings.known(rank, *([parent] if parent and own else []), *([own] if own else []))
        if emb.n < 3:
            raise ValueError(f"only {emb.n} images have their {rank} recorded: no neighbours to compare")
        labels, _ = emb.codes(rank)
        unit, _ = emb.codes(own) if own else (np.arange(emb.n), None)
        near = nearest(emb.unit().float64(), unit if own else None)
        counted = near >= 0
        if not counted.any():
            raise ValueError(f"all {emb.n} images are of one {own}: no neighbour of another {own} to compare with")
        hit = labels == labels[near]
        first = np.unique(unit, return_index=True)[1]
        of_unit = labels[first]  # the name each unit bears
        above = emb.codes(parent)[0][first] if parent else np.zeros(first.size, int)
        null = np.empty(permutations)
        for j, t in enumerate(shuffles_within(above, permutations, rng)):
            moved = of_unit[t][unit]
            null[j] = (moved == moved[near])[counted].mean()
        value = float(hit[counted].mean())
        cluster = emb.codes("species")[0] if not own and emb.has("species") else unit
        cluster = np.where(cluster < 0, cluster.max() + 1 + np.arange(emb.n), cluster)  # missing is not a species
        if own and np.unique(labels[counted]).size >= LEAST_TAXA:
            cluster = labels  # members of one taxon find one another: they are hit or missed together
        size = np.bincount(cluster[counted])
        units = np.flatnonzero(size)
        hits = np.bincount(cluster[counted], hit[counted])
        low, high = bootstrap_ratio(hits[units], size[units], rng=rng, within=(0, 1))
        share = np.bincount(labels) / labels.size
        bearers = np.bincount(of_unit)
        numbers = (
            value,
            low,
            high,
            (share**2).sum(),
            null.mean(),
            (bearers[labels] > 1)[counted].mean(),
            int(counted.sum()),
        )
        for key, number in zip(rows, numbers, strict=True):
            rows[key].append(number)
        parents.append(parent)
        aparts.append(own or "")
        evidence[rank] = Evidence(
            statistic=f"share of images whose nearest neighbour{' of another ' + own if own else ''} shares the {rank}",
            estimate=value,
            interval=(low, high),
            null=null,
            chance_kind=f"{rank} names shuffled among {own or 'image'} units" + (f" within {parent}" if parent else ""),
            p_more=p_value(value, null),
            p_less=p_value(value, null, more=False),
            p_floor=p_floor(permutations, int(first.size)),
            n=int(first.size),
            n_effective=float(first.size),
            unit=PLURALS.get(own, own) if own else "images",
            cannot_tell=""
            if null.std() > 0
            else f"no two {own or 'image'} units of one {parent or 'space'} differ in {rank}: nothing to shuffle",
        )
    return NeighbourAgreement(
        ranks=ranks, agreement=np.array(rows["agreement"]), low=np.array(rows["low"]), high=np.array(rows["high"]),
        chance=np.array(rows["chance"]), parent_chance=np.array(rows["parent"]), ceiling=np.array(rows["ceiling"]),
        n=np.array(rows["n"]), parents=tuple(parents), apart=tuple(aparts), evidence=evidence,
    )  # fmt: skip


def _apart(embeddings, rank: str, finer: tuple[str, ...], other: str | None) -> str | None:
    """The taxon whose own members do not count as neighbours at this rank."""
    if other is None or rank == "species":
        return None
    if other != "lower":
        return other if embeddings.has(other) and rank != other else None
    below = [*finer, "species"] if rank in RANKS else ["species"]
    return next((r for r in below if r in RANKS and embeddings.has(r)), None)


def _ranks(embeddings, other) -> tuple[str, ...]:
    found = [r for r in RANKS if embeddings.has(r) and (r != "species" or other is None)]
    found = [r for r in found if embeddings.column(r).drop_nulls().n_unique() > 1]
    if not found:
        raise ValueError(f"no taxonomic rank varies here; looked for {', '.join(RANKS)}. Name columns with ranks=(…)")
    return tuple(found)
