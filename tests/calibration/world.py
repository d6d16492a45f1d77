"""What a calibration draws: empty worlds, worlds whose truth an interval must cover, worlds with a planted effect.

Each file `worlds_<area>.py` beside this one offers `WORLDS`, `COVERAGE` and `POWER`, as far as it has them.
A drawn world takes its own generator, so that world 17 is the same whatever was drawn before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from embedlab.claims import Claim, judge

CLAIM = Claim(id="a", says="So.", source="-", at_least=0.0)


@dataclass(frozen=True)
class World:
    """An empty world: `draw(rng, permutations)` gives "p", and may give "p_less" and the "word" of a verdict.

    `naive(rng, permutations)` gives the p-value of a test known to be wrong, on a world drawn alike. `exact` says
    that the p-value is uniform, not only small seldom enough. `weak` names a weakness that is documented: the rate
    is measured and shown, and held to what was once measured (`MEASURED` in verdicts.py), not to the level.
    """

    name: str
    draw: Callable
    naive: Callable | None = None
    exact: bool = True
    worlds: int = 1000
    weak: str = ""


@dataclass(frozen=True)
class Coverage:
    """A world whose truth is known: `draw(rng)` gives "low", "high" and "truth" of a 95 % interval.

    `promised` says that 93 to 97 % must be covered; otherwise the rate is measured and shown. `naive(rng)` gives
    the interval of a method known to be wrong.
    """

    name: str
    draw: Callable
    naive: Callable | None = None
    worlds: int = 400
    promised: bool = True


@dataclass(frozen=True)
class Power:
    """A planted effect of five sizes: `draw(rng, size, permutations)` gives the p-value of the claim."""

    name: str
    draw: Callable
    sizes: tuple[float, ...]
    worlds: int = 200
    unit: str = "effect"


def told(evidence) -> dict:
    """What a world says of a measure's evidence: both p-values, and the verdict on a claim that stands alone."""
    verdict = judge([CLAIM], {"a": evidence})[0]
    return {"p": evidence.p_more, "p_less": evidence.p_less, "word": verdict.word}


def cells(kind: str, area: str = "") -> list[tuple[Path, World | Coverage | Power]]:
    """All cells of a kind ("WORLDS", "COVERAGE" or "POWER"), or those of one area, each with the file that draws it."""
    found = []
    for path in sorted(Path(__file__).parent.glob(f"worlds_{area or '*'}.py")):
        module = import_module(f"tests.calibration.{path.stem}")
        found += [(path, cell) for cell in getattr(module, kind, ())]
    names = [cell.name for _, cell in found]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise ValueError(f"cells {twice[:5]} stand twice: a name is one cell")
    return found
