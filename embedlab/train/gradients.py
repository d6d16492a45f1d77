"""The gradient of one step: look, compare over the whole batch, go back; in parts and over ranks if asked.

A contrastive loss is no sum over images, so neither parts of a batch nor ranks can go through it one by one. Both
go through the towers alone; the loss is always over the features of the whole batch. In parts (GradCache, Gao et
al. 2021, arXiv:2101.06983): all features without a graph; the loss and its gradient with respect to the features;
then each part once more with a graph, through which its share of that gradient flows on to the weights. The
towers hold the graph of one part only, and look twice: four parts of 32 took 1.8 times as long as 128 at once.

Exact but for batch norm, which takes its statistics over the images that pass together: a part of the batch,
on all ranks (`share_norms`). Transformers have none, and their gradient is that of the undivided batch.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import nn

from embedlab.extract.towers import CompactCLIP
from embedlab.train.batches import Batch
from embedlab.train.learner import Learner
from embedlab.train.loss import contrastive
from embedlab.train.parallel import Ranks


class Part(NamedTuple):
    """What passes through the towers at a time: a part of the batch, and of the replayed one (or None)."""

    pixels: torch.Tensor  # (m, 3, h, w)
    words: torch.Tensor | None  # (m, k)
    scenes: torch.Tensor | None  # (r, 3, h, w)
    told: torch.Tensor | None  # (r, k)


def descend(
    learner: Learner,
    batch: Batch,
    replay: Batch | None = None,
    *,
    weight: float = 1.0,
    parts: int = 1,
    ranks: Ranks = Ranks(),  # noqa: B008  frozen
    bf16: bool = False,
) -> Float[torch.Tensor, "3"]:
    """Set the gradient of every weight to that of loss + `weight` · replay loss; give loss, floor, replay excess.

    `batch.pixels` are the images of this rank's part of the batch; everything else in it is of the whole batch.
    The replayed domain has its own captions to choose from, and meets the first in the weights alone.
    """
    whole = _cut(learner.objective.needs_text, batch, replay, ranks)
    if parts == 1:
        loss, told = _compare(learner, _look(learner.model, whole, bf16), batch, replay, weight, ranks)
        loss.backward()
    else:
        pieces = [Part(*piece) for piece in zip(*(_chunks(x, parts) for x in whole), strict=True)]
        with torch.no_grad(), statistics_kept(learner):
            seen = [_look(learner.model, piece, bf16) for piece in pieces]
        features = [None if column[0] is None else torch.cat(column) for column in zip(*seen, strict=True)]
        features = [f if f is None else f.requires_grad_() for f in features]
        loss, told = _compare(learner, features, batch, replay, weight, ranks)
        loss.backward()
        shares = zip(*(_chunks(f if f is None else f.grad, parts) for f in features), strict=True)
        for piece, share in zip(pieces, shares, strict=True):
            again = _look(learner.model, piece, bf16)
            torch.autograd.backward(
                [f for f in again if f is not None], [g for g in share if g is not None]
            )
    ranks.average(learner.parameters())
    return told


def _cut(needs_text: bool, batch: Batch, replay: Batch | None, ranks: Ranks) -> Part:
    words = batch.words[ranks.part(len(batch.words))] if needs_text else None
    if replay is None:
        return Part(batch.pixels, words, None, None)
    return Part(batch.pixels, words, replay.pixels, replay.words[ranks.part(len(replay.words))])


def _chunks(x: torch.Tensor | None, parts: int) -> list:
    if x is None:
        return [None] * parts
    if len(x) % parts:
        raise ValueError(f"{len(x)} images of a process cannot be cut into {parts} equal parts: set accumulate")
    return list(x.split(len(x) // parts))


def _look(model: CompactCLIP, part: Part, bf16: bool) -> list[torch.Tensor | None]:
    """Give the features of images, captions, scenes and their captions, each (m, d) in 32 bits, or None."""
    with torch.autocast(part.pixels.device.type, dtype=torch.bfloat16, enabled=bf16):
        found = [model.image(part.pixels), None, None, None]
        if part.words is not None:
            found[1] = model.text(part.words)
        if part.scenes is not None:
            # apart from the biology, whose batch norm statistics are what evaluation will use
            with statistics_kept(model):
                found[2] = model.image(part.scenes, continual=True)
            found[3] = model.text(part.told)
    return [x if x is None else x.float() for x in found]


def _compare(learner: Learner, features: list, batch: Batch, replay: Batch | None, weight: float, ranks: Ranks):
    """Give the loss over all ranks' features, and what is told of it: loss, floor, excess of replay."""
    images, texts, scenes, told = [x if x is None else ranks.gather(x) for x in features]
    log_scale = learner.model.log_scale
    loss, floor = learner.objective(images, texts, batch, log_scale)
    if replay is None:
        return loss, torch.stack([loss.detach(), floor, torch.zeros_like(floor)])
    again, least = contrastive(scenes, told, log_scale.exp(), replay.species)
    return loss + weight * again, torch.stack([loss.detach(), floor, again.detach() - least])


@contextmanager
def statistics_kept(module: nn.Module) -> Iterator[None]:
    """Let images pass without a trace in the running statistics of batch norms."""
    norms = [m for m in module.modules() if hasattr(m, "running_mean")]
    before = [m.momentum for m in norms]
    for m in norms:
        m.momentum = 0.0
    try:
        yield
    finally:
        for m, momentum in zip(norms, before, strict=True):
            m.momentum = momentum
