"""Plates: portraits of species side by side, as in a field guide, with the camera held still.

`python -m embedlab.world.sheet FOLDER` paints the plates of the docs (`make plates`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from embedlab.world.camera import still
from embedlab.world.characters import FUNCTIONAL, HABITATS, columns
from embedlab.world.tree import PLANS

if TYPE_CHECKING:
    from embedlab.world.world import World

# column: (sex, life stage)
PORTRAITS = {"male": (1, 2), "female": (0, 2), "subadult": (0, 1), "juvenile": (0, 0)}
PAPER, INK = (250, 249, 246), (60, 58, 54)
MET = 48  # individuals among which a portrait is chosen
GUTTER = 6  # pixels between the blocks of a plate
DOCS = {"seed": 0, "species": 192}  # the world of the docs


def plate(
    world: World,
    species,
    size: int = 96,
    portraits: tuple[str, ...] = ("male", "female", "juvenile"),
    typical: bool = False,
) -> np.ndarray:
    """Paint a row for each species, a column for each portrait: uint8 (rows × size, columns × size, 3).

    Each row is one individual in its own habitat, drawn as male, female and young; no tilt, blur or noise. It
    is the species' first, or with `typical` the nearest to the middle in colour among the first `MET`.
    """
    from embedlab.world.painter import paint

    if unknown := [name for name in portraits if name not in PORTRAITS]:
        raise KeyError(f"no portrait {unknown}; there are {list(PORTRAITS)}")
    rows = []
    for s in np.asarray(species, dtype=np.int64).ravel():
        sexes, stages = np.array([PORTRAITS[name] for name in portraits]).T
        who, habitat = _typical(world, int(s)) if typical else 0, int(world.evolved.habitat[s])
        met = world.plan([s], len(portraits)).replace(
            individual=who, photo=0, sex=sexes, life_stage=stages, background=habitat
        )
        ((plan, _, look, lens),) = world._seen(met)
        lens = still(lens)
        lens["place_light"] = np.ones_like(lens["place_light"])  # a guide is printed in good light
        rows.append(np.concatenate(list(paint(plan, look, lens, met.background, size, world.seed)), axis=1))
    return np.concatenate(rows)


def _typical(world: World, species: int) -> int:
    met = world.plan([species], MET).replace(sex=1, life_stage=2)
    ((_, _, look, _),) = world._seen(met)
    colours = np.concatenate([look[name] for name in ("first", "second", "ornament")], axis=1)
    return int(met.individual[np.argmin(np.linalg.norm(colours - colours.mean(axis=0), axis=1))])


def twins(world: World, count: int) -> list[tuple[int, int]]:
    """Find the pairs most alike in functional traits among species of one body plan and habitat but of
    different families, each species once: what convergence made.
    """
    traits = world.evolved.drawn[:, columns(FUNCTIONAL)]
    plan, family, habitat = world.growth.plan, world.groups["family"], world.evolved.habitat
    first, second = np.triu_indices(len(world), 1)
    may = (plan[first] == plan[second]) & (habitat[first] == habitat[second]) & (family[first] != family[second])
    first, second = first[may], second[may]
    found: list[tuple[int, int]] = []
    for k in np.argsort(np.linalg.norm(traits[first] - traits[second], axis=1), kind="stable"):
        pair = int(first[k]), int(second[k])
        plans = [plan[a] for a, _ in found]
        # the plans take turns, so that none fills the plate
        if not set(pair) & {s for some in found for s in some} and plans.count(plan[pair[0]]) < -(-count // len(PLANS)):
            found.append(pair)
        if len(found) == count:
            break
    return sorted(found)


def labelled(blocks: list[list[np.ndarray]], names: list[list[str]]) -> Image.Image:
    """Lay rows of pictures out on paper, each with a line of text above it."""
    font = ImageFont.load_default(size=12)
    line = 3 + 15 * max(name.count("\n") + 1 for said in names for name in said)
    wide = max(sum(block.shape[1] + GUTTER for block in row) for row in blocks) + GUTTER
    high = sum(max(block.shape[0] for block in row) + line + GUTTER for row in blocks) + GUTTER
    page = Image.new("RGB", (wide, high), PAPER)
    pen, top = ImageDraw.Draw(page), GUTTER
    for row, said in zip(blocks, names, strict=True):
        left = GUTTER
        for block, name in zip(row, said, strict=True):
            pen.text((left, top), name, fill=INK, font=font)
            page.paste(Image.fromarray(block), (left, top + line))
            left += block.shape[1] + GUTTER
        top += max(block.shape[0] for block in row) + line + GUTTER
    return page


def guide(world: World, each: int = 5, size: int = 96) -> Image.Image:
    """Paint a page of a field guide: `each` species of every body plan, as male, female, subadult, juvenile."""
    shown, heads = [], []
    for plan in range(len(PLANS)):
        members = np.flatnonzero(world.growth.plan == plan)
        chosen = members[np.linspace(0, len(members) - 1, each + 2)[1:-1].astype(int)]
        shown.append(plate(world, chosen, size, tuple(PORTRAITS)))
        heads.append(f"{PLANS[plan]}s: {', '.join(PORTRAITS)}".replace("fishs", "fish").replace("lys", "lies"))
    return labelled([shown[:2], shown[2:]], [heads[:2], heads[2:]])


def finches(world: World, size: int = 128, wide: int = 9) -> Image.Image:
    """Paint the males of the finch genus in the order of their beaks, from shallow to deep for their length."""
    beak = world.evolved.drawn[world.finches][:, columns(("beak_length", "beak_depth"))]
    order = world.finches[np.argsort(beak[:, 1] - beak[:, 0])]
    shown = [plate(world, [s], size, ("male",)) for s in order]
    names = [world.names[s] for s in order]
    cut = range(0, len(order), wide)
    return labelled([shown[k : k + wide] for k in cut], [names[k : k + wide] for k in cut])


def pairs(world: World, chosen, says: tuple[str, str], size: int = 128, wide: int = 4) -> Image.Image:
    """Paint pairs of species one above the other, male and female of both."""
    shown = [plate(world, pair, size, ("male", "female"), typical=True) for pair in chosen]
    names = [f"{says[0]} {world.names[a]}\n{says[1]} {world.names[b]}" for a, b in chosen]
    cut = range(0, len(shown), wide)
    return labelled([shown[k : k + wide] for k in cut], [names[k : k + wide] for k in cut])


def photographs(world: World, size: int = 96, wide: int = 12) -> Image.Image:
    """Paint a sheet of photographs as they come, one row of each body plan, pose, light and place as drawn."""
    rows = []
    for plan in range(len(PLANS)):
        members = np.flatnonzero(world.growth.plan == plan)
        met = world.plan(members[np.linspace(0, len(members) - 1, wide).astype(int)], 1, background_bias=0.5)
        rows.append([np.concatenate(list(world.render(met, size)), axis=1)])
    return labelled(rows, [[name] for name in PLANS])


def habitats(world: World, size: int = 128) -> Image.Image:
    """Paint one animal of each plan before each habitat: a row of counterfactual twins."""
    rows = []
    for plan in range(len(PLANS)):
        s = int(np.flatnonzero(world.growth.plan == plan)[3])
        met = world.plan([s], len(HABITATS)).replace(
            individual=0, photo=3, sex=1, life_stage=2, background=np.arange(len(HABITATS))
        )
        rows.append(list(world.render(met, size)))
    return labelled(rows, [list(HABITATS), *[[""] * len(HABITATS)] * (len(PLANS) - 1)])


def write_plates(folder: str | Path) -> list[Path]:
    """Write the plates of the docs and give their paths; a picture is at most some 300 kB."""
    from embedlab.world.world import World

    world = World(**DOCS)
    pages = {
        "world": guide(world),
        "world-photographs": photographs(world),
        "world-finches": finches(world),
        "world-mimics": pairs(world, world.mimics, ("mimic", "below its model"), wide=5),
        "world-twins": pairs(world, twins(world, 8), ("above", "below")),
        "world-habitats": habitats(world),
    }
    paths = [Path(folder) / f"{name}.jpg" for name in pages]
    for path, page in zip(paths, pages.values(), strict=True):
        page.save(path, quality=86, optimize=True)
    return paths


if __name__ == "__main__":
    print(*write_plates(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"), sep="\n")
