"""Do the sexes and life stages of a species stand apart in the space?"""

from embedlab.claims import Claim
from embedlab.lab import INTERVAL
from embedlab.measures.separation import separation

SETTINGS = {
    "sex": "two values of the column sex to compare, as in female,male",
    "life_stage": "two values of the column life_stage, as in juvenile,adult",
    "permutations": "how often labels are shuffled (999)",
    "interval": INTERVAL,
}

ALIKE = {  # of both claims
    "source": "Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883",
    "at_least": 0.005,  # Fisher ratio above what shuffled labels give
    "statistic": "corrected Fisher ratio, trace form, mean over species",
    "null": "labels shuffled within species and stratum",
    "exclusions": "species with fewer than two individuals of either kind; images without a label",
}
CLAIMS = (
    Claim(id="sexes-stand-apart", says="Females and males of a species differ in the space.", **ALIKE),
    Claim(id="stages-stand-apart", says="Life stages of a species differ in the space.", **ALIKE),
)
ASKS = {"sexes-stand-apart": "sex", "stages-stand-apart": "life_stage"}


def claims(lab):
    """Those whose column the store has, with two values to compare."""
    return tuple(c for c in CLAIMS if lab.contrast(ASKS[c.id]))


def run(lab):
    """Ask it of the sexes, and of the life stages, where the store records them."""
    found = {}
    for claim in claims(lab):
        emb, contrast, strata = lab.variants(ASKS[claim.id])
        # Within subspecies where they are known: one of which more females were taken would pass for a difference.
        found[claim.id] = separation(
            emb,
            contrast,
            strata=(*strata, *lab.taxa()[1:]),
            tree=lab.process(),
            permutations=lab.setting("permutations", 999),
            rng=lab.rng,
        )
    if not found:
        raise ValueError("the store records neither two sexes nor two life stages: nothing to separate. "
                         "Give them in the table of the images (columns sex, life_stage)")  # fmt: skip
    return lab.outcome(
        claims=claims(lab),
        evidence={k: r.evidence for k, r in found.items()},
        sentences={k: str(r) for k, r in found.items()},
        results={ASKS[k]: r for k, r in found.items()},
    )
