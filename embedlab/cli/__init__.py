"""The command line: one verb a job, `--json` on every one, and errors that say what to do."""

import sys
from typing import Annotated

import typer

from embedlab import __version__
from embedlab.cli import exploring, exporting, questions, stores, studies, worlds
from embedlab.cli.verb import INTERRUPTED, Verbs

HELP = """Ask what a foundation model knows of biology.

Images or vectors in; judged claims, figures and one page out, every number beside chance.
"""
EXAMPLES = "\n".join(
    (
        "[bold]Start here[/bold]",
        "embedlab demo",
        "embedlab extract photos/ --model bioclip-2 --out birds.store",
        "embedlab run orthogonality --store birds.store",
        "embedlab report birds.store --out birds.html",
        "embedlab explore birds.store",
        "",
        "Every verb takes --json, and --help with examples.",
        "Exit codes: 0 done, 1 failed, 2 usage, 3 some images unreadable, 130 interrupted.",
    )
)

app = typer.Typer(
    name="embedlab",
    cls=Verbs,
    help=HELP,
    epilog=EXAMPLES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"embedlab {__version__}")
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and leave.")
    ] = False,
) -> None:
    pass


stores.register(app)
exporting.register(app)
questions.register(app)
exploring.register(app)
studies.register(app)
worlds.register(app)


def main() -> None:
    """Run the command line; the console script `embedlab` calls this."""
    try:
        app(prog_name="embedlab")
    except KeyboardInterrupt:  # before or after a verb; within one, verb.py says how to continue
        sys.exit(INTERRUPTED)
