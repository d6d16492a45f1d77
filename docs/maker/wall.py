"""The gallery: every outcome beneath `figures/` as a page, from a thumbnail to the interactive figure, code and data.

The folder is read as it lies. A study's worlds repeat the same questions, so the first world is shown and the others
are named. Interactive figures each carry plotly.js (4.8 MB); in the docs they share one copy.
"""

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from maker.links import MADE
from maker.questions import code_of
from maker.words import escaped

KINDS = {"html": "interactive", "pdf": "PDF", "svg": "SVG", "png": "PNG", "csv": "numbers"}
GALLERY = MADE / "gallery"
FILES = "_figures"  # below the built docs
EMPTY = """# Gallery

There are no figures here yet. `make figures` makes all of them from scripts alone, and `make docs` then shows them on
this page.
"""
LEAD = """# Gallery

Each picture leads to its question: what was found, the interactive figure, the files for print, the numbers behind it
and the code. All of them are remade by scripts alone: `make figures`, `embedlab reproduce`.

"""


@dataclass(frozen=True)
class Board:
    """A folder with figures: what was asked, and the stems of its pictures."""

    folder: Path
    below: str  # its path below figures/
    facts: dict
    stems: tuple[str, ...]

    @property
    def slug(self) -> str:
        """The name of its page."""
        return re.sub(r"[^a-z0-9]+", "-", self.below.lower()).strip("-")

    @property
    def analysis(self) -> str:
        """The analysis that was run, or the folder's own name."""
        return self.facts.get("analysis", self.folder.name)

    @property
    def title(self) -> str:
        """The folder's name in words."""
        words = re.sub(r"[-_]+", " ", self.folder.name)
        return words[:1].upper() + words[1:]


def boards(figures: Path) -> tuple[list[Board], dict[str, list[str]]]:
    """Give the folders to show, and for each study the worlds that are not shown.

    `figures` is searched five folders deep, but for stores, models and worlds.
    """
    found, worlds = [], {}
    for svg in sorted(figures.rglob("*.svg")):
        parts = svg.relative_to(figures).parts[:-1]
        if len(parts) > 5 or not parts or {"stores", "models", "worlds", "images"} & set(parts):
            continue
        found.append(svg.parent)
    kept: dict[Path, list[str]] = {}
    for folder in dict.fromkeys(found):
        parts = folder.relative_to(figures).parts
        world = next((p for p in parts if re.fullmatch(r"world-\d+", p)), None)
        study = "/".join(parts[: parts.index(world)]) if world else ""
        seen = worlds.setdefault(study, []) if world else []
        if world and world not in seen:
            seen.append(world)
        if not world or world == seen[0]:
            kept[folder] = sorted(p.stem for p in folder.glob("*.svg"))
    told = [Board(f, f.relative_to(figures).as_posix(), _facts(f), tuple(stems)) for f, stems in kept.items()]
    return told, {study: names[1:] for study, names in worlds.items()}


def pages(figures: Path) -> dict[Path, str]:
    """Give the pages of `made/gallery/` and what they say."""
    found, others = boards(figures)
    if not found:
        return {GALLERY / "index.md": EMPTY}
    groups: dict[str, list[Board]] = {}
    for board in found:
        groups.setdefault(str(Path(board.below).parent), []).append(board)
    parts = [LEAD]
    for group, members in groups.items():
        if group != ".":
            parts.append(f"## {_group(group)}\n\n")
        hidden = others.get(re.sub(r"/?world-\d+.*", "", group), []) if "world-" in group else []
        if hidden:
            parts.append(f"The same questions were asked of {', '.join(hidden)}; their figures lie beside these.\n\n")
        parts.append(_wall(members))
    toc = "\n".join(b.slug for b in found)
    parts.append(f"```{{toctree}}\n:hidden:\n\n{toc}\n```\n")
    return {GALLERY / "index.md": "".join(parts), **{GALLERY / f"{b.slug}.md": _page(b) for b in found}}


def _group(path: str) -> str:
    """A heading: a study keeps its figures in a folder `figures` of its own, with a folder a world in it."""
    first, *rest = path.split("/")
    study = "The study " if "figures" in rest else ""
    return ", ".join([f"{study}`{first}`", *(word.replace("-", " ") for word in rest if word != "figures")])


def _facts(folder: Path) -> dict:
    try:
        told = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) and isinstance(told.get("claims", []), list) else {}


def _wall(members: list[Board]) -> str:
    cards = []
    for board in members:
        words = [c.get("verdict", "") for c in board.facts.get("claims", ())]
        counted = ", ".join(f"{words.count(w)} {w}" for w in dict.fromkeys(words) if w)
        picture = _address(board, f"{board.stems[0]}.webp", 2)
        cards.append(
            f'<a class="card" href="{board.slug}.html"><span class="look"><img loading="lazy" alt="" src="{picture}">'
            "</span>"
            f"<b>{html.escape(board.title)}</b><span>{html.escape(board.facts.get('question', ''))}</span>"
            f"<small>{html.escape(counted)}</small></a>"
        )
    return '```{raw} html\n<div class="wall">' + "\n".join(cards) + "</div>\n```\n\n"


def _address(board: Board, file: str, up: int) -> str:
    return "../" * up + quote(f"{FILES}/{board.below}/{file}")


def _page(board: Board) -> str:
    """One page: question, verdicts, each picture with its files, the command, the code."""
    lines = [f"# {board.title}", ""]
    if question := board.facts.get("question"):
        lines += [f"**{_text(question)}**", ""]
    for claim in board.facts.get("claims", ()):
        stamp = " (exploratory)" if claim.get("exploratory") else ""
        lines.append(f"- *{claim.get('verdict', 'not judged')}*{stamp}: {_text(claim.get('sentence', ''))}")
    lines += ["", "```{raw} html", '<div class="plates">']
    for stem in board.stems:
        there = {kind: f"{stem}.{kind}" for kind in KINDS if (board.folder / f"{stem}.{kind}").is_file()}
        main = _address(board, there.get("html", there["svg"]), 2)
        links = " · ".join(f'<a href="{_address(board, f, 2)}">{KINDS[k]}</a>' for k, f in there.items())
        name = html.escape(re.sub(r"[-_]+", " ", stem))
        lines.append(
            f'<figure class="plate"><a href="{main}"><img loading="lazy" alt="{name}: open the interactive figure" '
            f'src="{_address(board, f"{stem}.webp", 2)}"></a><figcaption><b>{name}</b> {links}</figcaption></figure>'
        )
    lines += ["</div>", "```", "", *_origin(board)]
    return "\n".join(lines) + "\n"


def _origin(board: Board) -> list[str]:
    facts, lines = board.facts, []
    for title, told in (("Left out", facts.get("exclusions", ())), ("Notes", facts.get("notes", ()))):
        if told:
            lines += [f"**{title}.** {_text('; '.join(str(each) for each in told))}.", ""]
    if stores := facts.get("stores"):
        told = [f"`{s.get('model', '?')}` ({s.get('rows', 0):,} images, {s.get('dim', '?')} d)" for s in stores[:6]]
        named = ", ".join(told)
        lines += [f"**Vectors.** {named}{f' and {len(stores) - 6} more' if len(stores) > 6 else ''}; seed "
                  f"{facts.get('seed', 0)}. <a href=\"{_address(board, 'outcome.json', 2)}\">outcome.json</a> has all "
                  "that was said, with digests.", ""]  # fmt: skip
    if command := facts.get("command"):
        lines += ["```console", str(command), "```", ""]
    if code := code_of(board.analysis):
        lines += [f"<details><summary>Its code, {code}</summary>", ""]
        lines += [f"```{{literalinclude}} ../../../{code}", "```", "", "</details>", ""]
    return lines


def _text(said: str) -> str:
    return escaped(" ".join(str(said).split()))
