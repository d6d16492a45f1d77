"""What can be read where: accuracies in parts of the space, before and after a concept is erased, over chance."""

import numpy as np
import polars as pl

from embedlab.plots.chance import foot
from embedlab.plots.marks import Axis, Bars, Dots, Panel, Path, Picture, Rule, array, n_of, padded
from embedlab.plots.theme import CHANCE, CHANCE_FILL, percent, sentence_case


def picture(result) -> Picture:
    """Lay out the readings of the contrast and of the species, each over its chance and beside the whole space."""
    e = result.evidence
    return Picture(
        title=f"{sentence_case(str(result.contrast))}: read in {percent(e.estimate)} once the species are erased; "
        f"{percent(_whole(result, 'contrast'))} before, 50\u00a0% by chance",
        panels=(
            _panel(result, "contrast", f"Reading {result.contrast}"),
            _panel(result, "species", "Reading the species"),
        ),
        foot=foot(e, as_percent=True),
        caption=result.caption,
        alt=f"Accuracy of reading {result.contrast} and the species in parts of the space, and after erasure.",
    )


def _whole(result, what: str) -> float:
    rows = result.readings.filter((pl.col("what") == what) & (pl.col("where") == "whole space"))
    return float(rows["accuracy"][0])


def _panel(result, what: str, title: str) -> Panel:
    table = result.readings.filter(pl.col("what") == what).reverse()
    place = np.arange(len(table), dtype=float)
    column = {name: array(table[name]) for name in table.columns if name not in ("what", "where", "kept")}
    label = tuple(
        f"{r['where']}\n{percent(r['accuracy'])} right ({percent(r['low'])} to {percent(r['high'])})\n"
        f"chance {percent(r['chance'])}"
        for r in table.iter_rows(named=True)
    )
    marks = [Rule(at=_whole(result, what), dash="dash", key="whole space")]
    for row, low, high, mean in zip(place, column["chance_low"], column["chance_high"], column["chance"], strict=True):
        marks += [
            Bars(left=array([low]), right=array([high]), height=array([0.5]), base=row - 0.25, colour=CHANCE_FILL,
                 key="chance, 95 %"),
            Path(x=array([mean, mean]), y=array([row - 0.25, row + 0.25]), colour=CHANCE, width=1.0, dash="dot"),
        ]  # fmt: skip
    marks.append(
        Dots(
            x=column["accuracy"],
            y=place,
            low=column["low"],
            high=column["high"],
            label=label,
            shape="diamond",
            size=5,
            key="accuracy, 95 % interval",
        )
    )
    seen = [column[k] for k in ("accuracy", "low", "high", "chance_low", "chance_high")]
    return Panel(
        marks=tuple(marks),
        title=title,
        note=n_of(result.evidence.n, result.evidence.unit),
        height=10 + 6 * len(table),
        x=Axis(label="accuracy on images that fitted nothing", percent=True, range=padded(*seen)),
        y=Axis(ticks=tuple(zip(place.tolist(), table["where"], strict=True)), range=(-0.6, len(table) - 0.4)),
    )
