"""Species on a direction fitted without them: the map with photographs, the tree, trait against place, and chance."""

import textwrap

import numpy as np

from embedlab.plots import labels
from embedlab.plots.chance import beside, chance_panel, foot, told
from embedlab.plots.marks import Axis, Dots, Panel, Path, Picture, Rule, Span, Thumbs, Words, array, n_of, padded
from embedlab.plots.theme import CHANCE, FRAME, GRID, INK, number, p_words
from embedlab.plots.trees import branches, ladder

# From blue to ochre over green, as in batlow: ordered for every eye, and dark enough for a thin line.
SHADES = ("#2f5083", "#2f7374", "#6b7d35", "#a07a22", "#c47a2c")
NAME = 2.5  # mm from one name to the next
NAMED = 24  # species up to which tips bear names and marks bear numbers
MOST_PHOTOGRAPHS = 8
CLOUD, STRIP = 46.0, 15.0  # mm of the map, and of the photographs below it


def picture(result) -> Picture:
    """Lay out map, tree with columns, trait against position, and r over its null."""
    e = result.evidence
    depth, row, order = ladder(result.structure)
    number_of = np.empty(len(order), int)
    number_of[order] = np.arange(1, len(order) + 1)
    look = _Look(result, number_of)
    name = look.trait
    naive = f"{p_words(result.p_permuted)} were the species unrelated"
    return Picture(
        title=f"Species left out stand on the axis of {name} with r = {told(e)}; {beside(e)} by descent alone",
        panels=(_map(look), _tree(look, depth, row, order), _against(look), _chance(result)),
        foot=f"{foot(e)}\u00a0· {naive}\u00a0· Pagel's\u00a0λ\u00a0{number(result.lam)}",
        caption=result.caption,
        columns=2,
        alt=f"Map of {len(result.species)} species means on the fitted axis of {name}, their tree with trait and "
        "position, trait against position, and the null distribution of r.",
    )


class _Look:
    """What all panels share: each species' colour by its trait, its number in the tree's order, and its words."""

    def __init__(self, result, number_of):
        self.of = result
        self.trait = result.trait.replace("_", " ")
        self.label = f"{self.trait}, beyond {', '.join(result.covariates)}" if result.covariates else self.trait
        value = array(result.value)
        rank = (value - value.min()) / (np.ptp(value) or 1.0)
        self.colours = tuple(SHADES[i] for i in np.minimum((rank * len(SHADES)).astype(int), len(SHADES) - 1))
        self.numbers = tuple(str(n) for n in number_of)
        self.named = len(result.species) <= NAMED
        self.shown = _shown(result, array(result.position))  # of many species those pictured bear names in the tree
        self.words = tuple(
            f"{n}  {s}\n{self.label} {number(v, 3)}\nposition {number(p)}" + _between(lo, hi)
            for n, s, v, p, lo, hi in zip(
                self.numbers, result.species, value, result.position, result.low, result.high, strict=True
            )
        )
        edges = np.linspace(value.min(), value.max(), len(SHADES) + 1)
        low, high = number(edges[0], 2), number(edges[-1], 2)
        self.keys = {SHADES[0]: f"{self.label} {low}", SHADES[-1]: f"{self.label} {high}"}

    def dots(self, x, y, *, key: bool = False, size: float = 4.6, **more) -> list[Dots]:
        """One mark a colour, so that each stands in the key at most once."""
        found = []
        for shade in SHADES:
            mine = np.array([c == shade for c in self.colours])
            if mine.any():
                picked = {k: array(v)[mine] for k, v in more.items() if k in ("low", "high")}
                found.append(
                    Dots(
                        x=array(x)[mine],
                        y=array(y)[mine],
                        colour=shade,
                        size=size,
                        label=tuple(w for w, m in zip(self.words, mine, strict=True) if m),
                        key=self.keys.get(shade, "") if key else "",
                        **picked,
                    )
                )
        return found

    def numbered(self, x, y, across, up, height: float) -> list[Words]:
        """The number of each species beside its mark, where there is room."""
        if not self.named:
            return []
        return labels.beside(x, y, self.numbers, across=across, up=up, height=height)


def _between(low: float, high: float) -> str:
    return f" ({number(low)} to {number(high)})" if np.isfinite(low) else ""


def _map(look) -> Panel:
    r = look.of
    x, y, outline = array(r.position), array(r.across), array(r.outline)
    marks: list = [Rule(at=0.0, colour=CHANCE)]
    for shade in SHADES:
        mine = [i for i, c in enumerate(look.colours) if c == shade and np.isfinite(outline[i]).all()]
        if mine:
            gap = np.full((1, 2), np.nan)
            line = np.concatenate([np.concatenate([outline[i], gap]) for i in mine])
            marks.append(Path(x=line[:, 0], y=line[:, 1], colour=shade, width=0.6))
    across, up = padded(x, outline[..., 0]), padded(y, outline[..., 1])
    ticks, height = _ticks(*up), CLOUD
    if shown := look.shown:
        up, height = (up[0] - (up[1] - up[0]) * STRIP / CLOUD, up[1]), CLOUD + STRIP
        marks += _strip(look, shown, across, up, height)
    marks += look.dots(x, y, key=True)
    marks += look.numbered(x, y, across, up, height)
    return Panel(
        marks=tuple(marks),
        title="Species means, 95 % ellipses",
        note=n_of(len(r.species), "species"),
        height=height,
        x=Axis(label=f"position on the axis of {look.label} (unit of the table)", range=across),
        y=Axis(label="first principal axis at right angles", range=up, ticks=ticks),
    )


def _shown(result, x) -> list[int]:
    """Species with a photograph, in the order of the axis; of many, eight spread over it."""
    have = [int(i) for i in np.argsort(x, kind="stable") if result.species[i] in result.photographs]
    if len(have) <= MOST_PHOTOGRAPHS:
        return have
    return [have[k] for k in np.linspace(0, len(have) - 1, MOST_PHOTOGRAPHS).round().astype(int)]


def _strip(look, shown: list[int], across, up, height: float) -> list:
    """Photographs below the cloud in the order of the axis, so that their leaders do not cross."""
    r = look.of
    x, y = array(r.position)[shown], array(r.across)[shown]
    slots = across[0] + (np.arange(len(shown)) + 0.5) * (across[1] - across[0]) / len(shown)
    size = min(9.0, 70.0 / len(shown) - 0.8)
    per_mm = (up[1] - up[0]) / height
    middle = np.full(len(shown), up[0] + (size / 2 + 0.8) * per_mm)
    top = middle + (size / 2 + 3.2) * per_mm
    none = np.full(len(shown), np.nan)
    found: list = [
        Path(x=np.column_stack([slots, x, none]).ravel(), y=np.column_stack([top, y, none]).ravel(), colour=FRAME,
             width=0.5),
        Thumbs(x=slots, y=middle, images=tuple(r.photographs[r.species[i]] for i in shown), size=size,
               label=tuple(look.words[i] for i in shown), colours=tuple(look.colours[i] for i in shown)),
    ]  # fmt: skip
    found += [
        Words(x=float(s), y=float(m + (size / 2 + 1.6) * per_mm), text=look.numbers[i], anchor="center")
        for s, m, i in zip(slots, middle, shown, strict=True)
    ]
    return found


def _ticks(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """Three to six round numbers between the ends: the strip of photographs below has no scale."""
    raw = (high - low) / 5
    step = next(
        f * 10.0 ** np.floor(np.log10(raw)) for f in (1, 2, 5, 10) if f * 10.0 ** np.floor(np.log10(raw)) >= raw
    )
    places = max(0, -int(np.floor(np.log10(step))))
    values = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    return tuple((float(v), f"{v + 0.0:.{places}f}".replace("-", "−")) for v in values)


def _tree(look, depth, row, order) -> Panel:
    """Tree, names, and in its order two columns: the trait, and the position with its interval."""
    r, n = look.of, len(order)
    bearing = list(range(n)) if look.named else look.shown
    longest = max((len(_short(r.species[i])) for i in bearing), default=-3) + 3
    names = min(0.42, 0.021 * longest)
    trunk = 0.40 - 0.45 * names
    first = trunk + (0.02 if look.named else 0.035) + names
    wide = (0.98 - first) / 2 - 0.02
    columns = (first, first + wide), (0.98 - wide, 0.98)
    place = -np.argsort(order).astype(float)
    value, position = array(r.value), array(r.position)
    spans = (padded(value, pad=0.04), padded(position, r.low, r.high, pad=0.02))

    def into(k: int, v):
        (lo, hi), (a, b) = columns[k], spans[k]
        return lo + (array(v) - a) / (b - a) * (hi - lo)

    x, y = branches(r.structure, depth * trunk, row)
    marks: list = [Span(low=-i - 0.5, high=-i + 0.5, along="y", colour=GRID) for i in range(1, n, 2)]
    marks.append(Path(x=x, y=y, colour=INK, width=0.7))
    for k, middle in enumerate((value.mean(), 0.0)):
        at = into(k, [middle, middle])
        marks.append(Path(x=at, y=array([0.5, 0.5 - n]), dash="dot", colour=CHANCE, width=0.8))
    marks += look.dots(into(0, value), place)
    marks += look.dots(into(1, position), place, low=into(1, r.low), high=into(1, r.high))
    tall = float(np.clip(3.7 * n, 34, 52))
    marks += _names(look, bearing, place, trunk, NAME * n / tall, 0.5 - n)
    heads = ("\n".join(textwrap.wrap(words, 9)) for words in (look.trait, "position"))
    ticks = tuple(((lo + hi) / 2, words) for (lo, hi), words in zip(columns, heads, strict=True))
    return Panel(
        marks=tuple(marks),
        title="In the order of the tree",
        note=n_of(n, "species"),
        height=tall,
        x=Axis(ticks=ticks, range=(-0.01, 1.0)),
        y=Axis(range=(0.4 - n, 0.6), shown=False),
    )


def _names(look, mine: list[int], place, trunk: float, apart: float, lowest: float) -> list:
    """Numbers and names at the tips, `apart` rows from each other at least: where tips are closer, lines lead there."""
    mine = sorted(mine, key=lambda i: -place[i])
    at = array([place[i] for i in mine])
    if look.named or not mine:
        rows = at
    else:
        step = apart * np.arange(len(mine))
        rows = np.minimum.accumulate(at + step) - step  # down from the first
        rows = np.maximum(rows, lowest + apart / 2 + step[::-1])  # and up again where they would leave the panel
    marks: list = [
        Path(x=array([trunk, trunk + 0.025]), y=array([a, b]), colour=FRAME, width=0.5)
        for a, b in zip(at, rows, strict=True) if not look.named
    ]  # fmt: skip
    edge = trunk + (0.015 if look.named else 0.032)
    return marks + [
        Words(x=edge, y=float(row), text=f"{look.numbers[i]} {_short(look.of.species[i])}", italic=True)
        for i, row in zip(mine, rows, strict=True)
    ]


def _short(name: str) -> str:
    """A species by the first letter of its genus, as figures do."""
    genus, _, rest = name.partition(" ")
    return f"{genus[:1]}. {rest}" if rest else name


def _against(look) -> Panel:
    r = look.of
    x, y = array(r.position), array(r.value)
    across, up = padded(x, r.low, r.high), padded(y, pad=0.1)
    return Panel(
        marks=(Rule(at=0.0, colour=CHANCE), *look.dots(x, y, low=r.low, high=r.high),
               *look.numbered(x, y, across, up, 32.0)),
        title="Trait and position",
        note=n_of(len(r.species), "species"),
        height=32,
        x=Axis(label="position, with 95 % of its mean (unit of the table)", range=across),
        y=Axis(label=f"{look.label} (unit of the table)", range=up),
    )  # fmt: skip


def _chance(result) -> Panel:
    title = "r, and traits that evolved anew"
    return chance_panel(result.evidence, "r of trait and position", title=title, height=16, include=(0.0,))
