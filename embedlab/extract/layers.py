"""Other layers of a network than its last: a forward hook, and tokens or maps averaged to one vector."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn


class _Reached(Exception):
    """Ends the forward pass at the layer that was asked for; what comes after it would be thrown away."""


def output_of(module: nn.Module, forward: Callable[[Tensor], Any], x: Tensor) -> Tensor:
    """Give what `module` puts out while `forward(x)` runs, and stop there."""
    seen: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
        seen.append(output[0] if isinstance(output, tuple | list) else output)
        raise _Reached

    handle = module.register_forward_hook(keep)
    try:
        forward(x)
    except _Reached:
        pass
    finally:
        handle.remove()
    if not seen:
        name = type(module).__name__
        raise ValueError(f"the layer {name} was not reached on the way of an image: ask for another one")
    return seen[0]


def one_vector(output: Tensor, *, prefix: int = 0, token: bool = False, maps_last: bool = False) -> Tensor:
    """Turn a layer's output into (n, d): maps and patch tokens averaged, or the class token alone.

    `prefix` counts the tokens in front of the patches (class token, registers); `token` asks for the first of
    them; `maps_last` says that maps come as (n, h, w, d).
    """
    if output.ndim == 4:
        return output.mean((1, 2) if maps_last else (2, 3))
    if output.ndim == 3:
        return output[:, 0] if token else output[:, prefix:].mean(1)
    return output


def block_names(blocks: int, cls: bool, word: str = "block") -> list[str]:
    """Name the layers of a stack: `block.0` is averaged over patches, `block.0.cls` is the class token.

    >>> block_names(1, True)
    ['block.0', 'block.0.cls']
    """
    return [
        name
        for i in range(blocks)
        for name in ((f"{word}.{i}", f"{word}.{i}.cls") if cls else (f"{word}.{i}",))
    ]


def checked_layer(layer: str | None, layers: Sequence[str], model: str) -> str:
    """Give the layer's name, the first one if none was asked for; an unknown one is refused with a list."""
    if layer is None:
        return layers[0]
    if layer not in layers:
        raise ValueError(f"{model} has no layer {layer!r}. It has: {', '.join(layers)}")
    return layer


def picked_device(device: str) -> torch.device:
    """Give the device: `auto` is cuda, then mps, then cpu, whichever is there."""
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        picked = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device {device!r} is unknown: use auto, cpu, cuda, cuda:1 or mps") from error
    there = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}.get(picked.type)
    if there and not there():
        raise ValueError(
            f"device {device!r} was asked for, and torch finds none here: use --device auto or cpu"
        )
    return picked


def read_tensors(path) -> dict[str, Tensor]:
    """Read a weights file and run nothing in it: safetensors, or torch's archive with weights only."""
    if str(path).endswith(".safetensors"):
        from safetensors.torch import load_file

        return load_file(path)
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zip and torch each have their own
        raise ValueError(
            f"{path} holds more than weights, or is damaged ({str(error)[:200]}): nothing was run"
        ) from error
    tensors = tensors.get("state_dict", tensors) if isinstance(tensors, dict) else tensors
    if not isinstance(tensors, dict):
        raise ValueError(f"{path} holds a {type(tensors).__name__}, not a table of weights")
    return tensors
