"""Where nothing is, each test says yes no more often than it promises; its naive twin does not keep that promise."""

import numpy as np
import pytest

from tests.calibration import ledger
from tests.calibration.drawing import Job, jobs, results
from tests.calibration.verdicts import broken, power, uneven
from tests.calibration.world import Coverage, Power, World

# A short form of `make calibrate`: fewer worlds and shuffles, and so wider bounds around the same promises.
# That naive twins fail is left to the full form: a few worlds do not show it.
SHORT = [
    job
    for job in jobs(permutations=39, scale=0.04)
    if "naive" not in job.kind and not job.cell.name.startswith("ladder:")  # which has a short form of its own
]


@pytest.mark.slow
@pytest.mark.parametrize("job", SHORT, ids=[job.label for job in SHORT])
def test_reduced(job, tmp_path):
    assert not broken(job, results(job, tmp_path))


def cell(kind, draw, **more):
    made = {"ours": World, "coverage": Coverage}.get(kind, Power)("a cell", draw, **more)
    return Job(ledger.ROOT / "tests/calibration/world.py", made, kind, 400 if kind == "coverage" else 200, 19)


def test_a_run_that_was_stopped_goes_on(tmp_path):
    drawn = []

    def draw(rng, permutations):
        drawn.append(permutations)
        return {"p": float(rng.random()), "word": "cannot tell"}

    job = cell("ours", draw)
    first = results(job, tmp_path)
    path = job.path(tmp_path)
    path.write_text(path.read_text()[:-7])  # killed within the last line
    again = results(job, tmp_path)
    assert again == first and len(drawn) == 200 + 1
    assert len(path.read_text().splitlines()) == 200


def test_results_of_other_code_are_not_taken():
    here = ledger.ROOT / "tests/calibration"
    one, other = ledger.code_digest(here / "worlds_measures.py"), ledger.code_digest(here / "world.py")
    assert one != other
    seen = {p.name for p in ledger._imported(here / "worlds_measures.py")}
    assert {"separation.py", "neighbours.py", "world.py"} <= seen


def test_a_better_docstring_or_error_message_draws_nothing_anew(tmp_path):
    says, does = tmp_path / "a.py", tmp_path / "b.py"
    body = '    """{}"""\n    if x < 0:\n        raise ValueError({})\n    return x{}\n'
    says.write_text('"""Once."""\n\n\ndef f(x):\n' + body.format("Gives it back.", "'no'", "  # so"))
    does.write_text('"""Twice."""\n\n\ndef f(x):\n' + body.format("As it was.", "f'{x} is below 0: give more'", ""))
    assert ledger.code_digest(says) == ledger.code_digest(does)
    other = tmp_path / "c.py"
    other.write_text(does.read_text().replace("x < 0", "x <= 0"))
    assert ledger.code_digest(says) != ledger.code_digest(other)


def test_a_test_that_rejects_too_often_is_caught(rng, tmp_path):
    # twice the level: 200 worlds must see it; and p-values heaped at the middle are not flat
    assert "rejects" in broken(*drawn(cell("ours", lambda rng, m: {"p": rng.random() / 4}), tmp_path / "a"))
    heaped = cell("ours", lambda rng, m: {"p": 0.5 + rng.random() / 100})
    assert not broken(*drawn(heaped, tmp_path / "b"))
    assert "not flat" in uneven(*drawn(heaped, tmp_path / "b"))
    flat = cell("ours", lambda rng, m: {"p": rng.integers(1, m + 2) / (m + 1)})
    assert not broken(*drawn(flat, tmp_path / "c")) and not uneven(*drawn(flat, tmp_path / "c"))


def test_an_interval_that_covers_too_seldom_is_caught(tmp_path):
    def interval(half):
        return lambda rng: dict(zip(("low", "high", "truth"), rng.normal() + np.array([-half, half, 0]), strict=True))

    def around_nothing(half):
        def draw(rng):
            centre = rng.normal()
            return {"low": centre - half, "high": centre + half, "truth": 0.0}

        return draw

    assert "covers" in broken(*drawn(cell("coverage", around_nothing(1.3)), tmp_path / "a"))
    assert not broken(*drawn(cell("coverage", around_nothing(1.96)), tmp_path / "b"))
    assert "covers" in broken(*drawn(cell("coverage", around_nothing(4.0)), tmp_path / "c"))


def test_a_test_without_power_is_caught(tmp_path):
    blind = cell("power", lambda rng, size, m: rng.random(), sizes=(0, 1, 2, 3, 4))
    seeing = cell("power", lambda rng, size, m: rng.random() ** (1 + 4 * size), sizes=(0, 1, 2, 3, 4))
    assert "power" in broken(*drawn(blind, tmp_path / "a"))
    assert not broken(*drawn(seeing, tmp_path / "b"))
    found = power(*drawn(seeing, tmp_path / "b"))
    assert found == sorted(found) and found[0] < 0.15


def drawn(job, where):
    return job, results(job, where)
