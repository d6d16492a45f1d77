"""Trained models beside their controls, and the gap to each: the zero line is the control."""

import numpy as np

from embedlab.plots.chance import told
from embedlab.plots.marks import Axis, Dots, Panel, Picture, Rule, Span, array, n_of, padded
from embedlab.plots.theme import BLUE, FRAME, VERMILION, number, sentence_case


def picture(result) -> Picture:
    """Lay out the runs and each control over chance, and below the gaps with their intervals beside zero."""
    measure = result.measure.split(" (")[0].split(", mean over")[0].replace("_", " ")
    sure = [g for g in result.gaps.values() if not g.evidence.cannot_tell]
    silent = len(result.gaps) - len(sure)
    runs = f"{len(result.runs)} run{'s' * (len(result.runs) > 1)}"
    who = f"{len(result.species):,}\u00a0species, {runs} at the largest scale, {len(result.gaps)} controls"
    return Picture(
        title=_title(sure, measure),
        panels=(_values(result, measure), *([_gaps(result)] if sure else [])),
        foot=f"n\u00a0=\u00a0{who}" + (f" · {silent} cannot be compared" if silent else ""),
        caption=result.caption,
        alt=f"{result.measure} of {runs} and of {', '.join(result.gaps)}, and the gaps between them.",
    )


def _title(sure, measure: str) -> str:
    """Tell the gap to the control that comes nearest: what training has to be measured by."""
    if not sure:
        return f"{sentence_case(measure)}: no control can be compared"
    least = min(sure, key=lambda g: g.evidence.estimate)
    e = least.evidence
    low, high = e.interval
    way = "more than" if low > 0 else "less than" if high < 0 else "no clear difference from"
    by = told(e) if low <= 0 <= high or not np.isfinite(low) else told(e).lstrip("−")
    return f"{sentence_case(measure)}: {by}, {way} {least.control}, the strongest control; 0 is no gain"


def _values(result, measure: str) -> Panel:
    middle, low, high = result.chance
    marks = []
    if np.isfinite(middle):
        marks += [Span(low=low, high=high, key="chance, 95 %"), Rule(at=middle, key="chance, mean")]
    own = array(result.values)
    spread = np.linspace(-0.24, 0.24, own.size) if own.size > 1 else np.zeros(1)
    marks.append(
        Dots(
            x=own,
            y=spread,
            low=array(result.low),
            high=array(result.high),
            size=4,
            colour=BLUE,
            label=tuple(f"{run}\n{number(v)}" for run, v in zip(result.runs, own, strict=True)),
            key="one run, 95 % interval",
        )
    )
    told_ones = [(-k, g) for k, g in enumerate(result.gaps.values(), start=1) if np.isfinite(g.value)]
    if told_ones:
        value = array([g.value for _, g in told_ones])
        ends = array([g.interval for _, g in told_ones])
        marks.append(
            Dots(
                x=value,
                y=array([at for at, _ in told_ones]),
                low=ends[:, 0],
                high=ends[:, 1],
                size=4.4,
                shape="square",
                colour=FRAME,
                label=tuple(f"{g.control} {number(g.value)}" for _, g in told_ones),
                key="control, 95 % interval",
            )
        )
    every = [own, result.low, result.high, *([g.value, *g.interval] for g in result.gaps.values())]
    ticks = ((0.0, "after training"), *((float(-k), _name(g)) for k, g in enumerate(result.gaps.values(), start=1)))
    return Panel(
        marks=tuple(marks),
        x=Axis(label=measure, range=padded(*every, [v for v in result.chance if np.isfinite(v)])),
        y=Axis(ticks=ticks, range=(-len(result.gaps) - 0.6, 0.6)),
        title="Each by itself",
        note=n_of(len(result.species), "species"),
        height=14 + 8 * (len(result.gaps) + 1),
    )


def _gaps(result) -> Panel:
    """The gaps of those controls that can be compared."""
    sure = [(-float(k), g) for k, g in enumerate(g for g in result.gaps.values() if not g.evidence.cannot_tell)]
    marks: list = [Rule(at=0.0, key="the control: no gap")]
    ends = array([g.evidence.interval for _, g in sure]).reshape(-1, 2)
    value = array([g.evidence.estimate for _, g in sure])
    spans = [v for _, g in sure for v in (g.evidence.chance["low"], g.evidence.chance["high"])]
    marks += [
        Span(low=min(spans), high=max(spans), key="model and control exchanged, 95 %"),
        Dots(x=value, y=array([at for at, _ in sure]), low=ends[:, 0], high=ends[:, 1], size=5, shape="diamond",
             colour=VERMILION, label=tuple(str(g) for _, g in sure), key="gap, 95 % over species"),
    ]  # fmt: skip
    return Panel(
        marks=tuple(marks),
        title="After training, less each control",
        note=n_of(len(result.species), "species"),
        x=Axis(label="gap, in the unit above", range=padded(value, ends, spans, include=(0.0,))),
        y=Axis(ticks=tuple((at, g.control) for at, g in sure), range=(sure[-1][0] - 0.6, 0.6)),
        height=12 + 8 * len(sure),
    )


def _name(gap) -> str:
    return gap.control + (": not known" if gap.evidence.cannot_tell else "")
