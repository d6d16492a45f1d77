"""Images (and species) halved: axes that tell species apart from one half, contrasts and noise from the other."""

from dataclasses import dataclass

import numpy as np

from embedlab.measures.contrast import Block, Blocks
from embedlab.stats.subspaces.subspace import span

SPLITS = 2  # random halvings; each serves twice


@dataclass(frozen=True, eq=False)
class Fold:
    """Axes from one half of the images; contrasts, noise and spectrum from the other.

    Where species are halved as well, a group that lent itself to the axes has no contrast here: its row is zero.
    """

    axes: np.ndarray  # (d, r)
    held: tuple[Block, ...]
    contrasts: np.ndarray  # (s, d), with their noise
    inside: np.ndarray  # (s, r) energy along each axis, noise subtracted
    energy: np.ndarray  # (s,) whole energy, noise subtracted
    noise: np.ndarray  # (s,) what was subtracted from the whole
    level: np.ndarray  # (r,) share of within-group variance along each axis
    left: np.ndarray  # (n, d) deviations from the group means, scaled to be unbiased

    @property
    def d(self) -> int:
        """Dimensions of the space."""
        return self.axes.shape[0]

    def shuffled(self, r: int, b: int, rng: np.random.Generator) -> np.ndarray:
        """Plain share inside for labels shuffled within blocks, (b,): what any split of the images would give."""
        inside, whole = np.zeros(b), np.zeros(b)
        for block in self.held:
            z = rng.permuted(np.broadcast_to(block.is_b, (b, len(block.x))), axis=1).astype(float)
            n1 = block.is_b.sum()
            d = z @ block.x / n1 - (1 - z) @ block.x / (len(block.x) - n1)
            inside += ((d @ self.axes[:, :r]) ** 2).sum(axis=1)
            whole += (d**2).sum(axis=1)
        return inside / whole


def half_of_each(is_b: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mark one half of the rows of each of two kinds at random: booleans `(n,)`; of an odd number the smaller half."""
    half = np.zeros(is_b.size, bool)
    for kind in (False, True):
        rows = rng.permutation(np.flatnonzero(is_b == kind))
        half[rows[: rows.size // 2]] = True
    return half


def folds(cut: Blocks, wanted: int, rng: np.random.Generator, *, apart: bool = False) -> list[Fold]:
    """Cut the blocks into folds, `SPLITS` times over.

    With `apart`, species are halved too: axes come from half of the species and half of the images, contrasts from
    the other half of both, so that no species has a part in the axes that its own contrast is held against.
    """
    return [fold for _ in range(SPLITS) for fold in _folds(cut, wanted, rng, apart)]


def _folds(cut: Blocks, wanted: int, rng, apart: bool) -> list[Fold]:
    first, second = [], []
    for block in cut.blocks:
        half = half_of_each(block.is_b, rng)
        first.append(Block(block.group, block.x[half], block.is_b[half]))
        second.append(Block(block.group, block.x[~half], block.is_b[~half]))
    s = len(cut.groups)
    ways = [(first, second), (second, first)]
    if not apart:
        return [_fold(own, held, s, wanted) for own, held in ways]
    names = sorted(set(cut.species))
    chosen = {names[i] for i in rng.permutation(len(names))[: len(names) // 2]}
    lend = np.array([name in chosen for name in cut.species])
    return [
        _fold([b for b in own if side[b.group]], [b for b in held if not side[b.group]], s, wanted)
        for own, held in ways
        for side in (lend, ~lend)
    ]


def _fold(own: list[Block], held: list[Block], s: int, wanted: int) -> Fold:
    d = own[0].x.shape[1]
    strata = np.bincount([b.group for b in own], minlength=s)[:, None]
    centres = np.zeros((s, d))
    for b in own:  # the mean of the two cell means: unequal numbers would leak the contrast into the span
        centres[b.group] += (b.x[b.is_b].mean(axis=0) + b.x[~b.is_b].mean(axis=0)) / 2
    present = strata[:, 0] > 0
    axes, _ = span(centres[present] / strata[present], wanted)
    r = axes.shape[1]
    strata = np.bincount([b.group for b in held], minlength=s)[:, None]
    contrasts, noise, noise_axis = np.zeros((s, d)), np.zeros(s), np.zeros((s, r))
    left = []
    for b in held:
        parts = [b.x[~b.is_b], b.x[b.is_b]]
        contrasts[b.group] += (parts[1].mean(axis=0) - parts[0].mean(axis=0)) / strata[b.group]
        for x in parts:
            x = x - x.mean(axis=0)
            left.append(x * np.sqrt(len(x) / (len(x) - 1)))
            weight = 1 / ((len(x) - 1) * len(x) * strata[b.group, 0] ** 2)
            noise[b.group] += (x**2).sum() * weight
            noise_axis[b.group] += ((x @ axes) ** 2).sum(axis=0) * weight
    left = np.vstack(left)
    along = contrasts @ axes
    return Fold(
        axes=axes, held=tuple(held), contrasts=contrasts, inside=along**2 - noise_axis,
        energy=(contrasts**2).sum(axis=1) - noise, noise=noise,
        level=((left @ axes) ** 2).sum(axis=0) / (left**2).sum(), left=left,
    )  # fmt: skip
