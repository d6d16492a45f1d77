"""Questions asked once: the evidence of an analysis is kept beside the study, and found again by what decides it."""

import ast
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

import embedlab
from embedlab.claims import Claim, Evidence
from embedlab.io.atomic import put_bytes
from embedlab.io.layout import CARD
from embedlab.places import analyses_folder
from embedlab.study import run_analysis

_PACKAGE = Path(embedlab.__file__).parent
_MEASURES = ("data", "io", "measures", "stats")
Found = list[tuple[Claim, Evidence, str]]  # a claim, its evidence, and the sentence on it


def asked(analysis: str, stores: Sequence[Path], out: Path, *, x: str | None, traits: Path, tree: Path,
          settings: Mapping | None = None, command: str = "") -> Found:  # fmt: skip
    """Give what an analysis finds in these stores: from `out/evidence.json` if that answers this question, or anew.

    Anew, it writes figures, `outcome.json` and `evidence.json` below `out`.
    """
    question = question_of(analysis, stores, x=x, traits=traits, tree=tree, settings=settings)
    path = out / "evidence.json"
    if path.is_file():
        kept = json.loads(path.read_bytes())
        if kept.get("question") == question:
            return [_read(entry) for entry in kept["claims"]]
    outcome = run_analysis(
        analysis, stores=stores, x=x, traits=traits, tree=tree, settings=settings, out=out, command=command
    )
    found = [(claim, outcome.evidence[claim.id], outcome.sentences.get(claim.id, "")) for claim in outcome.claims]
    text = json.dumps({"question": question, "claims": [_told(*entry) for entry in found]})
    put_bytes(path, text.encode(), "evidence")
    return found


def question_of(analysis: str, stores: Sequence[Path], *, x: str | None, traits: Path, tree: Path,
                settings: Mapping | None = None) -> str:  # fmt: skip
    """Give 64 hexadecimal digits that change with whatever decides the answer.

    That is the analysis's file, the stores' cards, the settings, the axis, traits and tree, and the code of all that
    measures and judges.
    """
    told = {
        "analysis": _digest(analyses_folder() / f"{analysis}.py"),
        "stores": [_digest(store / CARD) for store in stores],  # its key, and what its model says of its training
        "settings": {k: str(v) for k, v in (settings or {}).items()},
        "x": x,
        "traits": _digest(traits),
        "tree": _digest(tree),
        "embedlab": version("embedlab"),
        "code": _code(),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def program(path: Path) -> str:
    """Give what a Python file does, without what it says: better docstrings, comments or error messages change nothing.

    Raises SyntaxError where the file is no Python.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc.args = []  # what ends in an error has no result, whatever its words
        spoken = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if spoken and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()


@cache
def _code() -> str:
    """A digest of what turns stores into evidence: a version stays the same while its code is mended."""
    files = [file for folder in _MEASURES for file in sorted((_PACKAGE / folder).rglob("*.py"))]
    files += [_PACKAGE / f"{name}.py" for name in ("claims", "lab", "quantities", "study")]
    return hashlib.sha256("".join(program(file) for file in files).encode()).hexdigest()


def _told(claim: Claim, evidence: Evidence, sentence: str) -> dict:
    plain = {k: v for k, v in asdict(evidence).items() if k != "null"}
    return {"claim": asdict(claim), "evidence": {**plain, "null": np.asarray(evidence.null).tolist()}, "says": sentence}


def _read(entry: dict) -> tuple[Claim, Evidence, str]:
    claim, evidence = dict(entry["claim"]), dict(entry["evidence"])
    claim["covariates"] = tuple(claim["covariates"])
    evidence["interval"], evidence["null"] = tuple(evidence["interval"]), np.array(evidence["null"], float)
    return Claim(**claim), Evidence(**evidence), entry["says"]
