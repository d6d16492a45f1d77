"""Pages that stand elsewhere in the repository, and what a study says of the papers, as pages of the docs."""

import json
import re
from pathlib import Path

from maker.links import DOCS, MADE, MOVED, ROOT, put, relinked

STUDIES = ("figures/medium", "docs/medium")  # where a study's words are looked for, the first that has them
NOT_YET = """The study over worlds is made by `embedlab reproduce medium --out figures/medium` (hours, resumable); this
table is its `papers.md`, which is not there yet; [every claim of the study](REST) holds what is.
"""


def write() -> list[Path]:
    """Write the pages and give their paths."""
    made = [_moved(ROOT / name, DOCS / page) for name, page in MOVED.items() if page.startswith("made/")
            and "gallery" not in page]  # fmt: skip
    return [*made, _citation(), *_notebooks(), *_verdicts()]


def _moved(file: Path, page: Path) -> Path:
    return put(page, relinked(file.read_text(encoding="utf-8"), file, page))


def _citation() -> Path:
    """How to cite, from CITATION.cff: its few keys are read line by line, since the house has no YAML reader."""
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    said = {key: re.search(rf'^{key}: *"?(.*?)"?$', text, re.MULTILINE)[1] for key in ("title", "version", "message")}
    year = re.search(r'^date-released: *"?(\d{4})', text, re.MULTILINE)[1]
    author = re.search(r'^  - name: *"?(.*?)"?$', text, re.MULTILINE)[1]
    works = re.findall(r'title: "(.*?)"\n.*?family-names: (\w+).*?year: (\d+)\n *url: "(.*?)"', text, re.DOTALL)
    page = (
        f"# Citing\n\n{said['message']}\n\n> {author} ({year}). *{said['title']}*, "
        f"version {said['version']}. MIT licence.\n\n"
        f"```bibtex\n@software{{embedlab,\n  title = {{{said['title']}}},\n  author = {{{{{author}}}}},\n"
        f"  version = {{{said['version']}}},\n  year = {{{year}}},\n}}\n```\n\n## What it builds on\n\n"
        + "\n".join(f"- {name} et al. ({year}). [{title}]({url})." for title, name, year, url in works)
        + "\n\nEach report that embedlab writes ends with the references of the methods it used; a store's card names "
        "its model. The file itself: {download}`CITATION.cff <../../CITATION.cff>`.\n"
    )
    return put(MADE / "citation.md", page)


def _notebooks() -> list[Path]:
    """Copies of the notebooks, which are kept without outputs; one that is gone goes here too."""
    folder = MADE / "notebooks"
    found = sorted((ROOT / "notebooks").glob("*.ipynb"))
    for old in set(folder.glob("*.ipynb")) - {folder / p.name for p in found}:
        old.unlink()
    return [put(folder / p.name, p.read_text(encoding="utf-8")) for p in found]


def _verdicts() -> list[Path]:
    """What a study found: the table of the first page (a part, no page), and the page of all its claims."""
    there = [ROOT / s for s in STUDIES]
    return [_part(next((s for s in there if (s / "papers.md").is_file()), None)),
            _whole(next((s for s in there if (s / "verdicts.md").is_file()), None))]  # fmt: skip


def _part(study: Path | None) -> Path:
    if study is None:
        return put(MADE / "papers.part", NOT_YET.replace("REST", "made/verdicts.md"))
    table, remark = _parted((study / "papers.md").read_text(encoding="utf-8"))
    end = f"{remark} {_state(study)} All of them: [every claim of the study](made/verdicts.md)."
    return put(MADE / "papers.part", f"{table}\n\n{end.strip()}\n")


def _whole(study: Path | None) -> Path:
    if study is None:
        return put(MADE / "verdicts.md", "# Every claim of the study\n\n" + NOT_YET.partition(",")[0] + ".\n")
    table, remark = _parted((study / "verdicts.md").read_text(encoding="utf-8"))
    return put(MADE / "verdicts.md", f"# Every claim of the study\n\n{_state(study)}\n\n{table}\n\n{remark}\n")


def _parted(text: str) -> tuple[str, str]:
    """Part a page into its table and the words after it."""
    lines = text.strip().splitlines()
    table = [line for line in lines if line.startswith("|")]
    rest = [line for line in lines if not line.startswith("|")]
    return "\n".join(table), "\n".join(rest).strip()


def _state(study: Path) -> str:
    """How far a study is, from its outcome.json: a table of one world of six judges nothing."""
    path = study / "outcome.json"
    if not path.is_file():
        return ""
    told = json.loads(path.read_text(encoding="utf-8"))
    done, of = told.get("worlds"), told.get("worlds_in_all")
    claims = len(told.get("claims", ()))
    return f"{done} of {of} worlds are judged, {claims} claims as one family." if done and of else ""


def sweep(wanted: set[Path]) -> None:
    """Remove made pages that nothing made this time, so that no page of yesterday stands in the docs of today."""
    for path in set(MADE.rglob("*.*")) - wanted:
        if path.is_file():
            path.unlink()
