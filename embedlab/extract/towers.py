"""The compact CLIP: a tower that sees, a tower that reads, and a learned scale between them.

Both end in the same `dim` numbers (two towers and a learned scale: CLIP, Radford et al. 2021,
arXiv:2103.00020). The sizes that `Shape` starts with are those of the feasibility study, 0.2 million weights.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import nn

from embedlab.extract.language import BagOfWords, CausalText
from embedlab.extract.shape import TEXTS, TOWERS, Shape
from embedlab.extract.vision import Convolutions, Pixels, VisionTransformer

__all__ = ["TEXTS", "TOWERS", "CompactCLIP", "Shape"]

_SEES = {"conv": Convolutions, "vit": VisionTransformer, "pixels": Pixels}
_READS = {"bag": BagOfWords, "causal": CausalText}


class CompactCLIP(nn.Module):
    """Both towers and the one learned number between them, the scale 1/τ of their cosines.

    `text` is None where the shape says so: a classifier reads nothing.
    """

    def __init__(self, shape: Shape, words: int):
        super().__init__()
        self.image = _SEES[shape.tower](shape)
        self.text = _READS[shape.text](shape, words) if shape.text != "none" else None
        self.log_scale = nn.Parameter(torch.zeros(()))

    def forward(
        self, x: Float[torch.Tensor, "n 3 h w"], numbers: Int[torch.Tensor, "m k"] | None = None
    ) -> tuple[Float[torch.Tensor, "n d"], Float[torch.Tensor, "m d"] | None, Float[torch.Tensor, ""]]:
        """Give raw vectors of images, raw vectors of captions (None without them), and the log scale."""
        texts = None if self.text is None or numbers is None else self.text(numbers)
        return self.image(x), texts, self.log_scale

    @classmethod
    def unset(cls, shape: Shape, words: int) -> "CompactCLIP":
        """Give the model without memory behind its weights, to be filled: costs nothing, draws nothing."""
        with torch.device("meta"):
            return cls(shape, words)

    @classmethod
    @torch.no_grad()
    def drawn(cls, shape: Shape, words: int, *, seed: int, scale: float = 10.0) -> "CompactCLIP":
        """Give an untrained model that depends on `seed` alone, whatever torch's global generator is doing.

        Weights are drawn on the CPU, so that they are the same for every device; cosines start times `scale`.
        """
        model = cls.unset(shape, words).to_empty(device="cpu")
        random = torch.Generator().manual_seed(seed)
        model.image.draw(random)
        if model.text is not None:
            model.text.draw(random)
        model.log_scale.fill_(math.log(scale))
        return model
