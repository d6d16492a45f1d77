"""A map of the images: where the model puts them, and how far the map can be trusted."""

import numpy as np

from embedlab.plots.marks import Axis, Dots, Panel, Picture, Rule, array, padded
from embedlab.plots.theme import INK, MISSING, colours, number, percent, shapes

MOST_LEVELS = 9  # more than that and colours no longer tell them apart: highlight one, or use the page


def picture(result, labels=None, column: str = "") -> Picture:
    """Lay out the map, coloured by `labels` (one an image, None where not recorded), and its faithfulness."""
    xy = array(result.xy)
    cloud = Panel(marks=tuple(_points(result, xy, labels)), equal=True, height=72, **_axes(result, xy))
    kept = Panel(
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
        height=7,
    )
    by = f", coloured by {column.replace('_', ' ')}" if column else ""
    settings = "".join(
        f", {k.replace('_', ' ')} {v}" for k, v in result.parameters.items() if isinstance(v, int | float | str)
    )
    return Picture(
        title=f"{result.method} of {len(xy):,} images{by}: {percent(result.overlap)} of neighbours kept, "
        f"{percent(result.chance_overlap, like=result.overlap)} by chance",
        panels=(cloud, kept),
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
