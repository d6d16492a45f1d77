"""The compact CLIP as an encoder, and the folder in which a trained one is kept.

Trained by `embedlab train`, it is an encoder like any other: `--model compact:FOLDER`. The folder holds two
files: `model.safetensors`, the weights and nothing that can run; and `model.json`, the shape of the towers,
the vocabulary, the preprocessing, the digest of the weights, and how the model was trained.
"""

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load as read_tensors
from safetensors.torch import save as tensor_bytes

from embedlab.extract.preprocess import Preprocess
from embedlab.extract.towers import CompactCLIP, Shape
from embedlab.extract.words import Vocabulary

log = logging.getLogger(__name__)

WEIGHTS, DESCRIPTION = "model.safetensors", "model.json"
SCHEMA = "embedlab-compact-2"
READS = ("embedlab-compact-1", SCHEMA)  # the first knew one pair of towers, and told three numbers
_TOWERS = {"conv": "convolutions", "vit": "vision transformer", "pixels": "linear map of pixels"}
_TEXTS = {"bag": "bag of words", "causal": "causal transformer over syllables", "none": "no text"}
MEAN, SPREAD = 0.5, 0.25  # grey level 0..1 becomes -2..2, the same for all channels


class CompactEncoder:
    """A trained compact CLIP as an encoder: `transform` one image, `encode` a batch, `encode_text` names.

    Vectors are the raw projection, (n, dim) float32, not normalised. The other layer, `features`, is what
    the tower sees averaged over the image, (n, 4 · width); of the tower "pixels", the pixels themselves.
    """

    layers = ("projection", "features")

    def __init__(self, model: CompactCLIP, shape: Shape, vocabulary: Vocabulary, card: dict, layer: str | None = None):
        layer = layer or "projection"
        if layer not in self.layers:
            raise ValueError(f"this model has no layer {layer!r}: it has {list(self.layers)}")
        self.model = model.eval()
        if shape.tower == "conv":  # the order in which convolutions are fastest; nothing else has an order
            self.model.to(memory_format=torch.channels_last)
        self.shape, self.vocabulary, self.layer = shape, vocabulary, layer
        self.preprocess = preprocessing(shape)
        self.name = str(card["model"])
        self.dim = shape.dim if layer == "projection" else shape.features
        self.card = {**card, "layer": layer, "dim": self.dim}
        self.files: list[Path] = []  # what was read from disk: a model straight from training has none

    @classmethod
    def load(cls, path: str | Path, layer: str | None = None, device: str = "cpu") -> "CompactEncoder":
        """Open a checkpoint folder (or the weights in it); refuse what is not exactly what it says."""
        model, shape, vocabulary, card = load_checkpoint(path)
        encoder = cls(model.to(device), shape, vocabulary, card, layer)
        folder = Path(path) if Path(path).is_dir() else Path(path).parent
        encoder.files = [folder / DESCRIPTION, folder / WEIGHTS]
        return encoder

    @property
    def device(self) -> torch.device:
        """Where the model computes."""
        return self.model.log_scale.device

    def transform(self, image) -> Float[np.ndarray, "3 h w"]:
        """Turn a Pillow image into a float32 array of the size trained at: short side scaled, centre cut."""
        return self.preprocess(image)

    @torch.no_grad()
    def encode(self, batch) -> Float[np.ndarray, "n d"]:
        """Embed transformed images, (n, 3, size, size), as raw vectors."""
        x = torch.as_tensor(batch, dtype=torch.float32, device=self.device)
        if self.shape.tower == "conv":
            x = x.contiguous(memory_format=torch.channels_last)
        tower = self.model.image
        trunk = tower.trunk(x)
        out = tower.features(trunk) if self.layer == "features" else tower.project(trunk)
        return out.cpu().numpy()

    @torch.no_grad()
    def encode_text(self, captions: Sequence[str]) -> Float[np.ndarray, "n d"]:
        """Embed captions in the space of the projection; the log names unknown words, which are left out."""
        if self.layer != "projection":
            raise ValueError(f"text lives in the layer 'projection', not in {self.layer!r}: load that layer")
        if self.model.text is None:
            raise ValueError(
                f"{self.name} was trained without captions and reads none: compare images, or take a model "
                "with text = 'bag' or 'causal'"
            )
        missing = self.vocabulary.unknown(captions)
        if missing:
            how = "read in smaller parts, or left out" if self.shape.cut == "syllables" else "left out"
            log.warning(
                "%d %s were never in a training caption and are %s: %s",
                len(missing), self.shape.cut, how, missing[:5],
            )  # fmt: skip
        numbers = torch.from_numpy(self.vocabulary.numbers(captions)).to(self.device)
        # some at a time: the attention of ten thousand captions at once would take gigabytes
        return torch.cat([self.model.text(some) for some in numbers.split(1024)]).cpu().numpy()


def standardised(pixels: np.ndarray) -> np.ndarray:
    """Turn 8-bit images (n, h, w, 3) into float32 (n, 3, h, w), grey level 0 at -2 and 255 at 2.

    The memory keeps its order, channels last: the order in which convolutions on a CPU are fastest.
    """
    x = pixels.astype(np.float32)
    x *= 1.0 / (255.0 * SPREAD)
    x -= MEAN / SPREAD
    return x.transpose(0, 3, 1, 2)


def preprocessing(shape: Shape) -> Preprocess:
    """Give what happens to an image before a tower sees it; `standardised` does so to pixels in memory."""
    return Preprocess(size=(shape.size, shape.size), mean=(MEAN,) * 3, std=(SPREAD,) * 3)


def save_checkpoint(
    folder: str | Path,
    model: CompactCLIP,
    shape: Shape,
    vocabulary: Vocabulary,
    *,
    name: str,
    training: dict,
    half: bool = False,
) -> Path:
    """Write weights and description into `folder` and give it back; each file appears whole or not at all.

    The description is written last and carries the digest of the weights, so a folder that was left half
    written by a killed process is recognised on loading. With `half`, weights travel as 16-bit floats, in half
    the space; they compute in 32 bits all the same.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    if half:
        tensors = {key: _halved(key, value) for key, value in tensors.items()}
    weights = tensor_bytes(tensors)
    description = {
        "schema": SCHEMA,
        "name": name,
        "shape": asdict(shape),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "preprocessing": preprocessing(shape).card(),
        "training": training,
        "vocabulary": list(vocabulary.words),
    }
    write_whole(folder / WEIGHTS, weights)
    write_whole(folder / DESCRIPTION, (json.dumps(description, indent=1, ensure_ascii=False) + "\n").encode())
    return folder


def _halved(key: str, value: torch.Tensor) -> torch.Tensor:
    if not value.is_floating_point():
        return value
    small = value.half()
    if torch.isinf(small).any() and not torch.isinf(value).any():
        raise ValueError(f"{key} holds {value.abs().max():.3g}, and 16 bits end at 65504: save it with half=False")
    return small


def write_whole(path: Path, content: bytes) -> None:
    """Write aside and rename, so that no reader ever sees half a file."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(aside, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def load_checkpoint(path: str | Path, *, continual: bool = False) -> tuple[CompactCLIP, Shape, Vocabulary, dict]:
    """Read a checkpoint folder as model, shape, vocabulary and card; whatever does not add up is refused.

    The second projection of a model with replay is dropped, as BioCLIP 2 drops it, unless `continual`.
    """
    folder = Path(path)
    if folder.name == WEIGHTS:
        folder = folder.parent
    if folder.is_file():
        raise ValueError(
            f"{folder.name} is no checkpoint of embedlab: give the folder with {WEIGHTS} and {DESCRIPTION} "
            "(a .pt, .pth or .pkl file can hide code that runs on loading, so none is ever opened)"
        )
    missing = [name for name in (WEIGHTS, DESCRIPTION) if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{folder} lacks {missing}: give the folder that `embedlab train` wrote")
    weights = (folder / WEIGHTS).read_bytes()
    try:
        told = json.loads((folder / DESCRIPTION).read_bytes())
        if told["schema"] not in READS:
            raise ValueError(f"its schema is {told['schema']!r}, and this version reads {list(READS)}")
        shape = Shape(**told["shape"])
        vocabulary = Vocabulary(tuple(map(str, told["vocabulary"])), shape.cut, shape.context)
        name, training, promised = str(told["name"]), dict(told["training"]), str(told["weights_sha256"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{folder / DESCRIPTION} cannot be understood ({error}): train the model again") from error
    found = hashlib.sha256(weights).hexdigest()
    if found != promised:
        raise ValueError(
            f"{folder / WEIGHTS} has the digest {found[:12]}… and {DESCRIPTION} promises {promised[:12]}…: "
            "the files do not belong together; train the model again"
        )
    try:
        tensors = {
            key: value.float() if value.is_floating_point() else value for key, value in read_tensors(weights).items()
        }  # half precision may travel, 32 bits compute
        # no memory yet: a lying shape allocates nothing
        model = CompactCLIP.unset(shape, len(vocabulary))
        model.load_state_dict(tensors, assign=True)
    except (SafetensorError, RuntimeError) as error:
        said = str(error)[:300]
        raise ValueError(f"{folder / WEIGHTS} does not fit its description ({said}): train the model again") from error
    broken = [key for key, value in tensors.items() if not torch.isfinite(value).all()]
    if broken:
        raise ValueError(f"{broken[:5]} in {folder / WEIGHTS} hold NaN or infinity: train the model again")
    card = {
        "model": name,
        "family": "compact",
        "architecture": {"towers": f"{_TOWERS[shape.tower]} and {_TEXTS[shape.text]}", **asdict(shape)},
        "weights_sha256": promised,
        "preprocessing": preprocessing(shape).card(),
        "training": training,
        "licence": "MIT",
    }
    if shape.replay and not continual:
        model.image.continual, shape = None, replace(shape, replay=False)
    return model, shape, vocabulary, card
