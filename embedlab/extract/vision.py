"""Three towers that see: five convolutions, a small vision transformer, and one linear map of all pixels.

All have the same three parts: `trunk`, what the projection reads; `project`, one linear map of it to the
vector; and `features`, the other layer that an encoder can give.
"""

import math
from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import nn

from embedlab.extract.blocks import Block, draw_blocks, draw_linear
from embedlab.extract.shape import STRIDES, Shape


class ImageTower(nn.Module, ABC):
    """What all three share: the projection, and with `shape.replay` a second one for the replayed domain.

    The second is `continual_proj` of BioCLIP 2 (Gu et al. 2025, arXiv:2505.23883): it begins as a copy of the
    first, and an encoder drops it.
    """

    def __init__(self, shape: Shape, read: int):
        super().__init__()
        self.project = nn.Linear(read, shape.dim)
        self.continual = nn.Linear(read, shape.dim) if shape.replay else None

    @abstractmethod
    def trunk(self, x: Float[torch.Tensor, "n 3 h w"]) -> Float[torch.Tensor, "n m"]:
        """Give the numbers that the projections read."""

    def features(self, trunk: Float[torch.Tensor, "n m"]) -> Float[torch.Tensor, "n f"]:
        """Give the layer `features` from what `trunk` gave."""
        return trunk

    def forward(self, x: Float[torch.Tensor, "n 3 h w"], continual: bool = False) -> Float[torch.Tensor, "n d"]:
        """Turn standardised images into raw vectors, through the second projection if told."""
        if continual and self.continual is None:
            raise ValueError("this tower has no second projection: make it with Shape(replay=True)")
        return (self.continual if continual else self.project)(self.trunk(x))

    @abstractmethod
    def draw(self, random: torch.Generator) -> None:
        """Give the first weights, from this generator alone."""

    def draw_projections(self, spread: float, random: torch.Generator) -> None:
        """Draw the projection; the second begins as a copy of it, so that replay changes nothing at first."""
        draw_linear(self.project, spread, random)
        if self.continual is not None:
            self.continual.load_state_dict(self.project.state_dict())


class Convolutions(ImageTower):
    """Five 3×3 convolutions with batch norm, then one linear map of the whole last feature map."""

    def __init__(self, shape: Shape):
        super().__init__(shape, shape.channels * shape.grid**2)
        steps, into = [], 3
        for times, stride in zip((1, 2, 2, 4, 4), STRIDES, strict=True):
            out = times * shape.width
            steps += [nn.Conv2d(into, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
            into = out
        self.stack = nn.Sequential(*steps)

    def trunk(self, x: Float[torch.Tensor, "n 3 h w"]) -> Float[torch.Tensor, "n m"]:
        """Give the last feature map, flattened: channels × cells."""
        return self.stack(x).flatten(1)

    def features(self, trunk: Float[torch.Tensor, "n m"]) -> Float[torch.Tensor, "n f"]:
        """Average the last feature map over the image: one number a channel."""
        return trunk.unflatten(1, (self.stack[-2].num_features, -1)).mean(2)

    def draw(self, random: torch.Generator) -> None:
        """He's normal start, for what a ReLU follows."""
        for module in self.stack:
            if isinstance(module, nn.Conv2d):
                draw_linear(module, _he(module), random)
            elif isinstance(module, nn.BatchNorm2d):
                module.reset_parameters()  # ones and zeros: nothing is drawn
        self.draw_projections(_he(self.project), random)


class VisionTransformer(ImageTower):
    """A small ViT (Dosovitskiy et al. 2021, arXiv:2010.11929): patches, learned positions, pre-norm blocks.

    The vector is made of the *mean* over the patches, not of a class token: it trains better on little data
    (Beyer et al. 2022, arXiv:2205.01580), and `features` means the same as in the convolutions.
    """

    def __init__(self, shape: Shape):
        super().__init__(shape, shape.channels)
        self.patch = shape.patch
        self.embed = nn.Linear(3 * shape.patch**2, shape.channels)
        self.places = nn.Parameter(torch.empty(shape.tokens, shape.channels))
        self.blocks = nn.Sequential(*(Block(shape.channels, shape.heads, causal=False) for _ in range(shape.depth)))
        self.norm = nn.LayerNorm(shape.channels)

    def patches(self, x: Float[torch.Tensor, "n 3 h w"]) -> Float[torch.Tensor, "n t p"]:
        """Cut images into patches, row by row; each is listed by row, column and channel."""
        p = self.patch
        cells = x.permute(0, 2, 3, 1).unflatten(2, (-1, p)).unflatten(1, (-1, p))  # n, gy, py, gx, px, 3
        return cells.transpose(2, 3).flatten(3).flatten(1, 2)

    def trunk(self, x: Float[torch.Tensor, "n 3 h w"]) -> Float[torch.Tensor, "n m"]:
        """Give the mean of the last tokens, each behind the last norm."""
        return self.norm(self.blocks(self.embed(self.patches(x)) + self.places)).mean(1)

    def draw(self, random: torch.Generator) -> None:
        """CLIP's start for the blocks; patches begin with the variance of their pixels, positions small."""
        channels = self.places.shape[1]
        draw_linear(self.embed, self.embed.in_features**-0.5, random)
        self.places.normal_(0.0, channels**-0.5, generator=random)
        draw_blocks(self.blocks, random)
        self.norm.reset_parameters()
        self.draw_projections(channels**-0.5, random)


class Pixels(ImageTower):
    """One linear map of all standardised pixels: what sees nothing, as a control (a PCA is one such map)."""

    def __init__(self, shape: Shape):
        super().__init__(shape, 3 * shape.size**2)

    def trunk(self, x: Float[torch.Tensor, "n 3 h w"]) -> Float[torch.Tensor, "n m"]:
        """Give the pixels in one row: channel, then row, then column."""
        return x.flatten(1)

    def draw(self, random: torch.Generator) -> None:
        """Draw a random projection."""
        self.draw_projections(self.project.in_features**-0.5, random)


def _he(layer: nn.Module) -> float:
    """Give the standard deviation with which a ReLU's input keeps its size (He et al. 2015)."""
    return math.sqrt(2.0 / layer.weight[0].numel())
