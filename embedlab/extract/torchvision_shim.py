"""Import torchvision next to a CPU-only torch, where the plain import fails.

The package index pairs a CPU build of torch with a torchvision that was compiled against CUDA. Its compiled
operators cannot be loaded, and its Python code then asks for operators that nobody declared: `import
torchvision` ends in "operator torchvision::nms does not exist", and takes open_clip and timm along. The
transforms and model code that we need use none of these operators, so declaring the two names that are looked
up at import is enough. They stay without an implementation: calling them still fails, loudly.
"""

import sys
from types import ModuleType

_MESSAGE = "operator torchvision::nms does not exist"
_DECLARED: list = []  # keeps the library object alive: its declarations vanish with it


def import_torchvision() -> ModuleType:
    """Give the torchvision module; declare its two missing operators first, only where it needs that.

    Call it before importing open_clip or timm, in every process: a spawned worker starts without the
    declarations of its parent.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if _MESSAGE not in str(error):
            raise
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]  # submodules of the failed import would be taken as imported
        _declare()
        import torchvision
    return torchvision


def _declare() -> None:
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _DECLARED.append(library)
