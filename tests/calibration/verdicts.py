"""What a calibration promises, cell by cell, and the table of what was measured."""

from itertools import pairwise

import numpy as np
from scipy.stats import binom

from tests.calibration import ledger

COVERS = (0.93, 0.97)
FEW, RARE = 200, 3e-5  # worlds; four standard errors of a normal number are as rare
STRONG = 0.8  # power at the largest of the five sizes


def broken(job, found: list[dict]) -> str:
    """Why a cell does not keep its promise; nothing where it does."""
    n = len(found)
    if job.kind == "ours":
        bound = highest(n)
        most = getattr(job.cell, "most", None)  # of 100 worlds: what a cell itself has promised
        called = sum(r.get("word") == "supported" for r in found)
        if most is not None and not job.cell.weak and called > (most if n == 100 else bound * n):
            return f"{called} of {n} worlds are called supported, above {most} of 100"
        rates = {key: ledger.rejected(found, key) for key in ("p", "p_less") if key in found[0]}
        if "word" in found[0]:
            rates["supported"] = float(np.mean([r["word"] == "supported" for r in found]))
        high = [f"{key} {rate:.3f}" for key, rate in rates.items() if rate > bound]
        return f"rejects {', '.join(high)}, above {bound:.3f}" if high and not job.cell.weak else ""
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
        rates = power(job, found)
        if rates[-1] < STRONG - 4 * ledger.error(job.worlds, STRONG):
            return f"power {rates[-1]:.2f} at the largest effect"
        slack = 4 * np.sqrt(2) * ledger.error(job.worlds, 0.5)
        fell = [f"{a:.2f} to {b:.2f}" for a, b in pairwise(rates) if a - b > slack]
        return f"power falls from {fell[0]} as the effect grows" if fell else ""
    return ""


def highest(n: int) -> float:
    """The largest share of `n` worlds that may be rejected: four standard errors above the level.

    Of few worlds the share is no normal number: there, what is as rare under the binomial law.
    """
    return ledger.LEVEL + 4 * ledger.error(n) if n >= FEW else float(binom.isf(RARE, n, ledger.LEVEL)) / n


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
