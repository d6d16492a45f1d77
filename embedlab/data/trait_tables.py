"""Trait tables as their makers publish them: recognised, keyed by species, one row each, kinds told."""

from collections.abc import Sequence

import polars as pl

from embedlab.data.names import binomial, clean_name, closest
from embedlab.data.report import few

KINDS = ("numeric", "binary", "categorical", "ordered")

# Tables whose columns are known by name: how they are recognised, their key, what is taxonomy, and what is
# bookkeeping (identifiers, sources, sample sizes: effort, not biology) and so never offered as a trait.
KNOWN_TABLES = {
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
_KEYS = (
    "species",
    "scientific_name",
    "scientificname",
    "binomial",
    "species1",
    "species_name",
    "taxon",
    "name",
)
OF_IMAGES = ("image_id", "path", "individual")  # in a table of images that serves as one of traits, too
TAXONOMY = ("kingdom", "phylum", "class", "order", "family", "genus", "common_name")


def canonical(text: str) -> str:
    """The binomial where the text holds one, else the text with its spaces in order."""
    return binomial(text) or clean_name(text)


def species_column(frame: pl.DataFrame, what: str) -> str:
    """The column of species: by its name, else a first column without a name (as R writes row names)."""
    lower = {name.lower(): name for name in reversed(frame.columns)}
    for name in _KEYS:
        if name in lower:
            return lower[name]
    if frame.columns[0] == "column_0" and frame["column_0"].n_unique() == frame.height:
        return "column_0"
    if frame.columns[0].startswith("("):
        raise ValueError(f"{what} begins with {frame.columns[0][:20]!r}: a Newick tree? Give it as the tree (--tree)")
    near = closest("species", frame.columns)
    raise ValueError(
        f'{what} has no column "species". {f"Closest: {few(near)}. " if near else ""}Columns: {few(frame.columns)}; '
        "rename the one that holds them, or in Python say species=…"
    )


def one_row_each(frame: pl.DataFrame, rule: str, what: str) -> tuple[pl.DataFrame, list[str], list[str]]:
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
        columns = [name for name in others if torn[name].any()]
        raise ValueError(
            f"{what}: {len(at_odds):,} species stand on rows that contradict each other: {few(at_odds)}, in "
            f"{few(columns)}. Give one row per species. What all rows agree on is kept, in Python, by "
            'Traits.read(FILE, duplicates="consensus").rows, which write_csv(NEW) writes down'
        )
    for name in others if at_odds else []:
        keep = pl.when(~torn[name]).then(pl.col(name))
        first = first.with_columns(keep.alias(name))
    said = (
        f"{len(twice):,} species stood on several rows and became one each: a trait is kept where all rows "
        f"that know it agree, else emptied ({cells:,} values in {len(at_odds):,} species)"
    )
    return first, twice, [said]


def almost_numbers(frame: pl.DataFrame) -> dict[str, str]:
    """Text columns that a few cells keep from being numbers, and which: one "0.5 g" would make kinds of a measurement.

    At most a tenth of the values may be in the way, and more than five different numbers must be there, so that codes
    of kinds (1, 2, 2-3) are left alone.

    >>> almost_numbers(pl.DataFrame({"mass": [f"{i}.5" for i in range(19)] + ["0.5 g"]}))
    {'mass': "19 values are numbers, 1 is none: '0.5 g'; mend or empty it"}
    """
    found = {}
    for column in frame.get_columns():
        if column.dtype != pl.String or column.name in ("species", *TAXONOMY):
            continue
        number = column.cast(pl.Float64, strict=False)
        fine = (number.is_not_null() & number.is_finite()).fill_null(False)
        odd = column.filter(column.is_not_null() & ~fine)
        if 0 < len(odd) <= int(fine.sum()) / 9 and column.filter(fine).n_unique() > 5:
            one = len(odd) == 1
            found[column.name] = (
                f"{int(fine.sum()):,} values are numbers, {len(odd):,} {'is' if one else 'are'} none: "
                f"{few(odd.unique(maintain_order=True))}; mend or empty {'it' if one else 'them'}"
            )
    return found


def kinds_of(rows: pl.DataFrame, ordered: Sequence[str] = ()) -> dict[str, str]:
    """What sort of values each trait has; columns of taxonomy and of fewer than two values are no traits.

    Two distinct values are binary, whatever they are. Whole numbers with three to five are ordered, as scores
    are; all other numbers are numeric. Text is categorical.

    >>> kinds_of(pl.DataFrame({"species": list("abc"), "mass": [1.5, 2, 9], "sings": [True, False, None]}))
    {'mass': 'numeric', 'sings': 'binary'}
    """
    kinds: dict[str, str] = {}
    for name in rows.columns:
        column = rows[name]
        values = column.drop_nulls().unique() if column.dtype != pl.Null else column.clear()
        if name == "species" or name in TAXONOMY or name == "species_as_given":
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
