"""The verb that runs a whole study: reproduce."""

from pathlib import Path
from typing import Annotated

import typer

from embedlab.cli.questions import PANEL, not_asked
from embedlab.cli.verb import Answer, command_line, shown, verb


def register(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    verb(
        app,
        "reproduce",
        PANEL,
        examples=("embedlab reproduce smoke --out try", "embedlab reproduce medium --out figures/medium"),
        keeps="Models, stores and answers that were finished are kept; the same command goes on from there.",
    )(reproduce)


def reproduce(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="smoke, small, medium, full, or the path of your own .toml.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the study.")],
    species: Annotated[int, typer.Option(min=8, help="Held-out species photographed in each world.")] = 128,
    each: Annotated[int, typer.Option(min=6, help="Photographs of each, sexes and stages in equal numbers.")] = 24,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; the cores granted, at most two.")] = None,
) -> Answer:
    """Train all runs of a study, ask along every axis, judge over worlds.

    Runs of one world are compared with each other; worlds are the replicates. Writes models/, worlds/, stores/,
    figures/, outcome.json, verdicts.md and papers.md (what the papers say, beside our verdicts).
    """
    from embedlab.places import config_file
    from embedlab.reproduction import reproduce as whole

    done = whole(config_file(config), out, species=species, each=each, workers=workers, command=command_line())
    words = [f"  {word}: {claim}" for claim, word in done["verdicts"].items()]
    return Answer(
        done,
        [
            *words,
            *not_asked(done["unasked"]),
            f"{done['runs']} runs in {done['worlds']} worlds",
            f"in {shown(done['table'])}",
        ],
    )
