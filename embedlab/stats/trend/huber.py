"""Curves fitted to few points by a robust loss, thousands of fits at a stroke."""

from collections.abc import Callable

import numpy as np


def huber(residual, delta: float) -> np.ndarray:
    """Sum of Huber's loss over the last axis: r²/2 up to `delta`, then delta (|r| − delta/2).

    >>> float(huber([1.0, 4.0], 2.0))  # 1/2, and 2 · (4 − 1)
    6.5
    """
    size = np.abs(np.asarray(residual, float))
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2)).sum(axis=-1)


def descend(
    residual: Callable, theta: np.ndarray, weight: np.ndarray, delta: float, steps: int = 150
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise Huber's loss of `residual(theta)` `(b, m)` from each start `(b, k)`; gives where they end, and losses.

    `weight` `(b, m)` is 1 for a point that counts and 0 for one that is held out. Levenberg's and Marquardt's steps
    on re-weighted squares, each start with a damping of its own; a step is taken only where it lowers the loss, so
    that no start ends above where it began. Derivatives are central differences.
    """
    theta = theta.astype(float).copy()
    b, k = theta.shape
    damping = np.full(b, 1e-2)

    def value(at):
        with np.errstate(all="ignore"):
            r = residual(at)
        return np.where(np.isfinite(r), r, 1e6)  # a curve that has left the numbers is worse than any

    r = value(theta)
    loss = huber(r * weight, delta)
    eye = np.eye(k)
    for _ in range(steps):
        size = 1e-6 * np.maximum(np.abs(theta), 1e-2)
        ways = [(value(theta + size * one) - value(theta - size * one)) for one in eye]
        slope = np.stack(ways, axis=2) / (2 * size[:, None, :])  # (b, m, k)
        with np.errstate(divide="ignore"):
            pull = weight * np.minimum(1.0, delta / np.abs(r))
        weighted = slope * pull[:, :, None]
        square = np.einsum("bmi,bmj->bij", weighted, slope)
        push = np.einsum("bmi,bm->bi", weighted, r)
        own = np.einsum("bii->bi", square)
        damped = square + (damping[:, None] * own + 1e-14 * (own.max(axis=1, keepdims=True) + 1e-300))[:, :, None] * eye
        step = np.linalg.solve(damped, push[:, :, None])[:, :, 0]
        tried = theta - step
        r_tried = value(tried)
        loss_tried = huber(r_tried * weight, delta)
        better = loss_tried < loss
        moved = better & (loss - loss_tried > 1e-13 * loss)
        theta[better], r[better], loss[better] = tried[better], r_tried[better], loss_tried[better]
        damping = np.clip(np.where(better, damping / 4, damping * 3), 1e-12, 1e9)
        if not moved.any() and (damping > 1e5)[~better].all():
            break
    return theta, loss
