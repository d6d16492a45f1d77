"""Rows by the values that they hold; a value that no row holds is a slip, and is told with the nearest."""

from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool

from embedlab.data.names import closest
from embedlab.data.report import few

MOST_COMPARED = 100_000  # names in which a near spelling is looked for: half a second


def holding(column: pl.Series, wanted: list) -> Bool[np.ndarray, " n"]:
    """Where a column holds one of these values; each must stand in it at least once."""
    if not wanted:
        return np.zeros(len(column), dtype=bool)
    strange = [v for v in wanted if not isinstance(v, str)] if column.dtype == pl.String else []
    if strange:
        raise TypeError(f"column {column.name!r} holds text, and {few(strange)} is none: give it in quotes")
    try:
        hit = column.is_in(wanted).fill_null(False)
    except pl.exceptions.InvalidOperationError:
        kind = column.dtype
        raise TypeError(f"column {column.name!r} is of type {kind}, unlike {few(wanted)}: give that type") from None
    if column.filter(hit).n_unique() < len(set(wanted)):  # which is quick, and so comes first
        held = column.drop_nulls().unique()
        absent = [v for v in dict.fromkeys(wanted) if not held.is_in([v]).any()]
        if absent:
            raise ValueError(
                f"column {column.name!r} holds no {few(absent)}, among {len(held):,} distinct values; "
                f"{_nearest(held, absent[0])}. Spell it so, or leave it out"
            )
    return hit.to_numpy()


def _nearest(held: pl.Series, value: Any) -> str:
    """What a value that is not held may have meant, in words."""
    text = held.cast(pl.String)
    if len(held) > MOST_COMPARED:  # ids by the million would be compared for minutes
        text = text.filter(text.str.to_lowercase().str.starts_with(str(value)[:2].lower())).head(MOST_COMPARED)
    near = closest(str(value), sorted(text.to_list()))
    return f"closest: {few(near)}" if near else f"it holds {few(held.sort().to_list()) or 'nothing'}"
