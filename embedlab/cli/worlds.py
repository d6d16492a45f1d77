"""Verbs of the workshop: world, train, doctor."""

import inspect
import os
from pathlib import Path
from typing import Annotated

import typer

from embedlab.cli.verb import DONE, FAILED, Answer, shown, verb

PANEL = "Worlds, models, this machine"
ENOUGH = 1024  # images for which another process is worth its start


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    from embedlab.train import config
    from embedlab.world.dials import listed

    dials = [f"[cyan]{name}[/cyan] {start:g}: {says}." for name, start, says in listed()]
    about = "[bold]Dials[/bold], for --set; each with the number at which it stands:"
    world.__doc__ = "\n\n".join([inspect.cleandoc(world.__doc__), about, "\n".join(dials)])
    verb(
        app,
        "world",
        PANEL,
        examples=(
            "embedlab world --out world --species 48 --images 768 --size 64",
            "embedlab world --out divergent --set optima=0 --set drawn.elongation=0.5",
        ),
    )(world)
    keys = [f"[cyan]{name}[/cyan] = {start!r}: {says}." for name, start, says in config.listed()]
    about = "[bold]Keys[/bold] of the file, each with what holds where it is silent:"
    train.__doc__ = "\n\n".join([inspect.cleandoc(train.__doc__), about, "\n".join(keys)])
    verb(
        app,
        "train",
        PANEL,
        examples=("embedlab train config.toml --out run",),
        keeps="The last saved state is kept; the same command goes on from there.",
    )(train)
    verb(app, "doctor", PANEL, examples=("embedlab doctor",))(doctor)


def world(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the world: new or empty.")],
    species: Annotated[int, typer.Option(min=8, help="Number of species, a quarter of each body plan.")] = 48,
    images: Annotated[int, typer.Option(min=1, help="Images in all, shared evenly among species.")] = 768,
    size: Annotated[int, typer.Option(min=16, metavar="PX", help="Edge of an image in pixels.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="The same seed grows the same world.")] = 0,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="DIAL=NUMBER", help="Turn one of the dials above; repeat for more."),
    ] = None,
    background_bias: Annotated[
        float,
        typer.Option(min=0, max=1, help="How often an animal is shown in its own habitat rather than anywhere."),
    ] = 0.5,
    image_format: Annotated[str, typer.Option("--format", help="png (exact) or jpg (smaller).")] = "png",
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that paint.", show_default="one for every core, if there is enough to do"),
    ] = None,
) -> Answer:
    """Grow a simulated tree of life whose truth is known.

    Photographs, manifest, traits, tree, and a card that says what was planted and what came of it. Birds, fish,
    beetles and butterflies evolve on one tree, with habitats, sexes, three life stages, a genus of finches and
    butterflies that mimic others. The same seed and dials give the same bytes, whatever the workers.
    """
    from embedlab.extract.machine import granted_cores
    from embedlab.world import World, grow_world
    from embedlab.world.card import lines
    from embedlab.world.dials import Evolution

    dials = Evolution.read(",".join(set_ or ()))
    workers = workers or max(1, min(granted_cores(), images // ENOUGH))
    grown = grow_world(
        out,
        species=species,
        images=images,
        size=size,
        seed=seed,
        background_bias=background_bias,
        image_format=image_format,
        workers=workers,
        dials=dials,
    )
    files = ", ".join(Path(grown[k]).name for k in ("manifest", "traits", "tree", "card"))
    return Answer(
        {**grown, "workers": workers, "dials": dials.told},
        [
            f"{grown['images']:,} images of {grown['species']:,} species, {grown['per_core_second']:,} in a second of "
            "one core's time",
            f"in {shown(out)}: {files}",
            *lines(World(seed, species, dials)),
            f"next: embedlab extract {shown(grown['manifest'])} --model efficientnet-lite0 --out world.store",
        ],
    )


def train(
    config: Annotated[
        Path,
        typer.Argument(
            metavar="CONFIG.toml",
            help="Which world, how much, how long: see `embedlab list train`. Or smoke, small, medium, full.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the run.", show_default="run/ and the file's name"),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes: several runs at once, or painters of images on the fly.")
    ] = 2,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Save and stop after so long; the same command goes on.", show_default="to the end"),
    ] = None,
) -> Answer:
    r"""Train a compact CLIP on a simulated world, or all those of a study.

    A table \[grid] of lists gives all combinations, as seed = \[0, 1]; tables \[\[arm]] give the arms of a star,
    each with its own lists. There, data = \["64x8"] stands for 64 species with 8 images each.
    """
    from embedlab.places import config_file
    from embedlab.train import train as fit
    from embedlab.train.saved import Paused

    folder = out or Path("run") / config.stem
    silent = int(os.environ.get("RANK", "0")) > 0  # under torchrun one process speaks for all
    try:
        done = fit(config_file(config), out=folder, workers=workers, minutes=minutes)
    except Paused as pause:
        says = [] if silent else [str(pause), "the same command goes on from there"]
        return Answer({"finished": False}, says)
    if silent:
        return Answer({}, [])
    numbers = ", ".join(f"{k} {v:.3g}" for k, v in done["metrics"].items() if isinstance(v, (int, float)))
    lines = [
        f"{done['images_seen']:,} images seen in {done['seconds']:,.0f} s" + (f": {numbers}" if numbers else ""),
        f"in {shown(done['checkpoint'])}",
        f"next: embedlab extract IMAGES --model compact:{shown(done['checkpoint'])} --out STORE",
    ]
    if pace := done.get("pace"):
        lines[1:1] = [
            f"images a second: painting {pace['painting']:,.0f}, training {pace['training']:,.0f}; "
            f"the slower is {pace['slower']}"
        ]
    return Answer({"finished": True, **done}, lines)


def doctor() -> Answer:
    """Look at this machine: versions, devices, browser, disk."""
    from embedlab.doctor import examine

    found = examine()
    width = max(len(check["name"]) for check in found["checks"])
    lines = []
    for one in found["checks"]:
        lines.append(f"{'ok  ' if one['ok'] else 'no  '} {one['name']:<{width}}  {one['says']}")
        if one["remedy"]:
            lines.append(f"{'':<{width + 5}}  {one['remedy']}")
    return Answer(found, lines, DONE if found["ok"] else FAILED)
