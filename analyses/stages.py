"""Where do the differences of sex and life stage lie in each species, and do they leave the span between two models?"""

from embedlab.claims import Claim
from embedlab.measures.contrast_places import contrast_places
from embedlab.measures.contrast_scene import contrast_scene
from embedlab.measures.series import side_by_side

SETTINGS = {
    "sex": "two values of the column sex to compare, as in female,male",
    "life_stage": "two values of the column life_stage, as in juvenile,adult",
    "groups": "taxon columns whose means make the span, coarse to fine (species, and subspecies where recorded)",
    "axes": "how many axes of that span (5, or all where there are fewer)",
    "shown": "species that figures name, with commas, at most 5 (the longest difference, and two shorter ones)",
    "permutations": "draws of each kind of chance (999)",
}

HOW = dict(
    source="Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883: ρ, formula unknown, falls from .33 to .14 in five models",
    at_least=0.05,  # share of squared length that moves, mean over species
    statistic="share of squared length outside the first axes of the species means, cross-fitted, last less first",
    null="the first and the last space exchanged, species by species",
    exclusions="species with fewer than four individuals of either kind; spaces between the first and the last",
)
CLAIMS = (
    Claim(id="stage-moves-outside", says="From the first space to the last, life stages come to differ outside the "
          "species span, species by species.", **HOW),
    Claim(id="sex-moves-outside", says="From the first space to the last, females and males come to differ outside the "
          "species span, species by species.", **HOW),
)  # fmt: skip
ASKS = {"stage-moves-outside": "life_stage", "sex-moves-outside": "sex"}


def claims(lab):
    """Those whose column the stores have, with two values to compare; a single space moves nowhere."""
    if len(side_by_side(lab.stores, lab.x)[0]) < 2:
        raise ValueError(
            "stages sets spaces side by side and needs two stores or more at different places of the scale; where the "
            "differences lie in one is asked by orthogonality, and drawn by el.contrast_places"
        )
    return tuple(c for c in CLAIMS if lab.contrast(ASKS[c.id]))


def run(lab):
    """Place the differences of every species in every space; beside, the scene in three dimensions."""
    chosen, names, left_out = side_by_side(lab.stores, lab.x)
    for words in left_out:
        lab.note(words)
    found, results = {}, {}
    for claim in claims(lab):
        column = ASKS[claim.id]
        variants = [lab.variants(column, store) for store in chosen]
        stores, (_, contrast, strata) = [v[0] for v in variants], variants[0]
        how = dict(groups=lab.taxa(), strata=strata, rng=lab.rng)
        places = contrast_places(
            stores, contrast, names=names, shown=lab.setting("shown", ()), axes=lab.setting("axes", 0) or None,
            permutations=lab.setting("permutations", 999), **how,
        )  # fmt: skip
        found[claim.id] = results[f"{column}_places"] = places
        results[f"{column}_scene"] = contrast_scene(stores, contrast, places=places, **how)
    if not found:
        raise ValueError("the stores record neither two sexes nor two life stages: there is no difference to place")
    return lab.outcome(
        claims=claims(lab),
        evidence={k: r.change for k, r in found.items()},
        sentences={k: str(r) for k, r in found.items()},
        results=results,
    )
