"""Who stands apart of three, depth by depth; ranks within ranks; and how far off mistakes are."""

import numpy as np

from embedlab.plots.chance import beside, chance_panel, foot, told
from embedlab.plots.marks import Axis, Band, Dots, Panel, Path, Picture, array, n_of, padded
from embedlab.plots.theme import CHANCE, CHANCE_FILL, VERMILION, number, percent

FEW = 30  # triplets below which a depth is not drawn


def picture(result) -> Picture:
    """Lay out agreement by depth over its chance, all triplets over their null, ranks, and mistakes."""
    e = result.evidence["triplets"]
    panels = [_depths(result.triplets), chance_panel(e, "share of triplets", as_percent=True, title="All triplets")]
    if result.ranks:
        panels.append(_ranks(result.ranks))
    wrong = result.evidence["mistakes"]
    if not wrong.cannot_tell:
        label = "height of the last common ancestor (1 = root)"
        panels.append(chance_panel(wrong, label, title="Nearest images of other species"))
    s = len(result.species)
    return Picture(
        title=f"Of three species the space sets the right one apart in {told(e, as_percent=True)} of cases, "
        f"{beside(e, as_percent=True)} by chance",
        panels=tuple(panels),
        foot=foot(e, as_percent=True),
        caption=result.caption,
        alt=f"Share of triplets of {s} species in which space and tree agree, by height in the tree.",
    )


def _depths(t) -> Panel:
    with np.errstate(invalid="ignore"):
        c_low, c_high = np.quantile(array(t.null_by_depth), [0.025, 0.975], axis=0)
    chance = array(t.null_by_depth).mean(axis=0)
    drawn = np.asarray(t.counts) >= FEW
    at = ((array(t.edges)[1:] + array(t.edges)[:-1]) / 2)[drawn]
    value, low, high = (np.clip(array(v)[drawn], 0, 1) for v in (t.by_depth, t.low, t.high))
    said = tuple(
        f"height {number(a)}\n{percent(v)} ({percent(lo)} to {percent(hi)})\n{n:,} triplets, chance {percent(c)}"
        for a, v, lo, hi, n, c in zip(at, value, low, high, np.asarray(t.counts)[drawn], chance[drawn], strict=True)
    )
    return Panel(
        marks=(
            Band(x=at, low=c_low[drawn], high=c_high[drawn], colour=CHANCE_FILL, key="chance, 95 %"),
            Path(x=at, y=chance[drawn], dash="dot", colour=CHANCE, width=1.0, key="chance, mean"),
            Dots(
                x=at, y=value, low=low, high=high, along="y", size=4.6, label=said,
                key="triplets at this height, 95 % interval",
            ),
        ),
        x=Axis(label="height where the three meet (0 = tips, 1 = root)", range=(0.0, 1.0)),
        y=Axis(label="space and tree agree", range=padded(value, low, high, c_low[drawn], c_high[drawn]), percent=True),
        title="By height in the tree",
        note=n_of(int(np.asarray(t.counts)[drawn].sum()), "triplets"),
        height=44,
    )  # fmt: skip


def _ranks(ranks) -> Panel:
    place = -np.arange(len(ranks), dtype=float)
    found = list(ranks.values())
    value = array([r.statistic for r in found])
    low, high = array([r.interval for r in found]).T
    chance = array([r.null.mean() for r in found])
    said = tuple(
        f"{name}: {number(r.statistic)} ({number(r.interval[0])} to {number(r.interval[1])})\n"
        f"shuffled names {number(r.null.mean())}, {r.n} species"
        for name, r in ranks.items()
    )
    ends = np.r_[value, low[np.isfinite(low)], high[np.isfinite(high)], chance, 0.0]
    least = [r.n for r in found]
    return Panel(
        marks=(
            *(Path(x=array([c, c]), y=array([p - 0.35, p + 0.35]), dash="dot", colour=CHANCE,
                   key="names shuffled within the rank above") for c, p in zip(chance, place, strict=True)),
            Dots(x=value, y=place, low=low, high=high, size=4.5, colour=VERMILION, label=said,
                 key="share of variance (epsilon²), 95 % interval"),
        ),
        x=Axis(label="share of variance between the taxa", range=(float(ends.min()) - 0.04, float(ends.max()) + 0.04)),
        y=Axis(ticks=tuple(zip(place.tolist(), ranks, strict=True)), range=(float(place[-1]) - 0.6, 0.6)),
        title="Ranks within ranks",
        note=n_of(max(least), "species" if min(least) == max(least) else "species at most"),
        height=10 + 7 * len(ranks),
    )  # fmt: skip
