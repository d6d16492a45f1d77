"""Verbs that ask: demo, list, run, report."""

from pathlib import Path
from typing import Annotated

import typer

from embedlab.cli.verb import Answer, command_line, shown, verb
from embedlab.progress import in_words

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
    verb(app, "list", PANEL, examples=("embedlab list",))(list_)
    verb(
        app,
        "run",
        PANEL,
        examples=(
            "embedlab run orthogonality --store birds.store",
            "embedlab run trait_alignment --store birds.store --traits avonet.csv --tree birds.nwk.gz",
            "embedlab run scaling --store s1.store --store s2.store --store s3.store --x images_seen",
            "embedlab run my_question.py --store birds.store --set column=life_stage --seed 7",
        ),
    )(run)
    verb(
        app,
        "report",
        PANEL,
        examples=("embedlab report birds.store --out birds.html",),
    )(report)


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the report.")] = Path("figures/demo"),
    quick: Annotated[
        bool, typer.Option("--quick", help="A smaller world: a look at everything in a few minutes.")
    ] = False,
) -> Answer:
    """Do the main job from nothing: a simulated world to one page.

    Grow a world, train models at several scales, extract, ask every question, write the report.
    """
    from embedlab.demo import demo as whole

    done = whole(out, quick=quick)
    lines = [f"  {line}" for line in done.get("findings", ())]
    lines.append(f"in {shown(done['report'])} ({in_words(done['seconds'])})")
    lines.append("next: open that page in a browser   or   embedlab list")
    return Answer(done, lines)


def list_() -> Answer:
    """List the analyses: name and question."""
    from embedlab.study import list_analyses

    found = list_analyses()
    width = max((len(entry["name"]) for entry in found), default=0)
    lines = [f"{entry['name']:<{width}}  {entry['question']}" for entry in found]
    return Answer({"analyses": found}, [*lines, "next: embedlab run NAME --store STORE"])


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
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the analysis; repeat for more."),
    ] = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the results.", show_default="figures/ANALYSIS"),
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
    from embedlab.study import declare_analysis, run_analysis

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
    outcome = run_analysis(
        analysis,
        stores=store,
        x=x,
        traits=traits,
        tree=tree,
        settings=settings,
        seed=seed,
        out=folder,
        declaration=declaration,
        command=command_line(),
    ).to_dict()
    notes = [f"note: {note}" for note in (*outcome.get("notes", ()), *outcome.get("exclusions", ()))]
    lines = [outcome["question"], *_findings(outcome), *notes]
    lines += [
        f"in {shown(folder)}",
        f"next: embedlab report {' '.join(shown(s) for s in store)} --out report.html",
    ]
    return Answer(outcome, lines)


def _findings(outcome) -> list[str]:
    """Give one line for each judged claim, wherever the claims stand in what came back."""
    if isinstance(outcome, list):
        return [line for one in outcome for line in _findings(one)]
    claims = outcome.get("claims", []) if isinstance(outcome, dict) else []
    lines = []
    for claim in claims:
        stamp = " (exploratory)" if claim.get("exploratory") else ""
        lines.append(f"  {claim['verdict']}{stamp}: {claim['sentence']}")
        unsaid = claim["verdict"] == "cannot tell" or (
            claim["verdict"] != "supported" and (claim.get("p_value") or 0) <= 0.05  # a small p-value alone puzzles
        )
        if unsaid and claim.get("reason"):
            lines.append(f"    why: {claim['reason']}")
    return lines


def setting(text: str) -> tuple[str, object]:
    """Read KEY=VALUE; numbers, true and false become what they look like, all else stays text.

    >>> setting("k=5"), setting("share=0.5"), setting("column=sex"), setting("unit=true")
    (('k', 5), ('share', 0.5), ('column', 'sex'), ('unit', True))
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise typer.BadParameter(f"{text!r} is not KEY=VALUE, as in --set column=sex", param_hint="--set")
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
    """Ask stores all they can answer: one page that works offline."""
    from embedlab.study import report_stores

    done = report_stores(stores, out, traits=traits, tree=tree, x=x, seed=seed, declaration=declaration,
                         command=command_line())  # fmt: skip
    return Answer(
        done,
        [
            *_findings(done.get("outcome")),
            *(f"  not asked, {name}: {why}" for name, why in done.get("unasked", {}).items()),
            f"in {shown(done['report'])} ({done['bytes'] / 1e6:.1f} MB, one file, no network needed)",
            "next: open that page in a browser",
        ],
    )
