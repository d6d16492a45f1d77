"""Do sexes and life stages differ along directions that tell no species apart?"""

from embedlab.claims import Claim
from embedlab.measures.orthogonality import orthogonality

SETTINGS = {
    "sex": "two values of the column sex to compare, as in female,male",
    "life_stage": "two values of the column life_stage, as in juvenile,adult",
    "groups": "taxon columns whose means make the span, coarse to fine (species, and subspecies where recorded)",
    "axes": "how many axes of that span (5, or all where there are fewer)",
    "permutations": "draws of each kind of chance (999)",
}

CLAIMS = (
    Claim(
        id="sex-outside-species",
        says="Across species, females and males differ outside the species span, more than noise does.",
        source="Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883",
        at_least=0.05,  # share of squared length, above what directions drawn from the noise give
    ),
    Claim(
        id="stage-outside-species",
        says="Across species, life stages differ outside the species span, more than noise does.",
        source="Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883",
        at_least=0.05,
    ),
)
ASKS = {"sex-outside-species": "sex", "stage-outside-species": "life_stage"}


def claims(lab):
    """Those whose column the store has, with two values to compare."""
    return tuple(c for c in CLAIMS if lab.contrast(ASKS[c.id]))


def run(lab):
    """Ask it of the sexes, and of the life stages, where the store records them."""
    found = {}
    for claim in claims(lab):
        emb, contrast, strata = lab.variants(ASKS[claim.id])
        found[claim.id] = orthogonality(
            emb, contrast, groups=lab.taxa(), strata=strata, axes=lab.setting("axes", 0) or None,
            tree=lab.tree, permutations=lab.setting("permutations", 999), rng=lab.rng,
        )  # fmt: skip
    if not found:
        raise ValueError("the store records neither two sexes nor two life stages: there is no contrast to place")
    return lab.outcome(
        claims=claims(lab),
        evidence={k: r.evidence for k, r in found.items()},
        sentences={k: str(r) for k, r in found.items()},
        results={ASKS[k]: r for k, r in found.items()},
    )
