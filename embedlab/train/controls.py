"""Encoders that learned nothing of species, for comparison: the pixels themselves, and a network as it was drawn.

Both are checkpoints like a trained model's, with vectors as long, and their cards say what they are controls for:
what a trained model shows beside them is what training brought.
"""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import nn

from embedlab.extract.compact import DESCRIPTION, save_checkpoint, standardised
from embedlab.extract.towers import CompactCLIP, Shape
from embedlab.extract.words import Vocabulary
from embedlab.train.config import TrainConfig

PIXELS, RANDOM = "pixel PCA", "random network"
_BATCH = 256


def save_controls(
    config: TrainConfig, pixels: UInt8[np.ndarray, "n h w 3"], folder: str | Path, *, seeds: int = 2
) -> list[str]:
    """Save both controls of a run below `folder` and give their checkpoints: one of pixels, `seeds` random networks.

    `pixels` are photographs of the world in hand, some hundred or more: the principal components of their pixels
    are the first, and calibrate the batch norms of the second, whose layers would otherwise not be centred.
    Saved ones stand. Raises ValueError if there are fewer photographs than numbers in a vector, and where `folder`
    holds the controls of another world, or of other towers.
    """
    if len(pixels) <= config.dim:
        raise ValueError(
            f"{len(pixels)} photographs cannot give {config.dim} principal components: take more than {config.dim}"
        )
    folder = Path(folder)
    made = {folder / "pixel-pca": lambda: _pixel_pca(config, pixels)}
    for seed in range(seeds):
        made[folder / f"random-network-seed{seed}"] = lambda seed=seed: _random_network(config, pixels, seed)
    of = {"world": config.world, "world_species": config.world_species, "size": config.size}
    of |= {"dials": config.dials} if config.dials else {}
    towers = {path: _shape(config) for path in made} | {folder / "pixel-pca": _pixels(config)}
    for path, make in made.items():
        if (path / DESCRIPTION).is_file():
            _refuse_other(path, of, towers[path])
        else:
            model, shape, told = make()
            told |= {**of, "images": 0, "images_seen": 0, "steps": 0}
            save_checkpoint(path, model, shape, Vocabulary(()), name=path.name, training=told)
    return [str(path) for path in made]


def _pixel_pca(config: TrainConfig, pixels) -> tuple[CompactCLIP, Shape, dict]:
    shape = _pixels(config)
    model = CompactCLIP.drawn(shape, 0, seed=0)
    x = model.image.trunk(torch.from_numpy(standardised(pixels)))
    mean = x.mean(0)
    _, _, axes = torch.linalg.svd(x - mean, full_matrices=False)
    axes = axes[: config.dim]
    axes = axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()  # a sign that every machine agrees on
    with torch.no_grad():
        model.image.project.weight.copy_(axes)
        model.image.project.bias.copy_(-(axes @ mean))
    return model, shape, {"control": PIXELS, "seed": 0}


def _refuse_other(path: Path, of: dict, shape: Shape) -> None:
    told = json.loads((path / DESCRIPTION).read_bytes())
    found = {**told["shape"], **{key: told["training"].get(key) for key in ("world", "world_species", "dials")}}
    wanted = {**asdict(shape), "dials": None, **of}
    if other := [key for key, value in wanted.items() if found.get(key) != value]:
        raise ValueError(
            f"{path} holds a control of another study ({', '.join(other[:5])} differ): give another --out, or remove it"
        )


def _pixels(config: TrainConfig) -> Shape:
    return Shape(size=config.size, dim=config.dim, tower="pixels", text="none")


def _shape(config: TrainConfig) -> Shape:
    return Shape(config.size, config.width, config.dim, tower=config.tower, text="none", patch=config.patch,
                 depth=config.depth, heads=config.heads)  # fmt: skip


def _random_network(config: TrainConfig, pixels, seed: int) -> tuple[CompactCLIP, Shape, dict]:
    shape = _shape(config)
    model = CompactCLIP.drawn(shape, 0, seed=seed)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # the plain mean over all photographs
    model.train()
    with torch.no_grad():
        for some in np.array_split(pixels, max(1, len(pixels) // _BATCH)):
            model.image(torch.from_numpy(standardised(some)))
    return model.eval(), shape, {"control": RANDOM, "seed": seed}
