"""Costs of displacements, and where images deviate, as training goes on."""

import numpy as np

from embedlab.plots.marks import Axis, Dots, Panel, Path, Picture, n_of, padded
from embedlab.plots.theme import BLUE, CHANCE, VERMILION, number
from embedlab.plots.theorem import powers

FLOOR = 1e-12


def picture(result) -> Picture:
    """Lay out the costs against steps, and the share of curvature that images meet."""
    r = result
    x = Axis(label="optimiser steps", log=True, range=(r.steps.min() * 0.8, r.steps.max() * 1.25))
    costs = _panel(
        r.steps,
        {
            "inside the span": (np.log10(np.maximum(r.inside, FLOOR)), VERMILION, "solid"),
            "orthogonal": (np.log10(np.maximum(r.orthogonal, FLOOR)), BLUE, "solid"),
            "any direction": (np.log10(np.maximum(r.isotropic, FLOOR)), CHANCE, "dot"),
        },
        x,
        "excess loss (nats)",
        f"Cost of a displacement, {r.k} prototypes",
        powers_of_ten=True,
    )
    shares = _panel(
        r.steps,
        {
            "images' own deviations": (r.soft_share, BLUE, "solid"),
            "random directions": (r.chance_soft, CHANCE, "dot"),
        },
        x,
        "share of the steepest curvature",
        f"Where images deviate, all {r.every} prototypes",
    )
    times = r.inside[-1] / r.orthogonal[-1]
    return Picture(
        title=f"At the end, moving inside the prototypes' span costs {number(times)} times what moving out of it does",
        panels=(costs, shares),
        foot=f"n = {len(r.steps)} snapshots of one run · mean cosine of prototypes {number(r.cosine[0])} at first, "
        f"{number(r.cosine[-1])} at the end · temperature at the end {number(r.temperature[-1])}",
        caption=r.caption,
        alt="Cost of displacements inside and outside the span of prototypes, and the share of curvature, by steps.",
    )


def _panel(steps, lines, x, label, title, powers_of_ten=False) -> Panel:
    marks = []
    for key, (values, colour, dash) in lines.items():
        marks.append(Path(x=steps, y=values, colour=colour, dash=dash, key=key))
        said = tuple(f"step {s:,.0f}\n{key}: {v:.3g}" for s, v in zip(steps, values, strict=True))
        marks.append(Dots(x=steps, y=values, colour=colour, size=3, label=said))
    low, high = padded(*(values for values, _, _ in lines.values()))
    y = Axis(label=label, range=(low, high), ticks=powers(low, high) if powers_of_ten else None)
    return Panel(marks=tuple(marks), x=x, y=y, height=45, title=title, note=n_of(len(steps), "snapshots"))
