"""What every model of a world is asked about: photographs of species that no run was trained on; a store a model."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from embedlab.processes import Workers
from embedlab.progress import Progress

CONTROL_IMAGES = 1024  # photographs from which principal pixels are found and random networks are calibrated


def photographs(folder: Path, config, *, species: int, each: int, workers: int) -> Path:
    """Write photographs of held-out species into `folder` and give it back; one that is written stands.

    As many species of each body plan (`species` in all, fewer where the world holds back fewer), `each` of them with
    its sexes and life stages in equal numbers, places and views of them at random: nothing behind an animal tells its
    habitat or its body plan. Raises ValueError where the folder holds photographs of another world, or others of this
    one.
    """
    from embedlab.train.species import grown
    from embedlab.world.card import DESIGN
    from embedlab.world.writer import write_specimens

    world = grown(config.world, config.world_species, config.dials)
    held = np.random.default_rng([config.world, 30]).permutation(np.flatnonzero(world.split != "core"))
    plans = np.array(world.plans)[held]
    kinds = list(dict.fromkeys(world.plans))
    chosen = np.sort(np.concatenate([held[plans == plan][: species // len(kinds)] for plan in kinds]))
    specimens = world.plan(chosen, each, balanced=True, background_bias=0.0, views="any")
    told = {"design": DESIGN, "seed": world.seed, "species": len(world), "strengths": asdict(world.strengths),
            "images": len(specimens), "species_shown": len(chosen), "size": config.size,
            "views": "any"}  # fmt: skip
    if (folder / "manifest.csv").is_file():
        _refuse_others(folder, told)
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_specimens(world, specimens, folder, config.size, workers=workers)
    return folder


def _refuse_others(folder: Path, told: dict) -> None:
    """Models asked about other photographs than those beside them would be compared with nothing said of it."""
    card = json.loads((folder / "world.json").read_text(encoding="utf-8"))
    wanted = json.loads(json.dumps(told))
    if other := [key for key, value in wanted.items() if card.get(key) != value]:
        seen = ", ".join(f"{key} {card.get(key)!r}, not {wanted[key]!r}" for key in other if key != "strengths")
        raise ValueError(
            f"{folder} holds other photographs than are asked for ({seen or 'other dials'}): give another --out, or "
            "remove the folder that it stands in"
        )


def controls_of(config, folder: Path) -> list[str]:
    """Save the controls of a run, fitted to photographs of species that may be trained on; give their checkpoints."""
    from embedlab.train.controls import save_controls
    from embedlab.train.species import grown

    world = grown(config.world, config.world_species, config.dials)
    core = np.flatnonzero(world.split == "core")
    specimens = world.plan(core, -(-CONTROL_IMAGES // len(core)))
    some = specimens[np.linspace(0, len(specimens) - 1, CONTROL_IMAGES).astype(int)]
    return save_controls(config, world.render(some, config.size), folder)


def extracted(checkpoints: list[str], manifest: Path, folder: Path, workers: int) -> list[Path]:
    """Give one store a checkpoint, named alike, below `folder`; several at a time, finished ones at once."""
    stores = [folder / Path(c).name for c in checkpoints]
    jobs = [(str(manifest), f"compact:{c}", str(s)) for c, s in zip(checkpoints, stores, strict=True)]
    with Progress("extracting", len(jobs), "stores") as line:
        for _ in all_of(_extract, jobs, workers):
            line.add()
    return stores


def all_of(function: Callable, jobs: Sequence, workers: int) -> Iterator:
    """Give what a function makes of each job, in order: here, or in several processes of one thread each."""
    if workers < 2 or len(jobs) < 2:
        yield from map(function, jobs)
        return
    with Workers(min(workers, len(jobs)), _quiet) as pool:
        yield from pool.map(function, jobs)


def _quiet() -> None:
    import sys

    sys.stderr = open(os.devnull, "w")


def _extract(job: tuple[str, str, str]) -> None:
    from embedlab.extract.extract import extract_images

    manifest, model, store = job
    extract_images(manifest, model, store)
