"""What is in a store: a treemap of its taxa, and its species from the commonest to the rarest, beside chance."""

from itertools import groupby, pairwise

import numpy as np

from embedlab.plots.colour_vision import legible
from embedlab.plots.letters import em
from embedlab.plots.marks import Area, Axis, Band, Panel, Path, Picture, Rule, Words, array, log_ticks, n_of
from embedlab.plots.theme import BLUE, CHANCE, COUNTS, SOFT, number
from embedlab.plots.treemap import Box, squarified

WIDE, HIGH = 76.0, 62.0  # mm of the treemap where it is smallest, a column of a journal
SMALLEST = 2.5  # mm² of a taxon that is drawn by itself
EM = 3.4  # mm that a type size takes on a phone, where the treemap is as wide as 22 of them
LINE = 3.0  # mm that the name of a coarser taxon takes
SHADES = (COUNTS[1], COUNTS[2], COUNTS[4])  # black words can be read on two of them, white on the last


def picture(result) -> Picture:
    """Lay out the treemap, and under it the ranked counts."""
    return Picture(
        title=f"{result.n:,} images of {result.units:,} {result.unit} count as {result.effective:,.0f} equally common "
        f"{result.unit}; {result.effective_chance:,.0f} by chance",
        panels=(_treemap(result), _ranked(result)),
        foot=f"n = {result.n:,} images of {result.units:,} {result.unit} · effective number "
        f"{result.effective:,.1f} · chance {result.effective_chance:,.1f} ({result.chance_low:,.1f} to "
        f"{result.chance_high:,.1f}; all photographed equally often) · half of the images in {result.half:,} "
        f"{result.unit}, {result.half_chance:,.0f} by chance · "
        + (f"left out: {result.left_out:,} images not named at both ranks" if result.left_out else "nothing left out"),
        caption=result.caption,
        columns=2,
        alt=f"Treemap of images by {result.of} within {result.within}; ranked counts of {result.unit}.",
    )


def _treemap(result) -> Panel:
    each = result.images / result.species
    edges = _edges(float(each.min()), float(each.max()))
    words = _words(edges, _one(result))
    shades = SHADES[-len(words) :] if len(words) > 1 else SHADES[:1]
    marks, named, keyed = [], [], set()
    whole = result.images.sum()
    least = SMALLEST / (WIDE * HIGH) * whole
    rows = sorted(zip(result.taxa, result.images, result.species, strict=True), key=lambda row: row[0][0])
    groups = [_few(name, list(some), least) for name, some in groupby(rows, key=lambda row: row[0][0])]
    groups.sort(key=lambda group: -sum(images for _, images, _ in group[1]))
    rooms = squarified([sum(images for _, images, _ in inner) for _, inner in groups], Box(0, 0, WIDE, HIGH))
    for (outer, inner), room in zip(groups, rooms, strict=True):
        room = room.inset(0.5)
        if result.within != result.of and room.high > 2 * LINE and (label := _fitting(outer, room.wide)):
            named.append(Words(x=room.x, y=room.y + room.high - LINE / 2, text=label, colour=SOFT, loose=True))
            room = room._replace(high=room.high - LINE)
        boxes = squarified([images for _, images, _ in inner], room)
        for (name, images, species), box in zip(inner, boxes, strict=True):
            colour = shades[int(np.searchsorted(edges, images / species, side="right"))]
            box = box.inset(0.15)
            says = words[shades.index(colour)]
            within = "" if result.within == result.of else f" ({outer})"
            marks.append(Area(
                x=np.array([box.x, box.x + box.wide, box.x + box.wide, box.x, box.x]),
                y=np.array([box.y, box.y, box.y + box.high, box.y + box.high, box.y]),
                colour=colour, key="" if colour in keyed else says,
                label=f"{name}{within}\n{images:,} images of {species:,} {result.unit}\n"
                f"{number(images / species)} each, {number(result.n / result.units)} by chance",
            ))  # fmt: skip
            keyed.add(colour)
            if box.high > LINE and (label := _fitting(name, box.wide - 0.8)):
                named.append(Words(x=box.x + box.wide / 2, y=box.y + box.high / 2, text=label, colour=legible(colour),
                                   anchor="center", italic=result.of in ("genus", "species"), loose=True))  # fmt: skip
    order = {words: i for i, words in enumerate(words)}
    marks.sort(key=lambda mark: order.get(mark.key, len(order)))  # the key goes from few to many
    return Panel(
        marks=(*marks, *named),
        title=f"Images of each {result.of}" + ("" if result.within == result.of else f", within its {result.within}"),
        note=f"{n_of(result.n, 'images')} · by chance {number(result.n / result.units, 3)} of each {_one(result)}",
        height=HIGH,
        x=Axis(range=(0, WIDE), shown=False),
        y=Axis(range=(0, HIGH), shown=False),
    )


def _ranked(result) -> Panel:
    low, counts = np.maximum(array(result.even_low), 0.7), array(result.counts)
    top = float(max(counts.max(), result.even_high.max())) * 1.3
    bottom = min(float(counts.min()), float(low.min())) / 1.3
    return Panel(
        marks=(
            Band(x=array(result.places), low=low, high=array(result.even_high), key="chance, 95 %"),
            Path(x=array(result.places), y=array(result.even), colour=CHANCE, dash="dot", width=1.0,
                 key="all equally often"),
            Path(x=array(result.places), y=counts, colour=BLUE, width=1.6, key=f"these {result.unit}"),
            Rule(at=float(result.half), dash="dash", colour=BLUE, key="half of the images to the left"),
        ),
        title=f"From the commonest {_one(result)} to the rarest",
        note=n_of(result.units, result.unit),
        height=42,
        x=Axis(label=f"{result.unit}, in the order of their images", log=True, range=(0.9, result.units * 1.15),
               ticks=log_ticks((0.9, result.units * 1.15))),
        y=Axis(label="images", log=True, range=(bottom, top), ticks=log_ticks((bottom, top))),
    )  # fmt: skip


def _one(result) -> str:
    """What is counted, as one."""
    return "species" if result.unit == "species" else result.of


def _few(outer: str, rows: list, least: float) -> tuple[str, list[tuple[str, int, int]]]:
    """The taxa of a group that are large enough to be seen, and all others as one; the largest first."""
    told = [(name[1], int(images), int(species)) for name, images, species in rows]
    kept, rest = [row for row in told if row[1] >= least], [row for row in told if row[1] < least]
    if len(rest) > 1:
        rest = [(f"{len(rest)} smaller", sum(images for _, images, _ in rest), sum(species for *_, species in rest))]
    return outer, sorted(kept + rest, key=lambda row: -row[1])


def _fitting(name: str, mm: float) -> str:
    """The name, shortened to what fits into a width, or nothing where not even five letters do."""
    room = mm / EM
    if em(name) <= room:
        return name
    cut = next((i for i in range(len(name) - 1, 4, -1) if em(name[:i] + "…") <= room), 0)
    return f"{name[:cut]}…" if cut else ""


def _edges(low: float, high: float) -> np.ndarray:
    """At most two round numbers that part a range into stretches of about the same ratio."""
    nice = np.array([k * 10.0**p for p in range(0, 10) for k in (1, 2, 5)])
    wanted = np.geomspace(low, high, len(SHADES) + 1)[1:-1]
    edges = {float(nice[np.abs(np.log(nice / w)).argmin()]) for w in wanted}
    return np.array(sorted(e for e in edges if low < e <= high))


def _words(edges: np.ndarray, unit: str) -> list[str]:
    """What each shade means, from few to many."""
    if not edges.size:
        return [f"images of each {unit}: about the same"]
    between = [f"{a:,.0f} to {b - 1:,.0f}" if b - a > 1 else f"{a:,.0f}" for a, b in pairwise(edges)]
    return [f"under {edges[0]:,.0f} images of each {unit}", *between, f"{edges[-1]:,.0f} or more"]
