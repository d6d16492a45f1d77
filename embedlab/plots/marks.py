"""What a figure shows, before any backend draws it: marks in panels, each number once.

Both backends read the same `Picture`, so screen and print cannot disagree.
"""

from dataclasses import dataclass

import numpy as np

from embedlab.plots.theme import BLUE, CHANCE, CHANCE_FILL, INK, NULL_BAR

# An axis of shares longer than this has ticks at whole per cents; a shorter one may stand at 2.5 %, and must say so.
WHOLE_PERCENT = 0.16


@dataclass(frozen=True, kw_only=True, eq=False)
class Dots:
    """Points, with whiskers from `low` to `high` along `along` where given; `label` is what hover says.

    Points `under` all else are a cloud of chance: lines and other points are drawn over them.
    """

    x: np.ndarray
    y: np.ndarray
    label: tuple[str, ...] = ()
    colour: str = BLUE
    shape: str = "circle"
    size: float = 4.0
    hollow: bool = False
    alpha: float = 1.0
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    along: str = "x"
    under: bool = False
    key: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Path:
    """A line through points."""

    x: np.ndarray
    y: np.ndarray
    colour: str = BLUE
    dash: str = "solid"
    width: float = 1.2
    key: str = ""
    label: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """A filled stretch between `low` and `high` along x."""

    x: np.ndarray
    low: np.ndarray
    high: np.ndarray
    colour: str = CHANCE_FILL
    key: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Area:
    """A filled polygon through points, under all lines and points; `label` is what hover says."""

    x: np.ndarray
    y: np.ndarray
    colour: str = CHANCE_FILL
    key: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A band across the whole panel, from `low` to `high` on the axis `along`."""

    low: float
    high: float
    along: str = "x"
    colour: str = CHANCE_FILL
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A line across the whole panel at one value of the axis `along`; dotted is chance, everywhere."""

    at: float
    along: str = "x"
    dash: str = "dot"
    colour: str = CHANCE
    width: float = 1.0
    key: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Bars:
    """Bars standing side by side on `base`, from `left` to `right`."""

    left: np.ndarray
    right: np.ndarray
    height: np.ndarray
    base: float = 0.0
    colour: str = NULL_BAR
    key: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """A grid of counts; empty cells stay blank. With `span`, values between its ends, of which only nan is blank."""

    x_edges: np.ndarray
    y_edges: np.ndarray
    count: np.ndarray
    what: str = "pairs"
    span: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Thumbs:
    """Small photographs with their middles at points; `images` are encoded (PNG, JPEG, WebP), `size` mm across."""

    x: np.ndarray
    y: np.ndarray
    images: tuple[bytes, ...]
    label: tuple[str, ...] = ()
    size: float = 9.0
    colours: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Words:
    """A label that stands in the panel; `dy` lifts it by that many points; `loose` ones ask the panel for no room."""

    x: float
    y: float
    text: str
    colour: str = INK
    anchor: str = "left"
    italic: bool = False
    dx: float = 0.0
    dy: float = 0.0
    loose: bool = False


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A label, a range, and ticks where automatic ones do not serve. `shown=False` leaves only the label."""

    label: str = ""
    range: tuple[float, float] | None = None
    ticks: tuple[tuple[float, str], ...] | None = None
    log: bool = False
    percent: bool = False
    italic: bool = False
    shown: bool = True
    grid: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Marks on one pair of axes; `height` in mm at print size.

    `note` stands beside or under the title: n, and chance in words where no line can show it.
    With a `scene` (`plots.scene.Scene`) the marks are how one camera sees it, and a page draws the scene itself.
    A panel that stands `alone` has a row for itself.
    """

    marks: tuple
    x: Axis = Axis()
    y: Axis = Axis()
    title: str = ""
    note: str = ""
    height: float = 45.0
    equal: bool = False
    scene: object | None = None
    alone: bool = False


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A title in one short sentence, panels, and a line of numbers underneath. The caption stands apart.

    `columns` of panels where the page is wide, `narrow` where it is one column of a journal, or too narrow to give
    each of the columns `least` mm.
    """

    title: str
    panels: tuple[Panel, ...]
    foot: str = ""
    caption: str = ""
    columns: int = 1
    narrow: int = 1
    least: float = 0.0
    alt: str = ""

    @property
    def keys(self) -> dict:
        """What the key names: for each entry the first mark that carries it, in the order of the panels.

        Marks that look the same, such as dotted lines of chance in several panels, share one entry with all names.
        """
        found, names = {}, {}
        for panel in self.panels:
            for mark in panel.marks:
                if getattr(mark, "key", ""):
                    found.setdefault(_look(mark), mark)
                    names.setdefault(_look(mark), {})[mark.key] = None
        return {" / ".join(names[look]): mark for look, mark in found.items()}


def _look(mark) -> tuple:
    """What a swatch of the key shows of a mark."""
    match mark:
        case Dots():
            return ("dots", mark.colour, mark.shape, mark.hollow, mark.low is not None, mark.size < 3)
        case Path() | Rule():
            return ("line", mark.colour, mark.dash)
    return ("patch", getattr(mark, "colour", ""))


def n_of(count: int, unit: str) -> str:
    """Write how many there are, for the note of a panel; it does not break over lines.

    >>> n_of(1770, "pairs of species")
    'n\xa0=\xa01,770\xa0pairs of species'
    """
    return f"n\u00a0=\u00a0{count:,}\u00a0{unit}"


def array(values) -> np.ndarray:
    """Give float64 for drawing."""
    return np.asarray(values, dtype=float)


def padded(*values, pad: float = 0.06, include: tuple = ()) -> tuple[float, float]:
    """Give a range that holds every finite value, with room at both ends."""
    every = np.concatenate([np.ravel(array(v)) for v in (*values, include)])
    every = every[np.isfinite(every)]
    if not every.size:
        return 0.0, 1.0
    low, high = float(every.min()), float(every.max())
    room = pad * (high - low) if high > low else max(abs(high), 1.0) * 0.1
    return low - room, high + room


def log_ticks(span: tuple[float, float] | None) -> tuple[tuple[float, str], ...] | None:
    """Give ticks of a logarithmic axis at 1, 2, 5 or 1, 3 or 1 of each decade, three to seven of them."""
    if span is None:
        return None
    decades = np.log10(span[1] / span[0])
    steps = (1.0,) if decades > 2.6 else (1.0, 3.0) if decades > 1.3 else (1.0, 2.0, 5.0)
    powers = range(int(np.floor(np.log10(span[0]))), int(np.ceil(np.log10(span[1]))) + 1)
    values = [s * 10.0**p for p in powers for s in steps if span[0] <= s * 10.0**p <= span[1]]
    if len(values) > 7:
        values = values[:: len(values) // 4]
    return tuple((v, f"{v:,.6g}") for v in values)


def scale_ticks(x) -> tuple[tuple[float, str], ...] | None:
    """Give ticks at the scales that were run, when they are few enough to read: 480, 1,440, 38.88k.

    >>> scale_ticks(np.array([480.0, 38880.0, 480.0]))
    ((480.0, '480'), (38880.0, '38.88k'))
    """
    scales = sorted(set(x.tolist()))
    return tuple((s, _short(s)) for s in scales) if 2 <= len(scales) <= 6 else None


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= max(size, 10_000) or (value >= size and value % (size / 10) == 0):
            return f"{value / size:g}{letter}" if value / size >= 10 else f"{value / size:.3g}{letter}"
    return f"{value:,.6g}"
