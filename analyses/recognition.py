"""Are species told apart from one image, from five, and from their names?"""

from embedlab.claims import Claim
from embedlab.io.store import open_store
from embedlab.lab import INTERVAL, MOSTLY
from embedlab.measures.recognition import recognition

SETTINGS = {
    "shots": "how many images of each species are shown, with commas (1,5)",
    "episodes": "how often other images are drawn (100)",
    "prototypes": "the path of a store of texts with a column species: names alone (none)",
    "balance": "columns over whose cells images are spread (sex and life_stage where they are recorded)",
    "permutations": "how often names are shuffled (999)",
    "interval": INTERVAL,
}

ALIKE = {  # of all claims
    "source": "Stevens et al. 2024 (BioCLIP), arXiv:2311.18803; Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883",
    "at_least": 0.01,  # of all answers, above what shuffled names give
    "exclusions": "species with fewer individuals than are shown and one to ask",
    "statistic": "accuracy of the nearest class mean among all species here, mean over species",
    "null": "names shuffled among individuals, one episode each",
}
NAMES = {1: "one image", 5: "five images"}


def claims(lab):
    """One a number of images, and one for names where prototypes are given."""
    found = [
        Claim(id=f"{k}-shot", says=f"Species are told apart from {NAMES.get(k, f'{k} images')}.", **ALIKE)
        for k in _shots(lab)
    ]
    if lab.setting("prototypes", ""):
        zero = {
            "statistic": "accuracy of the nearest text prototype, mean over species",
            "null": "names dealt out among the prototypes",
            "exclusions": "species without a prototype",
        }
        found.append(Claim(id="zero-shot", says="Species are told apart from their names alone.", **ALIKE | zero))
    return tuple(found)


def run(lab):
    """Ask it of the store, or of a series of the store that stands last on its scale."""
    emb = lab.embeddings()
    if not emb.has("species"):
        raise ValueError("the store does not record species: nothing to tell apart")
    cells = tuple(c for c in ("sex", "life_stage") if lab.contrast(c) and lab.known(c) >= MOSTLY)
    texts = lab.setting("prototypes", "")
    found = recognition(
        emb,
        shots=_shots(lab),
        episodes=lab.setting("episodes", 100),
        prototypes=open_store(texts) if texts else None,
        balance=lab.setting("balance", cells),
        tree=lab.process(),
        permutations=lab.setting("permutations", 999),
        rng=lab.rng,
    )
    return lab.outcome(
        claims=claims(lab),
        evidence=found.evidence,
        sentences={way: found.sentence(way) for way in found.evidence},
        results={"recognition": found},
    )


def _shots(lab) -> tuple[int, ...]:
    return tuple(int(k) for k in lab.setting("shots", ("1", "5")))
