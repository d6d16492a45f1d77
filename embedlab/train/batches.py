"""What one optimiser step sees: which images, mirrored and shifted how, with which caption.

Everything is a function of (seed, step), so a run that was killed goes on exactly where it would have been,
and no state of a random generator has to be kept.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int, UInt8

from embedlab.extract.compact import standardised
from embedlab.extract.words import Vocabulary

_ORDER, _LOOK, _CAPTION = 1, 2, 3  # one stream of random numbers per purpose
SHIFT, GAIN = 2, 0.1  # px to each side; standard deviation of a factor on each colour channel


@dataclass(frozen=True, eq=False)
class Photos:
    """Training images with their species, and the captions that each species may be given.

    `pixels` is the whole rendered pool, often a memory map; `rows` are the images of this run in it.
    `captions[s]` lists the forms of species code s, which are drawn with the chances `forms`.
    """

    pixels: UInt8[np.ndarray, "m h w 3"]
    rows: Int[np.ndarray, " n"]
    species: Int[np.ndarray, " n"]
    captions: list[list[str]]
    forms: Float[np.ndarray, " f"]

    def __len__(self) -> int:
        return len(self.rows)

    def vocabulary(self) -> Vocabulary:
        """Collect every word of every caption."""
        return Vocabulary.of(caption for forms in self.captions for caption in forms)

    def numbers(self, vocabulary: Vocabulary) -> Int[np.ndarray, "s f k"]:
        """Turn all captions into word numbers once: species × form × words."""
        flat = vocabulary.numbers([caption for forms in self.captions for caption in forms])
        return flat.reshape(len(self.captions), len(self.forms), -1)


def rows_at(step: int, *, n: int, batch: int, seed: int) -> Int[np.ndarray, " batch"]:
    """Give the images of a step: every epoch is a fresh order of all `n`, and batches run across epochs.

    >>> sorted([*rows_at(0, n=4, batch=2, seed=1), *rows_at(1, n=4, batch=2, seed=1)])
    [np.int64(0), np.int64(1), np.int64(2), np.int64(3)]
    """
    place = np.arange(step * batch, (step + 1) * batch)
    epoch = place // n
    return np.concatenate([_order(n, seed, int(e))[place[epoch == e] % n] for e in np.unique(epoch)])


@lru_cache(maxsize=4)
def _order(n: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng([seed, _ORDER, epoch]).permutation(n)


def augmented(
    pixels: UInt8[np.ndarray, "n h w 3"], *, rng: np.random.Generator
) -> Float[np.ndarray, "n 3 h w"]:
    """Mirror, shift and tint each image by its own draw, and standardise it; borders repeat their edge.

    Mirror with chance ½, shift up to 2 px to each side, each colour channel times 1 ± 0.1. Draws per *batch*
    instead would let a step tell nothing about shifts.
    """
    n, high, wide, _ = pixels.shape
    padded = np.pad(pixels, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="edge")
    down, right = rng.integers(0, 2 * SHIFT + 1, (2, n))
    mirror = rng.random(n) < 0.5
    moved = np.empty_like(pixels)
    for i in range(n):
        view = padded[i, down[i] : down[i] + high, right[i] : right[i] + wide]
        moved[i] = view[:, ::-1] if mirror[i] else view
    grey = np.float32(-standardised(np.zeros((1, 1, 1, 3), np.uint8)).flat[0])
    tint = np.exp(GAIN * rng.standard_normal((n, 3, 1, 1))).astype(np.float32)
    x = standardised(moved)
    # a factor on the light itself, not on the standardised value: black stays black
    return (x + grey) * tint - grey


def batch_at(
    photos: Photos, numbers: Int[np.ndarray, "s f k"], step: int, *, batch: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give a step's images (batch, 3, h, w), word numbers (batch, k) and species codes (batch,)."""
    picked = rows_at(step, n=len(photos), batch=batch, seed=seed)
    species = photos.species[picked]
    form = np.random.default_rng([seed, _CAPTION, step]).choice(len(photos.forms), size=batch, p=photos.forms)
    x = augmented(photos.pixels[photos.rows[picked]], rng=np.random.default_rng([seed, _LOOK, step]))
    return x, numbers[species, form], species
