"""`Traits`: what is known of each species, one row per species, each trait with its kind."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from embedlab.data.names import closest, resolve
from embedlab.data.reading import read_frame, typed
from embedlab.data.report import JoinReport, ReadReport, few
from embedlab.data.trait_tables import (
    KINDS,
    KNOWN_TABLES,
    OF_IMAGES,
    TAXONOMY,
    almost_numbers,
    canonical,
    kinds_of,
    one_row_each,
    species_column,
)


@dataclass(frozen=True, eq=False)
class TraitColumn:
    """One trait: its values (null where unknown) beside the species they belong to."""

    name: str
    kind: str
    species: list[str]
    values: pl.Series

    def __len__(self) -> int:
        return len(self.species)

    @property
    def known(self) -> int:
        """For how many species the trait is known."""
        return len(self.values) - self.values.null_count()

    def __repr__(self) -> str:
        levels = "" if self.kind == "numeric" else f", {self.values.drop_nulls().n_unique()} values"
        return f"{self.name} ({self.kind}{levels}) · known for {self.known:,} of {len(self):,} species"


@dataclass(frozen=True, eq=False)
class Traits:
    """One row per species (column `species`), and `kinds`: each trait's name with what sort of values it has.

    *numeric* is a measurement, *binary* has two values, *ordered* few whole numbers with an order, and
    *categorical* names without one. Columns outside `kinds` (family, order, …) are carried along, and are
    no traits.

    >>> traits = Traits({"species": ["Parus major", "Corvus corax"], "mass": [18.0, None]})
    >>> traits["mass"]
    mass (numeric) · known for 1 of 2 species
    """

    rows: Any  # a polars frame once built; at the door any table that polars takes
    kinds: Mapping[str, str] | None = None  # a dict once built; told by `kinds_of` where not given
    report: ReadReport = field(default_factory=lambda: ReadReport(what="traits", rows=0))

    def __post_init__(self) -> None:
        if isinstance(self.rows, (str, Path)):
            raise TypeError(f"traits are made of a table; a file is read by Traits.read({str(self.rows)!r})")
        rows = self.rows if isinstance(self.rows, pl.DataFrame) else pl.DataFrame(self.rows)
        if "species" not in rows.columns:
            raise ValueError(
                f"traits have no column 'species'; closest: "
                f"{few(closest('species', rows.columns) or rows.columns)}"
            )
        species = rows["species"]
        if species.null_count():
            raise ValueError(
                f"{species.null_count():,} rows of the traits have no species: leave them out first"
            )
        if species.n_unique() < len(species):
            twice = species.filter(species.is_duplicated()).unique(maintain_order=True).to_list()
            raise ValueError(f"{few(twice)} stand more than once: traits have one row per species")
        kinds = dict(kinds_of(rows) if self.kinds is None else self.kinds)
        absent = [name for name in kinds if name not in rows.columns or name == "species"]
        strange = [kind for kind in kinds.values() if kind not in KINDS]
        if absent:
            raise ValueError(f"kinds speak of {few(absent)}, which are no trait columns")
        if strange:
            raise ValueError(f"a trait is one of {', '.join(KINDS)}, not {few(strange)}")
        texts = [
            name for name, kind in kinds.items() if kind == "numeric" and not rows[name].dtype.is_numeric()
        ]
        if texts:
            raise ValueError(f"{few(texts)} are called numeric but hold text: clean them, or call them categorical")
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "kinds", kinds)

    @classmethod
    def read(cls, path: str | Path, species: str | None = None, *, duplicates: str = "auto") -> "Traits":
        """The traits in a table file; `report` says what was recognised, renamed, merged and left out.

        AVONET and LepTraits are recognised by their columns. Any other table needs a column of species
        (`species`, `scientific_name`, `binomial`, …), or its name in `species`. A species on several rows
        becomes one row where the rows do not contradict each other, so that the table beside the vectors will do:
        what names images (`image_id`, `path`, `individual`) is left out. Where they do: `duplicates="refuse"`
        raises and names species and columns; `"consensus"` keeps each trait on which all known values agree and empties
        the others. `"auto"` is consensus for LepTraits, whose duplicates are merged synonyms, else refuse.
        """
        if duplicates not in ("auto", "consensus", "refuse"):
            raise ValueError(f"duplicates is 'auto', 'consensus' or 'refuse', not {duplicates!r}")
        frame, read = read_frame(path)
        known = next((k for k, t in KNOWN_TABLES.items() if t["marks"] <= set(frame.columns)), None)
        table = KNOWN_TABLES[known] if known else {}
        key = species or table.get("key") or species_column(frame, read.what)
        if key not in frame.columns:
            near = closest(key, frame.columns)
            raise KeyError(f"{read.what} has no column {key!r}; closest: {few(near or frame.columns)}")
        notes = [*read.notes, *([f"recognised as {known}"] if known else [])]
        renamed = {key: "species"} if key != "species" else {}
        for name in frame.columns:
            target = table.get("taxonomy", {}).get(name, name.lower() if name.lower() in TAXONOMY else name)
            if target != name and name != key and target not in frame.columns:
                renamed[name] = target
        if known == "AVONET" and (guessed := int((frame["Inference"] == "YES").sum())):
            notes.append(f"some measures of {guessed:,} species were inferred by its authors, not taken")
        left_out = [(name, "bookkeeping") for name in table.get("bookkeeping", []) if name in frame.columns]
        left_out += [(name, "of images, not of species") for name in OF_IMAGES if name in frame.columns and name != key]
        frame = frame.drop([name for name, _ in left_out])
        if key != "species" and "species" in frame.columns:
            frame = frame.rename({"species": "species_as_given"})
        frame = frame.rename(renamed).with_columns(
            pl.col("species").cast(pl.String).map_elements(canonical, return_dtype=pl.String)
        )
        if nameless := frame["species"].null_count():
            left_out.append((f"{nameless:,} rows", "no species"))
            frame = frame.filter(pl.col("species").is_not_null())
        frame = typed(frame, keep=("species", *TAXONOMY))
        almost = almost_numbers(frame)
        left_out += almost.items()
        frame = frame.drop(list(almost))
        rule = (
            "consensus"
            if duplicates == "consensus" or (duplicates == "auto" and known == "LepTraits")
            else "refuse"
        )
        frame, twice, said = one_row_each(frame, rule, read.what)
        kinds = kinds_of(frame, ordered=table.get("ordered", []))
        for name in frame.columns:
            if name not in kinds and name not in ("species", *TAXONOMY):
                left_out.append((name, "a single value or none"))
        frame = frame.drop([name for name, _ in left_out if name in frame.columns])
        report = ReadReport(
            what=read.what,
            rows=frame.height,
            renamed=renamed,
            missing={name: frame[name].null_count() for name in kinds if frame[name].null_count()},
            broken=read.broken,
            duplicates=twice,
            left_out=left_out,
            notes=notes + said,
        )
        return cls(frame.select("species", pl.exclude("species")), kinds, report)

    @property
    def names(self) -> list[str]:
        """The traits' names, in the order of the table."""
        return list(self.kinds)

    @property
    def species(self) -> list[str]:
        """The species, in the order of the rows."""
        return self.rows["species"].to_list()

    def __len__(self) -> int:
        return self.rows.height

    def __contains__(self, name: str) -> bool:
        return name in self.kinds

    def __getitem__(self, name: str) -> TraitColumn:
        if name not in self.kinds:
            if why := dict(self.report.left_out).get(name):
                raise KeyError(f"{name!r} is no trait: it was left out ({why})")
            near = closest(name, self.kinds)
            raise KeyError(f"no trait {name!r}; closest: {few(near or self.names)}")
        return TraitColumn(name, self.kinds[name], self.species, self.rows[name])

    def __repr__(self) -> str:
        counts = [f"{n} {kind}" for kind in KINDS if (n := list(self.kinds.values()).count(kind))]
        return f"{len(self):,} species × {len(self.kinds)} traits ({', '.join(counts) or 'none'})"

    def match(
        self, names: Sequence[str | None], synonyms: bool | Mapping[str, str] = True
    ) -> tuple["Traits", JoinReport]:
        """Traits with exactly one row for each of these species, in this order; null where nothing is known.

        The rows carry the names that were asked for. Names found as synonyms, and names not found, stand in
        the report.
        """
        asked = list(names)
        if None in asked:
            raise ValueError(f"{asked.count(None):,} of the names are missing: leave them out first")
        twice = [name for name, count in Counter(asked).items() if count > 1]
        if twice:
            raise ValueError(f"{few(twice)} are asked for more than once: give each species once")
        found = resolve(asked, self.species, synonyms=synonyms)
        place = {name: i for i, name in enumerate(self.species)}
        at = [None if name is None else place[name] for name in found.used]
        rows = self.rows[pl.Series(at, dtype=pl.UInt32)].with_columns(
            pl.Series("species", asked, dtype=pl.String)
        )
        used = {name: key for name, key in zip(asked, found.used, strict=True) if key is not None}
        notes = list(found.notes)
        for key, count in Counter(used.values()).items():
            if count > 1:
                both = [name for name, known in used.items() if known == key]
                notes.append(f"{few(both)} share the row of {key!r}")
        report = JoinReport(
            what="traits",
            asked=len(asked),
            matched=len(used),
            missing=[name for name in asked if name not in used],
            synonyms=found.synonyms,
            notes=notes,
            used=used,
        )
        return Traits(rows, self.kinds, self.report), report
