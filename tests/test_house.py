"""Imports lead down, light rooms know no torch, a question keeps its name on every floor."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

import embedlab

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "embedlab"

# A room imports from strictly lower floors; rooms on one floor do not know one another.
FLOORS = {
    "progress": 0, "places": 0, "processes": 0, "refusals": 1,
    "stats": 1, "data": 1,
    "claims": 2, "io": 2, "stream": 2,
    "declarations": 3,
    "measures": 3, "extract": 3, "world": 3,
    "plots": 4, "lab": 4, "train": 4,
    "explore": 5, "quantities": 5, "doctor": 5, "fitness": 5, "report": 6, "exports": 6, "study": 7,
    "reproduction": 8, "demo": 9, "remake": 9, "cli": 10,
}  # fmt: skip
TORCH = {"torch", "torchvision", "open_clip", "timm", "safetensors", "huggingface_hub"}
# who may know torch at all, and who may know it as soon as it is imported
MAY_KNOW_TORCH = ("extract", "train", "world/painter.py", "doctor.py")
LIGHT = set(FLOORS) - {"extract", "train", "world", "doctor"}
GROUND = {"stats": {"numpy", "scipy"}, "data": {"numpy", "scipy", "polars", "jaxtyping"}}
# imported under one name, called another on the index
ON_THE_INDEX = {
    "umap": "umap-learn", "sklearn": "scikit-learn", "PIL": "pillow", "open_clip": "open_clip_torch",
}  # fmt: skip
# these come with torch's own family and are pinned beside it: open_clip_torch and timm require both
BROUGHT_ALONG = {"torchvision", "huggingface_hub", "traitlets"}  # the last by anywidget, whose traits they are
LONGEST = 300  # lines: one reading; most files are half of it


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if "_analyses" not in p.parts)


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path, top_only: bool = False, typed: bool = True) -> Iterator[str]:
    """Every module that a file imports, `from embedlab import plots` and `from .. import plots` included.

    Without `typed`, what is imported to name types alone is left out.
    """
    package = ".".join(("embedlab", *path.relative_to(PACKAGE).parts[:-1]))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_only else ast.walk(tree)
    for_types = [n for n in ast.walk(tree) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    left_out = set() if typed else {child for node in for_types for child in ast.walk(node)}
    for node in nodes:
        if node in left_out:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module
            if node.level:
                base = resolve_name("." * node.level + (node.module or ""), package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def ours(name: str) -> str | None:
    """The room that an imported name lies in; None for the world outside and for the front door itself."""
    parts = name.split(".")
    return parts[1] if parts[0] == "embedlab" and len(parts) > 1 and parts[1] in FLOORS else None


def test_every_room_has_a_floor():
    rooms = {room(p) for p in modules()} - {"__init__"}
    assert rooms <= set(FLOORS), f"say on which floor these stand: {sorted(rooms - set(FLOORS))}"


def test_the_floors_are_those_that_contributing_shows():
    shown = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Floors")[1].split("```")[1]
    lines = [re.sub(r"\(.*\)", "", line).split() for line in shown.strip().splitlines()]
    assert {name: int(floor) for floor, *names in lines for name in names} == FLOORS


def test_imports_lead_down():
    wrong = [
        f"{path.relative_to(ROOT)} ({FLOORS[room(path)]}) imports {name} ({FLOORS[target]})"
        for path in modules()
        if room(path) in FLOORS
        for name in imports(path)
        if (target := ours(name)) and target != room(path) and FLOORS[target] >= FLOORS[room(path)]
    ]
    assert not wrong, "\n".join(wrong)


def test_no_two_files_need_each_other():
    """Not even within functions; doors (`__init__`) do not count, as they open a room when it is asked for."""
    files = {".".join(("embedlab", *p.relative_to(PACKAGE).with_suffix("").parts)): p for p in modules()}
    needs = {name: {n for n in imports(path, typed=False) if n in files} for name, path in files.items()}
    assert "embedlab.world.painter" in needs["embedlab.world.world"], "imports within functions are seen"
    TopologicalSorter(needs).prepare()  # CycleError names the files


def test_the_import_reader_sees_every_form(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    file = tmp_path / "stats" / "a.py"
    file.parent.mkdir()
    inside = "def f():\n    from .. import lab\n    from . import b\n"
    file.write_text("import embedlab.io.x\nfrom embedlab import plots\n" + inside)
    assert {ours(name) for name in imports(file)} - {None} == {"io", "plots", "lab", "stats"}
    assert "embedlab.lab" not in set(imports(file, top_only=True))


def test_torch_works_upstairs_only():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules()
        if not path.relative_to(PACKAGE).as_posix().startswith(MAY_KNOW_TORCH)
        for name in imports(path)
        if name.split(".")[0] in TORCH
    ]
    assert not wrong, "\n".join(wrong)


def test_the_ground_floor_is_light():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules()
        for name in imports(path)
        if (outer := name.split(".")[0]) != "embedlab"
        and outer not in sys.stdlib_module_names
        and outer not in GROUND.get(room(path), {outer})
    ]
    assert not wrong, "\n".join(wrong)


def test_what_is_imported_is_declared():
    with open(ROOT / "pyproject.toml", "rb") as file:
        project = tomllib.load(file)["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["lite0"], *extras["notebook"], *extras["bio"]]
    declared = {re.split(r"[<>=!~\[ ]", line)[0].lower().replace("-", "_") for line in lines}
    outside = {name.split(".")[0] for path in modules() for name in imports(path)}
    outside -= {"embedlab", *sys.stdlib_module_names, *BROUGHT_ALONG}
    missing = {n for n in outside if ON_THE_INDEX.get(n, n).lower().replace("-", "_") not in declared}
    assert not missing, f"declare in pyproject.toml, with a line in docs/dependencies.md: {sorted(missing)}"
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower().replace("-", "_")
    untold = [name for name in sorted(declared) if f"`{name}`" not in text]
    assert not untold, f"docs/dependencies.md does not say why: {untold}"


def fresh(code: str) -> str:
    """What a fresh process prints; this one has long imported everything."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_the_front_door_brings_nothing_heavy():
    """How long it takes is told by `make bench` (benchmarks/start.py): a few milliseconds over Python alone."""
    code = (
        "import sys, embedlab;"
        "heavy = {'torch', 'matplotlib', 'plotly', 'sklearn', 'polars', 'numpy', 'scipy', 'umap'} & set(sys.modules);"
        "print('heavy', *sorted(heavy))"
    )
    assert fresh(code) == "heavy"


def test_light_rooms_bring_no_torch_along():
    there = [r for r in LIGHT if (PACKAGE / r).is_dir() or (PACKAGE / f"{r}.py").exists()]
    parts = {p: p.relative_to(PACKAGE).with_suffix("").parts for p in modules()}
    names = [
        ".".join(("embedlab", *parts[p])).removesuffix(".__init__")
        for p in modules()
        if room(p) in there and p.name != "__main__.py"
    ]
    code = f"import importlib, sys\nfor name in {names!r}:\n    importlib.import_module(name)\n"
    heavy = "{'torch', 'torchvision', 'timm', 'open_clip'}"
    assert fresh(code + f"print(*sorted({heavy} & set(sys.modules)))") == ""


def public(tree: ast.Module) -> Iterator[ast.AST]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in tree.body:
        if isinstance(node, kinds) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (n for n in node.body if isinstance(n, kinds) and not n.name.startswith("_"))


def test_every_public_name_says_what_it_gives():
    files = [*modules(), *sorted((ROOT / "analyses").glob("*.py"))]
    mute = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in files
        for node in public(ast.parse(path.read_text(encoding="utf-8")))
        if not ast.get_docstring(node)
        and not any("overload" in ast.unparse(d) or ".setter" in ast.unparse(d) for d in node.decorator_list)
    ]
    assert not mute, "\n".join(mute)


def measures() -> list[str]:
    """Files of `measures/` that hold a result: a class that answers with a table."""
    return [
        path.stem
        for path in sorted((PACKAGE / "measures").glob("*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and any(getattr(n, "name", "") == "table" for n in node.body)
    ]


@pytest.mark.parametrize("floor", ["embedlab/plots/{}.py", "tests/measures/test_{}.py"])
def test_a_question_keeps_its_name_on_every_floor(floor):
    missing = [floor.format(name) for name in measures() if not (ROOT / floor.format(name)).exists()]
    assert not missing, f"every measure has a plot and a test of its name; missing: {missing}"


def test_every_analysis_is_a_question_with_claims_made_before():
    questions = [p for p in sorted((ROOT / "analyses").glob("*.py")) if not p.stem.startswith("_")]
    assert {"trait_alignment", "orthogonality", "phylogeny", "scaling"} <= {p.stem for p in questions}
    for path in questions:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        first = (ast.get_docstring(tree) or "").split("\n\n")[0].strip()
        assert first.endswith("?"), f"{path.name}: the docstring begins with a question, not {first[:60]!r}"
        names = {ast.unparse(t) for n in tree.body if isinstance(n, ast.Assign) for t in n.targets}
        names |= {ast.unparse(n.target) for n in tree.body if isinstance(n, ast.AnnAssign)}
        defined = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        assert "CLAIMS" in names or "claims" in defined, f"{path.name} makes no claims"
        assert "run" in defined, f"{path.name} has no run(lab)"


def test_a_file_is_as_long_as_one_reading():
    folders = ("embedlab", "analyses", "benchmarks", "tests")
    files = [p for folder in folders for p in (ROOT / folder).rglob("*.py")]
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in files}
    long = [f"{p.relative_to(ROOT)}: {n} lines" for p, n in lengths.items() if n > LONGEST]
    assert not long, f"split these by their ideas (at most {LONGEST}): {long}"


def kept_files() -> list[Path]:
    """Files that git keeps or would keep; in an unpacked archive, where git knows nothing, all sources."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if listed.returncode:
        return [*modules(), *(ROOT / "tests").rglob("*.py"), *ROOT.glob("*.*"), *(ROOT / "docs").glob("*.md")]
    return [ROOT / name for name in listed.stdout.splitlines() if name != ".gitignore"]


def test_no_file_knows_this_machine():
    # pieces are joined here, so that this file does not accuse itself
    places = re.compile("|".join(("/ro" + "ot/", "/ho" + r"me/\w", "/wo" + "rk/", "/op" + "t/pypi")))
    left = re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + "X|raise NotImplemented" + "Error)\\b")
    wrong = []
    for path in kept_files():
        if path.suffix not in (".py", ".md", ".toml", ".txt", ".cff", ".ipynb", "") or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if places.search(line) or left.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not wrong, "\n".join(wrong)


def test_every_name_of_the_front_door_opens():
    for name in embedlab.__all__:
        assert getattr(embedlab, name) is not None
    assert set(embedlab.__all__) <= set(dir(embedlab))
    with pytest.raises(AttributeError, match="no name 'agreeement'; closest is el.agreement; it offers Claim, E"):
        _ = embedlab.agreeement
    with pytest.raises(AttributeError, match="no name 'PERMANOVA'; closest is embedlab.stats.permanova; it offers"):
        _ = embedlab.PERMANOVA


def test_verbs_that_share_a_rooms_name_can_be_called():
    import embedlab.extract.encoders  # binds the room as an attribute of the house

    assert callable(embedlab.extract) and callable(embedlab.report)
    assert embedlab.extract.__doc__.startswith("el.extract(images, model, out, **settings): Turn images into")
    assert embedlab.extract.encoders.models()
