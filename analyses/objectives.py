"""Does the objective matter: does hierarchy beat flat names, and contrast beat cross-entropy, on unseen species?"""

from embedlab.claims import Claim
from embedlab.lab import control
from embedlab.measures.objectives import LEAST_RUNS, REFERENCE, objectives
from embedlab.quantities import SETTINGS as COMPARED
from embedlab.quantities import quantities

SETTINGS = {
    "reference": f"the objective that others are compared with ({REFERENCE})",
    "against": "objectives of which claims are made, with commas (flat,ce); others are shown, and judged by no claim",
    **COMPARED,
}
SOURCE = "Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883: hierarchy and contrast are said to make the properties emerge"
AGAINST = ("flat", "ce")
NAMES = {"flat": "hierarchical-beats-flat", "ce": "contrast-beats-cross-entropy"}
WORDS = {
    "flat": "Hierarchical captions",
    "ce": "Contrast with captions",
}
BEYOND = {"flat": "flat names", "ce": "cross-entropy"}
JUDGED = {  # quantity → what it is called in a claim, and the difference that would matter
    "5-shot": ("name unseen species better from five images", 0.01),
    "sex-separation": ("set the sexes further apart (Fisher ratio)", 0.01),
    "stage-separation": ("set life stages further apart (Fisher ratio)", 0.01),
    "stage-outside-species": ("put more of the life-stage contrast outside the species span", 0.02),
    "kinship-order": ("know the order of kinship better (triplets)", 0.01),
    "trait-distances": ("align better with traits beyond descent (partial RSA)", 0.02),
}


def claims(lab):
    """One for each quantity that these stores have, and each objective of `against` that they were trained to."""
    reference = lab.setting("reference", REFERENCE)
    present = {_objective(store) for store in lab.stores}
    against = [name for name in lab.setting("against", AGAINST) if name in present and name != reference]
    there = [q for q in JUDGED if q in quantities(lab)]
    return tuple(_claim(reference, name, q) for name in against for q in there)


def _claim(reference: str, name: str, quantity: str) -> Claim:
    words, matters = JUDGED[quantity]
    whole = reference == REFERENCE
    who = WORDS.get(name, "Hierarchical captions") if whole else f"Models trained to {reference}"
    return Claim(
        id=f"{_name(reference, name)}-{quantity}",
        says=f"{who} {words} than {BEYOND.get(name, name)}.",
        source=SOURCE,
        at_least=matters,
        statistic="difference of runs that share all but the objective, the same species, mean over pairs of runs",
        null="the differences of runs with their signs turned at random; Student's t over pairs and over species",
        unit="pairs of runs",
        exclusions=f"runs without a partner that shares world, images, steps and seed; fewer than {LEAST_RUNS} pairs",
    )


def _name(reference: str, name: str) -> str:
    return NAMES[name] if reference == REFERENCE and name in NAMES else f"{reference}-beats-{name}"


def run(lab):
    """Compare every objective with the reference on every quantity; judge those that were claimed."""
    asked = quantities(lab)
    if not asked:
        raise ValueError(
            "the stores record neither sexes nor life stages nor enough images of five species, and neither tree nor "
            "traits were given: nothing to compare"
        )
    reference = lab.setting("reference", REFERENCE)
    beside = {}
    for store in lab.controls:
        beside.setdefault(control(store), []).append(store)
    found = {
        name: objectives(lab.stores, measure, reference=reference, controls=beside, tree=lab.process(), rng=lab.rng)
        for name, measure in asked.items()
    }
    evidence, sentences = {}, {}
    for name in lab.setting("against", AGAINST):
        for quantity in JUDGED:
            pair = found[quantity].pairings.get(name) if quantity in found else None
            if pair is not None:
                key = f"{_name(reference, name)}-{quantity}"
                evidence[key] = pair.evidence
                sentences[key] = f"{found[quantity].measure}: {reference} {pair}"
    made = claims(lab)
    for claim in made:
        if claim.id not in evidence:  # trained to it, but no run shares all else
            lab.note(f"{claim.id}: no run of {reference} shares all else with one of it; not asked")
    return lab.outcome(
        claims=tuple(c for c in made if c.id in evidence),
        evidence=evidence,
        sentences=sentences,
        results=found,
    )


def _objective(store) -> str:
    return str((store.card.get("training") or {}).get("objective") or REFERENCE)
