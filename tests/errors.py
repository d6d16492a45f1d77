"""What the house's errors say, and what its tests read: both taken from the sources, nothing is run."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUN = 10  # so many characters on end, found in few other messages, are words of a message's own
FEW = 3  # messages that may share them, such as one rule that two functions keep
SAID_BY_OTHERS = {"AttributeError", "typer.Exit"}  # the protocol of __getattr__; an exit code, which has no words


@dataclass(frozen=True)
class Said:
    """One `raise` of the package: where, of what kind, and the words that stand in its message."""

    path: str
    line: int
    kind: str
    pieces: tuple[str, ...]  # literal text; between two of them stands what was seen

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind}({'…'.join(self.pieces)})"


def pieces(node: ast.AST, known: dict[str, ast.AST]) -> list[str]:
    """The literal pieces of an expression that makes a message, in order; what is computed parts them."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        found = [""]
        for part in node.values:
            if isinstance(part, ast.Constant):
                found[-1] += part.value
            else:  # also the words of `{'no' if … else 'several'}`
                found += [*pieces(part.value, known), ""] if isinstance(part, ast.FormattedValue) else [""]
        return found
    if isinstance(node, ast.BinOp | ast.IfExp):
        both = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.body, node.orelse)
        return [text for part in both for text in pieces(part, known)]
    if isinstance(node, ast.Name) and node.id in known:
        return pieces(known[node.id], {k: v for k, v in known.items() if k != node.id})
    return []


def _sources() -> list[Path]:
    return sorted(p for p in (ROOT / "embedlab").rglob("*.py") if "_analyses" not in p.parts)


def raised() -> list[Said]:
    """Every `raise` of the package that speaks with words of its own."""
    found = []
    for path in _sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts = ast.Constant | ast.JoinedStr | ast.IfExp
        known = {t.id: n.value for n in ast.walk(tree) if isinstance(n, ast.Assign) and isinstance(n.value, texts)
                 for t in n.targets if isinstance(t, ast.Name)}  # fmt: skip
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                kind, words = ast.unparse(node.exc.func), [p for a in node.exc.args for p in pieces(a, known)]
                if kind not in SAID_BY_OTHERS and any(re.search(r"\w{2}", p) for p in words):
                    name = path.relative_to(ROOT).as_posix()
                    found.append(Said(name, node.lineno, kind, tuple(words)))
    return found


def read_by_tests() -> Iterator[str]:
    """Every text in the tests that is no docstring; the marks of a pattern become breaks, its escapes letters."""
    for path in sorted({*(ROOT / "tests").rglob("*.py")} - {ROOT / "tests" / "test_errors.py"}):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        mute = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in mute:
                text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
                yield text
                if "\\" in text or re.search(r"[.\])][*+]|\|", text):
                    broken = re.sub(r"\\[sdwSDWb][+*]?|\.[*+]\??|\[[^\]]*\][+*]?", "\n", text)
                    yield from (re.sub(r"\\(\W)", r"\1", read) for read in (broken, text))


def _runs(text: str, n: int) -> Iterator[str]:
    return (text[i : i + n] for i in range(len(text) - n + 1))


def untested(messages: list[Said], read: set[str]) -> list[Said]:
    """The messages of which no test reads words of their own: a run of ten letters that few others share."""
    shared = defaultdict(set)
    for said in messages:
        for piece in said.pieces:
            for run in _runs(piece, RUN):
                shared[run].add(said.pieces)
    heard = {run for text in read for run in _runs(text, RUN)} & shared.keys()
    wrong = []
    for said in messages:
        own = [run for piece in said.pieces for run in _runs(piece, RUN) if len(shared[run]) <= FEW]
        short = [piece.strip() for piece in said.pieces if len(piece.strip()) > 2]
        if own and not any(run in heard for run in own):
            wrong.append(said)
        elif not own and not any(piece in text for piece in short for text in read):
            wrong.append(said)
    return wrong
