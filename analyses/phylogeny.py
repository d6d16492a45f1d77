"""Are near relatives near in the space?"""

from embedlab.claims import Claim
from embedlab.measures.neighbours import neighbour_agreement
from embedlab.measures.phylogeny import phylogeny

SETTINGS = {"permutations": "how often tips and names are shuffled (999)"}

CLAIMS = (
    Claim(
        id="distances-follow-tree",
        says="Distances between species in the space follow their distances on the tree.",
        source="Stevens et al. 2024 (BioCLIP), arXiv:2311.18803: hierarchical structure, shown as t-SNE pictures",
        at_least=0.05,  # correlation, above shuffled tips
        statistic="correlation of distances between species means with patristic distances",
        null="tips of the tree shuffled",
        exclusions="species without a tip in the tree",
    ),
    Claim(
        id="family-beyond-order",
        says="Nearest neighbours of another genus share their family more often than their order alone explains.",
        source="Stevens et al. 2024 (BioCLIP), arXiv:2311.18803",
        at_least=0.02,  # share of images, above names shuffled within the parent taxon
        statistic="share of images whose nearest image of another genus is of the same family",
        null="genera shuffled within the order",
        unit="genera",
        exclusions="images without these ranks; families of one genus",
    ),
    Claim(
        id="genus-beyond-family",
        says="Nearest neighbours of another species share their genus more often than their family alone explains.",
        source="Stevens et al. 2024 (BioCLIP), arXiv:2311.18803",
        at_least=0.02,
        statistic="share of images whose nearest image of another species is of the same genus",
        null="species shuffled within the family",
        exclusions="images without these ranks; genera of one species",
    ),
)
RANKS = {"family-beyond-order": ("order", "family"), "genus-beyond-family": ("family", "genus")}


def claims(lab):
    """The tree, and each rank that the store records together with its parent."""
    return tuple(c for c in CLAIMS if c.id not in RANKS or all(lab.known(rank) > 0.5 for rank in RANKS[c.id]))


def run(lab):
    """Ask it of distances on the tree, and of nearest neighbours rank by rank."""
    emb, permutations = lab.embeddings(), lab.setting("permutations", 999)
    tree = phylogeny(emb, lab.phylogeny(), permutations=permutations, rng=lab.rng)
    evidence, sentences, results = (
        {"distances-follow-tree": tree.evidence},
        {"distances-follow-tree": str(tree)},
        {"tree": tree},
    )
    asked = claims(lab)
    if len(asked) > 1:
        near = neighbour_agreement(emb, permutations=permutations, rng=lab.rng)
        results["neighbours"] = near
        for claim in asked[1:]:
            rank = RANKS[claim.id][1]
            if rank not in near.evidence:
                continue
            found = near.evidence[rank]
            evidence[claim.id] = found
            sentences[claim.id] = (
                f"{found.estimate:.0%} [{found.interval[0]:.0%}, {found.interval[1]:.0%}] of the nearest neighbours of "
                f"another {near.apart[near.ranks.index(rank)]} share the {rank}; names shuffled within the "
                f"{RANKS[claim.id][0]} give {found.chance['mean']:.0%} (p = {found.p_more:.2g})"
            )
        asked = tuple(c for c in asked if c.id in evidence)
    return lab.outcome(claims=asked, evidence=evidence, sentences=sentences, results=results)
