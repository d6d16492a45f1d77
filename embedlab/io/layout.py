"""What a store's files are called and what their JSON may say; `docs/cache.md` rules over this file."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCHEMA = "embedlab.store/1"
SHARD_ROWS = 262_144  # 403 MB of float16 at 768 numbers a row
PART_ROWS = 2_048  # images lost at most to a kill
PLAN, CARD, MANIFEST = "plan.json", "card.json", "manifest.json"
BAD, DUPLICATES, RUNS, LEASE = "bad.csv", "duplicates.csv", "runs.jsonl", "lease.json"
PARTS, THUMBS, DERIVED = "parts", "thumbs", "derived"
SUFFIX = {"float32": "f32", "float16": "f16"}
OWN_COLUMNS = ("sha256", "status", "norm")  # beside image_id and path; the reader leaves them out of `rows`
NAMES = re.compile(
    r"shard-\d{5}\.(f32|f16)\.npy|shard-\d{5}\.(meta\.parquet|json)|thumbs/\d{3,6}\.webp"
    r"|card\.json|bad\.csv|duplicates\.csv"
)
JSON_LIMIT_BYTES = 256 << 20


def canonical(content: Any) -> str:
    """Give the one JSON text of `content`: keys sorted, no spaces, no NaN; TypeError on what JSON lacks.

    >>> canonical({"b": 1, "a": [True, None]})
    '{"a":[true,null],"b":1}'
    """
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(content: Any) -> str:
    """Give the sha256 (64 hexadecimal digits) of the canonical JSON of `content`."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def store_key(facts: Mapping[str, Any]) -> str:
    """Give the key of a store, 64 hexadecimal digits: equal facts give equal keys, in any order.

    >>> store_key({"model": "a", "layer": 1}) == store_key({"layer": 1, "model": "a"})
    True
    """
    return digest_of(dict(facts))


def dtype_for(planned: int, shard_rows: int = SHARD_ROWS) -> str:
    """Give the stored number type for `planned` rows: float32 up to one shard, float16 above.

    >>> dtype_for(1000), dtype_for(1_000_000)
    ('float32', 'float16')
    """
    return "float32" if planned <= shard_rows else "float16"


def shard_names(index: int, dtype: str) -> tuple[str, str, str]:
    """Give the names of a shard's vectors, table and record.

    >>> shard_names(0, "float16")
    ('shard-00000.f16.npy', 'shard-00000.meta.parquet', 'shard-00000.json')
    """
    stem = f"shard-{index:05d}"
    return f"{stem}.{SUFFIX[dtype]}.npy", f"{stem}.meta.parquet", f"{stem}.json"


def inside(folder: Path, name: Any) -> Path:
    """Give the path of a store's file; ValueError for any name that a store does not have, or a link."""
    if not isinstance(name, str) or not NAMES.fullmatch(name):
        raise ValueError(
            f"{folder}: {name!r} is not the name of a file of a store; this store is not trusted"
        )
    path = folder / name
    if path.is_symlink() or path.parent.is_symlink():
        raise ValueError(f"{path} is a link; a store holds its own files: copy the real file there")
    return path


def read_json(path: Path) -> dict[str, Any]:
    """Give the mapping in a JSON file; ValueError if it is not one, too large, or damaged."""
    if path.is_symlink():
        raise ValueError(f"{path} is a link; a store holds its own files: copy the real file there")
    if path.stat().st_size > JSON_LIMIT_BYTES:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes; a record of a store is far smaller")
    try:
        content = json.loads(path.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error}): copy the store again, or remake it") from None
    if not isinstance(content, dict):
        seen = f"a {type(content).__name__} where a mapping was expected"
        raise ValueError(f"{path} is damaged ({seen}): copy the store again, or remake it")
    return content


def expect_schema(content: Mapping[str, Any], path: Path) -> None:
    """Raise ValueError unless `content` declares the schema that this version reads."""
    seen = content.get("schema")
    if seen != SCHEMA:
        raise ValueError(
            f"{path} has schema {seen!r}; this version of embedlab reads {SCHEMA!r}: "
            "use the version that wrote the store, or make it again"
        )


def differing_facts(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """List what differs between two mappings, one phrase each, nested names joined by dots.

    >>> differing_facts({"model": "a", "p": {"size": 1}}, {"model": "b", "p": {"size": 1}})
    ["model: 'a' there, 'b' asked for"]
    """
    phrases = []
    for name in sorted(set(old) | set(new)):
        a, b = old.get(name), new.get(name)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            phrases += differing_facts(a, b, f"{prefix}{name}.")
        elif a != b:
            phrases.append(f"{prefix}{name}: {_short(a)} there, {_short(b)} asked for")
    return phrases


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def content_digest(path: Path | str) -> str:
    """Give the sha256 of a file's bytes, the identity of an image: 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
