"""Does a space tell the habitat of species whose family it was not shown, or only the families?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.data.taxonomy import PLURALS
from embedlab.data.traits import TraitColumn
from embedlab.measures.series import run_name
from embedlab.measures.switchers import order_of_pairs, pairs_apart
from embedlab.measures.trait_alignment import TraitAlignment, trait_alignment
from embedlab.measures.trait_join import Joined, joined
from embedlab.stats.resample import generator, p_floor, p_value
from embedlab.stats.shown import Spoken
from embedlab.stats.trait.kinds import mk_draws
from embedlab.stats.trait.prediction import held_out_clades
from embedlab.stats.trait.probe import area, area_over_clades, balanced_accuracy, held_out_scores, unlike_relatives

LEAST_CLADES = 3  # clades in which each kind must occur


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """How well one space tells the habitat of held-out clades: `area` (½ is chance), its 95 % interval over clades,
    `accuracy` (balanced), scores `(s,)`, and `null` `(b,)`: the area of habitats that evolved anew on the tree.
    """

    area: float
    low: float
    high: float
    accuracy: float
    scores: np.ndarray
    null: np.ndarray

    @property
    def p(self) -> float:
        """How often habitats that evolved anew are told as well."""
        return p_value(self.area, self.null)


@dataclass(frozen=True, kw_only=True, eq=False)
class HabitatSpace:
    """One space: species means on its first two axes `xy` `(s, 2)`, turned onto the last space's; what it tells.

    `plain` is the probe on species means, `beyond` that on what sets a species apart from what its relatives foretell
    at Pagel's λ of `aligned`, the test of alignment beyond descent. `switchers` `(m,)` says of each pair whether the
    scores put it in order.
    """

    name: str
    xy: np.ndarray
    explained: tuple[float, float]
    plain: Told
    beyond: Told
    aligned: TraitAlignment
    switchers: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Habitat(Spoken):
    """Habitat told by a straight line fitted without a species' whole clade; `evidence` is of the last space.

    `is_b` `(s,)` marks the species of the habitat asked for, `kinds` names both (`kinds[1]` is the one asked for).
    `pairs` are nearest relatives within a genus that live apart: (genus, species elsewhere, species of the kind);
    `switchers` is the evidence that the last space puts them in order. `typical` is an image of each species.
    """

    trait: str
    kinds: tuple[str, str]
    species: tuple[str, ...]
    is_b: np.ndarray
    clade: tuple[str, ...]
    rank: str
    structure: object
    spaces: tuple[HabitatSpace, ...]
    pairs: tuple[tuple[str, str, str], ...]
    evidence: Evidence
    switchers: Evidence
    left_out: tuple[str, ...]
    typical: tuple[str, ...]
    photographs: Mapping[str, bytes] = field(default_factory=dict)

    def __str__(self) -> str:
        last, e, w = self.spaces[-1], self.evidence, self.switchers
        said = (
            f"{self.kinds[1]}: a probe that saw no relative of the {self.rank} orders {e.estimate:.0%} "
            f"[{e.interval[0]:.0%}, {e.interval[1]:.0%}] of pairs (habitats that evolved anew: {e.chance['mean']:.0%}, "
            f"p = {e.p_more:.2g}; balanced accuracy {last.plain.accuracy:.0%}), and {last.beyond.area:.0%} by what "
            f"sets species apart from their relatives (p = {last.beyond.p:.2g})"
        )
        if not self.pairs:
            return f"{said}; no genus holds both kinds"
        return f"{said}; of {w.n} pairs that switch within a genus it orders {w.estimate:.0%} (p = {w.p_more:.2g})"

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in a few sentences."""
        each = "; ".join(
            f"{s.name}: {s.plain.area:.2f} (accuracy {s.plain.accuracy:.0%}, p = {s.plain.p:.2g}), beyond relatives "
            f"{s.beyond.area:.2f} (p = {s.beyond.p:.2g}), alignment beyond descent p = {s.aligned.evidence.p_more:.2g}"
            for s in self.spaces
        )
        return (
            f"{self.kinds[1]} ({int(self.is_b.sum())} species) against {self.kinds[0]} ({int((~self.is_b).sum())}). "
            f"Ridge probe on species means of unit vectors, whole {self.rank} held out ({len(set(self.clade))}); area "
            "under the curve, intervals over them. Chance: habitats that evolved anew on the tree (Mk). Beyond "
            "relatives: the same on each mean less what the others foretell by Brownian motion at Pagel's λ. "
            f"Switchers: nearest relatives of one genus that live apart. Maps: principal axes, turned onto the last "
            f"space. {each}."
        )

    def table(self) -> pl.DataFrame:
        """One row a species and space."""
        return pl.concat([
            pl.DataFrame({
                "space": [s.name] * len(self.species), "species": self.species, self.rank: self.clade,
                self.trait: [self.kinds[int(b)] for b in self.is_b], "score": s.plain.scores,
                "score_beyond_relatives": s.beyond.scores, "axis_1": s.xy[:, 0], "axis_2": s.xy[:, 1],
            })
            for s in self.spaces
        ])  # fmt: skip

    def with_photographs(self, images: Mapping[str, bytes]) -> "Habitat":
        """The same with pictures of species, given by the ids in `typical`; others are ignored."""
        pairs = zip(self.species, self.typical, strict=True)
        return replace(self, photographs={name: images[i] for name, i in pairs if i in images})


def habitat(stores, trait, tree, *, level: str = "", held_out: str = "family", names: Sequence[str] = (),
            permutations: int = 999, rng: np.random.Generator | int) -> Habitat:  # fmt: skip
    """Measure whether spaces tell `level` of a trait from its other values, for species of clades held out whole.

    `trait` is a column of `Traits`, or the name of a column of the rows (a species is what most of its images say).
    Without `level` a trait of two values is asked for the rarer, any other for its commonest. `held_out` is a rank of
    the rows; where they tell none, the tree is cut. `stores` is one `Embeddings` or a sequence of the same species.
    Refused: a trait of one value, fewer than 8 species, spaces of other species.
    """
    stores = [stores] if hasattr(stores, "rows") else list(stores)
    rng = generator(rng)
    seed = int(rng.integers(2**63))
    named = tuple(names) or tuple(run_name(s, i) for i, s in enumerate(stores, start=1))
    column, kinds = _two(trait if not isinstance(trait, str) else _of_rows(stores[-1], trait), level)
    left_out: list[str] = []
    js = [joined(s.known("species").unit(), column, [tree], "species", (), left_out if i == 0 else [])
          for i, s in enumerate(stores)]  # fmt: skip
    j = js[-1]
    if any(other.names != j.names for other in js):
        raise ValueError("the spaces do not hold the same species: use the same images in every space")
    is_b = j.value == kinds[1]
    clade, rank = _clades(j, held_out)
    codes = (is_b).astype(int)
    draws = mk_draws(codes, j.structures[0], permutations, np.random.default_rng([seed, 0])) == 1
    pairs = pairs_apart(j, is_b)
    spaces = [
        _space(name, s, one, column, tree, is_b, clade, draws, pairs, min(permutations, 199), seed)
        for name, s, one in zip(named, stores, js, strict=True)
    ]
    return Habitat(
        trait=column.name, kinds=kinds, species=j.names, is_b=is_b, clade=tuple(clade), rank=rank,
        structure=j.structures[0], spaces=tuple(_turned(s, spaces[-1]) for s in spaces),
        pairs=tuple((j.names[a].split()[0], j.names[a], j.names[b]) for a, b in pairs),
        evidence=_evidence(spaces[-1].plain, kinds, is_b, clade, rank, permutations),
        switchers=order_of_pairs(spaces[-1].switchers, kinds), left_out=tuple(left_out),
        typical=_typical(stores[-1], j),
    )  # fmt: skip


def _of_rows(store, name: str) -> TraitColumn:
    rows = store.known("species", name).rows
    most = (
        rows.group_by("species", name).len().sort(["len", name], descending=[True, False])
        .group_by("species", maintain_order=True).first().sort("species")
    )  # fmt: skip
    return TraitColumn(name, "categorical", most["species"].to_list(), most[name].cast(pl.String))


def _two(trait: TraitColumn, level: str) -> tuple[TraitColumn, tuple[str, str]]:
    """The trait with two values, the one asked for and all others together, and their names."""
    text = trait.values.cast(pl.String)
    counts = text.drop_nulls().value_counts(sort=True).sort(["count", text.name], descending=[True, False])
    found = counts[text.name].to_list()
    if len(found) < 2:
        raise ValueError(f"{trait.name} has the value {', '.join(found) or 'none'} throughout: nothing to tell apart")
    if level and level not in found:
        raise ValueError(f"{trait.name} has no value {level!r}; it has {', '.join(found[:8])}")
    level = level or (found[1] if len(found) == 2 else found[0])
    other = next(v for v in found if v != level) if len(found) == 2 else f"not {level}"
    values = pl.Series(trait.name, [None if v is None else level if v == level else other for v in text])
    return TraitColumn(trait.name, "categorical", list(trait.species), values), (other, level)


def _clades(j: Joined, rank: str) -> tuple[np.ndarray, str]:
    if rank in j.taxa:
        return np.array([path.rsplit("/", 1)[-1] for path in j.taxa[rank]]), PLURALS.get(rank, rank)
    return np.array([f"clade {c + 1}" for c in held_out_clades(j.covariance)]), "clades of the tree"


def _space(name, store, j: Joined, column, tree, is_b, clade, draws, pairs, few: int, seed: int) -> HabitatSpace:
    rng = np.random.default_rng([seed, 1])
    aligned = trait_alignment(store, column, tree, permutations=few, rng=rng)
    x = j.means - j.means.mean(axis=0)
    depth = np.diag(j.covariance).mean()
    covariance = aligned.lam * j.covariance
    covariance[np.diag_indices(len(x))] = np.diag(j.covariance)
    apart = unlike_relatives(x, covariance / depth)
    u, singular, _ = np.linalg.svd(x, full_matrices=False)
    parts = singular**2 / (singular**2).sum()
    plain, beyond = (_told(v @ v.T, is_b, clade, draws, rng) for v in (x, apart))
    return HabitatSpace(
        name=name, xy=u[:, :2] * singular[:2], explained=(float(parts[0]), float(parts[1])), plain=plain,
        beyond=beyond, aligned=aligned, switchers=np.array([plain.scores[b] > plain.scores[a] for a, b in pairs], bool),
    )  # fmt: skip


def _told(kernel, is_b, clade, draws, rng) -> Told:
    scores = held_out_scores(kernel, is_b, clade)[:, 0]
    null = area(held_out_scores(kernel, draws.T, clade), draws.T)
    low, high = area_over_clades(scores, is_b, clade, rng=rng)
    found = float(area(scores[:, None], is_b)[0])
    return Told(area=found, low=min(low, found), high=max(high, found),
                accuracy=float(balanced_accuracy(scores[:, None], is_b)[0]), scores=scores, null=null)  # fmt: skip


def _evidence(told: Told, kinds, is_b, clade, rank: str, permutations: int) -> Evidence:
    held = [len(set(clade[side])) for side in (~is_b, is_b)]
    cannot = ""
    if min(held) < LEAST_CLADES:
        few = kinds[int(held[1] <= held[0])]
        cannot = f"{few} occurs in {min(held)} {rank}: at least {LEAST_CLADES} are needed to hold one out and learn"
    return Evidence(
        statistic=f"pairs of a species of {kinds[1]} and one of {kinds[0]} that a probe without their {rank} orders",
        estimate=told.area, interval=(told.low, told.high), null=told.null,
        chance_kind="habitats that evolved anew on the tree (Mk)", p_more=told.p,
        p_less=p_value(told.area, told.null, more=False), p_floor=p_floor(permutations, len(is_b)), n=len(is_b),
        n_effective=float(len(set(clade))), cannot_tell=cannot,
    )  # fmt: skip


def _turned(space: HabitatSpace, onto: HabitatSpace) -> HabitatSpace:
    """Turn or mirror a map so that its species come near to where they stand on another; nothing is stretched."""
    u, _, vt = np.linalg.svd(space.xy.T @ onto.xy)
    return replace(space, xy=space.xy @ u @ vt)


def _typical(store, j: Joined) -> tuple[str, ...]:
    """The image nearest to the mean of each species."""
    unit = store.known("species").unit()
    codes, names = unit.codes("species")
    ids, x = unit.column("image_id").to_list(), unit.float64()
    found = []
    for name, mean in zip(j.names, j.means, strict=True):
        rows = np.flatnonzero(codes == names.index(name))
        found.append(ids[rows[np.argmax(x[rows] @ mean)]])
    return tuple(found)
