"""An estimate beside what chance gives: as a panel, and as words with the places that its interval allows."""

import numpy as np

from embedlab.plots.marks import Axis, Bars, Dots, Panel, Rule, Span, array, n_of, padded
from embedlab.plots.theme import number, p_words, percent


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
            Bars(left=left, right=right, height=tall * 0.62, key="each draw of chance"),
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
        note=n_of(evidence.n, evidence.unit),
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
