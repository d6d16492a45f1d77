"""Do separation, orthogonality and trait alignment grow with training?"""

from functools import partial

from embedlab.claims import Claim
from embedlab.measures.orthogonality import orthogonality
from embedlab.measures.scaling import scaling
from embedlab.measures.separation import separation
from embedlab.measures.trait_alignment import trait_alignment

SETTINGS = {
    "trait": "a trait whose alignment is followed too (none, unless traits are given: then the first)",
    "axes": "how many axes of the species span (5)",
    "permutations": "draws of chance at each run (499)",
    "sex": "two values of the column sex to compare, as in female,male",
    "life_stage": "two values of the column life_stage, as in juvenile,adult",
    "groups": "taxon columns whose means make the span, coarse to fine (species, and subspecies where recorded)",
}

SOURCE = "Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883: five models, one run each, no interval"
RUNS = {"source": SOURCE, "unit": "runs", "exclusions": "species that a run lacks"}
SHUFFLED = "labels shuffled, the same shuffle at every run; and the runs in any other order"
CLAIMS = (
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
        id="stage-leaves-species-span",
        says="The share of the life-stage contrast outside the species span grows with training.",
        at_least=0.01,
        statistic="slope of the share outside the span per tenfold scale",
        null="noise-like contrasts, the same draw at every run; and the runs in any other order",
        **RUNS,
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


def measures(lab):
    """What can be followed in these stores: claim id → measure of (embeddings, rng)."""
    found, permutations = {}, lab.setting("permutations", 499)
    if lab.contrast("sex"):
        found["sex-separation-grows"] = partial(_separation, lab, "sex", permutations)
    if lab.contrast("life_stage"):
        found["stage-separation-grows"] = partial(_separation, lab, "life_stage", permutations)
        found["stage-leaves-species-span"] = partial(_orthogonality, lab, "life_stage", permutations)
    if lab.traits is not None:
        found["trait-alignment-grows"] = partial(_alignment, lab, permutations)
    return found


def claims(lab):
    """Those that these stores can answer."""
    return tuple(c for c in CLAIMS if c.id in measures(lab))


def run(lab):
    """Follow each measure along the series."""
    asked = measures(lab)
    if not asked:
        raise ValueError("the stores record neither sexes nor life stages, and no traits were given: nothing to follow")
    if len(lab.stores) < 3:
        raise ValueError("a trend needs at least 3 different scales: give three stores or more, of the same images")
    found = {k: scaling(lab.stores, m, x=lab.x or "images_seen", tree=lab.tree, rng=lab.rng) for k, m in asked.items()}
    return lab.outcome(
        claims=claims(lab),
        evidence={k: r.evidence for k, r in found.items()},
        sentences={k: str(r) for k, r in found.items()},
        results={k.removesuffix("-grows"): r for k, r in found.items()},
    )


def _separation(lab, column, permutations, emb, rng):
    rows, contrast, strata = lab.variants(column, emb)
    strata = (*strata, *lab.taxa()[1:])  # subspecies with unequal numbers of the sexes would pass for a difference
    return separation(rows, contrast, strata=strata, tree=lab.tree, permutations=permutations, rng=rng)


def _orthogonality(lab, column, permutations, emb, rng):
    rows, contrast, strata = lab.variants(column, emb)
    return orthogonality(
        rows,
        contrast,
        groups=lab.taxa(),
        strata=strata,
        axes=lab.setting("axes", 0) or None,
        tree=lab.tree,
        permutations=permutations,
        compare=False,
        rng=rng,
    )


def _alignment(lab, permutations, emb, rng):
    traits, _ = lab.matched_traits()
    trait = lab.setting("trait", traits.names[0])
    return trait_alignment(emb, traits[trait], lab.phylogeny(), permutations=permutations, rng=rng)
