"""Does the space go along with a trait of species beyond what common descent alone would give?"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.stats.alignment import aligned_beyond_phylogeny
from embedlab.stats.comparative import effective_species
from embedlab.stats.resample import generator

LEAST_SPECIES = 8
LEAST_PER_KIND = 3
LEAST_REPEATED = 10  # species with two images or more, below which no reliability is given


@dataclass(frozen=True, kw_only=True, eq=False)
class TraitAlignment:
    """How much of what sets species apart, beyond descent, goes along with a trait, beside what chance gives.

    `adjusted` is the adjusted R² of a phylogenetic regression of the species vectors on the trait: 0 is chance, 1
    would be a space that knows nothing but this trait. `axis` `(s,)` is each species' position on the trait
    direction, fitted without its own row; `lam` is Pagel's λ of the trait. `reliability` is the Spearman–Brown
    corrected split-half correlation of the positions, nan where `reliability_note` says why.
    """

    trait: str
    kind: str
    species: tuple[str, ...]
    value: np.ndarray
    axis: np.ndarray
    r_squared: float
    adjusted: float
    lam: float
    n_effective: float
    reliability: float
    reliability_note: str
    pseudo: np.ndarray
    tree: str
    left_out: tuple[str, ...]
    evidence: Evidence

    def __str__(self) -> str:
        e = self.evidence
        sure = "more than" if e.p_more <= 0.05 else "not clearly more than"
        return (
            f"{self.trait}: {e.estimate:.1%} [{e.interval[0]:.1%}, {e.interval[1]:.1%}] of what sets "
            f"{len(self.species)} species "
            f"apart, once descent is taken out, goes along with it, {sure} permuted residuals give "
            f"({e.chance['low']:.1%} to {e.chance['high']:.1%}; p = {e.p_more:.2g}, λ = {self.lam:.2f})"
        )

    @property
    def caption(self) -> str:
        """Method, numbers and null in a few sentences."""
        return (
            f"Position of each species on the direction that goes along with {self.trait}, fitted without "
            "that species, "
            f"after making {len(self.species)} species (effective number {self.n_effective:.1f}) unrelated "
            f"at λ = {self.lam:.2f} "
            f"on the {self.tree}. Adjusted R² {self.adjusted:.3f}; chance: residuals permuted "
            f"{len(self.evidence.null)} times "
            f"(RRPP), 0 on average; {self.reliability_note}."
        )

    def table(self) -> pl.DataFrame:
        """One row a species."""
        return pl.DataFrame({"species": self.species, self.trait: self.value, "position": self.axis}, strict=False)

    @property
    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Jackknife pseudo-values and ones: their means give the estimate."""
        return self.pseudo, np.ones(len(self.pseudo))


def trait_alignment(embeddings, trait, tree, *, by: str = "species", null: str = "rrpp", permutations: int = 999,
                    rng: np.random.Generator | int) -> TraitAlignment:  # fmt: skip
    """Test a trait (`traits["Mass"]`) against species means of unit vectors, with descent controlled by `tree`.

    Species are joined by name (synonyms through the table, reported). A numeric trait that is positive and spans
    more than a factor of ten is taken as log10. Kinds with fewer than 3 species are left out and named. Fewer
    than 8 species with both trait and tip are refused.
    """
    rng = generator(rng)
    emb = embeddings.known(by)
    left_out = [f"{embeddings.n - emb.n} images without {by}"] if emb.n < embeddings.n else []
    unit = emb.unit()
    species = unit.per_species(by)
    value, name, kind, notes = _values(trait, species.names)
    left_out += notes
    _, report = tree.match([s for s, v in zip(species.names, value, strict=True) if v is not None])
    left_out += report.remarks
    keep = [i for i, s in enumerate(species.names) if s in report.used]
    if kind == "categorical":
        keep, notes = _common_kinds(keep, value)
        left_out += notes
    names = tuple(species.names[i] for i in keep)
    if len(names) < LEAST_SPECIES:
        raise ValueError(
            f"{name}: {len(names)} species have a vector, a value and a tip in the tree; at least "
            f"{LEAST_SPECIES} are needed. "
            f"Nothing computed ({'; '.join(left_out) or 'none left out'})"
        )
    y = np.array([value[i] for i in keep], float if kind == "numeric" else str)
    covariance = tree.covariance([report.used[s] for s in names])
    fit = aligned_beyond_phylogeny(species.means[keep], y, covariance, null=null, permutations=permutations, rng=rng)
    reliability, note = _reliability(unit, by, names, species.counts[keep], fit.directions, rng)
    n_effective = effective_species(covariance)
    evidence = Evidence(
        statistic=f"alignment with {name} (adjusted R² of a phylogenetic regression)",
        estimate=fit.statistic,
        interval=fit.interval,
        null=fit.null,
        chance_kind="residuals of the reduced model permuted after phylogenetic whitening (RRPP)"
        if null == "rrpp"
        else f"{null} null",
        p_more=fit.p_value,
        p_less=1.0,  # a share of variance has no opposite: falling below chance contradicts nothing
        p_floor=1 / (permutations + 1),
        n=len(names),
        n_effective=n_effective,
    )
    return TraitAlignment(
        trait=name, kind=kind, species=names, value=y, axis=fit.axis, r_squared=fit.r_squared, adjusted=fit.statistic,
        lam=fit.lam, n_effective=n_effective, reliability=reliability, reliability_note=note, pseudo=fit.pseudo,
        tree=f"tree of {len(names)} tips" + (f" ({tree.source})" if getattr(tree, "source", "") else ""),
        left_out=tuple(left_out), evidence=evidence,
    )  # fmt: skip


def _values(trait, names):
    """The trait's value for each species (None where missing), the name it goes by, its kind, and notes."""
    notes = []
    lookup = dict(zip(trait.species, trait.values, strict=True))
    value = [lookup.get(n) for n in names]
    value = [None if v is None or (isinstance(v, float) and not np.isfinite(v)) else v for v in value]
    if missing := sum(v is None for v in value):
        notes.append(f"{missing} species without a value of {trait.name}")
    if trait.kind in ("numeric", "ordered") and not isinstance(next((v for v in value if v is not None), ""), str):
        known = [float(v) for v in value if v is not None]
        if trait.kind == "numeric" and known and min(known) > 0 and max(known) > 10 * min(known):
            return [None if v is None else float(np.log10(v)) for v in value], f"log10 {trait.name}", "numeric", notes
        return [None if v is None else float(v) for v in value], trait.name, "numeric", notes
    return [None if v is None else str(v) for v in value], trait.name, "categorical", notes


def _common_kinds(keep, value):
    kinds = [value[i] for i in keep]
    rare = sorted({k for k in kinds if kinds.count(k) < LEAST_PER_KIND})
    if not rare:
        return keep, []
    kept = [i for i in keep if value[i] not in rare]
    return kept, [f"{len(keep) - len(kept)} species of kinds with fewer than {LEAST_PER_KIND} ({', '.join(rare[:5])})"]


def _reliability(unit, by, names, counts, directions, rng):
    """Split-half reliability of the species' positions, where enough species have two images or more."""
    single = int((counts < 2).sum())
    if len(names) - single < LEAST_REPEATED:
        return np.nan, f"reliability cannot be estimated for the {single} species with one image"
    repeated = [n for n, c in zip(names, counts, strict=True) if c >= 2]
    # Each species keeps the direction that was fitted without it; only its images are halved.
    emb = unit.where(**{by: repeated})
    codes, levels = emb.codes(by)
    own = directions[[names.index(name) for name in levels]]
    x = emb.float64()
    score = ((x - x.mean(axis=0)) * own[codes]).sum(axis=1)
    values = []
    for _ in range(20):
        order = rng.permutation(len(codes))
        order = order[np.argsort(codes[order], kind="stable")]
        n = np.bincount(codes, minlength=len(levels))
        position = np.arange(len(codes)) - np.repeat(np.cumsum(n) - n, n)
        first = position < np.repeat(n // 2, n)
        halves = []
        for part in (order[first], order[~first]):
            size = np.bincount(codes[part], minlength=len(levels))
            halves.append(np.bincount(codes[part], score[part], minlength=len(levels)) / size)
        values.append(np.corrcoef(halves[0], halves[1])[0, 1])
    r = float(np.mean(values))
    value = 2 * r / (1 + r) if r > 0 else 0.0
    note = f"reliability of the positions {value:.2f}, from {len(repeated)} species with two images or more"
    return value, note + (f"; it cannot be estimated for the {single} species with one image" if single else "")
