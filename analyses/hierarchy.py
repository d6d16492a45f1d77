"""Is the order of kinship right in the space, among recent branchings too, and are its mistakes near ones?"""

from embedlab.claims import Claim
from embedlab.measures.hierarchy import hierarchy

SETTINGS = {"permutations": "how often tips and names are shuffled (999)"}

SOURCE = "Stevens et al. 2024 (BioCLIP), arXiv:2311.18803: hierarchical representations, shown as t-SNE pictures"
CLAIMS = (
    Claim(
        id="kinship-order",
        says="Of three species, the space sets the one apart that stands apart on the tree.",
        source=SOURCE,
        at_least=0.05,  # share of triplets, above shuffled tips (a third)
        statistic="share of triplets of species whose odd one out is that of the tree",
        null="tips of the tree shuffled",
        exclusions="species without a tip in the tree; triplets that the tree does not resolve",
    ),
    Claim(
        id="recent-kinship-order",
        says="Of three species that meet in the younger half of the tree, too, the space sets the right one apart.",
        source=SOURCE,
        at_least=0.05,
        statistic="share of triplets that meet in the younger half of the tree whose odd one out is that of the tree",
        null="tips of the tree shuffled",
        exclusions="species without a tip in the tree; triplets that the tree does not resolve",
    ),
    Claim(
        id="mistakes-are-near",
        says="Where an image's nearest neighbour is of another species, that species is nearer kin than chance gives.",
        source=SOURCE,
        at_least=0.05,  # of the height of the tree
        direction=-1,
        statistic="height of the last common ancestor with the nearest image of another species",
        null="tips of the tree shuffled",
        exclusions="species without a tip in the tree",
    ),
)
EVIDENCE = {"kinship-order": "triplets", "recent-kinship-order": "recent", "mistakes-are-near": "mistakes"}


def run(lab):
    """Compare triplets, groups, ranks and mistakes with the tree."""
    found = hierarchy(lab.embeddings(), lab.phylogeny(), permutations=lab.setting("permutations", 999), rng=lab.rng)
    evidence = {k: found.evidence[v] for k, v in EVIDENCE.items()}
    sentences = {k: str(found) if k == "kinship-order" else _sentence(evidence[k]) for k in EVIDENCE}
    return lab.outcome(claims=CLAIMS, evidence=evidence, sentences=sentences, results={"hierarchy": found})


def _sentence(e) -> str:
    if e.cannot_tell:
        return e.cannot_tell
    low, high = e.interval
    return (
        f"{e.statistic}: {e.estimate:.2f} [{low:.2f}, {high:.2f}] over {e.n} species; {e.chance_kind}: "
        f"{e.chance['mean']:.2f} (p = {e.p_more:.2g} for more, {e.p_less:.2g} for less)"
    )
