"""What the papers say, and what a study says of it: the table on the docs' first page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embedlab.reproduction.tables import estimated


@dataclass(frozen=True)
class Published:
    """One published claim, where it stands, and the claims of a study that speak of it."""

    says: str
    source: str
    asked: tuple[str, ...] = ()
    not_asked: str = ""


# How well each is documented stands with it: the bodies of the papers could not be read in full by us. What the
# abstracts and the project pages say is said there; what is "as others report it" may not stand in the papers so.
ABSTRACT = "BioCLIP 2, abstract"
SITE = "BioCLIP 2, project page"
DIGEST = "BioCLIP 2, as others report it"
PUBLISHED = (
    Published(
        "Life stages become more separable with more training data.",
        f"{ABSTRACT} (Fisher ratio as others report it, no values)",
        ("scaling/images/stage-separation-grows", "scaling/species/stage-separation-grows",
         "scaling/compute/stage-separation-grows", "separation/stages-stand-apart",
         "controls/beyond-shuffled-labels-stage-separation"),
    ),
    Published(
        "Sexes become more separable with more training data.", f"{ABSTRACT} (no number of sexes known to us)",
        ("scaling/images/sex-separation-grows", "scaling/species/sex-separation-grows",
         "scaling/compute/sex-separation-grows", "separation/sexes-stand-apart",
         "controls/beyond-shuffled-labels-sex-separation"),
    ),
    Published(
        "Life stages come to differ in directions orthogonal to those that tell species apart "
        "(ρ .33 → .14 for three species).", f"{ABSTRACT}; {SITE} (formula of ρ unknown; the measure here is another)",
        ("scaling/images/stage-leaves-species-span", "scaling/species/stage-leaves-species-span",
         "scaling/compute/stage-leaves-species-span", "orthogonality/stage-outside-species",
         "controls/beyond-shuffled-labels-stage-outside-species"),
    ),
    Published(
        "So do sexes.", f"{ABSTRACT}; {SITE} (a picture of one model, no number)",
        ("scaling/images/sex-leaves-species-span", "scaling/species/sex-leaves-species-span",
         "scaling/compute/sex-leaves-species-span", "orthogonality/sex-outside-species",
         "controls/beyond-shuffled-labels-sex-outside-species"),
    ),
    Published(
        "Species arrange themselves by functional traits (the beaks of finches).",
        f"{ABSTRACT}; {SITE} (a picture, no number)",
        ("scaling/images/trait-alignment-grows", "scaling/species/trait-alignment-grows",
         "scaling/compute/trait-alignment-grows", "scaling/images/trait-distances-grow",
         "trait_alignment/aligned-elongation", "trait_alignment/aligned-tail-length",
         "controls/beyond-shuffled-labels-trait-distances"),
        "The finches of these worlds are 12 species; `analyses/finches.py` asks them, the study does not.",
    ),
    Published(
        "Species arrange themselves by habitat, the more so with more data.",
        f"{ABSTRACT}; {SITE} (t-SNE, no number)",
        ("trait_alignment/aligned-habitat",), "The growth of habitat alone is no claim of the study.",
    ),
    Published(
        "Species are named better with more training data.", f"{DIGEST} (no values along the data)",
        ("scaling/images/one-shot-accuracy-grows", "scaling/images/five-shot-accuracy-grows",
         "scaling/species/five-shot-accuracy-grows", "scaling/compute/five-shot-accuracy-grows",
         "controls/beyond-shuffled-labels-5-shot"),
    ),
    Published(
        "The space has the order of the taxonomy.", "BioCLIP, abstract (t-SNE by rank, no number)",
        ("hierarchy/kinship-order", "hierarchy/recent-kinship-order", "hierarchy/mistakes-are-near",
         "scaling/images/kinship-order-grows", "controls/beyond-shuffled-labels-kinship-order"),
    ),
    Published(
        "Contrastive training transfers better than classification.", "BioCLIP 2, as others report it (no table)",
        ("objectives/flat-ce/flat-beats-ce-5-shot", "objectives/hierarchical-multirank/"
         "hierarchical-beats-multirank-5-shot"),
    ),
    Published(
        "Names of all ranks bring more than names of species.", "our reading of BioCLIP's captions (no table)",
        ("objectives/taxonomic-flat/taxonomic-beats-flat-5-shot",
         "objectives/taxonomic-flat/taxonomic-beats-flat-kinship-order",
         "objectives/taxonomic-flat/taxonomic-beats-flat-trait-distances",
         "objectives/multirank-ce/multirank-beats-ce-5-shot"),
    ),
    Published(
        "Unseen species are named from text (zero-shot).", "BioCLIP, table (Rare Species was held out)", (),
        "Compact text towers read invented names; what they say of unseen ones is no claim of the study.",
    ),
    Published(
        "All of this is said of photographs.", "both", (),
        "No weights of BioCLIP could be loaded here. The verbs are the same: `embedlab extract`, `embedlab run`.",
    ),
)  # fmt: skip


def papers_table(told: Mapping[str, Any]) -> str:
    """Write published claims beside the verdicts of a study as Markdown: one row for each claim that was tested.

    `told` is the study's `outcome.json` as a mapping. A published claim of which the study has no claim keeps its
    row, with the reason. Estimates are means over worlds with 95 % intervals, beside the mean of chance.
    """
    found = {claim["id"]: claim for claim in told["claims"]}
    for name in [n for n in found if n.startswith("scaling/data/")]:  # where images and species grow together
        found.setdefault(name.replace("/data/", "/images/"), found[name])
    rows = [
        "| published | tested here as | estimate [95 %] | chance | worlds | p, p Holm | our verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for published in PUBLISHED:
        name = f"**{published.says}** {published.source}"
        here = [found[id] for id in published.asked if id in found]
        for claim in here:
            rows.append(f"| {name} | {_cells(claim)} |")
            name = ""  # said once, for all the rows below it
        if not here:
            rows.append(f"| {name} | {published.not_asked or 'not asked in this study'} | – | – | – | – | not asked |")
        elif published.not_asked:
            rows.append(f"|  | {published.not_asked} | – | – | – | – | not asked |")
    return "\n".join(rows) + "\n"


def _cells(claim: Mapping[str, Any]) -> str:
    chance = claim["chance"]["mean"]
    along = f" (along {claim['axis']})" if claim["id"].startswith("scaling/") else ""
    return " | ".join(
        (
            f"{claim['says']}{along}", estimated(claim, 2), "–" if chance is None else f"{chance:+.2g}",
            f"{claim['agree']} of {len(claim['worlds'])}",
            f"{claim['p_value']:.2g}, {claim['p_adjusted']:.2g}", f"**{claim['verdict']}**",
        )
    )  # fmt: skip
