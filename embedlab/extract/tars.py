"""WebDataset tars: images found by offset, never unpacked; hostile archives refused before a byte is decoded.

Members that share a name up to the first dot belong together: `0001.jpg`, `0001.json`, `0001.sci.txt`. Only
uncompressed `.tar` files are read, since an image in a compressed one has no place of its own.
"""

import json
import tarfile
from pathlib import Path, PurePosixPath

from embedlab.extract.decode import SUFFIXES

_SIDECAR_BYTES = 1 << 20


def tar_rows(path: Path) -> list[dict]:
    """List the images of a tar: `image_id`, `path` (TAR::MEMBER), `offset`, `size`, and what stands beside.

    A `.json` member gives its plain values as columns, `NAME.txt` and `NAME.sci.txt` give `txt` and `sci`.
    """
    images: dict[str, dict] = {}
    beside: dict[str, dict] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if member.isdir():
                    continue
                name = _harmless(path, member)
                folder, _, base = name.rpartition("/")
                stem, _, extension = base.partition(".")
                key = f"{folder}/{stem}" if folder else stem
                extension = extension.lower()
                if f".{extension.rpartition('.')[2]}" in SUFFIXES:
                    if key in images:
                        raise ValueError(f"{path.name} has two images called {key!r}: rename one of them")
                    images[key] = {
                        "path": f"{path.name}::{name}",
                        "offset": member.offset_data,
                        "size": member.size,
                    }
                elif extension.rpartition(".")[2] in ("json", "txt", "cls"):
                    if member.size > _SIDECAR_BYTES:
                        raise ValueError(
                            f"{path.name}: {name!r} has {member.size:,} bytes, too many for a label"
                        )
                    content = tar.extractfile(member).read()
                    beside.setdefault(key, {}).update(_columns(path, name, extension, content))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ValueError(
            f"{path} cannot be read as an uncompressed tar ({error}): unpack it, give the folder"
        ) from error
    if not images:
        raise ValueError(f"{path} holds no image ({', '.join(SUFFIXES[:4])} …): give one that does")
    own = ("image_id", "path", "offset", "size")
    return [
        {
            **{k: v for k, v in beside.get(key, {}).items() if k not in own},
            "image_id": f"{path.stem}/{key}",
            **image,
        }
        for key, image in images.items()
    ]


def _harmless(path: Path, member: tarfile.TarInfo) -> str:
    parts = PurePosixPath(member.name).parts
    if (
        not parts
        or member.name.startswith("/")
        or ".." in parts
        or "\\" in member.name
        or "\0" in member.name
    ):
        raise ValueError(
            f"{path} has a member called {member.name!r}, which leads outside: this tar is not trusted"
        )
    if not member.isreg() or member.issparse():
        raise ValueError(
            f"{path} has a member {member.name!r} that is no plain file: this tar is not trusted"
        )
    try:
        member.name.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"{path} has a member {member.name!r} whose name is not UTF-8: rename it") from None
    return "/".join(part for part in parts if part != ".")


def _columns(path: Path, name: str, extension: str, content: bytes) -> dict:
    try:
        text = content.decode("utf-8")
        if not extension.endswith("json"):
            return {extension.removesuffix(".txt") or "txt": text.strip() or None}
        found = json.loads(text)
        if not isinstance(found, dict):
            raise ValueError(f"a {type(found).__name__} where a mapping was expected")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: {name!r} cannot be read ({error}): repair or remove it") from error
    return {str(k): v for k, v in found.items() if v is None or isinstance(v, str | int | float | bool)}
