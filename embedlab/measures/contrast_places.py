"""Where does the difference of each species lie, and how long is it, space by space?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.measures.beyond_controls import exchanged
from embedlab.measures.contrast import Block, Blocks, Contrast, blocks, tangent
from embedlab.measures.ends import unfit
from embedlab.measures.halves import folds
from embedlab.measures.orthogonality import DEFAULT_AXES, Orthogonality, orthogonality
from embedlab.measures.over_species import over_species
from embedlab.measures.separation import energies
from embedlab.measures.series import contributions, run_name, same_species
from embedlab.stats.bootstrap import cut as ends_at
from embedlab.stats.resample import generator, p_value
from embedlab.stats.shown import Spoken
from embedlab.stats.subspaces.crosses import energy_moments, length_interval, ratio_interval

CLOUD = 600  # dots of shuffled labels that one panel can hold and still be read
REPEATS = 3  # times that halves are drawn as `orthogonality` draws them: one drawing moves the shares of few animals
MOST_SHOWN = 5  # groups that colour and shape tell apart beside the others


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """One space: of each group `(s,)` the share of its difference inside the species span, and its length.

    `inside` is free of noise and can leave 0 to 1; `length` is in within-species standard deviations. Their ends are
    95 % for individuals drawn again, the span held; those of the share are nan where the difference is too short to be
    placed. `cloud` `(k, 2)` holds share and length of the same groups with labels shuffled, by the same formula;
    `of_cloud` dots were tried, of which the others came out with no length at all. `cloud_told` is the share of them
    whose length was told from noise: as many groups would be told by chance.
    """

    name: str
    inside: np.ndarray
    inside_low: np.ndarray
    inside_high: np.ndarray
    length: np.ndarray
    length_low: np.ndarray
    length_high: np.ndarray
    cloud: np.ndarray
    of_cloud: int
    cloud_told: float
    pooled: Orthogonality

    @property
    def told(self) -> np.ndarray:
        """Which groups `(s,)` have a difference whose length is told from noise: its interval does not reach 0."""
        return self.length_low > 0

    @property
    def placed(self) -> np.ndarray:
        """Which groups `(s,)` have a difference long enough to say which share of it lies inside."""
        return np.isfinite(self.inside_low)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ContrastPlaces(Spoken):
    """Share inside the species span against length, one dot a species (or finer `groups`), space by space.

    `evidence` is of the last space, pooled over species (share *outside*, as `orthogonality` has it); `change` is how
    much more of each species' difference lies outside in the last space than in the first, None for one space.
    `shown` are the groups that figures name: the longest difference of the last space, and shorter ones.
    """

    contrast: Contrast
    groups: tuple[str, ...]
    species: tuple[str, ...]
    rank: int
    spaces: tuple[Place, ...]
    shuffles: int
    unit: str
    left_out: tuple[str, ...]
    evidence: Evidence
    change: Evidence | None
    shown: tuple[str, ...] = ()

    def __str__(self) -> str:
        last = self.spaces[-1]
        e = last.pooled.evidence
        said = (
            f"The difference {self.contrast} is told from noise in {int(last.told.sum())} of {len(self.groups)} groups "
            f"(by chance in {last.cloud_told:.1%}), {np.nanmedian(last.length):.2f} within-species s.d. long at the "
            f"median; {1 - e.estimate:.0%} of it lies inside the first {self.rank} axes of the species span "
            f"({1 - e.chance['mean']:.0%} by chance, p = {e.p_more:.2g} for less)"
        )
        if self.change is None or self.change.cannot_tell:
            return said
        c, first = self.change, self.spaces[0]
        return (
            f"{said}; from {first.name} to {last.name} {c.estimate:+.1%} [{c.interval[0]:+.1%}, {c.interval[1]:+.1%}] "
            f"moves outside, species by species (p = {c.p_more:.2g})"
        )

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in a few sentences."""
        told = "; ".join(f"{p.name}: {int(p.told.sum())} told, {p.cloud_told:.1%} by chance" for p in self.spaces)
        return (
            f"One dot a group ({len(self.groups)}): share of the squared length of {self.contrast} inside the first "
            f"{self.rank} axes of the species means, and its length. Axes from one half of the {self.unit}, difference "
            "from the other, noise subtracted, so that a short difference can have a share below 0 or above 1. "
            f"Crosses: 95 % over {self.unit} (Fieller; the span held). Hollow: too short to be placed, so that its "
            f"share can be any number. Grey: the same species with labels shuffled, {self.shuffles} times over. "
            f"Differences told from noise: {told}."
        )

    def table(self) -> pl.DataFrame:
        """One row a group and space."""
        return pl.concat([
            pl.DataFrame({
                "space": [p.name] * len(self.groups), "group": self.groups, "inside": p.inside,
                "inside_low": p.inside_low, "inside_high": p.inside_high, "length": p.length,
                "length_low": p.length_low, "length_high": p.length_high, "told_from_noise": p.told,
            })
            for p in self.spaces
        ])  # fmt: skip


def contrast_places(stores, contrast, *, groups: Sequence[str] = ("species",), strata: Sequence[str] = (),
                    axes: int | None = None, names: Sequence[str] = (), shown: Sequence[str] = (), tree=None,
                    permutations: int = 999, rng: np.random.Generator | int) -> ContrastPlaces:  # fmt: skip
    """Measure where the contrast (column, a, b) of each species lies in one space or in several, and how long it is.

    `stores` is one `Embeddings` or a sequence of the same species, in the order they shall stand; `names` are theirs,
    and `shown` the groups that figures name (at most 5; default the longest difference of the last, and shorter ones).
    All see the same random numbers and halves. `groups`, `strata`, `axes` and `tree` as in `orthogonality`, which each
    space is also put through. What moves outside from the first space to the last is told species by species, and its
    null exchanges the two. Refused: spaces of other species; fewer than 4 individuals of either kind in every species;
    a space where all of one species have the same vector.
    """
    stores = [stores] if hasattr(stores, "rows") else list(stores)
    if not stores:
        raise ValueError("no space was given: open a store with el.open(FILE)")
    if names and len(names) != len(stores):
        raise ValueError(f"{len(names)} names for {len(stores)} spaces: give one name each")
    named = tuple(names) or tuple(run_name(s, i) for i, s in enumerate(stores, start=1))
    rng = generator(rng)
    seed = int(rng.integers(2**63))
    cuts = [tangent(blocks(s, contrast, groups=groups, strata=strata, least=4)) for s in stores]
    for cut, name in zip(cuts, named, strict=True):
        if not any(np.ptp(block.x, axis=0).any() for block in cut.blocks):
            raise ValueError(f"{name}: images of a species have one vector, whatever their kind: nothing can be placed")
        if other := sorted(set(cut.groups) ^ set(cuts[0].groups)):
            raise ValueError(
                f"{name} and {named[0]} do not hold the same species with both kinds (in one only: "
                f"{', '.join(other[:5])}): use the same images in every space"
            )
    found = [
        orthogonality(s, contrast, groups=groups, strata=strata, axes=axes, tree=tree, permutations=permutations,
                      compare=False, rng=np.random.default_rng(seed))
        for s in stores
    ]  # fmt: skip
    if (strange := sorted(set(shown) - set(cuts[-1].groups))) or len(shown) > MOST_SHOWN:
        what = f"{', '.join(strange[:5])} cannot be shown" if strange else f"{len(shown)} are too many to be told apart"
        raise ValueError(f"{what}: name at most {MOST_SHOWN} of the {len(cuts[-1].groups)} that are compared")
    shuffles = int(np.clip(CLOUD // len(cuts[0].groups), 3, 39))
    spaces = tuple(
        _place(name, cut, own, axes or DEFAULT_AXES, seed, shuffles, tree)
        for name, cut, own in zip(named, cuts, found, strict=True)
    )
    return ContrastPlaces(
        contrast=cuts[-1].contrast, groups=cuts[-1].groups, species=found[-1].species, rank=found[-1].rank,
        spaces=spaces, shuffles=shuffles, unit=cuts[-1].unit, left_out=found[-1].left_out,
        evidence=spaces[-1].pooled.evidence,
        change=_change([p.pooled for p in spaces], named, tree, rng) if len(spaces) > 1 else None,
        shown=tuple(shown) or _three(cuts[-1].groups, spaces[-1]),
    )  # fmt: skip


def _three(groups: Sequence[str], last: Place) -> tuple[str, ...]:
    """The longest difference that can be placed, that of the median, and the shortest."""
    order = [i for i in np.argsort(-last.length, kind="stable") if last.placed[i]]
    return tuple(groups[order[k]] for k in sorted({0, len(order) // 2, len(order) - 1})) if order else ()


def _place(name: str, cut: Blocks, found: Orthogonality, wanted: int, seed: int, shuffles: int, tree) -> Place:
    part, whole, length, ends, low, high = _each(cut, wanted, np.random.default_rng(seed), found.rank)
    rng = np.random.default_rng([seed, 1])
    pooled = _pooled(found, cut, part, whole, tree, rng)
    cloud, told, tried = [], 0, 0
    for _ in range(shuffles):
        one, all_, long, _, around, _ = _each(_shuffled(cut, rng), wanted, rng, found.rank)
        cloud.append(np.column_stack([_share(one, all_), long])[(all_ > 0) & (long > 0)])
        told, tried = told + int((around > 0).sum()), tried + len(long)
    return Place(
        name=name, inside=pooled.inside, inside_low=ends[:, 0], inside_high=ends[:, 1], length=length, length_low=low,
        length_high=high, cloud=np.concatenate(cloud), of_cloud=tried, cloud_told=told / tried, pooled=pooled,
    )  # fmt: skip


def _share(part, whole) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def _pooled(found: Orthogonality, cut: Blocks, part, whole, tree, rng) -> Orthogonality:
    """The same result from more halves; its null is of fewer, and so a little wide for it, which is the safe side."""
    if not whole.sum() > 0:
        return found
    of = np.array([found.species.index(name) for name in cut.species])
    inside, all_ = np.bincount(of, part), np.bincount(of, whole)
    (low, high), _, _ = over_species(inside, all_, found.species, tree, rng=rng)
    share, null = float(inside.sum() / all_.sum()), found.evidence.null
    evidence = replace(
        found.evidence, estimate=1 - share, interval=ends_at((1 - high, 1 - low), 1 - share, (0, 1)),
        p_more=max(p_value(1 - share, null), found.p_contrast),
        p_less=max(p_value(1 - share, null, more=False), found.p_contrast),
    )  # fmt: skip
    return replace(found, inside=_share(part, whole), energy_inside=part, energy=whole, share=share,
                   evidence=evidence, equivalence=None)  # fmt: skip


def _shuffled(cut: Blocks, rng) -> Blocks:
    return replace(cut, blocks=tuple(Block(b.group, b.x, rng.permutation(b.is_b)) for b in cut.blocks))


def _each(cut: Blocks, wanted: int, rng, r: int):
    """Of each group: energy inside and all of it, length, ends of the share `(s, 2)`, both ends of the length."""
    halves = [f for _ in range(REPEATS) for f in folds(cut, wanted, rng)]
    s = len(cut.groups)
    part = sum(f.inside[:, :r].sum(axis=1) for f in halves) / len(halves)
    whole = sum(f.energy for f in halves) / len(halves)
    between, within, _ = energies(cut, None)
    squared, unit = between[0], np.sqrt(within[0] / 2)
    ends, low, high = np.full((s, 2), np.nan), np.zeros(s), np.zeros(s)
    for g in range(s):
        own = list(cut.of(g))
        n = sum(len(b.x) for b in own)
        # Both halves of a splitting are apart, and count half each; the splittings are the same animals again.
        spread = sum(_moments(f.contrasts[g], [b for b in f.held if b.group == g], f.axes[:, :r]) for f in halves)
        spread /= 2 * len(halves)
        ends[g] = ratio_interval(part[g], whole[g], spread, n - 4 * len(own))
        difference = np.mean([b.x[b.is_b].mean(axis=0) - b.x[~b.is_b].mean(axis=0) for b in own], axis=0)
        variance = _moments(difference, own, np.zeros((len(difference), 1)))[1, 1]
        low[g], high[g] = length_interval(squared[g], variance, n - 2 * len(own))
    return part, whole, np.sqrt(np.maximum(squared, 0)) / unit, ends, low / unit, high / unit


def _moments(difference, own: list[Block], axes) -> np.ndarray:
    """Covariance of the squared length of one group's difference, inside the axes and of all of it."""
    rows, df = [], 0
    for block in own:
        for x in (block.x[block.is_b], block.x[~block.is_b]):
            rows.append((x - x.mean(axis=0)) / np.sqrt(len(x) * (len(x) - 1)) / len(own))
            df += len(x) - 1
    return energy_moments(difference, np.vstack(rows), axes, df)


def _change(found: Sequence[Orthogonality], named: Sequence[str], tree, rng) -> Evidence:
    ends = [found[0], found[-1]]
    same_species(ends)
    names, values = contributions(ends)
    gaps = values[1] - values[0]
    statistic = f"share of {found[-1].contrast} outside the species span: {named[-1]} less {named[0]}"
    kind = f"{named[0]} and {named[-1]} exchanged, species by species"
    why = unfit(ends, values)
    if why and not np.isfinite(gaps).all():
        nothing = np.zeros(0)
        return Evidence(statistic=statistic, estimate=np.nan, interval=(np.nan, np.nan), null=nothing, chance_kind=kind,
                        p_more=1.0, p_less=1.0, p_floor=1.0, n=len(names), n_effective=float(len(names)),
                        cannot_tell=why)  # fmt: skip
    interval, effective, _ = over_species(gaps, np.ones(len(names)), names, tree, rng=rng)
    null, (more, less), floor = exchanged(gaps, rng)
    return Evidence(statistic=statistic, estimate=float(gaps.mean()), interval=interval, null=null, chance_kind=kind,
                    p_more=more, p_less=less, p_floor=floor, n=len(names), n_effective=effective,
                    cannot_tell=why)  # fmt: skip
