"""Many spaces side by side: a table of agreement, each pair beyond descent, species' distances beside the tree."""

from itertools import combinations, groupby

import numpy as np

from embedlab.plots.chance import beside, chance_panel, foot, told
from embedlab.plots.colour_vision import legible
from embedlab.plots.marks import Axis, Cells, Dots, Panel, Path, Picture, Rule, Span, Words, array, n_of, padded
from embedlab.plots.names import apart
from embedlab.plots.theme import BLUE, INK, VERMILION, number, p_words, shade
from embedlab.plots.trees import branches, ladder

MOST_NUMBERS = 8  # spaces whose table has room for its numbers
MOST_PAIRS = 15  # pairs that are drawn one by one
TALL = 62.0  # mm of the distances
TRUNK = -0.34  # where the root of the tree stands; the distances run from 0 to 1


def picture(result) -> Picture:
    """Lay out the table of all pairs, the pairs beyond descent with the claim, and the tree beside the distances."""
    panels = [_table(result)]
    if len(result.models) * (len(result.models) - 1) // 2 <= MOST_PAIRS:
        panels.append(_pairs(result))
    e = result.evidence
    known = bool(np.isfinite(e.estimate))
    if known:
        panels.append(chance_panel(e, "agreement beyond descent", title="Mean of all pairs", include=(0.0,)))
    panels.append(_distances(result))
    beyond = f"by {told(e)} beyond descent, {beside(e)} by chance" if known else "undecided beyond descent"
    off = result.alike[~np.eye(len(result.models), dtype=bool)]
    said = foot(e) if known else f"n\u00a0=\u00a0{len(result.species)}\u00a0species · chance as in the caption"
    return Picture(
        title=f"{len(result.models)} spaces agree {beyond}",
        panels=tuple(panels),
        foot=f"{said} · species means {number(off.min())} to {number(off.max())} (chance {number(result.chance[0])} to "
        f"{number(result.chance[1])}) · {result.n:,} images",
        caption=result.caption,
        columns=2,
        alt=f"Agreement of {', '.join(result.models)} about {len(result.species)} species, as a table; the distances "
        "between species in the order of the tree.",
    )


def _table(result) -> Panel:
    """Species means below the diagonal, beyond descent above it; the diagonal is what halves of one space share."""
    m = len(result.models)
    lower = np.tril(np.ones((m, m), dtype=bool))
    value = np.where(lower, result.alike, result.beyond)
    edges = np.arange(m + 1) - 0.5
    marks: list = [
        # drawn from the top: row 0 is the first space
        Cells(x_edges=edges, y_edges=edges - m + 1, count=np.clip(value, 0, 1)[::-1], what="agreement", span=(0.0, 1.0))
    ]
    if m <= MOST_NUMBERS:
        marks += [
            Words(x=float(j), y=float(-i), text=f"{value[i, j]:.2f}".replace("-", "−"), anchor="center",
                  colour=legible(shade(min(max(value[i, j], 0.0), 1.0))))
            for i in range(m) for j in range(m) if np.isfinite(value[i, j])
        ]  # fmt: skip
    names = tuple((float(-i), f"{name}  {i + 1}") for i, name in enumerate(apart(result.models, 22)))
    return Panel(
        marks=tuple(marks),
        title="Species means (lower), beyond descent (upper)",
        note=f"{n_of(len(result.species), 'species')}\u00a0· chance {number(result.chance[0])} to "
        f"{number(result.chance[1])}",
        height=max(24.0, min(6.2 * m + 4, 60)),
        x=Axis(ticks=tuple((float(j), str(j + 1)) for j in range(m)), range=(-0.5, m - 0.5)),
        y=Axis(ticks=names, range=(0.5 - m, 0.5)),
    )


def _pairs(result) -> Panel:
    pairs = list(combinations(range(len(result.models)), 2))
    value, low, high, p = (array([v[at] for at in pairs]) for v in (result.beyond, result.low, result.high, result.p))
    known = np.isfinite(value)
    place = -np.arange(len(pairs), dtype=float)
    alike = array([result.alike[at] for at in pairs])
    said = [f"{result.models[i]} and {result.models[j]}" for i, j in pairs]
    marks = [
        Span(low=result.chance[0], high=result.chance[1], key="chance, 95 %"),
        Rule(at=0.0, key="chance, mean"),
        Dots(x=alike, y=place, shape="tick", size=6, colour=BLUE, key="species means",
             label=tuple(f"{t}\nspecies means {number(v)}" for t, v in zip(said, alike, strict=True))),
        Dots(x=value[known], y=place[known], low=low[known], high=high[known], shape="diamond", colour=VERMILION,
             key="beyond descent, 95 %",
             label=tuple(f"{t}\nbeyond descent {number(v)}, {p_words(q)}"
                         for t, v, q, k in zip(said, value, p, known, strict=True) if k)),
    ]  # fmt: skip
    return Panel(
        marks=tuple(marks),
        title="Each pair",
        note=n_of(len(result.species), "species"),
        height=max(24.0, 3.4 * len(pairs) + 4),
        x=Axis(label="agreement (1 = the same)", range=padded(alike, value, low, high, include=(0.0, 1.0))),
        y=Axis(
            ticks=tuple((float(at), f"{i + 1}–{j + 1}") for at, (i, j) in zip(place, pairs, strict=True)),
            range=(0.7 - len(pairs), 0.7),
        ),
    )


def _distances(result) -> Panel:
    """The tree at the left, and beside it the distances of its tips in the same order."""
    s = len(result.species)
    order, marks, left = np.arange(s), [], 0.0
    if result.structure is not None:
        depth, row, order = ladder(result.structure)
        x, y = branches(result.structure, TRUNK * (1 - depth) - 0.015 * depth, row)
        marks.append(Path(x=x, y=y, colour=INK, width=0.6))
        left = TRUNK
    ordered = np.maximum(result.distances[np.ix_(order, order)], 0.0)
    top = float(ordered.max()) or 1.0
    across, down = np.linspace(0, 1, s + 1), -np.arange(s + 1) + 0.5
    marks.append(Cells(x_edges=across, y_edges=down[::-1], count=ordered[::-1], what="squared distance",
                       span=(0.0, top)))  # fmt: skip
    bar = -s * np.array([1.035, 1.07])[::-1]
    marks += [
        Cells(x_edges=np.linspace(0.55, 0.87, 33), y_edges=bar, count=np.linspace(0, top, 32)[None], span=(0.0, top),
              what="squared distance"),
        Words(x=0.54, y=float(bar.mean()), text="squared distance  0", anchor="right"),
        Words(x=0.88, y=float(bar.mean()), text=number(top), anchor="left"),
    ]  # fmt: skip
    names = _genera([result.species[i] for i in order], TALL / s)
    upright = (-s * 1.08, 1.0)
    return Panel(
        marks=tuple(marks),
        title=f"Distances of species in {_called(result)}",
        note=n_of(s, "species\u00a0· no blocks by chance"),
        height=TALL,
        x=Axis(label=f"{s} species" + (", in the order of the tree" if left else ""), range=(left - 0.01, 1.0),
               shown=False),
        y=Axis(ticks=names, italic=True, range=upright) if names else Axis(range=upright, shown=False),
    )  # fmt: skip


def _called(result) -> str:
    """The name of the space whose distances are drawn, as the table above calls it."""
    names = dict(zip(result.models, apart(result.models, 22), strict=True))
    return names.get(result.shown, apart([result.shown], 22)[0])


def _genera(names: list[str], mm: float) -> tuple[tuple[float, str], ...]:
    """The genus of each run of species that is tall enough for a word, at its middle."""
    out, at = [], 0
    for genus, run in groupby(names, key=lambda name: name.split(" ")[0]):
        size = len(list(run))
        if size * mm >= 3.0 and size > 1:
            out.append((-(at + (size - 1) / 2), genus))
        at += size
    return tuple(out)
