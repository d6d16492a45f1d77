"""Verbs that make stores and look into them: extract, import, info, check, models."""

from pathlib import Path
from typing import Annotated

import typer

from embedlab.cli.verb import DONE, FAILED, UNREADABLE, Answer, shown, verb

PANEL = "Images and vectors into a store"
OneStore = Annotated[Path, typer.Argument(metavar="STORE", help="Folder made by extract or import.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    verb(
        app,
        "extract",
        PANEL,
        examples=(
            "embedlab extract photos/ --model bioclip-2 --out birds.store",
            "embedlab extract manifest.csv --model efficientnet-lite0 --out birds.store",
            "embedlab extract 'photos/**/*.jpg' --model bioclip-2 --out birds.store",
            "embedlab extract manifest.csv --model compact:m.safetensors --out birds.store",
            "embedlab extract names.csv --model bioclip-2 --text --out names.store",
        ),
        keeps="Finished parts of the store are kept; the same command goes on from there.",
    )(extract)
    verb(
        app,
        "import",
        PANEL,
        examples=(
            "embedlab import vectors.npy --out birds.store",
            "embedlab import vectors.parquet --out birds.store",
            "embedlab import predictions.json --from pybioclip --out birds.store",
        ),
    )(import_)
    verb(app, "info", PANEL, examples=("embedlab info birds.store", "embedlab info birds.store --fit"))(info)
    verb(app, "check", PANEL, examples=("embedlab check birds.store",))(check)
    verb(app, "models", PANEL, examples=("embedlab models",))(models)


def extract(
    images: Annotated[
        str,
        typer.Argument(
            metavar="IMAGES", help="Folder, 'glob', manifest .csv or .parquet, or WebDataset tar."
        ),
    ],
    model: Annotated[str, typer.Option(help="A name from `embedlab models`.")],
    out: Annotated[
        Path, typer.Option(metavar="STORE", help="Folder of the store; called again, it is opened.")
    ],
    layer: Annotated[
        str | None, typer.Option(help="Another layer than the last; `embedlab models` lists them.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Images at a time; chosen once and recorded where not given.")
    ] = None,
    text: Annotated[
        bool, typer.Option("--text", help="IMAGES is a list of names: a store of text prototypes.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no model hub; use what is on this machine.")
    ] = False,
) -> Answer:
    """Turn images into vectors with a model, in a resumable store.

    Of a folder, the names of the subfolders are the species. A manifest is a table with the columns image_id, path,
    species and what else is known: sex, life_stage, individual, genus to kingdom; paths are relative to it.

    After an interruption the same command goes on. Unreadable images are listed in bad.csv, never made up.
    """
    if offline:
        _stay_offline()
    from embedlab.extract.extract import extract_images

    report = extract_images(
        images, model, out, layer=layer, device=device, batch_size=batch_size, text=text
    ).to_dict()
    bad = report["unreadable"]
    what = ("name" if text else "image") + ("" if report["images"] == 1 else "s")
    lines = [
        f"{report['images']:,} {what} × {report['dim']:,} by {report['model']} (key {report['key'][:12]})"
    ]
    if report["from_cache"]:
        lines[0] += ", from cache"
    elif report["images_per_second"]:
        lines[0] += f", {report['images_per_second']:,.0f} a second"
    where = f"in {shown(out)}"
    if bad:
        where += f"; {bad:,} unreadable, listed in {shown(Path(out) / 'bad.csv')}"
    if report["duplicates"]:
        where += f"; {report['duplicates']:,} the same in content as another"
    lines += [where, *([] if text else _nameless(out)), f"next: embedlab info {shown(out)}   or   embedlab list"]
    return Answer(report, lines, UNREADABLE if bad else DONE)


def _nameless(store: Path) -> list[str]:
    """Say how many images have no species: most questions are of species, and would be refused much later."""
    from embedlab.io.store import store_info

    facts = store_info(store)
    missing = facts["missing"].get("species", 0) if "species" in facts["columns"] else facts["rows"]
    if not missing:
        return []
    how = "photographs of a species belong into a folder of its name, or into a table with a column species"
    return [f"note: {missing:,} of {facts['rows']:,} images have no species: {how}"]


def _stay_offline() -> None:
    import os

    os.environ["HF_HUB_OFFLINE"] = "1"  # read by huggingface_hub when it is first imported


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Parquet, .h5ad, pybioclip JSON, .npz, or .npy beside a table.")
    ],
    out: Annotated[Path, typer.Option(metavar="STORE", help="Folder of the store.")],
    source: Annotated[
        str, typer.Option("--from", help="What the file is: npy, npz, parquet, pybioclip, h5ad; auto looks inside.")
    ] = "auto",
) -> Answer:
    """Take in vectors that were made elsewhere, as they are.

    Beside vectors.npy lies vectors.csv (or .tsv, .parquet): a row for each vector, in the same order, with the columns
    image_id, species and what else is known (sex, life_stage, individual, genus to kingdom).
    """
    from embedlab.io.imports import import_file

    report = import_file(file, out, source=source)
    return Answer(
        report,
        [
            f"{report['rows']:,} rows × {report['dim']:,} from {report['format']} (key {report['key'][:12]})",
            *(f"note: {note}" for note in report.get("notes", ())),
            f"in {shown(out)}",
            f"next: embedlab info {shown(out)}   or   embedlab list",
        ],
    )


def info(
    store: OneStore,
    fit: Annotated[bool, typer.Option("--fit", help="Say also which questions it is fit for.")] = False,
) -> Answer:
    """Say what is in a store, who made it, and what is missing."""
    from embedlab.io.store import store_info

    facts = store_info(store)
    lengths = {True: "unit length", False: "not normalised"}.get(facts["normalised"], "length not known")
    norms = facts.get("norms")
    if facts["normalised"] is False and isinstance(norms, dict) and {"min", "max"} <= norms.keys():
        lengths += f" (norms {norms['min']:.3g}–{norms['max']:.3g})"
    lines = [
        f"{facts['rows']:,} × {facts['dim']:,} · {facts['dtype']} · {lengths} · model {facts['model']}",
        f"key {facts['key']} · {facts['unreadable']:,} unreadable, {facts['duplicates']:,} duplicates",
        *(["kinds: " + ", ".join(f"{name} {n:,}" for name, n in facts["kinds"].items())] if facts["kinds"] else []),
        "columns: " + ", ".join(_column(name, facts) for name in facts["columns"]),
    ]
    if fit:
        from embedlab.fitness import fitness
        from embedlab.io.store import open_store

        facts["fit"] = fitness(open_store(store))
        lines += [f"{'fit    ' if q['fit'] else 'not fit'}  {q['name']}: {q['says']}" for q in facts["fit"]]
    return Answer(facts, lines)


def _column(name: str, facts: dict) -> str:
    missing = facts.get("missing", {}).get(name, 0)
    return f"{name} (known for {1 - missing / facts['rows']:.0%})" if missing and facts["rows"] else name


def check(store: OneStore) -> Answer:
    """Verify a store against its digests; problems come with remedies."""
    from embedlab.io.check import check_store

    found = check_store(store)
    if found["ok"]:
        return Answer(found, [f"{shown(store)} is whole: every file has the digest that was written down"])
    lines = [f"{len(found['problems'])} problem(s) in {shown(store)}"]
    for problem in found["problems"]:
        lines += [f"  {problem['what']}: {problem['where']}", f"    {problem['remedy']}"]
    return Answer(found, lines, FAILED)


def models() -> Answer:
    """List models: dimensions, licence, layers, weights here or not."""
    from embedlab.extract.encoders import models as known

    entries = known()
    width = max(len(entry["name"]) for entry in entries)
    lines = []
    for entry in entries:
        facts = [
            f"{entry['dim']:,} numbers" if entry["dim"] else "",
            entry["licence"] or "",
            {True: "weights here", False: "weights not here"}.get(entry["local"], ""),
        ]
        line = f"{entry['name']:<{width}}  {' · '.join(f for f in facts if f) or entry.get('says', '')}"
        lines.append(line)
        if entry.get("layers"):
            lines.append(f"{'':<{width}}  layers: {_folded(entry['layers'])}")
    return Answer({"models": entries}, lines)


def _folded(layers: list[str]) -> str:
    return ", ".join(layers) if len(layers) <= 6 else f"{', '.join(layers[:2])}, … {', '.join(layers[-2:])}"
