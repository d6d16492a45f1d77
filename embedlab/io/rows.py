"""The table beside the vectors: the store's own columns first, then the user's, under any name."""

import hashlib
import io
from pathlib import Path

import numpy as np
import polars as pl

from embedlab.data.report import few
from embedlab.io.layout import OWN_COLUMNS

GIVEN = "given_"  # a user's `status` is stored as `given_status`, and read back as `status`
BYTES_PER_ROW = 64 << 10  # a table that claims more than this is not a table of images


def planned_rows(plan: pl.DataFrame) -> pl.DataFrame:
    """Give the plan with `image_id`, `path` and `sha256` first and plain text for categories.

    ValueError if ids are missing, not text, or not unique: names five of them.
    """
    if "image_id" not in plan.columns:
        raise ValueError(f"a row needs an image_id; the columns are {', '.join(plan.columns[:8]) or 'none'}")
    ids = plan["image_id"]
    if ids.dtype != pl.String:
        raise ValueError(f"image_id must be text, not {ids.dtype}: cast it to String")
    if ids.null_count() or (ids == "").any():
        raise ValueError(
            f"{ids.null_count() + int((ids == '').sum())} rows have no image_id: give each its own"
        )
    if ids.n_unique() != len(ids):
        twice = ids.filter(ids.is_duplicated()).unique(maintain_order=True).to_list()
        raise ValueError(f"{len(twice)} image ids occur more than once: {few(twice)}. Give each row its own")
    for own in ("path", "sha256"):
        if own not in plan.columns:
            plan = plan.with_columns(pl.lit(None, pl.String).alias(own))
    categories = [name for name, dtype in plan.schema.items() if isinstance(dtype, pl.Categorical | pl.Enum)]
    plan = plan.with_columns(pl.col(name).cast(pl.String) for name in categories)
    clash = {own: GIVEN + own for own in ("status", "norm") if own in plan.columns}
    if clash and set(clash.values()) & set(plan.columns):
        raise ValueError(
            f"columns {sorted(clash)} are the store's own, and {sorted(clash.values())} exist too: rename"
        )
    plan = plan.rename(clash)
    first = ["image_id", "path", "sha256"]
    return plan.select(first + [name for name in plan.columns if name not in first])


def digest_of_rows(plan: pl.DataFrame) -> str:
    """Give the sha256 of a plan: names, types and values, in order. A changed label changes it."""
    digest = hashlib.sha256(repr([(name, str(dtype)) for name, dtype in plan.schema.items()]).encode())
    for start in range(0, plan.height, 65_536):
        out = io.BytesIO()
        plan[start : start + 65_536].write_ndjson(out)
        digest.update(out.getbuffer())
    return digest.hexdigest()


def rows_bytes(rows: pl.DataFrame, norms: np.ndarray) -> bytes:
    """Give the parquet bytes of planned rows with `status` and `norm` filled in."""
    own = [pl.lit("ok").alias("status"), pl.Series("norm", norms, pl.Float32)]
    rows = rows.with_columns(own)
    first = ["image_id", "path", *OWN_COLUMNS]
    return parquet_bytes(rows.select(first + [name for name in rows.columns if name not in first]))


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """Give a table as parquet: the same table gives the same bytes, however it was put together."""
    out = io.BytesIO()
    frame.rechunk().write_parquet(out, compression="zstd", statistics=True, row_group_size=65_536)
    return out.getvalue()


def read_rows(path: Path, rows: int) -> pl.DataFrame:
    """Give the whole stored table; ValueError if damaged, not `rows` long, or inflated beyond reason."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(path)
        inflated = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
        if metadata.num_rows != rows or inflated > (64 << 20) + rows * BYTES_PER_ROW:
            raise ValueError(
                f"{metadata.num_rows:,} rows and {inflated:,} bytes inflated, its record says {rows:,} rows"
            )
        frame = pl.read_parquet(path.read_bytes())
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing: copy the store again, or remake it") from None
    except (ValueError, OSError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise ValueError(f"{path} is damaged ({error}): copy the store again, or remake it") from None
    missing = [name for name in ("image_id", "path", *OWN_COLUMNS) if name not in frame.columns]
    if missing or frame.height != rows:
        raise ValueError(
            f"{path} lacks the columns {missing} that every store has: it is not a table of a store"
        )
    return frame


def users_rows(stored: pl.DataFrame) -> pl.DataFrame:
    """Give the rows as the user gave them: without the store's own columns, names put back."""
    given = {GIVEN + own: own for own in ("status", "norm") if GIVEN + own in stored.columns}
    return stored.drop(OWN_COLUMNS).rename(given)
