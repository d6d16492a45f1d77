"""`Manifest`: one row per image, under the same column names wherever the table came from."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from embedlab.data.names import clean_name, closest, parse_name
from embedlab.data.reading import read_frame, typed
from embedlab.data.report import ReadReport, few
from embedlab.data.taxonomy import RANKS

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
IMAGES = (".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif")


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.]+", "", name).lower()


def canonical_columns(columns: Iterable[str]) -> dict[str, str]:
    """Which columns to rename to ours; a name that is already ours stays, and none is used twice.

    >>> canonical_columns(["uuid", "lifeStage", "vernacularName", "cls", "beak"])
    {'uuid': 'image_id', 'vernacularName': 'common_name', 'cls': 'class', 'lifeStage': 'life_stage'}
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
        what=what, rows=rows.height, renamed=renamed, missing=missing, recoded=recoded, flags=flags, notes=notes
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
    built = 0
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
        table[(given, of_genus)] = (species, name.subspecies, flag, name.genus)
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
        columns.append(read["subspecies"] if have is None else have.zip_with(have.is_not_null(), read["subspecies"]))
    counts = read["flag"].drop_nulls().value_counts(sort=True)
    flags = dict(zip(counts["flag"].to_list(), counts["count"].to_list(), strict=True))
    if flags:
        columns.append(read["flag"].alias("name_flag"))
    if genus is None and read["genus"].null_count() < read.height:
        columns.append(read["genus"])
    return rows.with_columns(columns), changes if source == "species" else {}, flags, notes


@dataclass(frozen=True, eq=False)
class Manifest:
    """One row per image: `image_id` (unique) and `path`, and what is known of it; null where it is not.

    Our columns are individual, kingdom to species, subspecies, common_name, sex, life_stage, site, source;
    any other stays as it is. `report` says what reading changed.
    """

    rows: pl.DataFrame
    report: ReadReport = field(default_factory=lambda: ReadReport(what="manifest", rows=0))

    def __post_init__(self) -> None:
        rows = self.rows if isinstance(self.rows, pl.DataFrame) else pl.DataFrame(self.rows)
        for name in ("image_id", "path"):
            if name not in rows.columns:
                near = closest(name, rows.columns) or rows.columns[:5]
                raise ValueError(f"a manifest needs a column {name!r}; closest: {few(near)}")
            if rows[name].null_count():
                raise ValueError(f"{rows[name].null_count():,} rows have no {name}: leave them out first")
        rows = rows.with_columns(pl.col("image_id", "path").cast(pl.String))
        ids = rows["image_id"]
        if ids.n_unique() < len(ids):
            twice = ids.filter(ids.is_duplicated()).unique(maintain_order=True).to_list()
            raise ValueError(f"image_id {few(twice)} stand more than once: each image needs its own")
        object.__setattr__(self, "rows", rows)

    def __len__(self) -> int:
        return self.rows.height

    def __repr__(self) -> str:
        said = [f"{len(self):,} images"]
        if "species" in self.rows.columns:
            said.append(f"{self.rows['species'].drop_nulls().n_unique():,} species")
        if "sex" in self.rows.columns and len(self):
            said.append(f"sex known for {100 * (1 - self.rows['sex'].null_count() / len(self)):.0f} %")
        return " · ".join(said)

    @property
    def paths(self) -> list[str]:
        """Where the images lie, in the order of the rows."""
        return self.rows["path"].to_list()

    @classmethod
    def read(cls, path: str | Path) -> "Manifest":
        """The manifest in a CSV, TSV or Parquet file; relative paths are taken from the file's own folder.

        Column names of Darwin Core, TreeOfLife, emb-explorer and others become ours (`ALIASES`). Rows without
        a path, and repeated rows, are left out and reported; two different rows of one id are refused. Without
        an id column the path as written serves as one.
        """
        frame, read = read_frame(path)
        frame, changed = canonical_rows(typed(frame, keep=tuple(ALIASES)), read.what)
        if "path" not in frame.columns:
            near = closest("path", frame.columns) or frame.columns
            raise ValueError(
                f"{read.what} has no column 'path' (or file, filename, filepath, image); closest: {few(near)}"
            )
        notes = [*read.notes, *changed.notes]
        frame = frame.with_columns(pl.col("path").cast(pl.String))
        left_out = []
        if lost := frame["path"].null_count():
            left_out.append((f"{lost:,} rows", "no path"))
            frame = frame.filter(pl.col("path").is_not_null())
        if "image_id" not in frame.columns:
            frame = frame.with_columns(pl.col("path").alias("image_id"))
            notes.append("no id column: the path serves as image_id")
        elif unnamed := frame["image_id"].null_count():
            frame = frame.with_columns(pl.coalesce(pl.col("image_id").cast(pl.String), pl.col("path")))
            notes.append(f"{unnamed:,} rows had no image_id: their path serves")
        once = frame.unique(maintain_order=True)
        ids = frame["image_id"]
        twice = ids.filter(ids.is_duplicated()).unique(maintain_order=True).to_list()
        if once.height < frame.height:
            left_out.append((f"{frame.height - once.height:,} rows", "the same as another, cell by cell"))
        folder = Path(path).resolve().parent
        once = once.with_columns(
            pl.Series("path", [os.path.join(folder, name) for name in once["path"].to_list()], dtype=pl.String)
        )
        first = ["image_id", "path"]
        report = replace(
            changed,
            rows=once.height,
            broken=read.broken,
            missing={name: count for name in once.columns if (count := once[name].null_count())},
            duplicates=twice,
            left_out=left_out,
            notes=notes,
        )
        return cls(once.select(*first, pl.exclude(first)), report)

    @classmethod
    def from_folder(cls, folder: str | Path, pattern: str | None = None) -> "Manifest":
        """The images below a folder, sorted; `image_id` is the path inside it.

        `pattern` reads columns from the path: `"{species}/{individual}_*.jpg"`. Without one, the first folder
        is the species if every image lies in one, as it is called ("BLUE MORPHO"; `Parus_major` becomes Parus
        major, and folders of iNaturalist 2021 give all seven ranks). Files that are no images by their name
        are counted in the report; whether an image can be read is seen when it is.
        """
        root = Path(folder)
        if not root.is_dir():
            raise FileNotFoundError(f"no such folder: {root}")
        found: list[str] = []
        other = 0
        for here, folders, files in os.walk(root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in files:
                if name.startswith("."):
                    continue
                if name.lower().endswith(IMAGES):
                    found.append(Path(here, name).relative_to(root).as_posix())
                else:
                    other += 1
        found.sort()
        left_out = [(f"{other:,} files", "no images by their names")] if other else []
        notes: list[str] = []
        fields: dict[str, list[str | None]] = {}
        if pattern is not None:
            names, regex = _pattern(pattern)
            hits = [regex.fullmatch(path) for path in found]
            if missed := [path for path, hit in zip(found, hits, strict=True) if hit is None]:
                left_out.append((f"{len(missed):,} images", f"not of the form {pattern}: {few(missed, 3)}"))
            found = [path for path, hit in zip(found, hits, strict=True) if hit is not None]
            fields = {name: [hit[name] for hit in hits if hit is not None] for name in names}
        elif found and all("/" in path for path in found):
            labels = [path.split("/", 1)[0] for path in found]
            ranks = [label.split("_") for label in labels]
            if all(len(parts) == 8 and parts[0].isdigit() for parts in ranks):
                fields = {rank: [parts[i + 1] for parts in ranks] for i, rank in enumerate(RANKS)}
                notes.append("folders are named as in iNaturalist 2021: seven ranks read")
            else:
                fields = {"species": labels}
                notes.append("the first folder is the species")
        if not found:
            raise ValueError(f"no images below {root}" + (f" match {pattern!r}" if pattern else ""))
        rows = pl.DataFrame(
            {"image_id": found, "path": [str(root.resolve() / path) for path in found], **fields}
        )
        rows, changed = canonical_rows(rows, str(root.name))
        report = replace(changed, left_out=left_out, notes=[*notes, *changed.notes])
        return cls(rows, report)


def _pattern(pattern: str) -> tuple[list[str], re.Pattern[str]]:
    """The fields of a path pattern, and the expression that reads them; `*` and fields stop at a slash."""
    parts = re.split(r"(\{[^{}]*\}|\*\*|\*)", pattern)
    names = [part[1:-1] for part in parts if part.startswith("{")]
    if wrong := [name for name in names if not name.isidentifier()]:
        raise ValueError(f"{few(wrong)} cannot name columns: write fields as {{species}}")
    if len(set(names)) < len(names) or not names:
        raise ValueError(f"the pattern {pattern!r} needs fields such as {{species}}, each once")
    said = {"*": "[^/]*", "**": ".*"}
    regex = "".join(
        f"(?P<{part[1:-1]}>[^/]+?)" if part.startswith("{") else said.get(part) or re.escape(part) for part in parts
    )
    return names, re.compile(regex)
