"""A short form of the ladder: a few worlds of each cell, and the bounds that the binomial law gives for so few."""

import numpy as np
import pytest
from scipy.stats import binom

from tests.calibration import dials
from tests.calibration.drawing import jobs
from tests.calibration.verdicts import COVERS, RARE, STRONG, broken

CELLS = [job for job in jobs(permutations=39) if job.cell.name.startswith("ladder:") and "naive" not in job.kind]
WORLDS = 6


def drawn(kind, worlds=WORLDS, only=()):
    """A few worlds of every cell of a kind that promises something, by cell."""
    found = {}
    for job in CELLS:
        if job.kind == kind and not getattr(job.cell, "weak", "") and getattr(job.cell, "promised", True):
            sizes = [f"{job.cell.sizes[i]:g}" for i in only] or [""]
            found[job.label] = [[job.draw(f"{i}/39/{size}") for i in range(worlds)] for size in sizes]
    return found


@pytest.mark.slow
def test_where_nothing_is_planted_seldom_anything_is_supported():
    cells = drawn("ours")
    words = [r["word"] for found in cells.values() for r in found[0]]
    assert len(cells) >= 12 and len(words) == WORLDS * len(cells)
    assert words.count("supported") <= binom.isf(RARE, len(words), 0.05)
    p = np.array([r["p"] for found in cells.values() for r in found[0]])
    assert (p <= 0.05).sum() <= binom.isf(RARE, len(p), 0.05)


@pytest.mark.slow
def test_dials_turned_up_are_found():
    cells = drawn("power", 3, only=(0, -1))
    called = np.array([[sum(r["p"] <= 0.05 for r in size) for size in found] for found in cells.values()])
    low, high = called.sum(axis=0)
    assert len(cells) >= 9 and high >= binom.ppf(RARE, 3 * len(cells), STRONG)
    assert low < high


@pytest.mark.slow
def test_fisher_ratios_cover_what_was_planted():
    rows = [r for found in drawn("coverage", 15).values() for r in found[0]]
    inside = sum(r["low"] <= r["truth"] <= r["high"] for r in rows)
    assert len(rows) == 30 and binom.cdf(inside, len(rows), COVERS[0]) > RARE
    # and they follow it: sizes differ by a factor of five, their squares by 25
    middle = [(r["low"] + r["high"]) / 2 for r in rows]
    assert np.corrcoef(middle, [r["truth"] for r in rows])[0, 1] > 0.9


def test_a_ladder_that_breaks_its_promise_is_caught():
    empty = next(j for j in CELLS if j.kind == "ours" and not j.cell.weak)
    words = ["supported"] * 12 + ["not supported"] * 88
    assert "12 of 100" in broken(empty, [{"p": 0.5, "word": w} for w in words])
    assert not broken(empty, [{"p": 0.5, "word": w} for w in words[1:] + words[-1:]])
    power = next(j for j in CELLS if j.kind == "power")
    rates = dict(zip(power.cell.sizes, (0.1, 0.9, 0.3, 0.9, 1.0), strict=True))
    found = [{"size": s, "p": 0.01 if i < r * 100 else 1.0} for s, r in rates.items() for i in range(100)]
    assert "falls from 0.90 to 0.30" in broken(power, found)


def test_the_figure_has_a_panel_a_dial(tmp_path):
    have = [(job, [{"size": s, "p": 0.01} for s in job.cell.sizes]) for job in CELLS if job.kind == "power"]
    assert len(dials.panels(have)) == 5
    assert dials.picture(have, tmp_path / "a.png") and (tmp_path / "a.png").stat().st_size > 5_000
    assert not dials.picture([], tmp_path / "b.png")
