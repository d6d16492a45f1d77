"""Columns of images under the same names wherever they came from; sexes and species read with care."""

import re
from collections.abc import Iterable, Mapping

import polars as pl

from embedlab.data.names import clean_name, parse_name
from embedlab.data.report import ReadReport

# Our name for a column, and what others call it (compared without case, spaces, dashes and underscores).
# Where a table has several, the first in this list is taken and the others stay as they are.
ALIASES: dict[str, tuple[str, ...]] = {
    "image_id": ("image_id", "uuid", "treeoflife_id", "rarespecies_id", "photo_id", "gbifID", "id"),
    "path": ("path", "filepath", "image_path", "file_path", "file", "filename", "file_name", "image"),
    "individual": ("individual", "individual_id", "organismID", "animal_id", "specimen", "specimen_id"),
    "kingdom": ("kingdom",),
    "phylum": ("phylum",),
    "class": ("cls", "class"),
    "order": ("order",),
    "family": ("family",),
    "genus": ("genus",),
    "species": ("species", "specific_epithet", "species_name", "binomial"),
    "scientific_name": ("scientific_name", "sciName", "sci_name"),
    "subspecies": ("subspecies", "infraspecific_epithet"),
    "common_name": ("common_name", "common", "vernacular_name"),
    "sex": ("sex", "gender"),
    "life_stage": ("life_stage", "stage"),
    "site": ("site", "locality", "location"),
    "source": ("source", "source_dataset", "data_source"),
    "url": ("url", "source_url", "identifier"),
    "basis_of_record": ("basis_of_record",),
}
SEXES = {
    "male": ("male", "m", "males", "♂", "macho", "männlich"),
    "female": ("female", "f", "females", "♀", "hembra", "weiblich"),
    None: ("unknown", "u", "?", "undetermined", "indeterminate", "not recorded", "not sexed", "unsexed"),
}
STAGES_UNKNOWN = ("unknown", "?", "undetermined", "indeterminate", "not recorded")


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.]+", "", name).lower()


def canonical_columns(columns: Iterable[str]) -> dict[str, str]:
    """Which columns to rename to ours; a name that is already ours stays, and none is used twice.

    >>> canonical_columns(["uuid", "lifeStage", "vernacularName", "cls", "beak"])
    {'uuid': 'image_id', 'cls': 'class', 'vernacularName': 'common_name', 'lifeStage': 'life_stage'}
    """
    columns = list(columns)
    plain: dict[str, str] = {}
    for name in columns:
        plain.setdefault(_plain(name), name)
    renamed: dict[str, str] = {}
    for ours, aliases in ALIASES.items():
        theirs = next((plain[_plain(alias)] for alias in aliases if _plain(alias) in plain), None)
        if theirs is None or theirs == ours or theirs in renamed:
            continue
        if ours in columns:
            # "cls" beside "class": the rank is cls, and class is the label of a benchmark
            if ours != "class":
                continue
            renamed["class"] = "label"
        renamed[theirs] = ours
    return renamed


def canonical_rows(rows: pl.DataFrame, what: str = "rows") -> tuple[pl.DataFrame, ReadReport]:
    """The same rows under our column names, with sexes, stages and species read with care; and what changed.

    Sexes become male or female where they say so plainly, and missing where they say "unknown"; anything
    else ("gynandromorph") stays. `species` becomes a binomial: an epithet is completed from the genus, a
    third name moves to `subspecies`, "sp." is no species (null). Columns `…_as_given` keep the original
    wherever something changed, and `name_flag` marks sp., hybrids and subspecies. A value that reads as no
    scientific name is left as it is.
    """
    renamed = canonical_columns(rows.columns)
    # a rename must not collide with a column that is there under our name
    rows = rows.rename(renamed)
    recoded: dict[str, dict[str, str | None]] = {}
    flags: dict[str, int] = {}
    notes: list[str] = []
    for column, table in (
        ("sex", {word: sex for sex, words in SEXES.items() for word in words}),
        ("life_stage", dict.fromkeys(STAGES_UNKNOWN)),
    ):
        if column not in rows.columns:
            continue
        text = rows[column].cast(pl.String)
        changes: dict[str, str | None] = {}
        for value in text.drop_nulls().unique(maintain_order=True).to_list():
            read = " ".join(value.split()).lower()
            read = table.get(read, read if column == "life_stage" else clean_name(value))
            if read != value:
                changes[value] = read
        rows = _recode(rows, column, text, changes)
        if changes:
            recoded[column] = changes
    if "species" in rows.columns or "scientific_name" in rows.columns:
        rows, species_changes, flags, said = _species(rows)
        if species_changes:
            recoded["species"] = species_changes
        notes += said
    missing = {name: count for name in rows.columns if (count := rows[name].null_count())}
    return rows, ReadReport(
        what=what,
        rows=rows.height,
        renamed=renamed,
        missing=missing,
        recoded=recoded,
        flags=flags,
        notes=notes,
    )


def _recode(
    rows: pl.DataFrame, column: str, text: pl.Series, changes: Mapping[str, str | None]
) -> pl.DataFrame:
    """The column with these values changed, and the original beside it where any was."""
    if not changes:
        return rows.with_columns(text.alias(column))
    old, new = list(changes), pl.Series(list(changes.values()), dtype=pl.String)
    return rows.with_columns(
        text.replace_strict(old, new, default=text, return_dtype=pl.String).alias(column),
        text.alias(f"{column}_as_given"),
    )


def _species(rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, str | None], dict[str, int], list[str]]:
    """Species as binomials, subspecies and flags beside them; each distinct name is looked at once."""
    notes: list[str] = []
    source = "species" if "species" in rows.columns else "scientific_name"
    if source == "scientific_name":
        notes.append("species read from scientific_name")
    genus = rows["genus"].cast(pl.String) if "genus" in rows.columns else None
    pairs = pl.DataFrame(
        {
            "given": rows[source].cast(pl.String),
            "genus": genus if genus is not None else pl.Series([None] * rows.height, dtype=pl.String),
        }
    )
    built, latin = 0, False
    table: dict[tuple, tuple] = {}
    for given, of_genus in pairs.filter(pl.col("given").is_not_null()).unique(maintain_order=True).rows():
        text = clean_name(given)
        if of_genus and re.fullmatch(r"[a-zë-]+", text) and re.fullmatch(r"[A-Z][a-zë-]+", of_genus):
            text, built = f"{of_genus} {text}", built + 1
        name = parse_name(text)
        # a lone genus is no species either, but only where it is known to be one
        alone = name.kind == "genus" and (source == "scientific_name" or text == of_genus)
        species = None if alone else (name.text if name.kind in ("label", "genus") else name.species)
        if name.kind == "label":
            species = given if "_" not in given else text
        flag = "sp." if alone else name.kind if name.kind in ("sp.", "hybrid", "subspecies") else None
        latin |= name.kind in ("species", "subspecies", "hybrid", "sp.")
        table[(given, of_genus)] = (species, name.subspecies, flag, None if name.kind == "label" else name.genus)
    if built:
        notes.append(f"{built:,} epithets completed with their genus")
    nothing = (None, None, None, None)
    read = pl.DataFrame(
        [table.get(pair, nothing) for pair in pairs.rows()],
        schema=["species", "subspecies", "flag", "genus"],
        schema_overrides=dict.fromkeys(["species", "subspecies", "flag", "genus"], pl.String),
        orient="row",
    )
    changes = {given: row[0] for (given, _), row in table.items() if row[0] != given}
    columns = [read["species"]]
    if changes and source == "species":
        columns.append(pairs["given"].alias("species_as_given"))
    if read["subspecies"].null_count() < read.height:
        have = rows["subspecies"].cast(pl.String) if "subspecies" in rows.columns else None
        columns.append(
            read["subspecies"] if have is None else have.zip_with(have.is_not_null(), read["subspecies"])
        )
    counts = read["flag"].drop_nulls().value_counts(sort=True)
    flags = dict(zip(counts["flag"].to_list(), counts["count"].to_list(), strict=True))
    if flags:
        columns.append(read["flag"].alias("name_flag"))
    # a genus is read from the names only where all of them are scientific: "Great Jay" is not, nor are "Cat" and "Dog"
    if genus is None and latin and read["genus"].null_count() == pairs["given"].null_count():
        columns.append(read["genus"])
    return rows.with_columns(columns), changes if source == "species" else {}, flags, notes
