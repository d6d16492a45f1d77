"""What a join or a reading has to say for itself: what matched, what did not, what was changed."""

from collections.abc import Iterable
from dataclasses import dataclass, field


def few(items: Iterable, most: int = 5) -> str:
    """At most five items, quoted, and how many more there are: what every message in this room shows.

    >>> few(["a", "b"])
    "'a', 'b'"
    >>> few(range(7), most=2)
    '0, 1 and 5 more'
    """
    items = list(items)
    shown = ", ".join(repr(item) for item in items[:most])
    rest = len(items) - most
    return f"{shown} and {rest:,} more" if rest > 0 else shown


@dataclass(frozen=True, kw_only=True, eq=False)
class JoinReport:
    """What became of each name that was looked up: every one is matched, or stands in `missing`.

    `matched` counts names found, `synonyms` lists (asked, used) for those found under another name, and
    `used` maps every matched name to the name under which it was found.
    """

    what: str
    asked: int
    matched: int
    missing: list[str] = field(default_factory=list)
    synonyms: list[tuple[str, str]] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)

    @property
    def by_name(self) -> int:
        """How many matched under the very name that was asked for."""
        return self.matched - len(self.synonyms)

    @property
    def remarks(self) -> list[str]:
        """What a reader of a result must know, a line each: who was not found, who stands under another name."""
        said = [f"{len(self.missing):,} species not in the {self.what}: {few(self.missing)}"] if self.missing else []
        if self.synonyms:
            pairs = few(f"{asked} as {used}" for asked, used in self.synonyms)
            said.append(f"found in the {self.what} under another name: {pairs}".replace("'", ""))
        return said

    def __str__(self) -> str:
        said = f"{self.what}: {self.matched:,} of {self.asked:,} matched"
        if self.synonyms:
            pairs = ", ".join(f"{asked} as {used}" for asked, used in self.synonyms[:5])
            more = f" and {len(self.synonyms) - 5:,} more" if len(self.synonyms) > 5 else ""
            said += f" ({self.by_name:,} by name, {len(self.synonyms):,} through synonyms: {pairs}{more})"
        if self.missing:
            said += f"; not found: {few(self.missing)}"
        if self.duplicates:
            said += f"; more than once: {few(self.duplicates)}"
        return "; ".join([said, *self.notes])


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadReport:
    """What reading a table changed or could not use: nothing is renamed, recoded or left out in silence.

    `renamed` maps the file's column to ours, `missing` counts missing values per column, `recoded` maps a
    column to (as given -> as read), `flags` counts names that are no plain species, and `left_out` lists
    what was not used with the reason.
    """

    what: str
    rows: int
    renamed: dict[str, str] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    recoded: dict[str, dict[str, str | None]] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    flags: dict[str, int] = field(default_factory=dict)
    duplicates: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = [f"{self.what}: {self.rows:,} rows"]
        if self.renamed:
            said.append("renamed " + ", ".join(f"{old} to {new}" for old, new in self.renamed.items()))
        if self.missing:
            counts = sorted(self.missing.items(), key=lambda item: -item[1])
            more = f" and {len(counts) - 5} more columns" if len(counts) > 5 else ""
            said.append("missing: " + ", ".join(f"{name} {count:,}" for name, count in counts[:5]) + more)
        for column, changes in self.recoded.items():
            pairs = [f"{old!r} to {'missing' if new is None else repr(new)}" for old, new in changes.items()]
            more = f" and {len(pairs) - 5} more" if len(pairs) > 5 else ""
            said.append(f"{column}: read {', '.join(pairs[:5])}{more}")
        if self.broken:
            said.append("broken characters: " + ", ".join(f"{k} {v:,}" for k, v in self.broken.items()))
        if self.flags:
            said.append("names: " + ", ".join(f"{k} {v:,}" for k, v in self.flags.items()))
        if self.duplicates:
            said.append(f"more than once: {few(self.duplicates)}")
        if self.left_out:
            said.append("left out " + ", ".join(f"{what} ({why})" for what, why in self.left_out[:5]))
            if len(self.left_out) > 5:
                said[-1] += f" and {len(self.left_out) - 5:,} more"
        return "; ".join([*said, *self.notes])
