"""Words into the space of a store, by the text tower of the very model that made its vectors."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

TEXT_LAYERS = ("image_embed", "projection")  # where images and words share a space


def words_of(card: Mapping[str, Any], model: str | None = None) -> Callable[[str], np.ndarray] | None:
    """Give the function that turns a text into a vector beside the images of a card; None where no model can.

    `model` names the model as `embedlab extract` takes it. Without it, the model that the card names is taken if its
    weights lie on this machine: nothing is downloaded. The model is loaded at the first question, and only if its
    weights are those of the card. A text is put as BioCLIP was taught to read: "a photo of …".

    Errors: a `model` that does not exist; at a question, a model with other weights, or without a text tower.
    """
    facts = {**card.get("facts", {}), **card}
    if facts.get("layer") not in TEXT_LAYERS or facts.get("kind", "image") != "image":
        if model is not None:
            raise ValueError(f"these vectors are of the layer {facts.get('layer')!r}: words stand beside "
                             f"{' or '.join(TEXT_LAYERS)} only; leave --model out")  # fmt: skip
        return None
    from embedlab.extract.encoders import full_name

    if model is not None:
        name = full_name(model)
    elif (name := str(facts.get("model", ""))) and not on_this_machine(name):
        return None
    loaded: list = []

    def ask(text: str) -> np.ndarray:
        if not loaded:
            loaded.append(_tower(name, facts))
        from embedlab.extract.texts import TEMPLATE

        return np.asarray(loaded[0].encode_text([TEMPLATE.format(text)])[0], np.float32)

    return ask


def on_this_machine(name: str) -> bool:
    """Tell whether a model that reads can be had by this name without a network."""
    from embedlab.extract import hub
    from embedlab.extract.encoders import KNOWN

    source = KNOWN[name].source if name in KNOWN else name
    if not source.startswith("hf-hub:"):
        return False  # a checkpoint of one's own is named by its path, which no card keeps
    try:
        return hub.cached(source.removeprefix("hf-hub:")) is not None
    except ValueError:
        return False


def _tower(name: str, facts: Mapping[str, Any]):
    from embedlab.extract.encoders import load_encoder

    encoder = load_encoder(name)
    want, have = facts.get("weights_sha256"), encoder.card.get("weights_sha256")
    if want != have:
        raise ValueError(
            f"{name} has other weights ({str(have)[:12]}) than made these vectors ({str(want)[:12]}): words would "
            "stand beside the wrong images"
        )
    if not hasattr(encoder, "encode_text"):
        raise ValueError(f"{name} has no text tower: it reads no words")
    return encoder
