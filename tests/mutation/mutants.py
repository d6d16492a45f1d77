"""Small faults planted in source code, one at a time: a sign, a comparison, a constant, a dropped line."""

import ast
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


def sites(path: Path) -> list[tuple[int, int]]:
    """Where faults can be planted, docstrings and messages apart: number of the node, number of the change."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spared = {id(n) for raised in ast.walk(tree) if isinstance(raised, ast.Raise) for n in ast.walk(raised)}
    spared |= {id(n) for text in ast.walk(tree) if isinstance(text, ast.JoinedStr) for n in ast.walk(text)}
    nodes = enumerate(ast.walk(tree))
    return [(i, j) for i, node in nodes if id(node) not in spared for j, _ in enumerate(_changes(node))]


def planted(path: Path, site: tuple[int, int]) -> Mutant:
    """The fault of one site."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    node = list(ast.walk(tree))[site[0]]
    was = ast.unparse(node)
    list(_changes(node))[site[1]](node)
    dropped = getattr(node, "dropped", False)
    now = "(dropped)" if dropped else ast.unparse(node)
    whole = _Drop(node).visit(tree) if dropped else tree
    source = ast.unparse(ast.fix_missing_locations(whole))
    return Mutant(path, getattr(node, "lineno", 0), _short(was), _short(now), source)


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
