"""Two towers that read: a bag of rank names, and a causal transformer over syllables."""

import math

import torch
from jaxtyping import Float, Int
from torch import nn

from embedlab.extract.blocks import Block, draw_blocks, draw_linear
from embedlab.extract.shape import Shape


def _undrawn(words: int, dim: int) -> nn.Embedding:
    """Give word vectors that `draw` or a file will fill, number 0 for padding.

    torch would draw them first, and to do so without memory it loads its compiler: two seconds a process.
    """
    return nn.Embedding.from_pretrained(torch.empty(words, dim), freeze=False, padding_idx=0)


class BagOfWords(nn.Module):
    """A bag of words: their vectors summed, divided by √count, then a two-layer perceptron d → 2d → d."""

    def __init__(self, shape: Shape, words: int):
        super().__init__()
        dim = shape.dim
        self.embed = _undrawn(words + 1, dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim))

    def forward(self, numbers: Int[torch.Tensor, "n k"]) -> Float[torch.Tensor, "n d"]:
        """Turn rows of word numbers (0 is padding) into raw vectors."""
        # √count and not count: a longer caption says more, and may speak louder
        count = (numbers > 0).sum(1, keepdim=True).clamp(min=1)
        return self.mlp(self.embed(numbers).sum(1) / count.sqrt())

    def draw(self, random: torch.Generator) -> None:
        """He's normal start for what a ReLU follows; word vectors of expected length 1."""
        self.embed.weight.normal_(0.0, 1.0 / math.sqrt(self.embed.weight.shape[1]), generator=random)
        self.embed.weight[0] = 0.0
        for layer in (self.mlp[0], self.mlp[2]):
            draw_linear(layer, math.sqrt(2.0 / layer.in_features), random)


class CausalText(nn.Module):
    """CLIP's text tower in small: tokens and places, blocks that look back only, the last token's vector.

    The end token stands behind the caption and so has seen all of it. It carries the highest number,
    by which it is found, as in CLIP (Radford et al. 2021, arXiv:2103.00020). What is behind it is padding, which
    no token looks ahead to.
    """

    def __init__(self, shape: Shape, words: int):
        super().__init__()
        self.embed = _undrawn(words + 2, shape.channels)  # padding, words, end
        self.places = nn.Parameter(torch.empty(shape.context, shape.channels))
        self.blocks = nn.Sequential(*(Block(shape.channels, shape.heads, causal=True) for _ in range(shape.text_depth)))
        self.norm = nn.LayerNorm(shape.channels)
        self.project = nn.Linear(shape.channels, shape.dim, bias=False)

    def states(self, numbers: Int[torch.Tensor, "n k"]) -> Float[torch.Tensor, "n k c"]:
        """Give what each token knows in the end, of itself and of those before it."""
        return self.norm(self.blocks(self.embed(numbers) + self.places[: numbers.shape[1]]))

    def forward(self, numbers: Int[torch.Tensor, "n k"]) -> Float[torch.Tensor, "n d"]:
        """Turn rows of token numbers, each with its end token and then padding, into raw vectors."""
        if numbers.shape[1] > len(self.places):
            raise ValueError(
                f"captions of {numbers.shape[1]} tokens, and this tower reads {len(self.places)}: cut them there"
            )
        if numbers.device.type != "cpu" or not len(numbers):  # a GPU would wait for the counts
            return self._read(numbers)
        # short captions cost less, and one that stands there twice is read once
        numbers, place = numbers[:, : int(numbers.argmax(1).max()) + 1].unique(dim=0, return_inverse=True)
        return self._read(numbers)[place]

    def _read(self, numbers: Int[torch.Tensor, "n k"]) -> Float[torch.Tensor, "n d"]:
        rows = torch.arange(len(numbers), device=numbers.device)
        return self.project(self.states(numbers)[rows, numbers.argmax(1)])

    def draw(self, random: torch.Generator) -> None:
        """CLIP's own start: tokens with spread 0.02, places 0.01, and its blocks."""
        self.embed.weight.normal_(0.0, 0.02, generator=random)
        self.embed.weight[0] = 0.0
        self.places.normal_(0.0, 0.01, generator=random)
        draw_blocks(self.blocks, random)
        self.norm.reset_parameters()
        draw_linear(self.project, self.project.in_features**-0.5, random)
