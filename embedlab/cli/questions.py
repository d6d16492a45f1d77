"""Verbs that ask: demo, list, run, report."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from embedlab.cli.verb import Answer, command_line, html_page, shown, verb
from embedlab.progress import in_words, waiting

PANEL = "Questions and answers"
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything random; the same seed gives the same numbers.")]
TraitTable = Annotated[Path | None, typer.Option(metavar="FILE", help="Table of traits, one row a species.")]
TreeFile = Annotated[Path | None, typer.Option(metavar="FILE", help="Phylogeny, Newick, gzipped or not.")]
Declaration = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Claims declared before (--declare); all others are stamped exploratory."),
]
Scale = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Scale axis of several stores, as in images_seen.")
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    verb(
        app,
        "demo",
        PANEL,
        examples=("embedlab demo", "embedlab demo --quick --out try"),
        keeps="Models and stores that were finished are kept; the same command goes on from there.",
    )(demo)
    verb(app, "list", PANEL, examples=("embedlab list", "embedlab list trait_alignment"))(list_)
    verb(
        app,
        "run",
        PANEL,
        examples=(
            "embedlab run orthogonality --store birds.store",
            "embedlab run trait_alignment --store birds.store --traits t.csv --tree t.nwk",
            "embedlab run scaling --store s1 --store s2 --store s3 --x images_seen",
            "embedlab run separation --store birds.store --set sex=female,male",
            "embedlab run my_question.py --store birds.store --seed 7",
        ),
    )(run)
    verb(
        app,
        "report",
        PANEL,
        examples=(
            "embedlab report birds.store --out birds.html",
            "embedlab report birds.store --traits t.csv --tree t.nwk --out birds.html",
        ),
    )(report)


def demo(
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of the report.", show_default="figures/demo, with --quick figures/demo-quick"
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="A smaller world: a look at everything in a few minutes, which can show little."),
    ] = False,
) -> Answer:
    """Do the main job from nothing: a simulated world to one page.

    Grow a world, train models at several scales, extract, ask every question, write the report.
    """
    from embedlab.demo import demo as whole

    # another world with other models: neither may stand in for the other
    done = whole(out or Path("figures") / ("demo-quick" if quick else "demo"), quick=quick)
    lines = ["planted:", *(f"  {line}" for line in done["planted"]), "found:"]
    lines += [f"  {line}" for line in done["findings"]]
    lines += not_asked(done["unasked"])
    lines.append(f"in {shown(done['report'])} ({in_words(done['seconds'])})")
    lines.append("next: open that page in a browser   or   embedlab list")
    return Answer(done, lines)


def list_(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="One analysis: what --set may change; `train`: the keys of its CONFIG."),
    ] = None,
) -> Answer:
    """List the analyses, or the settings of one."""
    from embedlab.study import list_analyses, load_analysis

    if name == "train":
        return _keys()
    if name is not None:
        module = load_analysis(name)  # refuses what is not there, with the closest
        known = dict(getattr(module, "SETTINGS", {}))
        found = [{"name": Path(name).stem, "question": module.QUESTION, "settings": known}]
        lines = [module.QUESTION, *(f"  {key}: {says}" for key, says in known.items())]
        return Answer({"analyses": found}, [*lines, f"next: embedlab run {name} --store STORE --set KEY=VALUE"])
    found = list_analyses()
    width = max((len(entry["name"]) for entry in found), default=0)
    lines = [f"{entry['name']:<{width}}  {entry['question']}" for entry in found]
    return Answer(
        {"analyses": found}, [*lines, "next: embedlab list NAME for its settings, embedlab run NAME --store STORE"]
    )


def _keys() -> Answer:
    from dataclasses import fields

    from embedlab.train.config import TrainConfig

    keys = {f.name: {"default": f.default, "help": f.metadata["help"]} for f in fields(TrainConfig)}
    lines = [f"  {key} = {json.dumps(told['default'])}   # {told['help']}" for key, told in keys.items()]
    return Answer({"keys": keys}, ["what CONFIG.toml may hold, all of it optional", *lines,
                                   "next: embedlab train CONFIG.toml"])  # fmt: skip


def run(
    analysis: Annotated[
        str, typer.Argument(metavar="ANALYSIS", help="A name from `embedlab list`, or your own file.py.")
    ],
    store: Annotated[
        list[Path], typer.Option(metavar="STORE", help="Folder of vectors; repeat it for a series.")
    ],
    x: Scale = None,
    traits: TraitTable = None,
    tree: TreeFile = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting, of those in `embedlab list ANALYSIS`; repeatable."),
    ] = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the results: new, empty, or this question's own.",
                     show_default="figures/ANALYSIS"),
    ] = None,
    declare: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Only write the claims down, before any number is computed.")
    ] = None,
    declaration: Declaration = None,
) -> Answer:
    """Ask one question of stores, and judge its claims.

    Writes figures (svg, pdf, png, html), their data (csv) and outcome.json. With --declare, nothing is computed: the
    claims are written down with their settings and seed, for a later run with --declaration to confirm or not.
    """
    settings = dict(setting(text) for text in set_ or [])
    from embedlab.study import declare_analysis, findings, run_analysis

    if declare is not None:
        if declaration is not None:
            raise typer.BadParameter("declare first, run later: give one of the two", param_hint="--declare")
        held = declare_analysis(
            analysis, declare, stores=store, x=x, traits=traits, tree=tree, settings=settings, seed=seed
        )
        lines = [f"  {e['date']}  {e['hash']}  {e['specification']['claim']['says']}" for e in held["declared"]]
        return Answer({"declaration": str(declare), **held}, [
            *lines, f"in {shown(declare)}; nothing was computed",
            f"next: the same command with --declaration {shown(declare)} in place of --declare",
        ])  # fmt: skip

    folder = out or Path("figures") / Path(analysis).stem
    with waiting(f"asking {Path(analysis).stem}"):
        outcome = run_analysis(
            analysis, stores=store, x=x, traits=traits, tree=tree, settings=settings, seed=seed, out=folder,
            declaration=declaration, command=command_line(),
        ).to_dict()  # fmt: skip
    notes = [f"note: {note}" for note in (*outcome["notes"], *outcome["exclusions"])]
    given = {"--x": x, "--traits": traits, "--tree": tree, "--seed": seed or None, "--declaration": declaration}
    words = [w for option, value in given.items() if value is not None for w in (option, value)]
    again = shlex.join(shown(w) if isinstance(w, Path) else str(w) for w in (*store, *words))
    lines = [outcome["question"], *(f"  {line}" for line in findings(outcome)), *notes]
    lines += [
        f"in {shown(folder)}",
        f"next: embedlab report {again} --out report.html",
    ]
    return Answer(outcome, lines)


def not_asked(unasked: Mapping[str, str]) -> list[str]:
    """Give a line for each question that was not asked, with the reason."""
    return [f"  not asked, {name}: {why}" for name, why in unasked.items()]


def setting(text: str) -> tuple[str, object]:
    """Read KEY=VALUE; numbers, true and false become what they look like, all else stays text.

    >>> setting("k=5"), setting("share=0.5"), setting("column=sex"), setting("unit=true")
    (('k', 5), ('share', 0.5), ('column', 'sex'), ('unit', True))
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise typer.BadParameter(f"{text!r} is not KEY=VALUE, as in --set sex=female,male", param_hint="--set")
    if value.lower() in ("true", "false"):
        return key.strip(), value.lower() == "true"
    for kind in (int, float):
        try:
            return key.strip(), kind(value)
        except ValueError:
            continue
    return key.strip(), value


def report(
    stores: Annotated[
        list[Path], typer.Argument(metavar="STORE…", help="One store, or several of the same images.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="The page to write.")],
    traits: TraitTable = None,
    tree: TreeFile = None,
    x: Scale = None,
    seed: Seed = 0,
    declaration: Declaration = None,
) -> Answer:
    """Ask stores all they can answer: one page that works offline.

    Which questions those are says `embedlab info STORE --fit`. What is not asked is said, and why.
    """
    from embedlab.study import findings, report_stores

    html_page(out)
    done = report_stores(stores, out, traits=traits, tree=tree, x=x, seed=seed, declaration=declaration,
                         command=command_line())  # fmt: skip
    return Answer(
        done,
        [
            *(line for outcome in done["outcome"]
              for line in (outcome["question"], *(f"  {said}" for said in findings(outcome)))),
            *not_asked(done["unasked"]),
            f"in {shown(done['report'])} ({done['bytes'] / 1e6:.1f} MB, one file, no network needed)",
            "next: open that page in a browser",
        ],
    )
