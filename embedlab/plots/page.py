"""Standalone HTML: one file, no network, its own security policy, readable with JavaScript off.

User text enters escaped, data as JSON in which every `<` is written `\\u003c`, so that nothing in a
table or a label can end a script or begin a tag.
"""

import base64
import html
import json
import math
import re
from functools import cache
from importlib import resources

from embedlab.plots import marks, theme
from embedlab.plots.images import images
from embedlab.plots.marks import Picture
from embedlab.plots.scene_page import scenes_html
from embedlab.plots.screen import as_json
from embedlab.plots.typography import begun, typeset

SHAPES = {  # in a box of 22 × 14
    "circle": "M7.5 7a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "square": "M8 4h6v6h-6z",
    "diamond": "M11 2.5L15.5 7L11 11.5L6.5 7z",
    "triangle-up": "M11 3L15 10.5H7z",
    "triangle-down": "M11 11L15 3.5H7z",
    "tick": "M11 2V12",
    "dash": "M5 7H17",
    "cross": "M9.7 3h2.6v2.7H15v2.6h-2.7V11H9.7V8.3H7V5.7h2.7z",
    "x": "M7.5 3.5L14.5 10.5M14.5 3.5L7.5 10.5",
    "star": "M11 2.5l1.4 3 3.3.3-2.5 2.2.8 3.2-3-1.7-3 1.7.8-3.2-2.5-2.2 3.3-.3z",
    "pentagon": "M11 3l4 3-1.5 4.7h-5L7 6z",
    "hexagon": "M11 2.8l3.7 2.1v4.2L11 11.2 7.3 9.1V4.9z",
    "triangle-left": "M7 7l7.5-4v8z",
    "triangle-right": "M15 7L7.5 3v8z",
}

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)
MOST_ROWS = 60  # of a table shown on the page; the rest is in the download, and the page says so
MOST_LISTED = 4  # models or keys at the foot of a page that are spelt out at once
MOST_CSV = 20_000  # rows that a page carries for the download


@cache
def asset(name: str) -> str:
    """Give a template, style or script that travels with the package."""
    return resources.files("embedlab.plots").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def plotly_js() -> str:
    """Give plotly.js, 4.8 MB, as it comes with the plotly package."""
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


def text(value) -> str:
    """Escape user text for HTML, in elements and attributes alike."""
    return html.escape(str(value), quote=True)


def _finite(value):
    """The same with every NaN and infinity as None: JSON knows neither, and plotly leaves a gap for null."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def data(name: str, value) -> str:
    """Give a JSON block that scripts of the page read by its id; nothing in it can end the script."""
    packed = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str)
    for character in "<>&\u2028\u2029":
        packed = packed.replace(character, f"\\u{ord(character):04x}")
    return f'<script type="application/json" id="{text(name)}">{packed}</script>'


def shell(
    title: str,
    body: str,
    *,
    blocks: str,
    scripts: tuple[str, ...],
    nav: str = "",
    figures: bool = True,
    style: str = "",
    policy: str = "",
) -> str:
    """Give the whole page around a body.

    Without `figures` it carries no plotly. `style` is added to the page's own; `policy` stands in place of the page's
    security policy, which admits no network and no `unsafe-eval`.
    """
    code = (*((plotly_js(), asset("figures.js")) if figures else ()), *scripts)
    if 'data-el="scene"' in body:
        code = (*code, asset("scene.js"), asset("walk.js"))
    parts = {
        "POLICY": policy or POLICY,
        "TITLE": text(title),
        "STYLE": asset("page.css") + style,
        "NAV": nav,
        "BODY": body,
        "DATA": blocks + (data("theme", {"dark": theme.DARK, "config": theme.CONFIG}) if figures else ""),
        "CODE": "\n".join(f"<script>{source}</script>" for source in code),
    }
    # in one pass: a species called @@CODE@@ is not filled in turn
    return re.sub("@@([A-Z]+)@@", lambda found: parts[found[1]], asset("page.html"))


def figure_html(
    picture: Picture,
    number: int,
    provenance: dict,
    *,
    table: int | None = None,
    name: str = "",
    heading: bool = True,
) -> str:
    """Give the place of a figure: title, key, an empty plot, a still image without scripts, caption."""
    above = f'<p class="eyebrow">{text(name)}</p>' if name else ""
    above += f"<h3>{text(picture.title)}</h3>" if heading else ""
    button = (
        ""
        if table is None
        else f'<button type="button" class="js" data-el="download-table" data-table="{table}">'
        "Download the numbers (CSV)</button>"
    )
    parts = as_json(picture)
    room = f"--wide:{parts['wide']['height']}px;--narrow:{parts['narrow']['height']}px"
    return (
        f'<figure class="figure" data-el="figure" aria-label="{text(picture.title)}">'
        f"{above}{keys_html(picture)}{scenes_html(picture, number)}"
        f'<div class="plot" data-el="plot" data-figure="{number}" role="img" '
        f'aria-label="{text(picture.alt or picture.title)}" style="{room}"></div>'
        f"<noscript>{still_html(picture, provenance)}</noscript>"
        f'<p class="foot">{text(picture.foot)}</p><figcaption>{text(begun(typeset(picture.caption)))} '
        f"{button}</figcaption></figure>"
    )


def still_html(picture: Picture, provenance: dict) -> str:
    """Give the image that stands in for a figure where no script runs; the page says its title and numbers."""
    image = images(picture, provenance, kinds=("svg",), bare=True)["svg"]
    source = f"data:image/svg+xml;base64,{base64.b64encode(image).decode()}"
    return f'<img class="still" alt="{text(picture.alt or picture.title)}" src="{source}">'


def keys_html(picture: Picture) -> str:
    """Give the legend as a list that wraps like text, each entry once."""
    items = "".join(f"<li>{_swatch(mark)}{text(key)}</li>" for key, mark in picture.keys.items())
    return f'<ul class="keys" aria-label="Key">{items}</ul>' if items else ""


def _swatch(mark) -> str:
    colour = mark.colour
    tint = f"--c:{colour};--d:{theme.DARK.get(colour, colour)}"
    if isinstance(mark, marks.Dots):
        line = '<path d="M1 7H21" stroke="currentColor" stroke-width="1.6"/>' if mark.low is not None else ""
        fill = "none" if mark.hollow else "currentColor"
        inner = f'{line}<path d="{SHAPES.get(mark.shape, SHAPES["circle"])}" fill="{fill}" stroke="currentColor"/>'
    elif isinstance(mark, marks.Path | marks.Rule):
        dash = {"dot": "1.5 2.6", "dash": "5 3", "solid": "none"}[mark.dash]
        inner = f'<path d="M1 7H21" stroke="currentColor" stroke-width="1.8" stroke-dasharray="{dash}"/>'
    else:
        inner = '<rect x="4" y="1" width="14" height="12" fill="currentColor"/>'
    return f'<svg viewBox="0 0 22 14" width="22" height="14" aria-hidden="true" style="{tint}">{inner}</svg>'


def table_html(frame, caption: str, *, rows: int = MOST_ROWS) -> str:
    """Give a table of at most `rows` rows; when there are more, it says how many."""
    head = "".join(f'<th scope="col">{text(c.replace("_", " "))}</th>' for c in frame.columns)
    numeric = [d.is_numeric() for d in frame.dtypes]
    lines = []
    for row in frame.head(rows).iter_rows():
        cells = (
            f'<td class="n">{_number(v)}</td>' if n else f"<td>{_word(v)}</td>"
            for v, n in zip(row, numeric, strict=True)
        )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    cut = (
        f"<p class='note'>The first {rows} of {frame.height:,} rows; the download holds more.</p>"
        if frame.height > rows
        else ""
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}"><table><caption>'
        f"{text(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>{cut}"
    )


def csv_of(frame) -> str:
    """Give the rows that the page carries for the download; a last line says what is missing, if anything."""
    if frame.height <= MOST_CSV:
        return frame.write_csv()
    return frame.head(MOST_CSV).write_csv() + f"# the first {MOST_CSV} of {frame.height} rows\n"


def provenance_html(provenance: dict) -> str:
    """Give a list of what made the page: cards, versions, seed, command."""
    items = "".join(f"<dt>{text(k.replace('_', ' '))}</dt><dd>{_value(v)}</dd>" for k, v in provenance.items())
    return f'<dl class="provenance" data-el="provenance">{items}</dl>' if items else ""


def figure_page(picture: Picture, provenance: dict, *, table, sentence: str = "") -> str:
    """Give one figure as a page of its own, with its table and provenance."""
    body = (
        f"<main id='main'><h1>{text(picture.title)}</h1><p class='lead'>{text(begun(typeset(sentence)))}</p>"
        f"{figure_html(picture, 0, provenance, table=0, heading=False)}"
        f"<details><summary>The numbers</summary>{table_html(table, 'The numbers of this figure')}</details>"
        "</main>"
        f"<footer>{provenance_html(provenance)}</footer>"
    )
    blocks = data("figures", [as_json(picture)]) + data("tables", [{"name": "figure", "csv": csv_of(table)}])
    return shell(picture.title, body, blocks=blocks, scripts=())


def _value(value) -> str:
    if isinstance(value, dict):
        return "<br>".join(f"{text(k)} <code>{text(v)}</code>" for k, v in value.items())
    if isinstance(value, list | tuple):
        if not value:
            return "nothing"
        every = "<br>".join(_value(v) if isinstance(v, dict) else f"<code>{text(v)}</code>" for v in value)
        few = len(value) <= MOST_LISTED
        return every if few else f"<details><summary>all {len(value)}</summary>{every}</details>"
    return f"<code>{text(value)}</code>"


def _number(value) -> str:
    if value is None or value != value:
        return '<span class="missing">not known</span>'
    return theme.number(value, 4) if isinstance(value, float) else f"{value:,}"


def _word(value) -> str:
    if value is None:
        return '<span class="missing">not recorded</span>'
    return text(value)
