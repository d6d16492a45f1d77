"""Which images a run sees: nested scales of one world, rendered once into a pool that all runs share.

The species that are trained on are the world's core species in one fixed order, in which body plans take
turns; scale s × m is the first s of them with their first m images each. So every larger scale contains every
smaller one, and the held-out species are never among them.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Int

import embedlab
from embedlab.train.batches import Photos
from embedlab.train.config import TrainConfig

TEST_SPECIES, TEST_IMAGES = 64, 8  # named at the end of every run: the first core species, new individuals
_TEST_START = 1_000_000  # number of the first test image of a species: far from any that is trained on
_CHUNK = 512  # images in one rendering job: a third of a second


@dataclass(frozen=True)
class Pool:
    """All images that a set of runs needs, each once: plain data, so that any process can render its part.

    Row r of the file is entry r of `specimens`: training images by species and number, then test images,
    balanced over sex and life stage and with backgrounds that tell nothing of the species' habitat.
    """

    world: int
    world_species: int
    size: int
    scales: tuple[tuple[int, int], ...]
    folder: str

    @classmethod
    def of(cls, configs: Sequence[TrainConfig], folder: Path) -> "Pool":
        """Collect the scales of these runs; they must share world and image size, and fit into the world."""
        for key in ("world", "world_species", "size"):
            found = sorted({getattr(config, key) for config in configs})
            if len(found) > 1:
                raise ValueError(
                    f"{key} differs among the runs ({found[:5]}), which share one pool: train them apart"
                )
        first = configs[0]
        scales = tuple(sorted({(config.species, config.images) for config in configs}))
        core = len(training_order(grown(first.world, first.world_species)))
        if scales[-1][0] > core:
            raise ValueError(
                f"species = {scales[-1][0]}, but only {core} of the {first.world_species} species of this "
                "world may be trained on, as the others are held out: raise world_species, or train on "
                f"{core} or fewer"
            )
        return cls(first.world, first.world_species, first.size, scales, str(folder))

    @property
    def path(self) -> Path:
        """Where the finished pool stands; its name changes with what is in it."""
        told = {**asdict(self), "folder": None, "embedlab": embedlab.__version__}
        return Path(self.folder) / f"pool-{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]}.npy"

    @property
    def images(self) -> int:
        """How many images there are."""
        return len(_laid_out(self)[0])

    def create(self) -> Path:
        """Make room for all images in a file aside, and give its path; it is renamed when it is full."""
        aside = self.path.with_name(f".{self.path.name}.part")
        shape = (self.images, self.size, self.size, 3)
        np.lib.format.open_memmap(aside, mode="w+", dtype=np.uint8, shape=shape).flush()
        return aside

    def renders(self, aside: Path) -> "list[Render]":
        """Cut the rendering into jobs of some hundred images."""
        return [Render(self, aside, start) for start in range(0, self.images, _CHUNK)]

    def photos(self, config: TrainConfig) -> tuple[Photos, Photos]:
        """Give the training images of one run, and the images that its model shall name at the end."""
        _, row_of, tests = _laid_out(self)
        pixels = np.load(self.path, mmap_mode="r")
        world = grown(self.world, self.world_species)
        order = training_order(world)
        rows = row_of[: config.species, : config.images]
        told = [[world.caption(int(s), form) for form, _ in _forms()] for s in order[: config.species]]
        shares = np.array([share for _, share in _forms()])
        codes = np.repeat(np.arange(config.species), config.images)
        train_on = Photos(pixels=pixels, rows=rows.ravel(), species=codes, captions=told, forms=shares)
        few = min(len(tests), config.species)
        test_on = Photos(
            pixels=pixels,
            rows=tests[:few].ravel(),
            species=np.repeat(np.arange(few), TEST_IMAGES),
            captions=told[:few],
            forms=shares,
        )
        return train_on, test_on

    def told(self) -> dict:
        """Say for the card of a model which world it saw."""
        return {"world": self.world, "world_species": self.world_species, "size": self.size}


@dataclass(frozen=True)
class Render:
    """One rendering job: called with a `tick`, it paints its images into the file."""

    pool: Pool
    aside: Path
    start: int

    def __call__(self, tick: Callable[[int], None]) -> None:
        """Paint, write, and tell how many images were painted."""
        specimens = _laid_out(self.pool)[0][slice(self.start, self.start + _CHUNK)]
        pixels = grown(self.pool.world, self.pool.world_species).render(specimens, self.pool.size)
        file = np.load(self.aside, mmap_mode="r+")
        file[self.start : self.start + len(pixels)] = pixels
        file.flush()
        tick(len(pixels))


@lru_cache(maxsize=2)
def grown(seed: int, species: int):
    """Grow a world once a process."""
    from embedlab.world import World

    return World(seed, species)


def training_order(world) -> Int[np.ndarray, " s"]:
    """Give the core species of a world in the order in which scales take them: body plans take turns.

    The order within a plan is drawn from the world's seed, so a small scale is a fair sample of the tree.
    """
    core = np.random.default_rng([world.seed, 20]).permutation(np.flatnonzero(world.split == "core"))
    plans = np.array(world.plans)[core]
    turn = np.zeros(len(core), dtype=np.int64)
    for plan in dict.fromkeys(world.plans):
        turn[plans == plan] = np.arange((plans == plan).sum())
    return core[np.argsort(turn, kind="stable")]


@lru_cache(maxsize=2)
def _laid_out(pool: Pool):
    """Give a pool's specimens, the row of (species, number), -1 where no run wants it, and the test rows."""
    world = grown(pool.world, pool.world_species)
    order = training_order(world)
    most, deepest = max(s for s, _ in pool.scales), max(m for _, m in pool.scales)
    wanted = np.zeros((most, deepest), dtype=bool)
    for species, images in pool.scales:
        wanted[:species, :images] = True
    row_of = np.where(wanted, np.cumsum(wanted).reshape(wanted.shape) - 1, -1)
    training = world.plan(order[:most], deepest)[wanted.ravel()]
    few = min(TEST_SPECIES, most)
    test = world.plan(order[:few], TEST_IMAGES, balanced=True, background_bias=0.0, start=_TEST_START)
    tests = wanted.sum() + np.arange(few * TEST_IMAGES).reshape(few, TEST_IMAGES)
    both = {key: np.concatenate([getattr(training, key), getattr(test, key)]) for key in vars(training)}
    return type(training)(**both), row_of, tests


def _forms():
    from embedlab.world.world import CAPTIONS

    return CAPTIONS
