"""The shape of a space at a glance: lengths, angles, and how many directions are in use."""

import numpy as np

from embedlab.plots.marks import Axis, Dots, Panel, Path, Picture, Rule, Span, array, n_of, padded
from embedlab.plots.theme import BLUE, CHANCE, GREEN, INK, VERMILION, number, percent


def picture(result) -> Picture:
    """Lay out norms, cosines and the directions in use, each beside what random directions would give."""
    r = result
    one = array([0.5])
    # Pairs of random directions in d dimensions have a cosine of 0 with a standard deviation of 1/√d.
    spread = 1 / np.sqrt(r.d)
    norms = Panel(
        marks=(
            Dots(
                x=array([r.norm_median]),
                y=one,
                low=array([r.norm_low]),
                high=array([r.norm_high]),
                size=5,
                key="median, 5 to 95 %",
                label=(
                    f"median {number(r.norm_median, 3)}, 5–95 % {number(r.norm_low, 3)} to {number(r.norm_high, 3)}",
                ),
            ),
            Dots(
                x=array([r.norm_min, r.norm_max]),
                y=array([0.5, 0.5]),
                shape="tick",
                size=6,
                colour=BLUE,
                key="shortest and longest",
            ),
        ),
        x=Axis(label="length of a vector", range=padded([r.norm_min, r.norm_max], pad=0.15)),
        y=Axis(range=(0, 1), shown=False),
        height=7,
        title="Length",
        note=f"{n_of(r.n, 'vectors')}\u00a0· no length is chance",
    )
    cosine = Panel(
        marks=(
            Span(low=-2 * spread, high=2 * spread, key="random directions, 95 %"),
            Rule(at=0.0, key="random directions"),
            Dots(
                x=array([r.mean_cosine]),
                y=one,
                low=array([r.mean_cosine - r.sd_cosine]),
                high=array([r.mean_cosine + r.sd_cosine]),
                colour=VERMILION,
                shape="diamond",
                size=5,
                key="mean ± s.d. of pairs",
                label=(f"{number(r.mean_cosine, 3)} ± {number(r.sd_cosine, 2)}",),
            ),
        ),
        x=Axis(
            label="cosine between two images",
            range=padded([r.mean_cosine - r.sd_cosine, r.mean_cosine + r.sd_cosine], include=(-0.05, 1.0)),
        ),
        y=Axis(range=(0, 1), shown=False),
        height=7,
        title="Angle",
        note=n_of(r.n, "vectors"),
    )
    # n centred rows cannot fill more than n − 1 directions, however many dimensions there are.
    most = min(r.d, max(r.n - 1, 1))
    rank = Panel(
        marks=(
            Rule(at=float(most), key="most that could be"),
            Dots(
                x=array([r.participation_ratio]),
                y=array([0.5]),
                shape="triangle-up",
                colour=GREEN,
                size=5,
                key="participation ratio",
                label=(f"participation ratio {number(r.participation_ratio, 3)}",),
            ),
            Dots(
                x=array([r.effective_rank]),
                y=array([0.5]),
                shape="square",
                colour=INK,
                size=4.5,
                key="effective rank (entropy)",
                label=(f"effective rank {number(r.effective_rank, 3)}",),
            ),
        ),
        x=Axis(label="directions in use", range=padded([0.0, most], pad=0.04)),
        y=Axis(range=(0, 1), shown=False),
        height=7,
        title="Directions",
        note=n_of(r.n, "vectors"),
    )
    return Picture(
        title=f"{r.n:,} vectors of {r.d} numbers use about {number(r.effective_rank)} directions, of "
        f"{most:,} that they could",
        panels=(norms, cosine, rank, *_by_view(r)),
        foot=f"n = {r.n:,} × {r.d} · first two components hold {percent(r.top2)} ({percent(2 / most)} if "
        "all directions were alike) · "
        f"mean unit vector has length {number(r.mean_norm)} · zero rows {r.zero_rows}",
        caption=result.caption,
        alt="Lengths of the vectors, cosines between them, and the number of directions in use.",
    )


SHOWN = (("dimension", "intrinsic dimension (TwoNN)"), ("hubness", "skewness of being a neighbour (hubs)"),
         ("uniformity", "uniformity (0 is a point)"), ("nc1", "scatter within species over between (NC1)"))  # fmt: skip


TITLES = {"dimension": "Dimension", "hubness": "Hubs", "uniformity": "Uniformity", "nc1": "Collapse"}


def _by_view(r):
    """One panel a diagnostic: five views of the same cloud, each beside chance."""
    place = -np.arange(len(r.views), dtype=float)
    ticks = tuple((float(p), v) for p, v in zip(place, r.views, strict=True))
    for name, label in SHOWN:
        if name not in r.across:
            continue
        values, chance = array(r.across[name]), array(r.chance[name])
        low, high = (array(r.across.get(f"{name}_{end}", values)) for end in ("low", "high"))
        good = np.isfinite(values)
        yield Panel(
            marks=(
                *(Path(x=array([c, c]), y=array([p - 0.38, p + 0.38]), dash="dot", colour=CHANCE,
                       key="chance (see caption)") for c, p in zip(chance[good], place[good], strict=True)),
                Dots(x=values[good], y=place[good], low=low[good], high=high[good], size=4, colour=BLUE,
                     key="this space, by view",
                     label=tuple(f"{v}: {number(a)}, chance {number(c)}" for v, a, c in
                                 zip(np.array(r.views)[good], values[good], chance[good], strict=True))),
            ),
            x=Axis(label=label, range=padded(values, chance, low, high, include=(0.0,))),
            y=Axis(ticks=ticks, range=(-len(r.views) + 0.4, 0.6)),
            title=TITLES.get(name, ""),
            note=n_of(r.n, "vectors"),
            height=16,
        )  # fmt: skip
