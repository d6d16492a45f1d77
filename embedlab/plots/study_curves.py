"""What a study followed along one axis: a panel a quantity, a thin line a world, their mean, chance and controls."""

import numpy as np

from embedlab.plots.marks import Axis, Band, Dots, Panel, Path, Picture, Rule, array, n_of, padded, scale_ticks
from embedlab.plots.theme import CHANCE, CHANCE_FILL, COUNTS, INK, line_colours, number, sentence_case

# Shares read as per cents; Fisher ratios, correlations and R² do not.
SHARES = ("1-shot", "5-shot", "sex-outside-species", "stage-outside-species", "kinship-order", "recent-kinship-order")
# quantity → what it is called, what its axis counts; in the order of the panels
LABELS = {
    "1-shot": ("Named from one image", "images named rightly"),
    "5-shot": ("Named from five images", "images named rightly"),
    "sex-separation": ("Sexes apart", "Fisher ratio"),
    "stage-separation": ("Life stages apart", "Fisher ratio"),
    "sex-outside-species": ("Sexes outside the species span", "share of length²"),
    "stage-outside-species": ("Stages outside the species span", "share of length²"),
    "kinship-order": ("Triplets as on the tree", "share of triplets"),
    "recent-kinship-order": ("Triplets of recent kin", "share of triplets"),
    "trait-alignment": ("A trait beyond descent", "adjusted R²"),
    "trait-distances": ("Nine traits beyond descent", "partial RSA"),
}  # fmt: skip


def picture(result) -> Picture:
    """Lay out every quantity of one axis, with the verdict on its slope in its title."""
    names = sorted({k for c in result.curves for k in c.controls})
    shade = dict(zip(names, line_colours(len(names)), strict=True))  # as with one series of runs
    place = {name: i for i, name in enumerate(LABELS)}
    curves = sorted(result.curves, key=lambda c: place.get(c.quantity, len(place)))
    panels = tuple(_panel(result, c, shade) for c in curves)
    up = sum(result.verdicts.get(c.quantity) == "supported" for c in curves)
    x_name = result.x_name.replace("_", " ")
    done = f"{len(result.names)} world{'s' * (len(result.names) != 1)}"
    return Picture(
        title=f"Of {len(curves)} quantities {up or 'none'} grow{'s' * (up < 2)} with {x_name} beyond chance in {done}"
        if len(result.names) == result.of
        else f"{len(curves)} quantities against {x_name} in {done} of {result.of}: no verdict before all are in",
        panels=panels,
        foot=f"n = {done} of {result.of} · mean over worlds with the 95 % interval of Student's t · "
        f"axis {result.axis}: {', '.join(f'{x:,.6g}' for x in result.curves[0].x)}",
        caption=result.caption,
        columns=2,
        alt=f"{len(panels)} quantities against {result.x_name}, one line a world.",
    )


def _panel(result, curve, shade) -> Panel:
    w, x = curve.worlds, array(curve.x)
    low, high = curve.interval
    share = curve.quantity in SHARES
    said = tuple(
        f"{x_:,.6g} {result.x_name.replace('_', ' ')}\nmean {number(m)} ({number(a)} to {number(b)})"
        for x_, m, a, b in zip(x, curve.mean, low, high, strict=True)
    )
    lines = [
        Path(x=x, y=w["value"][i], colour=COUNTS[3], width=0.7, key="one world" if i == 0 else "",
             label=tuple(f"{name}\n{number(v)}" for v in w["value"][i]))
        for i, name in enumerate(curve.names)
    ]  # fmt: skip
    word = result.verdicts.get(curve.quantity, "not judged")
    named = sentence_case(curve.quantity.replace("-", " "))
    title, unit = LABELS.get(curve.quantity, (named, curve.quantity.replace("-", " ")))
    log = bool(x.min() > 0)
    span = tuple(10**v for v in padded(np.log10(x), pad=0.08)) if log else padded(x, pad=0.08)
    beside = {k: float(np.mean(v)) for k, v in curve.controls.items() if len(v) and np.isfinite(v).all()}
    return Panel(
        marks=(
            Band(x=x, low=w["chance_low"].min(axis=0), high=w["chance_high"].max(axis=0), colour=CHANCE_FILL,
                 key="chance, 95 %"),
            Path(x=x, y=w["chance"].mean(axis=0), dash="dot", colour=CHANCE, width=1.0, key="chance, mean"),
            *(Rule(at=v, along="y", dash="dash", colour=shade[k], width=0.9, key=k) for k, v in beside.items()),
            *lines,
            Dots(x=x, y=curve.mean, low=low, high=high, along="y", label=said, size=4.2, shape="diamond",
                 colour=INK, key="mean over worlds, 95 %"),
        ),
        x=Axis(label=result.x_name.replace("_", " "), log=log, range=span,
               ticks=scale_ticks(x)),
        y=Axis(label=unit, percent=share,
               range=padded(w["value"], low, high, w["chance_low"], w["chance_high"], list(beside.values()))),
        title=f"{title}: {word}",
        note=n_of(len(curve.names), "worlds" if len(curve.names) > 1 else "world"),
        height=33,
    )  # fmt: skip
