"""What every test run needs: one thread a worker, shapes checked at call time, real data if there is some."""

import os
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # two workers with two threads each fight for two cores, and lose
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a failing hub call takes 46 s
os.environ.setdefault("MPLBACKEND", "agg")

import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

# Rooms with shapes in their signatures, before they are imported. (jaxtyping's pytest option takes only one
# package when the checker has settings.)
CHECKED = (
    "embedlab.extract",
    "embedlab.world",
    "embedlab.train.batches",
    "embedlab.train.loss",
    "embedlab.train.loop",
    "embedlab.data.newick",
    "embedlab.data.tree",
    "embedlab.data.taxonomy",
)
install_import_hook(CHECKED, "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")

patient = [HealthCheck.too_slow]  # a busy machine is no bug
settings.register_profile("fast", max_examples=25, deadline=None, suppress_health_check=patient)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

ROOT = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def real_data():
    """Give the path of a real input by its name; skip, with the reason, where it is absent.

    The folder is `../shared/data` beside the repository, or what `EMBEDLAB_DATA` says.
    """
    folder = Path(os.environ.get("EMBEDLAB_DATA", ROOT.parent / "shared" / "data"))

    def path(name: str) -> Path:
        if not (folder / name).exists():
            pytest.skip(f"{name} is not in the data folder (set EMBEDLAB_DATA to where it is)")
        return folder / name

    return path
