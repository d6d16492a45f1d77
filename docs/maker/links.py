"""Relative links of Markdown: a page reads the same on a code host and, moved or not, in the built docs."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
MADE = DOCS / "made"

# files that stand outside docs/ and are pages there all the same
MOVED = {
    "README.md": "index.md",
    "CHANGELOG.md": "made/changelog.md",
    "LOG.md": "made/log.md",
    "CONTRIBUTING.md": "made/contributing.md",
    "tests/golden/README.md": "made/golden.md",
    "figures/README.md": "made/gallery/index.md",
}
LINK = re.compile(r"(?P<mark>!?)\[(?P<words>[^\]\[]*)\]\((?P<target>[^()\s#]+)(?P<anchor>#[^()\s]*)?\)")
FENCE = re.compile(r"^ *(`{3,}|~{3,}|:{3,}).*?^ *\1 *$", re.DOTALL | re.MULTILINE)


def page_of(file: Path) -> Path | None:
    """Give the page that a file of the repository is in the docs; None where it is none."""
    below = os.path.relpath(file, ROOT)
    if below in MOVED:
        return DOCS / MOVED[below]
    if below.startswith("notebooks/") and file.suffix == ".ipynb":
        return MADE / "notebooks" / file.name
    return file if file.is_relative_to(DOCS) else None


def relinked(text: str, source: Path, page: Path) -> str:
    """Give Markdown that was written for `source` with its relative links as `page` has to say them.

    A link to a page leads to that page; one to another file of the repository offers it as a download; one to a folder
    becomes its name, since the docs hold no folders. What lies between fences stays as it is.
    """

    def again(found: re.Match) -> str:
        target, anchor = found["target"], found["anchor"] or ""
        if re.match(r"[a-z]+:", target):
            return found[0]
        file = Path(os.path.normpath(source.parent / target))
        if file.is_dir():
            return f"`{os.path.relpath(file, ROOT)}/`" if not found["words"].startswith("`") else found["words"]
        lead = os.path.relpath(page_of(file) or file, page.parent)
        return f"{found['mark']}[{found['words']}]({Path(lead).as_posix()}{anchor})"

    parts, at = [], 0
    for fence in FENCE.finditer(text):
        parts += [LINK.sub(again, text[at : fence.start()]), fence[0]]
        at = fence.end()
    return "".join([*parts, LINK.sub(again, text[at:])])


def put(pages: dict[Path, str]) -> None:
    """Write pages into `made/`, and remove what no page is any more.

    One that says what it said is left alone: Sphinx need not read it again.
    """
    for page, text in pages.items():
        page.parent.mkdir(parents=True, exist_ok=True)
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
    for old in {path for path in MADE.rglob("*") if path.is_file()} - set(pages):
        old.unlink()
