"""How often near neighbours share a rank, between chance and the best that could be."""

import numpy as np

from embedlab.plots import paper, screen
from embedlab.plots.marks import Axis, Dots, Panel, Path, Picture, array
from embedlab.plots.theme import CHANCE, FRAME, VERMILION, p_words, percent


def picture(result) -> Picture:
    """Lay out agreement at each rank, coarse to fine, with chance, chance within the parent, and the ceiling."""
    place = np.arange(len(result.ranks), dtype=float)
    value, chance, parent = array(result.agreement), array(result.chance), array(result.parent_chance)
    said = tuple(
        f"{rank}: {percent(v)} ({percent(lo)} to {percent(hi)})\nchance {percent(c)}, within the parent rank {percent(pc)}\nbest possible {percent(u)}, n = {n:,} images"
        for rank, v, lo, hi, c, pc, u, n in zip(
            result.ranks,
            value,
            array(result.low),
            array(result.high),
            chance,
            parent,
            array(result.ceiling),
            np.asarray(result.n),
            strict=True,
        )
    )
    has_parent = np.isfinite(parent)
    marks = (
        Path(x=place, y=array(result.ceiling), dash="dash", colour=FRAME, width=0.8, key="best possible"),
        Path(x=place, y=chance, dash="dot", colour=CHANCE, key="chance: a random neighbour"),
        Dots(
            x=place[has_parent],
            y=parent[has_parent],
            shape="dash",
            size=11,
            colour=VERMILION,
            key="chance within the parent rank",
        ),
        Dots(
            x=place,
            y=value,
            low=array(result.low),
            high=array(result.high),
            along="y",
            size=5,
            label=said,
            key="agreement, 95 % interval",
        ),
    )
    last = len(result.ranks) - 1
    evidence = result.evidence
    p = [
        f"{r} {p_words(evidence[r].p_more)}"
        for r in result.ranks
        if r in evidence and not evidence[r].cannot_tell
    ]
    crowded = len(result.ranks) > 5
    ticks = tuple(
        (float(i), f"{r}\n{n:,}" if crowded else f"{r}\nn = {n:,}")
        for i, (r, n) in enumerate(zip(result.ranks, result.n, strict=True))
    )
    return Picture(
        title=f"Nearest neighbours share the {result.ranks[last]} in {percent(value[last])} of cases, {percent(chance[last])} by chance",
        panels=(
            Panel(
                marks=marks,
                x=Axis(
                    ticks=ticks, range=(-0.5, last + 0.5), label="rank, and images counted" if crowded else ""
                ),
                y=Axis(label="neighbours of the same rank", percent=True, range=(-0.03, 1.05), grid=True),
                height=50,
            ),
        ),
        foot=f"n = {int(np.max(result.n)):,} images"
        + (" · more than chance within the parent: " + ", ".join(p) if p else ""),
        caption=result.caption,
        alt="Share of nearest neighbours of the same rank, with chance and the best possible, from coarse to fine ranks.",
    )


def draw(result):
    """Give the plotly figure."""
    return screen.figure(picture(result))


def draw_on(figure, result):
    """Draw on a matplotlib Figure."""
    return paper.draw_on(figure, picture(result))
