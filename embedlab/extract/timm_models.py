"""timm models as encoders: pooled features, or the average of a stage or block."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image

from embedlab.extract import hub
from embedlab.extract.digests import weights_sha256
from embedlab.extract.layers import (
    block_names,
    checked_layer,
    one_vector,
    output_of,
    picked_device,
    read_tensors,
)
from embedlab.extract.preprocess import Preprocess
from embedlab.extract.torchvision_shim import import_torchvision

POOLED = "pooled"


class TimmEncoder:
    """An image model of timm without its classifier; vectors are raw float32, never normalised.

    Layers: `pooled` (what the classifier would see), and `stage.N` or `block.N`, averaged over the image,
    with `block.N.cls` where there is a class token.
    """

    def __init__(
        self, model, preprocess: Preprocess, card: dict, files: list[Path], layer: str | None, device: str
    ):
        self.name = str(card["model"])
        self.device = picked_device(device)
        self._order = (
            torch.channels_last if _convolves(model) else torch.contiguous_format
        )  # 1.5x faster on a CPU
        self.model = model.eval().requires_grad_(False).to(self.device, memory_format=self._order)
        self.preprocess, self.files = preprocess, files
        self._word, self._stack = _stack(model)
        self._prefix = int(getattr(model, "num_prefix_tokens", 0))
        self.layers = [POOLED, *block_names(len(self._stack), cls=self._prefix > 0, word=self._word)]
        self.layer = checked_layer(layer, self.layers, self.name)
        high, wide = preprocess.size
        self.dim = self.encode(np.zeros((1, 3, high, wide), dtype=np.float32)).shape[1]
        self.card = {**card, "preprocessing": preprocess.card(), "layer": self.layer, "dim": self.dim}

    def transform(self, image: Image.Image) -> Float[np.ndarray, "3 h w"]:
        """Turn one Pillow image into what the model takes."""
        return self.preprocess(image)

    def encode(self, batch: Float[np.ndarray, "n 3 h w"]) -> Float[np.ndarray, "n d"]:
        """Embed transformed images at the layer that was asked for."""
        with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
            x = torch.from_numpy(np.ascontiguousarray(batch)).to(self.device, memory_format=self._order)
            if self.layer == POOLED:
                return self.model(x).float().cpu().numpy()
            _, number, *rest = self.layer.split(".")
            out = output_of(self._stack[int(number)], self.model, x)
            last = getattr(self.model, "output_fmt", "NCHW") == "NHWC"
            return (
                one_vector(out, prefix=self._prefix, token=bool(rest), maps_last=last).float().cpu().numpy()
            )


def load_timm(name: str, layer: str | None, device: str) -> TimmEncoder:
    """Load `timm:MODEL` with weights from the hub or its cache, `timm:MODEL@FILE` with those of a file."""
    import_torchvision()
    import timm

    model_name, _, file = name.removeprefix("timm:").partition("@")
    if model_name.split(".")[0] not in timm.list_models():
        from difflib import get_close_matches

        near = get_close_matches(model_name, timm.list_models(), n=5)
        raise ValueError(
            f"timm {timm.__version__} has no model {model_name!r}. Closest: {', '.join(near) or 'none'}"
        )
    revision, refs = None, []
    if file:
        weights = Path(file).expanduser()
        if not weights.is_file():
            raise FileNotFoundError(f"{weights}: no such weights file (asked for by {name})")
    else:
        repository = _repository(timm, model_name)
        try:
            snapshot = hub.fetched(repository, hub.TIMM)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{error}\nor use --model timm:{model_name}@FILE with a weights file"
            ) from error
        weights, revision = snapshot.weights, snapshot.revision
        refs = [snapshot.folder.parent.parent / "refs" / "main"]
    try:
        tensors = read_tensors(weights)
        # With its own number of classes timm insists that all weights are there; with none it would fill in
        # random ones and only log it. The classifier goes afterwards.
        classes = _classes(timm, model_name, tensors)
        overlay = {"state_dict": tensors, **classes}
        model = timm.create_model(model_name, pretrained=True, pretrained_cfg_overlay=overlay, **classes)
        model.reset_classifier(0)
    except RuntimeError as error:
        said = " ".join(str(error).split())[:400]
        raise ValueError(f"{weights} does not fit the model {model_name!r} ({said}): name its own") from error
    config = timm.data.resolve_model_data_config(model)
    card = {
        "model": name.partition("@")[0],
        "family": "timm",
        "source": f"timm:{model_name}",
        "revision": revision,
        "architecture": model_name.split(".")[0],
        "weights_file": weights.name,
        "weights_sha256": weights_sha256(weights),
        "licence": (model.pretrained_cfg or {}).get("license"),
    }
    return TimmEncoder(model, from_timm(config), card, [weights, *refs], layer, device)


def from_timm(config: dict) -> Preprocess:
    """Read timm's data configuration: input size, mean, std, interpolation, crop_pct and crop_mode."""
    high, wide = (int(edge) for edge in config["input_size"][-2:])
    crop, mode = float(config["crop_pct"]), config["crop_mode"]
    common = {
        "size": (high, wide),
        "mean": tuple(map(float, config["mean"])),
        "std": tuple(map(float, config["std"])),
        "interpolation": config["interpolation"],
    }
    if mode == "center" and high == wide:
        return Preprocess(**common, resize="shortest", edge=int(high / crop))
    if mode == "squash" and crop == 1.0:
        return Preprocess(**common, resize="squash")
    raise ValueError(
        f"crop mode {mode!r} at {crop} for {high} x {wide} px is not supported: use another timm model"
    )


def _repository(timm, model_name: str) -> str:
    found = timm.models.get_pretrained_cfg(model_name)
    repository = getattr(found, "hf_hub_id", None) if found else None
    if not repository:
        raise ValueError(f"timm knows no pretrained weights for {model_name!r}: use timm:{model_name}@FILE")
    return repository


def _classes(timm, model_name: str, tensors: dict) -> dict[str, int]:
    """Give the number of classes in the weights, as an argument for timm; nothing where they do not tell."""
    found = timm.models.get_pretrained_cfg(model_name)
    head = tensors.get(f"{getattr(found, 'classifier', None)}.weight")
    return {} if head is None else {"num_classes": int(head.shape[0])}


def _convolves(model) -> bool:
    return not hasattr(model, "patch_embed")


def _stack(model) -> tuple[str, list]:
    if hasattr(model, "blocks"):
        return ("block" if hasattr(model, "patch_embed") else "stage"), list(model.blocks)
    for name in ("stages", "layers"):
        if hasattr(model, name):
            return "stage", list(getattr(model, name))
    return "stage", [getattr(model, f"layer{i}") for i in range(1, 5) if hasattr(model, f"layer{i}")]
