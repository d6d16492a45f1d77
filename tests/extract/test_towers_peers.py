"""Our transformers against those of torch, timm and open_clip: the same weights give the same numbers."""

from functools import partial

import pytest
import torch
from torch import nn

from embedlab.extract.blocks import Block
from embedlab.extract.torchvision_shim import import_torchvision
from embedlab.extract.towers import CompactCLIP, Shape

# both sides sum in 32 bits, each in an order of its own
TOLERANCE = {"atol": 1e-5, "rtol": 1e-5}


def stirred(module, seed=0):
    """Give all weights, norms and biases too, values that are neither 0 nor 1."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in module.parameters():
            weight.copy_(weight.detach() + 0.1 * torch.randn(weight.shape, generator=random))
    return module.eval()


def copied(*pairs):
    with torch.no_grad():
        for ours, theirs in pairs:
            theirs.weight.copy_(ours.weight)
            theirs.bias.copy_(ours.bias)


@pytest.mark.parametrize("causal", [False, True])
def test_block_against_torch(causal):
    with torch.device("cpu"):
        ours = stirred(Block(24, 3, causal=causal))
    theirs = nn.TransformerEncoderLayer(24, 3, 96, 0.0, "gelu", batch_first=True, norm_first=True).eval()
    copied(
        (ours.norm_1, theirs.norm1), (ours.norm_2, theirs.norm2), (ours.told, theirs.self_attn.out_proj),
        (ours.mlp[0], theirs.linear1), (ours.mlp[2], theirs.linear2),
    )  # fmt: skip
    theirs.self_attn.in_proj_weight = nn.Parameter(ours.asked.weight.detach().clone())
    theirs.self_attn.in_proj_bias = nn.Parameter(ours.asked.bias.detach().clone())
    x = torch.randn(2, 7, 24, generator=torch.Generator().manual_seed(1))
    mask = nn.Transformer.generate_square_subsequent_mask(7) if causal else None
    # with gradients on: torch's shortcut for inference is another code path
    torch.testing.assert_close(ours(x), theirs(x, src_mask=mask, is_causal=causal), **TOLERANCE)


@torch.no_grad()
def test_text_tower_against_open_clip():
    import_torchvision()
    from open_clip.transformer import TextTransformer

    shape, words = Shape(width=8, dim=12, text="causal", heads=4, text_depth=3, context=20), 30
    ours = stirred(CompactCLIP.drawn(shape, words, seed=0).text)
    theirs = TextTransformer(20, words + 2, width=32, heads=4, layers=3, output_dim=12).eval()
    theirs.token_embedding.weight.copy_(ours.embed.weight)
    theirs.positional_embedding.copy_(ours.places)
    theirs.text_projection.copy_(ours.project.weight.T)
    copied((ours.norm, theirs.ln_final))
    for a, b in zip(ours.blocks, theirs.transformer.resblocks, strict=True):
        copied(
            (a.norm_1, b.ln_1), (a.norm_2, b.ln_2), (a.told, b.attn.out_proj),
            (a.mlp[0], b.mlp.c_fc), (a.mlp[2], b.mlp.c_proj),
        )  # fmt: skip
        b.attn.in_proj_weight.copy_(a.asked.weight)
        b.attn.in_proj_bias.copy_(a.asked.bias)
    numbers = torch.zeros(5, 20, dtype=torch.long)  # open_clip wants the whole context, padded
    for row, length in enumerate((1, 4, 9, 15, 19)):
        numbers[row, :length] = torch.randint(1, words + 1, (length,), generator=torch.Generator().manual_seed(row))
        numbers[row, length] = words + 1
    torch.testing.assert_close(ours(numbers), theirs(numbers), **TOLERANCE)


@torch.no_grad()
def test_image_tower_against_timm():
    import_torchvision()
    from timm.models.vision_transformer import VisionTransformer

    shape = Shape(size=24, width=8, dim=12, tower="vit", text="none", patch=6, depth=3, heads=4)
    ours = stirred(CompactCLIP.drawn(shape, 0, seed=0).image)
    theirs = VisionTransformer(
        24, 6, num_classes=12, global_pool="avg", embed_dim=32, depth=3, num_heads=4, class_token=False,
        fc_norm=False, norm_layer=partial(nn.LayerNorm, eps=1e-5),
    ).eval()  # fmt: skip
    theirs.patch_embed.proj.weight.copy_(ours.embed.weight.unflatten(1, (6, 6, 3)).permute(0, 3, 1, 2))
    theirs.patch_embed.proj.bias.copy_(ours.embed.bias)
    theirs.pos_embed.copy_(ours.places[None])
    copied((ours.norm, theirs.norm), (ours.project, theirs.head))
    for a, b in zip(ours.blocks, theirs.blocks, strict=True):
        copied(
            (a.norm_1, b.norm1), (a.norm_2, b.norm2), (a.asked, b.attn.qkv), (a.told, b.attn.proj),
            (a.mlp[0], b.mlp.fc1), (a.mlp[2], b.mlp.fc2),
        )  # fmt: skip
    x = torch.randn(3, 3, 24, 24, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(ours(x), theirs(x), **TOLERANCE)
