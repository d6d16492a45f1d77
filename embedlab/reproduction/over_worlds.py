"""One verdict over several worlds: worlds are the replicates, each grown by itself."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from embedlab.claims import Evidence

FEW = 3  # fewer worlds say nothing of other worlds


def over_worlds(found: Sequence[Evidence]) -> Evidence:
    """Give the mean over worlds, with an interval that holds for other worlds like these.

    `found` is the evidence for one claim in each world. The interval is the wider of two: that of the mean over the
    species of these worlds, and Student's t over worlds (W − 1 degrees of freedom). p-values of independent worlds
    are combined by Stouffer's sum of normal scores; `n` counts worlds. Chance is the mean of the worlds' draws of
    chance, put together draw by draw. A world whose data could not decide makes the whole undecided, with its reason.
    One world is given back as it is. Raises ValueError for none.
    """
    found = list(found)
    if not found:
        raise ValueError("no world has evidence for this claim: nothing to put together")
    if len(found) == 1:
        return found[0]
    values = np.array([e.estimate for e in found])
    mean = values.mean()
    ends = np.array([e.interval for e in found], float)
    inside = np.sqrt(np.square(ends - values[:, None]).sum(axis=0)) / len(found)  # half widths of a mean of W
    between = stats.t.ppf(0.975, len(found) - 1) * values.std(ddof=1) / np.sqrt(len(found))
    low, high = mean - max(inside[0], between), mean + max(inside[1], between)
    draws = [np.asarray(e.null, float) for e in found]
    draws = [d[np.isfinite(d)] for d in draws]
    some = min(map(len, draws))
    return Evidence(
        statistic=found[0].statistic,
        estimate=float(mean),
        interval=(float(low), float(high)),
        null=np.mean([d[:some] for d in draws], axis=0) if some else np.empty(0),
        chance_kind=f"{found[0].chance_kind}; mean of {len(found)} worlds",
        p_more=stouffer([e.p_more for e in found]),
        p_less=stouffer([e.p_less for e in found]),
        p_floor=stouffer([e.p_floor for e in found]),
        n=len(found),
        n_effective=float(len(found)),
        unit="worlds",
        cannot_tell=_undecided(found),
    )


def stouffer(p: Sequence[float]) -> float:
    """Combine one-sided p-values of independent tests: Φ(Σ Φ⁻¹(p) / √k), within (0, 1].

    >>> round(stouffer([0.05, 0.05, 0.05]), 4)
    0.0022
    >>> stouffer([0.5, 0.5])
    0.5
    """
    scores = stats.norm.isf(np.clip(p, 1e-300, 1 - 1e-12))
    return float(np.clip(stats.norm.sf(scores.sum() / np.sqrt(len(scores))), 1e-300, 1.0))


def _undecided(found: Sequence[Evidence]) -> str:
    if len(found) < FEW:
        return f"{len(found)} worlds are too few to speak of others: {FEW} are the least"
    reasons = [e.cannot_tell for e in found if e.cannot_tell]
    return f"in {len(reasons)} of {len(found)} worlds: {reasons[0]}" if reasons else ""
