"""What is trained: the towers, what an objective has of its own, and the optimiser that moves both."""

import math
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import nn

from embedlab.extract.compact import save_checkpoint, standardised
from embedlab.extract.towers import CompactCLIP, Shape
from embedlab.extract.words import Vocabulary
from embedlab.train.config import TrainConfig
from embedlab.train.objectives import Objective, objective
from embedlab.train.sampling import Named, Photos


class Learner(nn.Module):
    """The towers and their objective (heads, a bias): all weights of a run, under one roof for its state."""

    def __init__(self, model: CompactCLIP, lowered: Objective, shape: Shape, vocabulary: Vocabulary):
        super().__init__()
        self.model, self.objective = model, lowered
        self.shape, self.vocabulary = shape, vocabulary

    @classmethod
    def drawn(cls, config: TrainConfig, photos: Named, replay: Named | None = None) -> "Learner":
        """Give an untrained learner that depends on the configuration and the captions alone."""
        shape = config.shape
        captions = [text for domain in (photos, replay) if domain for forms in domain.captions for text in forms]
        vocabulary = Vocabulary.of(captions, cut=shape.cut, context=shape.context)
        model = CompactCLIP.drawn(shape, len(vocabulary), seed=config.seed, scale=config.scale)
        if shape.tower == "conv":
            model = model.to(memory_format=torch.channels_last)
        return cls(model, objective(config, photos.ranks), shape, vocabulary).to(config.device)

    def save(self, folder: Path, name: str, training: dict, *, half: bool = False) -> None:
        """Write the towers as a checkpoint, an encoder like any other; `half`: in 16 bits, to travel light."""
        save_checkpoint(folder, self.model, self.shape, self.vocabulary, name=name, training=training, half=half)

    @torch.no_grad()
    def zero_shot(self, test: Photos) -> dict:
        """Name test images: share right, beside chance (one in the number of species); {} if it knows no names.

        Each species is called by its first caption form, the full taxonomic one.
        """
        self.eval()
        device, species = self.model.log_scale.device, len(test.captions)
        numbers = torch.from_numpy(test.numbers(self.vocabulary)[:, 0]).to(device)
        names = self.objective.prototypes(self.model, numbers, torch.arange(species, device=device))
        if names is None:
            return {}
        right = 0
        for some in np.array_split(np.arange(len(test)), max(1, len(test) // 256)):
            x = torch.from_numpy(standardised(test.pixels[test.rows[some]])).to(device)
            said = (self.model.image(x) @ names.T).argmax(1).cpu().numpy()
            right += int((said == test.species[some]).sum())
        return {"zero_shot": right / len(test), "chance": 1 / species, "test_images": len(test)}


def adam(learner: Learner, config: TrainConfig) -> torch.optim.AdamW:
    """Give AdamW over all weights."""
    # norms, biases and the scale are not pulled to zero: their zero is no simpler than their value
    matrices = [p for p in learner.parameters() if p.ndim > 1]
    vectors = [p for p in learner.parameters() if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.lr, betas=(0.9, 0.98), eps=1e-8, fused=True)


def learning_rate(config: TrainConfig, step: int) -> float:
    """Give the rate of a step: a straight climb to `lr` over the warm-up, then half a cosine down to 0.

    >>> [round(learning_rate(TrainConfig(steps=10, lr=1.0, warmup=0.2), s), 2) for s in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.04]
    """
    climb = round(config.warmup * config.steps)
    if step < climb:
        return config.lr * (step + 1) / climb
    return config.lr * 0.5 * (1 + math.cos(math.pi * (step - climb) / max(1, config.steps - climb)))


@contextmanager
def quick_products(device: str):
    """On a GPU, let products of 32-bit matrices use its tensor cores (TF32) within; on a CPU change nothing."""
    before = torch.get_float32_matmul_precision()
    if device == "cuda":
        torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
