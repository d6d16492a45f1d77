"""What a training run is: a frozen record, read from TOML, each field with its meaning and its bounds."""

import dataclasses
import difflib
import hashlib
import itertools
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path


def _key(default, says: str, low: float, high: float):
    return field(default=default, metadata={"help": says, "low": low, "high": high})


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One run: which world, how much of it (species × images), which towers, how long, from which seed.

    Every run draws species and photographs of its own: see `photos`.

    >>> TrainConfig(species=128, images=16).total
    2048
    >>> TrainConfig(stepps=3)
    Traceback (most recent call last):
    TypeError: TrainConfig.__init__() got an unexpected keyword argument 'stepps'
    """

    world: int = _key(7, "seed of the simulated tree of life", 0, 2**31)
    world_species: int = _key(
        640, "species in the whole world, with those held out, which no run trains on", 6, 100_000
    )
    species: int = _key(128, "species trained on: one half of the data scale", 2, 100_000)
    images: int = _key(16, "images of each species: the other half of the data scale", 1, 100_000)
    size: int = _key(40, "edge of an image, px", 16, 256)
    width: int = _key(16, "channels of the first convolution (multiples of 16 are fast)", 4, 256)
    dim: int = _key(96, "length of a vector", 2, 4096)
    steps: int = _key(1200, "optimiser steps", 1, 10_000_000)
    batch: int = _key(128, "images in a step", 2, 65_536)
    lr: float = _key(5e-3, "highest learning rate", 1e-7, 1.0)
    weight_decay: float = _key(0.02, "decay of weights, not of biases or norms (AdamW)", 0.0, 10.0)
    warmup: float = _key(0.1, "share of the steps in which the rate climbs, before its cosine fall", 0.0, 0.9)
    scale: float = _key(
        10.0, "scale of the cosines at the start, 1/temperature; learned from there", 1.0, 100.0
    )
    scale_max: float = _key(50.0, "cap of that scale", 1.0, 1000.0)
    seed: int = _key(0, "seed of first weights, batch order, captions and augmentation", 0, 2**31)
    log_every: int = _key(50, "steps between two lines of metrics.jsonl", 1, 1_000_000)
    save_every: int = _key(
        250,
        "steps between two saved states, from which a killed run goes on (kept at log lines)",
        1,
        1_000_000,
    )

    def __post_init__(self):
        for key in dataclasses.fields(self):
            value, low, high = getattr(self, key.name), key.metadata["low"], key.metadata["high"]
            whole = key.type is int
            if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                raise TypeError(
                    f"{key.name} = {value!r}: a {'whole ' if whole else ''}number is needed ({_says(key)})"
                )
            if not low <= value <= high:
                raise ValueError(f"{key.name} = {value}: give {low:g} to {high:g} ({_says(key)})")
        if self.species > self.world_species:
            raise ValueError(
                f"species = {self.species} are more than the world has, world_species = {self.world_species}"
            )
        if self.scale > self.scale_max:
            raise ValueError(f"scale = {self.scale} starts above scale_max = {self.scale_max}: lower it")

    @property
    def total(self) -> int:
        """Give the number of different training images, species × images."""
        return self.species * self.images

    @property
    def name(self) -> str:
        """Give a short name that tells scale, steps and seed apart: '128x16-1200-seed0'."""
        return f"{self.species}x{self.images}-{self.steps}-seed{self.seed}"

    @property
    def digest(self) -> str:
        """Give 12 hex digits that change with whatever changes the trained weights (not with logging)."""
        told = {k: v for k, v in dataclasses.asdict(self).items() if k not in ("log_every", "save_every")}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]

    def toml(self) -> str:
        """Give the whole record as TOML that `read_configs` reads back, each line with its meaning."""
        keys = dataclasses.fields(self)
        return "".join(f"{k.name} = {getattr(self, k.name)!r}  # {_says(k)}\n" for k in keys)


def _says(key: dataclasses.Field) -> str:
    return key.metadata["help"]


def read_configs(path: str | Path) -> list[TrainConfig]:
    """Read the runs of a TOML file: one, or with a table `[grid]` all combinations of its lists.

    In `[grid]`, `data = ["64x8", "128x16"]` varies species × images together; any other key of a run may
    stand there with a list of values, such as `seed = [0, 1]`. Unknown keys are refused by name.
    """
    path = Path(path)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not TOML: {error}") from error
    grid = told.pop("grid", {})
    if not isinstance(grid, dict):
        raise ValueError(f"{path}: grid = {grid!r} should be a table, [grid], of lists")
    known = [key.name for key in dataclasses.fields(TrainConfig)]
    _refuse_unknown(told, known, f"{path}")
    _refuse_unknown(grid, [*known, "data"], f"{path}, table [grid]")
    for key, values in grid.items():
        if not isinstance(values, list) or not values:
            raise ValueError(
                f"{path}, table [grid]: {key} = {values!r} should be a list with at least one value"
            )
    spelled = {"data": ("species", "images")}
    varied = [name for key in grid for name in spelled.get(key, (key,))]
    twice = sorted({name for name in varied if name in told or varied.count(name) > 1})
    if twice:
        raise ValueError(
            f"{path}: {twice[:5]} are given twice, for all runs or in another list of [grid]: keep one"
        )
    cells = itertools.product(*([(key, value) for value in values] for key, values in grid.items()))
    try:
        return [
            TrainConfig(**told, **dict(pair for item in cell for pair in _spelled(*item))) for cell in cells
        ]
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _spelled(key: str, value) -> list[tuple[str, object]]:
    """Turn a grid cell into keys of a run: data "64x8" is 64 species with 8 images each."""
    if key != "data":
        return [(key, value)]
    species, cross, images = str(value).partition("x")
    if not (cross and species.isdigit() and images.isdigit()):
        raise ValueError(f"data = {value!r}: write species x images, such as '64x8'")
    return [("species", int(species)), ("images", int(images))]


def _refuse_unknown(told: dict, known: list[str], where: str) -> None:
    unknown = [key for key in told if key not in known]
    if unknown:
        close = difflib.get_close_matches(unknown[0], known, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]!r}?" if close else f"the keys are {known}"
        raise ValueError(f"{where}: unknown keys {unknown[:5]}; {hint}")
