"""A `Picture` as a matplotlib figure for print: exact widths, embedded fonts, no pyplot."""

import math
from itertools import groupby

from embedlab.plots import marks as m
from embedlab.plots import theme
from embedlab.plots.heading import heading
from embedlab.plots.letters import em
from embedlab.plots.paper_marks import draw_mark, handle, literal
from embedlab.plots.rows import Row, rows

WIDE = 120.0  # mm at the type size of a journal: a page of more has a picture's `columns`
KEY_LINE = 3.0  # mm from one line of the key to the next
NOTE, TITLE = theme.SMALL * theme.POINT, theme.BASE * theme.POINT  # mm: type sizes of a note and of a panel's title
NOTE_LINE, TITLE_LINE = 1.2 * theme.SMALL, 1.25 * theme.BASE  # points from line to line


def figure(picture: m.Picture, preset: str = "nature-1col"):
    """Give a matplotlib Figure as wide as the preset and as high as its panels ask."""
    import matplotlib

    from embedlab.plots.printed import Printed

    width, scale = theme.preset(preset)
    columns = picture.columns if width / scale > max(WIDE, picture.columns * picture.least) else picture.narrow
    parts = _heights(picture, width, scale, columns)
    with matplotlib.rc_context(theme.rc(scale)):
        fig = Printed(figsize=(width * theme.MM, sum(parts) * theme.MM), dpi=150)
        fig.scale = scale
        draw_on(fig, picture, scale=scale, columns=columns)
        _settle(fig)
    return fig


def _settle(fig) -> None:
    """Keep the places that the layout found, to four digits: its solver's last ones differ between runs."""
    fig.draw_without_rendering()
    fig.set_layout_engine("none")
    for sub in fig.subfigs:
        for ax in sub.axes:
            ax.set_position([round(float(v), 4) for v in ax.get_position(original=True).bounds])


def draw_on(fig, picture: m.Picture, *, scale: float = 1.0, columns: int = 1):
    """Draw on the caller's Figure, in its own size: title and keys, panels, one line of numbers."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    width = fig.get_figwidth() / theme.MM
    head, body, tail = _heights(picture, width, scale, columns)
    with matplotlib.rc_context(theme.rc(scale)):
        if type(fig.canvas).__name__ == "FigureCanvasBase":
            FigureCanvasAgg(fig)
        fig.set_layout_engine("constrained", w_pad=0.055 * scale, h_pad=0.02 * scale, wspace=0.02, hspace=0.03)
        top, middle, bottom = fig.subfigures(3, 1, height_ratios=[head, body, max(tail, 0.1)])
        for part in (top, middle, bottom):
            part.patch.set_visible(False)  # an empty frame, whose edge at 0 is sometimes written as −0
        _head(top, picture, width, scale, head)
        for index, place in _places(middle, picture, width / scale, columns):
            room = _room(picture, index, width / scale, columns)
            _panel(middle.add_subplot(place), picture.panels[index], index, scale, room)
        lines = theme.wrap(picture.foot, width - 3, theme.SMALL * scale) if picture.foot else []
        bottom.text(
            1.5 / width,
            0.98,
            literal("\n".join(lines)),
            fontsize=theme.SMALL * scale,
            color=theme.SOFT,
            va="top",
            ha="left",
            linespacing=1.25,
        )
    return fig


def _bare(picture: m.Picture, row: Row) -> bool:
    """Whether a row's panels have no axes, as maps and scenes: it then begins where the figure does."""
    return not any(axis.shown or picture.panels[i].y.label for i in row for axis in _axes(picture.panels[i]))


def _axes(panel: m.Panel) -> tuple[m.Axis, m.Axis]:
    return panel.x, panel.y


def _blocks(picture: m.Picture, columns: int) -> list[list[Row]]:
    """Rows that share their left edges: those with something at their left, and bare ones, as they follow."""
    return [list(every) for _, every in groupby(rows(picture.panels, columns), key=lambda row: _bare(picture, row))]


def _places(fig, picture: m.Picture, width: float, columns: int):
    """Give each panel's number with its place on a grid of the cells that the rows have."""
    blocks = _blocks(picture, columns)
    tall = [sum(_row_height(picture, row, width, columns) for row in block) for block in blocks]
    outer = fig.add_gridspec(len(blocks), 1, height_ratios=tall)
    for b, block in enumerate(blocks):
        many = math.lcm(*(row.cells for row in block))
        # the layout shares out what is left of the block among the axes alone: theirs are the heights that count
        own = [max(picture.panels[i].height for i in row) for row in block]
        grid = outer[b].subgridspec(len(block), many, height_ratios=own)
        for r, row in enumerate(block):
            span = many // row.cells
            for c, index in enumerate(row):
                yield index, grid[r, c * span : (c + 1) * span]


def _row_height(picture: m.Picture, row, width: float, columns: int) -> float:
    """Height of a row in mm: its tallest panel, and what the words of any of them take above and below."""

    def words(i: int) -> tuple[float, float, float]:
        panel, room = picture.panels[i], _room(picture, i, width, columns)
        head = _heading(panel, room)
        above = TITLE_LINE * len(head.title) + NOTE_LINE * len(head.below)
        ticks = max((text.count("\n") + 1 for _, text in panel.x.ticks or ()), default=1) * panel.x.shown
        label = len(_label(panel, room, 1.0)) if panel.x.label else 0
        below = 4.2 * panel.x.shown + 1.2 * theme.SMALL * ticks + 4.0 * bool(label) + 1.1 * theme.BASE * label
        return theme.POINT * above + 1.0 * bool(above), panel.height, theme.POINT * below

    return 1.3 + sum(map(max, zip(*map(words, row), strict=True)))


def _room(picture: m.Picture, index: int, width: float, columns: int) -> float:
    """Width of a panel's axes in mm, about: panels below each other have one left edge."""
    block = next(block for block in _blocks(picture, columns) if any(index in row for row in block))
    mine = next(row for row in block if index in row)
    below = [i for row in block for i in row if row.share(i) == mine.share(index)]
    return width / mine.cells - max(_left(picture.panels[i]) for i in below) - 3


def _heading(panel: m.Panel, room: float):
    return heading(panel.title, panel.note, room, bold=TITLE, small=NOTE, apart=panel.equal)


def _left(panel: m.Panel) -> float:
    """Room in mm that tick labels and the title of the y axis take, about."""
    if not panel.y.shown:
        return 4.0 * bool(panel.y.label)
    longest = max((em(t) for _, t in panel.y.ticks or ()), default=3.0)
    return 2.0 + NOTE * longest + 4.0 * bool(panel.y.label)


def _heights(picture: m.Picture, width: float, scale: float, columns: int) -> tuple[float, float, float]:
    title = len(_title(picture, width, scale)) * theme.TITLE * theme.POINT * 1.25 * scale
    keys = KEY_LINE * len(_key_lines(picture.keys, width, scale)) * scale
    body = sum(_row_height(picture, r, width / scale, columns) for r in rows(picture.panels, columns)) * scale
    lines = len(theme.wrap(picture.foot, width - 3, theme.SMALL * scale)) if picture.foot else 0
    return title + keys + 2.2 * scale, body, (lines * theme.SMALL * theme.POINT * 1.3 + 1.2) * scale


def _title(picture: m.Picture, width: float, scale: float) -> list[str]:
    return theme.wrap(picture.title, width - 3, theme.TITLE * scale, bold=True) if picture.title else []


def _key_lines(keys, width: float, scale: float) -> list[list[str]]:
    """Break the key into lines as text is broken: as many entries in a line as fit."""
    lines, used = [], math.inf
    for key in keys:
        room = (em(key) * theme.SMALL * theme.POINT + 7.2) * scale
        if used + room > width - 3:
            lines.append([])
            used = 0.0
        lines[-1].append(key)
        used += room
    return lines


def _head(fig, picture: m.Picture, width: float, scale: float, height: float) -> None:
    fig.text(
        1.5 / width,
        1 - 1.2 * scale / height,
        literal("\n".join(_title(picture, width, scale))),
        fontsize=theme.TITLE * scale,
        fontweight="bold",
        va="top",
        ha="left",
        linespacing=1.2,
    )
    keys = picture.keys
    lines = _key_lines(keys, width, scale)
    for above, line in enumerate(reversed(lines)):
        fig.legend(
            [handle(keys[key], scale) for key in line],
            [literal(key) for key in line],
            loc="lower left",
            bbox_to_anchor=(0.9 / width, above * KEY_LINE * scale / height),
            ncols=len(line),
            frameon=False,
            fontsize=theme.SMALL * scale,
            handlelength=1.6,
            handletextpad=0.5,
            columnspacing=1.2,
            borderpad=0.1,
            borderaxespad=0.1,
        )


def _panel(ax, panel: m.Panel, index: int, scale: float, room: float) -> None:
    if panel.x.log:
        ax.set_xscale("log")
    if panel.y.log:
        ax.set_yscale("log")
    for number, mark in enumerate(panel.marks):
        draw_mark(ax, mark, f"{index}-{number}", scale)
    type_size = theme.BASE * scale
    free = panel.equal and not (panel.x.range and panel.y.range)
    _axis(ax.xaxis, panel.x, None if free else ax.set_xlim, most=6 if room > 42 else 4)
    _axis(ax.yaxis, panel.y, None if free else ax.set_ylim)
    ax.set_xlabel(literal("\n".join(_label(panel, room, scale))), linespacing=1.1)
    ax.set_ylabel(literal("\n".join(theme.wrap(panel.y.label, panel.height * scale, type_size))), linespacing=1.1)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines["left"].set_visible(panel.y.shown)
    ax.spines["bottom"].set_visible(panel.x.shown)
    if panel.equal:
        # Where both ranges are given the panel shrinks to them, as scenes do, which share one scale.
        ax.set_aspect("equal", adjustable="datalim" if free else "box")
        ax.set_anchor("NW")  # under its title, which begins where the axes do
        if free:
            ax.margins(0.04)
    _over(ax, _heading(panel, room), scale)


def _label(panel: m.Panel, room: float, scale: float) -> list[str]:
    """Break the name of the x axis: centred under the axes it may be wider than they, as far as the margins go."""
    across = 0.86 * room if panel.equal else room + 3  # axes of one scale may end up narrower than their room
    return theme.wrap(panel.x.label, across * scale, theme.BASE * scale)


def _over(ax, head, scale: float) -> None:
    """Write title and note over a panel, the note in small grey type."""
    if head.note:
        place, side = ((1, 1), "right") if head.beside else ((0, 1), "left")
        ax.annotate(literal("\n".join(head.note)), place, xycoords="axes fraction", xytext=(0, 3 * scale),
                    textcoords="offset points", ha=side, va="baseline", fontsize=theme.SMALL * scale,
                    color=theme.SOFT, annotation_clip=False)  # fmt: skip
    if head.title:
        ax.set_title(literal("\n".join(head.title)), loc="left", fontsize=theme.BASE * scale, fontweight="bold",
                     pad=(3 + NOTE_LINE * len(head.below)) * scale)  # fmt: skip


def _axis(axis, spec: m.Axis, limits, most: int = 6) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    ticks = m.log_ticks(spec.range) if spec.log and spec.ticks is None else spec.ticks
    wide = spec.range is None or spec.range[1] - spec.range[0] > m.WHOLE_PERCENT
    if not spec.shown:
        axis.set_ticks([])
        axis.set_minor_locator(NullLocator())
    elif ticks is not None:
        style = {"fontstyle": "italic"} if spec.italic else {}
        axis.set_ticks([v for v, _ in ticks], [literal(t) for _, t in ticks], **style)
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
        if spec.percent:
            axis.set_major_formatter(
                FuncFormatter(lambda v, _: f"{100 * v:.{0 if wide else 1}f}\u00a0%".replace("-", "−"))
            )
    if spec.range is not None and limits is not None:
        limits(*spec.range)
    if spec.grid:
        axis.grid(True, color=theme.GRID, linewidth=0.5)
