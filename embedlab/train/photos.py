"""Which images a run sees: its own species and photographs of one world, rendered into a pool for all its runs.

Scale s × m is s of the world's core species, body plans taking turns, with m images each; the held-out species
are never among them. Every scale and seed draws its own: runs are the replicates of a study, and two that shared
photographs, as nested scales or seeds over the same images do, would share their luck. A trend over them would
then look surer than it is (LOG.md). Runs of one scale and seed, which differ in objective, towers or steps, see
the same photographs: they are compared, and what they share cancels. An endless run has its own species and
test images in the pool, and paints what it trains on.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

import embedlab
from embedlab.train import captions
from embedlab.train.config import TrainConfig
from embedlab.train.endless import Canvas
from embedlab.train.sampling import Endless, Photos
from embedlab.train.species import grown, training_order
from embedlab.world.card import DESIGN

TEST_SPECIES, TEST_IMAGES = 64, 12  # named at the end of every run: its first species, new individuals
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
    dials: str
    size: int
    runs: tuple[tuple[int, int, int], ...]  # species, images (0 for an endless run), seed
    folder: str
    device: str = "cpu"  # where it is painted: pixels of two devices may differ by a grey level

    @classmethod
    def of(cls, configs: Sequence[TrainConfig], folder: Path) -> "Pool":
        """Collect these runs; they must share world, dials and image size, and fit into the world."""
        for key in _SHARED:
            found = sorted({getattr(config, key) for config in configs})
            if len(found) > 1:
                raise ValueError(
                    f"{key} differs among the runs ({found[:5]}): one pool holds images of one kind, see `pools`"
                )
        first = configs[0]
        for config in configs:
            if config.pool == "endless" and config.steps * config.batch // config.species >= _ROOM - config.each:
                raise ValueError(
                    f"{config.name} would take more than {_ROOM:,} photographs of a species: raise species"
                )
        runs = tuple(sorted({_run(config) for config in configs}))
        core = int((grown(first.world, first.world_species, first.dials).split == "core").sum())
        if runs[-1][0] > core:
            raise ValueError(
                f"species = {runs[-1][0]}, but only {core} of the {first.world_species} species of this "
                "world may be trained on, as the others are held out: raise world_species, or train on "
                f"{core} or fewer"
            )
        return cls(*_kind(first)[:4], runs, str(folder), first.device)

    @property
    def path(self) -> Path:
        """Where the finished pool stands; its name changes with what is in it."""
        told = {**asdict(self), "folder": None, "embedlab": embedlab.__version__, "design": DESIGN}
        return Path(self.folder) / f"pool-{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]}.npy"

    @property
    def images(self) -> int:
        """How many images there are."""
        return len(_laid_out(self)[0])

    def create(self) -> Path:
        """Make room for all images in a file aside, and give its path; it is renamed when it is full.

        Raises ValueError where the disk has no room: a memory map that meets its end kills the process without a word.
        """
        aside = self.path.with_name(f".{self.path.name}.part")
        aside.unlink(missing_ok=True)  # what a killed call left takes room too
        refuse_without_room(self.images, self.size, aside.parent)
        shape = (self.images, self.size, self.size, 3)
        np.lib.format.open_memmap(aside, mode="w+", dtype=np.uint8, shape=shape).flush()
        return aside

    def renders(self, aside: Path) -> "list[Render]":
        """Cut the rendering into jobs of some hundred images."""
        return [Render(self, aside, start) for start in range(0, self.images, _CHUNK)]

    def photos(self, config: TrainConfig) -> tuple[Photos | Endless, Photos]:
        """Give what one run trains on, and the images that its model shall name at the end.

        With `config.shuffle`, the labels of the first are dealt anew; those of the second never are.
        """
        run = _run(config)
        rows, tests = _laid_out(self)[1][run]
        world = grown(*self.grown_from)
        order = training_order(world, config.species, config.seed)
        told, shares = captions.told(world, order, config)
        named = {"captions": told, "forms": shares, "taxa": captions.taxa(world, order)}
        pixels, few = np.load(self.path, mmap_mode="r"), len(tests)
        codes = np.repeat(np.arange(few), TEST_IMAGES)
        test_on = Photos(
            pixels, tests.ravel(), codes, told[:few], shares, captions.taxa(world, order[:few])
        )
        if config.pool == "endless":
            canvas = Canvas(*self.grown_from, self.size, tuple(order.tolist()), _start(run), config.device)
            seen, deal = config.steps * config.batch, config.seed if config.shuffle else None
            return Endless(canvas, **named, images=seen, deal=deal), test_on
        codes = np.repeat(np.arange(config.species), config.images)
        train_on = Photos(pixels, rows.ravel(), codes, **named)
        return train_on.dealt(config.seed) if config.shuffle else train_on, test_on

    @property
    def grown_from(self) -> tuple[int, int, str]:
        """What `grown` makes the world from."""
        return self.world, self.world_species, self.dials

    def told(self) -> dict:
        """Say for the card of a model which world it saw."""
        told = {"world": self.world, "world_species": self.world_species, "size": self.size, "design": DESIGN}
        return told | ({"dials": self.dials} if self.dials else {})


@dataclass(frozen=True)
class Render:
    """One rendering job: called with a `tick`, it paints its images into the file."""

    pool: Pool
    aside: Path
    start: int

    def __call__(self, tick: Callable[[int], None]) -> None:
        """Paint, write, and tell how many images were painted."""
        specimens = _laid_out(self.pool)[0][slice(self.start, self.start + _CHUNK)]
        where = {} if self.pool.device == "cpu" else {"device": self.pool.device}
        pixels = grown(*self.pool.grown_from).render(specimens, self.pool.size, **where)
        file = np.load(self.aside, mmap_mode="r+")
        file[self.start : self.start + len(pixels)] = pixels
        file.flush()
        tick(len(pixels))


def refuse_without_room(images: int, size: int, folder: Path) -> None:
    """Raise ValueError where a folder's disk cannot hold so many images, `size` px on edge."""
    need, free = images * 3 * size**2, shutil.disk_usage(folder).free
    if need > free:
        raise ValueError(
            f"{images:,} images of {size} px need {need / 1e9:,.1f} GB in {folder}, and {free / 1e9:,.1f} GB are left: "
            "make room, give another --out, or train on fewer images"
        )


_SHARED = ("world", "world_species", "dials", "size", "device")


def _kind(config: TrainConfig) -> tuple[int, int, str, int, str]:
    return config.world, config.world_species, config.dials, config.size, config.device


def _run(config: TrainConfig) -> tuple[int, int, int]:
    return config.species, 0 if config.pool == "endless" else config.images, config.seed


def pools(configs: Sequence[TrainConfig], folder: Path) -> list[Pool]:
    """Give each run its pool, in order: runs that share world, dials and image size share one."""
    kinds = dict.fromkeys(map(_kind, configs))
    of = {kind: Pool.of([config for config in configs if _kind(config) == kind], folder) for kind in kinds}
    return [of[_kind(config)] for config in configs]


@lru_cache(maxsize=4)
def _laid_out(pool: Pool):
    """Give a pool's specimens, and for each run its rows (species, images) and its test rows (species, 8)."""
    world = grown(*pool.grown_from)
    parts, rows_of, filled = [], {}, 0
    for species, images, seed in pool.runs:
        order = training_order(world, species, seed)
        few = min(TEST_SPECIES, species)
        start = _start((species, images, seed))
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


def _start(run: tuple[int, int, int]) -> int:
    """The number of the first photograph that a run takes of each of its species; its tests begin `_ROOM` later."""
    return 2 * _number(*run) * _ROOM


def _number(species: int, images: int, seed: int) -> int:
    """A number of its own for each run, the same whatever other runs the pool holds."""
    told = hashlib.sha256(f"{species}x{images}/{seed}".encode()).digest()
    return int.from_bytes(told[:3], "big")
