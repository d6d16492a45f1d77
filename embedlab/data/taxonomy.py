"""`Taxonomy`: one row per species with its ranks, and how near two species stand by rank alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Int

from embedlab.data.names import binomial, clean_name, closest, parse_name
from embedlab.data.report import ReadReport, few

RANKS = ("kingdom", "phylum", "class", "order", "family", "genus", "species")
PLURALS = {"kingdom": "kingdoms", "phylum": "phyla", "class": "classes", "order": "orders", "family": "families",
           "genus": "genera", "species": "species"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Taxonomy:
    """One row per species with the seven ranks; what is not known is null.

    >>> birds = pl.DataFrame({"species": ["Parus major", "Parus ater"], "family": ["Paridae", "Paridae"]})
    >>> Taxonomy.from_rows(birds)
    2 species · genus 1 · family 1
    """

    rows: Any  # a polars frame once built; at the door any table that polars takes
    report: ReadReport = field(default_factory=lambda: ReadReport(what="taxonomy", rows=0))

    def __post_init__(self) -> None:
        if isinstance(self.rows, str | Path):
            named = repr(str(self.rows))
            raise TypeError(f"a taxonomy is made of a table, as Taxonomy.from_rows(Manifest.read({named}).rows) has it")
        rows = self.rows if isinstance(self.rows, pl.DataFrame) else pl.DataFrame(self.rows)
        if "species" not in rows.columns:
            raise ValueError(f"no column 'species'; closest: {few(closest('species', rows.columns) or rows.columns)}")
        rows = rows.with_columns(
            pl.lit(None, dtype=pl.String).alias(rank) for rank in RANKS if rank not in rows.columns
        ).select(*RANKS, *[name for name in rows.columns if name not in RANKS])
        species = rows["species"]
        if species.null_count():
            raise ValueError(f"{species.null_count()} rows have no species: leave them out first")
        if species.n_unique() < len(species):
            twice = species.filter(species.is_duplicated()).unique(maintain_order=True).to_list()
            raise ValueError(f"{few(twice)} stand more than once: use Taxonomy.from_rows to merge rows")
        object.__setattr__(self, "rows", rows)

    @classmethod
    def from_rows(cls, rows: pl.DataFrame) -> "Taxonomy":
        """The taxonomy that a table of images implies: one row per species, the ranks its rows agree on.

        Where the rows of one species name two different families (or another rank), that rank becomes null
        and the report says so. A genus that is missing is read from the binomial.
        """
        if "species" not in rows.columns:
            raise ValueError(f"no column 'species'; closest: {few(closest('species', rows.columns) or rows.columns)}")
        have = [rank for rank in RANKS[:-1] if rank in rows.columns]
        known = rows.filter(pl.col("species").is_not_null())
        one = known.group_by("species", maintain_order=True).agg(
            *[pl.col(rank).drop_nulls().n_unique().alias(f"{rank} count") for rank in have],
            *[pl.col(rank).cast(pl.String).drop_nulls().first() for rank in have],
        )
        notes = []
        for rank in have:
            torn = one.filter(pl.col(f"{rank} count") > 1)["species"].to_list()
            if torn:
                notes.append(f"{few(torn)} have more than one {rank}: it is left empty")
                one = one.with_columns(
                    pl.when(pl.col(f"{rank} count") > 1).then(None).otherwise(pl.col(rank)).alias(rank)
                )
        one = one.select("species", *have)
        genus = [parse_name(name).genus if binomial(name) else None for name in one["species"].to_list()]
        read = pl.Series("genus", genus, dtype=pl.String)
        one = one.with_columns(pl.coalesce(pl.col("genus"), read) if "genus" in have else read)
        skipped = rows.height - known.height
        left_out = [(f"{skipped:,} rows", "no species")] if skipped else []
        return cls(one, ReadReport(what="taxonomy", rows=one.height, left_out=left_out, notes=notes))

    def __len__(self) -> int:
        return self.rows.height

    def __repr__(self) -> str:
        said = [f"{self.rows.height:,} species"]
        for rank in reversed(RANKS[:-1]):
            if count := self.rows[rank].drop_nulls().n_unique():
                said.append(f"{rank} {count:,}")
        return " · ".join(said)

    @property
    def names(self) -> list[str]:
        """The species, in order."""
        return self.rows["species"].to_list()

    def first_shared_rank(self, names: Sequence[str] | None = None) -> Int[np.ndarray, "s s"]:
        """How many ranks part two species: 0 the same species, 1 the same genus, …, 6 one kingdom, 7 none.

        Ranks count only where both are known; -1 where nothing can be told. A genus name that plants and
        animals both use does not make them kin: below a rank that differs nothing is shared.
        """
        wanted = self.names if names is None else list(names)
        place = {name: i for i, name in enumerate(self.names)}
        unknown = [name for name in wanted if name not in place]
        if unknown:
            near = closest(unknown[0], self.names, most=1)
            raise KeyError(f"no species {few(unknown)}" + (f"; closest: {near[0]!r}" if near else ""))
        rows = self.rows[[place[name] for name in wanted]] if wanted else self.rows[:0]
        n = len(wanted)
        out = np.full((n, n), -1, dtype=np.int64)
        parted = np.zeros((n, n), dtype=bool)
        for below, rank in enumerate(RANKS):
            values = rows[rank].to_list()
            at = {value: i for i, value in enumerate(dict.fromkeys(v for v in values if v is not None))}
            codes = np.array([at.get(value, -1) for value in values], dtype=np.int64)
            both = (codes[:, None] >= 0) & (codes[None, :] >= 0)
            same = both & (codes[:, None] == codes[None, :])
            out[same & ~parted] = len(RANKS) - 1 - below
            differ = both & ~same & ~parted
            # a difference right below a shared rank leaves that rank; with nothing shared above, all differ
            out[differ & (out < 0)] = len(RANKS)
            parted |= differ
        return out


__all__ = ["RANKS", "Taxonomy", "binomial", "clean_name"]
