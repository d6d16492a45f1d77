"""Which runs of a study stand on one line: the same in all but one thing, and their seeds."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from embedlab.train.config import TrainConfig

# axis: (the keys that change along it, what a store's card calls the place on it)
AXES = {
    "images": (("images",), "images"),
    "species": (("species", "images"), "species"),  # the more of one, the fewer of the other: one number of photographs
    "compute": (("steps",), "images_seen"),
    "data": (("species", "images"), "images"),  # both grow
}
MAIN = "hierarchical"  # the objective that a study is about
LEAST = 3  # values of an axis that make a trend
_NO_MATTER = ("seed", "log_every", "save_every", "snapshots", "device")  # these make no other experiment


@dataclass(frozen=True)
class Axis:
    """Runs that differ along one axis and in their seeds: its name, the card's word for it, the runs from low to high.

    `rest` is what they share, which tells two lines of one axis apart.
    """

    name: str
    x: str
    runs: tuple[TrainConfig, ...]

    @property
    def scales(self) -> int:
        """How many different places the axis has."""
        return len({_place(run, self.name) for run in self.runs})


def world_of(config: TrainConfig) -> tuple:
    """What makes two runs see the same world: its seed, its species, its dials, the size of its pictures."""
    return config.world, config.world_species, getattr(config, "dials", ""), config.size


def by_world(configs: Iterable[TrainConfig]) -> dict[tuple, list[TrainConfig]]:
    """Sort runs by the world they see, in the order in which worlds first appear."""
    found = defaultdict(list)
    for config in configs:
        found[world_of(config)].append(config)
    return dict(found)


def axes(configs: Sequence[TrainConfig]) -> list[Axis]:
    """Find the longest line of runs along each axis, of those with three different scales or more.

    Of lines that are equally long, that of the hierarchical objective. Runs on shuffled labels stand on no line.
    "images" holds the species fixed, "species" the number of photographs in all, and along "data" both grow.

    >>> star = [(32, 2), (32, 4), (32, 8), (8, 16), (64, 2)]
    >>> [(a.name, a.scales) for a in axes([TrainConfig(species=s, images=m) for s, m in star])]
    [('images', 3), ('species', 3)]
    >>> [(a.name, a.scales) for a in axes([TrainConfig(species=8 * k, images=k) for k in (1, 2, 3)])]
    [('data', 3)]
    """
    found = []
    for name, (keys, x) in AXES.items():
        lines = defaultdict(list)
        for config in configs:
            if config.shuffle:
                continue
            shared = tuple((k, v) for k, v in asdict(config).items() if k not in (*keys, *_NO_MATTER))
            lines[(*shared, config.total) if name == "species" else shared].append(config)
        found_here = [_line(name, x, runs) for runs in lines.values()]
        best = max(found_here, key=_worth, default=None)
        if best is not None and best.scales >= LEAST and (name != "data" or _both_grow(best)):
            found.append(best)
    return found


def _line(name: str, x: str, runs: list[TrainConfig]) -> Axis:
    return Axis(name, x, tuple(sorted(runs, key=lambda run: (*_place(run, name), run.seed))))


def _worth(line: Axis) -> tuple:
    return line.scales, line.runs[0].objective == MAIN, len(line.runs)


def _place(run: TrainConfig, axis: str) -> tuple:
    return tuple(getattr(run, key) for key in AXES[axis][0])


def _both_grow(line: Axis) -> bool:
    """Whether species and images both rise from each place to the next."""
    places = sorted({_place(run, line.name) for run in line.runs})
    return all(a < c and b < d for (a, b), (c, d) in pairwise(places))
