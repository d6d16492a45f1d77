"""A table of names → one caption a name, as the text tower of BioCLIP was taught to read them.

Captions follow BioCLIP (Stevens et al. 2024, arXiv:2311.18803) and BioCLIP 2 (Gu et al. 2025,
arXiv:2505.23883): `a photo of {name}.`, where a table with ranks gives the taxonomic name, kingdom first and
epithet last, ranks that are missing left out, and a common name follows as `with common name X`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from embedlab.data.taxonomy import RANKS

NAME_COLUMNS = ("name", "scientific_name", "species", "binomial", "label", "common_name")
TEMPLATE = "a photo of {}."


@dataclass(frozen=True, kw_only=True, eq=False)
class Captions:
    """One row a name (`image_id` is the name), its `caption`, what was left out, how it was made."""

    rows: pl.DataFrame
    bad: list[tuple[str, str, str]]  # what, reason, message
    duplicates: list[tuple[str, str, str]]  # left out, kept, nothing (images have a digest there)
    card: dict[str, Any]


def read_captions(path: str | Path) -> Captions:
    """Read a table of names (`.csv`, `.tsv`, `.parquet`; `.txt` with a name a line); caption each once."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such table of names")
    if path.suffix.lower() == ".txt":
        table = pl.DataFrame(
            {"name": path.read_text(encoding="utf-8-sig").splitlines()}, schema={"name": pl.String}
        )
    else:
        from embedlab.io.tables import read_table

        table = read_table(path)
    return captions_of(table, str(path.name))


def captions_of(table: pl.DataFrame, what: str) -> Captions:
    """Caption each row of a table; rows without a name are left out, and so are rows that repeat one."""
    ours = {name: name.lower() for name in table.columns if name.lower() in (*RANKS, *NAME_COLUMNS)}
    table = table.rename({name: low for name, low in ours.items() if low not in table.columns})
    ranks = [rank for rank in RANKS if rank in table.columns]
    taxonomic = ("genus" in ranks and len(ranks) >= 2) or len(ranks) >= 3
    column = next((name for name in NAME_COLUMNS if name in table.columns), None)
    if column is None and not taxonomic and table.width == 1:
        column = table.columns[0]
    if column is None and not taxonomic:
        raise ValueError(
            f"{what} has no column of names. Columns: {', '.join(table.columns[:8])}. "
            f"Call one of them 'name', or give ranks ({', '.join(RANKS)})"
        )
    kept, captions, bad, duplicates, seen = [], [], [], [], {}
    common = False
    for index, row in enumerate(table.iter_rows(named=True)):
        row = {key: text.strip() or None if isinstance(text, str) else text for key, text in row.items()}
        name = (taxon_name(row) if taxonomic else None) or (row.get(column) if column else None)
        if name is None:
            bad.append((f"{what} row {index + 1}", "missing", "no name in this row"))
            continue
        name = str(name)
        vernacular = row.get("common_name") if taxonomic else None
        said = (taxon_path(row) if taxonomic else "") or name
        caption = TEMPLATE.format(f"{said} with common name {vernacular}" if vernacular else said)
        if name in seen:
            duplicates.append((f"{what} row {index + 1}: {name}", name, ""))
            continue
        seen[name] = caption
        common = common or bool(vernacular)
        kept.append(index)
        captions.append(caption)
    if not kept:
        raise ValueError(f"{what} holds no name in {table.height} rows: nothing to embed")
    rows = table[kept].drop([name for name in ("image_id", "caption", "path") if name in table.columns])
    rows = rows.select(
        pl.Series("image_id", list(seen), dtype=pl.String),
        pl.Series("path", [None] * len(kept), dtype=pl.String),
        pl.Series("caption", captions, dtype=pl.String),
        pl.all(),
    )
    kind = ("taxon_com" if common else "taxon") if taxonomic else "name"
    ruled = (
        "kingdom to epithet, missing ranks left out" if taxonomic else f"the column {column!r} as it stands"
    )
    return Captions(
        rows=rows,
        bad=bad,
        duplicates=duplicates,
        card={"template": TEMPLATE, "kind": kind, "names": ruled, "ranks": ranks if taxonomic else []},
    )


def taxon_path(row: Mapping[str, Any]) -> str:
    """Give the taxonomic name that BioCLIP reads: known ranks, kingdom first, the epithet last.

    >>> taxon_path({"class": "Aves", "order": None, "genus": "Turdus", "species": "Turdus merula"})
    'Aves Turdus merula'
    """
    words = [str(row[rank]) for rank in RANKS[:-1] if row.get(rank)]
    epithet = _epithet(row)
    return " ".join([*words, epithet] if epithet else words)


def taxon_name(row: Mapping[str, Any]) -> str | None:
    """Give the name of the lowest known rank: a binomial for a species; None if no rank is known.

    >>> taxon_name({"genus": "Turdus", "species": "merula"})
    'Turdus merula'
    >>> taxon_name({"family": "Turdidae", "genus": None})
    'Turdidae'
    """
    epithet, genus = _epithet(row), row.get("genus")
    if epithet:
        return f"{genus} {epithet}" if genus else str(row["species"])
    return next((str(row[rank]) for rank in reversed(RANKS[:-1]) if row.get(rank)), None)


def _epithet(row: Mapping[str, Any]) -> str:
    species, genus = str(row.get("species") or ""), str(row.get("genus") or "")
    return species.removeprefix(f"{genus} ") if genus else species
