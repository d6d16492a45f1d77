"""Short labels beside points, where they neither lie on each other nor on other points."""

import numpy as np

from embedlab.plots.marks import Words
from embedlab.plots.theme import POINT, SMALL, SOFT

WIDTH = 170.0  # points across the narrowest panel in which labels are set
NEAR = ((1, 1), (1, -1), (-1, 1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1))
STEPS = (3.2, 5.5, 8.0)  # points from the middle of a mark


def beside(x, y, text, *, across, up, height: float, colour: str = SOFT, mark: float = 2.6) -> list[Words]:
    """Give one `Words` a point, beside it; a label for which there is no room is left out, hover still has it.

    `across` and `up` are the ranges of the axes, `height` that of the panel in mm, `mark` the half-width of the points'
    marks in points. Points are served in their order.
    """
    size = np.array([WIDTH, height / POINT])
    low, high = np.array([across[0], up[0]]), np.array([across[1], up[1]])
    at = (np.column_stack([x, y]) - low) / (high - low) * size
    taken = [(p - mark, p + mark) for p in at]
    found = []
    for place, words, here in zip(at, text, zip(x, y, strict=True), strict=True):
        half = np.array([len(words) * SMALL * 0.29, SMALL * 0.42])
        for step in STEPS:
            fits = [way for way in NEAR if _free(_box(place, way, step, half), taken, size)]
            if fits:
                way = fits[0]
                taken.append(_box(place, way, step, half))
                anchor = {1: "left", 0: "center", -1: "right"}[way[0]]
                dx, dy = way[0] * step, way[1] * (step if way[0] else step + half[1])
                found.append(Words(x=float(here[0]), y=float(here[1]), text=words, dx=dx, dy=dy, anchor=anchor,
                                   colour=colour))  # fmt: skip
                break
    return found


def _box(place, way, step: float, half) -> tuple[np.ndarray, np.ndarray]:
    middle = place + np.array([way[0] * (step + half[0]), way[1] * (step if way[0] else step + half[1])])
    return middle - half, middle + half


def _free(box, taken, size) -> bool:
    inside = (box[0] >= 0).all() and (box[1] <= size).all()
    return inside and not any((box[0] < high).all() and (low < box[1]).all() for low, high in taken)
