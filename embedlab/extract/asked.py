"""What a store was asked to hold: the facts behind its key, and how a second call knows them again."""

import hashlib
import json
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl

from embedlab import __version__
from embedlab.extract.decode import COLOUR
from embedlab.extract.digests import stamp
from embedlab.extract.encoders import Encoder
from embedlab.extract.images import Sources
from embedlab.extract.texts import Captions
from embedlab.io.layout import RUNS
from embedlab.io.rows import digest_of_rows

PROTOCOL = 1  # a change of what happens between file and vector raises it, and with it every key


def facts_and_card(encoder: Encoder, sources: Sources | Captions, batch: int) -> tuple[dict, dict]:
    """Split what is known into the facts behind the key, and the rest of the card."""
    card = dict(encoder.card)
    text = isinstance(sources, Captions)
    facts = {
        "kind": "text" if text else "image",
        "model": card["model"],
        "weights_sha256": card["weights_sha256"],
        "architecture": card["architecture"],
        "layer": card["layer"],
        "compute_dtype": "float32",
        "protocol": PROTOCOL,
    }
    if text:
        facts["text"] = sources.card
        card.pop("preprocessing", None)
    else:
        facts["preprocessing"] = {**card["preprocessing"], "colour": COLOUR}
        card["preprocessing"] = facts["preprocessing"]
        card["input"] = sources.kind
    package = {"open_clip": "open_clip_torch", "timm": "timm"}.get(card["family"])
    names = ["torch", "pillow", "numpy", *([package] if package else [])]
    versions = {"embedlab": __version__, **{name: found for name in names if (found := _version(name))}}
    return facts, {**card, **facts, "versions": versions, "batch_size": batch}


def _version(package: str) -> str | None:
    with suppress(PackageNotFoundError):
        return version(package)
    return None


def request_digest(sources: Sources | Captions, model: str, layer: str | None) -> str:
    """Give a digest of all that was asked for, without opening an image or loading a model."""
    text = isinstance(sources, Captions)
    asked = {
        "protocol": PROTOCOL,
        "version": __version__,
        "model": model,
        "layer": layer,
        "rows": digest_of_rows(_plain(sources.rows)),
        "text": sources.card if text else None,
        "files": None if text else stamp(sources.files),
        "pieces": None if text else [(p.offset, p.size) for p in sources.places if p.offset is not None],
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _plain(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))


def remembered(store: Path, request: str) -> bool:
    """Tell whether `runs.jsonl` says that this request ended in this store, with the weights of today."""
    with suppress(OSError):
        for line in reversed((store / RUNS).read_text(encoding="utf-8").splitlines()):
            with suppress(ValueError, TypeError, AttributeError):
                told = json.loads(line)
                if told.get("request") == request:
                    files = [Path(file) for file in told["model_files"]]
                    return bool(files) and stamp(files) == told["model_stamp"]
    return False


def remember(store: Path, known: dict[str, Any]) -> None:
    """Add to `runs.jsonl` that the finished store was met, so that the next call is quick."""
    with (
        suppress(OSError),
        (store / RUNS).open("a", encoding="utf-8") as file,
    ):  # a read-only disk is no fault
        file.write(json.dumps({"end": "met", **known}) + "\n")
