"""The figure of the ladder: how often each dial is found as it is turned up, a panel a dial, a line a rung."""

from pathlib import Path

import numpy as np

from tests.calibration import ledger
from tests.calibration.verdicts import power

COLOURS = {"features": "#8a8a8a", "linear": "#1b6ca8", "network": "#d1495b"}


def panels(have) -> dict[str, list[tuple]]:
    """Power cells of the ladder by dial: (rung, sizes, unit, rates, worlds) of each."""
    found: dict[str, list[tuple]] = {}
    for job, drawn in have:
        if job.kind == "power" and job.cell.name.startswith("ladder: "):
            name = job.cell.name.removeprefix("ladder: ").removesuffix(", supported")
            what, _, rung = name.rpartition(", ")
            found.setdefault(what, []).append((rung, job.cell.sizes, job.cell.unit, power(job, drawn), job.worlds))
    return found


def picture(have, path: Path) -> bool:
    """Draw the panels; give False, and draw nothing, where no dial was turned."""
    if not (found := panels(have)):
        return False
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, len(found), figsize=(2.3 * len(found), 2.7), sharey=True, layout="constrained",
                             squeeze=False)  # fmt: skip
    shown = {}
    for ax, (what, lines) in zip(axes[0], found.items(), strict=True):
        for rung, sizes, unit, rates, worlds in lines:
            error = [ledger.error(worlds, min(max(p, 1 / worlds), 1 - 1 / worlds)) for p in rates]
            shown[rung] = ax.errorbar(sizes, rates, yerr=error, color=COLOURS[rung], marker="o", ms=3.5, lw=1.4,
                                      elinewidth=0.8, label=rung)  # fmt: skip
            ax.set_xlabel(unit, fontsize=8)
        ax.axhline(ledger.LEVEL, color="#bbbbbb", lw=0.8, ls=":")
        ax.set_title(what, fontsize=8)
        ax.set_ylim(-0.03, 1.03)
        ax.tick_params(labelsize=7)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    axes[0, 0].set_ylabel("share of worlds called supported", fontsize=8)
    axes[0, 0].set_yticks(np.arange(0, 1.01, 0.25), ["0", "¼", "½", "¾", "1"])
    fig.legend(shown.values(), [f"{rung} encoder" for rung in shown], loc="outside upper center", ncols=len(shown),
               fontsize=7.5, frameon=False)  # fmt: skip
    fig.savefig(path, dpi=150)
    plt.close(fig)
    return True
