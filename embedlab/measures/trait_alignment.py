"""Does the space go along with a trait of species beyond what common descent alone would give?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.measures.placebo import Beside, beside, forecast_words, turned
from embedlab.measures.trait_join import LEAST_SPECIES, joined
from embedlab.stats.reliability import attenuation
from embedlab.stats.resample import generator, p_value
from embedlab.stats.shown import Spoken
from embedlab.stats.trait.alignment import aligned_beyond_phylogeny
from embedlab.stats.tree.comparative import effective_species

__all__ = ["LEAST_REPEATED", "LEAST_SPECIES", "TraitAlignment", "form", "trait_alignment"]

LEAST_REPEATED = 10  # species with two images or more, below which no reliability is given
DRAWN = ("lambda", "bm", "ou", "mk")  # nulls that let the trait evolve anew
LAMBDA_OF = {"full": "the full model", "ml": "the trait"}

CHANCE = {
    "rrpp": "residuals of the reduced model permuted after phylogenetic whitening (RRPP)",
    "within_clade": "residuals permuted within clades only, after phylogenetic whitening",
    "bm": "traits that evolved anew by Brownian motion on the tree",
    "ou": "traits that evolved anew with a pull to an optimum (Ornstein-Uhlenbeck)",
    "lambda": "traits that evolved anew on the tree, at the λ of this one",
    "mk": "kinds that jumped along the tree anew (Mk)",
    "phylo_perm": "the trait swapped among species, seldom between distant ones",
    "msr": "the trait with its phylogenetic spectrum and other values (Moran spectral randomisation)",
    "free": "species permuted as if unrelated: wrong for related species",
}


RANKS_ALONE = (
    "taxonomic ranks stand in for a tree and leave open who is nearest kin within a rank: p ≤ .05 then comes in 21 to "
    "35 % of empty worlds. Give a phylogeny (--tree FILE, el.Tree.read)"
)
TURNED = "; and contrasts of sister clades with random signs: the larger of both p-values counts"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TraitAlignment(Spoken):
    """How much of what sets species apart, beyond descent, goes along with a trait, beside what chance gives.

    `adjusted` is the adjusted R² of a phylogenetic regression of the species vectors on the trait: about 0 by chance, 1
    would be a space that knows nothing but this trait. `axis` `(s,)` is each species' position on the trait
    direction, fitted without its own row; `lam` is Pagel's λ at which species were made unrelated, and `lam_of` says
    of what: "the full model", "the trait", or "given"; `n_effective` is how many unrelated species the mean of these is
    worth at that λ. `reliability` is the Spearman–Brown
    corrected split-half correlation of the positions, nan where `reliability_note` says why. `beside` holds placebo
    panel, power, forecasts of held-out clades, shares by rank and over trees, as far as they were asked for.
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
    null: str = "lambda"
    lam_of: str = "the full model"
    warning: str = ""
    covariates: tuple[str, ...] = ()
    beside: Beside | None = None

    @property
    def uncalibrated(self) -> bool:
        """Whether more than 7 % of placebo traits were called aligned, so that p must not be believed."""
        return bool(self.beside and self.beside.placebo and not self.beside.placebo.calibrated)

    def __str__(self) -> str:
        e = self.evidence
        sure = "more than" if e.p_more <= 0.05 else "not clearly more than"
        sure = f"{sure} chance gives" if not e.cannot_tell else "where chance gives"  # p is then not to be believed
        said = (
            f"{'UNCALIBRATED: ' if self.uncalibrated else ''}"
            f"{self.trait}: {e.estimate:.1%} [{e.interval[0]:.1%}, {e.interval[1]:.1%}] of what sets "
            f"{len(self.species)} species{self._worth()} apart, {self._descent()}, goes along with it, {sure} "
            f"({e.chance['low']:.1%} to {e.chance['high']:.1%}; {self._p()}, λ = {self.lam:.2f})"
        )
        if self.covariates:
            said += f", with {', '.join(self.covariates)} taken out"
        if self.beside and (panel := self.beside.placebo):
            low, high = panel.interval
            said += f"; of placebo traits {panel.rate:.1%} ({low:.1%} to {high:.1%}) are called aligned"
        if self.beside and self.beside.forecast:
            said += f"; {forecast_words(self.beside.forecast)}"
        return said + (f". {self.warning}" if self.warning else "")

    def _worth(self) -> str:
        less = self.n_effective < len(self.species) - 0.5
        return f" (worth {self.n_effective:.1f} unrelated ones)" if less else ""

    def _descent(self) -> str:
        if self.null == "free":
            return "with descent left in"
        return "once descent is taken out" if self.lam > 0 else "with no descent to take out"

    def _p(self) -> str:
        """The p-value that counts; where it is not that of the chance beside it, both."""
        own, more = (f"{p:.2g}" for p in (p_value(self.evidence.estimate, self.evidence.null), self.evidence.p_more))
        if own == more:
            return f"p = {own}"
        return f"p = {own}, but {more} with contrasts of sister clades turned round, which counts"

    @property
    def caption(self) -> str:
        """Method, numbers and null in a few sentences."""
        null = self.evidence.chance_kind.removesuffix(TURNED)
        said = (
            f"Position of each species on the direction that goes along with {self.trait}, fitted without "
            "that species, "
            f"after making {len(self.species)} species (effective number {self.n_effective:.1f}) unrelated "
            f"at λ = {self.lam:.2f} ({self.lam_of}) "
            f"on the {self.tree}. Adjusted R² {self.adjusted:.3f}; chance: {null}, "
            f"{len(self.evidence.null)} times, {self.evidence.chance['mean']:.3f} on average; {self.reliability_note}."
        )
        if self.evidence.chance_kind.endswith(TURNED):
            said += " The claim must also pass where contrasts of sister clades take random signs."
        if self.beside:
            parts = [str(self.beside.placebo), self.beside.power_words] if self.beside.placebo else []
            parts += [forecast_words(self.beside.forecast)] if self.beside.forecast else []
            said += "".join(f" {p[:1].upper()}{p[1:]}." for p in parts)
        return said + (f" Warning: {self.warning}." if self.warning else "")

    def table(self) -> pl.DataFrame:
        """One row a species."""
        return pl.DataFrame({"species": self.species, self.trait: self.value, "position": self.axis}, strict=False)

    @property
    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Jackknife pseudo-values and ones: their means give the estimate."""
        return self.pseudo, np.ones(len(self.pseudo))


def trait_alignment(embeddings, trait, tree, *, by: str = "species", null: str | None = None, permutations=999,
                    covariates: Sequence = (), clade: str = "genus", lam: float | str | None = None,
                    placebos: int = 0, further: bool = False, rng: np.random.Generator | int,
                    ) -> TraitAlignment:  # fmt: skip
    """Test a trait (`traits["Mass"]`) against species means of unit vectors, with descent controlled by `tree`.

    Species are joined by name (synonyms through the table, reported). A numeric trait that is positive and spans
    more than a factor of ten is taken as log10; an ordered one by its scores. Kinds with fewer than 3 species are
    left out and named. Fewer than 8 species with both trait and tip are refused. `tree` may be a list: the test is
    made on the first, and the share is given over all.

    `null`, `lam` as in `embedlab.stats.aligned_beyond_phylogeny`, but by default `lam="full"`, `null="lambda"`: λ of
    what the model leaves of the vectors, and chance by traits that evolve anew at the trait's own λ. Of the forms
    measured it keeps its 5 % best and sees most through noise of images. Such a null lets all clades evolve at one
    rate, so the p-value is the larger of its own and that of contrasts between sister clades with random signs.
    `lam="ml"`, or `permutations` that is a `(b, n)` array of orders, means residuals permuted at the λ of the trait
    (`null="rrpp"`), which is safe too and sees less; see `form`. `clade` is the rank within which `within_clade`
    permutes.

    `covariates` stand in the reduced model: "images" (log number of images), columns of the rows (averaged by
    species), or columns of `Traits`. `placebos` (200 is a panel) puts as many simulated traits through the same test;
    where more than 7 % of them are called, the result says UNCALIBRATED and supports nothing; where
    not even a direction of the space would have been seen in 80 % of cases, that nothing was seen is *cannot tell*. So
    is all that ranks give in place of a tree (`Tree.from_taxonomy`). `further` adds forecasts
    of held-out clades, variance divided with descent, shares by rank, and the test with other λ and covariates.
    """
    null, lam = form(null, lam, permutations)
    rng = generator(rng)
    aside = rng.spawn(1)[0]  # what stands beside the test draws its own chance: asking for it changes no p-value
    emb = embeddings.known(by)
    left_out = [f"{embeddings.n - emb.n} images without {by}"] if emb.n < embeddings.n else []
    unit = emb.unit()
    trees = list(tree) if isinstance(tree, list | tuple) else [tree]
    j = joined(unit, trait, trees, by, covariates, left_out)
    clades = None
    if null == "within_clade":
        if clade not in j.taxa:
            raise ValueError(
                f"null='within_clade' permutes within a {clade}, which the rows do not tell of every species, or which "
                f"holds them all or one each; there is {', '.join(j.taxa) or 'no rank that does'}"
            )
        clades = np.array(j.taxa[clade])
    fit = aligned_beyond_phylogeny(
        j.means, j.value, j.structures[0], null=null, permutations=permutations, covariates=j.extra, clades=clades,
        lam=lam, rng=rng,
    )  # fmt: skip
    # Traits that evolve anew do so at one rate: where a clade was faster in vectors and trait, that alone called half
    # of empty worlds aligned. The other test keeps the size of every contrast, and costs next to no power.
    own = turned(j, j.structures[0], fit.lam, len(fit.null), aside) if null in DRAWN or further else ()
    judging = own if null in DRAWN else ()
    p_more = max([fit.p_value, *(p for _, _, p in judging)])
    reliability, note = _reliability(unit, by, j.names, j.counts, fit.directions, rng)
    if np.isfinite(reliability) and j.kind == "numeric":
        ceiling = attenuation(float(np.corrcoef(fit.axis, j.value)[0, 1]), max(reliability, 0.0))
        note += f"; positions and trait correlate {ceiling.statistic:.2f}, noise of images leaves {ceiling.ceiling:.2f}"
        note += f" to be had, so {ceiling.corrected:.2f} without it" if np.isfinite(ceiling.corrected) else ""
    around = None
    if placebos or further or len(trees) > 1:
        around = beside(j, fit, null=null, lam=lam, clades=clades, permutations=len(fit.null), placebos=placebos,
                        further=further, turned=own, both=bool(judging), rng=aside)  # fmt: skip
    warning = "; ".join(w for w in (fit.warning, RANKS_ALONE if _of_ranks(trees[0]) else "") if w)
    stamp = blind = ""
    if around and around.placebo:
        stamp = "" if around.placebo.calibrated else str(around.placebo)
        blind = "" if np.isfinite(around.smallest) else f"{around.power_words}; it takes more species"
    n_effective = effective_species(_at(fit.lam, j.covariance))
    lam_of = "given" if null == "free" else LAMBDA_OF.get(lam, "given")
    source = getattr(trees[0], "source", "")
    evidence = Evidence(
        statistic=f"alignment with {j.trait} (adjusted R² of a phylogenetic regression)",
        estimate=fit.statistic,
        interval=fit.interval,
        null=fit.null,
        chance_kind=CHANCE[null] + (TURNED if judging else ""),
        p_more=p_more,
        p_less=1.0,  # a share of variance has no opposite: falling below chance contradicts nothing
        p_floor=1 / (len(fit.null) + 1),
        n=len(j.names),
        n_effective=n_effective,
        cannot_tell=stamp or warning,
        blind=blind,
    )
    return TraitAlignment(
        trait=j.trait, kind=j.kind, species=j.names, value=j.value, axis=fit.axis, r_squared=fit.r_squared,
        adjusted=fit.statistic, lam=fit.lam, n_effective=n_effective, reliability=reliability, reliability_note=note,
        pseudo=fit.pseudo, tree=f"tree of {len(j.names)} tips" + (f" ({source})" if source else ""),
        left_out=j.left_out, evidence=evidence, null=null, lam_of=lam_of, warning=warning,
        covariates=j.covariate_names, beside=around,
    )  # fmt: skip


def _of_ranks(tree) -> bool:
    return bool(getattr(tree, "of_ranks", False))


def _at(lam: float, covariance: np.ndarray) -> np.ndarray:
    return np.where(np.eye(len(covariance)) > 0, covariance, lam * covariance)


def form(null: str | None, lam: float | str | None, permutations=999) -> tuple[str, float | str]:
    """Complete a test of which null, λ, or neither was named: `("lambda", "full")` where neither was.

    Nulls that draw traits go with λ of the full model, nulls that permute with λ of the trait: other pairs reject too
    often (`rrpp` with "full") or see less. An array of orders, or `lam="ml"`, means `rrpp`. Refused: orders for a null
    that draws traits.

    >>> form(None, None), form("rrpp", None), form(None, "ml"), form("bm", None)
    (('lambda', 'full'), ('rrpp', 'ml'), ('rrpp', 'ml'), ('bm', 'full'))
    """
    orders = np.ndim(permutations) > 0
    if null is None:
        null = "rrpp" if orders or lam == "ml" else "lambda"
    if orders and null in DRAWN:
        raise ValueError(
            f"null={null!r} draws traits anew, and permutations are orders of species: give a count, "
            "or null='rrpp' to permute residuals in these orders"
        )
    return null, lam if lam is not None else "full" if null in DRAWN else "ml"


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
