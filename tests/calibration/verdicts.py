"""What a calibration promises, cell by cell, and the table of what was measured."""

from itertools import pairwise

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.stats import binom

from tests.calibration import ledger

COVERS = (0.93, 0.97)
FEW, RARE = 200, 3e-5  # worlds; four standard errors of a normal number are as rare
STRONG = 0.8  # power at the largest of the five sizes
RISE = 0.4  # by which the largest size is found more often than the smallest, at least
ENOUGH = 100  # worlds of a size, from which two standard errors are held against a curve; four below
# Rates of documented weaknesses as they were measured. They may come out four standard errors higher, no more.
# They stand here and not in their cells, since a word more in a file of cells draws all of its worlds anew.
MEASURED = {
    "partial mantel: x and y follow z": {"p": 0.113},
    "permanova: the small group is wide": {"p": 0.5},
    "ladder: trait not drawn, others are": {"p": 0.36, "supported": 0.2},
    "ladder: trait not drawn, others are, habitat taken out": {"p": 0.18, "supported": 0.03},
    "ladder: fifth of names wrong, sexes at chance": {"p": 0.31, "supported": 0.27},
    "ladder: tenth of names wrong, sexes at chance": {"p": 0.18, "supported": 0.13},
    "regression: OU, λ fitted": {"p": 0.085},
    "trait: one clade ten times as fast, traits evolved anew": {"p": 0.49},
    "trait: ranks stand in for a tree": {"p": 0.285},
    "trait: images scatter the more, the larger the trait": {"p": 0.07, "supported": 0.02},
    "trait: RRPP with λ of the full model, trait of lambda .5": {"p": 0.098, "supported": 0.044},
    "trait: RRPP with λ of the full model, axes of different λ": {"p": 0.217, "supported": 0.131},
    "trait: null bm, trait of lambda .5": {"p": 0.027, "supported": 0.006},
}

# Power at the largest size, as measured, of tests that are kept for comparison and see less than is asked of a default.
FEEBLE = {"trait: alignment (RRPP), noisy images": 0.58}


def broken(job, found: list[dict]) -> str:
    """Why a cell does not keep its promise; nothing where it does."""
    n = len(found)
    if job.kind == "ours":
        return _rejecting(job, found)
    if job.kind == "naive":
        bound = ledger.LEVEL + 4 * ledger.error(n)
        rate = ledger.rejected(found)
        return f"rejects {rate:.3f}: this world catches nobody" if rate <= bound else ""
    if job.kind == "coverage" and job.cell.promised and n < FEW:
        rate = ledger.covered(found)
        return f"covers {rate:.3f}" if binom.cdf(round(rate * n), n, COVERS[0]) < RARE else ""
    if job.kind == "coverage" and job.cell.promised:
        rate, slack = ledger.covered(found), 4 * ledger.error(n)
        # 200 worlds cannot tell 92 from 93 %: the error of the rate is allowed for, and both numbers are shown
        return "" if COVERS[0] - slack / 2 <= rate <= COVERS[1] + slack / 2 else f"covers {rate:.3f}"
    if job.kind == "naive coverage":
        rate = ledger.covered(found)
        return f"covers {rate:.3f}: this world catches nobody" if rate > COVERS[0] else ""
    if job.kind == "power":
        return lame(power(job, found), job.worlds, FEEBLE.get(job.cell.name, STRONG))
    return ""


def _rejecting(job, found) -> str:
    n, weak = len(found), bool(job.cell.weak)
    if weak and job.cell.name not in MEASURED:
        return "is called a documented weakness, and no rate of it stands in MEASURED"
    rates = {key: ledger.rejected(found, key) for key in ("p", "p_less") if key in found[0]}
    if "word" in found[0]:
        rates["supported"] = float(np.mean([r["word"] == "supported" for r in found]))
    most = getattr(job.cell, "most", None)  # of 100 worlds: what a cell itself has promised
    if most is not None and not weak and n == 100 and (called := round(rates.get("supported", 0) * n)) > most:
        return f"{called} of {n} worlds are called supported, above {most} of 100"
    bound = {key: highest(n, MEASURED[job.cell.name].get(key, 0) if weak else 0) for key in rates}
    high = [f"{key} {rate:.3f}, above {bound[key]:.3f}" for key, rate in rates.items() if rate > bound[key]]
    return f"rejects {'; '.join(high)}" if high else ""


def lame(rates, worlds: int, strong: float = STRONG) -> str:
    """Why rates of rising sizes of an effect are no curve of power; nothing where they are one.

    The largest size is found in .8 (`strong`) of `worlds`, the smallest about as seldom as where nothing is, or the
    most seldom of all; .4 lie between both; no rate falls from one size to the next, nor lies off the best curve that
    nowhere falls, by more than two standard errors. Fewer than 100 worlds of a size are held to four, and the rise as
    well.
    """
    rates, times = np.asarray(rates, float), 2 if worlds >= ENOUGH else 4
    if rates[-1] < strong - 4 * ledger.error(worlds, strong):
        return f"power {rates[-1]:.2f} at the largest effect"
    for a, b in pairwise(rates):
        if a - b > times * _apart(a, b, worlds):
            return f"power falls from {a:.2f} to {b:.2f} as the effect grows"
    if rates[0] > highest(worlds) and rates[0] - rates.min() > times * _apart(rates[0], rates.min(), worlds):
        return f"power at the smallest effect is {rates[0]:.2f}, and {rates.min():.2f} at a larger one"
    slack = 0 if worlds >= ENOUGH else times * _apart(rates[0], rates[-1], worlds)
    if rates[-1] - rates[0] < RISE - slack:
        return f"power rises from {rates[0]:.2f} to {rates[-1]:.2f} only: the dial may do nothing"
    best = isotonic_regression(rates).x
    far = np.abs(rates - best) - times * np.array([_error(p, worlds) for p in best])
    worst = int(far.argmax())
    return f"power {rates[worst]:.2f} lies off any curve that rises ({best[worst]:.2f})" if far[worst] > 0 else ""


def _apart(a: float, b: float, worlds: int) -> float:
    """Standard error of the difference of two rates, as if of other worlds each."""
    return float(np.hypot(_error(a, worlds), _error(b, worlds)))


def _error(rate: float, worlds: int) -> float:
    """Standard error of a rate; one of 0 or 1 errs as if one world were otherwise."""
    return ledger.error(worlds, min(max(rate, 1 / worlds), 1 - 1 / worlds)) if worlds > 1 else 0.5


def highest(n: int, measured: float = 0) -> float:
    """The largest share of `n` worlds that may be rejected: four standard errors above the level.

    A documented weakness has the rate `measured` for its level. Of few worlds the share is no normal number: there,
    what is as rare under the binomial law.
    """
    level = max(ledger.LEVEL, measured)
    return level + 4 * ledger.error(n, level) if n >= FEW else float(binom.isf(RARE, n, level)) / n


def power(job, found: list[dict]) -> list[float]:
    """The share of worlds in which each size of an effect was found."""
    return [ledger.rejected([r for r in found if r["size"] == s]) for s in job.cell.sizes]


def uneven(job, found: list[dict]) -> str:
    """Whether the p-values of an exact test are not flat; nothing where they are, or where none was promised."""
    from scipy.stats import kstest

    if job.kind != "ours" or not job.cell.exact or job.cell.weak:
        return ""
    steps = job.permutations + 1
    # p-values of counts are stepped: an exact test has P(p <= k/steps) = k/steps, a uniform shifted by half a step
    p = kstest(np.array([r["p"] for r in found]) - 0.5 / steps, "uniform").pvalue
    return f"p-values are not flat (Kolmogorov-Smirnov p = {p:.1g})" if p <= 1e-4 else ""
