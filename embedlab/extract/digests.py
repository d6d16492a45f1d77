"""SHA-256 of files, remembered by path, size and modification time so that weights are hashed once."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

_BLOCK = 1 << 20


def file_sha256(path: Path) -> str:
    """Give the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def weights_sha256(path: Path) -> str:
    """Give the SHA-256 of a weights file; read the file only if its path, size or time is not yet known.

    Gigabytes take seconds to hash. What was hashed once stands in `digests.json` in embedlab's cache
    folder; a cache that cannot be written costs time and nothing else.
    """
    path = path.resolve()
    stamp = path.stat()
    entry = [stamp.st_size, stamp.st_mtime_ns]
    known = _known()
    remembered = known.get(str(path))
    if isinstance(remembered, list) and remembered[:2] == entry and len(remembered) == 3:
        return str(remembered[2])
    digest = file_sha256(path)
    _remember({**known, str(path): [*entry, digest]})
    return digest


def stamp(files: Iterable[Path]) -> str:
    """Give one digest of the paths, sizes and modification times of files, without reading them.

    Equal stamps are taken to mean equal contents, as `make` does. Missing files count as missing.
    """
    digest = hashlib.sha256()
    for path in files:
        try:
            found = os.stat(path)
            line = f"{os.path.abspath(path)}\0{found.st_size}\0{found.st_mtime_ns}\n"
        except OSError:
            line = f"{os.path.abspath(path)}\0missing\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def cache_home() -> Path:
    """Give embedlab's cache folder: `EMBEDLAB_HOME`, else `embedlab` in the user's cache folder."""
    home = os.environ.get("EMBEDLAB_HOME")
    if home:
        return Path(home).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "embedlab"


def _known() -> dict:
    try:
        found = json.loads((cache_home() / "digests.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(known: dict) -> None:
    folder = cache_home()
    aside = folder / f".digests.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside.write_text(json.dumps(known, indent=0))
        os.replace(aside, folder / "digests.json")
    except OSError:
        aside.unlink(missing_ok=True)
