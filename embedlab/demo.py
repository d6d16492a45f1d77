"""The main job, end to end, on a world whose truth is known: grow, train, extract, ask, report."""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from embedlab.extract.machine import granted_cores
from embedlab.places import analyses_folder
from embedlab.progress import Progress, in_words
from embedlab.study import put_outcome, report_stores

SETTINGS = {
    # Two traits that are drawn, habitat, and one that evolved on the same tree and was never drawn: the control.
    "trait_alignment": {"traits": "elongation,tail_length,habitat,undrawn"},
    "orthogonality": {"controls": "monomorphic"},  # species whose sexes were drawn alike
    "scaling": {"trait": "elongation"},
}
TITLE = "What compact models learn of a simulated tree of life"


def demo(out: str | Path = "figures/demo", quick: bool = False, workers: int | None = None) -> dict[str, Any]:
    """Run the whole study into the folder `out` and give report, outcome, seconds, and what was found.

    Photographs of species that no model is trained on, balanced over sexes and life stages; compact models at
    several data scales with two seeds; one store a model; every question asked of them; one page. `quick` takes
    fewer species and steps, to see that all works; it supports little. A second call, or one after a kill,
    goes on where the first stopped.
    """
    began = time.monotonic()
    out = Path(out)
    workers = workers or min(2, granted_cores())
    config = analyses_folder() / "configs" / ("smoke.toml" if quick else "small.toml")
    from embedlab.train import read_configs, train_scales

    configs = read_configs(config)
    world = photographs(
        out / "world", configs[0], species=48 if quick else 96, each=18 if quick else 36, workers=workers
    )
    runs = train_scales(configs, out / "models", workers=workers)
    stores = extracted([r["checkpoint"] for r in runs], world / "manifest.csv", out / "stores", workers)
    settings = {k: dict(v) for k, v in SETTINGS.items()}
    done = report_stores(
        stores, out / "report.html", traits=world / "traits.csv", tree=world / "tree.nwk", x="images", title=TITLE,
        settings=settings, figures=out, fixed_by="the demo",
        command="embedlab demo" + (" --quick" if quick else ""),
    )  # fmt: skip
    outcome = put_outcome(done["outcome"], out)
    seconds = time.monotonic() - began
    return {
        "report": done["report"],
        "outcome": str(outcome),
        "seconds": round(seconds, 1),
        "bytes": done["bytes"],
        "models": len(runs),
        "images_trained": sum(r["images_seen"] for r in runs),
        "findings": findings(done["outcome"]),
        "took": in_words(seconds),
    }


def findings(outcomes: list[dict]) -> list[str]:
    """One line a claim: the verdict, and the sentence with its chance."""
    return [f"{c['verdict']}: {c['sentence']}" for o in outcomes for c in o["claims"]]


def photographs(folder: Path, config, *, species: int, each: int, workers: int) -> Path:
    """Photographs of held-out species: as many of each body plan, sexes and stages balanced, places at random."""
    if (folder / "manifest.csv").is_file():
        return folder
    from embedlab.world import World
    from embedlab.world.writer import write_specimens

    world = World(config.world, config.world_species)
    held = np.random.default_rng([config.world, 30]).permutation(np.flatnonzero(world.split != "core"))
    plans = np.array(world.plans)[held]
    kinds = list(dict.fromkeys(world.plans))
    chosen = np.sort(np.concatenate([held[plans == plan][: species // len(kinds)] for plan in kinds]))
    specimens = world.plan(chosen, each, balanced=True, background_bias=0.0)
    write_specimens(world, specimens, folder, config.size, workers=workers)
    return folder


def extracted(checkpoints: list[str], manifest: Path, folder: Path, workers: int) -> list[Path]:
    """One store a checkpoint, two at a time."""
    stores = [folder / Path(c).name for c in checkpoints]
    jobs = [(str(manifest), f"compact:{c}", str(s)) for c, s in zip(checkpoints, stores, strict=True)]
    with Progress("extracting", len(jobs), "stores") as line:
        if workers < 2:
            for job in jobs:
                _extract(job)
                line.add()
        else:
            # Spawned: a forked torch inherits locked thread pools.
            with ProcessPoolExecutor(workers, get_context("spawn"), _quiet) as pool:
                for _ in pool.map(_extract, jobs):
                    line.add()
    return stores


def _quiet() -> None:
    import sys

    from embedlab.extract.machine import one_thread

    one_thread()
    sys.stderr = open(os.devnull, "w")


def _extract(job: tuple[str, str, str]) -> None:
    from embedlab.extract.extract import extract_images

    manifest, model, store = job
    extract_images(manifest, model, store)
