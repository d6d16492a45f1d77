"""How often images are named rightly, way by way: every species, their mean, and chance."""

import numpy as np

from embedlab.plots.chance import chance_panel, foot, size
from embedlab.plots.marks import Axis, Dots, Panel, Path, Picture, array, n_of
from embedlab.plots.theme import BLUE, CHANCE, FRAME, VERMILION, percent


def picture(result) -> Picture:
    """Lay out accuracy of each way over its chance, with every species, and the first way over its null."""
    ways = list(result.evidence)
    place = -np.arange(len(ways), dtype=float)
    found = [result.evidence[w] for w in ways]
    value = array([e.estimate for e in found])
    low, high = array([e.interval for e in found]).T
    chance = array([e.chance["mean"] for e in found])
    level = array([1 / result.candidates[w] for w in ways])
    said = tuple(
        f"{w}: {percent(e.estimate)} ({percent(e.interval[0])} to {percent(e.interval[1])})\n"
        f"chance {percent(c)}, 1/K {percent(k)}, {result.candidates[w]} candidates"
        for w, e, c, k in zip(ways, found, chance, level, strict=True)
    )
    marks = [_species(result, way, at, key=at == 0) for way, at in zip(ways, place, strict=True)]
    marks += [
        Path(x=chance, y=place, dash="dot", colour=CHANCE, key="chance: names shuffled"),
        Dots(x=level, y=place, shape="tick", size=8, colour=FRAME, key="1/K"),
        Dots(x=value, y=place, low=low, high=high, size=5, shape="diamond", colour=VERMILION, label=said,
             key="mean over species, 95 % interval"),
    ]  # fmt: skip
    top = max(float(np.nanmax([np.nanmax(a) for a in result.accuracy.values()])), float(np.nanmax(high)))
    first = found[0]
    s = len(result.species)
    return Picture(
        title=f"Species are named rightly in {percent(first.estimate, like=size(first))} of cases from "
        f"{_shown(ways[0])}, {percent(first.chance['mean'], like=size(first))} by chance",
        panels=(
            Panel(
                marks=tuple(marks),
                x=Axis(label="images named rightly", percent=True, range=(-0.02, top * 1.06)),
                y=Axis(ticks=tuple(zip(place.tolist(), ways, strict=True)), range=(float(place[-1]) - 0.6, 0.6)),
                title="Every species",
                note=n_of(s, "species"),
                height=12 + 11 * len(ways),
            ),
            chance_panel(first, f"accuracy, {ways[0]}", as_percent=True, title="Estimate and chance"),
        ),
        foot=foot(first, as_percent=True),
        caption=result.caption,
        alt=f"Share of images of {s} species named rightly, by how they were shown, beside chance.",
    )


def _species(result, way: str, at: float, key: bool) -> Dots:
    """Every species, spread a little across the row by its place in the order of species."""
    own = array(result.accuracy[way])
    there = np.flatnonzero(np.isfinite(own))
    spread = 0.13 + 0.27 * ((np.arange(there.size) * 0.618034) % 1.0)  # golden steps: neighbours fall apart
    label = tuple(f"{result.species[i]}\n{way} {percent(own[i])}" for i in there)
    return Dots(x=own[there], y=at + spread, size=2.2, alpha=0.45, colour=BLUE, label=label,
                key="one species" if key else "")  # fmt: skip


def _shown(way: str) -> str:
    shots = way.removesuffix("-shot")
    return "their names alone" if shots == "zero" else "one image" if shots == "1" else f"{shots} images"
