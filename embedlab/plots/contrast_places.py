"""Share of each species' difference inside the species span against its length, space by space, on one scale."""

import numpy as np

from embedlab.plots.chance import foot
from embedlab.plots.marks import Axis, Dots, Panel, Path, Picture, Rule, Span, array, n_of, padded
from embedlab.plots.theme import (
    FRAME,
    GREEN,
    INK,
    PETROFF,
    PINK,
    VERMILION,
    WARM,
    number,
    p_words,
    percent,
    sentence_case,
)

FAR = (-0.5, 1.5)  # shares beyond this are noise and stand as arrows at the edge
SHOWN = (
    (VERMILION, "square"),
    (GREEN, "diamond"),
    (PINK, "triangle-up"),
    (INK, "hexagon"),
    (PETROFF[4], "triangle-down"),
)  # all of them dark enough for thin arrows, and told apart by shape as well
COLUMNS = {1: 1, 2: 2, 4: 2}  # of panels on a wide page, so that no row holds one alone
CROSS = "#3f8fc0"  # a light blue with a twin in the dark


def picture(result) -> Picture:
    """Lay out one panel a space, all on one scale: shuffled labels as a cloud, species as dots with crosses."""
    spans = _spans(result)
    last, many = result.spaces[-1], len(result.spaces) > 1
    inside = percent(1 - last.pooled.evidence.estimate)
    title = f"{sentence_case(str(result.contrast))}: {inside} of the difference lies inside the species span"
    title += f" in {last.name}" if many else ""
    c = result.change
    if c is not None and not c.cannot_tell:
        title = f"{sentence_case(str(result.contrast))}: from {result.spaces[0].name} to {last.name}, "
        title += f"{percent(abs(c.estimate))} of the difference moves {'out of' if c.estimate > 0 else 'into'} the "
        title += "species span" + ("" if _clear(c) else ", no more than chance")
    return Picture(
        title=title,
        panels=tuple(_space(result, p, *spans) for p in result.spaces),
        foot=foot_of(result),
        caption=result.caption,
        columns=COLUMNS.get(len(result.spaces), 3),
        narrow=1 if len(result.spaces) < 3 else 2,
        alt=f"One panel a space: share of the {result.contrast} difference of each of {len(result.groups)} species "
        "inside the span of the species means against its length, over a cloud of shuffled labels.",
    )


def _clear(change) -> bool:
    """Whether a move is rare under its null and its interval leaves 0 out."""
    return min(change.p_more, change.p_less) <= 0.05 and (change.interval[0] > 0 or change.interval[1] < 0)


def _spans(result) -> tuple[tuple[float, float], tuple[float, float]]:
    share = np.concatenate([s for p in result.spaces for s in (p.inside[p.placed], p.inside_low, p.inside_high)])
    pooled = [v for p in result.spaces for v in (p.pooled.share, p.pooled.noise_level)]
    across = padded(np.clip(share, *FAR), include=(0, 1, *np.clip(pooled, *FAR)), pad=0.03)
    length = np.concatenate([v for p in result.spaces for v in (p.length, np.quantile(p.length_high, [0.98]))])
    low, high = padded(length, include=(0.0,), pad=0.05)
    return across, (max(low, -0.03 * high), high)


def _space(result, p, across, up) -> Panel:
    inside, length, placed = array(p.inside), array(p.length), p.placed
    cloud = p.cloud[(p.cloud[:, 0] >= across[0]) & (p.cloud[:, 0] <= across[1]) & (p.cloud[:, 1] <= up[1])]
    label = np.array(
        [
            f"{name}\n{percent(i)} inside the span{_ends(a, b)}\nlength {number(ell)} within-species s.d. "
            f"({number(c)} to {number(d)})"
            for name, i, a, b, ell, c, d in zip(
                result.groups, inside, p.inside_low, p.inside_high, length, p.length_low, p.length_high, strict=True
            )
        ],
        dtype=object,
    )
    shown = np.isfinite(inside) & (inside >= across[0]) & (inside <= across[1])
    named = np.isin(result.groups, result.shown)
    size = 3.6 if len(inside) < 60 else 2.8
    low, high = sorted(1 - v for v in p.pooled.evidence.interval)
    marks = [
        Dots(x=cloud[:, 0], y=cloud[:, 1], colour=FRAME, size=1.3, alpha=0.6, under=True, key="same, labels shuffled"),
        Span(low=low, high=high, colour=WARM, key="pooled, 95 % interval"),
        Rule(at=p.pooled.noise_level, key="scatter within species"),
        _crosses(p, across, up),
        Rule(at=p.pooled.share, dash="solid", colour=VERMILION, width=1.2, key="all species, pooled"),
    ]
    for keep, hollow, key in (
        (placed & ~named, False, "one species"),
        (~placed & ~named, True, "too short to be placed"),
    ):
        if (keep & shown).any():
            at = keep & shown
            marks.append(Dots(x=inside[at], y=length[at], label=tuple(label[at]), hollow=hollow, size=size, key=key))
    for name, (colour, shape) in zip(result.shown, SHOWN[: len(result.shown)], strict=True):
        at = (np.array(result.groups) == name) & shown
        if at.any():
            marks.append(
                Dots(x=inside[at], y=length[at], label=tuple(label[at]), colour=colour, shape=shape, size=size + 1.6,
                     key=name)
            )  # fmt: skip
    reach = across[1] - across[0]
    for far, shape, edge in (
        (inside < across[0], "triangle-left", across[0] + 0.015 * reach),
        (inside > across[1], "triangle-right", across[1] - 0.015 * reach),
    ):
        if far.any():
            at = np.full(int(far.sum()), edge)
            marks.append(
                Dots(x=at, y=length[far], label=tuple(label[far]), shape=shape, hollow=True, size=size,
                     key="share lies beyond")
            )  # fmt: skip
    return Panel(
        marks=tuple(marks),
        x=Axis(label="share inside the species span", percent=True, range=across),
        y=Axis(label="length (within-species s.d.)", range=up),
        title=p.name if len(result.spaces) > 1 else "",
        note=f"{percent(p.pooled.share)} inside\u00a0· {n_of(int(np.isfinite(inside).sum()), 'species')}",
        height=52 if len(result.spaces) == 1 else 42,
    )


def _crosses(p, across, up) -> Path:
    """Give both intervals of every species that can be placed, as one broken line."""
    x, y = [], []
    for i in np.flatnonzero(p.placed):
        share = float(np.clip(p.inside[i], *across))
        ends = np.clip([p.inside_low[i], p.inside_high[i]], *across)
        x += [*ends, np.nan, share, share, np.nan]
        y += [p.length[i]] * 2 + [np.nan, *np.clip([p.length_low[i], p.length_high[i]], *up), np.nan]
    return Path(x=array(x), y=array(y), colour=CROSS, width=0.5, key="95 % over individuals")


def _ends(low: float, high: float) -> str:
    return f" ({percent(low)} to {percent(high)})" if np.isfinite(low) else "; too short to be placed"


def foot_of(result) -> str:
    """Say n, what lies outside beside chance, how many are told from noise, and what moved."""
    c = result.change
    last = result.spaces[-1]
    nowhere = int((~np.isfinite(last.inside)).sum())
    said = foot(result.evidence, as_percent=True).replace("estimate", "outside the span, pooled", 1)
    told = f"{int(last.told.sum())} of {len(result.groups)} ({percent(last.cloud_told)} by chance)"
    parts = [
        said,
        f"length told from noise in {told}",
    ]
    if nowhere:
        parts.append(f"{nowhere} of no measurable length are not drawn")
    if c is not None and not c.cannot_tell:
        low, high = (percent(v, like=c.estimate) for v in c.interval)
        parts.append(f"moves outside {percent(c.estimate)} ({low} to {high}), {p_words(c.p_more)}")
    return "\u00a0· ".join(parts)
