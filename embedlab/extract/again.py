"""How a second call knows the store that is already there, in a fraction of a second and with nothing loaded.

The first call leaves a note in `derived/asked.json` (outside every digest): what was asked for, the files
on which the answer depends, and one stamp of their sizes and times. A note that is missing, or does not fit,
costs time and nothing else: then files are read, the model is loaded, and the store's own key decides.

Only the standard library is imported here.
"""

import glob
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from embedlab import __version__
from embedlab.extract.digests import stamp
from embedlab.io.layout import CARD, DERIVED, MANIFEST, PLAN, digest_of, read_json

PROTOCOL = 1  # a change of what happens between file and vector raises it, and with it every key
_NOTE = "asked.json"
_MOST_FILES = 200_000  # beyond that the note itself would be slow to read


def asked(images: Any, model: str, layer: str | None, text: bool) -> str:
    """Give a digest of what was asked for, with the names of the files that a folder or pattern holds."""
    if hasattr(images, "rows"):
        from embedlab.io.rows import digest_of_rows

        given, names = digest_of_rows(images.rows), []
    else:
        given = os.path.abspath(os.path.expanduser(str(images)))
        names = [os.fsencode(name).hex() for name in sorted(_below(given))]
    where = os.getcwd() if ":" in model else None  # a name may hold a relative path
    return digest_of([PROTOCOL, __version__, given, names, model, where, layer, text])


def _below(given: str) -> Iterator[str]:
    if os.path.isdir(given):
        for here, folders, files in os.walk(given):
            if in_store(files):
                folders.clear()
            else:
                yield from (os.path.join(here, name) for name in files)
    elif not os.path.exists(given):
        yield from glob.iglob(given, recursive=True)


def in_store(files: Iterable[str]) -> bool:
    """Tell from the names in a folder whether it is a store: its thumbnails are not to be embedded."""
    return CARD in files or PLAN in files


def met(store: Path, asked: str) -> bool:
    """Tell whether the finished `store` is the answer to what was asked, and nothing has changed since."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        told = json.loads((store / DERIVED / _NOTE).read_bytes())
        if told["asked"] == asked and told["digest"] == read_json(store / MANIFEST)["digest"]:
            return bool(told["files"]) and stamp(map(Path, told["files"])) == told["stamp"]
    return False


def note(store: Path, asked: str, files: Iterable[Path]) -> None:
    """Leave the note for the next call; where the store cannot be written, leave it out."""
    names = sorted({os.path.abspath(file) for file in files})
    if len(names) > _MOST_FILES:
        return
    told = {
        "asked": asked,
        "digest": read_json(store / MANIFEST)["digest"],
        "stamp": stamp(map(Path, names)),
        "files": names,
    }
    aside = store / DERIVED / f".{_NOTE}.{os.getpid()}"
    with suppress(OSError):
        aside.parent.mkdir(exist_ok=True)
        aside.write_text(json.dumps(told, indent=0))
        os.replace(aside, aside.with_name(_NOTE))


def records(store: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the manifest and the card of a finished store."""
    return read_json(store / MANIFEST), read_json(store / CARD)
