"""Results of worlds drawn so far: one line of JSON each, in a folder named by the code that they depend on."""

import ast
import hashlib
import json
import os
import re
from functools import cache
from pathlib import Path

import numpy as np

from embedlab.reproduction.asked import program

ROOT = Path(__file__).resolve().parents[2]
LEVEL = 0.05
_program = cache(program)  # one file lies under many


def _module(name: str) -> Path | None:
    place = ROOT.joinpath(*name.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None


@cache
def _imported(path: Path) -> frozenset[Path]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    own = (n for n in names if n.split(".")[0] in ("embedlab", "tests"))
    return frozenset(p for p in map(_module, own) if p)


@cache
def rests_on(path: Path) -> frozenset[Path]:
    """A file and all of ours that it imports, however far away."""
    seen, front = set(), {path}
    while front:
        seen |= front
        front = set().union(*map(_imported, front)) - seen
    return frozenset(seen)


def code_digest(path: Path) -> str:
    """Sixteen hex digits over a file and all that it rests on: results of other code are not taken for its own."""
    seen = rests_on(path)
    return hashlib.sha256("".join(_program(p) for p in sorted(seen)).encode()).hexdigest()[:16]


def folder() -> Path:
    """EMBEDLAB_CALIBRATION, or `.calibration` at the root of the checkout."""
    return Path(os.environ.get("EMBEDLAB_CALIBRATION") or ROOT / ".calibration")


def file_of(where: Path, source: Path, name: str, kind: str) -> Path:
    """Where the results of a cell stand: `kind` is ours, naive, coverage or power."""
    slug = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")
    return where / f"{source.stem}-{code_digest(source)}" / f"{slug}.{kind}.jsonl"


def kept(path: Path) -> dict[str, dict]:
    """Results that a file holds, by their key; a line cut short by a kill is dropped from the file."""
    if not path.exists():
        return {}
    lines = path.read_text().splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines.pop()
        path.write_text("".join(lines))
    return {r["key"]: r for r in map(json.loads, lines)}


def keep(path: Path, results: list[dict]) -> None:
    """Add results to a file, all in one write."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as out:
        out.write("".join(json.dumps(r) + "\n" for r in results))


def rejected(found: list[dict], key: str = "p") -> float:
    """The share of worlds whose p-value is at most .05, ties of rounding included."""
    return float(np.mean([r[key] <= LEVEL + 1e-12 for r in found]))


def covered(found: list[dict]) -> float:
    """The share of worlds whose truth lies in the interval; an interval that could not be had covers nothing."""
    return float(np.mean([r["low"] <= r["truth"] <= r["high"] for r in found]))


def error(worlds: int, rate: float = LEVEL) -> float:
    """Monte-Carlo standard error of a rate."""
    return float(np.sqrt(rate * (1 - rate) / worlds))
