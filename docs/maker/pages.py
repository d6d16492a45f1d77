"""Pages that stand elsewhere in the repository, and what a study says of the papers, as pages of the docs."""

import json
import re
from pathlib import Path

from embedlab.reproduction.papers import papers_table
from embedlab.reproduction.tables import verdicts_table
from maker.links import DOCS, MADE, MOVED, ROOT, relinked

STUDIES = ("figures/medium", "docs/medium")  # where a study's words are looked for, the first that has them
NOT_YET = (
    "The study over worlds is made by `embedlab reproduce medium --out figures/medium` (hours, resumable). What it "
    "says of published claims it writes to `papers.md`,"
)


def pages() -> dict[Path, str]:
    """Give the pages and what they say."""
    moved = {DOCS / page: ROOT / file for file, page in MOVED.items() if re.match("made/(?!gallery)", page)}
    notebooks = {MADE / "notebooks" / p.name: p for p in sorted((ROOT / "notebooks").glob("*.ipynb"))}
    return {
        **{page: relinked(file.read_text(encoding="utf-8"), file, page) for page, file in moved.items()},
        **{page: file.read_text(encoding="utf-8") for page, file in notebooks.items()},
        MADE / "citation.md": _citation(),
        **verdicts(ROOT),
    }


def _citation() -> str:
    """How to cite, from CITATION.cff: its few keys are read line by line, since the house has no YAML reader."""
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    said = {key: re.search(rf'^{key}: *"?(.*?)"?$', text, re.MULTILINE)[1] for key in ("title", "version", "message")}
    year = re.search(r'^date-released: *"?(\d{4})', text, re.MULTILINE)[1]
    author = re.search(r'^  - name: *"?(.*?)"?$', text, re.MULTILINE)[1]
    works = re.findall(r'title: "(.*?)"\n.*?family-names: (\w+).*?year: (\d+)\n *url: "(.*?)"', text, re.DOTALL)
    return (
        f"# Citing\n\n{said['message']}\n\n> {author} ({year}). *{said['title']}*, "
        f"version {said['version']}. MIT licence.\n\n"
        f"```bibtex\n@software{{embedlab,\n  title = {{{said['title']}}},\n  author = {{{{{author}}}}},\n"
        f"  version = {{{said['version']}}},\n  year = {{{year}}},\n}}\n```\n\n## What it builds on\n\n"
        + "\n".join(f"- {name} et al. ({year}). [{title}]({url})." for title, name, year, url in works)
        + "\n\nEach report that embedlab writes ends with the references of the methods it used; a store's card names "
        "its model. The file itself: {download}`CITATION.cff <../../CITATION.cff>`.\n"
    )


def verdicts(root: Path) -> dict[Path, str]:
    """Give what a study found: the table of the first page (a part, no page), and the page of all its claims.

    Tables are written from its outcome.json where it lies there: a study that was kept is told in today's words.
    """
    studies = [root / s for s in STUDIES]
    part = next((s for s in studies if (s / "papers.md").is_file()), None)
    whole = next((s for s in studies if (s / "verdicts.md").is_file()), None)
    rest = "[every claim of the study](made/verdicts.md)"
    first, every = f"{NOT_YET} which is not there yet; {rest} holds what is.\n", f"{NOT_YET}\n"
    if part:
        table, remark = _parted((part / "papers.md").read_text(encoding="utf-8"))
        told = _told(part)
        first = f"{papers_table(told).strip() if told else table}\n\n"
        first += f"{f'{remark} {_state(told)} All of them: {rest}.'.strip()}\n"
    if whole:
        table, remark = _parted((whole / "verdicts.md").read_text(encoding="utf-8"))
        told = _told(whole)
        every = f"{_state(told)}\n\n{verdicts_table(told).strip() if told else table}\n\n{remark}\n"
    return {MADE / "papers.part": first, MADE / "verdicts.md": f"# Every claim of the study\n\n{every}"}


def _parted(text: str) -> tuple[str, str]:
    """Part a page into its table and the words after it."""
    lines = text.strip().splitlines()
    table = [line for line in lines if line.startswith("|")]
    rest = [line for line in lines if not line.startswith("|")]
    return "\n".join(table), "\n".join(rest).strip()


def _told(study: Path) -> dict:
    """What a study found, as its outcome.json has it; nothing where there is none."""
    path = study / "outcome.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _state(told: dict) -> str:
    """How far a study is: a table of one world of six judges nothing."""
    done, of = told.get("worlds"), told.get("worlds_in_all")
    claims = len(told.get("claims", ()))
    return f"{done} of {of} worlds are judged, {claims} claims as one family." if done and of else ""
