"""What a displacement costs, inside and outside the competitors' span, as competitors grow in number."""

import numpy as np

from embedlab.plots.marks import Axis, Dots, Panel, Path, Picture, Rule, array, n_of, padded
from embedlab.plots.theme import BLUE, CHANCE, GREEN, VERMILION, number

FLOOR = 1e-16  # below it only rounding is left


def picture(result) -> Picture:
    """Lay out the costs against the number of prototypes, and the assumption: cosines and shares."""
    r = result
    k = array(r.curve[:, 0])
    columns = {
        "inside, L2": (r.curve[:, 4], VERMILION, "solid"),
        "orthogonal, L2": (r.curve[:, 5], BLUE, "solid"),
        "any direction, L2": (r.curve[:, 6], CHANCE, "dot"),
        "inside, raw": (r.curve[:, 2], VERMILION, "dash"),
    }
    marks = []
    for key, (values, colour, dash) in columns.items():
        values = np.log10(np.maximum(np.abs(array(values)), FLOOR))  # nan where nothing is orthogonal
        marks.append(Path(x=k, y=values, colour=colour, dash=dash, key=key))
        if dash == "solid":
            marks.append(Dots(x=k, y=values, colour=colour, size=3, label=tuple(
                f"{int(c)} prototypes\n{key}: {10**v:.2g} nats" for c, v in zip(k, values, strict=True))))  # fmt: skip
    told = array(r.curve[:, 7])
    if (good := told > 0).any():
        marks.append(Dots(x=k[good], y=np.log10(told[good]), shape="diamond", colour=GREEN, size=5, hollow=True,
                          key="orthogonal, L2, as predicted"))  # fmt: skip
    every = np.concatenate([m.y for m in marks])
    low, high = padded(every)
    costs = Panel(
        marks=tuple(marks),
        x=Axis(label="number of prototypes", log=True, range=(k.min() * 0.85, k.max() * 1.18)),
        y=Axis(label="excess loss (nats)", ticks=powers(low, high), range=(low, high)),
        height=45,
        title="Cost of a displacement",
        note=n_of(r.k, "prototypes at most"),
    )
    names = ("cosine of prototypes", "the same, centred", "own deviations inside the span", "the same, softly")
    values = array([r.gram.mean, r.gram_centred.mean, r.share, r.soft_share])
    chance = array([0.0, -1 / (r.k - 1), r.chance_share, r.chance_soft])
    place = -np.arange(4.0)
    assumption = Panel(
        marks=(
            Rule(at=0.0),
            Dots(x=chance, y=place, shape="tick", size=7, colour=CHANCE, key="orthogonal texts, random directions"),
            Dots(x=values, y=place, shape="diamond", size=5, key="this model",
                 label=tuple(f"{n}: {number(v)}, chance {number(c)}"
                             for n, v, c in zip(names, values, chance, strict=True))),
        ),
        x=Axis(label="mean cosine, or share", range=padded(values, chance, include=(0.0, 1.0))),
        y=Axis(ticks=tuple((float(p), n) for p, n in zip(place, names, strict=True)), range=(-3.6, 0.6)),
        height=26,
        title="What the theorem assumes",
        note=n_of(r.k, "prototypes"),
    )  # fmt: skip
    ratio = r.inside_l2 / r.orthogonal_l2 if r.orthogonal_l2 else np.nan
    return Picture(
        title=f"{r.k} prototypes span all {r.d} dimensions: nothing is orthogonal to them"
        if not np.isfinite(ratio)
        else f"Moving inside the prototypes' span costs {number(ratio)} times what moving orthogonally does",
        panels=(costs, assumption),
        foot=f"n = {len(r.species)} species, {r.k} prototypes of rank {r.rank} in {r.d} dimensions · softly "
        f"{number(r.competitors)} count · temperature {r.temperature:g}, length {r.length:g} · "
        + (f"largest change when orthogonal and raw {r.exact:.0e} · " if np.isfinite(r.exact) else "")
        + f"Taylor orders {number(r.orders[0])} and {number(r.orders[1])}",
        caption=r.caption,
        alt="Cost of displacements inside and outside the span of prototypes, by number of prototypes.",
    )


def powers(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """Give ticks at powers of ten, six or fewer, for an axis that runs over exponents from `low` to `high`.

    >>> powers(-3.2, -0.9)
    ((-3.0, '0.001'), (-2.0, '0.01'), (-1.0, '0.1'))
    """
    every = range(int(np.ceil(low)), int(np.floor(high)) + 1)
    return tuple((float(v), _power(v)) for v in every[:: -(-len(every) // 6) or 1])


def _power(exponent: int) -> str:
    """Write a power of ten as a reader would: 0.01, and 10⁻⁵ where there are too many zeros.

    >>> _power(-2), _power(-12)
    ('0.01', '10⁻¹²')
    """
    if -4 <= exponent <= 3:
        return f"{10.0**exponent:,.6g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
