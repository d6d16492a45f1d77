"""What stands with the runs of a series: the fitted law with its band, each scale foretold by the others, controls."""

import numpy as np

from embedlab.measures.foretold import foretold
from embedlab.plots.marks import Band, Dots, Path, Rule, Words, array
from embedlab.plots.theme import COUNTS, FRAME, INK, line_colours, number

NEAR, FAR = 0.4, 3.4  # mm from a line to the lower and upper edge of the words that stand along it, on a screen too
LETTER = 1.2  # mm that a letter of them takes
WIDTH = 68.0  # mm of a panel in one column


def law_marks(result) -> tuple:
    """Give the law that foretells held-out scales best, its 95 % band, and a dash for each scale left out."""
    law = foretold(result)
    if law is None:
        return ()
    marks = []
    if np.isfinite(law.low).all():
        marks.append(Band(x=law.x, low=law.low, high=law.high, colour=COUNTS[1], key="law, 95 % over species"))
    marks.append(Path(x=law.x, y=law.value, colour=FRAME, width=0.9, key=f"law that foretells best: {law.name}"))
    said = tuple(
        f"{number(scale, 4)} left out: the others foretell {number(v)}"
        for scale, v in zip(law.scales, law.unseen, strict=True)
    )
    # a curve that explodes where it has seen nothing would flatten all else
    held = array(result.values)
    room = 3 * max(np.ptp(held), 1e-12)
    near = (law.unseen > held.min() - room) & (law.unseen < held.max() + room)
    marks.append(
        Dots(
            x=law.scales[near],
            y=law.unseen[near],
            shape="dash",
            size=11,
            colour=INK,
            label=tuple(text for text, seen in zip(said, near, strict=True) if seen),
            key="a scale as the others foretell it" + ("" if near.all() else f" ({(~near).sum()} lie beyond)"),
        )
    )
    return tuple(marks)


def controls(result, span, upright, height: float) -> tuple:
    """Give what stands beside the series and on no scale: a line a control, with its name along it.

    Where there is no free place for the words they go into the key. `span` and `upright` are the ranges of the axes,
    `height` is that of the panel in mm.
    """
    found = [c for c in result.controls if np.isfinite(c.value)]
    marks, taken = [], []
    for control, shade in zip(found, line_colours(len(found)), strict=True):
        words = f"{control.name} {number(control.value)}"
        rest = [c.value for c in found if c is not control]
        place = _free(result, control.value, words, span, upright, height, rest, taken)
        key = words if place is None else ""
        marks.append(Rule(at=control.value, along="y", dash="dash", colour=shade, width=1.1, key=key))
        if place is not None:
            right, up, box = place
            taken.append(box)
            marks.append(Words(x=span[right], y=control.value, text=words, anchor="right" if right else "left",
                               dx=-2 if right else 2, dy=4.6 if up else -4.6))  # fmt: skip
    return tuple(marks)


def _free(result, value, words, span, upright, height, rest, taken):
    """A side and a direction in which the words cross no other line, band of chance, run or words."""
    mm = height / (upright[1] - upright[0])
    log = np.log if min(span[0], float(np.min(result.x))) > 0 else array
    ends = log(np.array(span))
    at = WIDTH * (log(array(result.x)) - ends[0]) / (ends[1] - ends[0])
    long = LETTER * len(words) + 3
    for right in (1, 0):
        beside = at > WIDTH - long if right else at < long
        lines = [*rest, *array(result.chance)]
        bars = [(v, v) for v in lines] + [
            (a, b) for a, b, near in zip(array(result.low), array(result.high), beside, strict=True) if near
        ]
        for up in (True, False):
            low, high = (value + NEAR / mm, value + FAR / mm) if up else (value - FAR / mm, value - NEAR / mm)
            box = (right, low, high)
            if low < upright[0] or high > upright[1] or any(a <= high and b >= low for a, b in bars):
                continue
            if not any(side == right and a <= high and b >= low for side, a, b in taken):
                return right, up, box
    return None
