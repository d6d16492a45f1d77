"""Distance in the tree against distance in the space, for all pairs of species."""

import numpy as np

from embedlab.plots.chance import beside, chance_panel, foot, told
from embedlab.plots.marks import Axis, Cells, Dots, Panel, Path, Picture, Rule, array, n_of, padded
from embedlab.plots.theme import VERMILION, number


def picture(result) -> Picture:
    """Lay out the pairs as counts, the mean distance at each depth, and the correlation over its null."""
    e = result.evidence
    x, y = array(result.tree_distance), array(result.space_distance)
    whole = np.isfinite(x) & np.isfinite(y)
    y_range = padded(y[whole], result.space_low, result.space_high, [result.chance_distance])
    # Few pairs are shown one by one; many as counts, so that none is left out and none hides another.
    if whole.sum() <= 1500:
        cloud = (Dots(x=x[whole], y=y[whole], size=2, alpha=0.35, key="one pair of species"),)
    else:
        count, ye, xe = np.histogram2d(
            y[whole], x[whole], bins=(30, 44), range=(y_range, (0.0, max(1.0, float(x[whole].max()))))
        )
        cloud = (Cells(x_edges=xe, y_edges=ye, count=count, what="pairs of species"),)
    depth, at = array(result.depth), array(result.space_at_depth)
    pairs = Panel(
        marks=(
            *cloud,
            Rule(at=result.chance_distance, along="y", key="two species at random"),
            *(
                Path(x=depth, y=array(edge), colour=VERMILION, dash="dash", width=0.7, key="95 % interval")
                for edge in (result.space_low, result.space_high)
            ),
            Path(x=depth, y=at, colour=VERMILION, width=1.4, key="mean at this depth"),
            Dots(
                x=depth,
                y=at,
                colour=VERMILION,
                size=3,
                label=tuple(
                    f"tree distance {number(d)}\nmean distance in the space {number(v)}"
                    for d, v in zip(depth, at, strict=True)
                ),
            ),
        ),
        x=Axis(
            label="distance in the tree (1 = the largest)",
            range=(-0.02, max(1.0, float(np.nanmax(x)) if x.size else 1.0) * 1.02),
        ),
        y=Axis(label="distance in the space", range=y_range),
        title="Each pair of species",
        note=n_of(int(whole.sum()), "pairs"),
        height=50,
    )
    s = len(result.species)
    corrected = f", {number(result.k_corrected)} without noise of means" if np.isfinite(result.k_corrected) else ""
    return Picture(
        title=f"Relatives lie close: tree and space correlate at {told(e)} over {s} species, {beside(e)} by chance"
        if e.estimate > 0 and e.interval[0] > 0
        else f"Tree and space correlate at {told(e)} over {s} species, {beside(e)} by chance",
        panels=(
            pairs,
            chance_panel(e, "correlation of tree and space distances", title="Estimate and chance", include=(0.0,)),
        ),
        foot=f"{foot(e)}\u00a0· K\u00a0mult\u00a0{number(result.k_mult)}{corrected} (1 = Brownian motion)",
        caption=result.caption,
        alt=f"Distance in the tree against distance in the embedding space for pairs of {s} species.",
    )
