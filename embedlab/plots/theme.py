"""Colours, shapes, type sizes and page widths that every figure shares, on screen and in print."""

import numpy as np

from embedlab.plots.letters import lines

# Okabe and Ito (2008), without black: smallest CAM02-UCS difference 11 under full colour-vision deficiency.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#F0E442")
# Petroff (2021), nine of ten: the tenth is too close to the grey of missing values.
PETROFF = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581")
SHAPES = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "cross",
    "triangle-down",
    "x",
    "star",
    "pentagon",
    "hexagon",
    "triangle-left",
    "triangle-right",
)

BLUE, VERMILION, GREEN, ORANGE, PINK, SKY, YELLOW = OKABE_ITO
# Each of these tokens is one exact string: the page swaps it for its dark twin (DARK) by text.
INK, SOFT, FRAME, GRID = "#1c1c1c", "#595959", "#8c8c8c", "#ebebeb"
MISSING, CHANCE, CHANCE_FILL, NULL_BAR = "#d9d9d9", "#6e6e6e", "#e9e9e9", "#bfbfbf"
PAPER, WARM = "#ffffff", "#f7ccb5"
BLACK = "#000000"  # for words on a shade: one of black and white has a contrast of 4.5 with every colour
DARK = {
    INK: "#ececec",
    BLACK: "#ffffff",
    SOFT: "#b4b4b4",
    FRAME: "#7d7d7d",
    GRID: "#303338",
    MISSING: "#575b61",
    CHANCE: "#a6a6a6",
    CHANCE_FILL: "#2b2f35",
    NULL_BAR: "#5a6069",
    PAPER: "#16181b",
    WARM: "#4d2b1c",
    "#eef4f9": "#1b2733",
    "#bcd7ea": "#22475f",
    "#86b9da": "#2b6c99",
    "#3f8fc0": "#4f9dd0",
    "#0a5f99": "#93c9ec",
    "#083c63": "#d6ecfb",
    "#2f5083": "#5f8ac9",
    # Of the categories only the two that are too dark there: a lighter blue would be that of the sky (6 apart).
    "#bd1f01": "#c7280a",
    "#832db6": "#9340c4",
}
# Thin lines need more contrast than filled marks: 3:1 on white, and as far apart as the palettes.
LINES = (GREEN, PINK, VERMILION, BLUE)
# Light to dark in one hue, for counts: reads in grey and under every colour-vision deficiency.
COUNTS = ("#eef4f9", "#bcd7ea", "#86b9da", "#3f8fc0", "#0a5f99", "#083c63")

MM = 1 / 25.4  # inches
POINT = 0.3528  # mm: the unit of type sizes
PRESETS = {  # width in mm, scale of type and lines
    "nature-1col": (89.0, 1.0),
    "nature-2col": (183.0, 1.0),
    "neurips": (139.7, 1.15),
    "poster": (400.0, 3.0),
}
BASE, SMALL, TITLE = 7.0, 6.0, 8.0  # points at final size; journals ask for 5 to 7


def preset(name: str) -> tuple[float, float]:
    """Give the width in mm and the scale of type of a named page width."""
    if name not in PRESETS:
        raise ValueError(f"no preset called {name!r}: use one of {', '.join(PRESETS)}")
    return PRESETS[name]


def colours(k: int) -> tuple[str, ...]:
    """Give `k` colours that colour-blind readers can tell apart up to 9; beyond that only shapes differ."""
    if k <= len(OKABE_ITO):
        return OKABE_ITO[:k]
    return tuple(PETROFF[i % len(PETROFF)] for i in range(k))


def line_colours(k: int) -> tuple[str, ...]:
    """Give `k` colours for thin lines, of four that stand out on white; beyond that they repeat."""
    return tuple(LINES[i % len(LINES)] for i in range(k))


def shade(share: float) -> str:
    """Give the colour of a share from 0 to 1 on the scale of counts.

    >>> shade(0), shade(1), shade(0.5)
    ('#eef4f9', '#083c63', '#63a4cd')
    """
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in COUNTS], float)
    at = np.linspace(0, 1, len(COUNTS))
    return "#" + "".join(f"{round(float(np.interp(share, at, stops[:, i]))):02x}" for i in range(3))


def pale(colour: str) -> bool:
    """Tell whether a colour has a contrast under 3:1 on white (WCAG): such marks get a thin dark edge.

    >>> pale("#F0E442"), pale("#0072B2")
    (True, False)
    """
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) < 3


def edge(colour: str) -> str:
    """Give the colour of the thin line around a mark."""
    return SOFT if pale(colour) and colour not in (MISSING, NULL_BAR) else PAPER


def shapes(k: int) -> tuple[str, ...]:
    """Give `k` marker shapes, all different up to 12."""
    return tuple(SHAPES[i % len(SHAPES)] for i in range(k))


def font() -> str:
    """Name the sans-serif that print figures use: the first of four that this machine has."""
    from matplotlib import font_manager

    known = {f.name for f in font_manager.fontManager.ttflist}
    return next((f for f in ("Arial", "Helvetica", "Liberation Sans") if f in known), "DejaVu Sans")


def rc(scale: float = 1.0) -> dict:
    """Give the matplotlib settings of a print figure; `scale` multiplies type and lines."""
    return {
        "font.family": [font(), "sans-serif"],
        "font.size": BASE * scale,
        "axes.linewidth": 0.6 * scale,
        "axes.edgecolor": FRAME,
        "axes.labelcolor": INK,
        "axes.labelsize": BASE * scale,
        "axes.unicode_minus": True,
        "axes.axisbelow": True,
        "text.color": INK,
        "xtick.color": FRAME,
        "ytick.color": FRAME,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.labelsize": SMALL * scale,
        "ytick.labelsize": SMALL * scale,
        "xtick.major.size": 2.2 * scale,
        "ytick.major.size": 2.2 * scale,
        "xtick.major.width": 0.6 * scale,
        "ytick.major.width": 0.6 * scale,
        "xtick.minor.visible": False,
        "ytick.minor.visible": False,
        "xtick.major.pad": 2 * scale,
        "ytick.major.pad": 2 * scale,
        "lines.solid_capstyle": "butt",
        "pdf.fonttype": 42,
        "ps.fonttype": 42,
        "svg.fonttype": "none",
        "svg.hashsalt": "embedlab",
        "savefig.facecolor": PAPER,
        "figure.facecolor": PAPER,
    }


def template() -> dict:
    """Give the plotly layout that every screen figure starts from: no default colours, no grid."""
    return {
        "font": {
            "family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
            "size": 13,
            "color": INK,
        },
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": list(OKABE_ITO),
        "hoverlabel": {
            "bgcolor": PAPER,
            "bordercolor": FRAME,
            "font": {"color": INK, "size": 12},
            "align": "left",
        },
        "hovermode": "closest",
        "dragmode": False,
    }


CONFIG = {  # unpublished specimens must never be one click from an upload
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "displaylogo": False,
    "displayModeBar": False,
    "responsive": True,
}


def number(value: float, digits: int = 2, like: float | None = None) -> str:
    """Write a number for a reader: two significant digits or more, true minus, thousands set apart.

    `like` gives the number beside which it stands, and whose places it takes.

    >>> number(0.0412), number(-1.5), number(12345.6), number(float("nan")), number(-0.0007, like=0.43)
    ('0.041', '−1.5', '12,346', 'not known', '0.00')
    """
    if value is None or not np.isfinite(value):
        return "not known"
    size = abs(value if like is None or not np.isfinite(like) else like)
    places = 0 if size == 0 else min(6, max(0, digits - 1 - int(np.floor(np.log10(size)))))
    return f"{round(float(value), places) + 0.0:,.{places}f}".replace("-", "−")


def percent(value: float, like: float | None = None) -> str:
    """Write a share as a percentage, with one place where it, or the number it stands beside, is below ten.

    >>> percent(0.824), percent(0.0123), percent(-0.031)
    ('82\xa0%', '1.2\xa0%', '−3.1\xa0%')
    """
    if value is None or not np.isfinite(value):
        return "not known"
    small = abs(value if like is None or not np.isfinite(like) else like) < 0.0995
    return f"{round(100 * float(value), int(small)) + 0.0:.{int(small)}f}\u00a0%".replace("-", "−")


def p_words(p: float) -> str:
    """Write a p-value: `p = 0.012`, and `p < 0.001` below that; it does not break over lines.

    >>> p_words(0.0124), p_words(0.00002)
    ('p\xa0=\xa00.012', 'p\xa0<\xa00.001')
    """
    return "p\u00a0<\u00a00.001" if p < 0.001 else f"p\u00a0=\u00a0{p:.2g}"


def wrap(text: str, width_mm: float, points: float, bold: bool = False) -> list[str]:
    """Break a sentence into lines that fit `width_mm` at a type size in points."""
    return lines(text, width_mm / (points * POINT), bold)


def sentence_case(text: str) -> str:
    """Give the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def plain(text: str) -> str:
    """Make user text safe for plotly, which reads a few HTML tags in labels."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
