"""AnnData's file format, as it documents it: how tables, names and missing values lie in HDF5.

Written and read with h5py alone. Beside pandas 3 anndata 0.12 reads but does not write, and it holds a whole file in
memory; what it makes of our files is tested. (anndata.readthedocs.io, "On-disk format", encoding versions 0.1 and 0.2.)
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

INDEX = "_index"


def h5py() -> Any:
    """Give the module h5py; ImportError with its line of installation where it is not here."""
    try:
        import h5py as module
    except ImportError:
        raise ImportError("an .h5ad file needs h5py, which is not here: pip install 'embedlab[bio]'") from None
    return module


def put_array(group: Any, name: str, values: Any) -> Any:
    """Write numbers, or yes and no, as AnnData does."""
    return marked(group.create_dataset(name, data=np.ascontiguousarray(values)), "array", "0.2.0")


def put_texts(group: Any, name: str, texts: Iterable[str]) -> Any:
    """Write texts; ValueError for text with a NUL character, which HDF5 cannot hold."""
    values = np.array(list(texts), dtype=object)
    bad = [text for text in values if "\0" in text]
    if bad:
        raise ValueError(
            f"{group.name.strip('/')}: {bad[0]!r} holds a NUL character, which an .h5ad file cannot: clean that "
            "column, or write parquet"
        )
    made = group.create_dataset(name, data=values, shape=values.shape, dtype=h5py().string_dtype())
    return marked(made, "string-array", "0.2.0")


def put_text(group: Any, name: str, text: str) -> None:
    """Write one text."""
    marked(group.create_dataset(name, data=text, dtype=h5py().string_dtype()), "string", "0.2.0")


def put_mapping(parent: Any, name: str) -> Any:
    """Make an empty mapping, to be filled."""
    return marked(parent.create_group(name), "dict", "0.1.0")


def put_table(parent: Any, name: str, index: Iterable[str], columns: pl.DataFrame) -> dict[str, list[str]]:
    """Write a table with its index; the levels of each column of names come back, in their order.

    Text becomes categories in sorted order, missing code −1. Whole numbers and yes/no with holes keep them beside a
    mask; in floats a missing value is NaN, as AnnData has it. Dates become text.
    """
    group = marked(parent.create_group(name), "dataframe", "0.2.0")
    group.attrs[INDEX] = INDEX
    group.attrs.create("column-order", columns.columns or np.array([]), dtype=None if not columns.width else
                       h5py().string_dtype())  # fmt: skip
    put_texts(group, INDEX, index)
    levels = {}
    for series in columns.get_columns():
        kind = series.dtype
        if kind.is_float() or kind.is_decimal():
            put_array(group, series.name, series.cast(pl.Float64 if kind.is_decimal() else kind).to_numpy())
        elif (kind.is_integer() or kind == pl.Boolean) and not series.null_count():
            put_array(group, series.name, series.to_numpy())
        elif kind.is_integer() or kind == pl.Boolean:
            sort = "nullable-boolean" if kind == pl.Boolean else "nullable-integer"
            part = marked(group.create_group(series.name), sort, "0.1.0")
            put_array(part, "values", series.fill_null(False if kind == pl.Boolean else 0).to_numpy())
            put_array(part, "mask", series.is_null().to_numpy())
        else:
            levels[series.name] = _categories(group, series)
    return levels


def _categories(group: Any, series: pl.Series) -> list[str]:
    text = series.cast(pl.String)
    levels = text.drop_nulls().unique().sort().to_list()
    small = np.int8 if len(levels) < 128 else np.int16 if len(levels) < 32_768 else np.int32
    codes = text.cast(pl.Enum(levels)).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
    part = marked(group.create_group(series.name), "categorical", "0.2.0")
    part.attrs["ordered"] = False
    put_texts(part, "categories", levels)
    put_array(part, "codes", codes.astype(small))
    return levels


def marked(node: Any, kind: str, version: str) -> Any:
    """Say of a node what it holds, as every reader of AnnData asks first; the node comes back."""
    node.attrs["encoding-type"], node.attrs["encoding-version"] = kind, version
    return node
