"""The verb that hands a store on to other programs: export."""

from pathlib import Path
from typing import Annotated

import typer

from embedlab.cli.stores import PANEL, OneStore
from embedlab.cli.verb import Answer, shown, verb


def register(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    verb(
        app,
        "export",
        PANEL,
        examples=(
            "embedlab export birds.store --to parquet",
            "embedlab export birds.store --to h5ad --map umap --out birds.h5ad",
        ),
    )(export)


def export(
    store: OneStore,
    to: Annotated[str, typer.Option(help="parquet (as emb-explorer reads it) or h5ad (AnnData, scanpy).")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file to write.", show_default="the store's name, here"),
    ] = None,
    maps: Annotated[
        list[str] | None, typer.Option("--map", help="pca, tsne or umap, for h5ad; repeatable.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the maps.")] = 0,
) -> Answer:
    """Write a store as a file that other programs read.

    Vectors go as they are, in float32, with every plain column; nothing is written over. `embedlab import` reads it.
    """
    from embedlab.exports import export as write
    from embedlab.io.exports import ENDINGS

    if out is None:
        out = Path(store.resolve().name.removesuffix(".store") + ENDINGS.get(to, ""))
    report = write(store, out, to=to, maps=maps or (), rng=seed)
    file = shown(report["file"])
    kind = {"parquet": "Parquet as emb-explorer documents it", "h5ad": "AnnData"}[report["format"]]
    by = f" by {report['model']}" if report["model"] != "not stated" else ""
    by += f" (key {report['key'][:12]})" if report["key"] else ""
    drawn = f", with {' and '.join(report['maps'])} in obsm" if report["maps"] else ""
    opens = f"anndata.read_h5ad({file!r})" if to == "h5ad" else "emb-explorer, by that path"
    return Answer(
        report,
        [
            f"{report['rows']:,} rows × {report['dim']:,}{by} as {kind}{drawn}",
            *(f"note: {note}" for note in report["notes"]),
            f"in {file} ({report['bytes'] / 1e6:,.1f} MB)",
            f"next: {opens}   or   embedlab import {file} --out STORE",
        ],
    )
