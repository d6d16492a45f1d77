"""The command line as a page: each verb with its arguments, options, defaults and examples, from the program itself."""

import re
from pathlib import Path

from maker.links import MADE
from maker.words import escaped

LEAD = """# The command line

Every verb takes `--json` (one object on standard output, nothing else), `--debug` (the traceback of an error) and
`--help`. Exit codes: 0 done, 1 failed, 2 usage, 3 some images unreadable, 130 interrupted. An interrupted verb goes on
where it stopped when it is said again.

"""
EVERYWHERE = {"as_json", "debug"}


def pages() -> dict[Path, str]:
    """Give `made/commands.md` and what it says."""
    import typer

    from embedlab.cli import app

    verbs = typer.main.get_command(app).commands
    panels = dict.fromkeys(verb.rich_help_panel for verb in verbs.values())
    parts = [LEAD, _overview(verbs)]
    for panel in panels:
        parts.append(f"## {panel}\n\n")
        parts += [_verb(name, verb) for name, verb in verbs.items() if verb.rich_help_panel == panel]
    return {MADE / "commands.md": "".join(parts)}


def _overview(verbs) -> str:
    rows = [f"| [`embedlab {name}`](#cli-{name}) | {_plain(_first(verb.help))} |" for name, verb in verbs.items()]
    return "\n".join(["| verb | does |", "|---|---|", *rows, "", ""])


def _verb(name: str, verb) -> str:
    words = [p for p in verb.params if not getattr(p, "opts", [""])[0].startswith("-")]
    options = [p for p in verb.params if p not in words and p.name not in EVERYWHERE and not _help(p)]
    needed = [f"{p.opts[0]} {_metavar(p)}" for p in options if p.required]
    more = ["[OPTIONS]"] if len(options) > len(needed) else []
    said = " ".join(["embedlab", name, *(_metavar(p) for p in words), *needed, *more])
    lines = [f"(cli-{name})=", f"### `embedlab {name}`", "", *_paragraphs(verb.help), ""]
    lines += ["```console", said, "```", ""]
    if words or options:
        lines += ["| | |", "|---|---|"]
        lines += [f"| `{_metavar(p)}` | {_meaning(p)} |" for p in words]
        lines += [f"| {_named(p)} | {_meaning(p)} |" for p in options]
        lines.append("")
    if examples := _examples(verb.epilog):
        lines += ["Examples:", "", "```console", *examples, "```", ""]
    return "\n".join([*lines, ""])


def _help(option) -> bool:
    return "--help" in option.opts


def _first(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())


def _paragraphs(text: str) -> list[str]:
    """Paragraphs of a help text, each on one line; what rich would print as it stands is a block."""
    told = []
    for part in text.replace("\b", "").strip().split("\n\n"):
        if part.startswith("[cyan]"):  # a list, an entry a line
            told += [*(f"- {_plain(line)}" for line in part.split("\n")), ""]
        else:
            told += [_plain(" ".join(part.split())), ""]
    return told[:-1]


def _plain(text: str) -> str:
    return escaped(re.sub(r"\[/?(?:bold|dim|italic|cyan)\]", "", text))


def _metavar(word) -> str:
    return word.metavar or word.name.upper()


def _named(option) -> str:
    names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len, reverse=True))
    return names if option.is_flag else f"{names} `{option.metavar or option.name.upper()}`"


def _meaning(word) -> str:
    """What a word means, what it is when it is not said, and whether it may be said again."""
    told = _plain(word.help or "")
    shown = getattr(word, "show_default", None)
    if word.required:
        return f"{told} *Required.*"
    if isinstance(shown, str):
        return f"{told} *Default: {_plain(shown)}.*"
    default = word.default
    if default in (None, False, (), []) or callable(default):
        return told
    return f"{told} *Default: `{default.value if hasattr(default, 'value') else default}`.*"


def _examples(epilog: str | None) -> list[str]:
    lines = (line.strip() for line in (epilog or "").split("\n"))
    return [line for line in lines if line and not line.startswith("[bold]")]
