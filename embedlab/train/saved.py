"""What a run leaves on disk while it goes: the state it can go on from, its curve, and the speed of its steps."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn

from embedlab.extract.compact import write_whole

STATE, METRICS, CONFIG = "state.safetensors", "metrics.jsonl", "config.toml"
_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class Paused(Exception):
    """The time given is over: the state is saved, and the same call goes on from it."""


def keep_state(folder: Path, digest: str, learner: nn.Module, optimiser, done: int) -> None:
    """Save all that the next step depends on: weights, the optimiser's moments, the number of steps done."""
    kept = {f"learner.{key}": value.detach().cpu() for key, value in learner.state_dict().items()}
    for name, weight in learner.named_parameters():
        for key, value in optimiser.state.get(weight, {}).items():
            kept[f"adam.{key}.{name}"] = value.cpu()
    kept["done"] = torch.tensor(done)
    kept = {key: value.contiguous() for key, value in kept.items()}
    write_whole(folder / STATE, save(kept, metadata={"config": digest}))


def take_up(folder: Path, digest: str, learner: nn.Module, optimiser) -> int:
    """Take up a saved state if it is of this very configuration, and give the number of steps done, else 0."""
    path = folder / STATE
    if not path.is_file():
        return 0
    try:
        with safe_open(path, framework="pt") as file:
            same = (file.metadata() or {}).get("config") == digest
        kept = load_file(path) if same else {}
    except SafetensorError:
        return 0  # cut short by a full disk: the run starts again, which costs time and nothing else
    if not kept:
        return 0
    learner.load_state_dict({k.removeprefix("learner."): v for k, v in kept.items() if k.startswith("learner.")})
    for name, weight in learner.named_parameters():
        state = {key: kept[f"adam.{key}.{name}"] for key in _MOMENTS if f"adam.{key}.{name}" in kept}
        if state:  # a weight that no loss has touched has no moments
            # moments must lie in memory as their weight does, or the fused step pairs the wrong numbers
            moments = {key: torch.empty_like(weight).copy_(v) for key, v in state.items() if key != "step"}
            optimiser.state[weight] = {"step": state["step"].to(weight.device), **moments}
    return int(kept["done"])


def kept_lines(path: Path, done: int) -> list[dict]:
    """Read the lines of a curve up to a step: what a killed run wrote after its last state is written again."""
    if not done or not path.is_file():
        return []
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            break  # the kill fell into the writing of this line
    return [line for line in lines if line["step"] <= done]


def write_lines(path: Path, lines: list[dict], mode: str = "w") -> None:
    """Write lines of JSON, or add them with mode "a"."""
    with open(path, mode, encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
