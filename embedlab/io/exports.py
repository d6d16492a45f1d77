"""A store, or what was chosen of one, as a file that other programs read."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from embedlab.data.embeddings import Embeddings
from embedlab.data.report import few
from embedlab.io import target_h5ad, target_parquet
from embedlab.io.atomic import digests, sweep
from embedlab.io.layout import MANIFEST
from embedlab.io.outgoing import outgoing

STALE_SECONDS = 600  # a living writer, on this machine or another, has written since
ENDINGS = {"parquet": target_parquet.ENDING, "h5ad": target_h5ad.ENDING}


def export_file(
    what: Embeddings | Path | str,
    out: Path | str,
    to: str,
    *,
    maps: Mapping[str, tuple[Any, Sequence[str], str]] | None = None,
    palette: target_h5ad.Palette | None = None,
) -> dict[str, Any]:
    """Write vectors and facts to a file; `{file, format, rows, dim, bytes, sha256, model, key, …}` comes back.

    `to` is "parquet" (as emb-explorer documents it) or "h5ad" (AnnData). Vectors are written as they are, float32, a
    block at a time. The file is whole or absent, and the same store gives the same bytes. `embedlab import` reads both.

    ValueError, before anything is written, for a format that is not known, for a file that exists, and for an ending
    that tells of another format; ImportError with the line of installation where h5ad lacks h5py.
    """
    out = Path(out)
    check_target(out, to, maps=maps or ())
    if to == "h5ad":
        target_h5ad.h5.h5py()
    going = outgoing(what)
    out.parent.mkdir(parents=True, exist_ok=True)
    sweep(out.parent, out.name, quiet_for=STALE_SECONDS)
    if to == "h5ad":
        notes = target_h5ad.to_h5ad(going, out, maps=maps, palette=palette)
    else:
        notes = target_parquet.to_parquet(going, out)
    record = digests(out)
    return {
        "file": str(out), "format": to, "rows": going.n, "dim": going.dim, "bytes": record["bytes"],
        "sha256": record["sha256"], "model": going.model, "key": going.card.get("key"), "maps": list(maps or {}),
        "notes": notes,
    }  # fmt: skip


def check_target(out: Path, to: str, maps: Iterable[str] = ()) -> None:
    """Raise ValueError unless `to` is a format that we write, with `maps` too, and `out` ends like it and is not there.

    It takes no time: whoever has maps to make asks it before.
    """
    if to not in ENDINGS:
        raise ValueError(f"{to!r} is no format that is written here: choose {' or '.join(ENDINGS)}")
    other = next((kind for kind, ending in ENDINGS.items() if out.name.endswith(ending) and kind != to), None)
    if other:
        raise ValueError(f"{out} is called {ENDINGS[other]} and would hold {to}: call it {out.stem}{ENDINGS[to]}")
    if to != "h5ad" and (named := list(maps)):
        raise ValueError(f"maps ({few(named)}) go into h5ad alone, and this is {to}: write h5ad, or leave the maps out")
    if out.exists():
        raise ValueError(f"{out} exists, and nothing is written over: choose another name, or remove it first")
    if (out.parent / MANIFEST).exists():
        raise ValueError(f"{out.parent} is a store, which holds its own files only: write {out.name} beside it")
