"""Matrices on disk: `.npy` files written in pieces, opened as memory maps, and never unpickled."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import polars as pl

from embedlab.data.report import few
from embedlab.io.atomic import aside

ALLOWED = ("float32", "float16")


def put_vectors(
    path: Path, blocks: Iterable[np.ndarray], shape: tuple[int, ...], dtype: str, what: str
) -> dict[str, Any]:
    """Write an array from its consecutive `blocks` of rows as a C-ordered `.npy`; its digests come back.

    The header is padded to a multiple of 64 bytes, so that the numbers start aligned in a memory map.
    """
    with aside(path, what) as file:
        header = {
            "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
            "fortran_order": False,
            "shape": shape,
        }
        np.lib.format.write_array_header_1_0(file, header)
        rows = 0
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype=dtype))
            rows += len(block)
        if rows != shape[0]:
            raise ValueError(f"{path.name}: {rows} rows were handed over where {shape[0]} were announced: give as many")
    return file.record()


def header_of(path: Path) -> tuple[tuple[int, ...], np.dtype, int]:
    """Give (shape, dtype, offset of the first number) of a plain `.npy`; ValueError for anything else.

    Files with pickled objects, Fortran order or fewer bytes than the header promises are refused.
    """
    try:
        with open(path, "rb") as file:
            version = np.lib.format.read_magic(file)
            read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            if version not in read:
                raise ValueError(f"unknown .npy version {version}")
            shape, fortran, dtype = read[version](file)
            offset = file.tell()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing: copy the store again, or remake it") from None
    except (ValueError, EOFError, SyntaxError, TokenError, RecursionError, MemoryError) as error:
        raise ValueError(f"{path} is not a readable .npy file ({error}): fetch it again") from None
    if dtype.hasobject or dtype.names is not None:
        raise ValueError(
            f"{path} holds Python objects, which could run code when opened; only numbers are read"
        )
    if fortran and len(shape) > 1:
        raise ValueError(f"{path} is stored column by column (Fortran order): save np.ascontiguousarray(x)")
    expected = offset + int(np.prod(shape, dtype=object)) * dtype.itemsize
    if path.stat().st_size != expected:
        raise ValueError(
            f"{path} has {path.stat().st_size:,} bytes where its header, {shape} {dtype}, asks for "
            f"{expected:,}: it is cut short or changed; copy it again"
        )
    return tuple(shape), dtype, offset


def open_vectors(path: Path, rows: int, dim: int, dtype: str) -> np.ndarray:
    """Open a stored matrix as a read-only memory map; ValueError if it is not `rows` × `dim` of `dtype`."""
    shape, seen, _ = header_of(path)
    if dtype not in ALLOWED or shape != (rows, dim) or seen != np.dtype(dtype):
        raise ValueError(
            f"{path} holds {' × '.join(map(str, shape))} {seen}, its record says {rows} × {dim} {dtype}: "
            "the file and its record do not belong together; copy the store again"
        )
    if rows == 0:  # an empty file region cannot be mapped
        empty = np.empty((0, dim), dtype)
        empty.setflags(write=False)
        return empty
    return np.load(path, mmap_mode="r", allow_pickle=False)


def storable(x: np.ndarray, dtype: str, ids: pl.Series) -> np.ndarray:
    """Give `x` in the stored type; ValueError, naming the images, for vectors that say nothing.

    Those are vectors with numbers that are not finite (in float16 also: above 65,504) or all zero: a
    made-up row would pass for a measurement, so an image without a vector is listed as unreadable instead.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        stored = np.ascontiguousarray(x, dtype)
    for what, wrong in (
        ("have numbers that are not finite" if dtype == "float32" else "do not fit into float16",
         ~np.isfinite(stored).all(axis=1)),
        ("are zero throughout", ~stored.any(axis=1)),
    ):  # fmt: skip
        if wrong.any():
            names = ids.filter(pl.Series(wrong)).to_list()
            raise ValueError(
                f"{wrong.sum()} of {len(x)} vectors {what}: {few(names)}. None of this part was stored: "
                "leave these out, or list them as unreadable"
            )
    return stored


def norms_of(x: np.ndarray) -> np.ndarray:
    """Give the Euclidean length of each row as float32, summed in float64, without a copy of the whole."""
    norms = np.empty(len(x), np.float32)
    for start in range(0, len(x), 8192):
        block = np.asarray(x[start : start + 8192], np.float64)
        norms[start : start + 8192] = np.sqrt(np.einsum("ij,ij->i", block, block))
    return norms


def recut(blocks: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Cut blocks anew into blocks of `size` rows, the last one shorter: sources end theirs where they like.

    >>> [block.tolist() for block in recut([np.arange(3), np.arange(3, 5)], 2)]
    [[0, 1], [2, 3], [4]]
    """
    waiting: list[np.ndarray] = []
    count = 0
    for block in blocks:
        while len(block):
            head, block = block[: size - count], block[size - count :]
            waiting.append(head)
            count += len(head)
            if count == size:
                yield np.concatenate(waiting) if len(waiting) > 1 else waiting[0]
                waiting, count = [], 0
    if count:
        yield np.concatenate(waiting) if len(waiting) > 1 else waiting[0]
