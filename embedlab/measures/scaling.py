"""Does a measure rise or fall along a series of spaces, trained on more and more?"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.resample import generator, p_value

ENUMERATE = 20_000  # orders of the runs up to which all of them are tried


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaling:
    """A measure at each run of a series, its slope per tenfold `x`, and what chance gives for both.

    `values` `(m,)` with their intervals `low` and `high`; `chance` with its 95 % band is the placebo curve: the same
    measure with labels shuffled, the same shuffle at every run. It must be flat. `parts` holds what the measure is
    made of (numerator, denominator), because a ratio can rise through either.
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
    evidence: Evidence

    def __str__(self) -> str:
        e = self.evidence
        return (
            f"{self.measure}: {e.estimate:+.3g} [{e.interval[0]:+.3g}, {e.interval[1]:+.3g}] for each "
            f"tenfold {self.x_name} over {len(self.x)} runs (chance {e.chance['low']:+.2g} to {e.chance['high']:+.2g}; "
            f"p = {e.p_more:.2g} for a rise; the smallest that {len(self.x)} runs can reach is {e.p_floor:.2g})"
        )

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in two sentences."""
        return (
            f"{self.measure} at {len(set(self.x.tolist()))} values of {self.x_name}, {len(self.x)} runs; "
            "bars: 95 % over species, "
            f"the same species at every run. Grey: chance, the same draw at every run ({self.evidence.chance_kind}). "
            "The p-value of the slope is the larger of two: against that, and against all "
            f"{self.arrangements:,} orders of the runs."
        )

    def table(self) -> pl.DataFrame:
        """One row a run."""
        return pl.DataFrame({
            "run": self.runs, self.x_name: self.x, "value": self.values, "low": self.low, "high": self.high,
            "chance": self.chance, "chance_low": self.chance_low, "chance_high": self.chance_high, **self.parts,
        })  # fmt: skip


def scaling(stores: Sequence, measure: Callable, *, x: str | Sequence[float] = "images_seen",
            rng: np.random.Generator | int) -> Scaling:  # fmt: skip
    """Apply `measure(embeddings, rng)` to each store and test the slope of its estimate on log10 of `x`.

    `x` names an entry of the stores' cards (or of their `training` part), or lists one number a store. Every store
    sees the same random numbers, so that shuffles and resampled species agree along the series. The slope must
    pass two tests: the same slope with shuffled labels, and with the runs in any other order; the larger p-value
    counts. Its interval joins the scatter over species with that of the runs about the line. At least 3 runs at 3
    different `x` are needed.
    """
    rng = generator(rng)
    at = np.array([_position(s, x) for s in stores] if isinstance(x, str) else x, float)
    if len(at) != len(stores):
        raise ValueError(f"{len(stores)} stores but {len(at)} positions on the scale")
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
    _same_species(results)
    log = np.log10(at)
    weight = (log - log.mean()) / ((log - log.mean()) ** 2).sum()
    values = np.array([r.evidence.estimate for r in results])
    nulls = np.array([r.evidence.null for r in results])
    slope = float(weight @ values)
    placebo = weight @ nulls
    orders, exact = _orders(at, rng)
    in_any_order = weight[orders] @ values
    p = {True: 1.0, False: 1.0}
    for more in (True, False) if np.isfinite(slope) and np.isfinite(placebo).all() else ():
        # The identity is among the orders when all are tried: no +1 is due then.
        by_order = _share(in_any_order, slope, more) if exact else p_value(slope, in_any_order, more=more)
        p[more] = max(by_order, p_value(slope, placebo, more=more))
    low, high = _interval(results, weight, values, log, slope, rng)
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
        runs=tuple(_name(s, i) for i, s in enumerate(stores)), values=values,
        low=np.array([r.evidence.interval[0] for r in results]),
        high=np.array([r.evidence.interval[1] for r in results]),
        chance=nulls.mean(axis=1), chance_low=bands[0], chance_high=bands[1], slope=slope,
        parts={k: np.array([np.mean(getattr(r, k)) for r in results]) for k in ("between", "within", "noise_level")
               if hasattr(results[0], k)},
        arrangements=len(orders), evidence=evidence,
    )  # fmt: skip


def _position(store, x: str) -> float:
    card = store.card
    training = card.get("training") or {}
    for place in (training, card):
        if x in place and place[x] is not None:
            return float(place[x])
    known = sorted({k for p in (training, card) for k, v in p.items() if isinstance(v, int | float)})
    raise KeyError(
        f"the store of {card.get('model', 'an unnamed model')!r} does not say its {x!r}; its card has the "
        f"numbers {', '.join(known[:8]) or '(none)'}"
    )


def _same_species(results) -> None:
    """Refuse a series in which a run has other species: a trend could then be one of species, not of training."""
    first = set(results[0].species)
    for i, r in enumerate(results[1:], start=2):
        if other := sorted(first ^ set(r.species)):
            raise ValueError(
                f"runs 1 and {i} do not hold the same species ({len(first)} and {len(r.species)}; in one only: "
                f"{', '.join(other[:5])}): use the same images at every scale"
            )


def _name(store, i: int) -> str:
    training = store.card.get("training") or {}
    seed = f" seed {training['seed']}" if "seed" in training else ""
    return f"{store.card.get('name', store.card.get('model', f'run {i}'))}{seed}"


def _orders(at: np.ndarray, rng) -> tuple[np.ndarray, bool]:
    """Distinct ways to deal the runs to the scales, `(b, m)` indices; all of them where there are few."""
    m = len(at)
    _, counts = np.unique(at, return_counts=True)
    total = math.factorial(m)
    for c in counts:
        total //= math.factorial(int(c))
    if total > ENUMERATE:
        return rng.permuted(np.broadcast_to(np.arange(m), (9999, m)), axis=1), False
    places = [np.flatnonzero(at == v) for v in np.unique(at)]
    found = []

    def deal(left: tuple[int, ...], group: int, order: np.ndarray):
        if group == len(places):
            found.append(order.copy())
            return
        for chosen in itertools.combinations(left, len(places[group])):
            order[list(chosen)] = places[group]
            deal(tuple(i for i in left if i not in chosen), group + 1, order)

    deal(tuple(range(m)), 0, np.empty(m, int))
    return np.array(found), True


def _share(values: np.ndarray, observed: float, more: bool) -> float:
    slack = 1e-9 * max(np.abs(values).max(), 1e-300)
    return float(np.mean(values >= observed - slack if more else values <= observed + slack))


def _interval(results, weight, values, log, slope, rng) -> tuple[float, float]:
    """95 % interval of the slope: species resampled once for all runs, joined with the runs' scatter about the line."""
    from scipy import stats as sps

    pseudo = []
    for r in results:
        part, total = (np.asarray(v, float) for v in r.parts)
        if not total.sum() > 0:
            return (np.nan, np.nan)
        value = part.sum() / total.sum()
        pseudo.append(value + (part - value * total) * len(part) / total.sum())
    each = weight @ np.array(pseudo)  # every species' own slope; their mean is the slope
    low, high = bootstrap_ratio(each, np.ones(each.size), rng=rng)
    m = len(log)
    left = values - values.mean() - slope * (log - log.mean())
    runs = sps.t.ppf(0.975, m - 2) * np.sqrt((left**2).sum() / (m - 2) * (weight**2).sum()) if m > 2 else np.nan
    return (float(slope - np.hypot(slope - low, runs)), float(slope + np.hypot(high - slope, runs)))
