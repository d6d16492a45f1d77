"""Public tables into nouns, under the names and in the shapes that their makers gave them."""

from pathlib import Path

import polars as pl

from embedlab.data.reading import LIMIT, read_frame, typed


def read_table(path: str | Path, limit: int = LIMIT) -> pl.DataFrame:
    """A table file (CSV, TSV, other delimited text, gzipped or not, or Parquet) with numbers as numbers.

    Missing values are null however the file writes them. Damaged, hostile and oversized files (`limit`
    bytes, unpacked) are refused with a ValueError.
    """
    frame, _ = read_frame(path, limit)
    return typed(frame)
