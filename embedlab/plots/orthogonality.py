"""How much of a contrast lies in the span of the species means, beside three kinds of chance."""

import numpy as np

from embedlab.plots.chance import beside, beyond, core, foot, histogram
from embedlab.plots.marks import Axis, Bars, Dots, Panel, Path, Picture, Rule, Span, Words, array, padded
from embedlab.plots.theme import BLUE, CHANCE, VERMILION, WARM, number, percent, sentence_case

NULLS = (
    ("shuffled labels", "labels shuffled"),
    ("spectrum-matched", "spectrum-matched"),
    ("isotropic", "any direction"),
)


def picture(result) -> Picture:
    """Lay out each species by share and length, the pooled share over its nulls, the share axis by axis."""
    e = result.evidence
    each, unplaced = _species(result)
    unplaced = f"\u00a0· {unplaced} species without a measurable difference are not drawn" if unplaced else ""
    return Picture(
        title=f"{sentence_case(str(result.contrast))}: {percent(1 - result.share)} of the difference "
        "lies outside the species span; "
        f"{beside(e, as_percent=True)} by chance",
        panels=(each, _nulls(result), _curve(result)),
        foot=foot(e, as_percent=True) + unplaced,
        caption=result.caption,
        alt=f"Share of the {result.contrast} difference inside the span of the species means, with three "
        "null distributions.",
    )


def _species(result) -> tuple[Panel, int]:
    """Draw each species; shares far out, where noise exceeds the difference, stand as arrows at the edge."""
    inside, length = array(result.inside), array(result.length)
    known = np.isfinite(inside) & np.isfinite(length)
    label = np.array(
        [
            f"{name}\n{percent(i)} inside the span\nlength {number(ell)} within-species s.d."
            for name, i, ell in zip(result.groups, inside, length, strict=True)
        ],
        dtype=object,
    )
    span = padded(
        np.clip(inside[known], -0.6, 1.6),
        include=(0, result.noise_level, result.isotropic, result.share),
        pad=0.04,
    )
    within = known & (inside >= span[0]) & (inside <= span[1])
    size = 4 if len(inside) < 60 else 3
    marks = [
        Rule(at=result.noise_level, key="scatter within groups"),
        Rule(at=result.isotropic, dash="dash", key="any direction (rank / d)"),
        Dots(x=inside[within], y=length[within], label=tuple(label[within]), size=size, key="one species"),
    ]
    reach = span[1] - span[0]
    for far, shape, edge in (
        (known & (inside < span[0]), "triangle-left", span[0] + 0.012 * reach),
        (known & (inside > span[1]), "triangle-right", span[1] - 0.012 * reach),
    ):
        if far.any():
            at = np.full(int(far.sum()), edge)
            marks.append(Dots(x=at, y=length[far], label=tuple(label[far]), shape=shape, size=size, key="lies beyond"))
    marks.append(Rule(at=result.share, dash="solid", colour=VERMILION, width=1.2, key="all species, pooled"))
    panel = Panel(
        marks=tuple(marks),
        x=Axis(
            label=f"share of the difference inside the span of {len(result.groups)} means",
            percent=True,
            range=span,
        ),
        y=Axis(label="length (within-species s.d.)", range=padded(length[known], include=(0.0,))),
        title="The difference in each species",
        height=44,
    )
    return panel, int((~known).sum())


def _nulls(result) -> Panel:
    low, high = sorted(1 - v for v in result.evidence.interval)
    kinds = [(key, name) for key, name in NULLS if key in result.nulls]
    kinds += [(key, key) for key in result.nulls if key not in dict(NULLS)]
    marks, ticks = [Span(low=low, high=high, colour=WARM, key="pooled, 95 % interval")], []
    for row, (key, name) in enumerate(reversed(kinds)):
        left, right, tall = histogram(result.nulls[key])
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
    marks.append(Rule(at=result.share, dash="solid", colour=VERMILION, width=1.2, key="all species, pooled"))
    cores = [core(v) for v in result.nulls.values()]
    out, total = sum(c[2] for c in cores), sum(len(v) for v in result.nulls.values())
    return Panel(
        marks=tuple(marks),
        title="Pooled share, and what chance gives",
        height=10 + 8 * len(kinds),
        x=Axis(
            label="share inside the span" + beyond(out, total),
            percent=True,
            range=padded([c[:2] for c in cores], [low, high, result.share], include=(0.0,)),
        ),
        y=Axis(ticks=tuple(ticks), range=(-0.15, len(kinds))),
    )


def _curve(result) -> Panel:
    curve = array(result.curve)
    k, share, noise = curve.T
    top = padded(share, noise, include=(0.0,))
    return Panel(
        marks=(
            Path(x=k, y=noise, dash="dot", colour=CHANCE, key="scatter within groups"),
            Path(x=k, y=share, colour=BLUE, width=1.4),
            Dots(
                x=k,
                y=share,
                size=3,
                label=tuple(f"{int(a)} axes: {percent(b)} inside" for a, b in zip(k, share, strict=True)),
            ),
            Words(
                x=float(k[-1]),
                y=float(share[-1]),
                text=str(result.contrast),
                colour=BLUE,
                anchor="right",
                dy=7,
            ),
        ),
        x=Axis(
            label="number of axes of the span, largest first",
            log=bool(k.min() > 0 and k.max() / k.min() > 30),
        ),
        y=Axis(label="share inside", percent=True, range=(top[0], top[1] + 0.08 * (top[1] - top[0]))),
        title="Adding the axes of the span one by one",
        height=32,
    )
