"""One verdict over several worlds: worlds are the replicates, each grown by itself."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from embedlab.claims import Evidence

FEW = 3  # fewer worlds say nothing of other worlds
PAIRS = "pairs of runs"  # the unit of differences between objectives, of which each world may have too few


def over_worlds(found: Sequence[Evidence]) -> Evidence:
    """Give the mean over worlds, with an interval and p-values that hold for other worlds like these.

    `found` is the evidence for one claim in each world. Worlds are independent, and each has its own tree, species,
    photographs and runs: all these scatter from world to world, so Student's t over worlds (W − 1 degrees of freedom)
    of what each shows beyond its own chance needs nothing else. What a world says by itself (its interval, its p)
    stands beside, and is not used: three runs of one world are no evidence, the same slope in six worlds is. Chance is
    the mean of the worlds' draws of chance, put together draw by draw. A world whose data could not decide makes the
    whole undecided, with its reason; that a world has few pairs of runs is none, as worlds are counted here. One world
    is given back as it is. Raises ValueError for none.
    """
    found = list(found)
    if not found:
        raise ValueError("no world has evidence for this claim: nothing to put together")
    if len(found) == 1:
        return found[0]
    values = np.array([e.estimate for e in found], float)
    excess = values - [e.chance["mean"] or 0.0 for e in found]
    mean, free = values.mean(), len(found) - 1
    error = excess.std(ddof=1) / np.sqrt(len(found))
    half = stats.t.ppf(0.975, free) * error
    more, less = _one_sided(excess.mean(), error, free)
    draws = [np.asarray(e.null, float) for e in found]
    draws = [d[np.isfinite(d)] for d in draws]
    some = min(map(len, draws))
    return Evidence(
        statistic=found[0].statistic,
        estimate=float(mean),
        interval=(float(mean - half), float(mean + half)),
        null=np.mean([d[:some] for d in draws], axis=0) if some else np.empty(0),
        chance_kind=f"{found[0].chance_kind}; mean of {len(found)} worlds",
        p_more=more,
        p_less=less,
        p_floor=1e-300,  # Student's t has no floor
        n=len(found),
        n_effective=float(len(found)),
        unit="worlds",
        cannot_tell=_undecided(found),
    )


def _one_sided(excess: float, error: float, free: int) -> tuple[float, float]:
    """p-values for more and for less than chance, within (0, 1]; both 1 where a world has no value."""
    if not np.isfinite([excess, error]).all():
        return 1.0, 1.0
    if error == 0:  # all worlds alike to the last digit, as only a constant is
        return 1.0, 1.0
    more = stats.t.sf(excess / error, free)
    return float(np.clip(more, 1e-300, 1.0)), float(np.clip(1.0 - more, 1e-300, 1.0))


def _undecided(found: Sequence[Evidence]) -> str:
    if len(found) < FEW:
        return f"{len(found)} worlds are too few to speak of others: {FEW} are the least"
    reasons = [e.cannot_tell for e in found if e.cannot_tell and (e.unit != PAIRS or not np.isfinite(e.estimate))]
    return f"in {len(reasons)} of {len(found)} worlds: {reasons[0]}" if reasons else ""
