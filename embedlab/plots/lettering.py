"""The words on a matplotlib figure: where each stands, how large and in which colour; which lie on each other."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from embedlab.plots.colour_vision import contrast
from embedlab.plots.theme import PAPER

SLACK = 0.5  # points by which two boxes may touch
LEADING = 0.16  # of the type size: a text's box is higher by this, above and below, than its letters


@dataclass(frozen=True)
class Lettering:
    """One text of a figure: what it says, its type size in points, its colour, its box in points."""

    words: str
    size: float
    colour: str
    contrast: float
    box: tuple[float, float, float, float]  # left, bottom, right, top


def texts(figure) -> list[Lettering]:
    """Give every text that a reader sees, in points from the lower left corner of the figure."""
    from matplotlib.colors import to_hex
    from matplotlib.text import Text

    renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else figure._get_renderer()
    figure.draw_without_rendering()
    unseen = set(map(id, _ticks_out_of_sight(figure)))
    out = []
    for text in figure.findobj(Text):
        if not text.get_visible() or not text.get_text().strip() or id(text) in unseen or not _shown(text):
            continue
        # an Annotation's own box would take in the point that it speaks of
        box = np.array(Text.get_window_extent(text, renderer).extents) * 72 / figure.dpi
        colour = to_hex(text.get_color())
        light = contrast(colour, _ground(text))
        out.append(Lettering(text.get_text(), float(text.get_fontsize()), colour, light, tuple(box)))
    return out


def legends(figure) -> Iterator:
    """Give the legends of a figure, of its parts and of its axes."""
    from matplotlib.legend import Legend

    yield from (legend for legend in figure.findobj(Legend) if legend.get_visible())


def clipped(found: list[Lettering], figure) -> list[str]:
    """Name the texts that reach over the edge of the figure."""
    right, top = (72 * v for v in figure.get_size_inches())
    return [
        t.words
        for t in found
        if t.box[0] < -SLACK or t.box[1] < -SLACK or t.box[2] > right + SLACK or t.box[3] > top + SLACK
    ]


def overlapping(found: list[Lettering]) -> list[tuple[str, str]]:
    """Name each two texts of which one stands over the other."""
    if len(found) < 2:
        return []
    box = np.array([t.box for t in found])
    inward = np.array([LEADING * t.size for t in found])
    left, right = box[:, 0], box[:, 2]
    bottom, top = box[:, 1] + inward, box[:, 3] - inward
    wide = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    high = np.minimum(top[:, None], top) - np.maximum(bottom[:, None], bottom)
    pairs = np.argwhere(np.triu((wide > SLACK) & (high > SLACK), 1))
    return [(found[i].words, found[j].words) for i, j in pairs]


def _ground(text) -> str:
    """The colour behind a text: of the filled shape or the cell of a grid that it stands in, or paper."""
    from matplotlib.collections import QuadMesh
    from matplotlib.colors import to_hex
    from matplotlib.patches import Polygon

    axes = getattr(text, "axes", None)
    if axes is None or text not in axes.texts:
        return PAPER
    x, y = getattr(text, "xy", text.get_position())
    for shape in (p for p in reversed(axes.patches) if type(p) is Polygon and p.get_fill()):
        if shape.get_path().contains_point((x, y)):
            return to_hex(shape.get_facecolor())
    for mesh in (c for c in axes.collections if isinstance(c, QuadMesh)):
        across, up = mesh.get_coordinates()[0, :, 0], mesh.get_coordinates()[:, 0, 1]
        if across.min() < x < across.max() and up.min() < y < up.max():
            column = np.searchsorted(np.sort(across), x) - 1
            row = np.searchsorted(np.sort(up), y) - 1
            cells = np.ma.asarray(mesh.get_array()).reshape(len(up) - 1, len(across) - 1)
            cells = cells[:: 1 if up[0] < up[-1] else -1, :: 1 if across[0] < across[-1] else -1]
            return to_hex(mesh.to_rgba(cells[row, column])) if np.isfinite(cells[row, column]) else PAPER
    return PAPER


def _shown(text) -> bool:
    """Whether the axes that hold a text are shown at all."""
    axes = getattr(text, "axes", None)
    return axes is None or (axes.get_visible() and (axes.axison or text in axes.texts))


def _ticks_out_of_sight(figure) -> Iterator:
    """Labels of ticks beyond the limits: matplotlib keeps them and does not draw them."""
    for axes in figure.findobj(lambda a: hasattr(a, "xaxis") and hasattr(a, "yaxis")):
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            room = 1e-9 * (high - low)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                seen = low - room <= tick.get_loc() <= high + room
                for label in (tick.label1, tick.label2):
                    if not seen:
                        yield label
