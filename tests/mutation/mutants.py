"""Small faults planted in source code, one at a time: a sign, a comparison, a constant, a dropped line."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.MatMult: ast.Mult,
    ast.Pow: ast.Mult, ast.Mod: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_NAMES = {
    "sum": "mean", "mean": "sum", "min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum",
    "maximum": "minimum", "std": "var", "ones": "zeros", "zeros": "ones", "argmax": "argmin", "argmin": "argmax",
    "argsort": "sort", "cumsum": "cumprod", "abs": "positive", "log": "log1p", "exp": "expm1", "sin": "cos",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One fault: where it stands, what it was, what it is, and the whole file with it."""

    path: Path
    line: int
    was: str
    now: str
    source: str

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}: {self.was} → {self.now}"


def mutants(path: Path) -> Iterator[Mutant]:
    """Every fault that can be planted in a file, docstrings and messages apart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spared = {id(n) for raised in ast.walk(tree) if isinstance(raised, ast.Raise) for n in ast.walk(raised)}
    spared |= {id(n) for text in ast.walk(tree) if isinstance(text, ast.JoinedStr) for n in ast.walk(text)}
    nodes = list(ast.walk(tree))
    for i, node in enumerate(nodes):
        if id(node) in spared:
            continue
        for change in _changes(node):
            whole = copy.deepcopy(tree)
            twin = list(ast.walk(whole))[i]
            was = ast.unparse(twin)
            change(twin)
            now = ast.unparse(twin) if not getattr(twin, "dropped", False) else "(dropped)"
            if getattr(twin, "dropped", False):
                whole = _Drop(twin).visit(whole)
            if now != was:
                source = ast.unparse(ast.fix_missing_locations(whole))
                yield Mutant(path, getattr(node, "lineno", 0), _short(was), _short(now), source)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else line[:87] + "…"


class _Drop(ast.NodeTransformer):
    def __init__(self, target):
        self.target = target

    def generic_visit(self, node):
        if node is self.target:
            return ast.copy_location(ast.Pass(), node)
        return super().generic_visit(node)


def _changes(node) -> Iterator:
    """Functions that turn a node into a faulty one, in place."""
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        yield lambda n: setattr(n, "op", _OPERATORS[type(n.op)]())
    elif isinstance(node, ast.AugAssign):
        if type(node.op) in _OPERATORS:
            yield lambda n: setattr(n, "op", _OPERATORS[type(n.op)]())
        yield lambda n: setattr(n, "dropped", True)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISONS:
        yield lambda n: n.ops.__setitem__(0, _COMPARISONS[type(n.ops[0])]())
    elif isinstance(node, ast.BoolOp):
        yield lambda n: setattr(n, "op", ast.Or() if isinstance(n.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield lambda n: setattr(n, "op", ast.UAdd())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield lambda n: setattr(n, "operand", ast.UnaryOp(op=ast.Not(), operand=n.operand))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield lambda n: setattr(n, "value", not n.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield lambda n: setattr(n, "value", n.value + 1)
    elif isinstance(node, ast.Constant) and isinstance(node.value, float):
        yield lambda n: setattr(n, "value", n.value * 1.5 + 0.1)
    elif isinstance(node, ast.Attribute) and node.attr in _NAMES:
        yield lambda n: setattr(n, "attr", _NAMES[n.attr])
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield lambda n: setattr(n, "dropped", True)
