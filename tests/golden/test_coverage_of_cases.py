"""No golden case is forgotten: each is asked by a test, or the README of this folder says why it is not offered."""

import ast
import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ASKING = [*HERE.glob("test_golden_*.py"), HERE / "test_faults_of_peers.py", HERE.parent / "data" / "test_tree.py"]


@pytest.fixture
def cases(shared):
    """Each case's id, and the file that holds it."""
    files = sorted(shared("golden/README.md").parent.glob("*.json"))
    return {case["id"]: file.name for file in files for case in json.loads(file.read_text())["cases"]}


def said(heading):
    """Rows of the table under a heading of the README: the file, and the patterns of ids that it names."""
    text = (HERE / "README.md").read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| `")]
    return [(row[0].strip(" `"), re.findall(r"`([^`]+)`", row[1])) for row in cells]


def asked():
    """Ids that stand in the tests; where one is put together, what is put in may be anything (`_` stays `_`)."""
    found = []
    for path in ASKING:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.escape(node.value))
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                parts = [re.escape(v.value) if isinstance(v, ast.Constant) else r"[\w.-]+" for v in node.values]
                found += ["".join(parts)] if node.values[0].value.endswith("_") else []
    return re.compile("|".join(found))


def listed(cases, heading):
    """Ids under a heading; a pattern that names no case of its file is refused."""
    found = []
    for file, patterns in said(heading):
        for pattern in patterns:
            meant = [case for case, of in cases.items() if of == file and fnmatchcase(case, pattern)]
            assert meant, f"the README names {pattern} of {file}, which is no case"
            found += meant
    assert len(found) == len(set(found)), [case for case in found if found.count(case) > 1]
    return set(found)


def test_every_case_is_asked_or_its_absence_is_explained(cases):
    offered, not_offered = listed(cases, "Offered"), listed(cases, "Not offered")
    assert len(cases) == 125
    assert offered | not_offered == set(cases), sorted(set(cases) - offered - not_offered)
    assert not offered & not_offered, sorted(offered & not_offered)
    patterns = asked()
    in_tests = {case for case in cases if patterns.fullmatch(case)}
    assert in_tests == offered, (sorted(in_tests - offered), sorted(offered - in_tests))
