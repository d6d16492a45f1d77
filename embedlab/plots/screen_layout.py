"""Where panels, their axes and the key stand on the screen: one plotly layout for a width in pixels."""

import math
import textwrap
from dataclasses import replace
from itertools import pairwise

from embedlab.plots import marks as m
from embedlab.plots import theme
from embedlab.plots.heading import heading
from embedlab.plots.letters import em
from embedlab.plots.rows import rows
from embedlab.plots.screen_marks import annotation, pictures, shape

PX = 4.6  # screen pixels for a millimetre of print
LONG, TWO_LINES = 16, 29.0  # letters of a row's name that stay on one line; px from row to row that two lines need
LEFT, RIGHT = 12, 16  # px of margin
KEY, KEY_LINE = 12, 29  # px of the key's letters, and from line to line as plotly sets them
BARE = 26.0  # px that a panel without anything at its left leaves free beside the next one
CELL = 11.5  # px of the letters in a cell
NOTE_LINE = 15  # px from one line of a note to the next


def layout(picture: m.Picture, names: list[str], columns: int, width: int) -> dict:
    """Arrange panels in `columns` over `width` px; `names` are the entries of plotly's own legend, if wanted."""
    panels = picture.panels if width > 500 else tuple(map(_in_two_lines, picture.panels))
    every = rows(panels, columns)
    heights = [max(panels[i].height for i in row) * PX for row in every]
    side = side_room(panels, columns)
    own = [side if columns == 1 or p.y.shown or p.y.label else BARE for p in panels]
    above = [
        max(_above(panels[i], _columns(panels, row, c, columns, width), width, own[i]) for c, i in enumerate(row))
        for row in every
    ]
    below = [max(_below(panels[i], width / row.cells - own[i]) for i in row) for row in every]
    top = 10 + above[0] + KEY_LINE * key_lines(names, width - side - RIGHT)
    inner = sum(heights) + sum(below[:-1]) + sum(above[1:])
    layout = theme.template() | {
        "height": round(inner + top + below[-1]),
        "margin": {"l": LEFT, "r": RIGHT, "t": top, "b": below[-1], "pad": 0},
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
            "font": {"size": KEY, "color": theme.INK},
            "itemclick": False,
            "itemdoubleclick": False,
        },
    }
    y = inner
    for row, tall, under, title in zip(every, heights, below, above, strict=True):
        if y < inner:
            y -= title
        for column, i in enumerate(row):
            left, right = _columns(panels, row, column, columns, width)
            _axes(layout, panels[i], i, (left, right), ((y - tall) / inner, y / inner), width, own[i])
        y -= tall + under
    return layout


def side_room(panels, columns: int) -> float:
    """Px that tick labels, axis titles and the left margin take."""
    return max(map(_tick_room, panels)) + 28 if columns == 1 else 70.0


def key_lines(names: list[str], room: float) -> int:
    """How many lines plotly's own key takes in so many px: entries one after the other, each with its mark.

    >>> key_lines(["one run", "chance"], 720), key_lines(["chance, mean over all species"] * 5, 720)
    (1, 2)
    """
    count, right = 0, math.inf
    for name in names:
        wide = 45 + KEY * em(name)
        if right + wide > room:
            count, right = count + 1, 0.0
        right += wide
    return count


def _above(panel: m.Panel, across: tuple[float, float], width: int, side: float) -> float:
    """Room in px over a panel for its title and note, broken as they will be drawn."""
    head = _heading(panel, (across[1] - across[0]) * width - side)
    lines = 16 * len(head.title) + NOTE_LINE * len(head.below)
    return 8.0 + lines if lines else 0.0


def _heading(panel: m.Panel, px: float):
    return heading(panel.title, panel.note, max(px, 120), bold=12.5, small=11.0, apart=panel.equal)


def _below(panel: m.Panel, width: float) -> float:
    """Room in px under a panel for its tick labels and axis title."""
    lines = max((text.count("\n") + 1 for _, text in panel.x.ticks or ((0, ""),)), default=1) if panel.x.shown else 0
    return 14 + 15 * lines + (8 + 17 * len(_wrapped(panel.x.label, width)) if panel.x.label else 0)


def _wrapped(label: str, px: float) -> list[str]:
    """Break an axis title into lines that fit so many pixels."""
    return textwrap.wrap(label, max(14, int(px / 7.2))) if label else []


def _in_two_lines(panel: m.Panel) -> m.Panel:
    """Break long names of rows where the rows are far enough apart: on a phone they leave the axes no room."""
    ticks, span = panel.y.ticks, panel.y.range
    if not ticks or not span or not panel.y.shown or max(len(t) for _, t in ticks) <= LONG:
        return panel
    places = sorted(v for v, _ in ticks)
    gap = min((b - a for a, b in pairwise(places)), default=span[1] - span[0])
    if gap / (span[1] - span[0]) * panel.height * PX < TWO_LINES:
        return panel
    broken = tuple((v, "\n".join(_halves(t))) for v, t in ticks)
    return replace(panel, y=replace(panel.y, ticks=broken))


def _halves(name: str) -> list[str]:
    """Break a long name into two lines, as even as its words allow."""
    every = (textwrap.wrap(name, w, break_long_words=False) for w in range(max(LONG, len(name) // 2), len(name)))
    return next((two for two in every if len(two) <= 2), [name])


def _columns(panels, row, column: int, columns: int, width: int) -> tuple[float, float]:
    """Share the width; inner panels leave room for their own tick labels and axis title."""
    if columns == 1:
        return 0.0, 1.0
    room = [0.0 if c == 0 else (26 + _tick_room(panels[i])) / width for c, i in enumerate(row)]
    room += [BARE / width] * (row.cells - len(room))  # cells that stay empty
    each = (1 - sum(room)) / row.cells
    left = sum(room[: column + 1]) + each * column
    return left, min(1.0, left + each)


def _tick_room(panel: m.Panel) -> float:
    if not panel.y.shown:
        return 20.0 * bool(panel.y.label)
    longest = max((len(line) for _, t in panel.y.ticks or () for line in t.split("\n")), default=5)
    return 6.4 * longest + 26 * bool(panel.y.label) + 10


def _axes(layout: dict, panel: m.Panel, index: int, across: tuple, up: tuple, width: int, side: float) -> None:
    suffix = "" if index == 0 else str(index + 1)
    up = (max(0.0, up[0]), min(1.0, up[1]))
    room = (across[1] - across[0]) * width - side
    across_title, up_title = _wrapped(panel.x.label, room), _wrapped(panel.y.label, panel.height * PX)
    layout[f"xaxis{suffix}"] = _axis(panel.x, across_title, False, 7 if room > 330 else 5 if room > 150 else 3) | {
        "domain": list(across),
        "anchor": f"y{suffix}",
    }
    layout[f"yaxis{suffix}"] = _axis(panel.y, up_title, True, 7) | {
        "domain": list(up),
        "anchor": f"x{suffix}",
    }
    if panel.equal:
        # what is left over is left over at the right and below: the title stands at the upper left
        layout[f"xaxis{suffix}"] |= {"constrain": "domain", "constraintoward": "left"}
        layout[f"yaxis{suffix}"] |= {"scaleanchor": f"x{suffix}", "scaleratio": 1, "constrain": "domain",
                                     "constraintoward": "top"}  # fmt: skip
    layout["annotations"] += _over(panel, across, up, room)
    over = any(isinstance(mark, m.Cells) for mark in panel.marks)
    hiding = over or any(isinstance(mark, m.Band) for mark in panel.marks)  # it would hide a line
    for mark in panel.marks:
        if isinstance(mark, m.Span | m.Rule):
            layer = "above" if hiding and isinstance(mark, m.Rule) else "below"
            layout["shapes"].append(shape(mark, suffix) | {"layer": layer})
        elif isinstance(mark, m.Words):
            if not (over and _too_long(mark, panel, room)):
                layout["annotations"].append(annotation(mark, panel, suffix))
        elif isinstance(mark, m.Thumbs) and panel.x.range and panel.y.range:
            # a little smaller where the panel is narrower than in print, so that neighbours still stand apart
            pixels = PX * min(1.0, room / 330)
            spans = [abs(axis.range[1] - axis.range[0]) for axis in (panel.x, panel.y)]
            per_mm = (pixels * spans[0] / room, pixels * spans[1] / (panel.height * PX))
            layout["images"] = [*layout.get("images", []), *pictures(mark, suffix, per_mm)]


def _too_long(words: m.Words, panel: m.Panel, room: float) -> bool:
    """Whether words in the middle of a cell would run into the next one: hover says them then."""
    low, high = panel.x.range or (0.0, 1.0)
    return words.anchor == "center" and em(words.text) * CELL > abs(room / (high - low))


def _over(panel: m.Panel, across: tuple, up: tuple, room: float) -> list[dict]:
    """Give title and note of a panel as annotations, the note small and grey."""
    head = _heading(panel, room)
    found = [
        (head.title, "<b>{}</b>", 0, 5 + NOTE_LINE * len(head.below), {"size": 12.5}),
        (head.note, "{}", int(head.beside), 5, {"size": 11, "color": theme.SOFT}),
    ]
    return [
        {
            "text": "<br>".join(how.format(theme.plain(line)) for line in lines),
            "align": "left",
            "x": across[end],
            "xref": "paper",
            "y": up[1],
            "yref": "paper",
            "xanchor": ("left", "right")[end],
            "yanchor": "bottom",
            "yshift": lift,
            "showarrow": False,
            "font": font,
        }
        for lines, how, end, lift, font in found
        if lines
    ]


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
        out["tickformat"] = ".0%" if axis.range is None or axis.range[1] - axis.range[0] > m.WHOLE_PERCENT else ".1%"
    if axis.range is not None:
        out["range"] = [math.log10(v) for v in axis.range] if axis.log else list(axis.range)
    if ticks is not None:
        text = [theme.plain(t).replace("\n", "<br>") for _, t in ticks]
        out |= {
            "tickvals": [v for v, _ in ticks],
            "ticktext": [f"<i>{t}</i>" if axis.italic else t for t in text],
        }
    return out
