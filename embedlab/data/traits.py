"""`Traits`: what is known of each species, one row per species, each trait with its kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from embedlab.data.names import binomial, clean_name, closest, resolve
from embedlab.data.reading import read_frame, typed
from embedlab.data.report import JoinReport, ReadReport, few

KINDS = ("numeric", "binary", "categorical", "ordered")

# Tables whose columns are known by name: how they are recognised, their key, what is taxonomy, and what is
# bookkeeping (identifiers, sources, sample sizes: effort, not biology) and so never offered as a trait.
_KNOWN_TABLES = {
    "AVONET": {
        "marks": {"Species1", "Avibase.ID1", "Hand-Wing.Index"},
        "key": "Species1",
        "taxonomy": {"Family1": "family", "Order1": "order"},
        "bookkeeping": (
            "Sequence Avibase.ID1 Total.individuals Female Male Unknown Complete.measures Mass.Source "
            "Mass.Refs.Other Inference Traits.inferred Reference.species"
        ).split(),
        "ordered": ["Habitat.Density", "Migration"],
    },
    "LepTraits": {
        "marks": {"Species", "verbatimSpecies", "Voltinism", "CanopyAffinity"},
        "key": "Species",
        "taxonomy": {"Family": "family", "Genus": "genus"},
        "bookkeeping": ["verbatimSpecies", "NumberOfHostplantAccounts", "DateCreated"],
        "ordered": [],
    },
}
_KEYS = ("species", "scientific_name", "scientificname", "binomial", "species1", "species_name", "taxon", "name")
_TAXONOMY = ("kingdom", "phylum", "class", "order", "family", "genus", "common_name")


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

    rows: pl.DataFrame
    kinds: Mapping[str, str] = None  # type: ignore[assignment]
    report: ReadReport = field(default_factory=lambda: ReadReport(what="traits", rows=0))

    def __post_init__(self) -> None:
        rows = self.rows if isinstance(self.rows, pl.DataFrame) else pl.DataFrame(self.rows)
        if "species" not in rows.columns:
            raise ValueError(f"traits have no column 'species'; closest: {few(closest('species', rows.columns))}")
        species = rows["species"]
        if species.null_count():
            raise ValueError(f"{species.null_count():,} rows of the traits have no species: leave them out first")
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
        texts = [name for name, kind in kinds.items() if kind == "numeric" and not rows[name].dtype.is_numeric()]
        if texts:
            raise ValueError(f"{few(texts)} are called numeric but hold text")
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "kinds", kinds)

    @classmethod
    def read(
        cls, path: str | Path, species: str | None = None, *, duplicates: str = "auto"
    ) -> "Traits":
        """The traits in a table file; `report` says what was recognised, renamed, merged and left out.

        AVONET and LepTraits are recognised by their columns. Any other table needs a column of species
        (`species`, `scientific_name`, `binomial`, …), or its name in `species`. A species on several rows
        becomes one row where the rows do not contradict each other. Where they do: `duplicates="refuse"`
        raises and names them; `"consensus"` keeps each trait on which all known values agree and empties
        the others. `"auto"` is consensus for LepTraits, whose duplicates are merged synonyms, else refuse.
        """
        if duplicates not in ("auto", "consensus", "refuse"):
            raise ValueError(f"duplicates is 'auto', 'consensus' or 'refuse', not {duplicates!r}")
        frame, read = read_frame(path)
        known = next((k for k, t in _KNOWN_TABLES.items() if t["marks"] <= set(frame.columns)), None)
        table = _KNOWN_TABLES[known] if known else {}
        key = species or table.get("key") or _key(frame, read.what)
        if key not in frame.columns:
            near = closest(key, frame.columns)
            raise KeyError(f"{read.what} has no column {key!r}; closest: {few(near or frame.columns)}")
        notes = [*read.notes, *([f"recognised as {known}"] if known else [])]
        renamed = {key: "species"} if key != "species" else {}
        for name in frame.columns:
            target = table.get("taxonomy", {}).get(name, name.lower() if name.lower() in _TAXONOMY else name)
            if target != name and name != key and target not in frame.columns:
                renamed[name] = target
        left_out = [(name, "bookkeeping") for name in table.get("bookkeeping", []) if name in frame.columns]
        frame = frame.drop([name for name, _ in left_out])
        if key != "species" and "species" in frame.columns:
            frame = frame.rename({"species": "species_as_given"})
        frame = frame.rename(renamed).with_columns(
            pl.col("species").cast(pl.String).map_elements(_canonical, return_dtype=pl.String)
        )
        if nameless := frame["species"].null_count():
            left_out.append((f"{nameless:,} rows", "no species"))
            frame = frame.filter(pl.col("species").is_not_null())
        frame = typed(frame, keep=("species", *_TAXONOMY))
        rule = "consensus" if duplicates == "consensus" or (duplicates == "auto" and known == "LepTraits") else "refuse"
        frame, twice, said = _one_row_each(frame, rule, read.what)
        kinds = kinds_of(frame, ordered=table.get("ordered", []))
        for name in frame.columns:
            if name not in kinds and name not in ("species", *_TAXONOMY):
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
            near = closest(name, self.kinds)
            raise KeyError(f"no trait {name!r}; closest: {few(near or self.names)}")
        return TraitColumn(name, self.kinds[name], self.species, self.rows[name])

    def __repr__(self) -> str:
        counts = [f"{n} {kind}" for kind in KINDS if (n := list(self.kinds.values()).count(kind))]
        return f"{len(self):,} species × {len(self.kinds)} traits ({', '.join(counts) or 'none'})"

    def match(
        self, names: Sequence[str], synonyms: bool | Mapping[str, str] = True
    ) -> tuple["Traits", JoinReport]:
        """Traits with exactly one row for each of these species, in this order; null where nothing is known.

        The rows carry the names that were asked for. Names found as synonyms, and names not found, stand in
        the report.
        """
        asked = list(names)
        twice = [name for name in dict.fromkeys(asked) if asked.count(name) > 1] if len(set(asked)) < len(asked) else []
        if twice:
            raise ValueError(f"{few(twice)} are asked for more than once: give each species once")
        found = resolve(asked, self.species, synonyms=synonyms)
        place = {name: i for i, name in enumerate(self.species)}
        at = [None if name is None else place[name] for name in found.used]
        rows = self.rows[pl.Series(at, dtype=pl.UInt32)].with_columns(pl.Series("species", asked, dtype=pl.String))
        used = {name: key for name, key in zip(asked, found.used, strict=True) if key is not None}
        notes = list(found.notes)
        shared = {key for key in used.values() if list(used.values()).count(key) > 1}
        for key in sorted(shared):
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


def _canonical(text: str) -> str:
    """The binomial where the text holds one, else the text with its spaces in order."""
    return binomial(text) or clean_name(text)


def _key(frame: pl.DataFrame, what: str) -> str:
    """The column of species: by its name, else a first column without a name (as R writes row names)."""
    lower = {name.lower(): name for name in reversed(frame.columns)}
    for name in _KEYS:
        if name in lower:
            return lower[name]
    if frame.columns[0] == "column_0" and frame["column_0"].n_unique() == frame.height:
        return "column_0"
    near = closest("species", frame.columns)
    raise ValueError(
        f'{what} has no column "species". Closest: {few(near or ["none"])}. Columns: {few(frame.columns, 8)}; '
        "say which it is with species=…"
    )


def _one_row_each(frame: pl.DataFrame, rule: str, what: str) -> tuple[pl.DataFrame, list[str], list[str]]:
    """One row per species: agreeing values are kept, and `rule` says what becomes of contradictions."""
    species = frame["species"]
    twice = species.filter(species.is_duplicated()).unique(maintain_order=True).to_list()
    if not twice:
        return frame, [], []
    others = [name for name in frame.columns if name != "species"]
    values = [pl.col(name).drop_nulls() for name in others]
    grouped = frame.group_by("species", maintain_order=True)
    torn = grouped.agg(values.n_unique() > 1 for values in values)
    first = grouped.agg(values.first() for values in values)
    at_odds = torn.filter(pl.any_horizontal(others))["species"].to_list() if others else []
    cells = sum(int(torn[name].sum()) for name in others)
    if at_odds and rule == "refuse":
        raise ValueError(
            f"{what}: {len(at_odds):,} species stand on several rows that contradict each other: {few(at_odds)}. "
            'Give one row per species, or duplicates="consensus" to keep only what all rows agree on'
        )
    for name in others if at_odds else []:
        keep = pl.when(~torn[name]).then(pl.col(name))
        first = first.with_columns(keep.alias(name))
    said = (
        f"{len(twice):,} species stood on several rows and became one each: a trait is kept where all rows that "
        f"know it agree, else emptied ({cells:,} values in {len(at_odds):,} species)"
    )
    return first, twice, [said]


def kinds_of(rows: pl.DataFrame, ordered: Sequence[str] = ()) -> dict[str, str]:
    """What sort of values each trait has; columns of taxonomy and of fewer than two values are no traits.

    Two distinct values are binary, whatever they are. Whole numbers with three to five are ordered, as scores
    are; all other numbers are numeric. Text is categorical.

    >>> kinds_of(pl.DataFrame({"species": list("abc"), "mass": [1.5, 2.0, 9.0], "sings": [True, False, None]}))
    {'mass': 'numeric', 'sings': 'binary'}
    """
    kinds: dict[str, str] = {}
    for name in rows.columns:
        column = rows[name]
        values = column.drop_nulls().unique() if column.dtype != pl.Null else column.clear()
        if name == "species" or name in _TAXONOMY or name == "species_as_given":
            continue
        if len(values) < 2 and rows.height > 1 and not (column.dtype.is_float() and len(values)):
            continue
        if len(values) == 2 and not column.dtype.is_float():
            kinds[name] = "binary"
        elif name in ordered or (column.dtype.is_integer() and len(values) <= 5):
            kinds[name] = "ordered"
        elif column.dtype.is_numeric():
            kinds[name] = "numeric"
        elif column.dtype in (pl.String, pl.Boolean, pl.Categorical):
            kinds[name] = "categorical"
    return kinds
