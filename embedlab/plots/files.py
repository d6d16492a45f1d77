"""A figure as files: SVG, PDF, PNG, a page and a table, each saying where it came from."""

import json
import re
from io import BytesIO, StringIO
from pathlib import Path

from embedlab.plots import paper, theme
from embedlab.plots.marks import Picture


def save(result, picture: Picture, folder, name: str, provenance: dict, preset: str = "nature-1col") -> list[Path]:
    """Write the five files and give their paths."""
    from embedlab.plots import page

    if not name or any(not (c.isalnum() or c in "._-") for c in name):
        raise ValueError(f"{name!r} cannot be a file name: use letters, digits, dot, dash and underscore")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for kind, content in images(picture, provenance, preset).items():
        out.append(_write(folder / f"{name}.{kind}", content))
    table = result.table()
    out.append(
        _write(
            folder / f"{name}.html",
            page.figure_page(picture, provenance, table=table, sentence=str(result)).encode(),
        )
    )
    out.append(_write(folder / f"{name}.csv", table.write_csv().encode()))
    return out


def images(
    picture: Picture, provenance: dict, preset: str = "nature-1col", kinds=("svg", "pdf", "png")
) -> dict[str, bytes]:
    """Give the bytes of each image format; the same picture and provenance give the same bytes."""
    import matplotlib

    said = json.dumps(provenance, sort_keys=True, ensure_ascii=False, default=str)
    _, scale = theme.preset(preset)
    figure = paper.figure(picture, preset)
    metadata = {
        "svg": {"Title": picture.title, "Description": said, "Creator": "embedlab", "Date": None},
        "pdf": {
            "Title": picture.title,
            "Subject": said,
            "Creator": "embedlab",
            "CreationDate": None,
            "ModDate": None,
        },
        "png": {"Title": picture.title, "Description": said, "Software": "embedlab"},
    }
    out = {}
    with matplotlib.rc_context(theme.rc(scale)):
        for kind in kinds:
            buffer = StringIO() if kind == "svg" else BytesIO()
            figure.savefig(buffer, format=kind, dpi=300, metadata=metadata[kind])
            content = buffer.getvalue()
            out[kind] = _numbered_clips(content).encode() if kind == "svg" else content
    return out


def _numbered_clips(svg: str) -> str:
    """Name clip paths in the order of their use: matplotlib names them after memory addresses."""
    names = dict.fromkeys(re.findall(r"url\(#(p[0-9a-f]{10})\)", svg))
    for number, name in enumerate(names):
        svg = svg.replace(name, f"clip{number}")
    return svg


def _write(path: Path, content: bytes) -> Path:
    """Write aside and rename, so that a broken run leaves no half figure."""
    aside = path.with_name(f".{path.name}.part")
    aside.write_bytes(content)
    aside.replace(path)
    return path
