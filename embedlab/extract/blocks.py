"""The transformer block that both towers share: attention and a perceptron, each behind a norm."""

import torch
from jaxtyping import Float
from torch import nn
from torch.nn.functional import scaled_dot_product_attention


class Block(nn.Module):
    """A pre-norm block: x + attention(norm(x)), then x + perceptron(norm(x)), four times as wide inside.

    The norm stands before each part and the sum goes past it, as in CLIP and ViT: such a stack trains
    without the long warm-up that the original post-norm needs (Xiong et al. 2020, arXiv:2002.04745).
    With `causal`, a token sees itself and what stands before it, never what comes after.
    """

    def __init__(self, channels: int, heads: int, *, causal: bool):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.norm_1 = nn.LayerNorm(channels)
        self.asked = nn.Linear(channels, 3 * channels)  # queries, keys and values in one product
        self.told = nn.Linear(channels, channels)
        self.norm_2 = nn.LayerNorm(channels)
        self.mlp = nn.Sequential(nn.Linear(channels, 4 * channels), nn.GELU(), nn.Linear(4 * channels, channels))

    def forward(self, x: Float[torch.Tensor, "n t c"]) -> Float[torch.Tensor, "n t c"]:
        """Let the tokens of each row look at one another, then think each on its own."""
        n, t, c = x.shape
        split = self.asked(self.norm_1(x)).view(n, t, 3, self.heads, c // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # three of (n, heads, t, c / heads)
        seen = scaled_dot_product_attention(query, key, value, is_causal=self.causal)
        x = x + self.told(seen.transpose(1, 2).reshape(n, t, c))
        return x + self.mlp(self.norm_2(x))


def draw_blocks(blocks: nn.Sequential, random: torch.Generator) -> None:
    """Give a stack its first weights, as CLIP's own code draws them.

    What adds to the stream is drawn smaller in a deeper stack, so that the sum starts at one size.
    """
    for block in blocks:
        channels = block.told.in_features
        inward, added = channels**-0.5, (2 * channels * len(blocks)) ** -0.5
        draw_linear(block.asked, inward, random)
        draw_linear(block.told, added, random)
        draw_linear(block.mlp[0], (2 * channels) ** -0.5, random)
        draw_linear(block.mlp[2], added, random)
        block.norm_1.reset_parameters()  # ones and zeros: nothing is drawn
        block.norm_2.reset_parameters()


def draw_linear(layer: nn.Linear | nn.Conv2d, spread: float, random: torch.Generator) -> None:
    """Draw weights with this standard deviation around 0; biases start at 0."""
    layer.weight.normal_(0.0, spread, generator=random)
    if layer.bias is not None:
        layer.bias.zero_()
