"""Run an analysis: a lab in, claims judged, figures and `outcome.json` out."""

import ast
import hashlib
import importlib.util
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

from embedlab.data import Traits, Tree
from embedlab.data.names import closest
from embedlab.declarations import Specification, declare, read, standing
from embedlab.io.answered import check_folder
from embedlab.io.atomic import put_bytes
from embedlab.io.store import open_store
from embedlab.lab import Lab, Outcome, check_settings, judged_together
from embedlab.places import analyses_folder
from embedlab.progress import Progress
from embedlab.refusals import deliberate, refusal_of

VERSIONED = ("embedlab", "numpy", "scipy", "polars", "torch")  # whose versions an outcome names


def list_analyses() -> list[dict[str, Any]]:
    """Name, question and settings of each analysis that comes with embedlab; read from the files.

    `settings` maps what `--set` may change to what it means.
    """
    files = [p for p in sorted(analyses_folder().glob("*.py")) if p.stem[0] != "_"]
    return [{"name": p.stem, "question": _question(p), "settings": _settings(p)} for p in files]


def _question(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not text:
        raise ValueError(f"{path.name} has no docstring: an analysis begins with its question")
    return text.splitlines()[0]


def _settings(path: Path) -> dict[str, str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == ["SETTINGS"]:
            try:
                return ast.literal_eval(node.value)
            except ValueError:  # words made of other constants
                return dict(load_analysis(path).SETTINGS)
    return {}


def load_analysis(name_or_path: str | Path) -> ModuleType:
    """Load an analysis by name, or a user's own file by path: code that the caller chose to run.

    A file needs a question as docstring, `CLAIMS` or `claims(lab)`, and `run(lab)`.
    """
    path = Path(name_or_path)
    if path.suffix != ".py":
        path = analyses_folder() / f"{name_or_path}.py"
    if not path.is_file():
        names = [a["name"] for a in list_analyses()]
        near = closest(str(name_or_path), names)
        raise ValueError(
            f"there is no analysis {str(name_or_path)!r}{f'; closest is {near[0]!r}' if near else ''}. There are "
            f"{', '.join(names)}; your own is named by its path, ending in .py"
        )
    spec = importlib.util.spec_from_file_location(f"embedlab_analysis_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "run") or not (hasattr(module, "CLAIMS") or hasattr(module, "claims")):
        raise ValueError(f"{path.name} has no run(lab) or no CLAIMS: see CONTRIBUTING.md, 'An analysis is one file'")
    module.QUESTION = _question(path)
    return module


def ask(analysis: str | Path, lab_of, *, settings: Mapping[str, Any] | None = None,
        declaration: Mapping | None = None, fixed_by: str = "") -> Outcome:  # fmt: skip
    """Run one analysis in the lab that `lab_of(name, question)` makes, and judge its claims as one family.

    Claims that do not stand in `declaration` (what `declarations.read` gives) are stamped exploratory; without one,
    those whose settings or seed are not the analysis's own. `fixed_by` names what part of embedlab fixed the settings.
    """
    module, lab = _prepared(analysis, lab_of, settings)
    try:
        outcome = module.run(lab).judged()
    except Exception as error:
        if not deliberate(error, Path(module.__file__).resolve()):  # the words of a library do not say where to look
            error.add_note(f"while asking {lab.name}")
        raise
    shipped = Path(module.__file__).parent == analyses_folder()
    specs = _specifications(module, lab, outcome.claims)
    stood = {s.claim.id: standing(s, declaration, shipped=shipped, fixed_by=fixed_by) for s in specs}
    return replace(outcome, standings=stood)


def _prepared(analysis, lab_of, settings) -> tuple[ModuleType, Lab]:
    module = load_analysis(analysis)
    settings = dict(settings or {})
    check_settings(Path(analysis).stem, getattr(module, "SETTINGS", {}), settings)
    lab = lab_of(Path(analysis).stem, module.QUESTION)
    lab.settings = settings
    return module, lab


def _specifications(module: ModuleType, lab: Lab, claims) -> list[Specification]:
    code = hashlib.sha256(Path(module.__file__).read_bytes()).hexdigest()[:16]
    return [
        Specification(analysis=lab.name, code=code, version=version("embedlab"), claim=claim, settings=lab.settings,
                      seed=lab.seed, x=lab.x)
        for claim in claims
    ]  # fmt: skip


def declare_analysis(analysis: str | Path, path: str | Path, *, stores: Sequence[str | Path], x: str | None = None,
                     traits: str | Path | None = None, tree: str | Path | None = None,
                     settings: Mapping[str, Any] | None = None, seed: int = 0) -> dict:  # fmt: skip
    """Write down the claims that an analysis would make of these stores, with all that decides them; compute nothing.

    Gives what the declaration at `path` then holds. A later `run_analysis(…, declaration=path)` with the same
    settings and seed confirms or does not confirm them; all else it finds is stamped exploratory.
    """
    module, lab = _prepared(analysis, _labs(stores, traits, tree, seed, x), settings)
    claims = module.claims(lab) if hasattr(module, "claims") else module.CLAIMS
    return declare(_specifications(module, lab, claims), path)


def run_analysis(analysis: str | Path, *, stores: Sequence[str | Path], x: str | None = None,
                 traits: str | Path | None = None, tree: str | Path | None = None,
                 settings: Mapping[str, Any] | None = None, seed: int = 0, out: str | Path | None = None,
                 declaration: str | Path | None = None, command: str = "") -> Outcome:  # fmt: skip
    """Ask one question of stores on disk and, with `out`, write its figures and `outcome.json` there.

    With `declaration`, the path of a file that `declare_analysis` wrote, what does not stand in it is exploratory.
    ValueError, before anything is computed, where `out` holds what this question did not write.
    """
    if out is not None:
        check_folder(out, Path(analysis).stem)
    declared = None if declaration is None else read(declaration)
    lab_of = _labs(stores, traits, tree, seed, x)
    outcome = _provenance(ask(analysis, lab_of, settings=settings, declaration=declared), command)
    if out is not None:
        write_outcome(outcome, out)
    return outcome


def report_stores(stores: Sequence[str | Path], out: str | Path, *, traits: str | Path | None = None,
                  tree: str | Path | None = None, x: str | None = None, seed: int = 0, command: str = "",
                  title: str = "", figures: str | Path | None = None,
                  settings: Mapping[str, Mapping[str, Any]] | None = None, fixed_by: str = "",
                  planted: Sequence[str] = (), declaration: str | Path | None = None,
                  elsewhere: Mapping[str, str] | None = None) -> dict[str, Any]:  # fmt: skip
    """Ask stores all they can answer, judge every claim as one family, and write one self-contained page.

    `settings` holds settings by analysis; `fixed_by` names the part of embedlab in which they are constants,
    `planted` says the truth where it is known, and `declaration` names a file of claims made before. An analysis that
    these stores cannot answer is named with the reason, and so is one that is asked `elsewhere` (name → where and
    why); where they can answer none, the page shows the map. An error that is no refusal of ours is not taken for one.
    With `figures`, each outcome is also written to a folder of its own there. Gives report, bytes, outcome (the
    list of outcomes) and unasked (analysis → why not).
    """
    from embedlab.explore.parts import parts_of
    from embedlab.report import report

    declared = None if declaration is None else read(declaration)
    lab_of = _labs(stores, traits, tree, seed, x)
    outcomes, unasked = [], dict(elsewhere or {})
    names = [a["name"] for a in list_analyses() if a["name"] not in unasked]
    with Progress("asking", len(names), "questions") as line:
        for name in names:
            line.note(name)
            try:
                own = (settings or {}).get(name)
                outcomes.append(ask(name, lab_of, settings=own, declaration=declared, fixed_by=fixed_by))
            except (ValueError, KeyError) as error:
                unasked[name] = refusal_of(error)
            line.add()
    outcomes = [_provenance(o, command) for o in judged_together(outcomes)]
    if figures is not None:
        for outcome in outcomes:
            write_outcome(outcome, Path(figures) / outcome.analysis)
    lab = lab_of("report", "")
    page = report(lab.embeddings(), outcomes, out, maps=_maps(lab), thumbnails_of=Path(_last(stores, lab)),
                  unasked=unasked, title=title, planted=planted,
                  parts=parts_of(lab.embeddings(), tree=lab.tree))  # fmt: skip
    return {
        "report": str(out),
        "bytes": Path(page).stat().st_size,
        "outcome": [o.to_dict() for o in outcomes],
        "unasked": unasked,
    }


def findings(outcome: Mapping[str, Any]) -> list[str]:
    """A line for each claim of an outcome: the verdict and the sentence with its chance; why, where that would puzzle.

    Then whether the claims were made beforehand: in one line where that is the same for all.
    """
    claims, lines = outcome["claims"], []
    stood = [("exploratory: " if c["exploratory"] else "made beforehand: ") + c["declared"] for c in claims]
    for claim, standing_of in zip(claims, stood, strict=True):
        stamp = " (exploratory)" if claim["exploratory"] else ""
        lines.append(f"{claim['verdict']}{stamp}: {claim['sentence']}")
        puzzles = claim["verdict"] in ("cannot tell", "too small to matter")
        puzzles = puzzles or (claim["verdict"] != "supported" and claim["p_value"] <= 0.05)
        if puzzles and claim["reason"] not in claim["sentence"]:
            lines.append(f"  why: {claim['reason']}")
        if len(set(stood)) > 1:
            lines.append(f"  {standing_of}")
    return lines + stood[:1] if len(set(stood)) == 1 else lines


def _last(stores, lab: Lab):
    """The path of the store that `lab.embeddings()` stands for."""
    chosen = lab.embeddings()
    return next(p for p, s in zip(stores, lab.given, strict=True) if s is chosen)


def _maps(lab: Lab) -> list:
    """A PCA map, whose axes mean something, and a t-SNE map, whose neighbourhoods do."""
    from embedlab.measures.projection import project

    emb = lab.embeddings()
    maps = [project(emb, "pca", rng=lab.seed)]
    if 50 <= emb.n <= 20_000:
        maps.append(project(emb, "tsne", rng=lab.seed))
    return maps


def _labs(stores, traits, tree, seed, x):
    opened = [open_store(s) for s in stores]
    if len(opened) > 1 and x is None:
        x = "images_seen"
    known_traits = None if traits is None else Traits.read(traits)
    known_tree = None if tree is None else Tree.read(tree)

    def lab(name: str, question: str) -> Lab:
        return Lab(name=name, question=question, stores=opened, traits=known_traits, tree=known_tree, seed=seed, x=x)

    return lab


def _provenance(outcome: Outcome, command: str) -> Outcome:
    versions = {"python": platform.python_version()}
    for name in VERSIONED:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return replace(outcome, versions=versions, command=command or " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]))


def write_outcome(outcome: Outcome, folder: str | Path) -> list[Path]:
    """Write figures, tables and `outcome.json` of one question into `folder`; the JSON last, in one step."""
    from embedlab.plots import save

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    facts = outcome.to_dict()
    digest = hashlib.sha256(json.dumps(facts["stores"], sort_keys=True).encode()).hexdigest()[:16]
    provenance = {"analysis": outcome.analysis, "stores": digest, "models": [s["model"] for s in facts["stores"]],
                  "keys": [s["key"] for s in facts["stores"]], "left_out": facts["exclusions"], "seed": outcome.seed,
                  "command": outcome.command, "versions": dict(outcome.versions)}  # fmt: skip
    written = []
    for name, result in outcome.results.items():
        written += save(result, folder, name, provenance)
    return [*written, put_outcome(facts, folder)]


def put_outcome(facts: Mapping[str, Any] | Sequence[Mapping[str, Any]], folder: Path) -> Path:
    """Write one outcome, or a list of them, as `outcome.json` of `folder`; it appears whole or not at all."""
    text = json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    put_bytes(folder / "outcome.json", text.encode(), "outcome")
    return folder / "outcome.json"
