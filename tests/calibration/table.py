"""The table and the figure of a calibration: every test beside its naive twin, on the same worlds."""

from pathlib import Path

import numpy as np

from tests.calibration import dials, ledger
from tests.calibration.verdicts import MEASURED, highest, power

LEAST = 200  # worlds, below which a rate is not shown
HEAD = """# How often the tests are wrong, how often the intervals cover, and what is found

Made by `make calibrate`; not edited by hand. Each row draws its worlds anew and asks of each what a user would ask.
"""

LADDER_TRUTH = (
    "Ladder: the Fisher ratio that must be covered is that of vectors before they are scaled to length 1; 93 to 97 % "
    "are promised for a narrow cone of vectors only (length of their mean 8), not for the wide one (2) of the other "
    "cells."
)
LADDER_POWER = (
    "Ladder: panels of placebo traits are left out to save time. They can only take a verdict back: no false alarm "
    "is hidden so, but the power of `embedlab run` is at most what stands here. That a trait whose drawn share is 0 "
    "is seldom called was asked, and is met, with *no* trait drawn (`drawn=0`). The other reading, one trait hidden "
    "among others that are drawn, is a documented weakness: {hidden} of 100 worlds are called supported."
)


def rows(jobs, where) -> list[tuple]:
    """(job, results) of every column of which the ledger holds 200 worlds, or all where fewer are asked for."""
    found = []
    for job in jobs:
        have = ledger.kept(job.path(where))
        drawn = [have[k] for k in job.keys() if k in have]
        if len(drawn) >= (len(job.keys()) if job.kind == "power" else min(LEAST, len(job.keys()))):
            found.append((job, drawn))
    return found


def table(jobs, where) -> str:
    """Three tables in Markdown: error rates, coverage, power."""
    have = rows(jobs, where)
    return "\n".join([*_errors(have), *_coverage(have), *_power(have)])


def _errors(have) -> list[str]:
    naive = {job.cell.name: found for job, found in have if job.kind == "naive"}
    ours = [(job, found) for job, found in have if job.kind == "ours"]
    lines = [
        "",
        "## Rejections at p ≤ .05 where nothing is",
        "",
        f"{ours[0][0].permutations if ours else 99} resamples a world. *Opposite*: the p-value of the opposite claim. "
        "*Supported*: the word on a claim that stands alone. A naive twin is a test in common use, on the same worlds.",
        "",
        "| empty worlds | worlds | p ≤ .05 | ± | opposite | supported | naive twin | remark |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for job, found in ours:
        n = len(found)
        said = f"{np.mean([r['word'] == 'supported' for r in found]):.3f}" if "word" in found[0] else ""
        less = f"{ledger.rejected(found, 'p_less'):.3f}" if "p_less" in found[0] else ""
        other = f"**{ledger.rejected(naive[job.cell.name]):.3f}**" if job.cell.name in naive else ""
        rate = ledger.rejected(found)
        sure = f"{ledger.error(n, min(max(rate, 1 / n), 0.5)):.3f}"
        lines.append(f"| {job.cell.name} | {n:,} | {rate:.3f} | {sure} | {less} | {said} | {other} | {_weak(job, n)} |")
    return lines if ours else []


def _weak(job, n) -> str:
    held = MEASURED.get(job.cell.name) if job.cell.weak else None
    return f"documented weakness, at most {highest(n, held['p']):.2f}: {job.cell.weak}" if held else job.cell.weak


def _coverage(have) -> list[str]:
    naive = {job.cell.name: found for job, found in have if job.kind == "naive coverage"}
    ours = [(job, found) for job, found in have if job.kind == "coverage"]
    lines = [
        "",
        "## Coverage of 95 % intervals",
        "",
        *_if_ladder(ours, LADDER_TRUTH),
        "| worlds with a known truth | worlds | covers | ± | naive twin | promised |",
        "|---|---|---|---|---|---|",
    ]
    for job, found in ours:
        other = f"**{ledger.covered(naive[job.cell.name]):.3f}**" if job.cell.name in naive else ""
        promised = "93 to 97 %" if job.cell.promised else "no"
        sure = f"{ledger.covered(found):.3f} | {ledger.error(len(found)):.3f}"
        lines.append(f"| {job.cell.name} | {len(found):,} | {sure} | {other} | {promised} |")
    return lines if ours else []


def _if_ladder(ours, said: str) -> list[str]:
    hidden = round(100 * MEASURED["ladder: trait not drawn, others are"]["supported"])
    return [said.format(hidden=hidden), ""] if any(j.cell.name.startswith("ladder: ") for j, _ in ours) else []


def _power(have) -> list[str]:
    ours = [(job, found) for job, found in have if job.kind == "power"]
    lines = [
        "",
        "## Power at p ≤ .05",
        "",
        "*Supported*: found is what an analysis calls so. ±: the largest standard error of the five rates.",
        "",
        *_if_ladder(ours, LADDER_POWER),
        "| planted effect | sizes | worlds of each | found in | ± |",
        "|---|---|---|---|---|",
    ]
    for job, found in ours:
        sizes, rates = ", ".join(f"{s:g}" for s in job.cell.sizes), power(job, found)
        sure = max(ledger.error(job.worlds, min(max(p, 1 / job.worlds), 1 - 1 / job.worlds)) for p in rates)
        told = ", ".join(f"{p:.2f}" for p in rates)
        lines.append(f"| {job.cell.name} | {job.cell.unit} {sizes} | {job.worlds} | {told} | {sure:.2f} |")
    return lines if ours else []


def write(jobs, where) -> None:
    """Write docs/calibration.md and the figure that it shows."""
    docs = ledger.ROOT / "docs"
    picture(rows(jobs, where), docs / "pictures" / "calibration.png")
    shown = "\n![Rejection rates of our tests and of their naive twins](pictures/calibration.png)\n"
    if dials.picture(rows(jobs, where), docs / "pictures" / "ladder.png"):
        shown += "\n![What a ladder of simulated encoders finds as each dial is turned up](pictures/ladder.png)\n"
    (docs / "calibration.md").write_text(HEAD + shown + table(jobs, where) + "\n", encoding="utf-8")


def picture(have, path: Path) -> None:
    """Rejection rates of ours and of the naive twins, one line a kind of world."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ours = [(job.cell.name, ledger.rejected(found), len(found), bool(job.cell.weak)) for job, found in have
            if job.kind == "ours"]  # fmt: skip
    naive = {job.cell.name: ledger.rejected(found) for job, found in have if job.kind == "naive"}
    ours.reverse()
    at = np.arange(len(ours))
    fig, axes = plt.subplots(figsize=(8.5, 1.3 + 0.19 * len(ours)), layout="constrained")
    width = np.array([4 * ledger.error(n) for _, _, n, _ in ours])
    low, high = np.sqrt(np.maximum(ledger.LEVEL - width, 0)), np.sqrt(ledger.LEVEL + width)
    axes.barh(at, high - low, left=low, height=1.0, color="#e8e8e8", label="5 % ± 4 standard errors")
    axes.scatter(np.sqrt([r for _, r, _, _ in ours]), at, s=20, color=["#b07aa1" if w else "#1b6ca8" for *_, w in ours],
                 label="embedlab (purple: a documented weakness)", zorder=3)  # fmt: skip
    twins = [(np.sqrt(naive[name]), y) for y, (name, *_) in zip(at, ours, strict=True) if name in naive]
    if twins:
        axes.scatter(*zip(*twins, strict=True), s=26, marker="x", color="#d1495b", label="its naive twin", zorder=3)
    ticks = np.array([0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0])
    axes.set_xticks(np.sqrt(ticks), [f"{t:.0%}" for t in ticks], fontsize=7)
    axes.set_yticks(at, [name for name, *_ in ours], fontsize=6.5)
    axes.set_ylim(-0.6, len(ours) - 0.4)
    axes.set_xlim(-0.01, 1.02)
    axes.set_xlabel("share of empty worlds in which the test says p ≤ .05 (square-root scale)", fontsize=8)
    fig.legend(fontsize=7.5, loc="outside upper center", ncols=3, frameon=False)
    axes.tick_params(top=True, labeltop=True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    fig.savefig(path, dpi=150)
    plt.close(fig)
