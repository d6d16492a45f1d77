"""Every kind of mark in plotly: a trace, a shape or an annotation, as plain JSON values."""

import base64
import io
import math

import numpy as np

from embedlab.plots import marks as m
from embedlab.plots import theme

SYMBOLS = {"diamond": "diamond", "tick": "line-ns-open", "dash": "line-ew-open"}


def traces(mark) -> list[dict]:
    """Give the traces of a mark: none for what is a shape or an annotation without a key."""
    base = {"type": "scatter", "name": theme.plain(getattr(mark, "key", "")), "hoverinfo": "skip"}
    match mark:
        case m.Dots():
            return [_dots(mark, base)]
        case m.Path():
            said = {"text": [theme.plain(t) for t in mark.label], "hoverinfo": "text"} if mark.label else {}
            line = {"color": mark.colour, "dash": mark.dash, "width": mark.width * 1.5}
            return [base | {"mode": "lines", "x": _list(mark.x), "y": _list(mark.y), "line": line} | said]
        case m.Band():
            x = np.concatenate([mark.x, mark.x[::-1]])
            y = np.concatenate([mark.high, mark.low[::-1]])
            return [
                base
                | {
                    "mode": "lines",
                    "x": _list(x),
                    "y": _list(y),
                    "fill": "toself",
                    "fillcolor": mark.colour,
                    "line": {"width": 0, "color": mark.colour},
                }
            ]
        case m.Area():
            filled = {"fill": "toself", "fillcolor": mark.colour, "line": {"width": 0, "color": mark.colour}}
            if mark.label:
                said = theme.plain(mark.label).replace("\n", "<br>")
                filled |= {"text": said, "hoverinfo": "text", "hoveron": "fills"}
            return [base | {"mode": "lines", "x": _list(mark.x), "y": _list(mark.y)} | filled]
        case m.Bars():
            width = mark.right - mark.left
            return [
                base
                | {
                    "type": "bar",
                    "x": _list((mark.left + mark.right) / 2),
                    "y": _list(mark.height),
                    "base": mark.base,
                    "width": _list(width * 0.94),
                    "marker": {"color": mark.colour, "line": {"width": 0}},
                }
            ]
        case m.Cells():
            scale = [[i / (len(theme.COUNTS) - 1), c] for i, c in enumerate(theme.COUNTS)]
            blank = (mark.count == 0) & (mark.span is None) | ~np.isfinite(mark.count)
            z = [[None if b else float(f"{v:.6g}") for v, b in zip(*rows, strict=True)]
                 for rows in zip(mark.count, blank, strict=True)]  # fmt: skip
            ends = {} if mark.span is None else {"zmin": mark.span[0], "zmax": mark.span[1]}
            return [
                ends
                | {
                    "type": "heatmap",
                    "x": _list(mark.x_edges),
                    "y": _list(mark.y_edges),
                    "z": z,
                    "colorscale": scale,
                    "showscale": False,
                    "hovertemplate": f"%{{z:,}} {theme.plain(mark.what)}<extra></extra>",
                }
            ]
        case m.Thumbs() if mark.label:  # images bear no hover text of their own: what is hovered lies unseen over them
            unseen = {"symbol": "square", "size": mark.size * 4.4, "opacity": 0}
            said = {"text": [theme.plain(t).replace("\n", "<br>") for t in mark.label], "hoverinfo": "text"}
            return [base | {"mode": "markers", "x": _list(mark.x), "y": _list(mark.y), "marker": unseen} | said]
        case m.Span() if mark.key:
            swatch = {"symbol": "square", "size": 12, "color": mark.colour}
            return [base | {"mode": "markers", "x": [None], "y": [None], "marker": swatch}]
        case m.Rule() if mark.key:
            line = {"color": mark.colour, "dash": mark.dash, "width": mark.width * 1.6}
            return [base | {"mode": "lines", "x": [None], "y": [None], "line": line}]
    return []


def _dots(mark: m.Dots, base: dict) -> dict:
    symbol = SYMBOLS.get(mark.shape, mark.shape) + ("-open" if mark.hollow and mark.shape not in SYMBOLS else "")
    edge = (
        {"width": 1.4, "color": mark.colour}
        if mark.hollow or mark.shape in SYMBOLS
        else {"width": 0.7, "color": theme.edge(mark.colour)}
    )
    trace = base | {
        "mode": "markers",
        "x": _list(mark.x),
        "y": _list(mark.y),
        "opacity": mark.alpha,
        "marker": {"symbol": symbol, "size": mark.size * 1.9, "color": mark.colour, "line": edge},
    }
    if mark.label:
        trace |= {"text": [theme.plain(t).replace("\n", "<br>") for t in mark.label], "hoverinfo": "text"}
    if mark.low is not None:
        centre = m.array(mark.x if mark.along == "x" else mark.y)
        trace[f"error_{mark.along}"] = {
            "type": "data",
            "symmetric": False,
            "array": _list(m.array(mark.high) - centre),
            "arrayminus": _list(centre - m.array(mark.low)),
            "color": mark.colour,
            "thickness": 1.6,
            "width": 0,
        }
    return trace


def shape(mark, suffix: str) -> dict:
    """Give a `Span` or `Rule` as a shape on the axes with this suffix."""
    vertical = mark.along == "x"
    span = isinstance(mark, m.Span)
    low, high = (mark.low, mark.high) if span else (mark.at, mark.at)
    refs = (f"x{suffix}", f"y{suffix} domain") if vertical else (f"x{suffix} domain", f"y{suffix}")
    box = {"x0": low, "x1": high, "y0": 0, "y1": 1} if vertical else {"x0": 0, "x1": 1, "y0": low, "y1": high}
    out = {"xref": refs[0], "yref": refs[1], **box}
    if span:
        return out | {"type": "rect", "fillcolor": mark.colour, "line": {"width": 0}}
    return out | {
        "type": "line",
        "line": {"color": mark.colour, "dash": mark.dash, "width": mark.width * 1.6},
    }


def annotation(mark: m.Words, panel: m.Panel, suffix: str) -> dict:
    """Give words that stand in a panel as an annotation; plotly wants the place on a log axis as its logarithm."""
    text = f"<i>{theme.plain(mark.text)}</i>" if mark.italic else theme.plain(mark.text)
    return {
        "text": text,
        "x": math.log10(mark.x) if panel.x.log else mark.x,
        "y": math.log10(mark.y) if panel.y.log else mark.y,
        "xref": f"x{suffix}",
        "yref": f"y{suffix}",
        "xanchor": mark.anchor,
        "yanchor": "middle",
        "xshift": mark.dx * 1.7,
        "yshift": mark.dy * 1.7,
        "showarrow": False,
        "font": {"size": 11.5, "color": mark.colour},
    }


def pictures(mark: m.Thumbs, suffix: str, per_mm: tuple[float, float]) -> list[dict]:
    """Give photographs as images of a layout; `per_mm` says how much of each axis a millimetre of print covers."""
    frames = mark.colours or (theme.FRAME,) * len(mark.images)
    return [
        {
            "source": framed(content, frame),
            "xref": f"x{suffix}",
            "yref": f"y{suffix}",
            "x": float(x),
            "y": float(y),
            "sizex": mark.size * per_mm[0],
            "sizey": mark.size * per_mm[1],
            "xanchor": "center",
            "yanchor": "middle",
            "sizing": "contain",
            "layer": "above",
        }
        for x, y, content, frame in zip(mark.x, mark.y, mark.images, frames, strict=True)
    ]


def framed(content: bytes, colour: str) -> str:
    """Give a photograph as a data URI of 96 pixels with a frame; plotly draws none around its images."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content)) as opened:
        small = ImageOps.contain(opened.convert("RGB"), (92, 92))
    out = io.BytesIO()
    ImageOps.expand(small, 2, colour).save(out, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def _list(values) -> list:
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in m.array(values)]
