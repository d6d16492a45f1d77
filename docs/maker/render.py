"""Docstrings as Markdown of a page, set as objects of Sphinx's Python domain.

Ours are prose with names in backticks, which autodoc would read as reStructuredText and stumble over. Names that the
reference holds become links, examples become blocks, and nothing is imported.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from maker import source
from maker.links import DOCS, ROOT
from maker.words import escaped


@dataclass(frozen=True)
class Told:
    """A definition and the name under which the reference has it."""

    home: str
    node: source.Definition
    full: str

    @property
    def own(self) -> set[str]:
        """Names that mean something of this object's own: its arguments, its fields, its methods."""
        parts = [self.node, *(n for n in self.node.body if isinstance(n, ast.FunctionDef))]
        arguments = {a.arg for p in parts if isinstance(p, ast.FunctionDef) for a in ast.walk(p.args)
                     if isinstance(a, ast.arg)}  # fmt: skip
        fields = {f.name for f in source.fields_of(self.home, self.node)} if isinstance(self.node, ast.ClassDef) else ()
        return {*arguments, *fields, *(p.name for p in parts)}


class Index:
    """Where each public name stands, so that a name in backticks leads there."""

    def __init__(self) -> None:
        self.full: dict[str, str] = {}
        self.twice: set[str] = set()

    def add(self, told: Told) -> None:
        """Note a name; one that two pages share leads nowhere by its short form, because nobody could say where."""
        short = told.full.rpartition(".")[2]
        if short in self.full:
            self.twice.add(short)
        self.full.setdefault(short, told.full)
        if told.full.count(".") == 1:
            self.full[f"el.{short}"] = told.full

    def link(self, word: str, told: Told | None) -> str:
        """Give a word in backticks as a link where it names an object, and as code where it does not.

        Small words are linked to the front door and to statistics alone, and never where they are an argument or a
        field of the object that speaks: `inside` and `share` mean themselves there.
        """
        full = self.full.get(word, "")
        known = full and word not in self.twice and (word[0].isupper() or full.count(".") == 1 or ".stats." in full)
        if not known or (told and (told.full == full or word in told.own)):
            return f"`{word}`"
        return f"{{py:obj}}`{word} <{full}>`"


def prose(text: str, index: Index, told: Told | None, page: Path) -> str:
    """Give a docstring as Markdown: examples fenced, names and pages of the docs as links."""
    lines, example = [], False
    for line in [*text.splitlines(), ""]:
        if line.startswith(">>> ") and not example:
            lines.append("```pycon")
            example = True
        elif example and not line.strip():
            lines.append("```")
            example = False
        code = example or line.startswith("    ")
        lines.append(line if code else _linked(line, index, told, page))
    return "\n".join(lines).strip()


def _linked(line: str, index: Index, told: Told | None, page: Path) -> str:
    pieces = re.split(r"(`[^`]+`)", line)
    for at, piece in enumerate(pieces):
        if piece.startswith("`") and len(piece) > 2:
            pieces[at] = index.link(piece.strip("`"), told)
        else:
            pieces[at] = re.sub(r"\bdocs/([a-z-]+)\.md", lambda m: _page(m[1], page), escaped(piece))
    if pieces[0].startswith(("#", "+ ", "> ")):
        pieces[0] = "\\" + pieces[0]
    return "".join(pieces)


def _page(stem: str, page: Path) -> str:
    up = "../" * len(page.parent.relative_to(DOCS).parts)
    return f"[{stem}]({up}{stem}.md)" if (DOCS / f"{stem}.md").is_file() else f"{stem}.md"


def object_of(told: Told, index: Index, page: Path) -> str:
    """Give a function, or a class with its fields, methods and properties, as a directive of the Python domain."""
    path = source.tree_of(told.home)[2].relative_to(ROOT).as_posix()
    where = f'<p class="where">{path}, line {told.node.lineno}</p>'
    said = prose(source.doc(told.node), index, told, page)
    if isinstance(told.node, ast.FunctionDef):
        return _fence(7, "function", told.full + source.signature(told.node), said, where)
    fields = source.fields_of(told.home, told.node)
    rows = [f"| `{f.name}` | " + escaped(f"`{f.kind}`") + f" | {escaped(f.remark)} |" for f in fields]
    table = "\n".join(["| field | type | |", "|---|---|---|", *rows]) if rows else ""
    inner = [_member(m, told, index, page) for m in source.methods_of(told.node)]
    return _fence(7, "class", told.full, said, table, *inner, where)


def _member(node: ast.FunctionDef, told: Told, index: Index, page: Path) -> str:
    marks = {ast.unparse(d).split("(")[0].rpartition(".")[2] for d in node.decorator_list}
    full = f"{told.full}.{node.name}"
    said = prose(source.doc(node), index, told, page)
    if marks & {"property", "cached_property"}:
        return _fence(5, "property", full, ":no-contents-entry:", said)
    kind = next((k for k in ("classmethod", "staticmethod") if k in marks), "method")
    words = full + source.signature(node, method=kind != "staticmethod")
    return _fence(5, kind, words, ":no-contents-entry:", said)


def _fence(ticks: int, kind: str, words: str, *parts: str) -> str:
    mark = "`" * ticks
    body = "\n\n".join(part for part in parts if part)
    blank = "" if body.startswith(":") else "\n"  # an option of the directive stands right below it
    return f"{mark}{{py:{kind}}} {words}\n{blank}{body}\n{mark}\n"
