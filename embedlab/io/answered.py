"""The folder of an answer: new, empty, or holding one to the same question; other people's files are left alone."""

import html
import json
import re
from pathlib import Path

from embedlab.data.report import few

OUTCOME = "outcome.json"
_HEAD = 1 << 16  # bytes of a figure, in which its metadata say which question drew it


def check_folder(folder: str | Path, analysis: str) -> None:
    """Raise ValueError unless an answer to `analysis` may be written into `folder`; it takes no time.

    It may where nothing is yet, and where the same question wrote before, also if it was cut short while drawing.
    Files whose names begin with a dot are not counted. Nothing is made or changed.
    """
    folder = Path(folder)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ValueError(f"{folder} is a file, and answers are written to a folder: choose another name")
    other = _question(folder / OUTCOME)
    if other == analysis:
        return
    if other is not None:
        raise ValueError(
            f"{folder} holds what {other} found, and {analysis} would write over it: choose another folder"
        )
    names = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    drawn = {p.stem for p in folder.glob("*.svg") if _drawn_for(p) == analysis}
    if strange := [name for name in names if name.rpartition(".")[0] not in drawn]:
        raise ValueError(
            f"{folder} holds files that {analysis} did not write: {few(strange)}. Choose a new folder, or an empty one"
        )


def _question(outcome: Path) -> str | None:
    """The analysis whose outcome this is; None where it is none."""
    try:
        facts = json.loads(outcome.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return str(facts["analysis"]) if isinstance(facts, dict) and "analysis" in facts else None


def _drawn_for(figure: Path) -> str | None:
    """The analysis that an SVG of ours names in its metadata; None for anybody else's."""
    with open(figure, "rb") as file:
        head = html.unescape(file.read(_HEAD).decode("utf-8", "replace"))
    found = re.search(r'<dc:description>\{"analysis": "([^"]*)"', head)
    return found and found[1]
