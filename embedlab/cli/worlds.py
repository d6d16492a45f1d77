"""Verbs of the workshop: world, train, doctor."""

from pathlib import Path
from typing import Annotated

import typer

from embedlab.cli.verb import DONE, FAILED, Answer, shown, verb

PANEL = "Worlds, models, this machine"


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    verb(app, "world", PANEL, examples=("embedlab world --out world --species 48 --images 768 --size 64",))(
        world
    )
    verb(
        app,
        "train",
        PANEL,
        examples=("embedlab train config.toml --out run",),
        keeps="The last saved state is kept; the same command goes on from there.",
    )(train)
    verb(app, "doctor", PANEL, examples=("embedlab doctor",))(doctor)


def world(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the world.")],
    species: Annotated[int, typer.Option(min=8, help="Number of species, a quarter of each body plan.")] = 48,
    images: Annotated[int, typer.Option(min=1, help="Images in all, shared evenly among species.")] = 768,
    size: Annotated[int, typer.Option(min=16, metavar="PX", help="Edge of an image in pixels.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="The same seed grows the same world.")] = 0,
) -> Answer:
    """Grow a simulated tree of life whose truth is known."""
    from embedlab.world import grow_world

    grown = grow_world(out, species=species, images=images, size=size, seed=seed)
    return Answer(
        grown,
        [
            f"{grown['images']:,} images of {grown['species']:,} species",
            f"in {shown(out)}: {', '.join(Path(grown[k]).name for k in ('manifest', 'traits', 'tree'))}",
            f"next: embedlab extract {shown(grown['manifest'])} --model efficientnet-lite0 --out world.store",
        ],
    )


def train(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG.toml", help="Which world, how much of it, how long.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the run.", show_default="run/ and the file's name"),
    ] = None,
) -> Answer:
    """Train a compact CLIP on a simulated world."""
    from embedlab.train import train as fit

    folder = out or Path("run") / config.stem
    done = fit(config, out=folder)
    numbers = ", ".join(f"{k} {v:.3g}" for k, v in done["metrics"].items() if isinstance(v, (int, float)))
    return Answer(
        done,
        [
            f"{done['images_seen']:,} images seen in {done['seconds']:,.0f} s"
            + (f": {numbers}" if numbers else ""),
            f"in {shown(done['checkpoint'])}",
            f"next: embedlab extract IMAGES --model compact:{shown(done['checkpoint'])} --out STORE",
        ],
    )


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
