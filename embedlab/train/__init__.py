"""Train a compact CLIP on pairs of image and taxonomic caption: one evening's reading, in this order.

`config` and `grid` (what runs are) → `captions` and `photos` (which names and images of a world, painted once) →
`sampling` and `batches` (what a step sees) → `loss` and `objectives` (what it lowers) → `learner` and `gradients`
(what moves) → `loop` (one run; `feed`, `endless`, `replay`, `parallel` and `saved` help it) → `several` (many runs).
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
