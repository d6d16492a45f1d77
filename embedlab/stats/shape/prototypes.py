"""What moving an image costs a contrastive loss, inside and outside the span of its competitors' differences.

Reconstructed from second-hand reports of a theorem on CLIP-like losses (docs/measures.md says what is known): l(z) =
−log softmax_j(z · t_j / τ)[y] for an image z of class y and unit prototypes t_j. Only the image-to-text half is
covered, and no duplicates in a batch.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked


@dataclass(frozen=True, eq=False, repr=False)
class Gram(Shown):
    """How far prototypes are from orthogonal: mean, and mean and largest absolute, cosine of pairs."""

    mean: float
    mean_absolute: float
    largest: float


def contrastive_loss(z, prototypes, labels, temperature: float, *, normalise: bool = False) -> np.ndarray:
    """Loss `(n,)` in nats of images `z` `(n, d)` of classes `labels` `(n,)` against prototypes `(k, d)`; 0 is certain.

    `normalise=True` scales each z to length 1 first, as CLIP does.

    >>> contrastive_loss([[1.0, 0.0]], np.eye(2), [0], 1e9).round(6)  # at infinite temperature all classes are alike
    array([0.693147])
    """
    z, prototypes = checked(z, "z", least=1), checked(prototypes, "prototypes")
    if not temperature > 0:
        raise ValueError(f"the temperature is {temperature}: it must be above 0, and CLIP's is .01")
    if normalise:
        z = z / np.linalg.norm(z, axis=1)[:, None]
    logits = z @ prototypes.T / temperature
    # relative to its own class: where a competitor has no mass, 1e-30 must not become 0 - 0
    apart = logits - logits[np.arange(len(z)), np.asarray(labels)][:, None]
    others = np.where(np.arange(len(prototypes)) == np.asarray(labels)[:, None], -np.inf, apart)
    return np.logaddexp(0.0, logsumexp(others, axis=1))


def probabilities(z, prototypes, temperature: float) -> np.ndarray:
    """Class probabilities `(n, k)` of images `z` `(n, d)`."""
    logits = np.asarray(z, float) @ np.asarray(prototypes, float).T / temperature
    return np.exp(logits - logsumexp(logits, axis=1, keepdims=True))


def loss_gradient(z, prototypes, labels, temperature: float) -> np.ndarray:
    """Gradient `(n, d)` of the loss in z before normalisation: (t̄ − t_y) / τ with t̄ the expected prototype."""
    prototypes = np.asarray(prototypes, float)
    return (probabilities(z, prototypes, temperature) @ prototypes - prototypes[np.asarray(labels)]) / temperature


def competitor_span(prototypes) -> np.ndarray:
    """Orthonormal basis `(d, r)` of the span of the differences t_j − t_y, the same for every y; r ≤ min(k − 1, d).

    Displacements orthogonal to it leave every difference of logits as it is. Where k − 1 ≥ d it can be the whole space,
    and nothing is orthogonal to it.
    """
    prototypes = checked(prototypes, "prototypes")
    _, s, vt = np.linalg.svd(prototypes - prototypes.mean(axis=0), full_matrices=False)
    return vt[s > max(prototypes.shape) * np.finfo(float).eps * np.linalg.norm(prototypes)].T


def second_order(z, delta, prototypes, labels, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Taylor terms of the loss at `z` `(n, d)` along `delta` `(n, d)`: first −(t_y − t̄)·δ/τ and second δ'Σ_p δ/2τ².

    Σ_p is the covariance of prototypes under the class probabilities: competitors without mass cost nothing.
    """
    prototypes, delta = np.asarray(prototypes, float), np.asarray(delta, float)
    p = probabilities(z, prototypes, temperature)
    along = delta @ prototypes.T
    mean = (p * along).sum(axis=1)
    first = (mean - along[np.arange(len(along)), np.asarray(labels)]) / temperature
    return first, (p * (along - mean[:, None]) ** 2).sum(axis=1) / (2 * temperature**2)


def normalisation_penalty(z, delta, prototypes, labels, temperature: float) -> np.ndarray:
    """What scaling to length 1 makes a displacement orthogonal to `z` and to the span cost: (‖δ‖²/2) z·(t_y − t̄)/τ.

    `z` `(n, d)` are of length 1. To second order in δ; it vanishes as the class becomes certain.
    """
    z, delta = np.asarray(z, float), np.asarray(delta, float)
    return -0.5 * (delta**2).sum(axis=1) * (z * loss_gradient(z, prototypes, labels, temperature)).sum(axis=1)


def soft_span_share(z, delta, prototypes, temperature: float) -> np.ndarray:
    """Share `(n,)` of the steepest curvature that each displacement meets: δ'Σ_p δ / (‖δ‖² λ_max(Σ_p)), 0 to 1.

    The span counts every competitor alike; this counts each with the probability that it has at `z`; nan where none
    has any.
    """
    prototypes, delta = checked(prototypes, "prototypes"), checked(delta, "delta", least=1)
    found = np.empty(len(delta))
    for i, p in enumerate(probabilities(z, prototypes, temperature)):
        keep = p > 1e-12 * np.partition(p, -2)[-2]  # competitors beside which the others are nothing: mostly a few
        centred = np.sqrt(p[keep])[:, None] * (prototypes[keep] - p[keep] @ prototypes[keep] / p[keep].sum())
        short = centred @ centred.T if len(centred) <= centred.shape[1] else centred.T @ centred
        top = np.linalg.eigvalsh(short)[-1]  # the largest only, so that squaring loses nothing
        # where no competitor has any mass at all there is no curvature to share
        found[i] = ((centred @ delta[i]) ** 2).sum() / (delta[i] ** 2).sum() / top if top > 1e-200 else np.nan
    return found


def prototype_gram(prototypes) -> tuple[Gram, Gram]:
    """Cosines between prototypes `(k, d)` as they are, and after their mean is taken out.

    Differences of prototypes do not see a common mean, so the second is what near-orthogonality needs. k unit vectors
    that are orthogonal have, centred, cosines of −1 / (k − 1).

    >>> raw, centred = prototype_gram(np.eye(3))
    >>> raw.mean, round(centred.mean, 6)
    (0.0, -0.5)
    """
    prototypes = checked(prototypes, "prototypes")
    found = []
    for v in (prototypes, prototypes - prototypes.mean(axis=0)):
        length = np.linalg.norm(v, axis=1)
        if (length < 1e-12 * np.linalg.norm(prototypes)).any():
            raise ValueError("a prototype has length zero, or is the mean of all: it has no direction")
        v = v / length[:, None]
        cosine = (v @ v.T)[np.triu_indices(len(v), 1)]
        found.append(Gram(float(cosine.mean()), float(np.abs(cosine).mean()), float(cosine.max())))
    return found[0], found[1]


def taylor_order(z, delta, prototypes, labels, temperature: float, *, both: bool = False) -> float:
    """Order in which the remainder of the second-order expansion falls as δ is halved: 3 one-sided, 4 for ±δ.

    The median over rows of log₂ of the ratio of remainders at δ and δ/2. Rows whose remainder is lost in rounding are
    left out; nan where none is left. Best with ‖δ‖/τ between .25 and 1.
    """
    remainders, sizes = [], []
    for scale in (1.0, 0.5):
        excess, expected = 0.0, 0.0
        for sign in (1.0, -1.0) if both else (1.0,):
            step = sign * scale * np.asarray(delta, float)
            here = contrastive_loss(z, prototypes, labels, temperature)
            excess = excess + contrastive_loss(np.asarray(z) + step, prototypes, labels, temperature) - here
            expected = expected + sum(second_order(z, step, prototypes, labels, temperature))
        remainders.append(np.abs(excess - expected))
        sizes.append(here)
    whole, half = remainders
    good = half > 1e3 * np.finfo(float).eps * np.maximum(sizes[0], 1.0)
    return float(np.median(np.log2(whole[good] / half[good]))) if good.any() else np.nan
