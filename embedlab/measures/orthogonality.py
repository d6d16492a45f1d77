"""Does the contrast between two sorts of individuals lie outside the span that tells species apart?"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats as sps

from embedlab.claims import Evidence
from embedlab.measures.contrast import MIN_ACROSS, Contrast, blocks, tangent
from embedlab.measures.halves import folds
from embedlab.measures.inner_products import forms, in_each
from embedlab.measures.over_species import over_species
from embedlab.measures.separation import energies, refuse_still
from embedlab.measures.span_chance import matched, spherical
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.bootstrap import cut as cut_at
from embedlab.stats.resample import generator, p_floor, p_value, sign_floor
from embedlab.stats.shown import Spoken
from embedlab.stats.subspaces.subspace import isotropic_shares
from embedlab.stats.tost import Equivalence, two_one_sided

DEFAULT_AXES = 5  # all of the span when there are few species; a stated cut where s − 1 axes would fill the space
HALF_OF_CHANCE = 0.5  # "orthogonal" is said where less than this part of what chance gives lies inside
DRAWS = 199  # of chance that is shown and judges nothing


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Orthogonality(Spoken):
    """Where a contrast lies: the share of its squared length inside the species span, beside four kinds of chance.

    `inside` `(s,)` and `share` are free of noise: the span comes from one half of the images, the contrast from
    the other, and what sampling adds to squared lengths is subtracted. So they can leave 0 to 1 where a contrast
    is small; the interval is cut at 0 and 1, or at an estimate beyond.
    `noise_level` is the share of within-group variance inside the same span, `isotropic` is rank / d.
    embedlab's rho_E, in its cross-fitted form; the published rho of BioCLIP 2 is of unknown formula.

    `curve` has a row for each number of axes: it, share inside, noise level, and the 95 % range of spectrum-matched
    chance. `forms` and `products` are tables: the same question in other formulas, and in other inner products.
    `equivalence` says whether less than half of what chance gives is shown to lie inside.
    """

    contrast: Contrast
    species: tuple[str, ...]
    groups: tuple[str, ...]
    rank: int
    d: int
    inside: np.ndarray
    length: np.ndarray
    share: float
    noise_level: float
    isotropic: float
    nulls: dict[str, np.ndarray]
    curve: np.ndarray
    energy_inside: np.ndarray
    energy: np.ndarray
    unit: str
    left_out: tuple[str, ...]
    p_contrast: float
    evidence: Evidence
    forms: pl.DataFrame
    products: pl.DataFrame
    equivalence: Equivalence | None

    def __str__(self) -> str:
        e = self.evidence
        bounds = "" if not np.isfinite(e.interval[0]) else f" [{e.interval[0]:.0%}, {e.interval[1]:.0%}]"
        mean = e.chance["mean"]  # the chance that judges, as the figure and the page have it
        drawn = 1 - self.noise_level if mean is None else mean
        return (
            f"{e.estimate:.0%}{bounds} of the contrast {self.contrast} lies outside {self.rank} axes that tell "
            f"{len(self.groups)} groups apart (directions drawn from the noise: {drawn:.0%}; shuffled labels: "
            f"{1 - self.nulls['shuffled labels'].mean():.0%}; isotropic: {1 - self.isotropic:.0%}; p = {e.p_more:.2g})"
            + ("" if 0 <= e.estimate <= 1 else "; free of noise, the share of a small contrast can leave 0 to 100 %")
            + self._bounded()
        )

    def _bounded(self) -> str:
        """Say whether less than half of chance is shown to lie inside: that nothing was shown is no orthogonality."""
        if self.equivalence is None or self.evidence.cannot_tell:  # of a contrast that is not there nothing is shown
            return ""
        shown = "is shown" if self.equivalence.equivalent else "is not shown"
        return f"; that less than half of what chance gives lies inside {shown} (p = {self.equivalence.p_value:.2g})"

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in a few sentences."""
        return (
            f"Share of the squared length of {self.contrast} outside the first {self.rank} axes of "
            f"{len(self.groups)} group "
            f"means from {len(self.species)} species, {self.d} dimensions; cross-fitted over halves of the "
            f"{self.unit} and "
            "free of noise. Spectrum-matched chance keeps the lengths of the contrasts and their likeness "
            "among species but "
            f"points them as within-group noise points. A cosine near zero alone says nothing in {self.d} dimensions."
            + self._forms()
        )

    def _forms(self) -> str:
        if not len(self.forms):
            return ""
        told = [f"{form} {inside:.0%} ({chance:.0%})" for form, inside, _, chance in self.forms.rows()]
        return f" Inside in other forms, with noise as chance: {'; '.join(told[1:])}."

    def table(self) -> pl.DataFrame:
        """One row a group."""
        return pl.DataFrame({
            "group": self.groups, "share_outside": 1 - self.inside, "length_in_sd": self.length,
            "energy_outside": self.energy - self.energy_inside, "energy": self.energy,
        })  # fmt: skip

    @property
    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Numerators and denominators whose sums give the share *outside*; one entry a group."""
        return self.energy - self.energy_inside, self.energy


def orthogonality(embeddings, contrast, *, groups=("species",), strata=(), axes: int | None = None,
                  tree=None, permutations: int = 999, compare: bool = True,
                  rng: np.random.Generator | int) -> Orthogonality:  # fmt: skip
    """Measure how much of the contrast (column, a, b) lies outside the span of the group means.

    `groups` are taxon columns, coarse to fine: with ("species", "subspecies") the span holds both, and species
    stay the units that a claim speaks of. `axes` limits the span to its first axes (default 5, or all s − 1).
    `compare=False` leaves out the other forms and inner products, which judge nothing and take most of the time.
    With `tree` (a `Tree`) the interval is for the process that made the species, of which relatives are less
    evidence, and not for the clade that they are a sample of (see `stats.tree.kinship`).
    Vectors are scaled to length 1, and what lies along the mean direction of their species is taken off: kinds that
    differ in scatter alone would otherwise seem to differ inside the span.
    Each cell needs 4 individuals, because halves are cross-fitted. With fewer than 5 species, or a contrast that
    shuffled labels reach as well, the evidence says `cannot tell` and why.
    """
    rng = generator(rng)
    cut = tangent(blocks(embeddings, contrast, groups=groups, strata=strata, least=4))
    if len(cut.groups) < 2:
        raise ValueError(
            f"only one group, {cut.groups[0]!r}, holds both kinds: a span of group means needs at least two"
        )
    between, within, _ = energies(cut, None)
    refuse_still(cut, within[0])
    wanted = axes or DEFAULT_AXES
    cuts = folds(cut, wanted, rng)
    r = min(f.inside.shape[1] for f in cuts)
    inside = sum(f.inside[:, :r] for f in cuts) / len(cuts)  # (s, r) energy along each axis, noise-free
    energy = sum(f.energy for f in cuts) / len(cuts)
    level = np.mean([np.cumsum(f.level[:r]) for f in cuts], axis=0)
    species = tuple(dict.fromkeys(cut.species))
    of = np.array([species.index(name) for name in cut.species])
    total_inside = np.bincount(of, inside.sum(axis=1))
    total = np.bincount(of, energy)
    share = float(total_inside.sum() / total.sum()) if total.sum() > 0 else np.nan

    shuffled, _, _ = energies(cut, permutations, rng)
    p_contrast = p_value(between.sum(), shuffled.sum(axis=1))
    by_axes = matched(cuts, r, permutations, rng)
    chance = by_axes[:, -1]
    draws = min(permutations, DRAWS)
    nulls = {
        "spectrum-matched": chance,
        "shuffled labels": np.mean([f.shuffled(r, draws, rng) for f in cuts], axis=0),
        "sphere-preserving": spherical(cuts, cut, r, draws, rng),
        "isotropic": isotropic_shares(r, cuts[0].d, permutations, rng),
    }
    s = len(species)
    (low, high), n_effective, remarks = over_species(total_inside, total, species, tree, rng=rng)
    bounds = cut_at((1 - high, 1 - low), 1 - share, (0, 1))
    p_more = p_less = 1.0
    if np.isfinite(share):
        p_more = max(p_value(1 - share, 1 - chance), p_contrast)
        p_less = max(p_value(1 - share, 1 - chance, more=False), p_contrast)
    cannot = ""
    if s < MIN_ACROSS:
        cannot = (
            f"{s} species: a claim across species needs at least {MIN_ACROSS}, since even full agreement of {s} comes "
            f"about by chance with p = {sign_floor(s):.2g}; within these the numbers stand as they are"
        )
    elif p_contrast > 0.05:
        cannot = (
            f"shuffled labels reach the contrast {cut.contrast} as well (p = {p_contrast:.2g}): "
            f"where nothing is, nothing lies anywhere"
        )
    elif not bootstrap_ratio(total, np.ones(s), rng=rng)[0] > 0:
        cannot = (
            f"the contrast {cut.contrast} is not clearly above noise in these images: "
            f"a share of almost nothing can be any number"
        )
    evidence = Evidence(
        statistic=f"share of {cut.contrast} outside the first {r} species axes (cross-fitted, noise-free)",
        estimate=1 - share,
        interval=bounds,
        null=1 - chance,
        chance_kind="spectrum-matched: contrasts of the same lengths and mutual angles, drawn from within-group noise",
        p_more=p_more,
        p_less=p_less,
        p_floor=p_floor(permutations, s),
        n=s,
        n_effective=n_effective,
        cannot_tell=cannot,
    )
    told = (1 - share, *bounds, 1 - chance.mean(), *(1 - np.quantile(chance, [0.975, 0.025])))
    other = pl.DataFrame(), pl.DataFrame()
    if compare:
        other = (
            forms(cut, cuts, r, share, chance.mean(), rng),
            in_each(embeddings, cut, told, groups, strata, wanted, draws, rng),
        )
    sums = inside.sum(axis=0) / energy.sum() if energy.sum() > 0 else np.full(r, np.nan)
    band = np.quantile(by_axes, [0.025, 0.975], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(energy > 0, inside.sum(axis=1) / energy, np.nan)
    return Orthogonality(
        contrast=cut.contrast, species=species, groups=cut.groups, rank=r, d=cuts[0].d, inside=each,
        length=np.sqrt(np.maximum(between[0], 0) / (within[0] / 2)), share=share, noise_level=float(level[-1]),
        isotropic=r / cuts[0].d, nulls=nulls, curve=np.column_stack([np.arange(r) + 1, np.cumsum(sums), level, *band]),
        energy_inside=inside.sum(axis=1), energy=energy, unit=cut.unit,
        left_out=(*cut.left_out, *remarks), p_contrast=p_contrast, evidence=evidence, forms=other[0], products=other[1],
        equivalence=_below_half(share, high, chance.mean(), n_effective) if s >= MIN_ACROSS else None,
    )  # fmt: skip


def _below_half(share: float, high: float, chance: float, units: float) -> Equivalence | None:
    """Whether the share inside, over what chance gives, lies below the bound; None where there is no ratio to bound.

    Its standard error is that of the interval, so that relatives count here for as much as they do there.
    """
    if units < 2 or not np.isfinite([share, high]).all() or not (chance > 0 and high > share):
        return None
    error = (high - share) / sps.t.ppf(0.975, units - 1)
    return two_one_sided(share / chance, error / chance, units - 1, (-np.inf, HALF_OF_CHANCE))
