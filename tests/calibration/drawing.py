"""Draw the worlds of a cell: those that a ledger does not hold yet, in any order and any process."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.calibration import ledger
from tests.calibration.world import cells

CHUNK = 20


@dataclass(frozen=True)
class Job:
    """One column of results: a cell, what is drawn of it, and how often."""

    source: Path
    cell: object
    kind: str  # ours, naive, coverage, naive coverage, power
    worlds: int
    permutations: int

    @property
    def label(self) -> str:
        return f"{self.cell.name} · {self.kind}"

    def path(self, where: Path) -> Path:
        return ledger.file_of(where, self.source, self.cell.name, self.kind.replace(" ", "-"))

    def keys(self) -> list[str]:
        tags = [f"{s:g}" for s in self.cell.sizes] if self.kind == "power" else [""]
        return [f"{i}/{self.permutations}/{tag}" for tag in tags for i in range(self.worlds)]

    def draw(self, key: str) -> dict:
        """One world; the generator depends on its number alone, so that all sizes of an effect share their worlds."""
        i, _, tag = key.split("/")
        rng = np.random.default_rng([2025, int(i)])
        if self.kind in ("coverage", "naive coverage"):
            found = (self.cell.draw if self.kind == "coverage" else self.cell.naive)(rng)
            found = {k: float(found[k]) for k in ("low", "high", "truth")}
        elif self.kind == "power":
            found = {"p": float(self.cell.draw(rng, float(tag), self.permutations)), "size": float(tag)}
        else:
            found = (self.cell.draw if self.kind == "ours" else self.cell.naive)(rng, self.permutations)
            found = found if isinstance(found, dict) else {"p": float(found)}
        return {"key": key, **{k: v if isinstance(v, str) else float(v) for k, v in found.items()}}


def jobs(permutations: int = 99, scale: float = 1.0, only: str = "", area: str = "") -> list[Job]:
    """All that there is to draw: `scale` shortens it, `only` keeps names that hold it, `area` those of one file."""
    found = []

    def add(source, cell, kind):
        if only.lower() in f"{source.stem} {cell.name}".lower():
            found.append(Job(source, cell, kind, max(round(cell.worlds * scale), 1), permutations))

    for source, world in cells("WORLDS", area):
        add(source, world, "ours")
        if world.naive:
            add(source, world, "naive")
    for source, cell in cells("COVERAGE", area):
        add(source, cell, "coverage")
        if cell.naive:
            add(source, cell, "naive coverage")
    for source, cell in cells("POWER", area):
        add(source, cell, "power")
    return found


def results(job: Job, where: Path) -> list[dict]:
    """All results of a job; those that the ledger does not hold are drawn and kept."""
    path = job.path(where)
    have = ledger.kept(path)
    missing = [k for k in job.keys() if k not in have]
    for start in range(0, len(missing), CHUNK):
        drawn = [job.draw(k) for k in missing[start : start + CHUNK]]
        ledger.keep(path, drawn)
        have |= {r["key"]: r for r in drawn}
    return [have[k] for k in job.keys()]
