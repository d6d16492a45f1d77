"""Public tables into nouns, under the names and in the shapes that their makers gave them."""

import re
from pathlib import Path, PurePosixPath

import polars as pl

from embedlab.data.columns import canonical_rows
from embedlab.data.manifest import Manifest
from embedlab.data.names import clean_name
from embedlab.data.reading import LIMIT, read_bytes, read_frame, typed
from embedlab.data.report import ReadReport, few
from embedlab.data.traits import Traits

_STAGES = {"adult": "adult", "immature": "immature", "juvenile": "juvenile"}


def read_table(path: str | Path, limit: int = LIMIT) -> pl.DataFrame:
    """A table file (CSV, TSV, other delimited text, gzipped or not, or Parquet) with numbers as numbers.

    Missing values are null however the file writes them. Damaged, hostile and oversized files (`limit`
    bytes, unpacked) are refused with a ValueError.
    """
    frame, _ = read_frame(path, limit)
    return typed(frame)


def public_manifest(path: str | Path) -> Manifest:
    """The manifest in a table of NeWT, FishNet or NABirds, told by its columns, or in any other table.

    NeWT has ids for paths, and a life stage in its age tasks; FishNet's image paths are rebuilt from its
    folders; NABirds' classes ("Mallard (Breeding male)") are taken apart by `parse_variant`.
    """
    path = Path(path)
    frame, read = read_frame(path)
    has = set(frame.columns)
    if {"task_cluster", "task", "text_label"} <= has:
        frame, kind = _newt(frame), "NeWT"
    elif {"image", "Folder", "FeedingPath", "SpecCode"} <= has:
        frame, kind = _fishnet(frame), "FishNet"
    elif {"filepath", "class"} <= has and not has & {"cls", "kingdom", "species"}:
        frame, kind = _nabirds(frame), "NABirds"
    else:
        return Manifest.read(path)
    rows, changed = canonical_rows(frame.select(pl.exclude("^column_0$|^Unnamed: 0$")), read.what)
    folder = path.resolve().parent
    if "image_id" not in rows.columns:
        rows = rows.with_columns(pl.col("path").alias("image_id"))
    rows = typed(rows, keep=("image_id", "path", "species", "common_name"))
    rows = rows.with_columns(
        pl.Series("path", [str(folder / name) for name in rows["path"].to_list()], dtype=pl.String)
    )
    notes = [f"recognised as {kind}", *read.notes, *changed.notes]
    report = ReadReport(
        what=read.what,
        rows=rows.height,
        renamed=changed.renamed,
        missing={name: count for name in rows.columns if (count := rows[name].null_count())},
        recoded=changed.recoded,
        broken=read.broken,
        flags=changed.flags,
        notes=notes,
    )
    return Manifest(rows, report)


def _newt(frame: pl.DataFrame) -> pl.DataFrame:
    """NeWT: the image is the id; `ml_age_<species>` tasks hold the stage as their text label."""
    aged = pl.col("task").str.starts_with("ml_age_")
    frame = frame.with_columns(
        (pl.col("id") + ".jpg").alias("path"),
        pl.when(aged)
        .then(pl.col("task").str.strip_prefix("ml_age_").str.replace_all("_", " "))
        .alias("common_name"),
        pl.when(aged).then(pl.col("text_label")).alias("life_stage"),
    )
    # one photo may serve several tasks: then the task is part of the name
    if frame["id"].n_unique() < frame.height:
        frame = frame.with_columns((pl.col("task") + "/" + pl.col("id")).alias("image_id"))
    return frame


def _fishnet(frame: pl.DataFrame) -> pl.DataFrame:
    """FishNet: written paths are those of its makers' disk; the file lies in Image_Library/<Folder>/."""
    files = [PurePosixPath(name.replace("\\", "/")).name for name in frame["image"].to_list()]
    paths = [f"Image_Library/{at}/{name}" for at, name in zip(frame["Folder"].to_list(), files, strict=True)]
    return frame.drop("image").with_columns(pl.Series("path", paths, dtype=pl.String))


def _nabirds(frame: pl.DataFrame) -> pl.DataFrame:
    """NABirds: the class is a common name with a variant in brackets."""
    parsed = [parse_variant(text or "") for text in frame["class"].to_list()]
    columns = ("common_name", "sex", "life_stage", "variant")
    read = pl.DataFrame(parsed, schema=dict.fromkeys(columns, pl.String), orient="row")
    return frame.rename({"class": "label"}).with_columns(read.get_columns())


def parse_variant(text: str) -> tuple[str | None, str | None, str | None, str | None]:
    """Common name, sex, life stage and the variant as written, from "Mallard  (Breeding male)".

    Compounds mean *one or the other*: a sex or stage is given only where all parts of it agree, so
    "(Female/juvenile)" has neither, and keeps its variant.

    >>> parse_variant("Mallard  (Breeding male)")
    ('Mallard', 'male', None, 'Breeding male')
    >>> parse_variant("Hooded Merganser (Female/immature male)")
    ('Hooded Merganser', None, None, 'Female/immature male')
    """
    match = re.fullmatch(r"(.*?)\s*\(([^()]*)\)\s*", clean_name(text))
    if match is None:
        return clean_name(text) or None, None, None, None
    name, variant = match.group(1), match.group(2).strip()
    parts = [re.findall(r"[a-z]+", part.lower()) for part in variant.split("/")]
    sexes = {next((word for word in part if word in ("male", "female")), None) for part in parts}
    stages = {next((_STAGES[word] for word in part if word in _STAGES), None) for part in parts}
    sex = sexes.pop() if len(sexes) == 1 else None
    stage = stages.pop() if len(stages) == 1 else None
    return name, sex, stage, variant or None


def read_occurrences(path: str | Path) -> tuple[pl.DataFrame, ReadReport]:
    """Sex, life stage and the rest of a GBIF download, one row per `source_id`, ready to be joined.

    TreeOfLife catalogues do not carry `sex` and `lifeStage`; their `source_id` is the `gbifID`:
    `embeddings.join(occurrences, on="source_id")`. `path` is `occurrence.txt`, or the folder that holds it.
    """
    path = Path(path)
    path = path / "occurrence.txt" if path.is_dir() else path
    frame, read = read_frame(path)
    key = next((name for name in ("gbifID", "source_id", "id") if name in frame.columns), None)
    if key is None:
        raise ValueError(
            f"{read.what} has no column 'gbifID': is it a GBIF download? It has {few(frame.columns)}"
        )
    frame = frame.rename({key: "source_id"}) if key != "source_id" else frame
    once = frame.filter(pl.col("source_id").is_not_null()).unique(maintain_order=True)
    ids = once["source_id"]
    if ids.n_unique() < len(ids):
        twice = ids.filter(ids.is_duplicated()).unique(maintain_order=True).to_list()
        raise ValueError(f"{read.what}: {few(twice)} stand on several rows that differ: keep one each")
    rows, changed = canonical_rows(once, read.what)
    return typed(rows, keep=("source_id",)), changed


def read_awa2(folder: str | Path, *, continuous: bool = True) -> Traits:
    """The 50 animal classes × 85 attributes of Animals with Attributes 2: association 0–100, or yes and no.

    Classes keep their names ("grizzly bear"); −1 is missing. With or without the index column in
    `classes.txt`. (Xian et al. 2018.)
    """
    folder = Path(folder)

    def lines(name: str) -> list[str]:
        return [line.strip() for line in read_bytes(folder / name).decode().splitlines() if line.strip()]

    def label(line: str) -> str:
        return re.sub(r"^\d+\s+", "", line).replace("+", " ")

    classes, attributes = (
        [label(x) for x in lines("classes.txt")],
        [label(x) for x in lines("predicates.txt")],
    )
    name = f"predicate-matrix-{'continuous' if continuous else 'binary'}.txt"
    cells = [[float(cell) for cell in line.split()] for line in lines(name)]
    if len(cells) != len(classes) or {len(row) for row in cells} != {len(attributes)}:
        raise ValueError(
            f"{name} has {len(cells)} rows of {sorted({len(row) for row in cells})} numbers, but there are "
            f"{len(classes)} classes and {len(attributes)} attributes"
        )
    values = pl.DataFrame(cells, schema=dict.fromkeys(attributes, pl.Float64), orient="row")
    values = values.select(pl.when(pl.all() >= 0).then(pl.all()))
    values = values if continuous else values.cast(pl.Int64)
    rows = values.select(pl.Series("species", classes), pl.all())
    missing = {name: count for name in attributes if (count := values[name].null_count())}
    kinds = dict.fromkeys(attributes, "numeric" if continuous else "binary")
    return Traits(rows, kinds, ReadReport(what="AwA2", rows=len(classes), missing=missing))
