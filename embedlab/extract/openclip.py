"""open_clip models as encoders: BioCLIP, BioCLIP 2 and 2.5, and whatever lies in the same layout."""

import json
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image

from embedlab.extract import hub
from embedlab.extract.digests import weights_sha256
from embedlab.extract.layers import block_names, checked_layer, one_vector, output_of, picked_device
from embedlab.extract.preprocess import Preprocess
from embedlab.extract.torchvision_shim import import_torchvision

EMBED, BEFORE = "image_embed", "pre-projection"


class OpenClipEncoder:
    """Both towers of an open_clip model; vectors are raw float32, never normalised.

    Layers: `image_embed` (after the projection; text lives there too), `pre-projection` (the pooled output of
    the image tower), and for transformers `block.N` (mean of the patches) and `block.N.cls`.
    """

    def __init__(
        self, name: str, source: str, snapshot: hub.Snapshot, layer: str | None = None, device: str = "auto"
    ):
        import_torchvision()
        import open_clip

        self.name, self._folder = name, snapshot.folder
        self._source = source
        config = _config(snapshot.config)
        try:
            model = open_clip.create_model(f"local-dir:{snapshot.folder}", weights_only=True)
        except pickle.UnpicklingError as error:
            raise ValueError(
                f"{snapshot.weights} holds more than weights: nothing in it was run. Ask its author for "
                "safetensors"
            ) from error
        except Exception as error:  # of torch, safetensors, zipfile and open_clip, each with their own kinds
            said = " ".join(str(error).split())[:400]
            raise ValueError(
                f"{snapshot.weights} does not fit {snapshot.config.name} ({said}): fetch both again"
            ) from error
        self.device = picked_device(device)
        self.model = model.eval().requires_grad_(False).to(self.device)
        self.preprocess = Preprocess.from_open_clip(model.visual.preprocess_cfg)
        self.layers = _layers(model.visual)
        self.layer = checked_layer(layer, self.layers, name)
        if self.layer == BEFORE:
            _drop_projection(model.visual)
        self.files = [snapshot.config, snapshot.weights]
        if snapshot.revision is not None:  # a new revision in the cache is a new model
            self.files.append(snapshot.folder.parent.parent / "refs" / "main")
        high, wide = self.preprocess.size
        self.dim = self.encode(np.zeros((1, 3, high, wide), dtype=np.float32)).shape[1]
        self.card = {
            "model": name,
            "family": "open_clip",
            "source": source,
            "revision": snapshot.revision,
            "architecture": config["model_cfg"],
            "weights_file": snapshot.weights.name,
            "weights_sha256": weights_sha256(snapshot.weights),
            "preprocessing": self.preprocess.card(),
            "layer": self.layer,
            "dim": self.dim,
        }

    def transform(self, image: Image.Image) -> Float[np.ndarray, "3 h w"]:
        """Turn one Pillow image into what the image tower takes."""
        return self.preprocess(image)

    def encode(self, batch: Float[np.ndarray, "n 3 h w"]) -> Float[np.ndarray, "n d"]:
        """Embed transformed images at the layer that was asked for."""
        with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
            x = torch.from_numpy(np.ascontiguousarray(batch)).to(self.device)
            return self._vectors(x).float().cpu().numpy()

    def _vectors(self, x: torch.Tensor) -> torch.Tensor:
        if self.layer in (EMBED, BEFORE):
            out = self.model.encode_image(x)
            return out[0] if isinstance(out, tuple) else out  # BioCLIP 2's own fork gives (biology, replay)
        word, number, *rest = self.layer.split(".")
        visual = self.model.visual
        stack = visual.transformer.resblocks if word == "block" else _stages(visual)
        out = output_of(stack[int(number)], self.model.encode_image, x)
        if word == "block" and not visual.transformer.batch_first:
            out = out.transpose(0, 1)
        return one_vector(out, prefix=1, token=rest == ["cls"])

    def encode_text(self, captions: Sequence[str]) -> Float[np.ndarray, "n d"]:
        """Embed captions in the space of `image_embed`; the model's own tokenizer cuts long ones."""
        if self.layer != EMBED:
            raise ValueError(f"text lives in the layer {EMBED!r}, not in {self.layer!r}: leave --layer out")
        with torch.inference_mode():
            numbers = self._tokenizer()(list(captions)).to(self.device)
            out = self.model.encode_text(numbers)
            return (out[0] if isinstance(out, tuple) else out).float().cpu().numpy()

    def _tokenizer(self):
        if not hasattr(self, "_cut"):
            import open_clip

            try:
                self._cut = open_clip.get_tokenizer(f"local-dir:{self._folder}")
            except Exception:  # a tokenizer of the hub, whose files do not lie beside the weights
                if not self._source.startswith("hf-hub:"):
                    raise
                self._cut = open_clip.get_tokenizer(self._source, cache_dir=str(hub.cache_folder()))
        return self._cut


def load_open_clip(name: str, source: str, layer: str | None, device: str) -> OpenClipEncoder:
    """Load `hf-hub:ORG/NAME` (from the cache, else downloaded) or `local-dir:FOLDER`, and call it `name`."""
    kind, _, place = source.partition(":")
    if kind == "hf-hub":
        return OpenClipEncoder(name, source, hub.fetched(place), layer, device)
    folder = Path(place).expanduser()
    snapshot = hub.in_folder(folder)
    if snapshot is None:
        config, weights = hub.OPEN_CLIP
        there = sorted(path.name for path in folder.iterdir())[:5] if folder.is_dir() else "no such folder"
        raise FileNotFoundError(
            f"{folder} needs {config} and {weights[0]} (or {weights[-1]}); found: {there}"
        )
    return OpenClipEncoder(name, source, snapshot, layer, device)


def _config(path: Path) -> dict:
    try:
        config = json.loads(path.read_bytes())
        if not isinstance(config["model_cfg"], dict):
            raise KeyError("model_cfg")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{path} is not an open_clip configuration ({error}): it needs a table 'model_cfg'"
        ) from error
    return config


def _stages(visual) -> list:
    return [getattr(visual, f"layer{i}") for i in range(1, 5) if hasattr(visual, f"layer{i}")]


def _layers(visual) -> list[str]:
    names = [EMBED]
    if getattr(visual, "proj", None) is not None or hasattr(visual, "trunk"):
        names.append(BEFORE)
    if hasattr(visual, "transformer") and hasattr(visual.transformer, "resblocks"):
        return names + block_names(len(visual.transformer.resblocks), cls=hasattr(visual, "class_embedding"))
    return names + block_names(len(_stages(visual)), cls=False, word="stage")


def _drop_projection(visual) -> None:
    if hasattr(visual, "trunk"):
        visual.head = torch.nn.Identity()
    else:
        visual.proj = None
