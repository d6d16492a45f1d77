"""What is in a store: how many images each taxon has, and how evenly they are spread over species."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import lambertw
from scipy.stats import entropy

from embedlab.data.taxonomy import PLURALS, RANKS
from embedlab.stats.resample import generator
from embedlab.stats.shown import Spoken

MOST = 60  # taxa of the finer rank, when no rank is named
SHOWN = 400  # places of the ranked counts that are kept
DRAWS = 199


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Composition(Spoken):
    """Images of every taxon, and how far they are from an even spread.

    `taxa` are (taxon of the rank `within`, taxon of the rank `of`), with `images` and `species` of each, both `(t,)`.
    `effective` is the Hill number of order 1 of the images over `units` `unit`s: how many equally common ones would be
    as diverse, from 1 (all images of one) to `units` (the same number of each). `half` is how many of them, the
    commonest, hold half of the images. `effective_chance`, `half_chance`: means of both when all are photographed
    equally often but for the luck of the draw, with the middle 95 % of the former as `chance_low` and `chance_high`.
    `counts` are images of the species at the places `places` (1 the commonest), `even`, `even_low` and `even_high`
    the mean and the middle 95 % of the same by that chance. `left_out` images have no name at one of the ranks.
    """

    within: str
    of: str
    taxa: tuple[tuple[str, str], ...]
    images: np.ndarray
    species: np.ndarray
    unit: str
    units: int
    n: int
    left_out: int
    effective: float
    effective_chance: float
    chance_low: float
    chance_high: float
    half: int
    half_chance: float
    places: np.ndarray
    counts: np.ndarray
    even: np.ndarray
    even_low: np.ndarray
    even_high: np.ndarray

    def __str__(self) -> str:
        return (
            f"{self.n:,} images of {self.units:,} {self.unit} are as diverse as {self.effective:,.0f} equally common "
            f"{self.unit} ({self.effective_chance:,.0f} [{self.chance_low:,.0f}, {self.chance_high:,.0f}] were all "
            f"photographed equally often); half of the images belong to {self.half:,} {self.unit} "
            f"({self.half_chance:,.0f})"
        )

    def table(self) -> pl.DataFrame:
        """One row a taxon: both ranks, images, species, images a species; the largest first."""
        outer, inner = zip(*self.taxa, strict=True)
        names = {self.within: outer} if self.within != self.of else {}
        counts = {"images": self.images, f"n_{self.unit}": self.species, "images_each": self.images / self.species}
        return pl.DataFrame({**names, self.of: inner, **counts}).sort("images", descending=True, maintain_order=True)

    @property
    def caption(self) -> str:
        """What was counted, and how chance was had."""
        missing = f" {self.left_out:,} images not named at both ranks are left out." if self.left_out else ""
        return (
            f"Area: images of each {self.of}, within its {self.within}; colour: images of each of its {self.unit}. "
            f"Effective number: exp of the Shannon entropy of images over {self.unit} (Hill number of order 1; Jost "
            f"2006). Chance: {self.units:,} {self.unit} photographed equally often and at least once (Poisson counts "
            f"of one mean, without zeros), {DRAWS} times.{missing}"
        )


def composition(vectors, within: str = "", of: str = "", *, rng=0) -> Composition:
    """Count the images of every taxon, and say how even they are beside species photographed equally often.

    `vectors` are `Embeddings` or a `Manifest`: whatever has `rows` with taxonomic ranks. `within` is the coarser rank
    (the coarsest that divides the images), `of` the finer one (the finest below it of at most 60 taxa). `rng` is a seed
    or a Generator, for the draws of chance. It describes these images, of which none was sampled: there is no
    interval, only chance. ValueError: no rank of two taxa, an unknown rank, or ranks in the wrong order.

    Source: L. Jost (2006), Entropy and diversity, Oikos 113: 363–375; ranked counts: R. H. Whittaker (1965), Science
    147: 250–260.
    """
    rows = vectors.rows
    sizes = {r: rows[r].drop_nulls().n_unique() for r in RANKS if r in rows.columns}
    within, of = _ranks(sizes, within, of)
    named = rows.drop_nulls([within, of])
    unit = "species" if "species" in sizes else of
    each = named.group_by(pl.col(within).alias("outer"), pl.col(of).alias("inner")).agg(
        pl.len().alias("images"), pl.col(unit).drop_nulls().n_unique().alias("kinds")
    )
    each = each.sort("images", "outer", "inner", descending=[True, False, False])
    counts = named[unit].drop_nulls().value_counts()["count"].to_numpy()
    counts = np.sort(counts)[::-1].astype(np.int64)
    n, s = int(counts.sum()), len(counts)
    places = np.unique(np.geomspace(1, s, min(s, SHOWN)).round().astype(int))
    rng, hills, halves, even = generator(rng), np.empty(DRAWS), np.empty(DRAWS), np.empty((DRAWS, len(places)))
    for i in range(DRAWS):
        drawn = np.sort(_seen(rng, n / s, s))[::-1]
        hills[i], halves[i], even[i] = _hill(drawn), _half(drawn), drawn[places - 1]
    low, high = np.quantile(hills, (0.025, 0.975))
    return Composition(
        within=within, of=of, taxa=tuple(each.select("outer", "inner").iter_rows()),
        images=each["images"].to_numpy(), species=np.maximum(each["kinds"].to_numpy(), 1),
        unit=PLURALS[unit], units=s, n=n, left_out=rows.height - named.height,
        effective=_hill(counts), effective_chance=float(hills.mean()), chance_low=float(low), chance_high=float(high),
        half=_half(counts), half_chance=float(halves.mean()), places=places, counts=counts[places - 1],
        even=even.mean(axis=0), even_low=np.quantile(even, 0.025, axis=0),
        even_high=np.quantile(even, 0.975, axis=0),
    )  # fmt: skip


def _ranks(sizes: dict[str, int], within: str, of: str) -> tuple[str, str]:
    """Both ranks, as named or by default."""
    for asked in (within, of):
        if asked and asked not in sizes:
            raise ValueError(f"the rows have no rank {asked!r}: they have {', '.join(sizes) or 'none'}")
    order = list(sizes)
    if within and of and order.index(within) > order.index(of):
        raise ValueError(f"within={within!r} is finer than of={of!r}: name the coarser rank first")
    above = order[: order.index(of) + 1] if of else order
    within = within or next((r for r in above if sizes[r] > 1), "")
    if not within:
        seen = ", ".join(f"{k} {v}" for k, v in sizes.items()) or "no ranks"
        raise ValueError(
            f"no rank divides these images ({seen}): a composition needs two taxa of one rank; join a taxonomy first"
        )
    below = order[order.index(within) :]
    return within, of or [r for r in below if sizes[within] <= sizes[r] <= max(MOST, sizes[within])][-1]


def _seen(rng: np.random.Generator, mean: float, size: int) -> np.ndarray:
    """Poisson counts without zeros, of this mean: a species of the store was photographed at least once."""
    if mean <= 1:
        return np.ones(size, np.int64)
    rate = float((mean + lambertw(-mean * np.exp(-mean))).real)  # mean = rate / (1 − exp(−rate))
    first = -np.log1p(-rng.random(size) * -np.expm1(-rate))  # when the first image comes, given that one does
    return 1 + rng.poisson(np.maximum(rate - first, 0.0))


def _hill(counts: np.ndarray) -> float:
    return float(np.exp(entropy(counts)))


def _half(counts: np.ndarray) -> int:
    return int(np.searchsorted(np.cumsum(counts), counts.sum() / 2)) + 1

