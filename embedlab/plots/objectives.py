"""Runs of several objectives side by side, and what the reference gives beyond each other."""

import numpy as np

from embedlab.plots.chance import told
from embedlab.plots.marks import Axis, Dots, Panel, Picture, Rule, Span, array, n_of, padded
from embedlab.plots.theme import BLUE, FRAME, INK, VERMILION, line_colours, number, sentence_case

FIRST = ("flat", "ce")  # which difference a title tells


def picture(result) -> Picture:
    """Lay out each objective's runs over chance and controls, and below the paired differences beside zero."""
    names = list(result.values)
    shown = [n.replace("_", " ") for n in names]
    place = -np.arange(len(names), dtype=float)
    measure = result.measure.split(" (")[0].split(", mean over")[0].replace("_", " ")
    pairs = [(n, p) for n, p in result.pairings.items()]
    panels = [_runs(result, names, shown, place, measure)]
    if pairs:
        panels.append(_differences(result, pairs))
    k = sum(len(v) for v in result.values.values())
    sure = [n for n, p in pairs if not p.evidence.cannot_tell]
    return Picture(
        title=_title(result, pairs, measure),
        panels=tuple(panels),
        foot=f"n\u00a0=\u00a0{k} runs of {len(names)} objectives in {result.worlds} world{'s' * (result.worlds > 1)}, "
        f"{result.species} species" + ("" if len(sure) == len(pairs) else " · too few runs for a verdict on some"),
        caption=result.caption,
        alt=f"{result.measure} of models trained to {len(names)} objectives, and differences from {result.reference}.",
    )


def _title(result, pairs, measure: str) -> str:
    if not pairs:
        return f"{sentence_case(measure)} of models trained to {len(result.values)} objectives"
    named = dict(pairs)
    name = next((n for n in FIRST if n in named), pairs[0][0])
    e = named[name].evidence
    if e.cannot_tell:
        return f"{sentence_case(measure)}: too few runs to compare {result.reference} with {name}"
    low, high = e.interval
    way = "more" if low > 0 else "less" if high < 0 else "no clear difference"
    by = told(e).lstrip("−") if low > 0 or high < 0 else told(e)
    said = f"{by} {way} with {result.reference} than with {name}" if way != "no clear difference" else (
        f"{by}, no clear difference, with {result.reference} beyond {name}"
    )  # fmt: skip
    return f"{sentence_case(measure)}: {said}; 0 by chance"


def _runs(result, names, shown, place, measure: str) -> Panel:
    middle, low, high = result.chance
    marks = []
    if np.isfinite(middle):
        marks += [Span(low=low, high=high, key="chance, 95 %"), Rule(at=middle, key="chance, mean")]
    shades = line_colours(len(result.controls))
    marks += [
        Rule(at=value, dash="dash", colour=shade, width=1.1, key=f"{name} {number(value)}")
        for (name, value), shade in zip(result.controls.items(), shades, strict=True)
        if np.isfinite(value)
    ]
    for at, name in zip(place, names, strict=True):
        own = array(result.values[name])
        spread = at + (np.linspace(-0.24, 0.24, own.size) if own.size > 1 else np.zeros(1))
        label = tuple(
            f"{run}\n{name} {number(v)} ({number(lo)} to {number(hi)})"
            for run, v, lo, hi in zip(result.runs[name], own, result.low[name], result.high[name], strict=True)
        )
        marks += [
            Dots(x=own, y=spread, low=array(result.low[name]), high=array(result.high[name]), size=3.2, alpha=0.8,
                 colour=BLUE if name == result.reference else FRAME, label=label,
                 key="one run of the reference" if name == result.reference else "one run, 95 % interval"),
            Dots(x=array([own.mean()]), y=array([at]), shape="tick", size=11, colour=INK, key="mean of the runs"),
        ]  # fmt: skip
    every = [*result.values.values(), *result.low.values(), *result.high.values(), list(result.controls.values())]
    return Panel(
        marks=tuple(marks),
        x=Axis(label=measure, range=padded(*every, [middle] if np.isfinite(middle) else [])),
        y=Axis(ticks=tuple(zip(place.tolist(), shown, strict=True)), range=(float(place[-1]) - 0.6, 0.6)),
        title="Run by run",
        note=n_of(sum(len(v) for v in result.values.values()), "runs"),
        height=14 + 9 * len(names),
    )


def _differences(result, pairs) -> Panel:
    place = -np.arange(len(pairs), dtype=float)
    found = [p.evidence for _, p in pairs]
    marks = [Rule(at=0.0, key="no difference: what chance gives")]
    for at, (name, pair) in zip(place, pairs, strict=True):
        own = array(pair.differences)
        marks.append(
            Dots(
                x=own,
                y=at + 0.26 + np.zeros(own.size),
                size=2.4,
                alpha=0.55,
                colour=FRAME,
                key="one pair of runs",
                label=tuple(f"less {name}: {number(v)}" for v in own),
            )
        )
    value = array([e.estimate for e in found])
    low, high = array([e.interval for e in found]).T
    for decided in (True, False):
        these = np.array([bool(e.cannot_tell) != decided for e in found])
        if not these.any():
            continue
        said = tuple(f"{result.reference} {pairs[i][1]}" for i in np.flatnonzero(these))
        marks.append(
            Dots(
                x=value[these],
                y=place[these],
                low=low[these] if decided else None,
                high=high[these] if decided else None,
                size=5,
                shape="diamond",
                colour=VERMILION if decided else FRAME,
                hollow=not decided,
                label=said,
                key="difference, 95 % over runs and species" if decided else "too few runs to tell",
            )
        )
    ends = [*(p.differences for _, p in pairs), low[np.isfinite(low)], high[np.isfinite(high)]]
    ticks = tuple((float(at), n.replace("_", " ")) for at, (n, _) in zip(place, pairs, strict=True))
    return Panel(
        marks=tuple(marks),
        title=f"{sentence_case(result.reference)} less each, the same species",
        note=n_of(result.species, "species"),
        x=Axis(label="paired difference, in the unit above", range=padded(*ends, include=(0.0,))),
        y=Axis(ticks=ticks, range=(float(place[-1]) - 0.6, 0.6)),
        height=10 + 8 * len(pairs),
    )
