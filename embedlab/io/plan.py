"""What is to be made: the facts behind the key, the inputs, and the cut into parts and shards."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from embedlab.io import layout


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """One store as it was asked for. Two runs with equal plans write the same bytes.

    `images` rows are cut into parts of `part_rows`, and parts are joined into shards of `shard_rows`; the
    cut counts planned images, not readable ones, so that it is known before the first image is opened.
    """

    facts: dict[str, Any]
    card: dict[str, Any]
    inputs: str
    images: int
    dim: int
    dtype: str
    settings: dict[str, Any]
    shard_rows: int
    part_rows: int

    def __post_init__(self) -> None:
        if self.dim < 1:
            raise ValueError(f"vectors need at least one number each, dim is {self.dim}")
        if self.dtype not in layout.SUFFIX:
            raise ValueError(f"dtype {self.dtype!r} cannot be stored: choose float32, float16 or auto")
        if self.part_rows < 1 or self.shard_rows % self.part_rows:
            raise ValueError(
                f"shards of {self.shard_rows} rows cannot be cut into parts of {self.part_rows}: give a whole multiple"
            )

    @property
    def key(self) -> str:
        """The key of the store: sha256 of the canonical JSON of `facts`."""
        return layout.store_key(self.facts)

    @property
    def parts(self) -> int:
        """How many parts the plan is cut into."""
        return -(-self.images // self.part_rows)

    @property
    def shards(self) -> list[range]:
        """The numbers of the parts that make up each shard."""
        each = self.shard_rows // self.part_rows
        return [range(first, min(first + each, self.parts)) for first in range(0, self.parts, each)]

    def span(self, part: int) -> tuple[int, int]:
        """Give the first planned row of `part`, and the first after it."""
        if not 0 <= part < self.parts:
            raise ValueError(f"part {part} is not planned: there are {self.parts}, counted from 0")
        return part * self.part_rows, min((part + 1) * self.part_rows, self.images)

    def record(self) -> dict[str, Any]:
        """Give what `plan.json` says."""
        return {
            "schema": layout.SCHEMA, "key": self.key, "facts": self.facts, "card": self.card,
            "inputs": self.inputs, "planned": self.images, "dim": self.dim, "dtype": self.dtype,
            "settings": self.settings, "shard_rows": self.shard_rows, "part_rows": self.part_rows,
        }  # fmt: skip

    def declared(self) -> dict[str, Any]:
        """Give what `card.json` says before the vectors are measured."""
        return {
            **self.card, "schema": layout.SCHEMA, "key": self.key, "facts": self.facts,
            "dim": self.dim, "dtype": self.dtype, "inputs": self.inputs,
        }  # fmt: skip

    def agree(self, path: Path, facts: Mapping[str, Any], dim: Any, inputs: Any, planned: Any) -> None:
        """Raise ValueError unless the store standing at `path` is the one that this plan asks for."""
        differing = layout.differing_facts(facts, self.facts)
        if differing:
            raise ValueError(
                f"{path} holds a store with another key; what differs is {'; '.join(differing[:5])}"
                f"{'; …' if len(differing) > 5 else ''}. Write to another folder"
            )
        if dim != self.dim:
            raise ValueError(
                f"{path} holds vectors of {dim} numbers, these have {self.dim}: write to another folder"
            )
        if inputs != self.inputs:
            raise ValueError(
                f"{path} was made in the same way from other inputs ({planned:,} there, {self.images:,} now; "
                "names, contents or metadata differ): write to another folder"
            )

    def resumed(self, record: Mapping[str, Any], path: Path, allow_drift: bool) -> "Plan":
        """Give the plan that an earlier run wrote, if it is this one; its card, settings and cut are kept."""
        layout.expect_schema(record, path)
        try:
            self.agree(path.parent, record["facts"], record["dim"], record["inputs"], record["planned"])
            old, new = record["card"].get("versions", {}), self.card.get("versions", {})
            drift = layout.differing_facts(old, new)
            if drift and not allow_drift:
                raise ValueError(
                    f"{path.parent} was begun with other library versions ({'; '.join(drift[:5])}), so its "
                    "vectors may differ: use those versions, allow the drift, or write to another folder"
                )
            kept = {name: record[name] for name in ("card", "settings", "shard_rows", "part_rows")}
        except (KeyError, AttributeError, TypeError) as error:
            raise ValueError(f"{path} is damaged ({error}): remove {path.parent} and begin again") from None
        return replace(self, **kept)
