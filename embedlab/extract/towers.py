"""The two small towers of the compact CLIP: five convolutions see, a bag of rank names hears.

Both end in the same `dim` numbers (two towers and a learned scale between them: CLIP, Radford et al. 2021,
arXiv:2103.00020). Sizes are those of the feasibility study, 0.2 million weights at width 16 and 40 px.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import nn

_STRIDES = (2, 2, 1, 2, 1)


@dataclass(frozen=True)
class Shape:
    """How large the towers are: image edge in px, channels of the first convolution, length of a vector."""

    size: int = 40
    width: int = 16
    dim: int = 96

    def __post_init__(self):
        for name, low, high in (("size", 8, 512), ("width", 4, 256), ("dim", 2, 4096)):
            value = getattr(self, name)
            if not isinstance(value, int) or not low <= value <= high:
                raise ValueError(f"{name} is {value!r}: give a whole number from {low} to {high}")

    @property
    def channels(self) -> tuple[int, ...]:
        """Give the channels after each of the five convolutions."""
        return tuple(self.width * times for times in (1, 2, 2, 4, 4))

    @property
    def grid(self) -> int:
        """Give the edge of the last feature map, in cells: each stride of 2 halves it, rounding up."""
        edge = self.size
        for stride in _STRIDES:
            edge = -(-edge // stride)
        return edge


class ImageTower(nn.Module):
    """Five 3×3 convolutions with batch norm, then one linear map of the whole last feature map."""

    def __init__(self, shape: Shape):
        super().__init__()
        steps, into = [], 3
        for out, stride in zip(shape.channels, _STRIDES, strict=True):
            steps += [nn.Conv2d(into, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
            into = out
        self.stack = nn.Sequential(*steps)
        self.project = nn.Linear(into * shape.grid**2, shape.dim)

    def forward(self, x: Float[torch.Tensor, "n 3 h w"]) -> Float[torch.Tensor, "n d"]:
        """Turn standardised images into raw vectors."""
        return self.project(self.stack(x).flatten(1))


class TextTower(nn.Module):
    """A bag of words: their vectors summed, divided by √count, then a two-layer perceptron d → 2d → d."""

    def __init__(self, words: int, dim: int):
        super().__init__()
        self.embed = nn.Embedding(words + 1, dim, padding_idx=0)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim))

    def forward(self, numbers: Int[torch.Tensor, "n k"]) -> Float[torch.Tensor, "n d"]:
        """Turn rows of word numbers (0 is padding) into raw vectors."""
        # √count and not count: a longer caption says more, and may speak louder
        count = (numbers > 0).sum(1, keepdim=True).clamp(min=1)
        return self.mlp(self.embed(numbers).sum(1) / count.sqrt())


class CompactCLIP(nn.Module):
    """Both towers and the one learned number between them, the scale 1/τ of their cosines."""

    def __init__(self, shape: Shape, words: int):
        super().__init__()
        self.image, self.text = ImageTower(shape), TextTower(words, shape.dim)
        self.log_scale = nn.Parameter(torch.zeros(()))

    @classmethod
    def unset(cls, shape: Shape, words: int) -> "CompactCLIP":
        """Give the model without memory behind its weights, to be filled: costs nothing, draws nothing."""
        with torch.device("meta"):
            return cls(shape, words)

    @classmethod
    @torch.no_grad()
    def drawn(cls, shape: Shape, words: int, *, seed: int, scale: float = 10.0) -> "CompactCLIP":
        """Give an untrained model that depends on `seed` alone, whatever torch's global generator is doing.

        He's normal start for what a ReLU follows; word vectors of expected length 1; cosines times `scale`.
        """
        model = cls.unset(shape, words).to_empty(device="cpu")
        random = torch.Generator().manual_seed(seed)
        for module in model.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.weight.normal_(0.0, math.sqrt(2.0 / module.weight[0].numel()), generator=random)
                if module.bias is not None:
                    module.bias.zero_()
            elif isinstance(module, nn.Embedding):
                module.weight.normal_(0.0, 1.0 / math.sqrt(module.weight.shape[1]), generator=random)
                module.weight[0] = 0.0
            elif isinstance(module, nn.BatchNorm2d):
                module.reset_parameters()  # ones and zeros: nothing is drawn
        model.log_scale.fill_(math.log(scale))
        return model
