"""What one optimiser step sees: its images (`sampling` says which), mirrored and shifted how, with which caption.

Everything is a function of (seed, step), so a run that was killed goes on exactly where it would have been,
and no state of a random generator has to be kept; and every process of several knows the whole batch, and
prepares the pixels of its own part alone.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8

from embedlab.extract.compact import MEAN, SPREAD
from embedlab.train.config import TrainConfig
from embedlab.train.sampling import Endless, Photos

__all__ = ["Batch", "Endless", "Looks", "Photos", "augmented", "batch_at"]

_LOOK, _CAPTION = 2, 3  # one stream of random numbers per purpose (the others: `sampling`)
SHIFT, GAIN = 2, 0.1  # px to each side; standard deviation of a factor on each colour channel


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
    row += high * np.arange(n)[:, None]
    row, column = (torch.from_numpy(places).to(device) for places in (row, column))
    # one index a pixel: gathering whole pixels is as fast as memory allows
    place = row[:, :, None] * wide + column[:, None, :]  # (n, h, w)
    flat = torch.from_numpy(np.ascontiguousarray(pixels)).to(device).view(-1, 3)
    x = flat.index_select(0, place.view(-1)).view(n, high, wide * 3).to(torch.float32)
    # A factor on the light itself, before it is standardised: black stays black. It is repeated along a row of
    # pixels, as a loop over rows is several times faster than one over the three channels of each pixel.
    gain = torch.from_numpy(looks.tint * np.float32(1.0 / (255.0 * SPREAD))).to(device).repeat(1, wide)
    return x.mul_(gain[:, None]).sub_(MEAN / SPREAD).view(n, high, wide, 3).permute(0, 3, 1, 2)


def batch_at(
    photos: Photos | Endless,
    numbers: Int[np.ndarray, "s f k"],
    step: int,
    config: TrainConfig,
    *,
    part: slice = slice(None),
    pixels: UInt8[np.ndarray, "p h w 3"] | None = None,
    device: torch.device | str = "cpu",
) -> Batch:
    """Give what a step sees: names of the whole batch, and pixels of its `part`.

    `pixels`, if they were painted ahead, are those of the part; else they are read or painted now.
    """
    picked = photos.picked(step, config)
    species = photos.labels(picked)
    rng = np.random.default_rng([config.seed, _CAPTION, step])
    drawn = config.batch if config.caption_per == "image" else 1
    form = rng.choice(len(photos.forms), size=drawn, p=photos.forms)
    looks = Looks.drawn(config.batch, rng=np.random.default_rng([config.seed, _LOOK, step]))
    if pixels is None:
        pixels = photos.shown(picked[part])
    told = {
        "words": numbers[species, np.broadcast_to(form, config.batch)],
        "species": species,
        "ranks": photos.ranks[species],
    }
    return Batch(
        pixels=augmented(pixels, looks.part(part), device),
        **{name: torch.from_numpy(np.ascontiguousarray(value)).to(device) for name, value in told.items()},
    )
