"""What stands beside an alignment: placebo traits, power, forecasts, ranks, other trees, the test made otherwise."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import polars as pl

from embedlab.measures.trait_join import IMAGES, Joined
from embedlab.stats.trait.alignment import aligned_beyond_phylogeny
from embedlab.stats.trait.placebo import PlaceboPanel, injected_power, placebo_panel
from embedlab.stats.trait.prediction import MOST, PredictedBeyondTree, predicted_beyond_tree
from embedlab.stats.trait.turned import contrasts_turned
from embedlab.stats.trait.variance import Partition, RankShare, by_rank, partition
from embedlab.stats.tree.trees import OverTrees, over_trees

FORECASTS = 99  # placebo traits whose forecasts are the chance of ΔR²


@dataclass(frozen=True, kw_only=True, eq=False)
class Beside:
    """What stands beside an alignment; a part that was not asked for, or could not be had, is None or empty.

    `again` holds the same test made otherwise: what was changed, adjusted R², p. `smallest` is the share that this
    tree would have shown in 80 % of cases (nan: none), and `notes` say what could not be had and why.
    """

    placebo: PlaceboPanel | None = None
    smallest: float = np.nan
    forecast: PredictedBeyondTree | None = None
    divided: Partition | None = None
    ranks: tuple[RankShare, ...] = ()
    trees: OverTrees | None = None
    again: tuple[tuple[str, float, float], ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)

    def rows(self) -> pl.DataFrame:
        """One row a number: what it is, its value, its 95 % interval or range, what chance gives, p."""
        rows = []
        if self.placebo:
            low, high = self.placebo.interval
            rows.append(("placebo traits called aligned", self.placebo.rate, low, high, 0.05, None))
        if np.isfinite(self.smallest):
            rows.append(("smallest share seen with 80 % power", self.smallest, None, None, None, None))
        if f := self.forecast:
            rows.append(("R² of held-out clades, tree alone", f.tree_alone, None, None, None, None))
            rows.append(("R² of held-out clades, tree and embedding", f.with_embedding, None, None, None, None))
            rows.append(("ΔR²", f.statistic, *f.interval, float(f.null.mean()), f.p_value))
        if d := self.divided:
            parts = (("trait alone", d.trait), ("shared with descent", d.shared), ("descent alone", d.descent))
            rows += [(f"adjusted share: {name}", value, None, None, None, None) for name, value in parts]
        for r in self.ranks:
            rows.append((f"adjusted share at rank {r.rank}", r.share, None, None, float(r.null.mean()), r.p_value))
        if self.trees:
            low, high = self.trees.range
            of = f"adjusted share over {len(self.trees.values)} trees, median and range"
            rows.append((of, self.trees.statistic, low, high, None, None))
        rows += [(f"adjusted share {what}", share, None, None, 0.0, p) for what, share, p in self.again]
        names = ("what", "value", "low", "high", "chance", "p")
        return pl.DataFrame(
            [tuple(v if i == 0 or v is None else float(v) for i, v in enumerate(r)) for r in rows],
            schema={n: pl.String if n == "what" else pl.Float64 for n in names},
            orient="row",
        )

    @property
    def power_words(self) -> str:
        """What share this tree could have shown."""
        if np.isfinite(self.smallest):
            return f"a share of {self.smallest:.2%} would have been seen with 80 % power"
        return "not even a direction of the space itself would have been seen with 80 % power"

    @property
    def topics(self) -> dict[str, str]:
        """The same in words: what is told, and what it is for this trait; traits told together share topics."""
        found = {}
        if self.placebo:
            seen = f"{self.smallest:.2%}" if np.isfinite(self.smallest) else "none"
            found["smallest share that would have been seen with 80 % power"] = seen
        if d := self.divided:
            found["variance of the species vectors, the trait's alone / shared with descent / descent's alone"] = (
                f"{d.trait:.1%} / {d.shared:.1%} / {d.descent:.1%}"
            )
        if self.ranks:
            parts = (f"{r.rank} {r.share:.1%} (p = {r.p_value:.2g})" for r in self.ranks)
            found["by rank, each within the one above"] = ", ".join(parts)
        if self.trees:
            low, high = self.trees.range
            found[f"share over {len(self.trees.values)} trees"] = (
                f"{self.trees.statistic:.1%} ({low:.1%} to {high:.1%})"
            )
        found |= {what: f"{share:.1%} (p = {p:.2g})" for what, share, p in self.again}
        return found

    @property
    def sentences(self) -> tuple[str, ...]:
        """The topics of this trait, a line each, and what could not be had."""
        return (*(f"{topic}: {words}" for topic, words in self.topics.items()), *self.notes)


def forecast_words(f: PredictedBeyondTree) -> str:
    """ΔR² in words, with its interval and chance."""
    low, high = np.quantile(f.null, [0.025, 0.975])
    if f.weight == 0:  # an interval of width 0 would look like certainty
        return (
            f"forecasts of {f.clades} held-out clades give the vectors no weight beside the tree (R² "
            f"{f.tree_alone:.2f} either way; ΔR² by chance {low:.2f} to {high:.2f})"
        )
    return (
        f"forecasts of {f.clades} held-out clades gain ΔR² = {f.statistic:.2f} [{f.interval[0]:.2f}, "
        f"{f.interval[1]:.2f}] over the tree alone (R² {f.tree_alone:.2f} to {f.with_embedding:.2f}; chance {low:.2f} "
        f"to {high:.2f}, p = {f.p_value:.2g})"
    )


def beside(j: Joined, fit, *, null: str, lam, clades, permutations: int, placebos: int, further: bool, turned: tuple,
           both: bool, rng) -> Beside:  # fmt: skip
    """Compute what stands beside the alignment `fit` of joined species.

    `turned` is what the function of that name gives; `both` says that a claim must pass that test too.
    """
    tree = j.structures[0]
    ask = dict(null=null, lam=lam, clades=clades)
    found: dict = {"notes": []}
    if placebos:
        second = partial(_second, j, tree, fit.lam, rng) if both else None
        found["placebo"] = placebo_panel(
            j.means, j.value, tree, covariates=j.extra, placebos=placebos, permutations=199, also=second, rng=rng, **ask
        )
        rule = 0.0 if null == "free" else lam
        power = injected_power(j.means, j.value, tree, fit.null, covariates=j.extra, lam=rule, rng=rng)
        found["smallest"] = power.smallest
    if len(j.structures) > 1:
        order = np.arange(len(j.names))[None]  # the share needs no shuffles
        found["trees"] = over_trees(
            lambda t: aligned_beyond_phylogeny(j.means, j.value, t, covariates=j.extra, lam=lam, permutations=order),
            j.structures,
        )
    if further:
        found |= _further(j, lam=lam, permutations=permutations, rng=rng)
        found["again"] = _again(j, tree, ask, permutations, rng) + turned
    found["notes"] = tuple(found["notes"])
    return Beside(**found)


def _further(j: Joined, *, lam, permutations: int, rng) -> dict:
    tree, notes = j.structures[0], []
    found: dict = {"notes": notes}
    if len(j.names) <= MOST:
        try:
            found["forecast"] = predicted_beyond_tree(j.means, j.value, tree, permutations=FORECASTS, rng=rng)
        except ValueError as reason:
            notes.append(f"no forecast of held-out clades: {reason}")
    else:
        notes.append(f"no forecast of held-out clades above {MOST:,} species")
    found["divided"] = partition(j.means, j.value, tree)
    if j.taxa:
        # Directions drawn evenly are chance only where the trait is white: at its own λ, not at that of the vectors.
        at = "ml" if lam == "full" else lam
        found["ranks"] = tuple(by_rank(j.means, j.value, tree, j.taxa, lam=at, permutations=permutations, rng=rng))
    return found


def turned(j: Joined, tree, lam: float, permutations: int, rng) -> tuple:
    """The test that lets clades evolve at rates of their own: `((words, share, p),)`, or () where it cannot be made."""
    try:
        share, p = contrasts_turned(
            j.means, j.value, tree, lam=lam, covariates=j.extra, permutations=permutations, rng=rng
        )
    except ValueError:  # tips at distance zero at λ = 1
        return ()
    return (("where clades may evolve at rates of their own (contrasts turned round)", share, p),)


def _second(j: Joined, tree, lam: float, rng, columns: np.ndarray) -> float:
    """The p-value of a placebo in the test that lets clades evolve at rates of their own."""
    return contrasts_turned(j.means, columns, tree, lam=lam, covariates=j.extra, permutations=199, rng=rng)[1]


def _again(j: Joined, tree, ask: dict, permutations: int, rng) -> tuple:
    """The other safe form of the test; with the number of images beside the rest; and without covariates."""
    images = np.log(j.counts)[:, None]
    tries = []
    # λ of the full model goes with evolved traits only: residuals whitened at it are permuted wrongly where axes have
    # several.
    if ask["lam"] == "full":
        tries.append(("at λ of the trait, residuals permuted", {**ask, "lam": "ml", "null": "rrpp"}, j.extra))
    elif ask["null"] != "free":
        tries.append(("at λ of the full model, traits evolved anew", {**ask, "lam": "full", "null": "lambda"}, j.extra))
    if np.ptp(images) > 0 and "log number of images" not in j.covariate_names:
        both = images if j.extra is None else np.hstack([j.extra, images])
        tries.append((f"with log number of {IMAGES} as covariate", ask, both))
    if j.extra is not None:
        tries.append(("without covariates", ask, None))
    found = []
    for what, how, extra in tries:
        fit = aligned_beyond_phylogeny(
            j.means, j.value, tree, covariates=extra, permutations=permutations, rng=rng, **how
        )
        found.append((what, fit.statistic, fit.p_value))
    return tuple(found)
