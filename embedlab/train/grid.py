"""The runs of a study, read from TOML: one, a grid of all combinations, or a star of several arms."""

import dataclasses
import difflib
import itertools
import tomllib
from collections.abc import Iterator
from pathlib import Path

from embedlab.train.config import TrainConfig

_SPELLED = {"data": ("species", "images")}


def read_configs(path: str | Path) -> list[TrainConfig]:
    """Read the runs of a TOML file: one, or all combinations of the lists in its tables.

    In `[grid]`, `data = ["64x8", "128x16"]` varies species × images together; any other key of a run may
    stand there with a list of values, such as `seed = [0, 1]`. A star is told by several tables `[[arm]]`:
    each gives all combinations of its own lists and those of `[grid]`; what it says overrides the rest, a
    plain value counts as a list of one, and a run that two arms share is trained once. Unknown keys are
    refused by name, and so are two runs of one name.
    """
    path = Path(path)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not TOML ({error}): mend that line") from error
    grid, arms = told.pop("grid", {}), told.pop("arm", None)
    if not isinstance(grid, dict):
        raise ValueError(f"{path}: grid = {grid!r} should be a table, [grid], of lists")
    if arms is not None and not (isinstance(arms, list) and all(isinstance(arm, dict) for arm in arms)):
        raise ValueError(f"{path}: arm = {arms!r} should be tables, [[arm]], of lists")
    known = [key.name for key in dataclasses.fields(TrainConfig)]
    _refuse_unknown(told, known, f"{path}")
    _refuse_unknown(grid, [*known, "data"], f"{path}, table [grid]")
    for key, values in grid.items():
        if not isinstance(values, list) or not values:
            raise ValueError(
                f"{path}, table [grid]: {key} = {values!r} should be a list with at least one value"
            )
    _refuse_twice(told, grid, f"{path}", "in another list of [grid]")
    configs: dict[TrainConfig, None] = {}  # a set that keeps its order
    for place, arm in enumerate(arms or [{}], start=1):
        where = f"{path}, table [[arm]] number {place}"
        _refuse_unknown(arm, [*known, "data"], where)
        _refuse_twice({}, arm, where, "in another list of this arm")
        try:
            configs |= dict.fromkeys(_combined(told, grid, arm))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{where if arm else path}: {error}") from error
    _refuse_one_name(list(configs), path)
    return list(configs)


def _combined(told: dict, grid: dict, arm: dict) -> Iterator[TrainConfig]:
    """Give all combinations of the lists of a grid and an arm, on top of what holds for all runs."""
    # the arm's keys come last: where both speak of one thing, as `data` and `images`, the arm is heard
    lists = {**{key: values for key, values in grid.items() if key not in arm}, **arm}
    lists = {key: values if isinstance(values, list) else [values] for key, values in lists.items()}
    if empty := [key for key, values in lists.items() if not values]:
        raise ValueError(f"{empty[0]} = [] should be a list with at least one value")
    for cell in itertools.product(*([(key, value) for value in values] for key, values in lists.items())):
        yield TrainConfig(**{**told, **dict(pair for item in cell for pair in _spelled(*item))})


def _names(key: str) -> tuple[str, ...]:
    return _SPELLED.get(key, (key,))


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


def _refuse_twice(told: dict, lists: dict, where: str, or_else: str) -> None:
    varied = [name for key in lists for name in _names(key)]
    twice = sorted({name for name in varied if name in told or varied.count(name) > 1})
    if twice:
        raise ValueError(f"{where}: {twice[:5]} are given twice, for all runs or {or_else}: keep one")


def _refuse_one_name(configs: list[TrainConfig], path: Path) -> None:
    first: dict[str, TrainConfig] = {}
    for config in configs:
        other = first.setdefault(config.name, config)
        if other is not config:
            differ = [key for key, value in vars(config).items() if value != getattr(other, key)]
            raise ValueError(
                f"{path}: two runs are named {config.name!r}; they differ in {differ[:5]}, which a name does "
                "not tell: give them files of their own"
            )
