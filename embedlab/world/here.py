"""A world in a folder: grown where there is none, met again where it already stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from embedlab.world.dials import Evolution
from embedlab.world.world import World


def world_here(
    out: str | Path,
    *,
    species: int = 48,
    images: int = 768,
    size: int = 64,
    seed: int = 0,
    dials: Evolution | str | Mapping[str, Any] | None = None,
    background_bias: float = 0.5,
    image_format: str = "png",
    workers: int = 1,
) -> World:
    """Give the simulated `World` whose photographs, manifest, traits and tree lie in the folder `out`.

    They are painted where the folder is new or empty; a folder that holds this very world is left as it is, so that a
    notebook can be run again. `dials` are what `Evolution` takes, also as text ("optima=0"); the rest is as in
    `grow_world`. ValueError where the folder holds something else, naming what differs.
    """
    from embedlab.world.writer import grow_world

    out = Path(out)
    dials = dials if isinstance(dials, Evolution) else Evolution.read(dials or {})
    if not (out / "world.json").exists():
        grow_world(
            out, species=species, images=images, size=size, seed=seed, dials=dials, background_bias=background_bias,
            image_format=image_format, workers=workers,
        )  # fmt: skip
        return World(seed, species, dials)
    asked = {"seed": seed, "species": species, "images": images, "size": size, "dials_turned": dials.told}
    card = json.loads((out / "world.json").read_text(encoding="utf-8"))
    if differ := [f"{k} {card.get(k)!r} instead of {v!r}" for k, v in asked.items() if card.get(k) != v]:
        raise ValueError(f"{out} holds another world ({', '.join(differ)}): choose a new folder, or remove this one")
    world = World(seed, species, dials)
    if wrong := _unlike(world, out, images, background_bias, image_format):
        raise ValueError(f"{out} is not as it was asked for ({wrong}): choose a new folder, or remove this one")
    return world


def _unlike(world: World, out: Path, images: int, background_bias: float, image_format: str) -> str:
    """Say what differs between a folder and what would be written into it; "" where nothing does."""
    from embedlab.world.writer import paths_of

    specimens = world.at(np.arange(images), background_bias=background_bias)
    paths = paths_of(world, specimens, image_format)
    found = (out / "manifest.csv").read_text(encoding="utf-8") if (out / "manifest.csv").exists() else ""
    if found != world.manifest(specimens, paths).write_csv():
        return "manifest.csv tells of other photographs: another background_bias, format, or version"
    lost = [path for path in paths if not (out / path).exists()]
    return f"{len(lost):,} photographs are missing, as {lost[0]}" if lost else ""
