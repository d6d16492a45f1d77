"""`Manifest`: one row per image, under the same column names wherever the table came from."""

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from embedlab.data.columns import ALIASES, canonical_rows
from embedlab.data.names import closest
from embedlab.data.reading import read_frame, typed
from embedlab.data.report import ReadReport, few
from embedlab.data.taxonomy import RANKS

IMAGES = (".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif")


@dataclass(frozen=True, eq=False)
class Manifest:
    """One row per image: `image_id` (unique) and `path`, and what is known of it; null where it is not.

    Our columns are individual, kingdom to species, subspecies, common_name, sex, life_stage, site, source;
    any other stays as it is. `report` says what reading changed.
    """

    rows: Any  # a polars frame once built; at the door any table that polars takes
    report: ReadReport = field(default_factory=lambda: ReadReport(what="manifest", rows=0))

    def __post_init__(self) -> None:
        if isinstance(self.rows, str | Path):
            raise TypeError(f"a manifest is made of a table; a file is read by Manifest.read({str(self.rows)!r})")
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
        a path, and repeated rows, are left out and reported; two different rows of one id are refused.
        Without an id column the path as written serves as one.
        """
        frame, read = read_frame(path)
        frame, changed = canonical_rows(frame, read.what)
        # names and ids stay text: 007 is not 7
        frame = typed(frame, keep=(*ALIASES, *(f"{name}_as_given" for name in ALIASES)))
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
        ids = frame["image_id"]
        twice = ids.filter(ids.is_duplicated()).unique(maintain_order=True).to_list()
        flat = [name for name, dtype in frame.schema.items() if not dtype.is_nested()]
        once = frame.unique(subset=flat, maintain_order=True) if twice else frame
        if once.height < frame.height:
            left_out.append((f"{frame.height - once.height:,} rows", "the same as another, cell by cell"))
        folder = Path(path).resolve().parent
        written = once["path"].to_list()
        if any("\\" in name for name in written) and not any("/" in name for name in written):
            written = [name.replace("\\", "/") for name in written]
            notes.append("backslashes in paths read as slashes")
        full = [name if "://" in name else os.path.join(folder, name) for name in written]
        once = once.with_columns(pl.Series("path", full, dtype=pl.String))
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
        is the species if most images lie in one, as it is called ("BLUE MORPHO"; `Parus_major` becomes Parus
        major, and folders of iNaturalist 2021 give all seven ranks); images beside the folders have none, and are
        named in the report. Files that are no images by their name are counted there; whether an image can be read is
        seen when it is.
        """
        root = Path(folder)
        if not root.is_dir():
            raise FileNotFoundError(f"no such folder of images: {root}; give the one that holds them")
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
        elif sum("/" in path for path in found) > len(found) / 2:
            labels = [path.split("/", 1)[0] if "/" in path else None for path in found]
            ranks = [(label or "").split("_") for label in labels]
            if loose := [path for path in found if "/" not in path]:
                notes.append(f"{len(loose):,} images beside the folders have no species: {few(loose, 3)}")
            if all(len(parts) == 8 and parts[0].isdigit() for parts in ranks):
                fields = {rank: [parts[i + 1] for parts in ranks] for i, rank in enumerate(RANKS)}
                notes.append("folders are named as in iNaturalist 2021: seven ranks read")
            else:
                fields = {"species": labels}
                notes.append("the first folder is the species")
        if not found:
            what = f" match {pattern!r}" if pattern else ""
            raise ValueError(f"no images below {root}{what}: give the folder that holds them, or another pattern")
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
        f"(?P<{part[1:-1]}>[^/]+?)" if part.startswith("{") else said.get(part) or re.escape(part)
        for part in parts
    )
    return names, re.compile(regex)
