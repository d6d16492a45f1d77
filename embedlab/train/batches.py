"""What one optimiser step sees: which images, mirrored and shifted how, with which caption.

Everything is a function of (seed, step), so a run that was killed goes on exactly where it would have been,
and no state of a random generator has to be kept; and every process of several knows the whole batch, and
prepares the pixels of its own part alone.
"""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8

from embedlab.extract.compact import MEAN, SPREAD
from embedlab.extract.words import Vocabulary
from embedlab.train.config import TrainConfig

_ORDER, _LOOK, _CAPTION, _TURNS, _WITHIN = 1, 2, 3, 4, 5  # one stream of random numbers per purpose
SHIFT, GAIN = 2, 0.1  # px to each side; standard deviation of a factor on each colour channel


@dataclass(frozen=True, eq=False)
class Photos:
    """Training images with their species, and the captions that each species may be given.

    `pixels` is the whole rendered pool, often a memory map; `rows` are the images of this run in it.
    `captions[s]` lists the forms of species code s, which are drawn with the chances `forms`; `taxa[s]` are
    its codes at the seven ranks, kingdom first (without them, every species is its own genus and all are of
    one family).
    """

    pixels: UInt8[np.ndarray, "m h w 3"]
    rows: Int[np.ndarray, " n"]
    species: Int[np.ndarray, " n"]
    captions: list[list[str]]
    forms: Float[np.ndarray, " f"]
    taxa: Int[np.ndarray, "s 7"] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def ranks(self) -> Int[np.ndarray, "s 7"]:
        """Codes of each species at the seven ranks, kingdom first; within a rank from 0 without gaps."""
        if self.taxa is not None:
            return self.taxa
        codes = np.arange(len(self.captions))
        return np.stack([*[np.zeros_like(codes)] * 5, codes, codes], axis=1)

    def vocabulary(self) -> Vocabulary:
        """Collect every word of every caption."""
        return Vocabulary.of(caption for forms in self.captions for caption in forms)

    def numbers(self, vocabulary: Vocabulary) -> Int[np.ndarray, "s f k"]:
        """Turn all captions into word numbers once: species × form × words."""
        flat = vocabulary.numbers([caption for forms in self.captions for caption in forms])
        return flat.reshape(len(self.captions), len(self.forms), -1)

    def picked(self, step: int, config: TrainConfig) -> Int[np.ndarray, " batch"]:
        """Give the images of a step, as places in `rows`: at random, or some of each species together."""
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

    @cached_property
    def _by_species(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """First place and number of each species' images, in an order that sorts images by species."""
        count = np.bincount(self.species, minlength=len(self.captions))
        return np.cumsum(count) - count, count, np.argsort(self.species, kind="stable")


@dataclass(frozen=True, eq=False)
class Batch:
    """What a step sees, as tensors; `pixels` may be of a part of the batch, all else is of the whole."""

    pixels: Float[torch.Tensor, "p 3 h w"]
    words: Int[torch.Tensor, "n k"]
    species: Int[torch.Tensor, " n"]
    ranks: Int[torch.Tensor, "n 7"]

    def __len__(self) -> int:
        return len(self.species)

    def to(self, device: torch.device | str) -> "Batch":
        """Give the batch on another device."""
        return replace(self, **{name: value.to(device) for name, value in vars(self).items()})


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


@lru_cache(maxsize=4)  # few: an order of all images may be large
def _order(n: int, seed: int, epoch: int, stream: int = _ORDER) -> np.ndarray:
    return np.random.default_rng([seed, stream, epoch]).permutation(n)


@lru_cache(maxsize=4096)
def _order_within(n: int, seed: int, species: int, round_: int) -> np.ndarray:
    return np.random.default_rng([seed, _WITHIN, species, round_]).permutation(n)


@dataclass(frozen=True, eq=False)
class Looks:
    """How each image of a batch is changed: shifted `down` and `right` (0 … 2 · SHIFT, SHIFT is none), mirrored,
    and each colour multiplied by `tint`.
    """

    down: Int[np.ndarray, " n"]
    right: Int[np.ndarray, " n"]
    mirror: np.ndarray
    tint: Float[np.ndarray, "n 3"]

    @classmethod
    def drawn(cls, n: int, *, rng: np.random.Generator) -> "Looks":
        """Draw each image's own: mirror with chance ½, up to 2 px to each side, colours times 1 ± 0.1.

        Draws per *batch* instead would let a step tell nothing about shifts.
        """
        down, right = rng.integers(0, 2 * SHIFT + 1, (2, n))
        mirror = rng.random(n) < 0.5
        tint = np.exp(GAIN * rng.standard_normal((n, 3))).astype(np.float32)
        return cls(down, right, mirror, tint)

    def part(self, rows: slice) -> "Looks":
        """Give the looks of some of the images."""
        return Looks(self.down[rows], self.right[rows], self.mirror[rows], self.tint[rows])


def augmented(
    pixels: UInt8[np.ndarray, "n h w 3"], looks: Looks, device: torch.device | str = "cpu"
) -> Float[torch.Tensor, "n 3 h w"]:
    """Mirror, shift and tint each image, and standardise it; a shifted image repeats its edge.

    Bytes travel to the device, and all else happens there. The memory keeps its order, channels last.
    """
    n, high, wide, _ = pixels.shape
    row = np.clip(np.arange(high) + looks.down[:, None] - SHIFT, 0, high - 1)  # (n, h)
    column = np.clip(np.arange(wide) + looks.right[:, None] - SHIFT, 0, wide - 1)  # (n, w)
    column = np.where(looks.mirror[:, None], column[:, ::-1], column)
    # one index of a pixel: gathering whole pixels is as fast as memory allows
    place = (np.arange(n)[:, None, None] * high + row[:, :, None]) * wide + column[:, None, :]
    flat = torch.from_numpy(np.ascontiguousarray(pixels)).to(device).view(-1, 3)
    x = flat[torch.from_numpy(place.ravel()).to(device)].view(n, high, wide, 3).to(torch.float32)
    x.mul_(1.0 / (255.0 * SPREAD)).sub_(MEAN / SPREAD)  # as `standardised`
    grey = MEAN / SPREAD
    tint = torch.from_numpy(looks.tint).to(device).view(n, 1, 1, 3)
    # a factor on the light itself, not on the standardised value: black stays black
    return x.add_(grey).mul_(tint).sub_(grey).permute(0, 3, 1, 2)


def batch_at(
    photos: Photos,
    numbers: Int[np.ndarray, "s f k"],
    step: int,
    config: TrainConfig,
    *,
    part: slice = slice(None),
    pixels: UInt8[np.ndarray, "p h w 3"] | None = None,
    device: torch.device | str = "cpu",
) -> Batch:
    """Give what a step sees: names of the whole batch, and pixels of its `part`.

    `pixels`, where they were painted on the fly, take the place of those of `photos`.
    """
    picked = photos.picked(step, config)
    species = photos.species[picked]
    rng = np.random.default_rng([config.seed, _CAPTION, step])
    drawn = config.batch if config.caption_per == "image" else 1
    form = rng.choice(len(photos.forms), size=drawn, p=photos.forms)
    looks = Looks.drawn(config.batch, rng=np.random.default_rng([config.seed, _LOOK, step]))
    if pixels is None:
        pixels = photos.pixels[photos.rows[picked[part]]]
    told = {
        "words": numbers[species, np.broadcast_to(form, config.batch)],
        "species": species,
        "ranks": photos.ranks[species],
    }
    return Batch(
        pixels=augmented(pixels, looks.part(part), device),
        **{name: torch.from_numpy(np.ascontiguousarray(value)).to(device) for name, value in told.items()},
    )
