"""What does an objective give beyond another, on the same species, over runs that differ in nothing else?"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats as sps
from scipy.optimize import brentq

from embedlab.claims import Evidence
from embedlab.measures.over_species import over_species
from embedlab.measures.series import asking, contributions, same_species
from embedlab.stats.resample import generator
from embedlab.stats.shown import Spoken

LEAST_RUNS = 3  # pairs of runs: differences of one seed or two change sign from run to run
LEAST_WORLDS = 3  # from which worlds, and not runs, may be the units
SIGNS = 999
REFERENCE = "hierarchical"
# What a pair of runs shares: what it saw, for how long, with which eyes.
MATCHED = ("world", "world_species", "dials", "size", "species", "images", "steps", "images_seen", "tower", "seed")


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairing:
    """Differences of the reference less one objective: `differences` `(k,)` of runs that share all but the objective.

    `by_species` are the same differences species by species, averaged over the runs of a world, worlds one after the
    other. `evidence` joins the scatter of both: runs *and* species have to agree.
    """

    objective: str
    differences: np.ndarray
    worlds: tuple[str, ...]
    by_species: np.ndarray
    evidence: Evidence

    def __str__(self) -> str:
        e = self.evidence
        k = len(self.differences)
        more = int((self.differences > 0).sum())
        low, high = e.interval
        between = f"[{low:+.3g}, {high:+.3g}]" if np.isfinite(low) else "(no interval)"
        return (
            f"beyond {self.objective} {e.estimate:+.3g} {between} over {k} pair{'s' * (k != 1)} of "
            f"runs, {more} of them above 0 (p = {e.p_more:.2g} for more, {e.p_less:.2g} for less; that all signs of "
            f"{k} agree has p = {2.0**-k:.2g})" + (f"; {e.cannot_tell}" if e.cannot_tell else "")
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Objectives(Spoken):
    """One measure of runs that were trained to several ends, and what the reference gives beyond each other.

    `values` maps objectives to the measure of each of their runs, with 95 % intervals over species in `low` and `high`;
    `pairings` has one entry for each other objective that shares a run with the reference. `controls` maps names to
    the measure of models that were trained to no end. `chance` is the mean of chance over all runs.
    """

    measure: str
    reference: str
    values: dict[str, np.ndarray]
    low: dict[str, np.ndarray]
    high: dict[str, np.ndarray]
    runs: dict[str, tuple[str, ...]]
    pairings: dict[str, Pairing]
    controls: dict[str, float]
    chance: tuple[float, float, float]
    chance_kind: str
    species: int
    worlds: int
    left_out: tuple[str, ...]

    def __str__(self) -> str:
        told = "; ".join(str(p) for p in self.pairings.values())
        return f"{self.measure}, {self.reference} {self.values[self.reference].mean():.3g}: {told}"

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in a few sentences."""
        beside = ", ".join(f"{name} {value:.3g}" for name, value in self.controls.items())
        return (
            f"{self.measure} on {self.species} species of {self.worlds} {'worlds' if self.worlds > 1 else 'world'}, "
            f"one dot a run, bars: 95 % over species. Differences: {self.reference} less each objective, runs paired "
            "that share world, photographs, steps, tower and seed, species paired within them; 95 % intervals join "
            f"Student's t over pairs of runs{' (or worlds, where these differ more)' * (self.worlds >= LEAST_WORLDS)} "
            f"with that over species, and so do p-values. Fewer than {LEAST_RUNS} pairs cannot tell. "
            f"Chance: {self.chance_kind}." + (f" Controls: {beside}." if beside else "")
        )

    def table(self) -> pl.DataFrame:
        """One row an objective: its runs, their mean, and the reference's difference with its interval."""
        rows = []
        for name, own in self.values.items():
            pair = self.pairings.get(name)
            e = pair.evidence if pair else None
            low, high = e.interval if e else (None, None)
            rows.append((name, len(own), float(own.mean()), float(own.min()), float(own.max()),
                         e.estimate if e else None, low, high, e.p_more if e else None,
                         len(pair.differences) if pair else None))  # fmt: skip
        rows += [(name, None, value, *(None,) * 7) for name, value in self.controls.items()]
        less = f"{self.reference}_less_it"
        names = ("objective", "runs", "mean", "smallest", "largest", less, "low", "high", "p_more", "pairs")
        other = {"objective": pl.String, "runs": pl.Int64, "pairs": pl.Int64}
        return pl.DataFrame(rows, schema={n: other.get(n, pl.Float64) for n in names}, orient="row")


def objectives(stores: Sequence, measure: Callable, *asked, reference: str = REFERENCE,
               controls: Mapping | None = None, tree=None, rng: np.random.Generator | int) -> Objectives:  # fmt: skip
    """Apply `measure(embeddings, rng)` to runs of several objectives and compare each with the reference, paired.

    `measure` may be a verb, with what it asks behind it: `objectives(stores, el.phylogeny, tree, rng=0)`.

    A store's card says in `training` its `objective` (`hierarchical` where it says none) and what a pair must share:
    world, species, images, steps, images seen, tower, seed (`MATCHED`). Runs of one world must hold the same species.
    The difference of a pair is taken species by species. Two scatters are joined: of the pairs (Student's t over them;
    over worlds, where there are three and they differ more than their runs tell), and of species (resampled; with
    `tree` for the process that made them); the p-value is that at which such an interval just reaches 0. **Fewer
    than 3 pairs: `cannot tell`**, whatever they show: single runs differ by their seeds. `controls` maps names to
    stores. Refused: one objective, no runs of the reference, two runs that nothing tells apart.
    """
    rng, measure = generator(rng), asking(measure, asked)
    told = [_facts(store) for store in stores]
    if reference not in (present := sorted({t["objective"] for t in told})) or len(present) < 2:
        raise ValueError(
            f"objectives are compared with {reference!r}, and the stores were trained to {', '.join(present)}: give "
            "stores of that and of another, or --set reference=NAME"
        )
    seed = int(rng.integers(2**63))
    found = [measure(store, np.random.default_rng(seed)) for store in stores]
    by_world = defaultdict(list)
    for i, t in enumerate(told):
        by_world[t["world"]].append(i)
    each: dict[int, np.ndarray] = {}
    for own in by_world.values():
        same_species([found[i] for i in own])
        _, values = contributions([found[i] for i in own])
        each |= dict(zip(own, values, strict=True))
    place: dict[tuple, int] = {}
    for i, t in enumerate(told):
        if place.setdefault((t["objective"], t["match"]), i) != i:
            raise ValueError(
                f"two runs of {t['objective']} share {', '.join(f'{k} {v}' for k, v in t['match'] if v is not None)}: "
                "nothing tells them apart; give each once"
            )
    pairings, left_out = {}, []
    for name in present:
        if name == reference:
            continue
        pairs = [(place[reference, t["match"]], i) for i, t in enumerate(told)
                 if t["objective"] == name and (reference, t["match"]) in place]  # fmt: skip
        alone = sum(t["objective"] == name for t in told) - len(pairs)
        if alone:
            left_out.append(f"{alone} runs of {name} without a run of {reference} that shares all else")
        if pairs:
            pairings[name] = _paired(name, pairs, told, found, each, by_world, tree, rng)
    values, low, high, runs = (defaultdict(list) for _ in range(4))
    for t, r in zip(told, found, strict=True):
        values[t["objective"]].append(r.evidence.estimate)
        low[t["objective"]].append(r.evidence.interval[0])
        high[t["objective"]].append(r.evidence.interval[1])
        runs[t["objective"]].append(t["name"])
    order = [reference, *(n for n in present if n != reference)]
    null = np.concatenate([np.asarray(r.evidence.null, float) for r in found])
    null = null[np.isfinite(null)]
    bands = (float(null.mean()), *map(float, np.quantile(null, [0.025, 0.975]))) if null.size else (np.nan,) * 3
    aside = {
        name: float(np.mean([measure(s, np.random.default_rng(seed)).evidence.estimate for s in own]))
        for name, own in (controls or {}).items()
    }
    return Objectives(
        measure=found[0].evidence.statistic, reference=reference, values={n: np.array(values[n]) for n in order},
        low={n: np.array(low[n]) for n in order}, high={n: np.array(high[n]) for n in order},
        runs={n: tuple(runs[n]) for n in order}, pairings=pairings, controls=aside, chance=bands,
        chance_kind=found[0].evidence.chance_kind,
        species=sum(len(found[own[0]].species) for own in by_world.values()), worlds=len(by_world),
        left_out=tuple(left_out),
    )  # fmt: skip


def _facts(store) -> dict:
    training = {**store.card, **{k: v for k, v in (store.card.get("training") or {}).items() if v is not None}}
    world = tuple(training.get(k) for k in ("world", "world_species", "dials"))
    return {
        "objective": str(training.get("objective") or REFERENCE),
        "world": world,
        "match": tuple((k, training.get(k)) for k in MATCHED),
        "name": str(training.get("name") or training.get("model") or "run"),
    }


def _paired(name, pairs, told, found, each, by_world, tree, rng) -> Pairing:
    differences = np.array([each[a].mean() - each[b].mean() for a, b in pairs])
    worlds = [told[a]["world"] for a, _ in pairs]
    species, names = [], []
    own_worlds = tuple(dict.fromkeys(worlds))  # an objective may have been trained in some of them only
    for world in own_worlds:
        own = [each[a] - each[b] for (a, b), w in zip(pairs, worlds, strict=True) if w == world]
        # A world counts by its pairs, so that the mean over species is the mean over pairs.
        species.append(np.mean(own, axis=0) * (len(own) * len(own_worlds) / len(pairs)))
        names += list(found[by_world[world][0]].species)
    by_species = np.concatenate(species)
    statistic = f"{found[0].evidence.statistic}: {told[pairs[0][0]]['objective']} less {name}, the same species"
    evidence = _evidence(statistic, differences, worlds, by_species, names, tree, rng)
    return Pairing(objective=name, differences=differences, worlds=tuple(str(w[0]) for w in worlds),
                   by_species=by_species, evidence=evidence)  # fmt: skip


def _evidence(statistic, differences, worlds, by_species, names, tree, rng) -> Evidence:
    k, estimate = len(differences), float(differences.mean())
    error, free = _over_runs(differences, worlds)
    low = high = np.nan
    if np.isfinite(by_species).all():  # else a run has no value of this measure, which is said
        (low, high), _, _ = over_species(by_species, np.ones(by_species.size), names, tree, rng=rng)
    reach = sps.t.ppf(0.975, free) * error if free else np.nan
    mean, many = by_species.mean(), by_species.size - 1
    ends = (estimate - np.hypot(mean - low, reach), estimate + np.hypot(high - mean, reach))
    p = [
        _both(side * estimate, error, free, half / sps.t.ppf(0.975, many), many)
        for side, half in ((1, mean - low), (-1, high - mean))
    ]
    signs = rng.choice([-1.0, 1.0], (SIGNS, k)) @ differences / k
    few = f"{k} pairs of runs: differences of one seed or two change sign from run to run; {LEAST_RUNS} are the least"
    blocked = few if k < LEAST_RUNS else "" if np.isfinite(ends).all() else "a run has no value of this measure"
    return Evidence(
        statistic=statistic, estimate=estimate, interval=(float(ends[0]), float(ends[1])), null=signs,
        chance_kind="the differences of runs with their signs turned at random", p_more=p[0], p_less=p[1],
        p_floor=1e-12,  # Student's t has no floor
        n=k, n_effective=float(len(set(worlds))) if free == len(set(worlds)) - 1 else float(k), unit="pairs of runs",
        cannot_tell=blocked,
    )  # fmt: skip


def _both(estimate: float, runs: float, free: int, species: float, many: int) -> float:
    """The p-value at which an interval that joins both scatters would just reach 0.

    Degrees of freedom by Welch and Satterthwaite, or the larger of two p-values, reject in 7 to 9 % of empty studies
    with four pairs; this, which is Cochran's way, in 2 to 5 %.
    """
    if not (free and np.isfinite([estimate, runs, species]).all() and estimate > 0):
        return 1.0 if not estimate < 0 or not free else 1.0 - _both(-estimate, runs, free, species, many)

    def short(log_p: float) -> float:
        return np.hypot(sps.t.isf(np.exp(log_p), free) * runs, sps.t.isf(np.exp(log_p), many) * species) - estimate

    least = np.log(1e-12)
    return float(np.exp(brentq(short, least, np.log(0.5)))) if short(least) > 0 else 1e-12


def _over_runs(differences: np.ndarray, worlds) -> tuple[float, int]:
    """Standard error of the mean over pairs and its degrees of freedom: of pairs, or of worlds where it is larger."""
    k = len(differences)
    if k < 2:
        return np.nan, 0
    error, free = differences.std(ddof=1) / np.sqrt(k), k - 1
    names = list(dict.fromkeys(worlds))
    if len(names) >= LEAST_WORLDS:
        means = np.array([differences[[w == name for w in worlds]].mean() for name in names])
        between = means.std(ddof=1) / np.sqrt(len(names))
        if between > error:
            return float(between), len(names) - 1
    return float(error), free
