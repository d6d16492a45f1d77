"""Run under `torchrun` by `test_parallel`: write the gradients of one step in several settings, from the first rank."""

import sys

import numpy as np
import torch
from safetensors.torch import save_file

from embedlab.train.config import TrainConfig
from embedlab.train.feed import maker
from embedlab.train.gradients import descend
from embedlab.train.learner import Learner
from embedlab.train.parallel import Ranks, entered, share_norms
from embedlab.train.replay import scenes
from embedlab.train.sampling import Photos

SMALL = {"species": 8, "images": 8, "world_species": 8, "size": 16, "dim": 16, "width": 8, "batch": 16}
VIT = {"tower": "vit", "text": "causal", "patch": 4, "depth": 2, "heads": 2}
SETTINGS = {
    "convolutions": {},
    "transformers": VIT,
    "one positive": {**VIT, "objective": "clip"},
    "sigmoid": {**VIT, "objective": "siglip"},
    "supervised": {**VIT, "objective": "supcon"},
    "heads": {**VIT, "objective": "multirank"},
    "replay": {"replay": 0.7, "replay_batch": 8},
    "parts": {**VIT, "accumulate": 4, "replay": 0.7, "replay_batch": 8},
}


def noise() -> Photos:
    """Eight species, eight images each, of noise."""
    rng = np.random.default_rng(3)
    return Photos(
        pixels=rng.integers(0, 256, (64, 16, 16, 3), dtype=np.uint8),
        rows=np.arange(64),
        species=np.repeat(np.arange(8), 8),
        captions=[[f"Alpha Genus{s // 2} epithet{s}", f"Genus{s // 2} epithet{s}"] for s in range(8)],
        forms=np.array([0.6, 0.4]),
    )


def gradients(settings: dict, ranks: Ranks, **changes) -> dict[str, torch.Tensor]:
    """Give loss, gradients and norm statistics of the second step by name."""
    torch.set_num_threads(1)
    config, photos = TrainConfig(**{**SMALL, **settings, **changes}), noise()
    replay = scenes(0, config.size, 64) if config.replay else None
    learner = share_norms(Learner.drawn(config, photos, replay), ranks)
    batch, again = maker(config, learner, photos, replay, ranks)(1)
    learner.train()
    told = descend(learner, batch, again, weight=config.replay, parts=config.accumulate, ranks=ranks)
    return {
        "told": told.contiguous(),
        **{name: weight.grad.contiguous() for name, weight in learner.named_parameters() if weight.grad is not None},
        **{name: buffer.float().contiguous() for name, buffer in learner.named_buffers() if "running" in name},
    }


def main() -> None:
    """Write each setting's gradients, and those with a gathering that cuts the graph."""
    with entered() as ranks:
        found = {name: gradients(settings, ranks) for name, settings in SETTINGS.items()}
        found["cut"] = gradients(VIT, _Cut(ranks.rank, ranks.count))
        if ranks.first:
            save_file({f"{a}/{b}": x for a, each in found.items() for b, x in each.items()}, sys.argv[1])


class _Cut(Ranks):
    """Ranks that gather as `torch.distributed.all_gather` does: only their own rows keep their history."""

    def gather(self, x):
        whole = super().gather(x).detach()
        return torch.cat([x if rank == self.rank else part for rank, part in enumerate(whole.chunk(self.count))])


if __name__ == "__main__":
    main()
