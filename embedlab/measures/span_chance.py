"""What chance gives for the share of a contrast inside a span: directions of the noise, of the sphere, of nothing."""

import numpy as np

from embedlab.measures.contrast import Blocks
from embedlab.measures.halves import Fold
from embedlab.stats.subspaces.subspace import matched_energies

WHITEN_FLOOR = 0.1


def matched(folds: list[Fold], r: int, b: int, rng: np.random.Generator) -> np.ndarray:
    """Noise-free shares inside the first 1 … r axes, `(b, r)`, for contrasts that point as the noise does.

    One draw serves all folds; averaged over them. The last column is the chance of the whole span.
    """
    # All held halves together hold every image as often: their deviations are the whole within-group scatter.
    _, singular, modes = np.linalg.svd(np.vstack([f.left for f in _one_splitting(folds)]), full_matrices=False)
    keep = singular > singular[0] * 1e-9
    onto = np.array([modes[keep] @ f.axes[:, :r] for f in folds])
    gram = np.array([_likeness(f.contrasts, modes[keep], singular[keep] ** 2) for f in folds])
    inside, whole = matched_energies(gram, onto, singular[keep] ** 2, b, rng)
    level = np.array([np.cumsum(f.level[:r]) for f in folds])
    return _placed(np.cumsum(inside, axis=2), whole, folds, level)


def spherical(folds: list[Fold], cut: Blocks, r: int, b: int, rng: np.random.Generator) -> np.ndarray:
    """Noise-free shares inside, `(b,)`, for contrasts that keep to the sphere and to nothing else.

    On a sphere a difference within a species cannot point along the mean of that species, which is what tells species
    apart. Around its own mean direction all directions are alike; how closely a species gathers there does not matter,
    since shares know no length.
    """
    s, d = folds[0].contrasts.shape
    centres = np.zeros((s, d))
    for block in cut.blocks:
        centres[block.group] += block.x[block.is_b].mean(axis=0) + block.x[~block.is_b].mean(axis=0)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    onto = np.array([f.axes[:, :r] for f in folds])
    gram = np.array([_likeness(f.contrasts, np.eye(d), np.ones(d)) for f in folds])
    inside, whole = matched_energies(gram, onto, np.ones(d), b, rng, away=centres)
    inside = inside.sum(axis=2)
    level = (inside.mean(axis=1) / whole.mean(axis=1))[:, None]
    return _placed(inside[:, :, None], whole, folds, level)[:, 0]


def _one_splitting(folds: list[Fold]) -> list[Fold]:
    return folds[: len(folds) // 2]


def _placed(inside, whole, folds: list[Fold], level) -> np.ndarray:
    """Turn energies `(f, b, r)` and `(f, b)` into shares `(b, r)`, as long and as noisy as what was observed."""
    long = np.array([(f.contrasts**2).sum() for f in folds])[:, None, None]
    noise = np.array([f.noise.sum() for f in folds])[:, None, None]
    if not (long - noise).sum() > 0:
        # all of it is noise: there is nothing to place
        return np.broadcast_to(level.mean(axis=0), (inside.shape[1], level.shape[1])).copy()
    # A draw is as long as what was observed, and not only on average: lengths that vary would make chance too wide.
    shares = inside / whole[:, :, None]
    return (shares * long - noise * level[:, None, :]).sum(axis=0) / (long - noise).sum()


def _likeness(contrasts, modes, variances) -> np.ndarray:
    """Gram matrix (s, s) of the contrasts: their own lengths, with angles read after whitening by the noise.

    In a space with few large axes unrelated contrasts look alike; whitened ones do not, so that likeness here means
    a direction that species share. The small share of the mean keeps thin axes from ruling.
    """
    white = (contrasts @ modes.T) / np.sqrt(variances + WHITEN_FLOOR * variances.mean())
    length = np.linalg.norm(white, axis=1)
    length = np.where(length > 0, length, 1.0)  # groups without a contrast in this fold
    alike = white @ white.T / np.outer(length, length)
    own = np.linalg.norm(contrasts, axis=1)
    return alike * np.outer(own, own)
