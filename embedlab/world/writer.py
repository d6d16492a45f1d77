"""A world on disk: images, manifest, traits, tree and card, in the formats of real data."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import numpy as np
from PIL import Image

from embedlab.processes import Workers
from embedlab.progress import Progress
from embedlab.world.dials import Evolution
from embedlab.world.phenotype import Specimens
from embedlab.world.png import save_png
from embedlab.world.world import World

CHUNK = 256  # images painted and written at a time
FORMATS = ("png", "jpg")


def grow_world(
    out: str | Path,
    *,
    species: int = 256,
    images: int = 4096,
    size: int = 64,
    seed: int = 0,
    background_bias: float = 0.5,
    image_format: str = "png",
    workers: int = 1,
    dials: Evolution | None = None,
) -> dict:
    """Grow a world and write its first `images` photographs, spread evenly over its species.

    Args:
        out: a new or empty folder; it appears only when all of it is written.
        size: edge of an image in pixels, 16 to 512.
        background_bias: how often an animal is shown in its own habitat rather than anywhere.
        image_format: "png" (exact) or "jpg" (smaller).
        workers: processes; the bytes do not depend on how many.
        dials: what is planted, and how strongly.

    Returns:
        images, species, the paths `manifest`, `traits`, `tree`, `card`, and `per_core_second`: images painted,
        encoded and written in a second of one core's time, start-up apart. The keys of `embedlab world --json`.
    """
    if images < 1:
        raise ValueError(f"images is how many to paint, at least 1, not {images}")
    world = World(seed, species, dials)
    specimens = world.at(np.arange(images), background_bias=background_bias)
    return write_specimens(world, specimens, out, size, image_format=image_format, workers=workers)


def write_specimens(
    world: World,
    specimens: Specimens,
    out: str | Path,
    size: int = 64,
    *,
    image_format: str = "png",
    workers: int = 1,
) -> dict:
    """Write chosen photographs of a world with manifest.csv, traits.csv, tree.nwk and world.json; see
    `grow_world`.

    Traits and tree are those of the species shown. Raises ValueError if the folder already holds something.
    """
    out = Path(out)
    if image_format not in FORMATS:
        raise ValueError(f"no image format {image_format!r}: choose one of {FORMATS}")
    if workers < 1:
        raise ValueError(f"workers is how many processes paint, at least 1, not {workers}")
    if not 16 <= size <= 512:
        raise ValueError(f"size is an edge in pixels from 16 to 512, not {size}")
    if len(np.unique(specimens.index)) < len(specimens):
        twice = [int(i) for i, n in zip(*np.unique(specimens.index, return_counts=True), strict=True) if n > 1]
        raise ValueError(f"photographs {twice[:5]} are asked for twice: each index makes one file, give it once")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out} already holds something: choose a new folder, or empty it first")
    aside = out.with_name(f".{out.name}.part")
    shutil.rmtree(aside, ignore_errors=True)  # what a killed run left
    try:
        paths = paths_of(world, specimens, image_format)
        for folder in {Path(path).parent for path in paths}:
            (aside / folder).mkdir(parents=True)
        busy = _paint_all(world, specimens, aside, paths, size, workers)
        shown = [world.names[s] for s in np.unique(specimens.species)]
        world.manifest(specimens, paths).write_csv(aside / "manifest.csv")
        rows = world.trait_rows
        rows.filter(rows["species"].is_in(shown)).write_csv(aside / "traits.csv")
        (aside / "tree.nwk").write_text(world.tree.prune(shown).newick() + "\n", encoding="utf-8")
        own = (specimens.view == world.growth.plan[specimens.species]).all()
        card = {**world.card, "images": len(specimens), "species_shown": len(shown), "size": size,
                "views": "own" if own else "any"}  # fmt: skip
        (aside / "world.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
        if out.exists():
            out.rmdir()
        aside.rename(out)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return {
        "images": len(specimens),
        "species": len(shown),
        "manifest": str(out / "manifest.csv"),
        "traits": str(out / "traits.csv"),
        "tree": str(out / "tree.nwk"),
        "card": str(out / "world.json"),
        "per_core_second": round(len(specimens) / max(busy, 1e-3)),
    }


def paths_of(world: World, specimens: Specimens, image_format: str = "png") -> list[str]:
    """Give the place of each photograph inside the folder of its world: one subfolder a species."""
    folders = [name.replace(" ", "_") for name in world.names]
    return [
        f"images/{folders[s]}/w{world.seed}-{i}.{image_format}"
        for s, i in zip(specimens.species, specimens.index, strict=True)
    ]


def _paint_all(
    world: World, specimens: Specimens, folder: Path, paths: list[str], size: int, workers: int
) -> float:
    # Grouped by body plan, so that each chunk is one painting job; bytes do not depend on the order.
    plans = world.growth.plan[specimens.species]
    order = np.argsort(plans, kind="stable")
    many = min(CHUNK, -(-len(order) // (4 * workers)))  # so that no worker waits long for the last
    chunks = [order[start : start + many] for start in range(0, len(order), many)]
    jobs = [(specimens[rows], [str(folder / paths[row]) for row in rows], size) for rows in chunks]
    _, places = np.unique(np.stack([specimens.view, specimens.background]), axis=1, return_index=True)
    told = (world.seed, len(world), world.strengths, specimens[places], size)
    busy = 0.0
    with Progress("painting", len(order), "images") as line:
        if workers == 1:
            _start(*told)
            for job in jobs:
                busy += _paint_here(job)
                line.add(len(job[1]))
        else:
            with Workers(workers, _start, told) as pool:
                for job, seconds in zip(jobs, pool.map(_paint_here, jobs), strict=True):
                    busy += seconds
                    line.add(len(job[1]))
    return busy


_WORLD: World | None = None  # a worker's own, grown once from its seed


def _start(seed: int, species: int, dials: Evolution, first: Specimens, size: int) -> None:
    """Make this process ready: grow the world, and draw once the land that lies behind the animals."""
    global _WORLD
    _WORLD = World(seed, species, dials)
    _WORLD.render(first, size)


def _paint_here(job: tuple[Specimens, list[str], int]) -> float:
    """Paint one chunk into its files, and give the seconds of this core's time that it took."""
    some, names, size = job
    began = time.process_time()
    for picture, name in zip(_WORLD.render(some, size), names, strict=True):
        if name.endswith(".png"):
            save_png(picture, name)
        else:
            Image.fromarray(picture).save(name, quality=95, subsampling=0)
    return time.process_time() - began
