"""Do many models agree with one another about species, beyond shared descent?"""

from embedlab.claims import Claim
from embedlab.measures.agreements import agreements

SETTINGS = {"permutations": "how often species are shuffled (999)"}

CLAIMS = (
    Claim(
        id="models-agree-beyond-descent",
        says="Three models or more agree about species beyond what shared descent gives, in the mean of their pairs.",
        source="Huh et al. 2024 (The Platonic Representation Hypothesis), arXiv:2405.07987: pairs of models, no null "
        "of descent",
        at_least=0.1,
        statistic="mean over pairs of models of debiased CKA of species means after phylogenetic whitening, from "
        "disjoint halves of the images",
        null="species permuted after phylogenetic whitening, in every model at once",
        exclusions="species without two images in every store, or without a tip in the tree; controls",
    ),
)


def run(lab):
    """Ask it of all stores that are no controls."""
    if len(lab.stores) < 3:
        raise ValueError(
            f"agreements compares three stores or more and was given {len(lab.stores)}: two are compared by agreement"
        )
    tree = lab.tree
    if tree is None and any(lab.embeddings().has(rank) for rank in ("order", "family", "genus")):
        tree = lab.phylogeny()
    found = agreements(lab.stores, tree=tree, permutations=lab.setting("permutations", 999), rng=lab.rng)
    return lab.outcome(
        claims=CLAIMS,
        evidence={CLAIMS[0].id: found.evidence},
        sentences={CLAIMS[0].id: str(found)},
        results={"agreements": found},
    )


def claims(lab):
    """The one, where there are three stores."""
    return CLAIMS if len(lab.stores) >= 3 else ()
