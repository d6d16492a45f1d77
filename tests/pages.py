"""A page of docs as a reader goes through it: its blocks in order, in one folder and one Python.

What runs: `python`, and `console`, where every line is a command of embedlab. A `text` block right behind one of
these is what it must print; `…` there stands for anything. A block whose first line is `# name.ending` is written to
that file. `bash` is what another machine runs: its syntax is checked, and that embedlab knows its commands. Peers'
calls are `r` and `py`: they are for the eye (tests/test_from_peers.py asks ours).
"""

import ast
import contextlib
import io
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import typer
from typer.testing import CliRunner

from embedlab.cli import app

DOCS = Path(__file__).resolve().parents[1] / "docs"
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# (\S+\.\w+)\n")
PEERS = {"r", "py"}


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and the line of the page on which the text begins."""

    language: str
    text: str
    line: int

    @property
    def file(self) -> str:
        """The file that this block is the content of, or nothing."""
        found = FILE.match(self.text)
        return found[1] if found else ""


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [Block(m[1], m[2], text.count("\n", 0, m.start(2)) + 1) for m in FENCED.finditer(text)]


def go_through(page: Path) -> int:
    """Run a page in the current folder; how many blocks ran. An AssertionError names page and line."""
    namespace: dict = {"__name__": "__page__"}
    printed, ran = None, 0
    for block in blocks(page):
        where = f"{page.name}, line {block.line}"
        if block.file:
            Path(block.file).write_text(block.text, encoding="utf-8")
            printed = None
        elif block.language == "python":
            printed, ran = _python(block, where, namespace), ran + 1
        elif block.language == "console":
            printed, ran = "".join(_command(line, where) for line in lines(block.text)), ran + 1
        elif block.language == "text":
            assert printed is not None, f"{where}: nothing ran right before that could have printed this"
            assert same(block.text, printed), f"{where}: the page shows\n{block.text}\nbut printed is\n{printed}"
            printed = None
        elif block.language == "bash":
            _script(block.text, where)
            printed = None
        else:
            assert block.language in PEERS, f"{where}: {block.language!r} is no language that this test knows"
            printed = None
    return ran


def same(shown: str, printed: str) -> bool:
    """Whether a page shows what was printed: `…` stands for anything, spaces at the ends of lines for nothing."""
    pattern = "".join(".*?" if part == "…" else re.escape(part) for part in re.split("(…)", _trimmed(shown)))
    return re.fullmatch(pattern, _trimmed(printed), re.DOTALL) is not None


def lines(text: str) -> list[str]:
    """The commands of a block: lines that end in a backslash go on, what follows # is a comment."""
    joined = text.replace("\\\n", " ").splitlines()
    return [line for line in joined if shlex.split(line, comments=True)]


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _python(block: Block, where: str, namespace: dict) -> str:
    out = io.StringIO()
    code = ast.parse("\n" * (block.line - 1) + block.text)
    with contextlib.redirect_stdout(out):
        exec(compile(code, where, "exec"), namespace)
    return out.getvalue()


def _command(line: str, where: str) -> str:
    words = shlex.split(line, comments=True)
    assert words[0] == "embedlab", f"{where}: a console block holds commands of embedlab alone, not {words[0]!r}"
    done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 0, f"{where}: {line}\nexit {done.exit_code}\n{done.output}"
    return done.stdout


def _script(text: str, where: str) -> None:
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True)
    assert done.returncode == 0, f"{where}: {done.stderr}"
    for line in lines(text):
        words = shlex.split(line, comments=True)
        if "embedlab" in words:
            known(words[words.index("embedlab") + 1 :], where)


def known(words: list[str], where: str) -> None:
    """Refuse a command whose verb or options embedlab does not take, without running it."""
    verbs = typer.main.get_command(app).commands
    name, *rest = words
    assert name in verbs, f"{where}: embedlab has no {name!r}"
    try:
        verbs[name].make_context(name, rest)
    except Exception as error:  # of typer's own kind, which has no public name
        raise AssertionError(f"{where}: embedlab {shlex.join(words)}\n{error}") from None
