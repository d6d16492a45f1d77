"""Where nothing is, each test says yes no more often than it promises; its naive twin does not keep that promise."""

import os

import numpy as np
import pytest
from scipy.stats import kstest

from tests.calibration import ledger
from tests.calibration.worlds import WORLDS

FULL = (int(os.environ.get("EMBEDLAB_CALIBRATION_WORLDS", "1000")), 199)
REDUCED = (60, 39)
names = pytest.mark.parametrize("world", WORLDS, ids=[w.name for w in WORLDS])
naive = pytest.mark.parametrize("world", [w for w in WORLDS if w.naive], ids=[w.name for w in WORLDS if w.naive])


def stays_flat(world, where, worlds, permutations):
    found = ledger.results(world.draw, ledger.file_of(where, world.name, "ours"), worlds, permutations)
    bound = ledger.LEVEL + 4 * ledger.error(worlds)
    for key in ("p", "p_less"):
        assert ledger.rejected(found, key) <= bound, f"{world.name}: {key} rejects {ledger.rejected(found, key):.3f}"
    assert np.mean([r["word"] == "supported" for r in found]) <= bound
    return [r["p"] for r in found]


def naive_fails(world, where, worlds, permutations):
    found = ledger.results(world.naive, ledger.file_of(where, world.name, "naive"), worlds, permutations)
    assert ledger.rejected(found) > ledger.LEVEL + 4 * ledger.error(worlds), "this world catches nobody"


@pytest.mark.slow
@names
def test_reduced(world, tmp_path):
    stays_flat(world, tmp_path, *REDUCED)


@pytest.mark.slow
@naive
def test_reduced_naive_twin_fails(world, tmp_path):
    naive_fails(world, tmp_path, *REDUCED)


@pytest.mark.calibration
@names
def test_type_one_error(world):
    ps = np.array(stays_flat(world, ledger.folder(), *FULL))
    if world.exact:
        # p-values of counts are stepped: compare at the steps, where an exact test has P(p <= k/200) = k/200
        assert kstest(ps - 0.5 / (FULL[1] + 1), "uniform").pvalue > 1e-4


@pytest.mark.calibration
@naive
def test_naive_twin_fails(world):
    naive_fails(world, ledger.folder(), *FULL)


def test_a_run_that_was_stopped_goes_on(tmp_path):
    drawn = []

    def draw(rng, permutations):
        drawn.append(permutations)
        return {"p": float(rng.random()), "word": "cannot tell"}

    path = tmp_path / "a.jsonl"
    first = ledger.results(draw, path, 5, 9)
    path.write_text(path.read_text()[:-7])  # killed within the last line
    again = ledger.results(draw, path, 8, 9)
    assert again[:5] == first and len(drawn) == 5 + 4
    assert len(path.read_text().splitlines()) == 8
