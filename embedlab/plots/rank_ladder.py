"""Down the ranks: a map of one taxon after another for each store, with its score; and the scores of all ranks."""

import numpy as np

from embedlab.data.taxonomy import PLURALS
from embedlab.plots.marks import Axis, Dots, Panel, Path, Picture, Words, array, n_of, padded
from embedlab.plots.names import apart
from embedlab.plots.theme import CHANCE, FRAME, MISSING, OKABE_ITO, POINT, percent, shapes

NAMED = 4  # stores whose curves have colours of their own; of more, the first and the last
COLOURED = 5  # parts of a taxon that are coloured and named; the rest is grey, and counted
NARROW = 92.0  # points across a map where two stand beside each other in one column of a journal
MAP = 40.0  # mm of print that a map and its names take
LAYERS = 4
LINE = 7.4  # points from one name to the next, at least
ROOM = 180.0  # mm of a page for the maps of a ladder
SHOWN = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")


def picture(result) -> Picture:
    """Lay out the maps, those of one taxon side by side where there are two stores, and agreement beside chance."""
    shown = sorted({0, len(result.names) - 1})
    rows = len(result.steps) if len(shown) == 2 else -(-len(result.steps) // 2)
    height = float(np.clip(ROOM / max(rows, 1) - 13.0, 12.0, 30.0))
    names = apart(result.names)
    maps = [_map(step, k, height, names[k] if len(names) > 1 else "") for step in result.steps for k in shown]
    last = result.ladders[-1]
    # The finest rank above species: the best of all ranks would be picked by its number.
    at = max((i for i, r in enumerate(last.ranks) if r != "species"), default=0)
    of = f" of another {last.apart[at]}" if last.apart[at] else ""
    within = f" within one {last.parents[at]}" if last.parents[at] else ""
    return Picture(
        title=f"Nearest images{of} share the {last.ranks[at]} in {percent(last.agreement[at])} of cases, "
        f"{percent(last.parent_chance[at], like=last.agreement[at])} by chance{within}",
        panels=(*maps, _ladder(result)),
        foot=_foot(result),
        caption=result.caption,
        columns=_columns(len(maps), len(shown)),
        narrow=2,
        least=MAP,
        alt=f"Maps of {len(result.steps)} taxa, one within another, and agreement of nearest neighbours at "
        f"{len(result.ranks)} ranks, with chance.",
    )


def _foot(result) -> str:
    said = [f"n\u00a0=\u00a0{result.n:,}\u00a0images"]
    if result.path:
        said.append(" ▸ ".join(result.path))
    if result.gain:
        rank, (d, low, high) = list(result.gain.items())[-1]
        said.append(
            f"{rank}: {result.names[-1]} {percent(d)} ({percent(low)} to {percent(high)}) more than {result.names[0]}"
        )
    drawn = sum(len(s.labels) for s in result.steps)
    every = sum(s.images for s in result.steps)
    if drawn < every:
        said.append(f"{drawn:,} of {every:,} points drawn, all counted")
    return "\u00a0· ".join(said + list(result.left_out))


def _map(step, k: int, height: float, who: str) -> Panel:
    x, y = step.xy[k].T
    lines = int(height / POINT / LINE)
    names = sorted(step.counts, key=lambda n: (-step.counts[n], n))
    names = names if len(names) <= min(lines, COLOURED) else names[: min(lines - 1, COLOURED)]
    rest = ~np.isin(step.labels, names)
    size = 2.4 if len(x) > 250 else 3.0
    looks = list(zip(names, OKABE_ITO, shapes(len(names)), strict=False))
    marks: list = []
    if rest.any():
        marks.append(Dots(x=x[rest], y=y[rest], colour=MISSING, size=size, label=tuple(step.labels[rest])))
    turn = np.arange(len(x)) % LAYERS  # a layer of every part, then another: no part lies on top of the rest
    for layer in range(LAYERS):
        for name, colour, shape in looks:
            mine = (step.labels == name) & (turn == layer)
            if mine.any():
                marks.append(Dots(x=x[mine], y=y[mine], colour=colour, shape=shape, size=size, alpha=0.75,
                                  label=(name,) * int(mine.sum())))  # fmt: skip
    others = step.parts - len(names)
    looks += [(f"{others} others", MISSING, "circle")] if others else []
    beside, across, up = _key(looks, x, y, height, step.rank)
    marks += beside
    return Panel(
        marks=tuple(marks),
        title=f"{step.taxon or 'All'}: {step.parts} {PLURALS[step.rank]}",
        note=_score(step, k, who),
        height=height,
        x=Axis(range=across, shown=False),
        y=Axis(range=up, shown=False),
        equal=True,
    )


def _key(looks, x, y, height: float, rank: str) -> tuple[list, tuple, tuple]:
    """Names with their marks to the right of a map, and the ranges of both axes that hold map and names."""
    words = [_short(name, rank) for name, _, _ in looks]
    room = 12.0 + max(map(len, words)) * 3.3
    tall = height / POINT
    pitch = min(10.0, LINE * (tall // LINE) / max(len(looks), 1))  # a few names stand further apart
    # data units a point, if the panel has the width that it has in one column of a journal
    unit = max(np.ptp(x) / (NARROW - room - 8), np.ptp(y) / (tall - 8)) or 1.0
    lowest = (len(looks) - 1) * pitch
    top = max(float(y.max()) - 3 * unit, float(np.mean([y.min(), y.max()])) + lowest * unit / 2)
    left = float(x.max()) + 7 * unit
    places = top - np.arange(len(looks)) * pitch * unit
    found: list = [
        Dots(x=array([left]), y=array([place]), colour=colour, shape=shape, size=3.4)
        for place, (_, colour, shape) in zip(places, looks, strict=True)
    ]
    found += [Words(x=left, y=float(p), text=w, dx=4.0, loose=True) for p, w in zip(places, words, strict=True)]
    across = (float(x.min()) - 4 * unit, left + (room - 7) * unit)
    up = (min(float(y.min()), float(places[-1])) - 4 * unit, max(float(y.max()), top) + 4 * unit)
    return found, across, up


def _short(name: str, rank: str) -> str:
    """A name for a small map: of species the epithet, since the title bears the genus; at most 16 letters."""
    name = name.partition(" ")[2] or name if rank == "species" else name
    return name if len(name) <= 16 else f"{name[:15]}…"


def _score(step, k: int, who: str) -> str:
    value, low, high, chance = (float(array(v)[k]) for v in (step.agreement, step.low, step.high, step.chance))
    if not np.isfinite(value):
        return f"{who}: nothing to compare" if who else "nothing to compare"
    between = f" ({percent(low)[:-2]} to {percent(high)})" if np.isfinite(low) else ""
    said = f"{percent(value)}{between}, chance {percent(chance)}, n\u00a0=\u00a0{step.images:,}"
    return f"{who}: {said}" if who else said


def _columns(maps: int, each: int) -> int:
    """How many maps stand in a row of a wide page: a map takes a quarter of it, and those of one taxon are neighbours.

    >>> _columns(8, 2), _columns(10, 2), _columns(6, 1), _columns(7, 1), _columns(2, 2)
    (4, 4, 3, 4, 2)
    """
    if each == 1:
        return min((4, 3), key=lambda n: (-maps % n, -n)) if maps > 2 else 2
    return 4 if maps > 2 else 2


def _ladder(result) -> Panel:
    n = len(result.ranks)
    at = np.arange(n, dtype=float)
    count = len(result.names)
    chance = array(result.ladders[-1].parent_chance)
    marks: list = [
        Path(x=at, y=chance, dash="dot", colour=CHANCE, key="chance: names shuffled within the taxon above"),
        Dots(x=at, y=chance, colour=CHANCE, shape="dash", size=7),
    ]
    first, last = 0, count - 1
    rest = f"{count - 2} others between, without intervals"
    for k, (name, ladder) in enumerate(zip(apart(result.names), result.ladders, strict=True)):
        value, low, high = array(ladder.agreement), array(ladder.low), array(ladder.high)
        apart_by = (k - (count - 1) / 2) * min(0.14, 0.6 / count)
        said = tuple(
            f"{name}\n{r}: {percent(v)} ({percent(a)} to {percent(b)})\nchance {percent(c)}, n = {i:,} images"
            for r, v, a, b, c, i in zip(ladder.ranks, value, low, high, ladder.parent_chance, ladder.n, strict=True)
        )
        if count > NAMED and k not in (first, last):
            marks.append(Path(x=at + apart_by, y=value, colour=FRAME, width=0.5))
            marks.append(Dots(x=at + apart_by, y=value, colour=FRAME, size=2.6, label=said, key=rest))
            continue
        nth = k if count <= NAMED else int(k == last)
        colour = OKABE_ITO[nth % len(OKABE_ITO)]
        marks.append(Path(x=at + apart_by, y=value, colour=colour, width=0.8))
        marks.append(
            Dots(
                x=at + apart_by, y=value, low=low, high=high, along="y", colour=colour, shape=SHOWN[nth % len(SHOWN)],
                size=4.4, label=said, key=f"{name}, 95 % interval",
            )
        )  # fmt: skip
    every = [array(v) for ladder in result.ladders for v in (ladder.agreement, ladder.low, ladder.high)]
    return Panel(
        marks=tuple(marks),
        title="All taxa of each rank",
        note=n_of(result.n, "images"),
        height=34,
        alone=True,
        x=Axis(ticks=tuple(zip(at.tolist(), result.ranks, strict=True)), range=(-0.5, n - 0.5)),
        y=Axis(
            label="neighbours of the same name",
            percent=True,
            range=padded(*every, chance, include=(0.0, 1.0), pad=0.03),
        ),
    )
