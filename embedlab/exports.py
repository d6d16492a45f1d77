"""From a space to a file of other programs: `el.export` and `embedlab export`, with maps and our colours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from embedlab.data.embeddings import Embeddings
from embedlab.data.report import few
from embedlab.io.exports import ENDINGS, check_target, export_file
from embedlab.measures.projection import METHODS, Projection

MOST_COLOURED = 9  # names that colours can tell apart


def export(
    what: Embeddings | Path | str,
    out: Path | str,
    *,
    to: str | None = None,
    maps: Projection | str | Sequence[Projection | str] = (),
    rng: int = 0,
) -> dict[str, Any]:
    """Write vectors and facts where other programs read them: Parquet as emb-explorer has it, or AnnData's h5ad.

    `what` is a store by its path, which is never held in memory as a whole, or `Embeddings`, a selection of them too.
    `to` is "parquet" or "h5ad", by default as `out` ends. `maps`, from `el.project` or by the names "pca", "tsne" and
    "umap" (made of all vectors, with the seed `rng`), become `obsm["X_pca"]` of an h5ad file, their captions
    `uns["embedlab_maps"]`; columns of 2 to 9 names get our colours. What was written comes back as
    `{file, format, rows, dim, bytes, sha256, model, key, maps, notes}`.

    ValueError for a file that exists, an ending that is not known, a map that is not; ImportError with the line of
    installation where h5ad lacks h5py.
    """
    from embedlab.explore.opening import maps_of
    from embedlab.io.store import open_store
    from embedlab.plots.theme import colours

    out = Path(out)
    kind = to or next((kind for kind, ending in ENDINGS.items() if out.name.endswith(ending)), None)
    if kind is None:
        raise ValueError(f"{out} ends in neither {' nor '.join(ENDINGS.values())}: name it so, or say to='parquet'")
    given = [maps] if isinstance(maps, Projection | str) else list(maps)
    check_target(out, kind, maps=[m if isinstance(m, str) else m.method for m in given])
    strange = [m for m in given if isinstance(m, str) and m.lower() not in METHODS]
    if strange:
        raise ValueError(f"{few(strange)} names no map: choose pca, tsne or umap")
    asked = [m.lower() for m in given if isinstance(m, str)]
    made: list[Projection] = []
    if asked:
        space = what if isinstance(what, Embeddings) else open_store(what)
        made = list(maps_of([space], asked, rng)[0].values())
    found: dict[str, tuple] = {}
    for one in [*(m for m in given if isinstance(m, Projection)), *made]:
        name = one.method.lower().replace("-", "")
        name = name if name not in found else f"{name}_{sum(n.startswith(name) for n in found) + 1}"
        found[name] = (one.xy, one.image_id, one.caption)
    return export_file(what, out, kind, maps=found, palette=lambda k: colours(k) if k <= MOST_COLOURED else ())
