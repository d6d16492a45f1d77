"""`Embeddings`: vectors, one row of facts for each, and the card that says who made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from embedlab.data.names import closest, resolve
from embedlab.data.report import JoinReport, few
from embedlab.data.selection import holding


@dataclass(frozen=True, eq=False)
class SpeciesMeans:
    """The mean vector of each species, how many images stand behind it, and how far they scatter.

    `within` is the trace of the within-species covariance (squared length units; divisor n - 1), and nan
    where a species has a single image: no scatter can be told from one.
    """

    names: list[str]
    means: Float[np.ndarray, "s d"]
    counts: Int[np.ndarray, " s"]
    within: Float[np.ndarray, " s"]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Vectors `x` (n by d), their `rows` (a polars table with a unique `image_id`), and a `card`.

    Position is identity: row i of the table speaks of vector i, and every method keeps that. Vectors are
    read-only and may be a memory map, which is not scanned here (a store checks its digests); vectors in
    memory must be finite. Normalising is a view asked for by `unit()`, never a silent change.

    >>> birds = Embeddings(np.eye(3, 2, dtype=np.float32), {"image_id": ["a", "b", "c"], "sex": ["f", "m", None]})
    >>> birds
    3 × 2 · norm unknown · sex known for 67 %
    >>> birds.where(sex="f").rows["image_id"].to_list()
    ['a']
    """

    x: Float[np.ndarray, "n d"]
    rows: Any = None  # a polars frame once built; at the door any table that polars takes
    card: Mapping[str, Any] | None = None  # a dict once built

    def __post_init__(self) -> None:
        if isinstance(self.x, str | Path):
            named = repr(str(self.x))
            raise TypeError(
                f"embeddings are made of vectors and rows; a store is opened by embedlab.open({named}), vectors in a "
                f"file by embedlab.import_file({named}, STORE)"
            )
        if self.rows is None:
            raise TypeError("vectors alone do not say whose they are: give rows too, a table with a column 'image_id'")
        x = np.asanyarray(self.x)
        if x.ndim != 2 or x.dtype.kind != "f":
            raise ValueError(
                f"vectors of shape {x.shape} and type {x.dtype} are no n by d array of floats: "
                "give one row per image, and convert with .astype(numpy.float32)"
            )
        rows = self.rows if isinstance(self.rows, pl.DataFrame) else pl.DataFrame(self.rows)
        if "image_id" not in rows.columns:
            near = closest("image_id", rows.columns)
            hint = f"closest: {few(near)}. Rename it" if near else f"there is {few(rows.columns)}"
            raise ValueError(f"rows have no column 'image_id'; {hint}, or give any text that names each row once")
        if rows.height != len(x):
            hint = " (are the vectors transposed?)" if rows.height == x.shape[1] else ""
            raise ValueError(f"{len(x):,} vectors but {rows.height:,} rows{hint}: they must go together")
        if rows.schema["image_id"] != pl.String:
            rows = rows.with_columns(pl.col("image_id").cast(pl.String))
        ids = rows["image_id"]
        if ids.null_count():
            at = np.flatnonzero(ids.is_null().to_numpy())
            raise ValueError(f"image_id is missing in rows {few(at.tolist())}: every vector needs a name")
        if ids.n_unique() != len(ids):
            twice = ids.filter(ids.is_duplicated()).unique(maintain_order=True).to_list()
            raise ValueError(f"image_id is not unique: {few(twice)} stand more than once; keep one row each")
        if not isinstance(x, np.memmap):
            bad = ids.filter(pl.Series(~np.isfinite(x).all(axis=1), dtype=pl.Boolean)).to_list()
            if bad:
                raise ValueError(f"vectors with numbers that are not finite: {few(bad)}; leave them out")
        if x.flags.writeable:
            x = x.view()
            x.flags.writeable = False
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "card", dict(self.card or {}))

    @property
    def n(self) -> int:
        """How many vectors."""
        return len(self.x)

    @property
    def d(self) -> int:
        """How many numbers each vector has."""
        return int(self.x.shape[1])

    def __len__(self) -> int:
        return self.n

    def __repr__(self) -> str:
        said = [f"{self.n:,} × {self.d:,}", str(self.card.get("norm", "norm unknown"))]
        if "model" in self.card:
            known = str(self.card["model"])
            said.insert(0, "model not stated" if known == "not stated" else known)
        if self.has("species"):
            said.append(f"{self.rows['species'].drop_nulls().n_unique():,} species")
        if self.has("sex") and self.n:
            said.append(f"sex known for {100 * (1 - self.rows['sex'].null_count() / self.n):.0f} %")
        return " · ".join(said)

    def has(self, name: str) -> bool:
        """Whether the rows have such a column."""
        return name in self.rows.columns

    def column(self, name: str) -> pl.Series:
        """One column of the rows; a KeyError names the closest columns."""
        if name not in self.rows.columns:
            near = closest(name, self.rows.columns)
            hint = f"closest: {few(near)}" if near else f"there are {few(self.rows.columns)}"
            raise KeyError(f"no column {name!r}; {hint}")
        return self.rows[name]

    def take(self, indices: Int[np.ndarray, " m"] | Bool[np.ndarray, " n"] | Sequence[int]) -> "Embeddings":
        """The rows at these positions, in this order (or where a mask is true); the card stays."""
        at = np.asarray(indices)
        at = np.flatnonzero(at) if at.dtype == bool and len(at) == self.n else at
        if at.dtype.kind not in "iu" and at.size:
            raise TypeError(f"positions are whole numbers or a mask of length {self.n:,}, not {at.dtype}")
        at = at.astype(np.int64).reshape(-1)
        if at.size and (at.max() >= self.n or at.min() < -self.n):
            raise ValueError(f"position {int(at[np.abs(at).argmax()])} lies outside {self.n:,} rows: they count from 0")
        return Embeddings(np.asarray(self.x[at]), self.rows[at % max(self.n, 1)], self.card)

    def where(self, **wanted: Any) -> "Embeddings":
        """The rows whose columns hold the wanted value, or one of a list of values; None asks for missing.

        A value that stands nowhere in its column is refused: it is a slip more often than a question. Values
        that are all there, but in no row together, give no rows.
        """
        mask = np.ones(self.n, dtype=bool)
        for name, value in wanted.items():
            column = self.column(name)
            values = list(value) if isinstance(value, list | tuple | set | frozenset | pl.Series) else [value]
            hit = holding(column, [v for v in values if v is not None])
            mask &= hit | column.is_null().to_numpy() if None in values else hit
        return self.take(mask)

    def known(self, *columns: str) -> "Embeddings":
        """The rows in which none of these columns is missing."""
        if not columns:
            raise ValueError("name at least one column that must be known")
        return self.take(~np.any([self.column(name).is_null().to_numpy() for name in columns], axis=0))

    def float64(self) -> Float[np.ndarray, "n d"]:
        """The vectors in double precision, for computing."""
        return np.asarray(self.x, dtype=np.float64)

    def unit(self) -> "Embeddings":
        """The same rows with vectors of length one; a vector of length zero points nowhere and is refused."""
        x = self.float64()
        length = np.linalg.norm(x, axis=1)
        if (length == 0).any():
            zero = self.rows["image_id"].filter(pl.Series(length == 0, dtype=pl.Boolean)).to_list()
            raise ValueError(f"vectors of length zero have no direction: {few(zero)}; leave them out")
        dtype = np.float32 if self.x.dtype.itemsize < 4 else self.x.dtype
        return Embeddings((x / length[:, None]).astype(dtype), self.rows, {**self.card, "norm": "unit"})

    def codes(self, column: str) -> tuple[Int[np.ndarray, " n"], list[str]]:
        """Each row's group as a number, and the groups' names in sorted order; missing is -1.

        >>> e = Embeddings(np.ones((3, 1)), {"image_id": list("abc"), "sex": ["m", None, "f"]})
        >>> codes, levels = e.codes("sex")
        >>> codes.tolist(), levels
        ([1, -1, 0], ['f', 'm'])
        """
        values = self.column(column)
        levels = values.drop_nulls().unique().sort().to_list()
        codes = values.replace_strict(
            levels, range(len(levels)), default=-1, return_dtype=pl.Int64
        ).to_numpy()
        codes = codes.copy()
        codes.flags.writeable = False
        return codes, [str(level) for level in levels]

    def per_species(self, column: str = "species") -> SpeciesMeans:
        """The mean vector of each group in `column`, sorted by name; rows without a group are left out."""
        codes, names = self.codes(column)
        counts = np.bincount(codes[codes >= 0], minlength=len(names))
        order = np.argsort(codes, kind="stable")[int((codes < 0).sum()) :]
        means = np.empty((len(names), self.d))
        within = np.full(len(names), np.nan)
        stops = np.cumsum(counts)
        for i, (start, stop) in enumerate(zip(stops - counts, stops, strict=True)):
            x = np.asarray(self.x[order[start:stop]], dtype=np.float64)
            means[i] = x.mean(axis=0)
            if len(x) > 1:
                within[i] = np.square(x - means[i]).sum() / (len(x) - 1)
        for array in (means, counts, within):
            array.flags.writeable = False
        return SpeciesMeans(names, means, counts, within)

    def join(
        self, table: Any, on: str = "species", *, synonyms: bool = True
    ) -> tuple["Embeddings", JoinReport]:
        """The same rows in the same order with the table's columns beside them, and a report of the names.

        `table` is a polars frame, or anything with such `rows` (`Traits`, `Taxonomy`), with one row per name.
        Rows are never multiplied: a name that stands twice in the table is refused. Names that are not found
        get missing values and are named in the report. A column that both sides have must agree (of `Traits`,
        only the traits must: where their families or orders differ, ours are kept and it is said).
        """
        other = table if isinstance(table, pl.DataFrame) else getattr(table, "rows", None)
        if not isinstance(other, pl.DataFrame):
            raise TypeError(
                f"cannot join a {type(table).__name__}: give a polars table, Traits or a Taxonomy"
            )
        if on not in other.columns:
            near = few(closest(on, other.columns) or other.columns)
            raise KeyError(f"the table has no column {on!r}; closest: {near}")
        own = self.column(on).cast(pl.String)
        keys = other[on].cast(pl.String)
        twice = keys.filter(keys.is_duplicated() & keys.is_not_null()).unique(maintain_order=True).to_list()
        if twice:
            raise ValueError(f"{few(twice)} stand more than once in the table: keep one row per {on} first")
        asked = own.drop_nulls().unique(maintain_order=True).to_list()
        found = resolve(asked, keys.drop_nulls().to_list(), synonyms=synonyms and on == "species")
        used = {name: key for name, key in zip(asked, found.used, strict=True) if key is not None}
        place = {key: i for i, key in enumerate(keys.to_list()) if key is not None}
        at = [None if name is None or name not in used else place[used[name]] for name in own.to_list()]
        facts = other.drop(on)
        beside = facts[pl.Series(at, dtype=pl.UInt32)] if other.height else facts.clear(self.n)
        notes = list(found.notes)
        if own.null_count():
            notes.append(f"{own.null_count():,} rows have no {on}")
        traits = getattr(table, "kinds", None)
        opinions = set() if traits is None else set(other.columns) - set(traits)
        columns: list[pl.Series] = []
        for column in beside.get_columns():
            if column.name not in self.rows.columns:
                columns.append(column)
                continue
            mine = self.rows[column.name]
            differ = (mine.cast(pl.String) != column.cast(pl.String)).fill_null(False)
            # ranks that a trait table carries along are its own opinion, and no reason to stop
            if differ.any() and column.name not in opinions:
                where = self.rows["image_id"].filter(differ).to_list()
                raise ValueError(
                    f"column {column.name!r} is in both and differs at {few(where)}: rename or drop one"
                )
            said = f"differs in {int(differ.sum()):,} rows, ours kept" if differ.any() else "agrees"
            notes.append(f"column {column.name!r} is in both: {said}")
            columns.append(mine.zip_with(mine.is_not_null(), column.cast(mine.dtype)))
        report = JoinReport(
            what=f"join on {on}",
            asked=len(asked),
            matched=len(used),
            missing=[name for name, key in zip(asked, found.used, strict=True) if key is None],
            synonyms=found.synonyms,
            notes=notes,
            used=used,
        )
        return Embeddings(self.x, self.rows.with_columns(columns), self.card), report
