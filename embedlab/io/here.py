"""Stores opened by hand: what is taken from them finds its pictures again."""

from collections.abc import Sequence
from pathlib import Path

from embedlab.data.embeddings import Embeddings
from embedlab.io.imports import import_file
from embedlab.io.store import open_store

FOLDER = "folder"  # in the card: where the store lies on this machine; no file of ours keeps it


def open_here(path: Path | str, shards: Sequence[int] | None = None) -> Embeddings:
    """Give a finished store as `Embeddings`, as `open_store` does; the card also says where it lies.

    So `el.show` and `el.gallery` find the thumbnails of whatever is taken from it.
    """
    space = open_store(path, shards)
    space.card[FOLDER] = str(Path(path).resolve())
    return space


def import_here(path: Path | str, out: Path | str, source: str = "auto") -> Embeddings:
    """Give vectors that were made elsewhere as `Embeddings`, kept in the store `out`; called again, it is opened.

    What `embedlab import FILE --out STORE` does: parquet, `.npz`, `.npy` with a table of the same name beside it,
    pybioclip's JSON or AnnData's `.h5ad`, bit for bit; `source` names one of them where the first bytes should not
    decide. ValueError for vectors that are zero or not finite, and for a folder that holds other data.
    """
    import_file(path, out, source)
    return open_here(out)
