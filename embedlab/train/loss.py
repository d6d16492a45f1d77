"""The contrastive loss between images and captions, where several pairs of a batch may be of one species."""

import torch
from jaxtyping import Float, Int
from torch.nn.functional import log_softmax, normalize


def contrastive(
    images: Float[torch.Tensor, "n d"],
    captions: Float[torch.Tensor, "n d"],
    scale: Float[torch.Tensor, ""],
    species: Int[torch.Tensor, " n"],
) -> tuple[Float[torch.Tensor, ""], Float[torch.Tensor, ""]]:
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


@torch.no_grad()
def clamp_scale(log_scale: torch.Tensor, highest: float) -> None:
    """Keep the learned scale from 1 to `highest`, in place: unbounded, it grows until gradients vanish."""
    log_scale.clamp_(0.0, torch.log(torch.tensor(highest)).item())
