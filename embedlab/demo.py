"""The main job, end to end, on a world whose truth is known: grow, train, extract, ask, report."""

import json
import time
from pathlib import Path
from typing import Any

from embedlab.extract.machine import granted_cores
from embedlab.places import analyses_folder
from embedlab.progress import in_words
from embedlab.reproduction.evaluation import controls_of, extracted, photographs
from embedlab.reproduction.study import SETTINGS
from embedlab.study import findings, put_outcome, report_stores

# Every claim on this page costs all others some power: what controls give stands in the figures of scaling.
_FIGURES = "make figures asks it of the same stores, in a folder of its own"
ELSEWHERE = {
    "controls": "judged by embedlab reproduce small, of the same runs; here they stand beside the series",
    **dict.fromkeys(("agreements", "finches", "habitat", "rank_ladder", "stages"), _FIGURES),
}
TITLE = "What compact models learn of a simulated tree of life"


def demo(out: str | Path = "figures/demo", quick: bool = False, workers: int | None = None) -> dict[str, Any]:
    """Run the whole study into the folder `out` and give report, outcome, seconds, and what was found.

    Photographs of species that no model is trained on, balanced over sexes and life stages; compact models at
    several data scales with two seeds; one store a model; every question asked of them; one page. `quick` takes
    fewer species and steps, to see that all works; it supports little. A second call, or one after a kill,
    goes on where the first stopped.
    """
    began = time.monotonic()
    out = Path(out)
    workers = workers or min(2, granted_cores())
    config = analyses_folder() / "configs" / ("smoke.toml" if quick else "small.toml")
    from embedlab.train import read_configs, train_scales

    configs = read_configs(config)
    world = photographs(out / "world", configs[0], species=48 if quick else 128, each=24, workers=workers)
    runs = train_scales(configs, out / "models", workers=workers)
    largest = max(configs, key=lambda run: run.total)
    models = [*(run["checkpoint"] for run in runs), *controls_of(largest, out / "models" / "controls")]
    stores = extracted(models, world / "manifest.csv", out / "stores", workers)
    settings = {k: dict(v) for k, v in SETTINGS.items()}
    truth = planted(json.loads((world / "world.json").read_text(encoding="utf-8")))
    done = report_stores(
        stores, out / "report.html", traits=world / "traits.csv", tree=world / "tree.nwk", x="images", title=TITLE,
        settings=settings, figures=out, fixed_by="the demo", planted=truth, elsewhere=ELSEWHERE,
        command="embedlab demo" + (" --quick" if quick else ""),
    )  # fmt: skip
    outcome = put_outcome(done["outcome"], out)
    seconds = time.monotonic() - began
    return {
        "report": done["report"],
        "outcome": str(outcome),
        "seconds": round(seconds, 1),
        "bytes": done["bytes"],
        "models": len(runs),
        "images_trained": sum(r["images_seen"] for r in runs),
        "planted": truth,
        "findings": [line for outcome in done["outcome"] for line in findings(outcome)],
        "unasked": done["unasked"],
        "took": in_words(seconds),
    }


def planted(card: dict) -> list[str]:
    """What the answers should be, as the world's card has it: a line a question whose truth is known.

    It is the truth of the animals. What a model sees of it goes through pose, light, background, and few pixels.
    """
    sex, stage = card["variants"]["sex"], card["variants"]["stage"]
    drawn = {name: share["planted"] for name, share in card["drawn"].items()}
    hidden = [name for name, share in drawn.items() if share < 1]
    return [
        *(
            f"separation, orthogonality: {what} differ by {of['size']:.2f} standard deviations of the species' traits "
            f"({of['inside'] or 0:.0%} of its square along measures on which species differ, the rest along signs of "
            f"their own); in {of['none']} of {card['species']} species they do not differ"
            for what, of in (("sexes", sex), ("life stages", stage))
        ),
        "trait_alignment: all variance of functional traits reaches the pixels"
        + (f", but for {', '.join(f'{n} ({drawn[n]:.0%})' for n in hidden)}" if hidden else "")
        + "; the trait 'undrawn' evolves on the same tree and is drawn nowhere",
        "phylogeny, hierarchy: all traits evolve on the tree that is given; no tree was screened",
    ]
