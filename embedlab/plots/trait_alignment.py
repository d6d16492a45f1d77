"""A trait against the position of each species on the axis fitted without it."""

import numpy as np

from embedlab.plots.chance import beside, chance_panel, foot, told
from embedlab.plots.marks import Axis, Dots, Panel, Picture, Rule, array, n_of, padded
from embedlab.plots.theme import INK, colours, number, percent, shapes

AXIS = "position on the fitted axis (species left out)"


def picture(result) -> Picture:
    """Lay out trait and position, one dot a species, and the adjusted R² over its null."""
    e, axis = result.evidence, array(result.axis)
    known = np.isfinite(axis)
    each = (_numeric if result.kind == "numeric" else _by_kind)(result, axis, known)
    lam = f"\u00a0· Pagel's\u00a0λ\u00a0{number(result.lam)}" if np.isfinite(result.lam) else ""
    reliable = f"\u00a0· reliability\u00a0{number(result.reliability)}" if np.isfinite(result.reliability) else ""
    name = result.trait.replace("_", " ")
    stamp = "UNCALIBRATED: " if result.uncalibrated else ""
    return Picture(
        title=f"{stamp}{told(e, as_percent=True)} of what sets species apart, beyond descent, goes along with {name}; "
        f"{beside(e, as_percent=True)} by chance",
        panels=(
            each,
            chance_panel(
                e,
                "adjusted R², after descent is taken out",
                as_percent=True,
                title="Estimate and chance",
                include=(0.0,),
            ),
        ),
        foot=foot(e, as_percent=True) + lam + reliable + _placebo(result),
        caption=result.caption,
        alt=f"Scatter of {name} and fitted position of {int(known.sum())} species, and the null "
        "distribution of the fit.",
    )


def _placebo(result) -> str:
    """How many placebo traits the same test called, which should be 5 % or fewer."""
    panel = result.beside.placebo if result.beside else None
    if panel is None:
        return ""
    rate, low, high = (percent(v, like=0.05) for v in (panel.rate, *panel.interval))
    return f"\u00a0· placebo traits called {rate} ({low} to {high})"


def _numeric(result, axis, known) -> Panel:
    value = array(result.value)
    known = known & np.isfinite(value)
    log = bool(known.any() and value[known].min() > 0 and value[known].max() / value[known].min() > 100)
    label = tuple(
        f"{s}\n{result.trait} {number(v, 3)}\nposition {number(a)}"
        for s, v, a, k in zip(result.species, value, axis, known, strict=True)
        if k
    )
    span = padded(np.log10(value[known])) if log else padded(value[known])
    return Panel(
        marks=(
            Rule(at=float(axis[known].mean()) if known.any() else 0.0, along="y", key="no alignment"),
            Dots(
                x=value[known],
                y=axis[known],
                label=label,
                size=3.6 if known.sum() < 80 else 2.8,
                alpha=0.85,
                key="one species",
            ),
        ),
        x=Axis(
            label=f"{result.trait.replace('_', ' ')} (unit of the table)",
            log=log,
            range=tuple(10**v for v in span) if log else span,
        ),
        y=Axis(label=AXIS, range=padded(axis[known])),
        title="Trait and position",
        note=n_of(int(known.sum()), "species"),
        height=46,
    )


def _by_kind(result, axis, known) -> Panel:
    """One row a level, its species spread by a fixed rule so that none hides another."""
    levels = sorted({str(v) for v, k in zip(result.value, known, strict=True) if k and v is not None})
    marks = [Rule(at=float(axis[known].mean()) if known.any() else 0.0, key="no alignment")]
    ticks = []
    looks = zip(levels, colours(len(levels)), shapes(len(levels)), strict=True)
    for place, (level, colour, shape) in enumerate(looks):
        rows = [i for i, (v, k) in enumerate(zip(result.value, known, strict=True)) if k and str(v) == level]
        # The golden section never repeats a place.
        aside = ((np.arange(len(rows)) * 0.618034) % 1 - 0.5) * 0.55
        label = tuple(f"{result.species[i]}\n{level}" for i in rows)
        middle = array([np.median(axis[rows])])
        marks.append(Dots(x=axis[rows], y=aside - place, colour=colour, shape=shape, size=3.4, label=label))
        marks.append(Dots(x=middle, y=array([-place]), shape="tick", size=12, colour=INK, key="median"))
        ticks.append((float(-place), f"{level} (n\u00a0=\u00a0{len(rows)})"))
    return Panel(
        marks=tuple(marks),
        title="Trait and position",
        note=n_of(int(known.sum()), "species"),
        height=8 + 8 * len(levels),
        x=Axis(label=AXIS, range=padded(axis[known])),
        y=Axis(ticks=tuple(ticks), range=(0.5 - len(levels), 0.5)),
    )
