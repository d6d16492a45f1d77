"""One run: a model, its optimiser and the steps between them; resumable, and the same each time."""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import nn

from embedlab.extract.compact import save_checkpoint, standardised, write_whole
from embedlab.extract.towers import CompactCLIP, Shape
from embedlab.train.batches import Photos, batch_at
from embedlab.train.config import TrainConfig
from embedlab.train.loss import clamp_scale
from embedlab.train.objectives import objective

STATE, METRICS, CONFIG = "state.safetensors", "metrics.jsonl", "config.toml"


def run(
    config: TrainConfig,
    photos: Photos,
    folder: str | Path,
    *,
    test: Photos | None = None,
    training: dict | None = None,
    tick: Callable[[int], None] = lambda images: None,
) -> dict:
    """Train one model into `folder` and give {checkpoint, images_seen, seconds, metrics}.

    A folder with a saved state of the same configuration goes on from it, to the same weights bit for bit
    as an unbroken run. `test` are images to name at the end; `tick` is told how many images a step saw.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    write_whole(folder / CONFIG, config.toml().encode())
    shape = Shape(config.size, config.width, config.dim)
    vocabulary = photos.vocabulary()
    numbers = photos.numbers(vocabulary)
    model = CompactCLIP.drawn(shape, len(vocabulary), seed=config.seed, scale=config.scale)
    model = model.to(memory_format=torch.channels_last)
    lowered = objective(config, photos.ranks)
    optimiser = _optimiser(model, config)
    first = _resume(folder, config, model, optimiser)
    tick(first * config.batch)
    lines = _kept_lines(folder / METRICS, first)
    _write_lines(folder / METRICS, lines)
    sums, kept = torch.zeros(2), first
    model.train()
    for step in range(first, config.steps):
        batch = batch_at(photos, numbers, step, config)
        rate = learning_rate(config, step)
        for group in optimiser.param_groups:
            group["lr"] = rate
        texts = model.text(batch.words) if lowered.needs_text else None
        loss, floor = lowered(model.image(batch.pixels), texts, batch, model.log_scale)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        clamp_scale(model.log_scale, config.scale_max)
        sums += torch.stack([loss.detach(), floor])
        done = step + 1
        if done % config.log_every == 0 or done == config.steps:
            since = done - (done - 1) // config.log_every * config.log_every
            lines.append(_line(config, done, sums / since, rate, model))
            sums.zero_()
            _write_lines(folder / METRICS, lines[-1:], mode="a")
            if not math.isfinite(lines[-1]["loss"]):
                raise ValueError(
                    f"the loss is {lines[-1]['loss']} after {done} steps: lower lr = {config.lr}"
                )
            if done - kept >= config.save_every and done < config.steps:
                kept = done
                _keep(folder, config, model, optimiser, done)
        tick(config.batch)
    seen = config.steps * config.batch
    metrics = {key: lines[-1][key] for key in ("loss", "floor", "excess", "scale")}
    if test is not None:
        metrics |= zero_shot(model, test, vocabulary)
    told = {
        "images": len(photos),
        "images_seen": seen,
        "species": len(photos.captions),
        "steps": config.steps,
        "seed": config.seed,
        "world": config.world,
        "config": config.digest,
        **(training or {}),
        "final": metrics,
    }
    save_checkpoint(folder, model, shape, vocabulary, name=f"compact-{config.name}", training=told)
    (folder / STATE).unlink(missing_ok=True)
    return {
        "checkpoint": str(folder),
        "images_seen": seen,
        "seconds": time.perf_counter() - began,
        "metrics": metrics,
    }


def learning_rate(config: TrainConfig, step: int) -> float:
    """Give the rate of a step: a straight climb to `lr` over the warm-up, then half a cosine down to 0.

    >>> [round(learning_rate(TrainConfig(steps=10, lr=1.0, warmup=0.2), s), 2) for s in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.04]
    """
    climb = round(config.warmup * config.steps)
    if step < climb:
        return config.lr * (step + 1) / climb
    return config.lr * 0.5 * (1 + math.cos(math.pi * (step - climb) / max(1, config.steps - climb)))


@torch.no_grad()
def zero_shot(model: CompactCLIP, test: Photos, vocabulary) -> dict:
    """Name test images by the nearest caption: share right, beside chance (one in the number of species).

    Each species is called by its first caption form, the full taxonomic one.
    """
    model.eval()
    words = torch.from_numpy(test.numbers(vocabulary)[:, 0])
    names = nn.functional.normalize(model.text(words), dim=1)
    right = 0
    for some in np.array_split(np.arange(len(test)), max(1, len(test) // 256)):
        x = torch.from_numpy(standardised(test.pixels[test.rows[some]]))
        right += int(((model.image(x) @ names.T).argmax(1).numpy() == test.species[some]).sum())
    return {"zero_shot": right / len(test), "chance": 1 / len(test.captions), "test_images": len(test)}


def _optimiser(model: CompactCLIP, config: TrainConfig) -> torch.optim.AdamW:
    # norms, biases and the scale are not pulled to zero: their zero is no simpler than their value
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.lr, betas=(0.9, 0.98), eps=1e-8, fused=True)


def _line(config: TrainConfig, done: int, means: torch.Tensor, rate: float, model: CompactCLIP) -> dict:
    loss, floor = means.tolist()
    return {
        "step": done,
        "images_seen": done * config.batch,
        "loss": loss,
        "floor": floor,
        "excess": loss - floor,
        "lr": rate,
        "scale": model.log_scale.exp().item(),
    }


def _keep(folder: Path, config, model, optimiser, done: int) -> None:
    """Save all that the next step depends on: weights, the optimiser's moments, the number of steps done."""
    kept = {f"model.{key}": value.contiguous() for key, value in model.state_dict().items()}
    for name, weight in model.named_parameters():
        kept |= {f"adam.{key}.{name}": value.contiguous() for key, value in optimiser.state[weight].items()}
    kept["done"] = torch.tensor(done)
    write_whole(folder / STATE, save(kept, metadata={"config": config.digest}))


def _resume(folder: Path, config, model, optimiser) -> int:
    """Take up a saved state if it is of this very configuration, and give the number of steps done."""
    path = folder / STATE
    if not path.is_file():
        return 0
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            same = (file.metadata() or {}).get("config") == config.digest
        kept = load_file(path) if same else {}
    except SafetensorError:
        return 0  # cut short by a full disk: the run starts again, which costs time and nothing else
    if not kept:
        return 0
    model.load_state_dict({k.removeprefix("model."): v for k, v in kept.items() if k.startswith("model.")})
    for name, weight in model.named_parameters():
        state = {key: kept[f"adam.{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
        # moments must lie in memory as their weight does, or the fused step pairs the wrong numbers
        moments = {key: torch.empty_like(weight).copy_(v) for key, v in state.items() if key != "step"}
        optimiser.state[weight] = {"step": state["step"], **moments}
    return int(kept["done"])


def _kept_lines(path: Path, done: int) -> list[dict]:
    if not done or not path.is_file():
        return []
    lines = [json.loads(line) for line in path.read_text().splitlines() if line]
    return [line for line in lines if line["step"] <= done]


def _write_lines(path: Path, lines: list[dict], mode: str = "w") -> None:
    with open(path, mode, encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
