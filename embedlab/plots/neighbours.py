"""How often near neighbours share a rank, between chance and the best that could be."""

import numpy as np

from embedlab.plots.marks import Axis, Dots, Panel, Path, Picture, array, n_of
from embedlab.plots.theme import CHANCE, FRAME, VERMILION, p_words, percent


def picture(result) -> Picture:
    """Lay out agreement rank by rank, with chance, chance within the parent rank, and the ceiling."""
    place = -np.arange(len(result.ranks), dtype=float)  # coarse ranks on top
    value, chance, parent = array(result.agreement), array(result.chance), array(result.parent_chance)
    said = tuple(
        f"{rank}: {percent(v)} ({percent(lo)} to {percent(hi)})\nchance {percent(c)}, within the parent "
        f"rank {percent(pc)}\nbest possible {percent(u)}, n = {n:,} images"
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
        Path(x=array(result.ceiling), y=place, dash="dash", colour=FRAME, width=0.8, key="best possible"),
        Path(x=chance, y=place, dash="dot", colour=CHANCE, key="chance: a random neighbour"),
        Dots(
            x=parent[has_parent],
            y=place[has_parent],
            shape="tick",
            size=8,
            colour=VERMILION,
            key="chance within the parent rank",
        ),
        Dots(
            x=value,
            y=place,
            low=array(result.low),
            high=array(result.high),
            size=4.5,
            label=said,
            key="agreement, 95 % interval",
        ),
    )
    last = len(result.ranks) - 1
    evidence = result.evidence
    p = [f"{r} {p_words(evidence[r].p_more)}" for r in result.ranks if r in evidence and not evidence[r].cannot_tell]
    ticks = tuple(
        (float(-i), f"{r} (n\u00a0=\u00a0{n:,})") for i, (r, n) in enumerate(zip(result.ranks, result.n, strict=True))
    )
    # Beside the kind of chance that judges: a random neighbour would flatter every rank.
    by_chance = percent(array(result.parent_chance)[last], like=value[last])
    within = f" within one {result.parents[last]}" if result.parents[last] else ""
    return Picture(
        title=f"Nearest neighbours share the {result.ranks[last]} in {percent(value[last])} of cases, "
        f"{by_chance} by chance{within}",
        panels=(
            Panel(
                marks=marks,
                x=Axis(label="nearest neighbours of the same name", percent=True, range=(-0.03, 1.05)),
                y=Axis(ticks=ticks, range=(-last - 0.6, 0.6)),
                note=n_of(int(np.max(result.n)), "images at most"),
                height=8 + 6 * len(result.ranks),
            ),
        ),
        foot=f"n = {int(np.max(result.n)):,} images; intervals over the units that are shuffled"
        + (" · more than chance within the parent: " + ", ".join(p) if p else ""),
        caption=result.caption,
        alt="Share of nearest neighbours of the same name, with chance and the best possible, rank by rank.",
    )
