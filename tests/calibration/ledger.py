"""Results of worlds drawn so far, one line of JSON each, and the table made of them.

`python -m tests.calibration.ledger` prints the table of the present code.
"""

import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LEVEL = 0.05


def code_digest() -> str:
    """Sixteen hex digits over all that the results depend on."""
    rooms = [ROOT / "embedlab" / room for room in ("data", "measures", "stats")]
    files = [ROOT / "embedlab" / "claims.py", Path(__file__).parent / "worlds.py"]
    files += [p for room in rooms for p in sorted(room.glob("*.py"))]
    return hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()[:16]


def folder() -> Path:
    return Path(os.environ.get("EMBEDLAB_CALIBRATION") or ROOT / ".calibration") / code_digest()


def file_of(where: Path, name: str, kind: str) -> Path:
    return where / f"{re.sub(r'[^a-z0-9.]+', '-', name.lower())}.{kind}.jsonl"


def results(draw, path: Path, worlds: int, permutations: int) -> list[dict]:
    """`worlds` results of `draw`; those that the file holds are not drawn again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    if lines and not lines[-1].endswith("\n"):  # killed while writing
        lines.pop()
        path.write_text("".join(lines))
    kept = {r["world"]: r for r in map(json.loads, lines) if r["permutations"] == permutations}
    with path.open("a") as out:
        for i in range(worlds):
            if i not in kept:
                found = draw(np.random.default_rng([2025, i]), permutations)
                found = found if isinstance(found, dict) else {"p": found}
                kept[i] = {"world": i, "permutations": permutations, **found}
                out.write(json.dumps(kept[i]) + "\n")
                out.flush()
    return [kept[i] for i in range(worlds)]


def rejected(found: list[dict], key: str = "p") -> float:
    """The share of worlds whose p-value is at most .05, ties of rounding included."""
    return float(np.mean([r[key] <= LEVEL + 1e-12 for r in found]))


def error(worlds: int) -> float:
    """Monte-Carlo standard error of a rate of .05."""
    return float(np.sqrt(LEVEL * (1 - LEVEL) / worlds))


def table(where: Path) -> str:
    from tests.calibration.worlds import WORLDS

    lines = [f"{'null world':<58} {'worlds':>6} {'p ≤ .05':>8} {'opposite':>8} {'supported':>9} {'naive':>6}"]
    for world in WORLDS:
        path = file_of(where, world.name, "ours")
        if not path.exists():
            continue
        found = [json.loads(line) for line in path.read_text().splitlines()]
        said = np.mean([r["word"] == "supported" for r in found])
        naive = file_of(where, world.name, "naive")
        other = ""
        if naive.exists():
            other = f"{rejected([json.loads(line) for line in naive.read_text().splitlines()]):.3f}"
        rates = f"{rejected(found):>8.3f} {rejected(found, 'p_less'):>8.3f} {said:>9.3f} {other:>6}"
        lines.append(f"{world.name:<58} {len(found):>6} {rates}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(folder()))
