"""Bytes and tables from files of unknown make: unpacked with a limit, decoded, and never trusted."""

import csv
import gzip
import io
import re
import zlib
from pathlib import Path

import polars as pl

from embedlab.data.names import clean_name
from embedlab.data.report import ReadReport, few

MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "none", "<na>")
LIMIT = 1 << 30  # bytes after unpacking; a table of ten million images stays below it
_CONTROL = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]"


def read_bytes(path: str | Path, limit: int = LIMIT) -> bytes:
    """The bytes of a file, unpacked when it is gzip; more than `limit` unpacked bytes are refused.

    A few kilobytes of gzip can hold terabytes of zeros, hence the limit; it is checked while unpacking.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no such file: {path}; name one that is there")
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not a file")
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            file.seek(0)
            data = file.read(limit + 1)
        else:
            file.seek(0)
            try:
                with gzip.GzipFile(fileobj=file) as unpacked:
                    data = unpacked.read(limit + 1)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise ValueError(f"{path} is a damaged gzip file ({error}): copy it again") from None
    if len(data) > limit:
        raise ValueError(
            f"{path} holds more than {limit / 2**20:,.0f} MiB (unpacked): refused, as no honest file of this "
            "kind is so large; split it, or pass a larger limit"
        )
    return data


def decode(data: bytes, name: str) -> tuple[str, list[str]]:
    """The text in these bytes, and what had to be assumed: UTF-8, UTF-16 by its mark, else Windows-1252."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16"), ["read as UTF-16"]
        except UnicodeDecodeError as error:
            at = f"{error.start:,}"
            raise ValueError(f"{name} is marked as UTF-16 but is damaged at byte {at}: save it as UTF-8") from None
    if b"\x00" in data[: 1 << 20]:
        raise ValueError(f"{name} is not a text table: it holds zero bytes (is it another format?)")
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return data.decode("cp1252", errors="replace"), [
            f"not UTF-8 (first at line {line:,}): read as Windows-1252; check the accents"
        ]


def _delimiter(header: str) -> str:
    """The separator of which the header line, outside quotes, has most."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",\t;|", key=bare.count)


def _lines(text: str, separator: str, quoted: bool) -> tuple[str | None, list[int]]:
    """What is wrong with the number of fields, in words (None where all lines agree), and the empty lines."""
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(io.StringIO(text), delimiter=separator, quoting=quoting)
    bad: list[tuple[int, int]] = []
    empty: list[int] = []
    try:
        width = len(next(reader))
        for at, row in enumerate(reader):
            if not row and width > 1:
                empty.append(at)
            elif row and len(row) != width:
                bad.append((reader.line_num, len(row)))
    except csv.Error as error:
        return f"line {reader.line_num:,}: {error}", []
    if not bad:
        return None, empty
    lines = ", ".join(f"line {line:,} has {fields}" for line, fields in bad[:5])
    return f"the header has {width} fields, but {lines}" + (" …" if len(bad) > 5 else ""), []


def read_text_table(data: bytes, name: str) -> tuple[pl.DataFrame, ReadReport]:
    """A delimited text as a frame of strings, stripped, with every way of writing "missing" made null.

    The separator is told from the header. Characters that no text has (control codes, as broken encodings
    leave them) become the replacement sign and are counted; rows of uneven length are refused by line.
    """
    text, notes = decode(data, name)
    text = text.lstrip("\r\n") if "\n" in text else text.replace("\r", "\n").lstrip("\n")
    header = next((line for line in text.splitlines() if line.strip()), "")
    if not header:
        raise ValueError(f"{name} is empty: a table needs a header line")
    separator = _delimiter(header)
    # GBIF downloads do not quote: an inch sign in a locality would swallow the rest of the file
    quoted = not (separator == "\t" and re.search(r"\b(gbifID|datasetKey|occurrenceID)\b", header))
    # the exact check costs a second pass in Python, so it is left to files below 64 MiB
    uneven, empty = _lines(text, separator, quoted) if len(text) < 1 << 26 else (None, [])
    if uneven:
        raise ValueError(f"{name}: {uneven}. Quote the field that holds a {separator!r}, or repair the line")
    try:
        frame = pl.read_csv(
            text.encode(),
            separator=separator,
            quote_char='"' if quoted else None,
            infer_schema=False,
            has_header=False,
        )
    except pl.exceptions.PolarsError as error:
        said = str(error).splitlines()[0]
        raise ValueError(f"{name} cannot be read as a table ({said}): save it as CSV anew") from None
    given = [clean_name_of_column(value) for value in frame.row(0)]
    twice = sorted({column for column in given if column and given.count(column) > 1})
    if twice:
        raise ValueError(f"{name}: the columns {few(twice)} stand twice in the header; rename one")
    frame = frame[1:]
    frame.columns = [column or f"column_{i}" for i, column in enumerate(given)]
    unnamed = [f"column_{i}" for i, column in enumerate(given) if not column]
    if unnamed:
        notes.append(f"columns without a name are called {few(unnamed)}")
    if empty:
        # an empty line is no row; a row of missing values is one, and may stand beside a vector
        gone = pl.Series(empty, dtype=pl.UInt32)
        frame = frame.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(gone.implode()))
        notes.append(f"{len(empty):,} empty lines passed over")
    frame, missing, broken = clean_cells(frame)
    report = ReadReport(what=name, rows=frame.height, missing=missing, broken=broken, notes=notes)
    return frame, report


def clean_name_of_column(value: str | None) -> str:
    """A header cell without surrounding space or byte-order mark."""
    return (value or "").strip().lstrip("\ufeff")


def clean_cells(frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int], dict[str, int]]:
    """The frame with text stripped, missing values null and broken characters shown; counts per column."""
    columns: list[pl.Series] = []
    broken: dict[str, int] = {}
    for column in frame.get_columns():
        if column.dtype == pl.String:
            column = column.str.strip_chars()
            hits = column.str.contains(f"{_CONTROL}|\ufffd").fill_null(False)
            if count := int(hits.sum()):
                broken[column.name] = count
                column = column.str.replace_all(_CONTROL, "\ufffd")
            gone = column.str.to_lowercase().is_in(list(MISSING)).fill_null(False)
            column = pl.select(pl.when(gone).then(None).otherwise(column).alias(column.name)).to_series()
        elif column.dtype in (pl.Float32, pl.Float64):
            column = column.fill_nan(None)
        columns.append(column)
    clean = pl.DataFrame(columns)
    missing = {name: count for name in clean.columns if (count := clean[name].null_count())}
    return clean, missing, broken


def read_frame(path: str | Path, limit: int = LIMIT) -> tuple[pl.DataFrame, ReadReport]:
    """A table file as a frame and a report: CSV, TSV or another delimited text, gzipped or not, or Parquet.

    Text columns stay text (`typed` makes numbers of them); Parquet keeps its types.
    """
    path = Path(path)
    if path.suffix.lower() in (".xlsx", ".xls", ".ods"):
        raise ValueError(f"{path.name} is a spreadsheet: save it as CSV first")
    if path.is_file():
        with path.open("rb") as file:
            if file.read(4) == b"PAR1":
                return _read_parquet(path, limit)
    return read_text_table(read_bytes(path, limit), path.name)


def _read_parquet(path: Path, limit: int) -> tuple[pl.DataFrame, ReadReport]:
    """A Parquet file, whose own table of contents must promise no more than `limit` bytes of data."""
    try:
        rows = pl.scan_parquet(path).select(pl.len()).collect().item()
        width = len(pl.read_parquet_schema(path))
        # run-length coding lets one kilobyte stand for any number of rows; a cell counts at least one byte
        if rows * width > limit:
            raise ValueError(
                f"{path} promises {rows:,} rows of {width} columns, beyond the limit of {limit:,} cells"
            )
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path} is a damaged Parquet file ({said}): fetch it again") from None
    frame, missing, broken = clean_cells(frame)
    return frame, ReadReport(what=path.name, rows=frame.height, missing=missing, broken=broken)


def typed(frame: pl.DataFrame, keep: tuple[str, ...] = ()) -> pl.DataFrame:
    """Text columns in which every known value is a number, as numbers; columns in `keep` stay text.

    So do columns with leading zeros, which are codes: 007 is not 7.

    >>> typed(pl.DataFrame({"a": ["1", None], "b": ["1.5", "2"], "c": ["x", "1"]})).dtypes
    [Int64, Float64, String]
    """
    columns = []
    for column in frame.get_columns():
        if column.dtype == pl.String and column.name not in keep and column.null_count() < len(column):
            if column.str.contains(r"^[+-]?0\d").any():
                columns.append(column)
                continue
            for dtype in (pl.Int64, pl.Float64):
                cast = column.cast(dtype, strict=False)
                if cast.null_count() == column.null_count() and not (
                    dtype == pl.Float64 and not cast.is_finite().fill_null(True).all()
                ):
                    column = cast
                    break
        columns.append(column)
    return pl.DataFrame(columns)


__all__ = ["LIMIT", "MISSING", "clean_cells", "clean_name", "decode", "read_bytes", "read_frame", "typed"]
