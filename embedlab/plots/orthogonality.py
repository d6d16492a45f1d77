"""How much of a contrast lies outside the span of the species means, beside four kinds of chance."""

import numpy as np

from embedlab.plots.chance import beside, beyond, core, foot, histogram
from embedlab.plots.marks import Axis, Band, Bars, Dots, Panel, Path, Picture, Rule, Span, array, n_of, padded
from embedlab.plots.theme import BLUE, CHANCE, CHANCE_FILL, VERMILION, WARM, number, percent, sentence_case

NULLS = (
    ("shuffled labels", "labels shuffled"),
    ("spectrum-matched", "as noise points"),
    ("sphere-preserving", "on the sphere"),
    ("isotropic", "any direction"),
)
FAR = (-0.6, 1.6)  # shares beyond this are noise and stand as arrows at the edge


def picture(result) -> Picture:
    """Lay out each species, the pooled share over its nulls and in other inner products, the share axis by axis."""
    e = result.evidence
    each, unplaced = _species(result)
    unplaced = f"\u00a0· {unplaced} species without a measurable difference are not drawn" if unplaced else ""
    return Picture(
        title=f"{sentence_case(str(result.contrast))}: {percent(1 - result.share)} of the difference "
        "lies outside the species span; "
        f"{beside(e, as_percent=True)} by chance",
        panels=(each, _nulls(result), *([_products(result)] if len(result.products) else []), _curve(result)),
        foot=foot(e, as_percent=True) + unplaced,
        caption=result.caption,
        alt=f"Share of the {result.contrast} difference outside the span of the species means, with four "
        "null distributions.",
    )


def _species(result) -> tuple[Panel, int]:
    """Draw each species; shares far out, where noise exceeds the difference, stand as arrows at the edge."""
    outside, length = 1 - array(result.inside), array(result.length)
    known = np.isfinite(outside) & np.isfinite(length)
    label = np.array(
        [
            f"{name}\n{percent(o)} outside the span\nlength {number(ell)} within-species s.d."
            for name, o, ell in zip(result.groups, outside, length, strict=True)
        ],
        dtype=object,
    )
    span = padded(
        np.clip(outside[known], *FAR),
        include=(1, 1 - result.noise_level, 1 - result.isotropic, 1 - result.share),
        pad=0.04,
    )
    within = known & (outside >= span[0]) & (outside <= span[1])
    size = 4 if len(outside) < 60 else 3
    marks = [
        Rule(at=1 - result.noise_level, key="scatter within groups"),
        Rule(at=1 - result.isotropic, dash="dash", key="any direction"),
        Dots(x=outside[within], y=length[within], label=tuple(label[within]), size=size, key="one species"),
    ]
    reach = span[1] - span[0]
    for far, shape, edge in (
        (known & (outside < span[0]), "triangle-left", span[0] + 0.012 * reach),
        (known & (outside > span[1]), "triangle-right", span[1] - 0.012 * reach),
    ):
        if far.any():
            at = np.full(int(far.sum()), edge)
            marks.append(Dots(x=at, y=length[far], label=tuple(label[far]), shape=shape, size=size, key="lies beyond"))
    marks.append(Rule(at=1 - result.share, dash="solid", colour=VERMILION, width=1.2, key="all species, pooled"))
    panel = Panel(
        marks=tuple(marks),
        x=Axis(
            label=f"share of the difference outside the span of {len(result.groups)} means",
            percent=True,
            range=span,
        ),
        y=Axis(label="length (within-species s.d.)", range=padded(length[known], include=(0.0,))),
        title="The difference in each species",
        note=n_of(int(known.sum()), "species"),
        height=38,
    )
    return panel, int((~known).sum())


def _nulls(result) -> Panel:
    low, high = sorted(result.evidence.interval)
    draws = {key: 1 - array(v) for key, v in result.nulls.items()}
    kinds = [(key, name) for key, name in NULLS if key in draws]
    kinds += [(key, key) for key in draws if key not in dict(NULLS)]
    marks, ticks = [Span(low=low, high=high, colour=WARM, key="pooled, 95 % interval")], []
    for row, (key, name) in enumerate(reversed(kinds)):
        left, right, tall = histogram(draws[key])
        marks += [
            Bars(left=left, right=right, height=tall * 0.74, base=row, key="each draw of chance"),
            Path(
                x=array([left.min() if left.size else 0, right.max() if right.size else 0]),
                y=array([row, row]),
                colour=CHANCE,
                width=0.5,
            ),
        ]
        ticks.append((row + 0.3, name))
    marks.append(Rule(at=1 - result.share, dash="solid", colour=VERMILION, width=1.2, key="all species, pooled"))
    cores = [core(v) for v in draws.values()]
    out, total = sum(c[2] for c in cores), sum(len(v) for v in draws.values())
    return Panel(
        marks=tuple(marks),
        title="Pooled share, and what chance gives",
        note=n_of(result.evidence.n, result.evidence.unit),
        height=7 + 8 * len(kinds),
        x=Axis(
            label="share outside the span" + beyond(out, total),
            percent=True,
            range=padded([c[:2] for c in cores], [low, high, 1 - result.share], include=(1.0,)),
        ),
        y=Axis(ticks=tuple(ticks), range=(-0.15, len(kinds))),
    )


def _products(result) -> Panel:
    """Draw the share in each inner product, with the range that spectrum-matched chance has there."""
    table = result.products.reverse()
    place = np.arange(len(table), dtype=float)
    column = {name: np.clip(array(table[name]), -1, 2) for name in table.columns[1:]}
    label = tuple(
        f"{name}\n{percent(share)} outside ({percent(low)} to {percent(high)})\nchance {percent(chance)}"
        for name, share, low, high, chance, *_ in table.rows()
    )
    marks = []
    for row, left, right, mean in zip(
        place, column["chance_low"], column["chance_high"], column["chance"], strict=True
    ):
        marks += [
            Bars(left=array([left]), right=array([right]), height=array([0.5]), base=row - 0.25, colour=CHANCE_FILL),
            Path(x=array([mean, mean]), y=array([row - 0.25, row + 0.25]), colour=CHANCE, width=1.0),
        ]
    marks.append(
        Dots(x=column["outside"], y=place, low=column["low"], high=column["high"], label=label, shape="diamond", size=5)
    )
    return Panel(
        marks=tuple(marks),
        title="The same in other inner products",
        note=n_of(result.evidence.n, result.evidence.unit),
        height=8 + 6 * len(table),
        x=Axis(label="share outside the span", percent=True, range=padded(*column.values(), include=(1.0,))),
        y=Axis(ticks=tuple(zip(place.tolist(), table["product"], strict=True)), range=(-0.6, len(table) - 0.4)),
    )


def _curve(result) -> Panel:
    k, share, noise, low, high = array(result.curve).T
    share, noise, low, high = 1 - share, 1 - noise, 1 - high, 1 - low
    shown = padded(share, noise, np.clip(low, *FAR), np.clip(high, *FAR), include=(1.0,))
    return Panel(
        marks=(
            Band(x=k, low=np.clip(low, *FAR), high=np.clip(high, *FAR), key="spectrum-matched chance, 95 %"),
            Path(x=k, y=noise, dash="dot", colour=CHANCE, key="scatter within groups"),
            Path(x=k, y=share, colour=BLUE, width=1.4),
            Dots(
                x=k,
                y=share,
                size=3,
                label=tuple(f"{int(a)} axes: {percent(b)} outside" for a, b in zip(k, share, strict=True)),
            ),
        ),
        x=Axis(
            label="number of axes of the span, largest first",
            log=bool(k.min() > 0 and k.max() / k.min() > 30),
        ),
        y=Axis(label="share outside", percent=True, range=shown),
        title="Adding the axes of the span one by one",
        note=n_of(result.evidence.n, result.evidence.unit),
        height=28,
    )
