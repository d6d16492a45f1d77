"""Every kind of mark in matplotlib, in its panel and in the key."""

import numpy as np

from embedlab.plots import marks as m
from embedlab.plots import theme

MARKERS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "triangle-down": "v",
    "cross": "P",
    "x": "X",
    "star": "*",
    "pentagon": "p",
    "hexagon": "h",
    "triangle-left": "<",
    "triangle-right": ">",
    "tick": "|",
    "dash": "_",
}
DASHES = {"solid": "-", "dot": (0, (1, 1.6)), "dash": (0, (4, 2))}
RASTER_ABOVE = 600  # points; beyond that the layer is an image, so that files stay small


def draw_mark(ax, mark, gid: str, scale: float) -> None:
    """Draw a mark on Axes; `gid` names it in the file, `scale` multiplies sizes given in points."""
    match mark:
        case m.Dots():
            if mark.low is not None:
                ends = (mark.y, mark.low, mark.high) if mark.along == "x" else (mark.x, mark.low, mark.high)
                lines = (ax.hlines if mark.along == "x" else ax.vlines)(
                    *ends, color=mark.colour, linewidth=1.0 * scale, zorder=3
                )
                lines.set_gid(f"{gid}-whiskers")
            bare = mark.shape in ("tick", "dash")
            ax.plot(
                mark.x,
                mark.y,
                linestyle="none",
                marker=MARKERS[mark.shape],
                markersize=mark.size * scale,
                color=mark.colour,
                markerfacecolor=theme.PAPER if mark.hollow else mark.colour,
                markeredgecolor=mark.colour if mark.hollow or bare else theme.edge(mark.colour),
                markeredgewidth=(1.1 if bare else 0.8 if mark.hollow else 0.35) * scale,
                alpha=mark.alpha,
                zorder=2.5 if mark.under else 4,
                gid=gid,
                rasterized=len(mark.x) > RASTER_ABOVE,
                clip_on=len(mark.x) > 1,
            )
        case m.Path():
            ax.plot(
                mark.x,
                mark.y,
                color=mark.colour,
                linestyle=DASHES[mark.dash],
                linewidth=mark.width * scale,
                zorder=3,
                gid=gid,
            )
        case m.Band():
            ax.fill_between(
                mark.x,
                mark.low,
                mark.high,
                facecolor=mark.colour,
                edgecolor="none",
                linewidth=0,
                zorder=1,
                gid=gid,
            )
        case m.Area():
            ax.fill(mark.x, mark.y, facecolor=mark.colour, edgecolor="none", linewidth=0, zorder=0.7, gid=gid)
        case m.Span():
            (ax.axvspan if mark.along == "x" else ax.axhspan)(
                mark.low, mark.high, color=mark.colour, linewidth=0, zorder=0.5, gid=gid
            )
        case m.Rule():
            (ax.axvline if mark.along == "x" else ax.axhline)(
                mark.at,
                color=mark.colour,
                linestyle=DASHES[mark.dash],
                linewidth=mark.width * scale,
                zorder=2,
                gid=gid,
            )
        case m.Bars():
            ax.bar(
                mark.left,
                mark.height,
                mark.right - mark.left,
                bottom=mark.base,
                align="edge",
                color=mark.colour,
                linewidth=0,
                zorder=1.5,
                gid=gid,
            )
        case m.Cells():
            from matplotlib.colors import LinearSegmentedColormap

            scale_of_counts = LinearSegmentedColormap.from_list("counts", theme.COUNTS)
            ax.pcolormesh(
                mark.x_edges,
                mark.y_edges,
                np.where((mark.count == 0) & (mark.span is None), np.nan, mark.count),
                cmap=scale_of_counts,
                vmin=mark.span and mark.span[0],
                vmax=mark.span and mark.span[1],
                rasterized=True,
                zorder=1,
                gid=gid,
            )
        case m.Thumbs():
            _thumbs(ax, mark, gid, scale)
        case m.Words():
            words = ax.annotate(
                literal(mark.text),
                (mark.x, mark.y),
                xytext=(mark.dx * scale, mark.dy * scale),
                textcoords="offset points",
                ha=mark.anchor,
                va="center",
                fontsize=theme.SMALL * scale,
                color=mark.colour,
                fontstyle="italic" if mark.italic else "normal",
                zorder=5,
                annotation_clip=False,
            )
            words.set_in_layout(not mark.loose)


def _thumbs(ax, mark: m.Thumbs, gid: str, scale: float) -> None:
    """Photographs at their size in mm, whatever the axes; a thin frame in the colour of what they show."""
    import io

    from matplotlib.offsetbox import AnnotationBbox, OffsetImage
    from PIL import Image

    frames = mark.colours or (theme.FRAME,) * len(mark.images)
    for i, (x, y, content, frame) in enumerate(zip(mark.x, mark.y, mark.images, frames, strict=True)):
        with Image.open(io.BytesIO(content)) as opened:
            pixels = np.asarray(opened.convert("RGB"))
        zoom = mark.size * scale / theme.POINT / max(pixels.shape[:2])
        look = {"boxstyle": "square,pad=0", "edgecolor": frame, "linewidth": 0.9 * scale, "facecolor": theme.PAPER}
        box = AnnotationBbox(OffsetImage(pixels, zoom=zoom), (x, y), pad=0, bboxprops=look, annotation_clip=False)
        box.set_gid(f"{gid}-{i}")
        box.set_zorder(4.5)
        box.set_in_layout(False)
        ax.add_artist(box)


def handle(mark, scale: float):
    """Give the swatch that stands for a mark in the key."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    match mark:
        case m.Dots():
            style = "-" if mark.low is not None else "none"
            return Line2D(
                [],
                [],
                marker=MARKERS[mark.shape],
                linestyle=style,
                color=mark.colour,
                linewidth=1.0 * scale,
                markersize=min(mark.size, 4.5) * scale,
                markerfacecolor="none" if mark.hollow else mark.colour,
                markeredgecolor=mark.colour,
                markeredgewidth=0.8 * scale,
            )
        case m.Path() | m.Rule():
            return Line2D([], [], color=mark.colour, linestyle=DASHES[mark.dash], linewidth=mark.width * scale)
    return Patch(facecolor=mark.colour, edgecolor="none")


def literal(text: str) -> str:
    """Keep a dollar sign a dollar sign: user text is no mathematics."""
    return text.replace("$", r"\$")
