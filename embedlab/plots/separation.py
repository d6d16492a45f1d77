"""Fisher ratio of every species, beside what shuffled labels give."""

import numpy as np

from embedlab.plots.chance import beside, chance_panel, foot, told
from embedlab.plots.marks import Axis, Dots, Panel, Picture, Rule, array, n_of, padded
from embedlab.plots.theme import number, sentence_case

MOST_NAMES = 45  # names beyond this would fall under 6 points on a page


def picture(result) -> Picture:
    """Lay out one dot a species, sorted, under the mean and its null; both panels share the axis."""
    e = result.evidence
    order = np.argsort(array(result.ratio), kind="stable")
    ratio, names = array(result.ratio)[order], [result.species[i] for i in order]
    counts = np.asarray(result.counts)[order]
    place = np.arange(len(names), dtype=float)
    label = tuple(
        f"{name}\nFisher ratio {number(r)}\n{a} {result.contrast.a}, {b} {result.contrast.b} ({result.unit})"
        for name, r, (a, b) in zip(names, ratio, counts, strict=True)
    )
    span = padded(ratio, e.null, e.interval, include=(0.0,))
    few = len(names) <= MOST_NAMES
    ticks = tuple(zip(place.tolist(), names, strict=True)) if few else ()
    chance = e.chance["mean"] if e.chance["mean"] is not None else 0.0
    top = chance_panel(e, "", title="Mean over species", height=15)
    return Picture(
        title=f"{sentence_case(str(result.contrast))}: Fisher ratio {told(e)} over "
        f"{len(names)} species, {beside(e)} by chance",
        panels=(
            Panel(
                marks=top.marks,
                x=Axis(label="Fisher ratio", range=span),
                y=top.y,
                title=top.title,
                note=top.note,
                height=top.height,
            ),
            Panel(
                marks=(
                    Rule(at=chance, key="chance, mean"),
                    Dots(x=ratio, y=place, label=label, size=4 if few else 2.6, key="one species"),
                ),
                x=Axis(label="Fisher ratio (0 = no difference)", range=span),
                y=Axis(
                    ticks=ticks,
                    range=(-0.8, len(names) - 0.2),
                    italic=True,
                    label="" if few else f"{len(names)} species, sorted",
                    shown=few,
                ),
                title="Each species",
                note=n_of(len(names), "species"),
                height=12 + (2.75 * len(names) if few else 55),
            ),
        ),
        foot=foot(e),
        caption=result.caption,
        alt=f"Dot plot of the Fisher ratio of {result.contrast} in {len(names)} species.",
    )
