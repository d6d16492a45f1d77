"""Where pretrained weights lie on this machine, in the layout of the Hugging Face cache; and how to get them.

Everything here but `download` works without huggingface_hub, torch or a network, so that a second call on a
finished store can tell in milliseconds whether the weights are still the same.
"""

import os
import re
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_PATIENCE_SECONDS = 5.0  # a hub call that fails on its own takes 46 s
# configuration, then weights in the order in which open_clip itself prefers them in a folder
OPEN_CLIP = (
    "open_clip_config.json",
    ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin"),
)
TIMM = ("config.json", ("model.safetensors", "pytorch_model.bin"))


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The files of one model on this machine: its folder, configuration, weights and the hub's revision."""

    folder: Path
    config: Path
    weights: Path
    revision: str | None


def cache_folder() -> Path:
    """Give the hub's cache folder as huggingface_hub finds it: HF_HUB_CACHE, HF_HOME/hub, or the user's."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(name):
            return Path(os.environ[name]).expanduser()
    home = os.environ.get("HF_HOME")
    if not home:
        home = os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    return Path(home).expanduser() / "hub"


def offline() -> bool:
    """Tell whether HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE or EMBEDLAB_OFFLINE forbids the network."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "EMBEDLAB_OFFLINE")
    return any(os.environ.get(name, "").upper() in ("1", "TRUE", "YES", "ON") for name in names)


def checked_name(model: str) -> str:
    """Give `ORG/NAME` back; refuse anything that could name a file outside the cache."""
    if not _NAME.fullmatch(model) or ".." in model:
        raise ValueError(f"{model!r} is not the name of a model on the hub: write hf-hub:ORG/NAME")
    return model


def cached(model: str, kind: tuple[str, tuple[str, ...]] = OPEN_CLIP) -> Snapshot | None:
    """Find `ORG/NAME` in the cache; None where its configuration or weights are missing."""
    root = cache_folder() / ("models--" + checked_name(model).replace("/", "--"))
    revisions = []
    try:
        revisions.append((root / "refs" / "main").read_text().strip())
    except (
        OSError
    ):  # without a ref, any complete snapshot will do; the last by name, so that it is always the same
        if (root / "snapshots").is_dir():
            revisions = sorted((path.name for path in (root / "snapshots").iterdir()), reverse=True)
    for revision in revisions:
        found = in_folder(root / "snapshots" / revision, kind, revision)
        if found:
            return found
    return None


def in_folder(
    folder: Path, kind: tuple[str, tuple[str, ...]] = OPEN_CLIP, revision: str | None = None
) -> Snapshot | None:
    """Find configuration and weights in a folder, safetensors first; None where either is missing."""
    config, weights = kind
    for name in weights:
        if (folder / config).is_file() and (folder / name).is_file():
            return Snapshot(folder=folder, config=folder / config, weights=folder / name, revision=revision)
    return None


def fetched(model: str, kind: tuple[str, tuple[str, ...]] = OPEN_CLIP) -> Snapshot:
    """Find `ORG/NAME` in the cache, or download it; otherwise say within seconds which files to put where."""
    found = cached(model, kind)
    if found:
        return found
    trouble = "the network is switched off (HF_HUB_OFFLINE)" if offline() else _trouble(model)
    if trouble:
        raise FileNotFoundError(
            f"{model} is not on this machine, and {trouble}.\n{where_to_put(model, kind)}"
        )
    _download(model, kind)
    found = cached(model, kind)
    if not found:
        raise FileNotFoundError(
            f"{model} on the hub lacks {kind[0]} or all of {list(kind[1])}: it is not a model of this kind"
        )
    return found


def where_to_put(model: str, kind: tuple[str, tuple[str, ...]] = OPEN_CLIP) -> str:
    """Say which files have to lie where for `ORG/NAME` to load without a network."""
    root = cache_folder() / ("models--" + model.replace("/", "--"))
    config, weights = kind
    lines = [
        "Fetch them where there is a network, and put",
        f"  {root}/snapshots/REVISION/{config}",
        f"  {root}/snapshots/REVISION/{weights[0]}   (or {weights[1]})",
        f"  {root}/refs/main   (one line: the same REVISION; any word will do, for instance 'local')",
    ]
    if kind is OPEN_CLIP:
        lines.append(f"or put {config} and {weights[0]} into any FOLDER and use --model local-dir:FOLDER")
    return "\n".join(lines)


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def _trouble(model: str) -> str | None:
    """Ask the hub for the model's record; None when it answers, otherwise what is wrong, in a few words.

    In a thread of its own: a name server that does not answer ignores every time limit of the request.
    """
    answer: list[str | None] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(f"{_endpoint()}/api/models/{model}", timeout=_PATIENCE_SECONDS):
                answer.append(None)
        except urllib.error.HTTPError as error:
            # 401: huggingface_hub may know a login that we do not; its own answer will then come quickly
            words = {403: "access refused", 404: "no such model"}
            trouble = f"the hub answers {error.code} ({words.get(error.code, error.reason)})"
            answer.append(None if error.code == 401 else trouble)
        except (OSError, ValueError) as error:
            answer.append(f"the hub cannot be reached ({getattr(error, 'reason', error)})")

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_PATIENCE_SECONDS + 1)
    return answer[0] if answer else f"the hub does not answer within {_PATIENCE_SECONDS:.0f} s"


def _download(model: str, kind: tuple[str, tuple[str, ...]]) -> None:
    from huggingface_hub import hf_hub_download

    config, weights = kind
    place = {"cache_dir": cache_folder(), "endpoint": _endpoint()}
    name = config
    try:
        # the weights under the revision of the configuration: `main` could move between the two calls
        revision = Path(hf_hub_download(model, config, **place)).parent.name
        for name in weights:
            try:
                hf_hub_download(model, name, revision=revision, **place)
                return
            except Exception as error:
                if "EntryNotFound" not in type(error).__name__:
                    raise
    except Exception as error:  # huggingface_hub has some twenty kinds, and httpx as many
        said = " ".join(str(error).split())[:300]
        raise FileNotFoundError(
            f"{model}: {name} could not be fetched ({said}).\n{where_to_put(model, kind)}"
        ) from error
