"""A map of the images: where the model puts them, and how far the map can be trusted."""

import numpy as np

from embedlab.plots.marks import Axis, Dots, Panel, Picture, Rule, array, n_of, padded
from embedlab.plots.theme import COUNTS, INK, MISSING, colours, number, percent, shapes

MOST_LEVELS = 9  # more than that and colours no longer tell them apart: highlight one, or use the page
WIDE = 74.0  # mm that a map has across one column of a journal
# Classes of the share of neighbours kept: light where the map is not to be believed.
TINTS = ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 1.0))


def picture(result, labels=None, column: str = "", kept=None) -> Picture:
    """Lay out the map, coloured by `labels` (one an image, None where not recorded), and its faithfulness.

    With `kept` (as `measures.kept.kept` gives it, a share for each point) the map is tinted by how far each point can
    be believed; labels and tint exclude each other.
    """
    if labels is not None and kept is not None:
        raise ValueError("a map is coloured by labels or tinted by what it keeps: give one of them")
    xy = array(result.xy)
    points = _points(result, xy, labels) if kept is None else _tinted(result, xy, array(kept))
    axes = _axes(result, xy)
    wide, tall = (axes[k].range[1] - axes[k].range[0] for k in "xy")
    cloud = Panel(
        marks=tuple(points), equal=True, height=float(np.clip(WIDE * tall / wide, 36.0, 76.0)),
        note=n_of(len(xy), "images"), **axes,
    )  # fmt: skip
    faithful = Panel(
        marks=(
            Rule(at=result.chance_overlap, key="chance"),
            Dots(
                x=array([result.overlap]),
                y=array([0.5]),
                shape="diamond",
                size=5.5,
                colour=INK,
                key="15 nearest neighbours kept",
                label=(f"{percent(result.overlap)} of the 15 nearest neighbours are near on the map too",),
            ),
        ),
        x=Axis(label="share of neighbours that the map keeps", percent=True, range=(-0.03, 1.03)),
        y=Axis(range=(0, 1), shown=False),
        title="What the map keeps",
        note=n_of(len(xy), "images"),
        height=7,
    )
    by = f", coloured by {column.replace('_', ' ')}" if column else ""
    by = by if kept is None else ", pale where it misleads"
    settings = "".join(
        f", {k.replace('_', ' ')} {v}" for k, v in result.parameters.items() if isinstance(v, int | float | str)
    )
    return Picture(
        title=f"{result.method} of {len(xy):,} images{by}: {percent(result.overlap)} of neighbours kept, "
        f"{percent(result.chance_overlap, like=result.overlap)} by chance",
        panels=(cloud, faithful),
        foot=f"n = {len(xy):,} images · {result.method}{settings}, seed {result.seed} · trustworthiness "
        f"{number(result.trustworthiness)}, continuity {number(result.continuity)} (chance "
        f"{number(result.chance_trustworthiness)}, {number(result.chance_continuity)}) · "
        f"15-NN overlap {number(result.overlap)} (chance {number(result.chance_overlap)})",
        caption=result.caption,
        alt=f"{result.method} map of {len(xy)} images{by}.",
    )


def _axes(result, xy) -> dict:
    # PCA axes mean something and have numbers; those of t-SNE and UMAP mean nothing and have no ticks.
    square = {"x": padded(xy[:, 0], pad=0.04), "y": padded(xy[:, 1], pad=0.04)}
    if result.method == "PCA":
        share = ["", ""] if result.explained is None else [f" ({percent(v)} of the variance)" for v in result.explained]
        return {
            "x": Axis(label=f"PC 1{share[0]}", range=square["x"]),
            "y": Axis(label=f"PC 2{share[1]}", range=square["y"]),
        }
    return {k: Axis(label=f"{result.method} {i + 1}", range=r, shown=False) for i, (k, r) in enumerate(square.items())}


def _points(result, xy, labels):
    n = len(xy)
    size = 3.4 if n <= 400 else 2.4 if n <= 1500 else 1.7
    shuffled = np.random.default_rng(0).permutation(n)  # drawn in no order, so that no class lies on top
    if labels is None:
        yield Dots(
            x=xy[shuffled, 0],
            y=xy[shuffled, 1],
            size=size,
            alpha=0.7,
            key="one image",
            label=tuple(result.image_id[i] for i in shuffled),
        )
        return
    labels = list(labels)
    counts = {v: labels.count(v) for v in sorted({v for v in labels if v is not None}, key=str)}
    levels = sorted(counts, key=lambda v: (-counts[v], str(v)))[:MOST_LEVELS]
    grey = [i for i in shuffled if labels[i] not in levels]
    if grey:
        missing = sum(labels[i] is None for i in grey)
        key = (
            f"not recorded ({missing})"
            if missing == len(grey)
            else f"not recorded, or one of {len(counts) - len(levels)} rarer ({len(grey)})"
        )
        yield Dots(
            x=xy[grey, 0],
            y=xy[grey, 1],
            size=size,
            colour=MISSING,
            key=key,
            label=tuple(result.image_id[i] for i in grey),
        )
    style = dict(zip(sorted(levels, key=str), zip(colours(len(levels)), shapes(len(levels)), strict=True), strict=True))
    for level in sorted(levels, key=str):
        rows = [i for i in shuffled if labels[i] == level]
        colour, shape = style[level]
        yield Dots(
            x=xy[rows, 0],
            y=xy[rows, 1],
            size=size,
            colour=colour,
            shape=shape,
            alpha=0.8,
            key=f"{level} ({len(rows)})",
            label=tuple(f"{result.image_id[i]}\n{level}" for i in rows),
        )


def _tinted(result, xy, kept):
    """The points in four shades, least believable first, so that what can be believed lies on top."""
    size = 3.4 if len(xy) <= 400 else 2.4 if len(xy) <= 1500 else 1.7
    unknown = ~np.isfinite(kept)
    if unknown.any():
        yield Dots(x=xy[unknown, 0], y=xy[unknown, 1], size=size, colour=MISSING, key=f"not compared ({unknown.sum()})")
    for number_of, ((low, high), colour) in enumerate(zip(TINTS, COUNTS[1:5], strict=True)):
        at = np.flatnonzero((kept >= low) & ((kept < high) | (high == 1.0) & (kept <= high)))
        if at.size:
            share = f"{100 * low:.0f} to {100 * high:.0f}" if number_of else f"under {100 * high:.0f}"
            yield Dots(
                x=xy[at, 0],
                y=xy[at, 1],
                size=size,
                colour=colour,
                key=f"{share}\u00a0% kept ({at.size})",
                label=tuple(f"{result.image_id[i]}\n{percent(kept[i])} of its 15 neighbours kept" for i in at),
            )
