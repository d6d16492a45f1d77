"""The two ends of a series, species by species; and what stands beside it: controls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from embedlab.measures.series import contributions, same_species
from embedlab.stats.bootstrap import bootstrap_ratio


@dataclass(frozen=True, kw_only=True)
class Ends:
    """How much the measure differs between the largest scale and the smallest, the same species at both.

    `difference` with its 95 % `interval` over species (a sample of their clade), for these runs as they are. `disjoint`
    says whether all runs' own intervals at one end lie on one side of all those at the other, which asks for much
    more; on which side, `difference` says.
    """

    smallest: float
    largest: float
    difference: float
    interval: tuple[float, float]
    disjoint: bool
    runs: int

    def __str__(self) -> str:
        apart = "do not overlap" if self.disjoint else "overlap"
        return (
            f"from {self.smallest:,g} to {self.largest:,g} the same species differ by {self.difference:+.3g} "
            f"[{self.interval[0]:+.3g}, {self.interval[1]:+.3g}] (paired, {self.runs} runs); the intervals of the runs "
            f"at both ends {apart}"
        )


@dataclass(frozen=True, kw_only=True)
class Beside:
    """The measure of a control (pixels alone, an untrained network), and what the largest scale has more.

    `gap` is the mean of the runs at the largest scale less the control, with a 95 % interval over the same species.
    Where `cannot_tell` says why, there is no number: a ratio over nothing is no control.
    """

    name: str
    value: float
    interval: tuple[float, float]
    gap: float
    gap_interval: tuple[float, float]
    cannot_tell: str = ""

    def __str__(self) -> str:
        if self.cannot_tell:
            return f"{self.name} cannot tell ({self.cannot_tell})"
        if not np.isfinite(self.gap):
            return f"{self.name} {self.value:.3g} (no gap: the largest scale cannot tell)"
        low, high = self.gap_interval
        return f"{self.name} {self.value:.3g} (the largest scale {self.gap:+.3g} [{low:+.3g}, {high:+.3g}])"


def ends(x, by_species, rng) -> Ends | None:
    """Compare the largest and the smallest `x` `(m,)` by species `(m, s)`; None where a run has no values."""
    first, last = (np.flatnonzero(x == end) for end in (x.min(), x.max()))
    if not np.isfinite(by_species[[*first, *last]]).all():
        return None
    difference = by_species[last].mean(axis=0) - by_species[first].mean(axis=0)
    large, small = ([_mean(by_species[i], rng) for i in runs] for runs in (last, first))
    return Ends(
        smallest=float(x.min()), largest=float(x.max()), difference=float(difference.mean()),
        interval=_mean(difference, rng), disjoint=_below(small, large) or _below(large, small),
        runs=first.size + last.size,
    )  # fmt: skip


def _below(some, others) -> bool:
    return max(high for _, high in some) < min(low for low, _ in others)


def _mean(values: np.ndarray, rng) -> tuple[float, float]:
    return bootstrap_ratio(values, np.ones(values.size), rng=rng)


def beside(found: Mapping[str, Sequence], results, x, by_species, names, rng) -> tuple[Beside, ...]:
    """Set controls beside a series: name → results of the measure on the stores of that control, their mean.

    `results` are those of the series, whose species the controls must hold. A control that cannot tell by itself, or
    has no finite value, is named without a number; so is the gap where the largest scale cannot tell.
    """
    largest = by_species[x == x.max()].mean(axis=0)
    if any(r.evidence.cannot_tell for r, at in zip(results, x, strict=True) if at == x.max()):
        largest = np.full_like(largest, np.nan)
    told = []
    for name, own in found.items():
        same_species([results[0], *own])
        order, values = contributions([results[0], *own])
        if why := unfit(own, values[1:]):
            nothing = (np.nan, np.nan)
            told.append(Beside(name=name, value=np.nan, interval=nothing, gap=np.nan, gap_interval=nothing,
                               cannot_tell=why))  # fmt: skip
            continue
        value = values[1:].mean(axis=0)[[order.index(n) for n in names]] if set(order) == set(names) else np.nan
        gap = largest - value
        whole = np.isfinite(gap).all() and gap.size == largest.size
        interval = _mean(gap, rng) if whole else (np.nan, np.nan)
        lows, highs = np.array([r.evidence.interval for r in own]).T
        value = float(np.mean([r.evidence.estimate for r in own]))
        reach = (float(lows.min()), float(highs.max()))
        told.append(Beside(name=name, value=value, interval=reach, gap=float(np.mean(gap)), gap_interval=interval))
    return tuple(told)


def unfit(results: Sequence, values: np.ndarray) -> str:
    """Why results stand for nothing: one cannot tell by itself, or its estimate or `values` `(m, s)` are not finite."""
    for r in results:
        if r.evidence.cannot_tell:
            return r.evidence.cannot_tell
    whole = np.isfinite(values).all() and np.isfinite([r.evidence.estimate for r in results]).all()
    return "" if whole else "no finite value"
