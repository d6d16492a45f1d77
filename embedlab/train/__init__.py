"""Train a compact CLIP on pairs of image and taxonomic caption: one evening's reading, in this order.

`config` (what a run is) → `photos` (which images at which scale, rendered once) → `batches` (what a step
sees) → `loss` → `loop` (one run) → `several` (many runs over processes).
"""

from embedlab.train.config import TrainConfig
from embedlab.train.grid import read_configs

__all__ = ["TrainConfig", "read_configs", "train", "train_scales"]


def __getattr__(name: str):
    # torch takes seconds to import: only what trains pays for it
    if name in ("train", "train_scales"):
        from embedlab.train import several

        return getattr(several, name)
    raise AttributeError(f"embedlab.train has no {name!r}: it has {__all__}")
