"""Everything under a folder of figures, remade from the demo's stores: a folder an analysis, and a page over them.

`python -m embedlab.remake figures` is what `make figures` runs once the demo stands in `figures/demo`.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from embedlab.plots.gallery import gallery
from embedlab.progress import Progress
from embedlab.refusals import refusal_of
from embedlab.reproduction.study import SETTINGS
from embedlab.study import list_analyses, run_analysis

X = "images"  # what a scale is counted in, as in the demo's report
PAIRS = ("agreement",)  # asked of two stores: the smallest scale and the largest


def remake(folder: str | Path, only: Sequence[str] = (), **settings) -> dict[str, str]:
    """Ask every analysis of the stores under `folder`/demo, each into its own folder, and write the page over them.

    Settings are those of the demo's report; `settings` adds to them by analysis, `only` names the analyses to ask.
    Gives what could not be asked of these stores, with the reason. Without the demo: ValueError.
    """
    folder = Path(folder)
    made = folder / "demo"
    stores = by_scale(made / "stores")
    if not stores:
        raise ValueError(f"no stores under {made / 'stores'}: run make demo first, or embedlab demo --out {made}")
    trained = [s for s in stores if s.name[:1].isdigit()] or stores
    names = [a["name"] for a in list_analyses() if not only or a["name"] in only]
    of_this_world = {"finches": {"clade": birds}} if (birds := class_of(made / "world", "bird")) else {}
    unasked: dict[str, str] = {}
    with Progress("asking", len(names), "questions") as line:
        for name in names:
            line.note(name)
            asked = [trained[0], trained[-1]] if name in PAIRS else stores
            own = {**SETTINGS.get(name, {}), **of_this_world.get(name, {}), **settings.get(name, {})}
            try:
                run_analysis(
                    name, stores=asked, x=X, traits=made / "world" / "traits.csv", tree=made / "world" / "tree.nwk",
                    settings=own, out=folder / name, command=_command(name, asked, own, made),
                )  # fmt: skip
            except (ValueError, KeyError) as error:
                unasked[name] = refusal_of(error)
            line.add()
    gallery(folder)
    return unasked


def by_scale(folder: Path) -> list[Path]:
    """Give the stores of a folder as their names count: 64x8 before 128x16; controls, whose names are words, last."""
    found = [p.parent for p in Path(folder).glob("*/card.json")]
    return sorted(found, key=lambda p: (not p.name[:1].isdigit(), [int(n) for n in re.findall(r"\d+", p.name)], p.name))


def class_of(world: Path, body_plan: str) -> str:
    """Give the class whose species are drawn to a plan, or nothing: beaks are asked of birds, not of butterflies."""
    traits = pl.read_csv(world / "traits.csv", infer_schema_length=None)
    rows = world / "manifest.csv"
    if "body_plan" not in traits.columns or not rows.is_file():
        return ""
    drawn = traits.filter(pl.col("body_plan") == body_plan).select("species")
    found = pl.read_csv(rows, infer_schema=False).join(drawn, on="species")["class"].unique().to_list()
    return found[0] if len(found) == 1 else ""


def _command(name: str, stores: Sequence[Path], settings: dict, made: Path) -> str:
    """The same question on the command line, for whoever wants to ask it again."""
    words = ["embedlab run", name, *(f"--store {s}" for s in stores), *(f"--set {k}={v}" for k, v in settings.items())]
    return " ".join([*words, f"--x {X}", f"--traits {made / 'world/traits.csv'}", f"--tree {made / 'world/tree.nwk'}"])


if __name__ == "__main__":
    for analysis, why in remake(sys.argv[1] if len(sys.argv) > 1 else "figures").items():
        print(f"not asked, {analysis}: {why}", file=sys.stderr)
