"""What every test run needs, doctests included: one thread a worker, shapes checked at call time."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # two workers with two threads each fight for two cores, and lose
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a failing hub call takes 46 s
os.environ.setdefault("MPLBACKEND", "agg")

from jaxtyping import install_import_hook

# Rooms with shapes in their signatures, before they are imported. (jaxtyping's pytest option takes only one
# package when the checker has settings.)
CHECKED = (
    "embedlab.extract",
    "embedlab.world",
    "embedlab.train.batches",
    "embedlab.train.loss",
    "embedlab.train.objectives",
    "embedlab.train.loop",
    "embedlab.data.newick",
    "embedlab.data.tree",
    "embedlab.data.taxonomy",
)
install_import_hook(CHECKED, "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")
