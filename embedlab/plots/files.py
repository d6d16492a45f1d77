"""A figure as files: SVG, PDF, PNG, a page and a table, each saying where it came from."""

from pathlib import Path

from embedlab.plots import page
from embedlab.plots.images import images
from embedlab.plots.marks import Picture


def save(result, picture: Picture, folder, name: str, provenance: dict, preset: str = "nature-1col") -> list[Path]:
    """Write the five files and give their paths."""
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


def _write(path: Path, content: bytes) -> Path:
    """Write aside and rename, so that a broken run leaves no half figure."""
    aside = path.with_name(f".{path.name}.part")
    aside.write_bytes(content)
    aside.replace(path)
    return path
