"""AnnData's `.h5ad`: vectors in `X`, facts in `obs`. Read with h5py; the file is not trusted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from embedlab.data.report import few
from embedlab.io import h5
from embedlab.io.source_parquet import MOST_NUMBERS
from embedlab.io.sources import CARD, Source, table_rows, written_by_us

INFLATED = 64  # times its bytes in the file; what grows more than this is a trap
ROOM = 64 << 20
CARD_LIMIT = 16 << 20  # characters


def from_h5ad(path: Path) -> Source:
    """Read `X` as vectors and `obs` as their rows; the index names the images.

    Categories become text, holes stay holes. Maps (`obsm`) and all else stay behind, and that is said. The model's name
    comes from `uns["embedlab_card"]`, which we write. Other files' links, and sizes that no vectors have, are refused.
    """
    with _opened(path) as file:
        x = _vectors(path, file)
        shape, given = x.shape, str(x.dtype)
        table, left = _table(path, file)
        card = _card(path, file)
        maps = list(file["obsm"]) if "obsm" in file else []
    rows, notes = table_rows(table, shape[0], path.name)
    if left:
        notes.append(f"columns of obs left out, they hold no plain values: {few(left)}")
    if maps:
        notes.append(f"obsm left out ({few(maps)}): maps are made anew, with what they keep said beside them")
    model, told = written_by_us(card)

    def blocks(size: int) -> Iterator[np.ndarray]:
        with _opened(path) as again:
            held = _vectors(path, again)
            for start in range(0, shape[0], size):
                yield np.ascontiguousarray(_read(path, "X", held, slice(start, start + size)))

    return Source(format="h5ad", rows=rows, dim=shape[1], given=given, blocks=blocks, model=model, notes=notes + told)


def _opened(path: Path) -> Any:
    try:
        return h5.h5py().File(path, "r")
    except OSError as error:
        raise ValueError(f"{path} is not a readable HDF5 file ({error}): fetch it again") from None


def _vectors(path: Path, file: Any) -> Any:
    """Give `X` as a dataset of floats, one row an image; ValueError for whatever else stands there."""
    other = list(file["obsm"]) if "obsm" in file else []
    hint = ": give a file whose X holds one vector a row"
    if other:
        hint = f": are vectors in obsm ({few(other)})? Make them X: AnnData(X=a.obsm[{other[0]!r}], obs=a.obs)"
    x = _node(path, file, "X")
    if x is None or "obs" not in file:
        raise ValueError(f"{path} has no {'obs' if x is not None else 'X'}; it holds {few(file)}{hint}")
    if not hasattr(x, "shape"):
        raise ValueError(f"{path}: X is sparse, as counts are, and no matrix of vectors{hint}")
    if x.shape is None or x.ndim != 2 or 0 in x.shape or x.dtype.kind != "f":
        kind = "empty" if x.shape is None else f"{' × '.join(map(str, x.shape))} of {x.dtype}"
        raise ValueError(f"{path}: X is {kind}, where a matrix of floats is needed{hint}")
    if x.shape[1] > MOST_NUMBERS:
        raise ValueError(f"{path}: X promises vectors of {x.shape[1]:,} numbers: refused, no vectors are so long")
    return x


def _table(path: Path, file: Any) -> tuple[pl.DataFrame, list[str]]:
    """Give `obs` with its index as `image_id`, and the columns that are not read."""
    obs = _node(path, file, "obs")
    if obs is None or not hasattr(obs, "keys"):
        raise ValueError(f"{path}: obs is no table, or one from before anndata 0.7: open it there and write it anew")
    index = _text(obs.attrs.get(h5.INDEX, h5.INDEX))
    names = [_text(name) for name in obs.attrs.get("column-order", ())] or [n for n in obs if n != index]
    columns, left = {}, []
    for name in dict.fromkeys([index, *names]):
        series = _column(path, file, obs, name)
        if series is None:
            left.append(name)
        else:
            columns[name] = series
    if index not in columns:
        raise ValueError(f"{path}: obs has no index {index!r}, which names its rows; it holds {few(obs)}")
    ids = columns.pop(index).cast(pl.String)
    columns = {"obs_names" if "image_id" in columns else "image_id": ids} | columns
    if uneven := [name for name, series in columns.items() if len(series) != len(ids)]:
        raise ValueError(
            f"{path}: {few(uneven)} of obs have another number of rows than the index, {len(ids):,}: write it anew"
        )
    return pl.DataFrame(columns), left


def _column(path: Path, file: Any, obs: Any, name: str) -> pl.Series | None:
    node = _node(path, obs, name)
    if node is None:
        return None
    if not hasattr(node, "keys"):
        older = node.attrs.get("categories")  # before 0.8: codes that point to their names
        values = _values(path, name, node)
        names = None if older is None else _values(path, name, _held(path, file[older]))
        return values if names is None or values is None else _named(path, name, values, names)
    if {"codes", "categories"} <= node.keys():
        codes, names = (_values(path, name, _node(path, node, part)) for part in ("codes", "categories"))
        return None if codes is None or names is None else _named(path, name, codes, names)
    if {"values", "mask"} <= node.keys():
        values, mask = (_values(path, name, _node(path, node, part)) for part in ("values", "mask"))
        return None if values is None or mask is None else pl.select(pl.when(~mask).then(values)).to_series()
    return None


def _named(path: Path, name: str, codes: pl.Series, names: pl.Series) -> pl.Series:
    at = codes.cast(pl.Int64)
    if at.max() is not None and at.max() >= len(names):
        raise ValueError(
            f"{path}: {name} asks for category {at.max()}, and there are {len(names)} names: fetch the file again"
        )
    return names.cast(pl.String).gather(pl.select(pl.when(at >= 0).then(at)).to_series())


def _values(path: Path, name: str, node: Any) -> pl.Series | None:
    """Give a column of plain values, NaN as missing; None for what is none."""
    if node is None or not hasattr(node, "shape") or node.shape is None or node.ndim != 1:
        return None
    text = h5.h5py().check_string_dtype(node.dtype)
    if text is None and node.dtype.kind not in "fiub":
        return None
    array = _read(path, name, node, slice(None))
    if text is not None:
        texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in array.tolist()]
        return pl.Series(texts, dtype=pl.String)
    series = pl.Series(array.astype(array.dtype.newbyteorder("="), copy=False))
    return series.fill_nan(None) if series.dtype.is_float() else series


def _read(path: Path, name: str, node: Any, rows: slice) -> np.ndarray:
    try:
        return node[rows]
    except (OSError, RuntimeError) as error:
        raise ValueError(f"{path}: {name} cannot be read ({error}): fetch the file again, or write it anew") from None


def _node(path: Path, group: Any, name: str) -> Any:
    """Give what a file itself holds under a name, or None; a link that may lead elsewhere is refused."""
    module = h5.h5py()
    link = group.get(name, getlink=True)
    if link is None:
        return None
    if not isinstance(link, module.HardLink):
        raise ValueError(f"{path}: {name} is a link, and none is followed: write the file with its own data")
    return _held(path, group[name])


def _held(path: Path, node: Any) -> Any:
    """Give the node if its numbers lie in this file and are as many as its bytes can hold."""
    if hasattr(node, "shape") and not hasattr(node, "keys"):
        if node.external or node.is_virtual:
            raise ValueError(f"{path}: {node.name} keeps its numbers in another file: write the file with its own data")
        size = node.nbytes if node.shape is not None else 0
        if size > ROOM and size > INFLATED * max(node.id.get_storage_size(), 1):
            raise ValueError(
                f"{path}: {node.name} promises {size:,} bytes, and {node.id.get_storage_size():,} are there: refused"
            )
    return node


def _card(path: Path, file: Any) -> dict[str, Any]:
    uns = _node(path, file, "uns")
    node = _node(path, uns, CARD) if uns is not None and hasattr(uns, "keys") else None
    if node is None or getattr(node, "shape", None) != ():
        return {}
    try:
        text = _text(node[()])
        card = json.loads(text) if len(text) < CARD_LIMIT else {}
    except (ValueError, RecursionError, OSError):
        return {}
    return card if isinstance(card, dict) else {}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
