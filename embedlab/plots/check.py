"""Is a figure fit to print? Sizes, lines, contrast, colours that all can tell apart, words in their places, fonts."""

from dataclasses import dataclass, field
from io import BytesIO

from embedlab.plots import colour_vision, drawable, lettering, print_figure
from embedlab.plots.theme import MISSING

SMALLEST_TEXT, THINNEST_LINE = 6.0, 0.5  # points at final size
TEXT_CONTRAST, MARK_CONTRAST = 4.5, 3.0  # WCAG 2, levels AA
LARGEST_FILE = 5_000_000  # bytes of the PDF; journals take 10 MB for a figure and less for all
HAIR = 0.05  # points that rounding may take


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was measured of a figure, and its faults: none is what one wants.

    Sizes in points at final size. `contrast_text` and `contrast_marks` are the lowest (1 to 21, WCAG 2); `colours` is
    the smallest CAM02-UCS distance, under four kinds of vision, of two keys that only colour tells apart (infinite
    where there are none). `bytes` and `fonts` are those of the PDF.
    """

    smallest_text: float
    thinnest_line: float
    contrast_text: float
    contrast_marks: float
    colours: float
    bytes: int
    fonts: tuple[str, ...]
    faults: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether there is no fault."""
        return not self.faults

    def __str__(self) -> str:
        alone = self.colours < float("inf")
        said = (
            f"text from {self.smallest_text:.1f} pt, lines from {self.thinnest_line:.2f} pt, contrast of text "
            f"{self.contrast_text:.1f} and of marks {self.contrast_marks:.1f}, "
            + (f"colours {self.colours:.0f} apart" if alone else "no two keys differ by colour alone")
            + (f", PDF {self.bytes / 1000:,.0f} kB" if self.bytes else "")
        )
        return f"fit to print: {said}" if self.ok else f"{len(self.faults)} faults ({said}):\n" + "\n".join(self.faults)


def check(figure, *, saved: bool = True) -> Checked:
    """Measure a matplotlib Figure, or a result as it is printed in one column, and name what is not fit to print.

    Text from 6 pt, lines from 0.5 pt, contrast of text from 4.5 and of lines and marks from 3, keys that differ by
    colour alone from 10 apart in CAM02-UCS under full colour-vision deficiency (`colour_vision`), no text clipped or
    over another, fonts embedded as TrueType, PDF up to 5 MB. The light grey of missing values is exempt from contrast:
    it is meant to stand back. `saved=False` spares the PDF, and with it fonts and bytes. A plotly figure is refused.
    """
    if drawable(figure):
        figure = print_figure(figure)
    if not hasattr(figure, "savefig") or not hasattr(figure, "findobj"):
        raise TypeError(
            f"check measures a figure for print, of matplotlib; saw {type(figure).__module__.partition('.')[0]}'s "
            f"{type(figure).__name__}: give the result itself, or embedlab.plots.print_figure(result)"
        )
    texts = lettering.texts(figure)
    lines, marks = _lines(figure), _marks(figure)
    pdf = _pdf(figure) if saved else b""
    fonts = _fonts(pdf)
    faults = [
        *(f"text of {t.size:.1f} pt: {t.words!r} ({SMALLEST_TEXT:g} or more)" for t in texts
          if t.size < SMALLEST_TEXT - HAIR),
        *(f"a line of {width:.2f} pt, {name} ({THINNEST_LINE} or more)" for name, width, _ in lines
          if width < THINNEST_LINE - HAIR / 5),
        *(f"text in {t.colour} has a contrast of {t.contrast:.1f}: {t.words!r} ({TEXT_CONTRAST} or more)"
          for t in texts if t.contrast < TEXT_CONTRAST),
        *(f"{name} in {colour} has a contrast of {colour_vision.contrast(colour):.1f} ({MARK_CONTRAST:g} or more)"
          for name, colour in marks if colour_vision.contrast(colour) < MARK_CONTRAST),
        *(f"outside the figure: {words!r}" for words in lettering.clipped(texts, figure)),
        *(f"one over the other: {a!r} and {b!r}" for a, b in lettering.overlapping(texts)),
    ]  # fmt: skip
    least = float("inf")
    for look, colours in _alike(figure).items():
        for label in colours.values():
            if "=" in label:
                least = 0.0
                faults.append(f"two keys look the same ({look}): {label}")
        for vision in colour_vision.VISIONS:
            apart, pair = colour_vision.nearest(sorted(set(colours)), vision)
            least = min(least, apart)
            if apart < colour_vision.ENOUGH:
                names = " and ".join(repr(colours[c]) for c in pair)
                faults.append(f"{names} differ by colour alone ({look}), {apart:.1f} apart under {vision}")
    if saved and (not fonts or any("TrueType" not in f for f in fonts)):
        faults.append(f"fonts of the PDF are {', '.join(fonts) or 'none'}: set pdf.fonttype to 42")
    if len(pdf) > LARGEST_FILE:
        faults.append(f"the PDF has {len(pdf) / 1e6:.1f} MB: rasterise the layer with the most points")
    return Checked(
        smallest_text=min((t.size for t in texts), default=float("inf")),
        thinnest_line=min((w for _, w, _ in lines), default=float("inf")),
        contrast_text=min((t.contrast for t in texts), default=21.0),
        contrast_marks=min((colour_vision.contrast(c) for _, c in marks), default=21.0),
        colours=least, bytes=len(pdf), fonts=fonts, faults=tuple(dict.fromkeys(faults)),
    )  # fmt: skip


def _hex(colour) -> str:
    from matplotlib.colors import to_hex

    return to_hex(colour)


def _drawn(figure, kind):
    """Every artist of a kind that a reader can see."""
    return [a for a in figure.findobj(kind) if a.get_visible() and a.get_alpha() != 0]


def _lines(figure) -> list[tuple[str, float, str]]:
    """Name, width in points and colour of every line that is drawn."""
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D
    from matplotlib.spines import Spine

    out = []
    for line in _drawn(figure, Line2D):
        name = line.get_gid() or ""
        if line.get_linestyle() not in ("None", "none", "", " ") and (len(line.get_xdata()) or name == ""):
            out.append((name or "a line", float(line.get_linewidth()), _hex(line.get_color())))
    for lines in _drawn(figure, LineCollection):
        out += [(lines.get_gid() or "lines", float(w), _hex(c))
                for w, c in zip(lines.get_linewidths(), lines.get_colors(), strict=False)]  # fmt: skip
    out += [("a frame", float(s.get_linewidth()), _hex(s.get_edgecolor())) for s in _drawn(figure, Spine)]
    return out


def _marks(figure) -> list[tuple[str, str]]:
    """Name and colour of whatever carries data as a line or a mark: of a mark, the darker of face and edge.

    Opaque: a see-through cloud is dark where many lie, and its single points are meant to be light.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    out = []
    for line in _drawn(figure, Line2D):
        name = line.get_gid()
        if not name or not len(line.get_xdata()):  # ticks and grids carry no gid of ours, nor data
            continue
        if line.get_linestyle() not in ("None", "none", "", " "):
            out.append((f"line {name}", _hex(line.get_color())))
        if line.get_marker() not in ("None", "none", "", " ", None):
            two = [_hex(c) for c in (line.get_markerfacecolor(), line.get_markeredgecolor())]
            if MISSING not in two:
                out.append((f"marks {name}", max(two, key=colour_vision.contrast)))
    for lines in _drawn(figure, LineCollection):
        if lines.get_gid():
            out += [(f"lines {lines.get_gid()}", _hex(c)) for c in lines.get_colors()]
    return out


def _alike(figure) -> dict[str, dict[str, str]]:
    """Keys of the legends that look the same but for their colour: look → colour → label."""
    from matplotlib.lines import Line2D

    found: dict[str, dict[str, str]] = {}
    for legend in lettering.legends(figure):
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
            if isinstance(handle, Line2D):
                marker = str(handle.get_marker())
                hollow = _hex(handle.get_markerfacecolor()) != _hex(handle.get_color())
                dashes = handle.get_linestyle()  # '--' for every pattern: which one, only the private name tells
                lined = f"line {getattr(handle, '_unscaled_dash_pattern', dashes)}" if dashes != "None" else "mark"
                small = " small" * (handle.get_markersize() < 3)
                look = f"{lined}, marker {marker}{' hollow' * hollow}{small * (marker != 'None')}"
                colour = _hex(handle.get_color())
            else:
                look, colour = "patch", _hex(handle.get_facecolor())
            label = text.get_text()
            same = found.setdefault(look, {}).setdefault(colour, label)
            if same != label:
                found[look][colour] = f"{same}={label}"
    return found


def _pdf(figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="pdf", metadata={"CreationDate": None})
    return buffer.getvalue()


def _fonts(pdf: bytes) -> tuple[str, ...]:
    """Kinds of font in a PDF, and whether each is embedded: what journals ask for is TrueType (Type 42)."""
    kinds = []
    if b"/Type3" in pdf:
        kinds.append("Type 3")
    if b"/FontFile2" in pdf:
        kinds.append("TrueType, embedded")
    if b"/BaseFont" in pdf and b"/FontFile" not in pdf:
        kinds.append("not embedded")
    return tuple(kinds)
