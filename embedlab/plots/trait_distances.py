"""Distance in traits against distance in the space, both less what descent and class explain."""

import numpy as np

from embedlab.plots.chance import beside, chance_panel, foot, told
from embedlab.plots.marks import Axis, Cells, Dots, Panel, Path, Picture, Rule, array, n_of, padded
from embedlab.plots.theme import VERMILION, number


def picture(result) -> Picture:
    """Lay out what is left of both distances for all pairs, its mean by tenths, and the correlation over its null."""
    e = result.evidence
    x, y = array(result.trait_left), array(result.space_left)
    frame = padded(x, pad=0.02), padded(y, pad=0.02)
    if x.size <= 1500:
        cloud = (Dots(x=x, y=y, size=2, alpha=0.35, key="one pair of species"),)
    else:
        count, ye, xe = np.histogram2d(y, x, bins=(30, 44), range=(frame[1], frame[0]))
        cloud = (Cells(x_edges=xe, y_edges=ye, count=count, what="pairs of species"),)
    tenths = result.table()
    across, at = array(tenths["trait_rank_left"]), array(tenths["space_rank_left"])
    said = tuple(
        f"trait distance {number(a)}\ndistance in the space {number(b)}\n{n:,} pairs"
        for a, b, n in zip(across, at, tenths["pairs"], strict=True)
    )
    beyond = f"descent and {result.rank}" if result.rank else "descent"
    pairs = Panel(
        marks=(
            *cloud,
            Rule(at=0.0, along="y", key="traits that tell nothing"),
            Path(x=across, y=at, colour=VERMILION, width=1.4),
            Dots(x=across, y=at, colour=VERMILION, size=3.5, label=said, key="mean of a tenth of the pairs"),
        ),
        x=Axis(label=f"trait distance less {beyond} (ranks)", range=frame[0]),
        y=Axis(label="distance in the space less descent (ranks)", range=frame[1]),
        title="Each pair of species",
        note=n_of(x.size, "pairs"),
        height=46,
    )
    names = [t.replace("_", " ") for t in result.traits]
    suite = " and ".join(names) if len(names) < 3 else f"{len(names)} traits"
    return Picture(
        title=f"Distances in the space and in {suite} correlate at {told(e)} beyond {beyond}, {beside(e)} by chance",
        panels=(
            pairs,
            chance_panel(e, "partial rank correlation", title="Estimate and chance", include=(0.0,)),
        ),
        foot=foot(e),
        caption=result.caption,
        alt=f"Trait distance against distance in the space for pairs of {e.n} species, both less {beyond}.",
    )
