"""Differences of each species over the plane that tells species apart: a scene a space, and the pooled share below."""

import numpy as np

from embedlab.plots import contrast_places
from embedlab.plots.marks import Axis, Bars, Dots, Panel, Path, Picture, array, n_of, padded
from embedlab.plots.scene import Arrow, Points, Scene, panels
from embedlab.plots.theme import BLUE, CHANCE, CHANCE_FILL, FRAME, percent, sentence_case


def picture(result) -> Picture:
    """Lay out one scene a space, all to one scale and seen alike, and what lies inside the span beside chance."""
    places, views = result.places, result.views
    every = np.vstack([v for view in views for v in (view.start, view.end, view.dots)])
    corners = np.vstack([v for view in views for v in _plane(view)])
    reach = 1.04 * float(np.linalg.norm(np.vstack([every[:, :2], corners]), axis=1).max())
    n = len(views)
    scenes = [_scene(result, v, p, reach) for v, p in zip(views, places.spaces, strict=True)]
    return Picture(
        title=f"{sentence_case(str(places.contrast))} over the plane that tells species apart: "
        f"{percent(places.spaces[-1].pooled.share)} of the difference lies inside the species span"
        + (f" in {views[-1].name}" if n > 1 else ""),
        panels=(*panels(scenes), _shares(places)),
        foot=contrast_places.foot_of(places),
        caption=result.caption,
        columns=n if n < 5 else 3,
        narrow=1 if n < 3 else 2,
        alt=f"{n} scenes in three dimensions: arrows from {places.contrast.a} to {places.contrast.b} of "
        f"{len(places.groups)} species over the plane of the species span; below, the share inside the span.",
    )


def _scene(result, view, place, reach: float) -> Scene:
    places = result.places
    looks = dict(zip(places.shown, contrast_places.SHOWN, strict=False))
    grey, bright, points = [], [], []
    a, b = places.contrast.a, places.contrast.b
    for g, name in enumerate(places.groups):
        said = (
            f"{name}\n{percent(view.seen[g])} of its difference is seen here\n"
            f"{percent(place.inside[g])} inside the span"
        )
        colour, shape = looks.get(name, (FRAME, ""))
        arrow = Arrow(
            start=view.start[g], end=view.end[g], colour=colour, label=said, width=1.8 if shape else 0.6,
            named=bool(shape), key="" if shape else f"other species, {a} to {b}",
        )  # fmt: skip
        (bright if shape else grey).append(arrow)
        if not shape:
            continue
        for kind, word in ((False, a), (True, b)):
            rows = (view.of == g) & (view.is_b == kind)
            points.append(
                Points(at=view.dots[rows], colour=colour, shape=shape, hollow=not kind,
                       label=(f"{name}\n{word}",) * int(rows.sum()), key=name if kind else f"open: {a}; filled: {b}")
            )  # fmt: skip
    low, high = _plane(view)
    chance = 1 - place.pooled.evidence.chance["mean"]
    return Scene(
        title=view.name if len(result.views) > 1 else "",
        note=f"{percent(place.pooled.share)} inside, {percent(chance)} by chance\u00a0· "
        f"{n_of(len(places.groups), 'species')}",
        low=low, high=high, reach=reach, upright="outside the span", unit="1 s.d.",
        arrows=(*grey, *bright), points=tuple(points),
    )  # fmt: skip


def _plane(view) -> tuple[np.ndarray, np.ndarray]:
    """Both corners of the plane: as far as species means reach."""
    means = (view.start + view.end)[:, :2] / 2
    room = 0.06 * np.ptp(means, axis=0).max()
    return means.min(axis=0) - room, means.max(axis=0) + room


def _shares(places) -> Panel:
    """Draw the share inside the span, pooled over species, beside what noise of that length gives, space by space."""
    k = np.arange(len(places.spaces), dtype=float)
    found = [p.pooled.evidence for p in places.spaces]
    share = array([1 - e.estimate for e in found])
    low, high = array([sorted(1 - v for v in e.interval) for e in found]).T
    marks, chance = [], array([[1 - e.chance[c] for c in ("high", "mean", "low")] for e in found])
    for at, (least, mean, most) in zip(k, chance, strict=True):
        marks += [
            Bars(left=array([at - 0.3]), right=array([at + 0.3]), height=array([most - least]), base=float(least),
                 colour=CHANCE_FILL, key="chance, 95 %"),
            Path(x=array([at - 0.3, at + 0.3]), y=array([mean, mean]), colour=CHANCE, dash="dot", width=1.0,
                 key="chance, mean"),
        ]  # fmt: skip
    said = tuple(
        f"{p.name}\n{percent(s)} inside ({percent(a)} to {percent(b)})\nchance {percent(c[1])}"
        for p, s, a, b, c in zip(places.spaces, share, low, high, chance, strict=True)
    )
    marks.append(
        Dots(x=k, y=share, low=low, high=high, along="y", shape="diamond", size=5.5, colour=BLUE, label=said,
             key="all species, pooled, 95 %")
    )  # fmt: skip
    return Panel(
        marks=tuple(marks),
        x=Axis(
            ticks=tuple((float(i), p.name.replace(" ", "\n")) for i, p in enumerate(places.spaces)),
            range=(-0.6, len(k) - 0.4),
        ),
        y=Axis(label="share inside the span", percent=True, range=padded(low, high, chance, include=(0.0,))),
        title="Inside the span",
        note=n_of(len(places.groups), "species"),
        height=30,
    )
