"""Is it one axis for all species: do contrasts of different clades point the same way, and serve in unseen clades?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.data.taxonomy import PLURALS
from embedlab.measures.contrast import Blocks, Contrast, blocks, tangent
from embedlab.measures.separation import energies
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.resample import generator, p_value, sign_floor
from embedlab.stats.shown import Spoken
from embedlab.stats.subspaces.consistency import shared_direction, sign_flips, transfer
from embedlab.stats.whitening import whitener

LEAST_CLADES = 5  # four clades that all agree come about by chance in one case of eight


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SharedAxis(Spoken):
    """How far the contrast of one clade is that of another: `evidence` on agreement, `transfer` on use elsewhere.

    Agreement is the mean product of contrasts of different clades over their mean squared length, noise subtracted:
    1 is one axis, 0 none. Transfer is how often, of two individuals of different kinds, the axis of *other* clades
    puts the right one further along: one half by chance. `whitened` is the agreement in the metric in which scatter
    within species is round, with its p-value. `control` `(s,)` marks species in which no difference is expected:
    they lend nothing to the axis; `control_p` is that of shuffled labels among them alone.
    """

    contrast: Contrast
    species: tuple[str, ...]
    clades: tuple[str, ...]
    rank: str
    agreement: np.ndarray
    told: np.ndarray
    energy: np.ndarray
    scatter: np.ndarray
    control: np.ndarray
    control_p: float
    whitened: tuple[float, float]
    transfer: Evidence
    unit: str
    left_out: tuple[str, ...]
    evidence: Evidence

    def __str__(self) -> str:
        e, t = self.evidence, self.transfer
        return (
            f"The axis {self.contrast} agrees between {self.rank} to {e.estimate:.2f} "
            f"[{e.interval[0]:.2f}, {e.interval[1]:.2f}] (0 by chance, p = {e.p_more:.2g}); the axis of the others "
            f"tells {t.estimate:.0%} [{t.interval[0]:.0%}, {t.interval[1]:.0%}] of pairs (50% by chance, "
            f"p = {t.p_more:.2g})" + self._controls()
        )

    def _controls(self) -> str:
        """Say how much of a difference the negative controls show."""
        if not self.control.any():
            return ""
        own, other = (self.energy[k].mean() / self.scatter[k].mean() for k in (self.control, ~self.control))
        return (
            f"; {self.control.sum()} control species differ by {own:.3f} of their scatter (p = {self.control_p:.2g}), "
            f"the others by {other:.3f}, and of their pairs {self.told[self.control].mean():.0%} are told"
        )

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in a few sentences."""
        return (
            f"Contrast {self.contrast} in {len(self.species)} species of {len(set(self.clades))} {self.rank}. "
            "Agreement: mean product of the contrasts of different clades over their mean squared length, noise "
            f"subtracted (whitened: {self.whitened[0]:.2f}, p = {self.whitened[1]:.2g}). Transfer: pairs of one "
            "individual of each kind that the axis of all other clades puts in order; whitened, shrunk, without "
            f"threshold. Chance: the contrasts of whole {self.rank} turned round, {len(self.evidence.null)} times."
        )

    def table(self) -> pl.DataFrame:
        """One row a species."""
        return pl.DataFrame({
            "species": self.species, "clade": self.clades, "agreement": self.agreement, "pairs_told": self.told,
            "between": self.energy, "within": self.scatter, "control": self.control,
        })  # fmt: skip


def shared_axis(embeddings, contrast, *, clades: str = "", controls: Sequence[str] = (), strata=(),
                permutations: int = 999, rng: np.random.Generator | int) -> SharedAxis:  # fmt: skip
    """Measure whether the contrast (column, a, b) is one axis for all species.

    `clades` names a column coarser than the species (family, say): relatives share a contrast by descent, so only
    pairs of different clades count, whole clades are turned round by chance, and an axis is tried on clades that lent
    nothing to it. Without it each species stands alone. `controls` are species in which nothing is expected to be
    found. Each cell needs 2 individuals; fewer than 5 clades cannot tell.
    """
    rng = generator(rng)
    # Kinds that differ in scatter alone have means of different length along what all species share: no axis.
    cut = tangent(blocks(embeddings, contrast, strata=strata))
    of = _clades(embeddings, cut.groups, clades)
    control = np.isin(cut.groups, list(controls))
    lend = ~control
    named, rank = sorted(set(of[lend].tolist())), PLURALS.get(clades or "species", f"{clades}s")
    if len(named) < 2:
        raise ValueError(f"all species that lend an axis belong to one {clades or 'species'}: whether they agree "
                         "cannot be asked")  # fmt: skip
    delta = np.array([_contrast(cut, g) for g in range(len(cut.groups))])
    between, within, _ = energies(cut, None)
    between, within = between[0], within[0]
    noise = (delta**2).sum(axis=1) - between
    flips = sign_flips(of[lend], permutations, rng)
    found = shared_direction(delta[lend], noise[lend], clades=of[lend], flips=flips)
    metric = whitener(np.vstack([_deviations(b) for b in cut.blocks])).map
    white = delta @ metric
    share = _white_noise(cut, metric)
    round_ = shared_direction(white[lend], share[lend], clades=of[lend], flips=flips)
    evidence = Evidence(
        statistic=f"agreement of the contrast {cut.contrast} between {rank} (noise-free; 1 is one axis)",
        estimate=found.statistic,
        interval=found.interval,
        null=found.null,
        chance_kind=f"contrasts of whole {rank} turned round",
        p_more=found.p_value,
        p_less=found.p_less,
        n=len(named),
        unit=rank,
        p_floor=max(2 * sign_floor(len(named)), 1 / (len(flips) + 1)),
        n_effective=float(len(named)),
        cannot_tell=_too_few(len(named), rank) or _no_length(found.statistic, cut),
    )
    told, applied = _transferred(cut, delta @ metric @ metric, of, lend, flips, rank, rng)
    shuffled, _, _ = energies(cut, min(permutations, 199), rng)
    agreement = np.full(len(delta), np.nan)
    agreement[lend] = found.each
    return SharedAxis(
        contrast=cut.contrast, species=cut.groups, clades=tuple(of.tolist()), rank=rank, agreement=agreement,
        told=told, energy=between, scatter=within, control=control,
        control_p=p_value(between[control].sum(), shuffled[:, control].sum(axis=1)) if control.any() else np.nan,
        whitened=(round_.statistic, round_.p_value), transfer=applied, unit=cut.unit, left_out=cut.left_out,
        evidence=evidence,
    )  # fmt: skip


def _transferred(cut: Blocks, axes, of, lend, flips, rank: str, rng):
    """Pairs told in each species by the axis of other clades, and what turned contrasts give."""
    x, kinds = [], []
    for g in range(len(cut.groups)):
        own = list(cut.of(g))
        # Strata differ in their mean: taken off, so that pairs are compared within them as far as that goes.
        x.append(np.vstack([b.x - (b.x[b.is_b].mean(axis=0) + b.x[~b.is_b].mean(axis=0)) / 2 for b in own]))
        kinds.append(np.concatenate([b.is_b for b in own]))
    clades = np.unique(of[lend])
    every = np.ones((len(flips) + 1, len(of)))
    every[1:, lend] = flips
    areas = transfer(x, kinds, axes, clades=of, signs=every, train=lend)
    told, null = areas[0], areas[1:, lend].mean(axis=1)
    sums = np.array([[told[lend & (of == c)].sum(), (lend & (of == c)).sum()] for c in clades])
    estimate = float(told[lend].mean())
    return told, Evidence(
        statistic="pairs of individuals that the axis of other clades puts in order",
        estimate=estimate,
        interval=bootstrap_ratio(sums[:, 0], sums[:, 1], rng=rng),
        null=null,
        chance_kind=f"contrasts of whole {rank} turned round",
        p_more=p_value(estimate, null),
        p_less=p_value(estimate, null, more=False),
        n=len(clades),
        unit=rank,
        p_floor=max(2 * sign_floor(len(clades)), 1 / (len(flips) + 1)),
        n_effective=float(len(clades)),
        cannot_tell=_too_few(len(clades), rank),
    )


def _clades(embeddings, species: Sequence[str], column: str) -> np.ndarray:
    if not column:
        return np.array(species)
    pairs = embeddings.known("species", column).rows.select("species", column).unique()
    of = dict(pairs.rows())
    if missing := [s for s in species if s not in of]:
        raise ValueError(f"no {column} is recorded for {', '.join(missing[:5])}: fill it in, or leave clades out")
    if len(of) < len(pairs):
        twice = pairs.filter(pl.col("species").is_duplicated())["species"].unique().sort().to_list()
        raise ValueError(f"{', '.join(twice[:5])} stand in more than one {column}: which is it?")
    return np.array([str(of[s]) for s in species])


def _contrast(cut: Blocks, group: int) -> np.ndarray:
    return np.mean([b.x[b.is_b].mean(axis=0) - b.x[~b.is_b].mean(axis=0) for b in cut.of(group)], axis=0)


def _deviations(block) -> np.ndarray:
    cells = (block.x[block.is_b], block.x[~block.is_b])
    return np.vstack([(x - x.mean(axis=0)) * np.sqrt(len(x) / (len(x) - 1)) for x in cells])


def _white_noise(cut: Blocks, metric) -> np.ndarray:
    """What sampling adds to the squared length of each contrast, in the metric."""
    noise = np.zeros(len(cut.groups))
    for g in range(len(cut.groups)):
        own = list(cut.of(g))
        for b in own:
            for x in (b.x[b.is_b], b.x[~b.is_b]):
                white = (x - x.mean(axis=0)) @ metric
                noise[g] += (white**2).sum() / ((len(x) - 1) * len(x) * len(own) ** 2)
    return noise


def _too_few(count: int, rank: str) -> str:
    if count >= LEAST_CLADES:
        return ""
    return f"{count} {rank}: at least {LEAST_CLADES} are needed, since {count} that all agree come about by chance " \
           f"with p = {2 * sign_floor(count):.2g}"  # fmt: skip


def _no_length(value: float, cut: Blocks) -> str:
    return "" if np.isfinite(value) else f"the contrast {cut.contrast} is no longer than noise makes it"
