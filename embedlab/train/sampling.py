"""Which images a step sees: photographs that were rendered, again each epoch, or new ones each time.

All of it is a function of (seed, step): nothing is kept between steps, and every process knows it all.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int, UInt8

from embedlab.extract.words import Vocabulary
from embedlab.train.config import TrainConfig

_ORDER, _TURNS, _WITHIN, _DEALT = 1, 4, 5, 6  # one stream of random numbers per purpose (2 and 3: `batches`)


class Named:
    """Species by code, and what each may be called: what photographs have, however they come about.

    `captions[s]` lists the forms of species code s, which are drawn with the chances `forms`; `taxa[s]` are
    its codes at the seven ranks, kingdom first (without them, every species is its own genus and all are of
    one family).
    """

    captions: list[list[str]]
    forms: Float[np.ndarray, " f"]
    taxa: Int[np.ndarray, "s 7"] | None

    @cached_property
    def ranks(self) -> Int[np.ndarray, "s 7"]:
        """Codes of each species at the seven ranks, kingdom first; within a rank from 0 without gaps."""
        if self.taxa is not None:
            return self.taxa
        codes = np.arange(len(self.captions))
        return np.stack([*[np.zeros_like(codes)] * 5, codes, codes], axis=1)

    def vocabulary(self, cut: str = "words") -> Vocabulary:
        """Collect every word of every caption, or every syllable."""
        return Vocabulary.of((caption for forms in self.captions for caption in forms), cut=cut)

    def numbers(self, vocabulary: Vocabulary) -> Int[np.ndarray, "s f k"]:
        """Turn all captions into word numbers once: species × form × words."""
        flat = vocabulary.numbers([caption for forms in self.captions for caption in forms])
        return flat.reshape(len(self.captions), len(self.forms), -1)


@dataclass(frozen=True, eq=False)
class Photos(Named):
    """Training images with their species, and the captions that each species may be given (`Named`).

    `pixels` is the whole rendered pool, often a memory map; `rows` are the images of this run in it.
    """

    pixels: UInt8[np.ndarray, "m h w 3"]
    rows: Int[np.ndarray, " n"]
    species: Int[np.ndarray, " n"]
    captions: list[list[str]]
    forms: Float[np.ndarray, " f"]
    taxa: Int[np.ndarray, "s 7"] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def picked(self, step: int, config: TrainConfig) -> Int[np.ndarray, " batch"]:
        """Give the images of a step by place, 0 to n − 1: at random, or `config.each` of a species together."""
        if config.each == 1:
            return rows_at(step, n=len(self), batch=config.batch, seed=config.seed)
        codes, number = turns(
            step, species=len(self.captions), batch=config.batch, each=config.each, seed=config.seed
        )
        start, count, order = self._by_species
        # round r of a species is a fresh order of its images, so that all are used equally
        round_, place = np.divmod(number, count[codes])
        within = [
            _order_within(int(count[s]), config.seed, int(s), int(r))[p]
            for s, r, p in zip(codes, round_, place, strict=True)
        ]
        return order[start[codes] + np.array(within)]

    def labels(self, picked: Int[np.ndarray, " k"]) -> Int[np.ndarray, " k"]:
        """Give the species code that each of these images is said to be of."""
        return self.species[picked]

    def shown(self, picked: Int[np.ndarray, " k"]) -> UInt8[np.ndarray, "k h w 3"]:
        """Give the pixels of these images."""
        return self.pixels[self.rows[picked]]

    def dealt(self, seed: int) -> "Photos":
        """Give the same images with their species labels dealt anew among all of them, as many of each."""
        species = np.random.default_rng([seed, _DEALT]).permutation(self.species)
        return Photos(self.pixels, self.rows, species, self.captions, self.forms, self.taxa)

    @cached_property
    def _by_species(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """First place and number of each species' images, in an order that sorts images by species."""
        count = np.bincount(self.species, minlength=len(self.captions))
        if not count.all():
            bare = np.flatnonzero(count == 0)[:5].tolist()
            raise ValueError(f"species {bare} have no image to take a turn with: leave them out, or sample images")
        return np.cumsum(count) - count, count, np.argsort(self.species, kind="stable")


class Painting(Protocol):
    """Paints any images of a run, when they are asked for by place."""

    def __getitem__(self, places: Int[np.ndarray, " k"]) -> UInt8[np.ndarray, "k h w 3"]:
        """Give the pixels of these images."""


@dataclass(frozen=True, eq=False)
class Endless(Named):
    """Images without end, each seen once: place p shows species code p modulo s, its photograph number p // s.

    `canvas[places]` paints them; a run sees `images` of them. With `deal` (a seed), labels are dealt anew over
    the images of each number.
    """

    canvas: Painting
    captions: list[list[str]]
    forms: Float[np.ndarray, " f"]
    taxa: Int[np.ndarray, "s 7"] | None = None
    images: int = 0
    deal: int | None = None

    def __len__(self) -> int:
        return self.images

    def picked(self, step: int, config: TrainConfig) -> Int[np.ndarray, " batch"]:
        """Give the images of a step by place; species take turns, and no image comes twice in a run."""
        species = len(self.captions)
        codes, number = turns(step, species=species, batch=config.batch, each=config.each, seed=config.seed)
        return number * species + codes

    def labels(self, picked: Int[np.ndarray, " k"]) -> Int[np.ndarray, " k"]:
        """Give the species code that each of these images is said to be of."""
        number, codes = np.divmod(picked, len(self.captions))
        if self.deal is None:
            return codes
        return np.array(
            [_order(len(self.captions), self.deal, int(n), _DEALT)[c] for n, c in zip(number, codes, strict=True)]
        )

    def shown(self, picked: Int[np.ndarray, " k"]) -> UInt8[np.ndarray, "k h w 3"]:
        """Paint these images."""
        return self.canvas[picked]


def rows_at(step: int, *, n: int, batch: int, seed: int) -> Int[np.ndarray, " batch"]:
    """Give the images of a step: every epoch is a fresh order of all `n`, and batches run across epochs.

    >>> sorted([*rows_at(0, n=4, batch=2, seed=1), *rows_at(1, n=4, batch=2, seed=1)])
    [np.int64(0), np.int64(1), np.int64(2), np.int64(3)]
    """
    place = np.arange(step * batch, (step + 1) * batch)
    epoch = place // n
    return np.concatenate([_order(n, seed, int(e))[place[epoch == e] % n] for e in np.unique(epoch)])


def turns(
    step: int, *, species: int, batch: int, each: int, seed: int
) -> tuple[Int[np.ndarray, " batch"], Int[np.ndarray, " batch"]]:
    """Give species codes and running numbers of a step's images: species take turns, `each` images at a time.

    Every round is a fresh order of all species. An image's number counts those of its species before it in
    the run, so no pair (species, number) comes twice.

    >>> codes, number = turns(1, species=2, batch=4, each=2, seed=0)
    >>> sorted(zip(codes.tolist(), number.tolist()))
    [(0, 2), (0, 3), (1, 2), (1, 3)]
    """
    slot, k = np.divmod(np.arange(batch), each)
    round_, place = np.divmod(step * (batch // each) + slot, species)
    codes = np.empty(batch, dtype=np.int64)
    for r in np.unique(round_):
        codes[round_ == r] = _order(species, seed, int(r), _TURNS)[place[round_ == r]]
    return codes, round_ * each + k


@lru_cache(maxsize=8)  # few: an order of all images may be large
def _order(n: int, seed: int, epoch: int, stream: int = _ORDER) -> np.ndarray:
    return np.random.default_rng([seed, stream, epoch]).permutation(n)


@lru_cache(maxsize=4096)
def _order_within(n: int, seed: int, species: int, round_: int) -> np.ndarray:
    return np.random.default_rng([seed, _WITHIN, species, round_]).permutation(n)
