"""A measure over a series of models, one point a run, beside its chance."""

import numpy as np

from embedlab.plots.chance import beside, chance_panel, foot, histogram, told
from embedlab.plots.law import controls, law_marks
from embedlab.plots.marks import Axis, Band, Bars, Dots, Panel, Path, Picture, Rule, array, n_of, padded, scale_ticks
from embedlab.plots.theme import (
    CHANCE,
    CHANCE_FILL,
    COUNTS,
    VERMILION,
    colours,
    number,
    sentence_case,
    shapes,
)

MAIN = 46.0  # mm: the panel in which the runs stand


def picture(result) -> Picture:
    """Lay out value against scale, the slope over its null, and the parts that the measure is made of."""
    e = result.evidence
    order = np.argsort(array(result.x), kind="stable")
    x, values, low, high = (array(v)[order] for v in (result.x, result.values, result.low, result.high))
    # Runs at one scale share a place on the axis: there the band is the widest, and the line the middle, of theirs.
    scales, at = np.unique(x, return_inverse=True)
    chance, c_low, c_high = (
        array([take(array(v)[order][at == k]) for k in range(len(scales))])
        for v, take in ((result.chance, np.mean), (result.chance_low, np.min), (result.chance_high, np.max))
    )
    runs = [result.runs[i] for i in order]
    log = bool(x.min() > 0)
    measure = result.measure.split(" (")[0].replace("_", " ")  # what stands in brackets is in the caption
    label = tuple(
        f"{run}\n{result.x_name} {number(a, 4)}\n{result.measure} {number(v)} ({number(lo)} to {number(hi)})"
        for run, a, v, lo, hi in zip(runs, x, values, low, high, strict=True)
    )
    span = tuple(10**v for v in padded(np.log10(x), pad=0.08)) if log else padded(x, pad=0.08)
    across = Axis(label=result.x_name.replace("_", " "), log=log, range=span, ticks=scale_ticks(x))
    law = law_marks(result)
    unseen = [v for mark in law if isinstance(mark, Dots) for v in mark.y]
    upright = padded(low, high, values, c_low, c_high, [c.value for c in result.controls], unseen)
    main = Panel(
        marks=(
            Band(x=scales, low=c_low, high=c_high, colour=CHANCE_FILL, key="chance, 95 %"),
            Path(x=scales, y=chance, dash="dot", colour=CHANCE, width=1.0, key="chance, mean"),
            Dots(
                x=x,
                y=values,
                low=low,
                high=high,
                along="y",
                label=label,
                size=4.6,
                key="one run, 95 % interval",
            ),
            *law,
            *controls(result, span, upright, MAIN),
        ),
        x=across,
        y=Axis(label=measure, range=upright),
        title="Run by run",
        note=n_of(len(x), f"runs at {len(scales)} scales"),
        height=MAIN,
    )
    name = result.x_name.replace("_", " ")
    grows = f"change for each tenfold of {name}" if log else f"change for each of {name}"
    slope = chance_panel(e, grows, title="Slope and chance", include=(0.0,))
    panels = [main, slope]
    if result.parts:
        panels.insert(1, _parts(result, order, x, across))
    if result.slopes is not None:
        panels.append(_species(result, grows))
    low_end, high_end = e.interval
    way = "rises by" if low_end > 0 else "falls by" if high_end < 0 else "shows no clear trend,"
    by = told(e) if low_end <= 0 <= high_end else told(e).lstrip("−")
    return Picture(
        title=f"{sentence_case(measure)} {way} {by} for each tenfold of {name}; {beside(e)} by chance",
        panels=tuple(panels),
        foot=foot(e),
        caption=result.caption,
        alt=f"{result.measure} of {len(x)} runs against {result.x_name}.",
    )


def _species(result, label: str) -> Panel:
    """Each species' own slope, and their mean with an interval that knows the tree where one was given."""
    found = result.slopes
    left, right, tall = histogram(found.slopes)
    low, high = found.interval
    said = f"mean of {len(found.slopes)} species {number(found.mean)} ({number(low)} to {number(high)})"
    mean = Dots(
        x=array([found.mean]), y=array([0.82]), low=array([low]), high=array([high]), size=5.5, shape="diamond",
        colour=VERMILION, label=(said,),
        key="mean over species, 95 % interval" if result.tree is None else "their mean, 95 % in another evolution",
    )  # fmt: skip
    return Panel(
        marks=(
            Bars(left=left, right=right, height=tall * 0.62, colour=COUNTS[2], key="how many species"),
            Rule(at=0.0, key="no slope"),
            mean,
        ),
        title="Slope of each species",
        note=n_of(len(found.slopes), "species"),
        height=20,
        x=Axis(label=label, range=padded(found.slopes, low, high, include=(0.0,))),
        y=Axis(range=(0, 1.1), shown=False),
    )


# What the parts of a Fisher ratio are called where they are shown.
PARTS = {
    "between": "numerator: the two sorts apart",
    "within": "denominator: scatter of either",
    "species_energy": "species apart",
    "noise_level": "noise inside the span",
}


def _parts(result, order, x, across: Axis) -> Panel:
    """Each part on one axis, logarithmic where they differ much: which half of a ratio moved, and beside what."""
    marks, names = [], list(result.parts)
    for name, colour, shape in zip(names, colours(len(names)), shapes(len(names)), strict=True):
        part = array(result.parts[name])[order]
        marks += [
            Dots(
                x=x,
                y=part,
                colour=colour,
                shape=shape,
                size=4,
                key=PARTS.get(name, name),
                label=tuple(f"{PARTS.get(name, name)} {number(v)}" for v in part),
            )
        ]
    every = np.concatenate([array(v) for v in result.parts.values()])
    log = bool(every.min() > 0 and every.max() / every.min() > 10)
    ratio = "between" in names
    by_chance = "the numerator is 0 by chance" if ratio else "this is what chance gives"
    span = tuple(10**v for v in padded(np.log10(every))) if log else padded(every)
    return Panel(
        marks=tuple(marks),
        x=across,
        y=Axis(label="squared length" if ratio else "share", log=log, range=span),
        title="What it is made of",
        note=n_of(len(x), "runs") + f"\u00a0· {by_chance}",
        height=34,
    )
