"""The dials of a world: how strongly each thing is planted. What came of them is told by `World.card`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from embedlab.world.characters import DRAWABLE, FUNCTIONAL


def _dial(default: float, most: float, says: str) -> Any:
    return field(default=default, metadata={"most": most, "says": says})


@dataclass(frozen=True)
class Evolution:
    """The strengths that are planted: numbers from 0 up, in units of the tree's depth and of species standard
    deviations. Raises ValueError for a number out of range, KeyError for a trait that is not drawn.

    >>> Evolution.read("optima=0,drawn.elongation=0.5").told
    'optima=0,drawn.elongation=0.5'
    """

    optima: float = _dial(1.3, 10, "convergence: how far apart the optima of habitats lie; 0 is none")
    switching: float = _dial(2.4, 100, "jumps of habitat from root to tip, the own habitat included")
    pull: float = _dial(3.0, 100, "how hard functional traits are pulled to their optimum (α); half-life ln 2 / α")
    drift: float = _dial(1.21, 100, "variance that functional traits gain by the tree's depth (σ²)")
    brownian: float = _dial(1.32, 100, "variance of all other traits from root to tip")
    signal: float = _dial(1.0, 1, "Pagel's λ of those other traits: 1 follows the tree, 0 knows no relatives")
    species: float = _dial(0.12, 10, "standard deviation of what is each species' own")
    colour_within_genus: float = _dial(0.3, 1, "share of the colour differences within a genus that is kept")
    drawn: float | Mapping[str, float] = _dial(
        1.0, 1, "share of a functional trait's variance that is drawn: drawn=0.5, or drawn.elongation=0.5"
    )
    sex_size: float = _dial(1.0, 3, "size of what tells the sexes apart; 0 makes all species monomorphic")
    stage_size: float = _dial(1.0, 3, "size of what tells the life stages apart; 0 is none")
    variant_inside: float = _dial(
        0.0, 1, "share of those differences put on hue, lightness, tail and elongation, as species differ"
    )
    mimicry: float = _dial(0.2, 1, "share of the butterflies that are mimic or model")
    radiation: float = _dial(1.4, 5, "spread of beak length and depth planted among the finches")
    pose: float = _dial(1.0, 3, "tilt, turn and place of the animal; 0 holds it still")
    light: float = _dial(1.0, 3, "direction and strength of the light; 0 is one lamp for all")
    camera: float = _dial(1.0, 3, "distance, exposure, tint, blur and noise; 0 is one lens for all")
    background: float = _dial(1.0, 3, "part of the habitat seen, its focus and brightness; 0 is one view of each")

    def __post_init__(self):
        for dial in fields(self):
            value, most = getattr(self, dial.name), dial.metadata["most"]
            told = {f"drawn.{k}": v for k, v in value.items()} if isinstance(value, Mapping) else {dial.name: value}
            for name, number in told.items():
                if not isinstance(number, (int, float)) or not 0 <= number <= most:  # NaN is refused, too
                    raise ValueError(f"{name} goes from 0 to {most:g}, not {number!r}")
        if self.pull == 0:
            raise ValueError("pull divides: for no pull at all give a small one, as 0.001")
        if isinstance(self.drawn, Mapping):
            for trait in self.drawn:
                if trait not in DRAWABLE:
                    raise KeyError(_unknown("drawn trait", trait, DRAWABLE))
            object.__setattr__(self, "drawn", dict(self.drawn))

    def __hash__(self) -> int:
        return hash(self.told)

    @classmethod
    def read(cls, told: str | Mapping[str, Any]) -> Evolution:
        """Give the dials told as text, "optima=0,drawn.elongation=0.5", or as a mapping of such pairs.

        Dials that are not named stay as they are. Raises KeyError for a name that is no dial, with the nearest
        one, and ValueError for what is no number in its range.
        """
        pairs = _cut(told) if isinstance(told, str) else dict(told)
        given: dict[str, Any] = {}
        traits: dict[str, float] = {}
        for name, value in pairs.items():
            if name == "drawn" and isinstance(value, Mapping):
                traits |= value
                continue
            try:
                number = float(value)
            except (TypeError, ValueError):
                raise ValueError(f"{name} is a number, not {value!r}") from None
            if name.startswith("drawn."):
                traits[name.removeprefix("drawn.")] = number
            elif name in cls.__dataclass_fields__:
                given[name] = number
            else:
                raise KeyError(_unknown("dial", name, cls.__dataclass_fields__))
        if traits:
            every = dict.fromkeys(FUNCTIONAL, given["drawn"]) if "drawn" in given else {}
            given["drawn"] = every | traits
        return cls(**given)

    @property
    def told(self) -> str:
        """The dials that were turned, as `read` reads them; empty if none was."""
        pairs = []
        for dial in fields(self):
            value = getattr(self, dial.name)
            if isinstance(value, Mapping):
                pairs += [f"drawn.{name}={value[name]:.17g}" for name in sorted(value) if value[name] != 1]
            elif value != dial.default:
                pairs.append(f"{dial.name}={value:.17g}")
        return ",".join(pairs)

    def share(self, trait: str) -> float:
        """Tell which share of a trait's variance is drawn, 0 to 1."""
        if isinstance(self.drawn, Mapping):
            return self.drawn.get(trait, 1.0)
        return self.drawn if trait in FUNCTIONAL else 1.0


def listed() -> list[tuple[str, float, str]]:
    """Give name, value where nothing is turned, and meaning of every dial."""
    return [(dial.name, dial.default, dial.metadata["says"]) for dial in fields(Evolution)]


def _cut(text: str) -> dict[str, str]:
    pairs = {}
    for part in text.split(","):
        if part.strip():
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals or not name:
                raise ValueError(f"a dial is told as name=number, not {part.strip()!r}")
            if name in pairs:
                raise ValueError(f"{name} is told twice: give it once")
            pairs[name] = value
    return pairs


def _unknown(what: str, name: str, known) -> str:
    near = get_close_matches(name, list(known), 1, 0.5)
    return f"no {what} {name!r}" + (f": did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}")
