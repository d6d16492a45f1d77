"""What a step lowers: eight objectives on the same tower, batches, augmentation and optimiser.

| objective | reads | measure | temperature | targets |
|---|---|---|---|---|
| hierarchical | a mixture of caption forms | cosine | learned scale | all captions of the species, 1/n_i each |
| taxonomic | the seven ranks, always | cosine | learned scale | the same |
| flat | one token a species | cosine | learned scale | the same |
| clip | the mixture | cosine | learned scale | the own caption alone |
| siglip | the mixture | cosine | learned scale, learned bias from −log batch | each pair by itself |
| ce | nothing | raw inner product, no bias (`head = "unit"`: cosine, learned scale) | its norms | the species |
| multirank | nothing | the same, a head for each rank | its norms | the taxon at each rank, mean over ranks |
| supcon | nothing | cosine between images | learned scale | all fellows in a class-balanced batch |

So `ce` with `head = "unit"` differs from `flat` in one thing: all species compete in each step, and not those of
the batch. Whatever an arm trains on, all are measured in the same way afterwards.
"""

import math
from abc import ABC, abstractmethod

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from embedlab.train.batches import Batch
from embedlab.train.config import TrainConfig
from embedlab.train.loss import Scalar, contrastive, one_positive, sigmoid, supervised

Images, Texts = Float[torch.Tensor, "n d"], Float[torch.Tensor, "n d"] | None
_HEADS = 40  # names the stream of random numbers that first weights of heads come from


def objective(config: TrainConfig, ranks: Int[np.ndarray, "s 7"]) -> "Objective":
    """Give the objective of a run, its own weights drawn from the run's seed alone.

    `ranks` are the codes of the trained species at the seven ranks, kingdom first (`Photos.ranks`).
    """
    if config.objective in ("hierarchical", "taxonomic", "flat"):
        return Contrastive()  # they differ in the captions that they read
    if config.objective == "clip":
        return OnePositive()
    if config.objective == "siglip":
        return Sigmoid(config.batch)
    if config.objective == "supcon":
        return Supervised()
    # the lowest rank alone, or each rank that tells anything apart: a single kingdom has nothing to be told
    counts = [int(column.max()) + 1 for column in ranks.T]
    used = [6] if config.objective == "ce" else [rank for rank, count in enumerate(counts) if count > 1]
    return Classifier(config.dim, {rank: counts[rank] for rank in used}, config.head == "unit", config.seed)


class Objective(nn.Module, ABC):
    """A loss over a whole batch: its vectors, whichever processes made them, in; (loss, floor) out.

    Its own parameters, if any, are trained with the towers and saved with the state of a run.
    """

    needs_text = True

    def forward(self, images: Images, texts: Texts, batch: Batch, log_scale: Scalar) -> tuple[Scalar, Scalar]:
        """Give loss and floor, in nats, computed in 32 bits also where the towers work in 16."""
        with torch.autocast(images.device.type, enabled=False):
            return self.loss(images.float(), None if texts is None else texts.float(), batch, log_scale.exp())

    @abstractmethod
    def loss(self, images: Images, texts: Texts, batch: Batch, scale: Scalar) -> tuple[Scalar, Scalar]:
        """Give loss and floor; `scale` is 1/temperature."""

    def prototypes(
        self, model: nn.Module, numbers: Int[torch.Tensor, "s k"], species: Int[torch.Tensor, " s"]
    ) -> Float[torch.Tensor, "s d"] | None:
        """Give a vector for each of these species, such that the largest inner product names an image.

        `numbers` are the words of each species' caption, `species` its codes. None where the objective
        knows no species but by their images (supcon).
        """
        return normalize(model.text(numbers), dim=1)


class Contrastive(Objective):
    """Images and captions of a species find each other among those of all others in the batch."""

    def loss(self, images: Images, texts: Texts, batch: Batch, scale: Scalar) -> tuple[Scalar, Scalar]:
        """Give the multi-positive InfoNCE loss and its floor."""
        return contrastive(images, texts, scale, batch.species)


class OnePositive(Objective):
    """CLIP's own loss: images of one species repel each other's captions."""

    def loss(self, images: Images, texts: Texts, batch: Batch, scale: Scalar) -> tuple[Scalar, Scalar]:
        """Give the InfoNCE loss of one positive a row, and the floor that equal captions set."""
        return one_positive(images, texts, scale, batch.words)


class Sigmoid(Objective):
    """SigLIP's loss, with its learned bias, which begins at the log odds that a pair of the batch belongs together.

    Those of Zhai et al. 2023 begin at −10, which suits their batch of 32 thousand; in a batch of 128 it has to be
    unlearned first (LOG.md).
    """

    def __init__(self, batch: int):
        super().__init__()
        self.bias = nn.Parameter(torch.tensor(-math.log(batch)))

    def loss(self, images: Images, texts: Texts, batch: Batch, scale: Scalar) -> tuple[Scalar, Scalar]:
        """Give the sum over pairs divided by the images, and 0."""
        return sigmoid(images, texts, scale, self.bias, batch.species)


class Supervised(Objective):
    """Images of one species find each other; no names at all."""

    needs_text = False

    def loss(self, images: Images, texts: Texts, batch: Batch, scale: Scalar) -> tuple[Scalar, Scalar]:
        """Give the supervised contrastive loss and its floor."""
        return supervised(images, scale, batch.species)

    def prototypes(self, model, numbers, species):
        """Give None: a species has no vector but those of its images."""
        return None


class Classifier(Objective):
    """Cross-entropy of linear heads, one for each rank used; the mean over ranks."""

    needs_text = False

    def __init__(self, dim: int, counts: dict[int, int], unit: bool, seed: int):
        super().__init__()
        self.unit = unit
        random = torch.Generator().manual_seed(seed * 1000 + _HEADS)
        # No bias: every species has as many images, and a caption has none either. Rows of expected length 1,
        # like words.
        self.heads = nn.ParameterDict(
            {
                str(rank): nn.Parameter(torch.randn(count, dim, generator=random) / math.sqrt(dim))
                for rank, count in counts.items()
            }
        )

    def loss(self, images: Images, texts: Texts, batch: Batch, scale: Scalar) -> tuple[Scalar, Scalar]:
        """Give the mean over ranks of the cross-entropy, and 0."""
        if self.unit:
            images = scale * normalize(images, dim=1)
        losses = [
            cross_entropy(images @ self._rows(rank).T, batch.ranks[:, int(rank)]) for rank in self.heads
        ]
        return torch.stack(losses).mean(), images.new_zeros(())

    def _rows(self, rank: str) -> Float[torch.Tensor, "c d"]:
        rows = self.heads[rank]
        return normalize(rows, dim=1) if self.unit else rows

    def prototypes(self, model, numbers, species):
        """Give the rows of the species head: what it multiplies images with is what names them."""
        return self._rows("6")[species]
