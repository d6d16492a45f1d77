"""Public names of the package as its source has them: signatures, fields and docstrings, and nothing is imported."""

import ast
import inspect
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from maker.links import ROOT

Definition = ast.FunctionDef | ast.ClassDef


@cache
def tree_of(module: str) -> tuple[ast.Module, str, Path]:
    """Give the syntax tree, the text and the path of a module of ours."""
    stem = ROOT.joinpath(*module.split("."))
    path = stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")
    text = path.read_text(encoding="utf-8")
    return ast.parse(text), text, path


def said_of(module: str) -> str:
    """Give the docstring of a module."""
    return ast.get_docstring(tree_of(module)[0]) or ""


def names_of(module: str) -> list[str]:
    """Give the public functions and classes that a module defines itself, in the order of the file."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [n.name for n in tree_of(module)[0].body if isinstance(n, kinds) and not n.name.startswith("_")]


@cache
def literal(module: str, name: str):
    """Give the value of a constant that a module writes out; `{**other}` and calls are refused."""
    for node in tree_of(module)[0].body:
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == [name]:
            return ast.literal_eval(node.value)
    raise KeyError(f"{module} has no constant {name}: the docs read it there")


def find(module: str, name: str) -> tuple[str, Definition] | None:
    """Give the module and the definition of a name, found where it is imported from if need be; None for a constant."""
    for node in tree_of(module)[0].body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return module, node
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("embedlab"):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return find(node.module, alias.name)
    return None


@dataclass(frozen=True)
class Field:
    """A field of a dataclass: its name, its type as written, and the comment at its side."""

    name: str
    kind: str
    remark: str


def fields_of(module: str, node: ast.ClassDef) -> list[Field]:
    """Give the public fields that a class declares."""
    lines = tree_of(module)[1].splitlines()
    found = []
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and not part.target.id.startswith("_"):
            _, mark, remark = lines[part.end_lineno - 1].partition("  # ")
            found.append(Field(part.target.id, ast.unparse(part.annotation), remark if mark else ""))
    return found


def methods_of(node: ast.ClassDef) -> list[ast.FunctionDef]:
    """Give the public methods and properties of a class; setters and overloads are not told twice."""
    told: dict[str, ast.FunctionDef] = {}
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
            marks = [ast.unparse(d) for d in part.decorator_list]
            if not any("overload" in m or ".setter" in m for m in marks):
                told.setdefault(part.name, part)
    return list(told.values())


def signature(node: ast.FunctionDef, *, method: bool = False) -> str:
    """Give the arguments of a function with types and defaults as they are written, shapes of arrays included."""
    given = ast.parse(ast.unparse(node.args).join(("def f(", "): pass"))).body[0].args
    if method and given.args:
        given.args = given.args[1:]
    back = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({ast.unparse(given)}){back}".replace("\n", " ")


def doc(node: Definition) -> str:
    """Give a docstring, or nothing."""
    return inspect.cleandoc(ast.get_docstring(node, clean=False) or "")
