"""What a figure shows, before any backend draws it: marks in panels, each number once.

Both backends read the same `Picture`, so screen and print cannot disagree.
"""

from dataclasses import dataclass, field

import numpy as np

from embedlab.plots.theme import BLUE, CHANCE, CHANCE_FILL, INK, NULL_BAR, number, p_words, percent


@dataclass(frozen=True, kw_only=True, eq=False)
class Dots:
    """Points, with whiskers from `low` to `high` along `along` where given; `label` is what hover says."""

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
    """A grid of counts; empty cells stay blank."""

    x_edges: np.ndarray
    y_edges: np.ndarray
    count: np.ndarray
    what: str = "pairs"


@dataclass(frozen=True, kw_only=True)
class Words:
    """A label that stands in the panel; `dy` lifts it by that many points."""

    x: float
    y: float
    text: str
    colour: str = INK
    anchor: str = "left"
    italic: bool = False
    dx: float = 0.0
    dy: float = 0.0


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
    """Marks on one pair of axes; `height` in mm at print size."""

    marks: tuple
    x: Axis = Axis()
    y: Axis = Axis()
    title: str = ""
    height: float = 45.0
    equal: bool = False


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A title in one short sentence, panels, and a line of numbers underneath. The caption stands apart."""

    title: str
    panels: tuple[Panel, ...]
    foot: str = ""
    caption: str = ""
    columns: int = 1
    alt: str = field(default="")


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


def core(null) -> tuple[float, float, int]:
    """Give the range of a null that is worth drawing, and how many draws lie beyond it.

    All of it, unless single draws stretch it to more than twice the range of the middle 99 %.
    """
    null = array(null)
    null = null[np.isfinite(null)]
    if not null.size:
        return np.nan, np.nan, 0
    low, high = np.quantile(null, [0.005, 0.995])
    if np.ptp(null) <= 2 * (high - low):
        return float(null.min()), float(null.max()), 0
    return float(low), float(high), int(((null < low) | (null > high)).sum())


def beyond(count: int, total: int) -> str:
    """Say how many draws the frame leaves out; nothing when it holds all."""
    return f" ({count} of {total} draws lie beyond)" if count else ""


def histogram(null, bins: int = 36) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bin the core of a null for drawing: left and right edges, and heights scaled to a tallest bar of 1."""
    null = array(null)
    null = null[np.isfinite(null)]
    low, high, _ = core(null)
    null = null[(null >= low) & (null <= high)]
    if not null.size:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    if np.ptp(null) == 0:
        return null[:1] - 1e-6, null[:1] + 1e-6, np.ones(1)
    count, edges = np.histogram(null, bins=int(np.clip(np.sqrt(null.size) * 1.5, 8, bins)))
    return edges[:-1], edges[1:], count / count.max()


def chance_panel(
    evidence,
    label: str,
    *,
    as_percent: bool = False,
    height: float = 20.0,
    title: str = "",
    include: tuple = (),
) -> Panel:
    """Draw the estimate with its interval over what chance gave."""
    chance, (low, high) = evidence.chance, evidence.interval
    left, right, tall = histogram(evidence.null)
    write = percent if as_percent else number
    marks = []
    if chance["mean"] is not None:
        marks += [
            Span(low=chance["low"], high=chance["high"], key="chance, 95 %"),
            Bars(left=left, right=right, height=tall * 0.62, key="each shuffle"),
            Rule(at=chance["mean"], key="chance, mean"),
        ]
    said = f"{write(evidence.estimate)} (95 % interval {write(low)} to {write(high)})"
    marks.append(
        Dots(
            x=array([evidence.estimate]),
            y=array([0.82]),
            low=array([low]),
            high=array([high]),
            size=5.5,
            shape="diamond",
            label=(said,),
            key="estimate, 95 % interval",
        )
    )
    first, last, out = core(evidence.null)
    ends = [v for v in (chance["low"], chance["high"]) if v is not None]
    span = padded([first, last, low, high, evidence.estimate], ends, include=include)
    label += beyond(out, len(evidence.null)) if label else ""
    return Panel(
        marks=tuple(marks),
        title=title,
        height=height,
        x=Axis(label=label, range=span, percent=as_percent),
        y=Axis(range=(0, 1.1), shown=False),
    )


def size(evidence) -> float:
    """Give the size that decides the places of all numbers of an evidence: its estimate, or its interval if wider."""
    low, high = evidence.interval
    half = (high - low) / 2
    return max(abs(evidence.estimate), half if np.isfinite(half) else 0.0)


def told(evidence, *, as_percent: bool = False) -> str:
    """Write the estimate with the places that its interval allows."""
    return (percent if as_percent else number)(evidence.estimate, like=size(evidence))


def beside(evidence, *, as_percent: bool = False) -> str:
    """Write the mean of chance with the places of the estimate, so that the two can be read together."""
    return (percent if as_percent else number)(evidence.chance["mean"], like=size(evidence))


def foot(evidence, *, as_percent: bool = False) -> str:
    """Say n, estimate, interval, chance and p in one line."""
    write = percent if as_percent else number
    like = size(evidence)
    low, high = (write(v, like=like) for v in evidence.interval)
    chance = evidence.chance
    parts = [
        f"n\u00a0=\u00a0{evidence.n:,}\u00a0{evidence.unit}",
        f"estimate {told(evidence, as_percent=as_percent)} ({low} to {high})",
    ]
    if chance["mean"] is None:
        parts.append("chance not known")
    else:
        low, high = (write(chance[k], like=like) for k in ("low", "high"))
        kind = chance["kind"].split(":")[0]  # what follows the colon stands in the caption
        parts.append(f"chance {beside(evidence, as_percent=as_percent)} ({low} to {high}; {kind})")
    if evidence.cannot_tell:
        parts.append("these data cannot decide")
    else:
        parts.append(f"{p_words(evidence.p_more)} for more than chance")
    return "\u00a0· ".join(parts)


def sentence_case(text: str) -> str:
    """Give the text with a capital first letter."""
    return text[:1].upper() + text[1:]
