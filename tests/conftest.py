"""What tests of several rooms share: the real inputs where they are, seeds, and hypothesis' profiles."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# Examples are drawn from a fixed seed, so that a red test is red again; `thorough` draws afresh and more.
settings.register_profile(
    "fast", max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def shared():
    """A function that gives the path of a real input, `shared("data/…")`, or skips saying what is absent.

    The folder is EMBEDLAB_SHARED, or `shared` beside the repository.
    """

    def find(path: str) -> Path:
        folder = Path(os.environ.get("EMBEDLAB_SHARED") or ROOT.parent / "shared")
        found = folder / path
        if not found.exists():
            pytest.skip(f"real input {path} is not here (looked in {folder}; set EMBEDLAB_SHARED)")
        return found

    return find


@pytest.fixture
def rng():
    """The same random numbers in every run."""
    return np.random.default_rng(20251)
