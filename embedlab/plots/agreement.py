"""Two spaces side by side: each index of agreement over its own chance, and their distances pair by pair."""

import numpy as np

from embedlab.plots.marks import Axis, Cells, Dots, Panel, Path, Picture, array, n_of, padded
from embedlab.plots.names import apart
from embedlab.plots.theme import BLUE, CHANCE, VERMILION, number, p_words

TESTED = ("beyond species", "beyond the tree")


def picture(result) -> Picture:
    """Lay out the indices level by level, with chance, and the distances between species in both spaces."""
    rows = list(result.indices)
    place = -np.arange(len(rows), dtype=float)
    value = array([i.value for i in rows])
    mean, low, high = (array([i.chance[j] for i in rows]) for j in range(3))
    said = tuple(
        f"{i.name}, {i.level}: {number(v)}\nchance {number(i.chance[0])} ({number(i.chance[1])} to "
        f"{number(i.chance[2])})\n{i.against}" + (f"\n{p_words(i.p_value)}" if np.isfinite(i.p_value) else "")
        for i, v in zip(rows, value, strict=True)
    )
    marks = [
        Dots(x=mean, y=place, low=low, high=high, colour=CHANCE, shape="tick", size=6, key="chance, 95 %"),
        *(Path(x=array([m, m]), y=array([p - 0.35, p + 0.35]), dash="dot", colour=CHANCE, key="mean of chance")
          for m, p in zip(mean, place, strict=True)),
    ]  # fmt: skip
    for tested, colour, key in ((False, BLUE, "described"), (True, VERMILION, "claimed: beyond species, or descent")):
        at = [j for j, i in enumerate(rows) if (i.level in TESTED) == tested]
        if at:
            # an interval that is not known is drawn as none
            ends = [[rows[j].interval[e] if np.isfinite(rows[j].interval[e]) else value[j] for j in at] for e in (0, 1)]
            marks.append(Dots(x=value[at], y=place[at], low=array(ends[0]), high=array(ends[1]), shape="diamond",
                              size=5, colour=colour, key=key, label=tuple(said[j] for j in at)))  # fmt: skip
    ticks = tuple((float(-j), f"{i.level}: {i.name.split(' (')[0]}") for j, i in enumerate(rows))
    every = [*value, *low, *high, *(e for i in rows for e in i.interval)]
    panels = [
        Panel(
            marks=tuple(marks),
            x=Axis(label="agreement of the two spaces", range=padded(every, include=(0.0, 1.0))),
            y=Axis(ticks=ticks, range=(-len(rows) + 0.4, 0.6)),
            title="Index by index",
            note=n_of(len(result.species), "species"),
            height=10 + 7 * len(rows),
        )
    ]
    a, b = (array(d) for d in result.distances)
    if a.size:
        panels.append(_distances(result, a, b))
    e = result.evidence["species"]
    told = f"{number(e.estimate)} beyond descent" if np.isfinite(e.estimate) else "undecided beyond descent"
    if "individuals" in result.evidence and np.isfinite(result.evidence["individuals"].estimate):
        told = f"{number(result.evidence['individuals'].estimate)} beyond species, " + told
    p = [f"{key} {p_words(v.p_more)}" for key, v in result.evidence.items() if not v.cannot_tell]
    return Picture(
        title=f"Two spaces agree by {told}",
        panels=tuple(panels),
        foot=f"n = {result.n:,} {result.unit}, {len(result.species)} species · d = {result.dims[0]} and "
        f"{result.dims[1]}"
        + (f" · RDM ceiling {number(result.ceiling)}, in units of it {number(result.corrected)}"
           if np.isfinite(result.corrected) else "")
        + (" · more than chance: " + ", ".join(p) if p else ""),
        caption=result.caption,
        alt=f"Agreement of {result.x} and {result.y} on three levels, each beside chance.",
    )  # fmt: skip


def _distances(result, a, b) -> Panel:
    spans = padded(a), padded(b)
    if a.size <= 1500:
        cloud = Dots(x=a, y=b, size=2, alpha=0.35, key="one pair of species")
    else:
        count, ye, xe = np.histogram2d(b, a, bins=(30, 44), range=(spans[1], spans[0]))
        cloud = Cells(x_edges=xe, y_edges=ye, count=count, what="pairs of species")
    across, up = apart((result.x, result.y))
    return Panel(
        marks=(cloud,),
        x=Axis(label=f"distance² in {across}", range=spans[0]),
        y=Axis(label=f"distance² in {up}", range=spans[1]),
        title="Distances",
        note=n_of(a.size, "pairs\u00a0· no slope by chance"),
        height=45,
    )
