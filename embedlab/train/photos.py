"""Which images a run sees: its own species and photographs of one world, rendered into a pool for all runs.

Scale s × m is s of the world's core species, body plans taking turns, with m images each; the held-out species
are never among them. Every run draws its own: runs are the replicates of a study, and two that shared
photographs, as nested scales or seeds over the same images do, would share their luck. A trend over them would
then look surer than it is (LOG.md).
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

TEST_SPECIES, TEST_IMAGES = 64, 8  # named at the end of every run: its first species, new individuals
_ROOM = 1_000_000  # numbers of images of a species that one run may take: more than `images` can be
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
    runs: tuple[tuple[int, int, int], ...]  # species, images, seed
    folder: str

    @classmethod
    def of(cls, configs: Sequence[TrainConfig], folder: Path) -> "Pool":
        """Collect these runs; they must share world and image size, and fit into the world."""
        for key in ("world", "world_species", "size"):
            found = sorted({getattr(config, key) for config in configs})
            if len(found) > 1:
                raise ValueError(
                    f"{key} differs among the runs ({found[:5]}), which share one pool: train them apart"
                )
        first = configs[0]
        runs = tuple(sorted({(config.species, config.images, config.seed) for config in configs}))
        core = int((grown(first.world, first.world_species).split == "core").sum())
        if runs[-1][0] > core:
            raise ValueError(
                f"species = {runs[-1][0]}, but only {core} of the {first.world_species} species of this "
                "world may be trained on, as the others are held out: raise world_species, or train on "
                f"{core} or fewer"
            )
        return cls(first.world, first.world_species, first.size, runs, str(folder))

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
        rows, tests = _laid_out(self)[1][config.species, config.images, config.seed]
        pixels = np.load(self.path, mmap_mode="r")
        world = grown(self.world, self.world_species)
        order = training_order(world, config.species, config.seed)
        told = [[world.caption(int(s), form) for form, _ in _forms()] for s in order]
        shares = np.array([share for _, share in _forms()])
        codes = np.repeat(np.arange(config.species), config.images)
        train_on = Photos(pixels=pixels, rows=rows.ravel(), species=codes, captions=told, forms=shares)
        few = len(tests)
        test_on = Photos(
            pixels=pixels,
            rows=tests.ravel(),
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


def training_order(world, species: int, seed: int) -> Int[np.ndarray, " s"]:
    """Draw the `species` core species that a run trains on, in its order: body plans take turns.

    The draw depends on the world, on how many they are and on the run's seed.
    """
    rng = np.random.default_rng([world.seed, 20, species, seed])
    core = rng.permutation(np.flatnonzero(world.split == "core"))
    plans = np.array(world.plans)[core]
    turn = np.zeros(len(core), dtype=np.int64)
    for plan in dict.fromkeys(world.plans):
        turn[plans == plan] = np.arange((plans == plan).sum())
    return core[np.argsort(turn, kind="stable")][:species]


@lru_cache(maxsize=2)
def _laid_out(pool: Pool):
    """Give a pool's specimens, and for each run its rows (species, images) and its test rows (species, 8)."""
    world = grown(pool.world, pool.world_species)
    parts, rows_of, filled = [], {}, 0
    for species, images, seed in pool.runs:
        order = training_order(world, species, seed)
        few = min(TEST_SPECIES, species)
        start = (2 * _number(species, images, seed)) * _ROOM
        training = world.plan(order, images, start=start)
        test = world.plan(order[:few], TEST_IMAGES, balanced=True, background_bias=0.0, start=start + _ROOM)
        parts += [training, test]
        rows = filled + np.arange(len(training) + len(test))
        rows_of[species, images, seed] = (
            rows[: len(training)].reshape(species, images),
            rows[len(training) :].reshape(few, TEST_IMAGES),
        )
        filled += len(rows)
    both = {key: np.concatenate([getattr(part, key) for part in parts]) for key in vars(parts[0])}
    return type(parts[0])(**both), rows_of


def _number(species: int, images: int, seed: int) -> int:
    """A number of its own for each run, the same whatever other runs the pool holds."""
    told = hashlib.sha256(f"{species}x{images}/{seed}".encode()).digest()
    return int.from_bytes(told[:3], "big")


def _forms():
    from embedlab.world.world import CAPTIONS

    return CAPTIONS
