"""The losses, as functions of vectors and species: each gives (loss, floor) in nats, a mean over the batch.

The floor is the lowest value that the loss could take on this batch. It is above 0 where several rows are of
one species and share the target; what a model has yet to learn is loss − floor. Shapes: `n` images of a batch,
each with its caption, `d` numbers in a vector.
"""

import torch
from jaxtyping import Float, Int
from torch.nn.functional import log_softmax, logsigmoid, normalize

Scalar = Float[torch.Tensor, ""]


def contrastive(
    images: Float[torch.Tensor, "n d"],
    captions: Float[torch.Tensor, "n d"],
    scale: Scalar,
    species: Int[torch.Tensor, " n"],
) -> tuple[Scalar, Scalar]:
    """Give the symmetric InfoNCE loss in nats, and its floor, the lowest value it could take on this batch.

    Vectors are scaled to unit length; `scale` (1/temperature) multiplies their cosines. Row i puts the
    target 1/n_i on each of the n_i captions of its species, in both directions: in CLIP's own loss the
    second picture of a species would count as a wrong answer and be pushed away. Where every species
    occurs once this *is* CLIP's loss (Radford et al. 2021) and the floor is 0; else the floor is the mean
    of log n_i, the entropy of the targets: report loss minus floor.
    """
    logits = scale * normalize(images, dim=1) @ normalize(captions, dim=1).T  # (n, n): image i, caption j
    same = (species[:, None] == species[None, :]).to(logits.dtype)
    positives = same.sum(1)
    targets = same / positives[:, None]  # symmetric: n_i = n_j wherever both are of one species
    towards_text = -(targets * log_softmax(logits, dim=1)).sum(1)
    towards_image = -(targets * log_softmax(logits.T, dim=1)).sum(1)
    return (towards_text.mean() + towards_image.mean()) / 2, positives.log().mean()


def one_positive(
    images: Float[torch.Tensor, "n d"],
    captions: Float[torch.Tensor, "n d"],
    scale: Scalar,
    words: Int[torch.Tensor, "n k"],
) -> tuple[Scalar, Scalar]:
    """Give CLIP's own loss (Radford et al. 2021): image i belongs to caption i, and to no other.

    A second image of the species counts as a wrong answer, and where both drew the same caption (`words`)
    no vectors can tell the two apart: the floor is the mean of log c_i, c_i the copies of caption i.
    """
    logits = scale * normalize(images, dim=1) @ normalize(captions, dim=1).T  # (n, n): image i, caption j
    loss = -(log_softmax(logits, dim=1).diagonal() + log_softmax(logits.T, dim=1).diagonal()).mean() / 2
    _, which, copies = torch.unique(words, dim=0, return_inverse=True, return_counts=True)
    return loss, copies[which].to(loss.dtype).log().mean()


def sigmoid(
    images: Float[torch.Tensor, "n d"],
    captions: Float[torch.Tensor, "n d"],
    scale: Scalar,
    bias: Scalar,
    species: Int[torch.Tensor, " n"],
) -> tuple[Scalar, Scalar]:
    """Give SigLIP's loss (Zhai et al. 2023): each of the n² pairs is asked by itself whether it belongs together.

    A pair belongs together where both are of one species; with every species once this is SigLIP's own loss.
    Summed over pairs, divided by n: as there, and unlike the others not comparable between batch sizes.
    """
    logits = scale * normalize(images, dim=1) @ normalize(captions, dim=1).T + bias  # (n, n)
    same = species[:, None] == species[None, :]
    signs = torch.where(same, 1.0, -1.0).to(logits.dtype)
    return -logsigmoid(signs * logits).sum() / len(images), logits.new_zeros(())


def supervised(
    images: Float[torch.Tensor, "n d"], scale: Scalar, species: Int[torch.Tensor, " n"]
) -> tuple[Scalar, Scalar]:
    """Give the supervised contrastive loss (Khosla et al. 2020, L_out): images of one species find each other.

    Row i puts 1/p_i on each of its p_i fellows among all other images; the floor is the mean of log p_i. Rows
    that have no fellow in the batch say nothing and are left out; a batch without any fellows is refused.
    """
    unit = normalize(images, dim=1)
    itself = torch.eye(len(images), dtype=torch.bool, device=images.device)
    logits = (scale * unit @ unit.T).masked_fill(itself, -torch.inf)  # (n, n): an image is not its own fellow
    fellows = (species[:, None] == species[None, :]) & ~itself
    count = fellows.sum(1)
    told = count > 0
    if not told.any():
        raise ValueError(
            f"no two of {len(images)} images in this batch are of one species: set `together` to 2 or more"
        )
    # -inf on the diagonal times a target of 0 would be NaN: fill before the sum
    towards = log_softmax(logits, dim=1).masked_fill(~fellows, 0.0).sum(1)
    return -(towards[told] / count[told]).mean(), count[told].to(logits.dtype).log().mean()


@torch.no_grad()
def clamp_scale(log_scale: torch.Tensor, highest: float) -> None:
    """Keep the learned scale from 1 to `highest`, in place: unbounded, it grows until gradients vanish."""
    log_scale.clamp_(0.0, torch.log(torch.tensor(highest)).item())
