"""What all verbs share: `--json`, `--debug`, the receipt, errors without a traceback, and the exit codes."""

import functools
import inspect
import json
import math
import os
import shlex
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from embedlab.refusals import words_of

DONE, FAILED, USAGE, UNREADABLE, INTERRUPTED = 0, 1, 2, 3, 130

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@dataclass(frozen=True)
class Answer:
    """What a verb hands back: `data` for `--json`, `lines` for a person, and the exit code."""

    data: dict
    lines: tuple[str, ...] | list[str]
    code: int = DONE


def verb(
    app: typer.Typer, name: str, panel: str, examples: tuple[str, ...] = (), keeps: str = ""
) -> Callable:
    """Register a function that returns an `Answer` as a verb of `app`.

    `examples` close its help. `keeps` says, after Ctrl-C, what is kept for the next call.
    """

    def register(function: Callable[..., Answer]) -> Callable:
        @functools.wraps(function)
        def command(*args, as_json: bool, debug: bool, **settings) -> None:
            try:
                answer = function(*args, **settings)
            except KeyboardInterrupt:
                message = f"interrupted. {keeps or 'Nothing is left half done.'}\n  to continue: {command_line()}"
                if as_json:
                    _print({"error": message})
                _say(f"\n{message}")
                raise typer.Exit(INTERRUPTED) from None
            except (typer.Exit, typer.BadParameter):  # `Verbs` answers
                raise
            except Exception as error:  # the one place where a verb may fail; the message is the remedy
                if debug:
                    traceback.print_exc()
                message = sentence_of(error)
                if as_json:
                    _print({"error": message})
                _say(message, mark="error: ")
                raise typer.Exit(FAILED) from None
            if as_json:
                _print(answer.data)
            else:
                for line in answer.lines:
                    typer.echo(line)
            raise typer.Exit(answer.code)

        _take_also(command, as_json=(Json, False), debug=(Debug, False))
        command.__doc__ = flowing(function.__doc__ or "")
        epilog = "\n".join(("[bold]Examples[/bold]", *examples)) if examples else None
        app.command(name, rich_help_panel=panel, epilog=epilog)(command)
        return function

    return register


def flowing(text: str) -> str:
    """Give a docstring with a line for each paragraph, which rich breaks where the terminal ends; lists keep theirs.

    >>> flowing("One\\n    sentence.\\n\\n    [cyan]a[/cyan] 1.\\n    [cyan]b[/cyan] 2.")
    'One sentence.\\n\\n[cyan]a[/cyan] 1.\\n[cyan]b[/cyan] 2.'
    """
    parts = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(part if part.startswith("[cyan]") else " ".join(part.split()) for part in parts)


def sentence_of(error: Exception) -> str:
    """Give an exception's message as a person would write it; an unforeseen kind also names itself.

    >>> sentence_of(KeyError("no column 'sx'; closest: 'sex'"))
    "no column 'sx'; closest: 'sex'"
    >>> sentence_of(KeyError("sx"))
    'KeyError: sx. This was not foreseen: say it again with --debug at its end, and report it'
    >>> sentence_of(ZeroDivisionError("division by zero"))
    'ZeroDivisionError: division by zero. This was not foreseen: say it again with --debug at its end, and report it'
    """
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{'no such file' if isinstance(error, FileNotFoundError) else error.strerror}{where}"
    text = words_of(error) if isinstance(error, KeyError) else str(error)
    notes = getattr(error, "__notes__", ())  # where a fault came up: a refusal has none
    bare = isinstance(error, KeyError) and " " not in text  # the key that was looked for, and no sentence
    if isinstance(error, (ValueError, KeyError, TypeError, OSError, ImportError)) and text and not (notes or bare):
        return text
    what = " ".join((type(error).__name__, *notes))
    return f"{what}: {text}. This was not foreseen: say it again with --debug at its end, and report it"


class Verbs(TyperGroup):
    """All verbs; a call that cannot be understood, too, answers `--json` with one object."""

    def parse_args(self, ctx, args):
        """Remember whether `--json` was said: the error may come before the verb has read its own words."""
        ctx.meta["embedlab.json"] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx):
        """Run the verb that was named."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if getattr(error, "exit_code", None) == USAGE and ctx.meta["embedlab.json"]:
                _print({"error": error.format_message()})
            raise


def command_line() -> str:
    """Give the command as it was typed, quoted so that it can be pasted."""
    return shlex.join(["embedlab", *sys.argv[1:]])


def shown(path) -> str:
    """Give a path as a person in this folder would type it."""
    text = os.fspath(path)
    relative = os.path.relpath(text)
    return relative if len(relative) < len(text) and not relative.startswith("..") else text


def html_page(out) -> None:
    """Refuse, before anything is computed, a page under a name that no browser would open."""
    path = Path(out)
    if path.suffix.lower() not in (".html", ".htm") or path.is_dir():
        raise typer.BadParameter(
            f"{shown(path)} is {'a folder' if path.is_dir() else 'no name of a page'}: give one that ends in .html, as "
            f"{shown(path / 'report.html' if path.is_dir() else path.with_suffix('.html'))}", param_hint="--out"
        )  # fmt: skip


def plain(value: Any) -> Any:
    """Turn a value into what JSON can hold: numbers that are not finite become null, paths and others text.

    >>> plain({"a": float("nan"), "b": (1, "x")})
    {'a': None, 'b': [1, 'x']}
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if hasattr(value, "tolist"):  # NumPy scalars and arrays
        return plain(value.tolist())
    return str(value)


def _print(data: dict) -> None:
    typer.echo(json.dumps(plain(data), ensure_ascii=False, allow_nan=False))


def _say(text: str, mark: str = "") -> None:
    styled = typer.style(mark, fg="red", bold=True) if mark and "NO_COLOR" not in os.environ else mark
    typer.echo(styled + text.replace("\n", "\n" + " " * len(mark)) if mark else text, err=True)


def _take_also(command: Callable, **options: tuple[Any, Any]) -> None:
    signature = inspect.signature(command)
    extra = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in options.items()
    ]
    command.__signature__ = signature.replace(
        parameters=[*signature.parameters.values(), *extra], return_annotation=None
    )
    command.__annotations__ = {
        **command.__annotations__,
        **{name: kind for name, (kind, _) in options.items()},
    }
    command.__annotations__.pop("return", None)
