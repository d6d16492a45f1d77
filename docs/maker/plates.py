"""Copy the gallery's files beside the built pages: thumbnails, figures, numbers; interactive ones share a plotly.js."""

import re
import shutil
from pathlib import Path

from maker.wall import FILES, KINDS, boards

WIDE = 1100  # pixels of a thumbnail: sharp on a screen of two pixels a point
SCRIPT = "plotly.min.js"


def copy(figures: Path, out: Path) -> int:
    """Copy what the gallery shows into `out/_figures/` where it is newer, and give how many files were written."""
    written = 0
    for board in boards(figures)[0]:
        there = out / FILES / board.below
        there.mkdir(parents=True, exist_ok=True)
        depth = len(Path(board.below).parts)
        for stem in board.stems:
            written += _thumbnail(board.folder / f"{stem}.png", there / f"{stem}.webp")
            for kind in KINDS:
                written += _copied(board.folder / f"{stem}.{kind}", there / f"{stem}.{kind}", out, depth)
        written += _copied(board.folder / "outcome.json", there / "outcome.json", out, depth)
    return written


def _stale(source: Path, target: Path) -> bool:
    return source.is_file() and not (target.is_file() and target.stat().st_mtime >= source.stat().st_mtime)


def _thumbnail(source: Path, target: Path) -> int:
    if not _stale(source, target):
        return 0
    from PIL import Image

    with Image.open(source) as picture:
        small = picture.convert("RGB")
        small.thumbnail((WIDE, 4 * WIDE), Image.Resampling.LANCZOS)
        small.save(target, quality=88)
    return 1


def _copied(source: Path, target: Path, out: Path, depth: int) -> int:
    if not _stale(source, target):
        return 0
    if source.suffix == ".html":
        target.write_text(_shared(source.read_text(encoding="utf-8"), out, depth), encoding="utf-8")
    else:
        shutil.copy2(source, target)
    return 1


def _shared(page: str, out: Path, depth: int) -> str:
    """An interactive page whose plotly.js is the copy that all pages share; the page's policy lets that file in."""
    from embedlab.plots.page import plotly_js

    inline = f"<script>{plotly_js()}</script>"
    if inline not in page:  # of another plotly version, or without figures: it stays whole
        return page
    script = out / FILES / SCRIPT
    if not script.is_file():
        script.write_text(plotly_js(), encoding="utf-8")
    page = page.replace(inline, f'<script src="{"../" * depth}{SCRIPT}"></script>')
    return re.sub(r"script-src (?='unsafe-inline')", "script-src 'self' file: ", page, count=1)
