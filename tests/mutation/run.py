"""Plant faults in a room, one at a time, and see whether its tests notice: `python -m tests.mutation.run`.

Each mutant runs in a process of its own, forked from one that has loaded NumPy, SciPy and pytest already. Tests of
the file's own name come first, then those of its room and the golden values, as far as they rest on the file.
Survivors are printed, and kept with all results in the file given by --out; a run that was stopped goes on.
"""

import argparse
import importlib.abc
import importlib.util
import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from embedlab.progress import Progress
from tests.calibration import ledger
from tests.mutation.mutants import Mutant, planted, sites

ROOT = Path(__file__).resolve().parents[2]


class _Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from mutated source, all others as ever."""

    def __init__(self, mutant: Mutant):
        self.name = ".".join(mutant.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        self.mutant = mutant

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self, origin=str(self.mutant.path)) if name == self.name else None

    def exec_module(self, module):
        module.__file__ = str(self.mutant.path)
        exec(compile(self.mutant.source, str(self.mutant.path), "exec"), module.__dict__)


def stages(path: Path) -> list[list[str]]:
    """Tests that import a file, however far away: of its own name, then of its room and the golden values."""
    room, name = path.relative_to(ROOT / "embedlab").parts[0], path.stem
    own = sorted((ROOT / "tests" / room).glob(f"test_{name}*.py"))
    near = [p for folder in (room, "golden") for p in sorted((ROOT / "tests" / folder).glob("test_*.py"))]
    knows = [p for p in near if p not in own and path in ledger.rests_on(p)]
    return [[str(p) for p in tests] for tests in (own, knows) if tests]


def tried(mutant: Mutant, seconds: float) -> str:
    """`killed`, `timeout` or `survived`."""
    for tests in stages(mutant.path):
        child = os.fork()
        if child == 0:
            _in_child(mutant, tests)
        end = time.monotonic() + seconds
        while True:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                break
            if time.monotonic() > end:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return "timeout"
            time.sleep(0.02)
        if status != 0:
            return "killed"
    return "survived"


def _in_child(mutant: Mutant, tests: list[str]) -> None:
    os.setpgid(0, 0)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.meta_path.insert(0, _Planted(mutant))
    import pytest

    code = 1
    try:
        # no doctests: they would load the file again, without its fault
        options = [
            "-x",
            "-q",
            "--assert=plain",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-o",
            "addopts=--import-mode=importlib",
        ]
        code = pytest.main([*options, "-m", "not slow", *tests])
    finally:
        os._exit(int(code != 0))


def main(argv=None) -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.run", description=__doc__)
    parser.add_argument("--room", default="stats", help="room of embedlab/ to plant faults in (stats)")
    parser.add_argument("--only", default="", help="files whose name holds this")
    parser.add_argument("--count", type=int, default=300, help="how many mutants, drawn at random (300)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", default="1/1", help="this part of the draw, as in 1/2 and 2/2 for two processes")
    parser.add_argument("--seconds", type=float, default=120.0, help="after which a mutant counts as noticed (120)")
    parser.add_argument("--out", default=".calibration/mutants.jsonl", help="where results are kept")
    asked = parser.parse_args(argv)
    os.chdir(ROOT)
    import hypothesis  # noqa: F401
    import polars  # noqa: F401
    import pytest  # noqa: F401
    import scipy.optimize
    import scipy.stats  # noqa: F401

    _tests_pass_without_a_fault(asked.room)
    files = [p for p in sorted((ROOT / "embedlab" / asked.room).rglob("*.py")) if asked.only in p.name]
    everything = [(p, site) for p in files for site in sites(p)]
    rng = np.random.default_rng(asked.seed)
    drawn = rng.choice(len(everything), min(asked.count, len(everything)), replace=False)
    part, parts = map(int, asked.part.split("/"))
    out = ROOT / asked.out
    out.parent.mkdir(parents=True, exist_ok=True)
    have = {}
    if out.exists():
        have = {(r["mutant"], r["source"]): r["end"] for r in map(json.loads, out.read_text().splitlines())}
    ends = {}
    with Progress("planting", len(drawn[part - 1 :: parts]), "faults") as line:
        for i in drawn[part - 1 :: parts]:
            mutant = planted(*everything[i])
            key = (str(mutant), hash_of(mutant))
            if key not in have:
                have[key] = tried(mutant, asked.seconds)
                with out.open("a") as file:
                    file.write(json.dumps({"mutant": key[0], "source": key[1], "end": have[key]}) + "\n")
            ends[key] = have[key]
            line.note(f"{list(ends.values()).count('survived')} survived")
            line.add()
    for (name, _), end in ends.items():
        if end == "survived":
            print(name)
    counts = {word: list(ends.values()).count(word) for word in ("killed", "timeout", "survived")}
    print(f"{counts} of {len(everything):,} that could be planted")
    return 0


def _tests_pass_without_a_fault(room: str) -> None:
    path = sorted((ROOT / "embedlab" / room).glob("[a-z]*.py"))[0]
    if tried(Mutant(path, 0, "", "", path.read_text(encoding="utf-8")), 600.0) != "survived":
        raise SystemExit("error: the tests fail without any fault: mend them first, or every mutant looks noticed")


def hash_of(mutant: Mutant) -> str:
    """Sixteen hex digits over the file with its fault: results of other code are not taken."""
    import hashlib

    return hashlib.sha256(mutant.source.encode()).hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
