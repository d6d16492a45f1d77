"""A `Picture` as a plotly figure for the screen, in a wide and a narrow arrangement."""

import math
import textwrap

import numpy as np

from embedlab.plots import marks as m
from embedlab.plots import theme

WIDE, NARROW = 720, 330  # px that the two arrangements are meant for; the page chooses by the room there is
PX = 4.6  # screen pixels for a millimetre of print
SYMBOLS = {"diamond": "diamond", "tick": "line-ns-open", "dash": "line-ew-open"}


def figure(picture: m.Picture):
    """Give a plotly Figure with its title, ready for a notebook."""
    import plotly.graph_objects as go

    parts = as_json(picture, legend=True)
    layout = dict(parts["wide"])
    lines = theme.wrap(theme.plain(picture.title), 200, 10)
    foot = theme.wrap(theme.plain(picture.foot), 225, 9)
    top, bottom = 24 * len(lines) + 12, 16 * len(foot) + 10
    margin = dict(layout["margin"], t=layout["margin"]["t"] + top, b=layout["margin"]["b"] + bottom)
    layout.update(
        height=layout["height"] + top + bottom,
        width=WIDE,
        margin=margin,
        title={
            "text": "<br>".join(lines),
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 14},
            "font": {"size": 16},
        },
    )
    layout["annotations"] = [
        *layout["annotations"],
        {
            "text": "<br>".join(foot),
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": 0,
            "yref": "paper",
            "yanchor": "bottom",
            "yshift": -margin["b"] + 6,
            "showarrow": False,
            "align": "left",
            "font": {"size": 11, "color": theme.SOFT},
        },
    ]
    return go.Figure(data=parts["data"], layout=layout)


def as_json(picture: m.Picture, legend: bool = False) -> dict:
    """Give `{data, wide, narrow}`: one list of traces and two plotly layouts, as plain JSON values.

    Pages write the legend as HTML, which wraps as text does; `legend` asks plotly for its own.
    """
    data, keys = [], set()
    for index, panel in enumerate(picture.panels):
        for number, mark in enumerate(panel.marks):
            data += [_placed(t, index, number, keys) for t in _traces(mark, panel)]
    names = [t["name"] for t in data if t.get("showlegend")] if legend else []
    return {
        "data": data,
        "wide": _layout(picture, names, picture.columns, WIDE),
        "narrow": _layout(picture, names, 1, NARROW),
    }


def _placed(trace: dict, index: int, number: int, keys: set) -> dict:
    suffix = "" if index == 0 else str(index + 1)
    key = trace.get("name", "")
    trace |= {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "showlegend": bool(key) and key not in keys}
    trace["meta"] = f"{index}-{number}"
    if key:
        trace["legendgroup"] = key
        keys.add(key)
    return trace


def _traces(mark, panel: m.Panel) -> list[dict]:
    base = {"type": "scatter", "name": theme.plain(getattr(mark, "key", "")), "hoverinfo": "skip"}
    match mark:
        case m.Dots():
            return [_dots(mark, base, panel)]
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
            z = [[None if v == 0 else float(v) for v in row] for row in mark.count]
            return [
                {
                    "type": "heatmap",
                    "x": _list(mark.x_edges),
                    "y": _list(mark.y_edges),
                    "z": z,
                    "colorscale": scale,
                    "showscale": False,
                    "hovertemplate": f"%{{z:,}} {mark.what}<extra></extra>",
                }
            ]
        case m.Span() if mark.key:
            swatch = {"symbol": "square", "size": 12, "color": mark.colour}
            return [base | {"mode": "markers", "x": [None], "y": [None], "marker": swatch}]
        case m.Rule() if mark.key:
            line = {"color": mark.colour, "dash": mark.dash, "width": mark.width * 1.6}
            return [base | {"mode": "lines", "x": [None], "y": [None], "line": line}]
    return []


def _dots(mark: m.Dots, base: dict, panel: m.Panel) -> dict:
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


def _layout(picture: m.Picture, names: list[str], columns: int, width: int) -> dict:
    panels = picture.panels
    rows = [range(i, min(i + columns, len(panels))) for i in range(0, len(panels), columns)]
    heights = [max(panels[i].height for i in row) * PX for row in rows]
    side = max(map(_tick_room, panels)) if columns == 1 else 70.0  # px that tick labels and axis titles take
    above = [
        max(
            24 * bool(p.title) + 16 * max(0, len(_wrapped(p.title, width / len(row) - side, bold=True)) - 1)
            for p in map(panels.__getitem__, row)
        )
        for row in rows
    ]
    below = [max(_below(panels[i], width / len(row) - side) for i in row) for row in rows]
    legend_rows = math.ceil(sum(58 + 7 * len(n) for n in names) / width) if names else 0
    top = 10 + above[0] + 21 * legend_rows
    inner = sum(heights) + sum(below[:-1]) + sum(above[1:])
    layout = theme.template() | {
        "height": round(inner + top + below[-1]),
        "margin": {"l": 12, "r": 16, "t": top, "b": below[-1], "pad": 0},
        "shapes": [],
        "annotations": [],
        "barmode": "overlay",
        "showlegend": bool(names),
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1 + (above[0] + 6) / inner,
            "yanchor": "bottom",
            "font": {"size": 12, "color": theme.INK},
            "itemclick": False,
            "itemdoubleclick": False,
        },
    }
    y = inner
    for row, tall, under, title in zip(rows, heights, below, above, strict=True):
        if y < inner:
            y -= title
        for column, i in enumerate(row):
            left, right = _columns(panels, row, column, columns, width)
            _axes(layout, panels[i], i, (left, right), ((y - tall) / inner, y / inner), width, side)
        y -= tall + under
    return layout


def _below(panel: m.Panel, width: float) -> float:
    """Room in px under a panel for its tick labels and axis title."""
    lines = max((text.count("\n") + 1 for _, text in panel.x.ticks or ((0, ""),)), default=1) if panel.x.shown else 0
    return 14 + 15 * lines + (8 + 17 * len(_wrapped(panel.x.label, width)) if panel.x.label else 0)


def _wrapped(label: str, px: float, bold: bool = False) -> list[str]:
    """Break an axis title or panel title into lines that fit so many pixels."""
    return textwrap.wrap(label, max(14, int(px / (8.0 if bold else 7.2)))) if label else []


def _columns(panels, row, column: int, columns: int, width: int) -> tuple[float, float]:
    """Share the width; inner panels leave room for their own tick labels and axis title."""
    if columns == 1:
        return 0.0, 1.0
    room = [0.0 if c == 0 else (26 + _tick_room(panels[i])) / width for c, i in enumerate(row)]
    each = (1 - sum(room)) / len(row)
    left = sum(room[: column + 1]) + each * column
    return left, min(1.0, left + each)


def _tick_room(panel: m.Panel) -> float:
    if not panel.y.shown:
        return 20.0 * bool(panel.y.label)
    longest = max((len(t) for _, t in panel.y.ticks or ()), default=5)
    return 6.4 * longest + 26 * bool(panel.y.label) + 10


def _axes(layout: dict, panel: m.Panel, index: int, across: tuple, up: tuple, width: int, side: float) -> None:
    suffix = "" if index == 0 else str(index + 1)
    up = (max(0.0, up[0]), min(1.0, up[1]))
    room = (across[1] - across[0]) * width - side
    across_title, up_title = _wrapped(panel.x.label, room), _wrapped(panel.y.label, panel.height * PX)
    layout[f"xaxis{suffix}"] = _axis(panel.x, across_title, False, 7 if room > 330 else 5) | {
        "domain": list(across),
        "anchor": f"y{suffix}",
    }
    layout[f"yaxis{suffix}"] = _axis(panel.y, up_title, True, 7) | {
        "domain": list(up),
        "anchor": f"x{suffix}",
    }
    if panel.equal:
        layout[f"yaxis{suffix}"] |= {"scaleanchor": f"x{suffix}", "scaleratio": 1, "constrain": "domain"}
    if panel.title:
        layout["annotations"].append(
            {
                "text": "<br>".join(
                    f"<b>{theme.plain(line)}</b>"
                    for line in _wrapped(panel.title, (across[1] - across[0]) * width - side, bold=True)
                ),
                "align": "left",
                "x": across[0],
                "xref": "paper",
                "y": up[1],
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "bottom",
                "yshift": 5,
                "showarrow": False,
                "font": {"size": 12.5},
            }
        )
    over = any(isinstance(mark, m.Cells) for mark in panel.marks)  # counts would hide the line of chance
    for mark in panel.marks:
        if isinstance(mark, m.Span | m.Rule):
            layer = "above" if over and isinstance(mark, m.Rule) else "below"
            layout["shapes"].append(_shape(mark, suffix) | {"layer": layer})
        elif isinstance(mark, m.Words):
            x = math.log10(mark.x) if panel.x.log else mark.x
            y = math.log10(mark.y) if panel.y.log else mark.y
            text = f"<i>{theme.plain(mark.text)}</i>" if mark.italic else theme.plain(mark.text)
            layout["annotations"].append(
                {
                    "text": text,
                    "x": x,
                    "y": y,
                    "xref": f"x{suffix}",
                    "yref": f"y{suffix}",
                    "xanchor": mark.anchor,
                    "yanchor": "middle",
                    "xshift": mark.dx * 1.7,
                    "yshift": mark.dy * 1.7,
                    "showarrow": False,
                    "font": {"size": 11.5, "color": mark.colour},
                }
            )


def _shape(mark, suffix: str) -> dict:
    vertical = mark.along == "x"
    span = isinstance(mark, m.Span)
    low, high = (mark.low, mark.high) if span else (mark.at, mark.at)
    refs = (f"x{suffix}", f"y{suffix} domain") if vertical else (f"x{suffix} domain", f"y{suffix}")
    box = {"x0": low, "x1": high, "y0": 0, "y1": 1} if vertical else {"x0": 0, "x1": 1, "y0": low, "y1": high}
    shape = {"xref": refs[0], "yref": refs[1], **box}
    if span:
        return shape | {"type": "rect", "fillcolor": mark.colour, "line": {"width": 0}}
    return shape | {
        "type": "line",
        "line": {"color": mark.colour, "dash": mark.dash, "width": mark.width * 1.6},
    }


def _axis(axis: m.Axis, title: list[str], upright: bool, ticks_at_most: int) -> dict:
    out = {
        "title": {"text": "<br>".join(map(theme.plain, title)), "standoff": 8, "font": {"size": 12.5}},
        "automargin": upright,
        "showgrid": axis.grid,
        "gridcolor": theme.GRID,
        "zeroline": False,
        "showline": axis.shown,
        "linecolor": theme.FRAME,
        "ticks": "outside" if axis.shown else "",
        "ticklen": 4,
        "tickcolor": theme.FRAME,
        "tickfont": {"size": 11.5},
        "showticklabels": axis.shown,
        "fixedrange": True,
        "nticks": ticks_at_most,
        "tickangle": 0,
    }
    ticks = axis.ticks
    if axis.log:
        out["type"] = "log"
        ticks = m.log_ticks(axis.range) if ticks is None else ticks
    if axis.percent:
        out["tickformat"] = ".0%" if axis.range is None or axis.range[1] - axis.range[0] > 0.06 else ".1%"
    if axis.range is not None:
        out["range"] = [math.log10(v) for v in axis.range] if axis.log else list(axis.range)
    if ticks is not None:
        text = [theme.plain(t).replace("\n", "<br>") for _, t in ticks]
        out |= {
            "tickvals": [v for v, _ in ticks],
            "ticktext": [f"<i>{t}</i>" if axis.italic else t for t in text],
        }
    return out


def _list(values) -> list:
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in m.array(values)]
