"""What does training give beyond a control: pixels alone, an untrained network, labels dealt anew?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.measures.ends import unfit
from embedlab.measures.over_species import over_species
from embedlab.measures.series import asking, contributions, run_name, same_species
from embedlab.stats.resample import generator, p_floor, p_value, sign_floor
from embedlab.stats.shown import Spoken
from embedlab.stats.trend.orders import share_as_extreme

FLIPS = 9999
EXACT = 13  # species up to which every way of exchanging model and control is tried: 8,192


@dataclass(frozen=True, kw_only=True, eq=False)
class Gap:
    """What the runs have more than one control, species by species.

    `by_species` `(s,)` are the gaps whose mean is the estimate of `evidence`; `value` is the control's own (mean of
    its stores), with the widest of their 95 % intervals. All are nan where runs or control cannot tell.
    """

    control: str
    stores: int
    value: float
    interval: tuple[float, float]
    by_species: np.ndarray
    evidence: Evidence

    def __str__(self) -> str:
        e = self.evidence
        if e.cannot_tell:
            return f"no gap to {self.control}: {e.cannot_tell}"
        low, high = e.interval
        return (
            f"{e.estimate:+.3g} [{low:+.3g}, {high:+.3g}] beyond {self.control} ({self.value:.3g}) over {e.n} species, "
            f"{int((self.by_species > 0).sum())} of them above it (p = {e.p_more:.2g} for more, {e.p_less:.2g} for "
            f"less; model and control exchanged: {e.chance['low']:+.2g} to {e.chance['high']:+.2g})"
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BeyondControls(Spoken):
    """One measure of the runs at the largest scale, and how much they have more than each control.

    `values` `(m,)` of the runs with 95 % intervals over species in `low` and `high`; `gaps` has one entry a control.
    `chance` is the mean and 95 % band of the runs' own chance, beside which the values stand.
    """

    measure: str
    runs: tuple[str, ...]
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    gaps: dict[str, Gap]
    species: tuple[str, ...]
    chance: tuple[float, float, float]
    chance_kind: str
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.measure}, {self.values.mean():.3g} after training: {'; '.join(map(str, self.gaps.values()))}"

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in a few sentences."""
        stores = ", ".join(f"{name} ({g.stores})" for name, g in self.gaps.items())
        silent = [str(g) for g in self.gaps.values() if g.evidence.cannot_tell]
        return (
            f"{self.measure} of {len(self.runs)} {'runs' if len(self.runs) > 1 else 'run'} at the largest scale and of "
            f"controls (stores: {stores}) on the same {len(self.species)} species; bars: 95 % over species. Gaps: mean "
            "of the runs less mean of a control's stores, species by species, with 95 % intervals over species; null: "
            "model and control exchanged species by species. Intervals and p-values are for these runs as they are. "
            f"Grey, above: chance ({self.chance_kind})." + (f" {'; '.join(silent)}." if silent else "")
        )

    def table(self) -> pl.DataFrame:
        """One row a control: its value, the runs' mean, the gap with interval and p-values, and who was compared."""
        rows = []
        for name, g in self.gaps.items():
            e = g.evidence
            rows.append((name, g.stores, g.value, *g.interval, float(self.values.mean()), len(self.runs), e.estimate,
                         *e.interval, e.p_more, e.p_less, e.n, e.cannot_tell))  # fmt: skip
        names = ("control", "stores", "value", "value_low", "value_high", "trained", "runs", "gap", "low", "high",
                 "p_more", "p_less", "species", "cannot_tell")  # fmt: skip
        other = dict.fromkeys(("stores", "runs", "species"), pl.Int64) | dict.fromkeys(names[::13], pl.String)
        return pl.DataFrame(rows, schema={n: other.get(n, pl.Float64) for n in names}, orient="row")


def scale(store) -> tuple[float, float]:
    """Images times steps of a store's training, as its card says, and how many species it had: how much was trained.

    Images seen stand for the first where the card lacks images or steps; what it does not say is 0. Of runs with as
    many images and steps, those with more species are the larger.
    """
    said = {**store.card, **{k: v for k, v in (store.card.get("training") or {}).items() if v is not None}}
    if said.get("images") is not None and said.get("steps") is not None:
        most = float(said["images"]) * float(said["steps"])
    else:
        most = float(said.get("images_seen") or 0)
    species = said.get("species")
    return most, float(species) if isinstance(species, int | float) else 0.0


def beyond_controls(stores: Sequence, controls: Mapping[str, Sequence], measure: Callable, *asked, tree=None,
                    rng: np.random.Generator | int) -> BeyondControls:  # fmt: skip
    """Apply `measure(embeddings, rng)` to the runs at the largest `scale` and to controls; compare species by species.

    `measure` may be a verb, with what it asks behind it, as in `el.scaling`.

    `controls` maps names to stores: pixels alone, an untrained network, labels dealt anew. All see the same random
    numbers and must hold the same species. The gap of a species is its mean contribution over the runs less that over
    the control's stores, and the estimate their mean. Its interval is a studentised bootstrap over species (with
    `tree` that of the process which made them); the null exchanges model and control species by species: signs of the
    gaps flipped, in every way up to 13 species, else 9,999 times. Exchanging takes species as independent, and the
    runs as they are: neither speaks of another evolution, or of other seeds. Where the runs or a control cannot tell
    by themselves, or have no finite value (a ratio over nothing), the gap is `cannot tell` and no number is shown.
    Refused: no controls, no stores, other species.
    """
    rng, measure = generator(rng), asking(measure, asked)
    if not stores or not controls or not all(controls.values()):
        raise ValueError(
            f"{len(stores)} trained stores, {len(controls)} controls: what training brings is told beside a control. "
            "Give stores whose cards name one, such as pixel PCA and random network, which embedlab demo makes"
        )
    most = max(map(scale, stores))
    largest = [s for s in stores if scale(s) == most]
    seed = int(rng.integers(2**63))
    found = [measure(s, np.random.default_rng(seed)) for s in largest]
    beside = {name: [measure(s, np.random.default_rng(seed)) for s in own] for name, own in controls.items()}
    gaps, left_out = {}, []
    for name, own in beside.items():
        gaps[name], remarks = _gap(name, found, own, tree, rng)
        left_out += [r for r in remarks if r not in left_out]
    null = np.concatenate([np.ravel(np.asarray(r.evidence.null, float)) for r in found])
    null = null[np.isfinite(null)]
    bands = (float(null.mean()), *map(float, np.quantile(null, [0.025, 0.975]))) if null.size else (np.nan,) * 3
    low, high = np.array([r.evidence.interval for r in found], float).T
    return BeyondControls(
        measure=found[0].evidence.statistic, runs=tuple(run_name(s, i) for i, s in enumerate(largest)),
        values=np.array([r.evidence.estimate for r in found], float), low=low, high=high, gaps=gaps,
        species=tuple(found[0].species), chance=bands, chance_kind=found[0].evidence.chance_kind,
        left_out=tuple(left_out),
    )  # fmt: skip


def _gap(name: str, found, own, tree, rng) -> tuple[Gap, list[str]]:
    same_species([*found, *own])
    names, values = contributions([*found, *own])
    trained, control = values[: len(found)], values[len(found) :]
    of_runs, of_control = unfit(found, trained), unfit(own, control)
    blocked = " and ".join(
        [f"the trained runs cannot tell ({of_runs})"] * bool(of_runs)
        + [f"{name} cannot tell ({of_control})"] * bool(of_control)
    )
    s, statistic = len(names), f"{found[0].evidence.statistic}: the runs at the largest scale less {name}"
    kind = f"model and {name} exchanged, species by species"
    value, reach = np.nan, (np.nan, np.nan)
    if not of_control:
        ends = np.array([r.evidence.interval for r in own], float)
        value = float(np.mean([r.evidence.estimate for r in own]))
        reach = (float(ends[:, 0].min()), float(ends[:, 1].max()))
    if blocked:
        by_species, remarks = np.full(s, np.nan), []
        evidence = Evidence(
            statistic=statistic, estimate=np.nan, interval=(np.nan, np.nan), null=np.zeros(0), chance_kind=kind,
            p_more=1.0, p_less=1.0, p_floor=sign_floor(s), n=s, n_effective=float(s), cannot_tell=blocked,
        )  # fmt: skip
    else:
        by_species = trained.mean(axis=0) - control.mean(axis=0)
        interval, effective, remarks = over_species(by_species, np.ones(s), names, tree, rng=rng)
        null, p, floor = exchanged(by_species, rng)
        evidence = Evidence(
            statistic=statistic, estimate=float(by_species.mean()), interval=interval, null=null, chance_kind=kind,
            p_more=p[0], p_less=p[1], p_floor=floor, n=s, n_effective=effective,
        )  # fmt: skip
    return Gap(
        control=name, stores=len(own), value=value, interval=reach, by_species=by_species, evidence=evidence
    ), remarks


def exchanged(gaps, rng: np.random.Generator) -> tuple[np.ndarray, tuple[float, float], float]:
    """Means of the gaps `(s,)` with their signs flipped, the p-values for more and for less, and the least possible.

    Every way of flipping up to 13 gaps, the one that was seen among them; else 9,999 draws.

    >>> null, p, floor = exchanged([1.0, 2.0, 3.0], np.random.default_rng(0))
    >>> len(null), p, floor
    (8, (0.125, 1.0), 0.125)
    """
    gaps = np.asarray(gaps, float)
    s = gaps.size
    if s <= EXACT:
        null = np.array(list(product((1.0, -1.0), repeat=s))) @ gaps / s
        more, less = (share_as_extreme(null, gaps.mean(), way) for way in (True, False))
        return null, (float(more), float(less)), sign_floor(s)
    null = rng.choice([-1.0, 1.0], (FLIPS, s)) @ gaps / s
    more, less = (p_value(gaps.mean(), null, more=way) for way in (True, False))
    return null, (more, less), p_floor(FLIPS, s)
