"""A `Picture` as a plotly figure for the screen, in a wide and a narrow arrangement."""

from dataclasses import replace

from embedlab.plots import marks as m
from embedlab.plots import scene, theme
from embedlab.plots.letters import lines as broken
from embedlab.plots.screen_layout import LEFT, PX, RIGHT, layout, side_room
from embedlab.plots.screen_marks import traces

WIDE, NARROW = 720, 330  # px that the two arrangements are meant for; the page chooses by the room there is
TITLE, FOOT = 16, 11  # px


def figure(picture: m.Picture):
    """Give a plotly Figure with its title, ready for a notebook."""
    import plotly.graph_objects as go

    parts = as_json(picture, legend=True)
    arranged = dict(parts["wide"])
    lines = broken(picture.title, (WIDE - LEFT - RIGHT) / TITLE)
    panels = [p for p in picture.panels if not p.scene] or picture.panels
    foot = broken(picture.foot, (WIDE - side_room(panels, _columns(picture)) - RIGHT) / FOOT)
    top, bottom = 24 * len(lines) + 12, 16 * len(foot) + 10
    margin = dict(arranged["margin"], t=arranged["margin"]["t"] + top, b=arranged["margin"]["b"] + bottom)
    arranged.update(
        height=arranged["height"] + top + bottom,
        width=WIDE,
        margin=margin,
        title={
            "text": "<br>".join(map(theme.plain, lines)),
            "x": LEFT / WIDE,
            "xref": "container",
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 14},
            "font": {"size": TITLE},
        },
    )
    arranged["annotations"] = [
        *arranged["annotations"],
        {
            "text": "<br>".join(map(theme.plain, foot)),
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": 0,
            "yref": "paper",
            "yanchor": "bottom",
            "yshift": -margin["b"] + 6,
            "showarrow": False,
            "align": "left",
            "font": {"size": FOOT, "color": theme.SOFT},
        },
    ]
    return go.Figure(data=parts["data"], layout=arranged)


def as_json(picture: m.Picture, legend: bool = False) -> dict:
    """Give `{data, wide, narrow, scenes}`: one list of traces and two plotly layouts, as plain JSON values.

    Pages write the legend as HTML, which wraps as text does; `legend` asks plotly for its own. Pages also turn scenes
    in three dimensions on a canvas of their own; with `legend` they stand among the panels as one camera sees them.
    """
    data, keys, scenes = [], set(), []
    if not legend:
        scenes = [scene.as_json(p.scene) for p in picture.panels if p.scene]
        picture = replace(picture, panels=tuple(p for p in picture.panels if not p.scene))
    for index, panel in enumerate(picture.panels):
        for number, mark in enumerate(panel.marks):
            data += [_placed(t, index, number, keys) for t in traces(mark)]
    names = [t["name"] for t in data if t.get("showlegend")] if legend else []
    return {
        "data": data,
        "wide": layout(picture, names, _columns(picture), WIDE),
        "narrow": layout(picture, names, 1, NARROW),
        "scenes": scenes,
    }


def _columns(picture: m.Picture) -> int:
    """How many panels stand in a row of the wide arrangement."""
    room = (WIDE - side_room(picture.panels, picture.columns) - RIGHT) / PX
    return picture.columns if room >= picture.columns * picture.least else picture.narrow


def _placed(trace: dict, index: int, number: int, keys: set) -> dict:
    suffix = "" if index == 0 else str(index + 1)
    key = trace.get("name", "")
    trace |= {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "showlegend": bool(key) and key not in keys}
    trace["meta"] = f"{index}-{number}"
    if key:
        trace["legendgroup"] = key
        keys.add(key)
    return trace
