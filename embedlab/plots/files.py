"""A figure as files: SVG, PDF, PNG, a page and a table, each saying where it came from."""

from pathlib import Path

from embedlab.io.atomic import put_bytes
from embedlab.plots import page
from embedlab.plots.images import images
from embedlab.plots.marks import Picture


def save(result, picture: Picture, folder, name: str, provenance: dict, preset: str = "nature-1col") -> list[Path]:
    """Write the five files and give their paths."""
    if not name or any(not (c.isalnum() or c in "._-") for c in name):
        raise ValueError(f"{name!r} cannot be a file name: use letters, digits, dot, dash and underscore")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table = result.table()
    contents = images(picture, provenance, preset)
    contents["html"] = page.figure_page(picture, provenance, table=table, sentence=str(result)).encode()
    contents["csv"] = _signed(table, provenance).write_csv().encode()
    for kind, content in contents.items():
        put_bytes(folder / f"{name}.{kind}", content, "figure")
    return [folder / f"{name}.{kind}" for kind in contents]


def apart(path) -> tuple[Path, str]:
    """Give folder and name of figures whose path was given as one; an ending of ours is dropped.

    >>> folder, name = apart("figures/sex.pdf")
    >>> str(folder), name
    ('figures', 'sex')
    """
    path = Path(path)
    ours = path.suffix.lower() in (".svg", ".pdf", ".png", ".html", ".csv")
    return path.parent, path.stem if ours else path.name


def _signed(table, provenance: dict):
    """The table with the digest of the stores' cards in a last column: a comment line would break its readers."""
    digest = provenance.get("stores") or provenance.get("card")
    if not isinstance(digest, str) or "stores" in table.columns:
        return table
    import polars as pl

    return table.with_columns(stores=pl.lit(digest))
