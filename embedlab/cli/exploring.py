"""The verb that opens a map to look around in: explore."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from embedlab.cli.questions import PANEL, Seed, TraitTable, TreeFile
from embedlab.cli.verb import Answer, html_page, shown, verb


def register(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    verb(
        app,
        "explore",
        PANEL,
        examples=(
            "embedlab explore birds.store",
            "embedlab explore birds.store --color sex --traits avonet.csv --tree birds.nwk",
            "embedlab explore small.store large.store --map pca --map umap",
            "embedlab explore birds.store --out map.html",
        ),
    )(explore)


def explore(
    stores: Annotated[list[Path], typer.Argument(metavar="STORE…", help="One store, or several: a panel each.")],
    color: Annotated[str | None, typer.Option("--color", "--colour", metavar="COLUMN", help="Colour by.")] = None,
    maps: Annotated[
        list[str] | None, typer.Option("--map", help="pca, tsne or umap; repeatable.", show_default="pca, and tsne of "
                                       "one small store")
    ] = None,
    traits: TraitTable = None,
    tree: TreeFile = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write one offline page instead of opening a live one.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the photographs.", show_default="as extracted")
    ] = None,
    selections: Annotated[
        Path, typer.Option(metavar="DIR", help="Where choices are written as selection-TIME.csv.")
    ] = Path("."),
    model: Annotated[
        str | None, typer.Option(help="Model that reads a search, where the store's own is not found here.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of 127.0.0.1; 0 takes a free one.")] = 0,
    name: Annotated[
        list[str] | None, typer.Option("--proxy-name", metavar="HOST", help="Host name by which a proxy calls this.")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Open no browser; print the address alone.")] = False,
) -> Answer:
    """Look around: a live map of images on this machine.

    Hover, lasso, search, nearest neighbours, photographs at full size. The address, with its secret, is printed; only
    this machine can reach it. Ctrl-C ends it.
    """
    if out is not None:
        html_page(out)
    from embedlab.data import Traits, Tree
    from embedlab.explore.opening import open_stores, opened

    spaces = open_stores(stores)
    made = opened(
        spaces, methods=maps or (), stores=[*reversed(stores)], colour=color, seed=seed, near=out is not None,
        contrasts=True,
        traits=None if traits is None else Traits.read(traits), tree=None if tree is None else Tree.read(tree),
    )  # fmt: skip
    notes = [f"note: {note}" for note in made.bundle["notes"]]
    if out is not None:
        return _written(made, out, notes)
    from embedlab.explore.live import Live
    from embedlab.explore.photographs import Photographs
    from embedlab.explore.server import Server
    from embedlab.explore.words import words_of

    live = Live(made.bundle["ids"], spaces[-1], made.everywhere(), photographs=Photographs(stores[-1], images),
                words=words_of(spaces[-1].card, model), folder=selections)  # fmt: skip
    page = made.page({"kind": "server", **live.can()})
    with Server(page, live, port=port, names=name or ()) as server:
        _say_where(server, notes, no_open)
        _until_interrupted()
    files = [shown(path) for path in live.written]
    return Answer(
        {"url": server.url, "images": made.bundle.get("total", len(made.bundle["ids"])), "selections": files},
        [f"closed; {len(files)} selection{'s' * (len(files) != 1)} written", *(f"in {file}" for file in files)],
    )


def _written(made, out: Path, notes: list[str]) -> Answer:
    from embedlab.io.atomic import put_bytes

    out.parent.mkdir(parents=True, exist_ok=True)
    content = made.page().encode("utf-8")
    put_bytes(out, content, "page")
    return Answer(
        {"page": str(out), "bytes": len(content), "images": len(made.bundle["ids"]), "notes": made.bundle["notes"]},
        [*notes, f"in {shown(out)} ({len(content) / 1e6:.1f} MB, one file, no network needed)",
         "next: open that page in a browser"],
    )  # fmt: skip


def _say_where(server, notes: list[str], no_open: bool) -> None:
    """Tell, on standard error, where the page is; open it where there is a screen."""
    from embedlab.explore.server import open_in_browser, tunnel

    far = tunnel(server.port)
    lines = [*notes, f"the map is at {server.url}", "keep that address to yourself; Ctrl-C ends it"]
    if far:
        lines.insert(-1, f"from your own machine, first: {far}")
    print("\n".join(lines), file=sys.stderr, flush=True)
    screen = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not no_open and not far and screen and not open_in_browser(server.url):
        print("no browser was found: open the address by hand", file=sys.stderr, flush=True)


def _until_interrupted() -> None:
    """Wait for Ctrl-C, or for a polite end (SIGTERM): both end well."""
    import signal
    import threading

    over = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: over.set())
    try:
        while not over.wait(0.5):
            pass
    except KeyboardInterrupt:
        print(file=sys.stderr)
    finally:
        signal.signal(signal.SIGTERM, before)
