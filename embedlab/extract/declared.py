"""What is declared of a store before it is made: the facts behind its key, and the rest of its card."""

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from embedlab import __version__
from embedlab.extract.again import PROTOCOL
from embedlab.extract.decode import COLOUR
from embedlab.extract.encoders import Encoder
from embedlab.extract.images import Sources
from embedlab.extract.texts import Captions


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
