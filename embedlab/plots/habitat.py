"""Habitat told without relatives: maps turned alike, pairs in order beside chance, switchers, and the tree."""

import numpy as np

from embedlab.plots.chance import beside, foot, told
from embedlab.plots.marks import Axis, Bars, Dots, Panel, Path, Picture, Rule, Thumbs, array, n_of, padded
from embedlab.plots.names import apart
from embedlab.plots.theme import (
    BLUE,
    CHANCE,
    CHANCE_FILL,
    FRAME,
    GREEN,
    INK,
    VERMILION,
    number,
    p_words,
    percent,
    sentence_case,
)
from embedlab.plots.trees import branches, ladder

LOOKS = ((BLUE, "circle"), (VERMILION, "square"))  # of what is not asked for, and of what is
MOST_PAIRS = 12
COLUMNS = {1: 2, 2: 2, 4: 4}  # of maps; the panels after them share their own row


def picture(result) -> Picture:
    """Lay out a map a space, what each tells, the switchers of the last space, and the tree with habitat and score."""
    e, n = result.evidence, len(result.spaces)
    every = np.vstack([s.xy for s in result.spaces])
    reach = tuple(padded(every[:, k], pad=0.05) for k in (0, 1))
    maps = tuple(_map(result, s, reach, name) for s, name in zip(result.spaces, _titles(result), strict=True))
    switch = (_switchers(result),) if result.pairs else ()
    return Picture(
        title=f"{sentence_case(result.kinds[1])}: told of held-out {result.rank} in {told(e, as_percent=True)} of pairs"
        + (f" in {result.spaces[-1].name}" if n > 1 else "")
        + f", {beside(e, as_percent=True)} by chance; beyond relatives {percent(result.spaces[-1].beyond.area)}",
        panels=(*maps, _areas(result), *switch, _tree(result)),
        foot=_foot(result),
        caption=result.caption,
        columns=COLUMNS.get(n, 3),
        narrow=2,
        alt=f"{n} maps of {len(result.species)} species by habitat; share of pairs in order beside chance; species of "
        "one genus that live apart; the tree with habitat and score.",
    )


def _titles(result) -> list[str]:
    """Names of the spaces; of more than three with the number by which the next panel knows them."""
    names = apart([s.name for s in result.spaces])
    return names if len(names) <= 3 else [f"{i}: {name}" for i, name in enumerate(names, start=1)]


def _kinds(result, mine=None):
    """Both kinds with rows, colour, shape and name; `mine` limits the rows."""
    keep = np.ones(len(result.species), bool) if mine is None else mine
    for k, (colour, shape) in enumerate(LOOKS):
        yield (result.is_b == bool(k)) & keep, colour, shape, result.kinds[k]


def _map(result, space, reach, title: str) -> Panel:
    x, y = space.xy.T
    # Invisible corners give all maps one scale.
    marks: list = [Dots(x=array(reach[0]), y=array(reach[1]), alpha=0.0, size=0.5, colour=FRAME)]
    words = np.array(
        [f"{s}\n{c}\nscore {number(v)}" for s, c, v in zip(result.species, result.clade, space.plain.scores,
                                                            strict=True)], dtype=object
    )  # fmt: skip
    size = 3.4 if len(x) < 100 else 2.4
    for rows, colour, shape, name in _kinds(result):
        marks.append(
            Dots(x=x[rows], y=y[rows], colour=colour, shape=shape, size=size, label=tuple(words[rows]), key=name)
        )
    p = space.plain
    return Panel(
        marks=tuple(marks),
        title=title,
        note=f"{percent(p.area)} of pairs in order, {percent(float(p.null.mean()))} by chance\u00a0· "
        f"{n_of(len(x), 'species')}",
        height=32,
        equal=True,
        x=Axis(shown=False),
        y=Axis(shown=False),
    )


def _areas(result) -> Panel:
    n = len(result.spaces)
    names = [str(i + 1) if n > 3 else s.name.replace(" ", "\n") for i, s in enumerate(result.spaces)]
    marks: list = [Rule(at=0.5, along="y", key="a coin")]
    lows = [0.45]
    for which, shift, colour, shape, key in (
        ("plain", -0.17, BLUE, "diamond", f"species, their {result.rank} held out"),
        ("beyond", 0.17, GREEN, "square", "what sets them apart from relatives"),
    ):
        found = [getattr(s, which) for s in result.spaces]
        at = np.arange(len(found)) + shift
        for x, one in zip(at, found, strict=True):
            low, high = np.quantile(one.null, [0.025, 0.975])
            lows.append(low)
            marks += [
                Bars(left=array([x - 0.13]), right=array([x + 0.13]), height=array([high - low]), base=float(low),
                     colour=CHANCE_FILL, key="chance, 95 %"),
                Path(x=array([x - 0.13, x + 0.13]), y=array([one.null.mean()] * 2), colour=CHANCE, dash="dot",
                     width=1.0),
            ]  # fmt: skip
        low, value, high = array([[f.low, f.area, f.high] for f in found]).T
        lows += low[np.isfinite(low)].tolist()
        said = tuple(
            f"{s.name}\n{percent(f.area)} of pairs in order\nbalanced accuracy {percent(f.accuracy)}\n{p_words(f.p)}"
            for s, f in zip(result.spaces, found, strict=True)
        )
        marks.append(
            Dots(
                x=at, y=value, low=low, high=high, along="y", colour=colour, shape=shape, size=4.6, label=said, key=key
            )
        )
    return Panel(
        marks=tuple(marks),
        title="Pairs in order",
        note=n_of(len(result.species), "species"),
        height=36,
        x=Axis(ticks=tuple((float(i), name) for i, name in enumerate(names)), range=(-0.5, n - 0.5)),
        y=Axis(label="pairs of species in order", percent=True, range=(max(0.0, min(lows) - 0.03), 1.03)),
    )  # fmt: skip


def _switchers(result) -> Panel:
    """Draw each pair as a line from where one of it stands to where the other does; photographs at both ends."""
    scores = dict(zip(result.species, result.spaces[-1].plain.scores, strict=True))
    pairs = sorted(result.pairs, key=lambda p: scores[p[1]] - scores[p[2]])
    cut = len(pairs) - MOST_PAIRS
    pairs = pairs if cut <= 0 else [pairs[i] for i in np.linspace(0, len(pairs) - 1, MOST_PAIRS).round().astype(int)]
    a, b = (array([scores[p[k]] for p in pairs]) for k in (1, 2))
    row = -np.arange(len(pairs), dtype=float)
    low, high = padded(a, b, include=(0.0,), pad=0.08)
    none = np.full(len(pairs), np.nan)
    e, height = result.switchers, float(np.clip(4.2 * len(pairs) + 4, 36, 56))
    photo = min(4.8, 0.8 * height / len(pairs))
    marks: list = [
        Rule(at=0.0, along="x"),
        Path(x=np.column_stack([a, b, none]).ravel(), y=np.column_stack([row, row, none]).ravel(), colour=FRAME,
             width=0.8),
    ]  # fmt: skip
    for k, at in ((1, a), (2, b)):
        colour, shape = LOOKS[k - 1]
        said = tuple(f"{p[k]}\n{result.kinds[k - 1]}\nscore {number(v)}" for p, v in zip(pairs, at, strict=True))
        marks.append(Dots(x=at, y=row, colour=colour, shape=shape, size=4.2, label=said))
    span, shown = (low, high), [p for p in pairs if p[1] in result.photographs and p[2] in result.photographs]
    if shown:
        wide = (high - low) * 0.36
        span = (low - wide, high + wide)
        places = [row[pairs.index(p)] for p in shown]
        for k, x in ((1, low - wide / 2), (2, high + wide / 2)):
            marks.append(
                Thumbs(x=np.full(len(shown), x), y=array(places), images=tuple(result.photographs[p[k]] for p in shown),
                       size=photo, label=tuple(f"{p[k]}\n{result.kinds[k - 1]}" for p in shown),
                       colours=(LOOKS[k - 1][0],) * len(shown))
            )  # fmt: skip
    return Panel(
        marks=tuple(marks),
        title="Switchers",
        note=f"{round(e.estimate * e.n)} of {n_of(e.n, 'pairs')} in order\u00a0· {p_words(e.p_more)}",
        height=height,
        x=Axis(label="score without their " + result.rank + (f"; {len(pairs)} pairs shown" if cut > 0 else ""),
               ticks=((0.0, "0"),), range=span),
        y=Axis(ticks=tuple((float(r), p[0]) for r, p in zip(row, pairs, strict=True)), italic=True,
               range=(0.7 - len(pairs), 0.7)),
    )  # fmt: skip


def _tree(result) -> Panel:
    depth, row, order = ladder(result.structure)
    n = len(order)
    x, y = branches(result.structure, depth * 0.6, row)
    place = np.empty(n)
    place[order] = -np.arange(n, dtype=float)
    height = float(np.clip(0.5 * n, 34, 44))
    thick = float(np.clip(3.1 * height / (n + 1), 0.6, 5.0))  # points: strips without gaps, on the screen neither
    marks: list = [Path(x=x, y=y, colour=INK, width=0.5)]
    says = array(result.spaces[-1].plain.scores) > 0
    none = np.full(n, np.nan)
    for left, strip in ((0.64, result.is_b), (0.89, says)):
        for k, (colour, _) in enumerate(LOOKS):
            rows = np.flatnonzero(strip == bool(k))
            ends = np.tile([left, left + 0.1, np.nan], (len(rows), 1))
            up = np.column_stack([place[rows], place[rows], none[rows]])
            said = tuple(t for i in rows for t in (result.species[i], result.species[i], ""))
            marks.append(Path(x=ends.ravel(), y=up.ravel(), colour=colour, width=thick, label=said))
    return Panel(
        marks=tuple(marks),
        title="On the tree",
        note=f"{n_of(n, 'species')}\u00a0· {percent(result.spaces[-1].plain.accuracy)} right, a coin 50\u00a0%",
        height=height,
        x=Axis(ticks=((0.69, "habitat"), (0.94, "probe")), range=(-0.01, 1.0)),
        y=Axis(range=(-n, 1.0), shown=False),
    )


def _foot(result) -> str:
    last = result.spaces[-1]
    said = foot(result.evidence, as_percent=True)
    return (
        f"{said}\u00a0· balanced accuracy {percent(last.plain.accuracy)}\u00a0· beyond relatives "
        f"{percent(last.beyond.area)}, {p_words(last.beyond.p)}\u00a0· {len(set(result.clade))} {result.rank} held out"
    )
