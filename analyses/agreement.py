"""Do two models agree about individuals beyond their species, and about species beyond their descent?"""

from embedlab.claims import Claim
from embedlab.measures.agreement import agreement

SETTINGS = {
    "permutations": "how often images and species are shuffled (999)",
    "k": "how many nearest neighbours are compared (10)",
    "on": "what the stores share: image, species, or auto",
}

SOURCE = "Huh et al. 2024 (The Platonic Representation Hypothesis), arXiv:2405.07987: mutual k-NN, no null of descent"
CLAIMS = (
    Claim(
        id="agree-on-individuals",
        says="Two models agree about how individuals differ from the mean of their species.",
        source=SOURCE,
        at_least=0.05,
        statistic="CKA of deviations from the species' means, over pairs of different species",
        null="individuals shuffled within species in one of the spaces",
        exclusions="images that one store lacks; species with one individual",
    ),
    Claim(
        id="agree-beyond-descent",
        says="Two models agree about species beyond what shared descent gives.",
        source=SOURCE,
        at_least=0.1,
        statistic="debiased CKA of species means, from disjoint halves of the images, after phylogenetic whitening",
        null="species permuted after phylogenetic whitening",
        exclusions="species without a tip in the tree; species with one image where both stores show the same",
    ),
)
KEYS = {"agree-on-individuals": "individuals", "agree-beyond-descent": "species"}


def run(lab):
    """Ask it of the two stores that were given."""
    if len(lab.stores) != 2:
        raise ValueError(f"agreement compares two stores and was given {len(lab.stores)}: give two")
    tree = lab.tree
    if tree is None and any(lab.embeddings().has(rank) for rank in ("order", "family", "genus")):
        tree = lab.phylogeny()
    found = agreement(*lab.stores, tree=tree, on=lab.setting("on", "auto"), k=lab.setting("k", 10),
                      permutations=lab.setting("permutations", 999), rng=lab.rng)  # fmt: skip
    asked = tuple(c for c in CLAIMS if KEYS[c.id] in found.evidence)
    return lab.outcome(
        claims=asked,
        evidence={c.id: found.evidence[KEYS[c.id]] for c in asked},
        sentences={c.id: found.said(KEYS[c.id]) for c in asked},
        results={"agreement": found},
    )


def claims(lab):
    """Both; the one about individuals only where the stores show the same images."""
    if len(lab.stores) != 2:
        return ()
    ids = [set(s.column("image_id").to_list()) for s in lab.stores]
    return CLAIMS if ids[0] & ids[1] and lab.setting("on", "auto") != "species" else CLAIMS[1:]
