"""What a training run is: a frozen record, each field with its meaning and its bounds; `grid` reads it from TOML."""

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass, field

from embedlab.extract.shape import Shape


def _key(default, says: str, low: float, high: float):
    return field(default=default, metadata={"help": says, "low": low, "high": high})


def _choice(default: str, says: str, *choices: str):
    return field(default=default, metadata={"help": f"{says}: {' | '.join(choices)}", "choices": choices})


# Objectives that read no caption: their model has no text tower.
WITHOUT_TEXT = ("ce", "multirank", "supcon")
# What a run of today was told before there was a choice. Its digest names these keys only, and any later key
# whose value is not the default: so that runs which were finished then are recognised now.
_FIRST = {
    *("world", "world_species", "species", "images", "size", "width", "dim", "steps", "batch", "lr"),
    *("weight_decay", "warmup", "scale", "scale_max", "seed"),
}
_UNSEEN = ("log_every", "save_every", "snapshots")  # change no weight
# Keys that a run's name does not tell: what all runs of a study usually share. Two runs that differ in these
# alone would have one name, and are refused (`grid`).
_QUIET = (_FIRST - {"world"}) | {*_UNSEEN, "patch", "depth", "heads", "accumulate", "precision", "device"}
_QUIET |= {"replay_batch"}


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

    # The world, and how much of it is seen.
    world: int = _key(7, "seed of the simulated tree of life", 0, 2**31)
    world_species: int = _key(
        640, "species in the whole world, with those held out, which no run trains on", 8, 100_000
    )
    dials: str = field(
        default="", metadata={"help": "dials of the world, as 'optima=0,drawn=0.5'; empty for none turned"}
    )
    species: int = _key(128, "species trained on: one half of the data scale", 2, 100_000)
    images: int = _key(16, "images of each species: the other half of the data scale", 1, 100_000)
    pool: str = _choice(
        "rendered",
        "images painted once and seen again each epoch, or on the fly and each seen once (`images` then "
        "counts for nothing but the name)",
        *("rendered", "endless"),
    )
    shuffle: int = _key(0, "1 deals the species labels anew over the training images: a control", 0, 1)
    size: int = _key(40, "edge of an image, px", 16, 256)
    # The towers.
    tower: str = _choice("conv", "what sees", "conv", "vit", "pixels")
    text: str = _choice("bag", "what reads captions", "bag", "causal", "none")
    width: int = _key(16, "channels of the first convolution (multiples of 16 are fast)", 4, 256)
    dim: int = _key(96, "length of a vector", 2, 4096)
    patch: int = _key(8, "edge of a patch of the transformer that sees, px", 1, 64)
    depth: int = _key(4, "blocks of the transformer that sees", 1, 32)
    heads: int = _key(4, "attention heads of a transformer; a divisor of 4 x width", 1, 64)
    # What is learned.
    objective: str = _choice(
        "hierarchical",
        "what a step lowers",
        *("hierarchical", "taxonomic", "flat", "clip", "siglip", *WITHOUT_TEXT),
    )
    captions: str = _choice(
        "four", "forms of a name: the study's four, weighted, or BioCLIP 2's five, uniform", "four", "five"
    )
    caption_per: str = _choice(
        "image", "who draws a form: each image, or a whole batch as in BioCLIP 2", "image", "batch"
    )
    together: int = _key(
        0,
        "images of each species in a batch; 1 draws at random, 0 leaves it to the objective (supcon 4, others 1)",
        0,
        4096,
    )
    head: str = _choice(
        "raw", "what ce and multirank classify: raw vectors, or unit ones times the learned scale", "raw", "unit"
    )
    replay: float = _key(0.0, "weight of the loss on a second domain, captioned shapes; 0 for none", 0.0, 100.0)
    replay_batch: int = _key(32, "images of that second domain in a step", 2, 65_536)
    # The optimiser.
    steps: int = _key(1200, "optimiser steps", 1, 10_000_000)
    batch: int = _key(128, "images in a step", 2, 65_536)
    accumulate: int = _key(1, "parts of a batch that pass one after the other, to spare memory", 1, 4096)
    precision: str = _choice("fp32", "number format of the towers' products", "fp32", "bf16")
    device: str = _choice("cpu", "where it trains", "cpu", "cuda")
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
    snapshots: str = _choice(
        "none", "models kept on the way, in step-000128 and the like: at powers of two of the steps", "none", "powers"
    )

    def __post_init__(self):
        for key in dataclasses.fields(self):
            _check(key, getattr(self, key.name))
        if self.species > self.world_species:
            raise ValueError(
                f"species = {self.species} are more than the world has, world_species = {self.world_species}"
            )
        if self.scale > self.scale_max:
            raise ValueError(f"scale = {self.scale} starts above scale_max = {self.scale_max}: lower it")
        if self.batch % self.accumulate:
            raise ValueError(
                f"batch = {self.batch} cannot be cut into accumulate = {self.accumulate} parts: give a whole multiple"
            )
        if self.replay and self.replay_batch % self.accumulate:
            raise ValueError(
                f"replay_batch = {self.replay_batch} cannot be cut into accumulate = {self.accumulate} parts: "
                "give a whole multiple"
            )
        if self.batch % self.each:
            raise ValueError(
                f"batch = {self.batch} is no multiple of {self.each} images of each species: set `together`"
            )
        if self.objective not in WITHOUT_TEXT and self.text == "none":
            raise ValueError(f"objective = {self.objective!r} reads captions: text = 'none' cannot")
        if self.objective == "flat" and self.text == "causal":
            raise ValueError("objective = 'flat' names a species by one token of its own: give text = 'bag'")
        _ = self.shape  # which refuses what no tower can have

    @property
    def total(self) -> int:
        """Give the number of different training images, species × images."""
        return self.species * self.images

    @property
    def each(self) -> int:
        """Give how many images of one species stand together in a batch; 1 means images drawn at random."""
        return self.together or (4 if self.objective == "supcon" else 1)

    @property
    def listens(self) -> str:
        """Give the text tower that the model needs: "none" where nothing reads a caption."""
        return self.text if self.objective not in WITHOUT_TEXT or self.replay else "none"

    @property
    def shape(self) -> Shape:
        """Give the towers that this run trains."""
        told = {key: getattr(self, key) for key in ("size", "width", "dim", "tower", "patch", "depth", "heads")}
        return Shape(**told, text=self.listens, replay=self.replay > 0)

    @property
    def name(self) -> str:
        """Give a short name that tells runs apart: scale, steps, seed, and what is not as usual.

        >>> TrainConfig(seed=1).name, TrainConfig(objective="ce", world=8, dials="optima=0").name
        ('128x16-1200-seed1', '128x16-1200-seed0-world8-optima0-ce')
        """
        parts = [f"{self.species}x{self.images}-{self.steps}-seed{self.seed}"]
        for key in dataclasses.fields(self):
            value = getattr(self, key.name)
            if key.name in _QUIET or value == key.default:
                continue
            if isinstance(value, str):
                part = f"per-{value}" if key.name == "caption_per" else value
                parts.append(part.replace("=", "").replace(",", "-"))
            else:
                parts.append(f"{key.name}{value}")
        return "-".join(parts)

    @property
    def digest(self) -> str:
        """Give 12 hex digits that change with whatever changes the trained weights (not with logging)."""
        told = {
            key.name: getattr(self, key.name)
            for key in dataclasses.fields(self)
            if key.name in _FIRST or (key.name not in _UNSEEN and getattr(self, key.name) != key.default)
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]

    def toml(self) -> str:
        """Give the whole record as TOML that `read_configs` reads back, each line with its meaning."""
        keys = dataclasses.fields(self)
        return "".join(f"{k.name} = {getattr(self, k.name)!r}  # {_says(k)}\n" for k in keys)


def listed() -> list[tuple[str, object, str]]:
    """Give name, default and meaning of every key."""
    return [(key.name, key.default, _says(key)) for key in dataclasses.fields(TrainConfig)]


def _says(key: dataclasses.Field) -> str:
    return key.metadata["help"]


def _check(key: dataclasses.Field, value) -> None:
    """Refuse a value of the wrong kind (TypeError) or outside its bounds (ValueError), with its meaning."""
    if key.type is str:
        if not isinstance(value, str):
            raise TypeError(f"{key.name} = {value!r}: a word in quotes is needed ({_says(key)})")
        choices = key.metadata.get("choices")
        if choices and value not in choices:
            raise ValueError(f"{key.name} = {value!r}: give one of {list(choices)}")
        if not choices and value and not re.fullmatch(r"([\w.]+=-?[\d.e-]+)(,[\w.]+=-?[\d.e-]+)*", value):
            raise ValueError(f"{key.name} = {value!r}: write name=number, with commas between ({_says(key)})")
        return
    whole, low, high = key.type is int, key.metadata["low"], key.metadata["high"]
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise TypeError(f"{key.name} = {value!r}: a {'whole ' if whole else ''}number is needed ({_says(key)})")
    if not low <= value <= high:
        raise ValueError(f"{key.name} = {value}: give {low:g} to {high:g} ({_says(key)})")
