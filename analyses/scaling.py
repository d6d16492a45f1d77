"""Do naming, kinship, separation, orthogonality and trait alignment grow with training?"""

from functools import partial

from embedlab.claims import Claim
from embedlab.lab import control
from embedlab.measures.scaling import scaling
from embedlab.quantities import SETTINGS as FOLLOWED
from embedlab.quantities import alignment, quantities

SETTINGS = {
    "trait": "a trait whose alignment is followed too (none, unless traits are given: then the first)",
    **FOLLOWED,
}

SOURCE = "Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883: five models, one run each, no interval"
RUNS = {"source": SOURCE, "unit": "runs", "exclusions": "species that a run lacks"}
SHUFFLED = "labels shuffled, the same shuffle at every run; and the runs in any other order"
NAMED = {"statistic": "slope of the accuracy among all species here per tenfold scale", "at_least": 0.005,
         "null": "names shuffled, the same shuffle at every run; and the runs in any other order"}  # fmt: skip
CLAIMS = (
    Claim(
        id="one-shot-accuracy-grows",
        says="Species are named better from one image the more was trained.",
        **NAMED,
        **RUNS | {"exclusions": "species with fewer than six individuals"},
    ),
    Claim(
        id="five-shot-accuracy-grows",
        says="Species are named better from five images the more was trained.",
        **NAMED,
        **RUNS | {"exclusions": "species with fewer than six individuals"},
    ),
    Claim(
        id="sex-separation-grows",
        says="The Fisher ratio of the sexes grows with training.",
        at_least=0.002,
        statistic="slope of the Fisher ratio per tenfold scale",
        null=SHUFFLED,
        **RUNS,
    ),
    Claim(
        id="stage-separation-grows",
        says="The Fisher ratio of life stages grows with training.",
        at_least=0.002,
        statistic="slope of the Fisher ratio per tenfold scale",
        null=SHUFFLED,
        **RUNS,
    ),
    Claim(
        id="sex-leaves-species-span",
        says="The share of the contrast of the sexes outside the first axes of species grows with training.",
        at_least=0.01,
        statistic="slope of the share outside the span per tenfold scale",
        null="noise-like contrasts, the same draw at every run; and the runs in any other order",
        **RUNS,
    ),
    Claim(
        id="stage-leaves-species-span",
        says="The share of the life-stage contrast outside the first axes of species grows with training.",
        at_least=0.01,
        statistic="slope of the share outside the span per tenfold scale",
        null="noise-like contrasts, the same draw at every run; and the runs in any other order",
        **RUNS,
    ),
    Claim(
        id="kinship-order-grows",
        says="Of three species the space sets the right one apart the more often, the more was trained.",
        at_least=0.01,
        statistic="slope of the share of triplets in which space and tree agree per tenfold scale",
        null="tips of the tree shuffled, the same shuffle at every run; and the runs in any other order",
        **RUNS | {"exclusions": "species without a tip"},
    ),
    Claim(
        id="recent-kinship-order-grows",
        says="Of three recent kin, too, the space sets the right one apart the more often, the more was trained.",
        at_least=0.01,
        statistic="slope of the share of recent triplets in which space and tree agree per tenfold scale",
        null="tips of the tree shuffled, the same shuffle at every run; and the runs in any other order",
        **RUNS | {"exclusions": "species without a tip; triplets that meet in the older half"},
    ),
    Claim(
        id="trait-distances-grow",
        says="Distances in a suite of traits go along with those in the space, beyond descent, the more was trained.",
        at_least=0.01,
        statistic="slope of the partial rank correlation of distances (partial RSA) per tenfold scale",
        null="all traits evolved anew together, the same draw at every run; and the runs in any other order",
        covariates=("patristic distance", "class"),
        **RUNS | {"exclusions": "species without a tip or a value"},
    ),
    Claim(
        id="trait-alignment-grows",
        says="Alignment with a trait beyond descent grows with training.",
        at_least=0.002,
        statistic="slope of the adjusted R² beyond descent per tenfold scale",
        null="the trait evolved anew at its own λ, the same draw at every run; and the runs in any other order",
        **RUNS | {"exclusions": "species without a tip or a value"},
    ),
)  # at_least: units of each measure, per tenfold training
FOLLOWS = {  # claim → the quantity that it speaks of
    "one-shot-accuracy-grows": "1-shot",
    "five-shot-accuracy-grows": "5-shot",
    "sex-separation-grows": "sex-separation",
    "stage-separation-grows": "stage-separation",
    "sex-leaves-species-span": "sex-outside-species",
    "stage-leaves-species-span": "stage-outside-species",
    "kinship-order-grows": "kinship-order",
    "recent-kinship-order-grows": "recent-kinship-order",
    "trait-distances-grow": "trait-distances",
}

# What goes along with what has evolved is asked of evolution, and not of one clade's species.
OF_EVOLUTION = ("trait-distances-grow", "trait-alignment-grows")


def measures(lab):
    """What can be followed in these stores: claim id → measure of (embeddings, rng)."""
    there = quantities(lab)
    found = {claim: there[name] for claim, name in FOLLOWS.items() if name in there}
    if lab.traits is not None:
        found["trait-alignment-grows"] = partial(alignment, lab)
    return found


def claims(lab):
    """Those that these stores can answer."""
    found = measures(lab)
    return tuple(c for c in CLAIMS if c.id in found)


def run(lab):
    """Follow each measure along the series, with what stands beside it."""
    asked = measures(lab)
    if not asked:
        raise ValueError(
            "the stores record neither sexes nor life stages nor enough images of five species, and neither tree nor "
            "traits were given: nothing to follow"
        )
    if len(lab.stores) < 3:
        raise ValueError("a trend needs at least 3 different scales: give three stores or more, of the same images")
    beside = {}
    for store in lab.controls:
        beside.setdefault(control(store), []).append(store)
    found = {
        claim: scaling(
            lab.stores,
            measure,
            x=lab.x or "images_seen",
            tree=lab.tree,
            process=claim in OF_EVOLUTION or lab.process() is not None,
            controls=beside,
            rng=lab.rng,
        )
        for claim, measure in asked.items()
    }
    return lab.outcome(
        claims=tuple(c for c in CLAIMS if c.id in asked),
        evidence={k: r.evidence for k, r in found.items()},
        sentences={k: str(r) for k, r in found.items()},
        results={FOLLOWS.get(k, "trait-alignment"): r for k, r in found.items()},
    )
