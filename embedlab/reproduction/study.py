"""A study from its configurations to its verdicts; every step is kept, so that a killed study goes on."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedlab.extract.machine import granted_cores
from embedlab.progress import Progress
from embedlab.refusals import refusal_of
from embedlab.reproduction.along import theorem_along
from embedlab.reproduction.asked import Found, asked
from embedlab.reproduction.axes import MAIN, axes, by_world
from embedlab.reproduction.curves import study_curves
from embedlab.reproduction.evaluation import all_of, controls_of, extracted, photographs
from embedlab.reproduction.verdicts import Line, put_verdicts
from embedlab.train.config import WITHOUT_TEXT

# Traits that are drawn, habitat, and one that evolved on the same tree and was never drawn: the control. All of it
# stands here before any number of the study's worlds is seen (world 7, the demo's, was looked at on the way).
SETTINGS = {
    "scaling": {"trait": "elongation"},
    "trait_alignment": {"traits": "elongation,tail_length,habitat,undrawn"},
    "orthogonality": {"controls": "monomorphic"},  # species whose sexes were drawn alike
}
AT_THE_LARGEST = ("recognition", "separation", "orthogonality", "trait_alignment", "hierarchy")
ANALYSES = ("scaling", "objectives", "controls", *AT_THE_LARGEST)
# Objectives that differ in one thing: hierarchy (in captions, in classes), and contrast (of flat names, of ranks).
PAIRS = (("taxonomic", "flat"), ("multirank", "ce"), ("flat", "ce"), ("hierarchical", "multirank"))


def reproduce(
    config: str | Path, out: str | Path, *, species: int = 128, each: int = 24, workers: int | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None, command: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Train all runs of a configuration, ask every question along every axis, and judge the claims over worlds.

    Args:
        config: a TOML file; runs of one world are compared, worlds are replicates.
        out: the study's folder: models/, worlds/, stores/, figures/, outcome.json, verdicts.md and papers.md.
            Called again, it goes on where it stopped.
        species: held-out species that are photographed in each world, evenly over body plans.
        each: photographs of each, with sexes and life stages in equal numbers.
        settings: analysis → settings, beside those of the study.

    Returns:
        outcome and table (paths), runs, worlds, images_trained, `verdicts`: claim → word, and `unasked`: question
        → why these photographs cannot answer it.
    """
    from embedlab.train import read_configs, train_scales

    out, workers = Path(out), workers or min(2, granted_cores())
    configs = read_configs(config)
    answered = {name: {**SETTINGS.get(name, {}), **(settings or {}).get(name, {})} for name in ANALYSES}
    lines: dict[tuple[str, str, str], Line] = {}
    unasked: dict[str, str] = {}
    theorems: dict[str, str] = {}
    worlds, told, seen = by_world(configs), {}, 0
    with Progress("studying", len(worlds), "worlds") as progress:
        for done, (world, own) in enumerate(worlds.items(), start=1):
            tag = _tag(world, worlds)
            progress.note(tag)
            trained = train_scales(own, out / "models", workers=workers)
            seen += sum(run["images_seen"] for run in trained)
            checkpoints = {config: run["checkpoint"] for config, run in zip(own, trained, strict=True)}
            stores = _stores(own, checkpoints, out, tag, species, each, workers)
            for (analysis, axis), found in _answers(own, stores, out, tag, answered, command, unasked, workers).items():
                for claim, evidence, sentence in found:
                    line = lines.setdefault((analysis, axis, claim.id), Line(analysis, axis, claim))
                    line.worlds.append((tag, evidence, sentence))
            theorems |= _theorem(own, checkpoints, out, tag)
            # After each world, so that a study that is cut short has said what it could.
            told = put_verdicts(
                list(lines.values()), out, worlds=done, of=len(worlds), command=command, unasked=unasked,
                theorem=theorems,
            )
            _put_curves(out, command)
            progress.add()
    return {
        "outcome": str(out / "outcome.json"),
        "table": str(out / "verdicts.md"),
        "runs": len(configs),
        "worlds": len(worlds),
        "images_trained": seen,
        "verdicts": told,
        "unasked": unasked,
    }


def _put_curves(out: Path, command: str) -> None:
    """Figures of every quantity along every axis, over the worlds that are in."""
    from embedlab.plots import save

    text = (out / "outcome.json").read_bytes()
    told = json.loads(text)
    provenance = {"analysis": "reproduction", "stores": hashlib.sha256(text).hexdigest()[:16], "command": command,
                  "versions": told["versions"]}  # fmt: skip
    try:
        found = study_curves(out, told)
    except FileNotFoundError:  # no axis of this study has three scales
        return
    for each in found:
        save(each, out / "figures" / "over-worlds", each.axis, provenance, preset="nature-2col")


def _theorem(own, checkpoints, out: Path, tag: str) -> dict[str, str]:
    """Figures of the theorem along each run of a world that took snapshots; folder → sentence."""
    from embedlab.plots import save

    told = {}
    seeds = [run.seed for run in own if run.snapshots != "none" and run.objective not in WITHOUT_TEXT]
    for run in own:
        asks = run.snapshots != "none" and run.objective not in WITHOUT_TEXT
        found = theorem_along(run, checkpoints[run]) if asks else None
        if found is not None:
            name = f"theorem-seed{run.seed}" if seeds.count(run.seed) == 1 else f"theorem-{run.name}"
            save(found, out / "figures" / tag / name, "theorem", {"checkpoint": Path(checkpoints[run]).name})
            told[f"{tag}/{name}"] = str(found)
    return told


def _tag(world: tuple, worlds) -> str:
    """A folder's name for a world: its seed, and its number where seeds alone do not tell worlds apart."""
    seed = world[0]
    alike = [w for w in worlds if w[0] == seed]
    return f"world-{seed}" + (f"-{alike.index(world) + 1}" if len(alike) > 1 else "")


def _stores(own, checkpoints, out: Path, tag: str, species: int, each: int, workers: int) -> dict:
    """Photographs and controls of a world, and one store a model: run → store, "controls" → stores."""
    largest = max(own, key=lambda run: (run.total, run.steps))
    folder = photographs(out / "worlds" / tag, largest, species=species, each=each, workers=workers)
    controls = controls_of(largest, out / "models" / f"controls-{tag}")
    paths = [*(checkpoints[run] for run in own), *controls]
    made = extracted(paths, folder / "manifest.csv", out / "stores" / tag, workers)
    return {**dict(zip(own, made, strict=False)), "controls": made[len(own) :]}


def _questions(own, stores: dict) -> list[tuple[str, str, list[Path], str | None, dict]]:
    """All that is asked of one world: analysis, what of it, stores, axis, settings of that question."""
    asks = []
    beside = [*stores["controls"], *(stores[run] for run in own if run.shuffle)]
    for axis in axes(own):
        asks.append(("scaling", axis.name, [*(stores[run] for run in axis.runs), *beside], axis.x, {}))
    main = [run for run in own if run.objective == MAIN and not run.shuffle]
    largest = max(main or own, key=lambda run: (run.total, run.steps, -run.seed))
    asks += [(analysis, "", [stores[largest]], None, {}) for analysis in AT_THE_LARGEST]
    alike = [run for run in main or own if (run.total, run.steps) == (largest.total, largest.steps)]
    asks.append(("controls", "", [*(stores[run] for run in alike), *beside], None, {}))
    trained = {run.objective for run in own}
    for better, worse in PAIRS:
        if {better, worse} <= trained:
            some = [stores[run] for run in own if run.objective in (better, worse) and not run.shuffle]
            asks.append(("objectives", f"{better}-{worse}", some, None, {"reference": better, "against": worse}))
    if len(trained) > 1:
        asks.append(("objectives", "", [*(stores[run] for run in own), *stores["controls"]], None, {"against": ""}))
    return asks


def _answers(
    own, stores: dict, out: Path, tag: str, settings: Mapping, command: str, unasked: dict[str, str], workers: int
) -> dict[tuple[str, str], Found]:
    """What came of the questions to one world: claims with their evidence; `unasked` learns what could not be asked."""
    folder = out / "worlds" / tag
    common = {"traits": folder / "traits.csv", "tree": folder / "tree.nwk", "command": command}
    asks = _questions(own, stores)
    names = ["-".join(part for part in ask[:2] if part) for ask in asks]
    jobs = [
        {"analysis": analysis, "stores": some, "out": out / "figures" / tag / name, "x": x,
         "settings": {**settings[analysis], **extra}, **common}
        for (analysis, _, some, x, extra), name in zip(asks, names, strict=True)
    ]  # fmt: skip
    found = {}
    for ask, name, (answer, why) in zip(asks, names, all_of(_ask, jobs, workers), strict=True):
        found[ask[0], ask[1]] = answer
        if why:
            unasked[f"{tag}/{name}"] = why
    return found


def _ask(job: dict) -> tuple[Found, str]:
    """The answer to one question, or no claim and the reason why these photographs cannot answer it."""
    try:
        return asked(job.pop("analysis"), job.pop("stores"), job.pop("out"), **job), ""
    except (ValueError, KeyError) as error:
        return [], refusal_of(error)
