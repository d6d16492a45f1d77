"""How do differences of sex or stage stand to the plane that tells species apart, seen in three dimensions?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.measures.contrast import Blocks, blocks, tangent
from embedlab.measures.contrast_places import ContrastPlaces, contrast_places
from embedlab.measures.separation import energies
from embedlab.stats.resample import generator
from embedlab.stats.shown import Spoken
from embedlab.stats.subspaces.subspace import span

DOTS = 24  # individuals of a kind that are drawn of each species shown


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """One space in three dimensions, in within-species standard deviations of that space.

    First and second dimension are the plane of the first two axes that tell species apart, the third is the direction
    outside the whole span along which the differences are longest. `start` and `end` `(s, 3)` are where the mean of
    each kind stands, of every group; `dots` `(n, 3)` are individuals of the groups shown, `of` and `is_b` `(n,)` say
    whose and of which kind. `plane_share` is how much of what sets species apart the plane holds, `seen` `(s,)` how
    much of the squared length of each difference these three dimensions show, noise included.
    """

    name: str
    start: np.ndarray
    end: np.ndarray
    dots: np.ndarray
    of: np.ndarray
    is_b: np.ndarray
    plane_share: float
    seen: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ContrastScene(Spoken):
    """A scene for each space, turned alike; the numbers that judge stand in `places`, cross-fitted, of all species."""

    places: ContrastPlaces
    views: tuple[View, ...]

    @property
    def evidence(self) -> Evidence:
        """Of the last space, pooled over species: what lies outside the span."""
        return self.places.evidence

    @property
    def left_out(self) -> tuple[str, ...]:
        """Who could not take part."""
        return self.places.left_out

    def __str__(self) -> str:
        return f"{self.places}. Three dimensions show {np.median(self.views[-1].seen):.0%} of a difference (median)"

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in a few sentences."""
        p, told = self.places, []
        for view, place in zip(self.views, p.spaces, strict=True):
            told.append(
                f"{view.name}: the plane holds {view.plane_share:.0%} of what sets species apart, three dimensions "
                f"show {np.median(view.seen):.0%} of a difference (median); {place.pooled.share:.0%} inside the span"
            )
        return (
            f"{p.contrast} in {len(p.groups)} groups. Grey plane: first two axes of the species span; upright: the "
            f"direction outside its {p.rank} axes along which differences are longest. Each arrow runs from the mean "
            f"of {p.contrast.a} to that of {p.contrast.b}, to scale: the tripod is one within-species s.d. long each "
            "way. Colour: groups shown; grey: all others. Spaces are turned in their plane onto the last one, nothing "
            f"is stretched. Drawn from all {p.unit}, without cross-fitting: the scene shows, the panel below judges. "
            + "; ".join(told)
            + "."
        )

    def table(self) -> pl.DataFrame:
        """One row a group and space: where both means stand, how much of the difference is seen, what lies inside."""
        return pl.concat([
            pl.DataFrame({
                "space": [v.name] * len(self.places.groups), "group": self.places.groups,
                **{f"{end}_{axis}": getattr(v, at)[:, k] for end, at in (("a", "start"), ("b", "end"))
                   for k, axis in enumerate(("plane_1", "plane_2", "outside"))},
                "seen": v.seen, "inside": p.inside, "length": p.length,
            })
            for v, p in zip(self.views, self.places.spaces, strict=True)
        ])  # fmt: skip


def contrast_scene(stores, contrast, *, groups: Sequence[str] = ("species",), strata: Sequence[str] = (),
                   places: ContrastPlaces | None = None, rng: np.random.Generator | int,
                   **how) -> ContrastScene:  # fmt: skip
    """Give the differences of each species in three dimensions, space by space, all turned alike.

    Arguments as in `contrast_places`, whose result can be passed as `places`; else it is computed, with what else is
    given. Refused: what `contrast_places` refuses; fewer than 3 species, or all along one axis: no plane.
    """
    stores = [stores] if hasattr(stores, "rows") else list(stores)
    rng = generator(rng)
    if places is None:
        places = contrast_places(stores, contrast, groups=groups, strata=strata, rng=rng, **how)
    if len(places.groups) < 3:
        raise ValueError(f"{len(places.groups)} species span no plane: at least 3 are needed")
    cuts = [tangent(blocks(s, contrast, groups=groups, strata=strata, least=4)) for s in stores]
    if len(cuts) != len(places.spaces) or any(c.groups != places.groups for c in cuts):
        raise ValueError("places were measured in other spaces or species: pass the same stores, groups and strata")
    seed = int(rng.integers(2**63))
    views = [_view(p.name, c, places, np.random.default_rng(seed)) for p, c in zip(places.spaces, cuts, strict=True)]
    return ContrastScene(places=places, views=tuple(_turned(v, views[-1]) for v in views))


def _view(name: str, cut: Blocks, places: ContrastPlaces, rng) -> View:
    ends = np.array([
        [np.mean([b.x[b.is_b == kind].mean(axis=0) for b in cut.of(g)], axis=0) for kind in (False, True)]
        for g in range(len(cut.groups))
    ])  # (s, 2, d)
    centres, difference = ends.mean(axis=1), ends[:, 1] - ends[:, 0]
    axes, variance = span(centres)
    if axes.shape[1] < 2:
        raise ValueError(f"{name}: species differ along {axes.shape[1]} axes: a scene needs at least 2 for its plane")
    whole = axes[:, : max(2, places.rank)]
    beyond = difference - difference @ whole @ whole.T
    up = np.linalg.svd(beyond, full_matrices=False)[2][0]
    up = up if (difference @ up).sum() >= 0 else -up
    frame = np.column_stack([axes[:, :2], up])
    _, within, _ = energies(cut, None)
    origin, unit = centres.mean(axis=0), np.sqrt(within[0].mean() / 2)
    dots, of, is_b = [], [], []
    for g in (cut.groups.index(name) for name in places.shown):
        x = np.vstack([b.x for b in cut.of(g)])
        kinds = np.concatenate([b.is_b for b in cut.of(g)])
        for kind in (False, True):
            rows = rng.permutation(np.flatnonzero(kinds == kind))[:DOTS]
            dots.append((x[rows] - origin) @ frame / unit)
            of += [g] * len(rows)
            is_b += [kind] * len(rows)
    start, end = ((ends[:, k] - origin) @ frame / unit for k in (0, 1))
    seen = ((difference @ frame) ** 2).sum(axis=1) / (difference**2).sum(axis=1)
    return View(
        name=name, start=start, end=end, dots=np.vstack(dots) if dots else np.zeros((0, 3)), of=np.array(of, int),
        is_b=np.array(is_b, bool), plane_share=float(variance[:2].sum() / variance.sum()), seen=seen,
    )  # fmt: skip


def _turned(view: View, onto: View) -> View:
    """Turn (or mirror) a view in its plane so that species means come near to where they stand in another."""
    own, other = ((v.start + v.end)[:, :2] / 2 for v in (view, onto))
    u, _, vt = np.linalg.svd(own.T @ other)
    turn = np.eye(3)
    turn[:2, :2] = u @ vt
    return View(
        name=view.name, start=view.start @ turn, end=view.end @ turn, dots=view.dots @ turn, of=view.of,
        is_b=view.is_b, plane_share=view.plane_share, seen=view.seen,
    )  # fmt: skip
