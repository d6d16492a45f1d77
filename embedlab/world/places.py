"""Places: what lies behind an animal, a long strip of land for each habitat and view, cut out by each photograph."""

from __future__ import annotations

import numpy as np

SKY = {0: (0.20, 0.32, 0.16), 1: (0.66, 0.76, 0.80), 2: (0.55, 0.66, 0.68), 3: (0.85, 0.78, 0.66), 4: (0.78, 0.82, 0.86)}
LAND = {0: (0.12, 0.18, 0.08), 1: (0.50, 0.52, 0.22), 2: (0.25, 0.38, 0.35), 3: (0.76, 0.60, 0.38), 4: (0.62, 0.62, 0.58)}


def panorama(seed: int, plan: str, background: np.ndarray, lens: dict, size: int) -> np.ndarray:
    """Cut the place behind each animal: float32 (n, 3, size * size)."""
    out = np.empty((len(background), 3, size, size), np.float32)
    rows = np.linspace(0, 1, size)[None, :, None]
    for i, habitat in enumerate(background):
        edge = 1 / (1 + np.exp(-(rows - 0.45 - 0.3 * lens["place_y"][i]) * 30))
        sky, land = np.array(SKY[int(habitat)])[:, None, None], np.array(LAND[int(habitat)])[:, None, None]
        out[i] = np.broadcast_to(sky + edge * (land - sky), (3, size, size))
    return out.reshape(len(background), 3, size * size)
