"""Does a measure rise or fall along a series of spaces, trained on more and more?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from scipy import stats as sps

from embedlab.claims import Evidence
from embedlab.measures.ends import Beside, Ends, beside, ends
from embedlab.measures.series import asking, contributions, images_seen, position, run_name, same_species
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.resample import generator, p_value
from embedlab.stats.shown import Spoken
from embedlab.stats.tree.kinship import phylogenetic_ratio
from embedlab.stats.trend.blocks import PageTrend, RandomSlopes, page, random_slopes
from embedlab.stats.trend.laws import Laws, compare_laws
from embedlab.stats.trend.orders import orders_of_runs, share_as_extreme

DRIFT = 0.01  # p-value below which the placebo curve is said not to be flat
PARTS = ("between", "within", "species_energy", "noise_level")  # of a result: what its ratio is made of
DRAWS = 200  # resamples of species from which the laws are fitted again


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Scaling(Spoken):
    """A measure at each run of a series, its slope per tenfold `x`, and what chance gives for both.

    `values` `(m,)` with their intervals `low` and `high`; `chance` with its 95 % band is the placebo curve: the same
    measure with labels shuffled, the same shuffle at every run. It must be flat. `parts` holds what the measure is
    made of (numerator, denominator), because a ratio can rise through either. `by_species` `(m, s)` are the species'
    own contributions, whose mean is the value: `page`, `slopes` and `laws` are made of them when asked for.
    `placebo` is the slope of the placebo curve with the two-sided p-value that it is flat. `ends` compares the smallest
    and the largest scale species by species; `controls` are models that stand beside the series.
    """

    measure: str
    x_name: str
    x: np.ndarray
    runs: tuple[str, ...]
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    chance: np.ndarray
    chance_low: np.ndarray
    chance_high: np.ndarray
    slope: float
    parts: dict[str, np.ndarray]
    arrangements: int
    placebo: tuple[float, float]
    species: tuple[str, ...]
    by_species: np.ndarray
    tree: object
    exposure: np.ndarray | None
    seed: int
    evidence: Evidence
    ends: Ends | None = None
    controls: tuple[Beside, ...] = ()

    @cached_property
    def page(self) -> PageTrend | None:
        """Page's trend over species as blocks, for these runs as they are; None where a run has no values."""
        return page(self.by_species.T, self.x) if np.isfinite(self.by_species).all() else None

    @cached_property
    def slopes(self) -> RandomSlopes | None:
        """Each species' own slope per tenfold, and their mean where relatives may rise together."""
        return _slopes(self.species, self.by_species, np.log10(self.x), self.tree, self.exposure)

    @cached_property
    def laws(self) -> Laws | None:
        """Laws ranked by the error on scales held out, with intervals from one resample of species at all runs."""
        if not np.isfinite(self.values).all():
            return None
        s = self.by_species.shape[1]
        draw = np.random.default_rng(self.seed).integers(0, s, (DRAWS, s))
        whole = np.isfinite(self.by_species).all()
        return compare_laws(self.x, self.values, draws=self.by_species[:, draw].mean(axis=2).T if whole else None)

    def __str__(self) -> str:
        e = self.evidence
        return (
            f"{self.measure}: {e.estimate:+.3g} [{e.interval[0]:+.3g}, {e.interval[1]:+.3g}] for each "
            f"tenfold {self.x_name} over {len(self.x)} runs (chance {e.chance['low']:+.2g} to {e.chance['high']:+.2g}; "
            f"p = {e.p_more:.2g} for a rise; the smallest that {len(self.x)} runs can reach is {e.p_floor:.2g})"
            + (f"; {self.ends}" if self.ends else "")
            + (f"; beside it {', '.join(map(str, self.controls))}" if self.controls else "")
        )

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in two sentences."""
        return (
            f"{self.measure} at {len(set(self.x.tolist()))} values of {self.x_name}, {len(self.x)} runs; "
            "bars: 95 % over species, "
            f"the same species at every run. Grey: chance, the same draw at every run ({self.evidence.chance_kind}). "
            "The p-value of the slope is the larger of two: against that, and against all "
            f"{self.arrangements:,} orders of the runs. {self._by_species()}{self._foretold()}"
            f"The placebo curve has a slope of {self.placebo[0]:+.2g} (p = {self.placebo[1]:.2g} were it flat)"
            + (": chance itself moves along the series, and is what counts." if self.placebo[1] < DRIFT else ".")
            + (f" {str(self.ends)[0].upper()}{str(self.ends)[1:]}." if self.ends else "")
            + (f" Beside the series, no scale of it: {'; '.join(map(str, self.controls))}." if self.controls else "")
            + (" A ratio can rise because its denominator falls: see the parts." if len(self.parts) > 1 else "")
        )

    def _by_species(self) -> str:
        p, s = self.page, self.slopes
        if p is None or s is None:
            return ""
        tree = f", λ = {s.lam:.2g}" if self.tree is not None else ", taken as unrelated"
        seen = "" if self.exposure is None else (
            f"; {s.by_covariate:+.2g} [{s.covariate_interval[0]:+.2g}, {s.covariate_interval[1]:+.2g}] for each "
            "tenfold images seen of the species"
        )  # fmt: skip
        return (
            f"For these runs as they are: Page's trend over {len(self.species)} species p = {p.p_more:.2g} for a rise, "
            f"mean of their slopes {s.mean:+.2g} [{s.interval[0]:+.2g}, {s.interval[1]:+.2g}]{tree}{seen}. "
        )

    def _foretold(self) -> str:
        if self.laws is None:
            return ""
        best, flat = self.laws.best, self.laws["constant"] if "constant" in self.laws else None
        unit = "in logarithms" if self.laws.residual == "log" else "in standard deviations"
        low, high = best.forecast_interval
        return (
            f"Held-out scales are foretold best by the law {best.name} ({best.formula}): error {best.held_out:.2g} "
            + unit
            + (f", a constant {flat.held_out:.2g}" if flat and flat is not best else "")
            + f"; best in {best.wins:.0%} of species resamples; the largest scale, left out, is missed by "
            f"{best.last:+.2g}; at {self.laws.ahead:g} times that scale it foretells {best.forecast:.3g} "
            f"[{low:.3g}, {high:.3g}]. "
        )

    def table(self) -> pl.DataFrame:
        """One row a run."""
        return pl.DataFrame({
            "run": self.runs, self.x_name: self.x, "value": self.values, "low": self.low, "high": self.high,
            "chance": self.chance, "chance_low": self.chance_low, "chance_high": self.chance_high, **self.parts,
        })  # fmt: skip


def scaling(stores: Sequence, measure: Callable, *asked, x: str | Sequence[float] = "images_seen", tree=None,
            process: bool = True, exposure: Mapping[str, float] | None = None,
            controls: Mapping[str, Sequence] | None = None, rng: np.random.Generator | int) -> Scaling:  # fmt: skip
    """Apply `measure(embeddings, rng)` to each store and test the slope of its estimate on log10 of `x`.

    `measure` may be a verb, with what it asks behind it: `scaling(stores, el.phylogeny, tree, rng=0)`, or
    `scaling(stores, el.separation, ("sex", "female", "male"), rng=0)`.

    `x` names an entry of the stores' cards (or of their `training` part), or lists one number a store. Every store
    sees the same random numbers, so that shuffles and resampled species agree along the series. The slope must
    pass two tests: the same slope with shuffled labels, and with the runs in any other order; the larger p-value
    counts. Its interval joins the scatter over species with that of the runs about the line. At least 3 runs at 3
    different `x` are needed. With `tree` (a `Tree`) species' slopes may follow descent, and the interval knows it:
    it is then for the process that made the species; with `process` False for the clade of which they are a sample,
    as it is without a tree.
    `exposure` says how many images of each species were seen in training: a covariate of the species' slopes.
    `controls` maps names to stores that stand beside the series (pixels alone, an untrained network).
    """
    rng, measure = generator(rng), asking(measure, asked)
    at = np.array([position(s, x) for s in stores] if isinstance(x, str) else x, float)
    if len(at) != len(stores):
        raise ValueError(f"{len(stores)} stores but {len(at)} positions on the scale: give one each")
    if len(np.unique(at)) < 3 or not (at > 0).all():
        raise ValueError(
            f"a trend needs at least 3 different scales above 0; saw {sorted(set(at.tolist()))} in {len(at)} stores. "
            f"Give more stores, or another --x"
        )
    keys = [s.card.get("key") for s in stores]
    twice = sorted({str(k)[:12] for k in keys if k is not None and keys.count(k) > 1})
    if twice:
        raise ValueError(f"stores {twice[:5]} are given more than once: a run counts once, give each store once")
    seed = int(rng.integers(2**63))
    results = [measure(s, np.random.default_rng(seed)) for s in stores]
    same_species(results)
    log = np.log10(at)
    weight = (log - log.mean()) / ((log - log.mean()) ** 2).sum()
    values = np.array([r.evidence.estimate for r in results])
    nulls = np.array([r.evidence.null for r in results])
    slope = float(weight @ values)
    placebo = weight @ nulls
    orders, exact = orders_of_runs(at, rng)
    in_any_order = weight[orders] @ values
    p = {True: 1.0, False: 1.0}
    for more in (True, False) if np.isfinite(slope) and np.isfinite(placebo).all() else ():
        # The identity is among the orders when all are tried: no +1 is due then.
        by_order = share_as_extreme(in_any_order, slope, more) if exact else p_value(slope, in_any_order, more=more)
        p[more] = max(by_order, p_value(slope, placebo, more=more))
    names, by_species = contributions(results)
    seen = None if exposure is None else images_seen(names, exposure)
    ours = np.array([r.evidence.interval for r in results])
    aside = rng.spawn(1)[0]  # what stands beside the trend draws its own chance
    beyond = {name: [measure(s, np.random.default_rng(seed)) for s in own] for name, own in (controls or {}).items()}
    low, high = _interval(by_species, weight, values, log, slope, rng, names, tree if process else None)
    silent = [r.evidence.cannot_tell for r in results if r.evidence.cannot_tell]
    blocked = f"at {len(silent)} of {len(results)} runs the measure cannot tell: {silent[0]}" if silent else ""
    bands = np.quantile(nulls, [0.025, 0.975], axis=1)
    evidence = Evidence(
        statistic=f"slope of {results[0].evidence.statistic} per tenfold {x if isinstance(x, str) else 'x'}",
        estimate=slope,
        interval=(low, high),
        null=placebo,
        chance_kind=f"{results[0].evidence.chance_kind}, the same draw at every run; and the runs in any other order",
        p_more=p[True],
        p_less=p[False],
        p_floor=max(1 / (len(orders) + (not exact)), 1 / (placebo.size + 1)),  # both tests must be passed
        n=len(at),
        n_effective=float(len(np.unique(at))),
        unit="runs",
        cannot_tell=blocked,
    )
    return Scaling(
        measure=results[0].evidence.statistic, x_name=x if isinstance(x, str) else "x", x=at,
        runs=tuple(run_name(s, i) for i, s in enumerate(stores)), values=values,
        low=ours[:, 0], high=ours[:, 1],
        chance=nulls.mean(axis=1), chance_low=bands[0], chance_high=bands[1], slope=slope,
        parts={k: np.array([np.mean(getattr(r, k)) for r in results]) for k in PARTS if hasattr(results[0], k)},
        arrangements=len(orders), placebo=_flat(placebo), species=names, by_species=by_species, tree=tree,
        exposure=seen, seed=seed, evidence=evidence, ends=ends(at, by_species, aside),
        controls=beside(beyond, results, at, by_species, names, aside),
    )  # fmt: skip


def _flat(placebo: np.ndarray) -> tuple[float, float]:
    """Mean slope under shuffled labels, and the two-sided p-value that it is 0 over shuffles."""
    if not np.isfinite(placebo).all() or placebo.size < 2 or not np.ptp(placebo) > 0:
        return (float(placebo.mean()), np.nan)
    return (float(placebo.mean()), float(sps.ttest_1samp(placebo, 0.0).pvalue))


def _on_tree(names, tree):
    """Which species the tree holds, and how these are related; all of them, and None, without a tree."""
    used = {} if tree is None else tree.match(names)[1].used
    keep = np.array([i for i, n in enumerate(names) if n in used], int)
    if len(keep) < 4:
        return np.arange(len(names)), None
    return keep, tree.structure([used[names[i]] for i in keep])


def _slopes(names, by_species, log, tree, seen=None) -> RandomSlopes | None:
    if not np.isfinite(by_species).all():
        return None
    keep, covariance = _on_tree(names, tree)
    values = by_species[:, keep].T
    try:
        return random_slopes(values, log, covariance, covariate=None if seen is None else seen[keep])
    except ValueError:
        return None  # fewer than three species, or slopes that are all the same


def _interval(by_species, weight, values, log, slope, rng, names, tree) -> tuple[float, float]:
    """95 % interval of the slope: over species, the same at all runs, joined with the runs' scatter about the line."""
    if not np.isfinite(by_species).all():
        return (np.nan, np.nan)
    each = weight @ by_species  # every species' own slope; their mean is the slope
    low, high = bootstrap_ratio(each, np.ones(each.size), rng=rng)
    keep, covariance = _on_tree(names, tree)
    if covariance is not None:  # species that the tree does not hold are taken to scatter as the others do
        own = each[keep]
        ends = phylogenetic_ratio(own, np.ones(own.size), covariance, rng=rng)
        low, high = (slope + end - own.mean() for end in ends)
    m = len(log)
    own = by_species - by_species.mean(axis=0) - np.outer(log - log.mean(), each)
    left = values - values.mean() - slope * (log - log.mean())
    # What species scatter about their own lines is in the interval over species already: runs add what they share.
    apart = ((own - own.mean(axis=1, keepdims=True)) ** 2).sum() / (m - 2) / max(each.size - 1, 1) / each.size
    shared = max((left**2).sum() / (m - 2) - apart, 0.0)
    runs = sps.t.ppf(0.975, m - 2) * np.sqrt(shared * (weight**2).sum())
    return (float(slope - np.hypot(slope - low, runs)), float(slope + np.hypot(high - slope, runs)))
