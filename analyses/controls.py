"""Does training bring more than pixels, an untrained network and labels dealt anew?"""

from embedlab.claims import Claim
from embedlab.lab import control
from embedlab.measures.beyond_controls import beyond_controls, scale
from embedlab.measures.objectives import REFERENCE
from embedlab.quantities import SETTINGS as COMPARED
from embedlab.quantities import quantities

SETTINGS = {
    "reference": f"the objective whose runs are asked, where those at the largest scale have several ({REFERENCE})",
    **COMPARED,
}
SOURCE = "Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883: properties are said to emerge with training; no control shown"
CONTROLS = {  # what a card says → in an id, and in a sentence
    "pixel PCA": ("pixels", "the principal components of the pixels show"),
    "random network": ("random-network", "an untrained network shows"),
    "shuffled labels": ("shuffled-labels", "a network that was trained on labels dealt anew shows"),
}
JUDGED = {  # quantity → how its claim begins, and the gap that would matter: what would matter in a tenfold of training
    "1-shot": ("Species are named from one image better", 0.005),
    "5-shot": ("Species are named from five images better", 0.005),
    "sex-separation": ("The sexes stand further apart (Fisher ratio)", 0.002),
    "stage-separation": ("Life stages stand further apart (Fisher ratio)", 0.002),
    "sex-outside-species": ("More of the contrast of the sexes lies outside the first axes of species", 0.01),
    "stage-outside-species": ("More of the life-stage contrast lies outside the first axes of species", 0.01),
    "kinship-order": ("The order of kinship is right in more triplets of species", 0.01),
    "recent-kinship-order": ("The order of recent kinship, too, is right in more triplets of species", 0.01),
    "trait-distances": ("Distances go along with a suite of traits, beyond descent, more", 0.01),
}


def claims(lab):
    """One for each quantity that these stores have, and each control among them."""
    there = [q for q in JUDGED if q in quantities(lab)]
    return tuple(_claim(q, name) for q in there for name in _beside(lab))


def _claim(quantity: str, name: str) -> Claim:
    begins, matters = JUDGED[quantity]
    _, shows = CONTROLS.get(name, ("", f"{name} shows"))
    return Claim(
        id=_id(quantity, name),
        says=f"{begins} after training than {shows}.",
        source=SOURCE,
        at_least=matters,
        statistic="gap of the runs at the largest scale (mean of seeds) to the control (mean of its stores), mean over "
        "the same species",
        null="model and control exchanged species by species (signs of the gaps flipped)",
        exclusions="species that the measure leaves out; controls that cannot tell by themselves are not compared",
    )


def _id(quantity: str, name: str) -> str:
    slug = CONTROLS[name][0] if name in CONTROLS else "-".join(name.lower().split())
    return f"beyond-{slug}-{quantity}"


def _beside(lab) -> dict[str, list]:
    """Controls by name, those that are known first."""
    found = {}
    for store in lab.controls:
        found.setdefault(control(store), []).append(store)
    order = [*(n for n in CONTROLS if n in found), *sorted(set(found) - set(CONTROLS))]
    return {name: found[name] for name in order}


def _asked(lab) -> list:
    """The runs at the largest scale; of several objectives, those of the reference. One store where no card says."""
    most = max(map(scale, lab.stores))
    if not any(most):
        return [lab.embeddings()]
    largest = [s for s in lab.stores if scale(s) == most]
    objective = {id(s): (s.card.get("training") or {}).get("objective") or REFERENCE for s in largest}
    present, wanted = sorted(set(objective.values())), lab.setting("reference", REFERENCE)
    if len(present) == 1:
        return largest
    own = [s for s in largest if objective[id(s)] == wanted]
    if not own:
        raise ValueError(f"runs at the largest scale were trained to {present}, not {wanted!r}: --set reference=NAME")
    lab.note(f"runs at the largest scale were trained to {', '.join(present)}: asked are those of {wanted}")
    return own


def _notes(lab, stores, beside) -> None:
    """Say who was asked, and where a control that was trained too was trained at another scale."""
    lab.note(f"asked are {len(stores)} of {len(lab.stores)} trained stores, those at the largest scale")
    for name, own in beside.items():
        if any(scale(s)[0] > 0 and scale(s) != scale(stores[0]) for s in own):
            lab.note(f"{name}: trained at another scale (images, steps or species) than the models beside it")


def run(lab):
    """Set the runs at the largest scale beside each control, on every quantity."""
    beside = _beside(lab)
    if not beside:
        raise ValueError(
            "no control stands among these stores (or nothing else does): give trained models and stores whose card "
            "names a control, such as pixel PCA or random network"
        )
    asked = quantities(lab)
    if not asked:
        raise ValueError(
            "the stores record neither sexes nor life stages nor enough images of five species, and neither tree nor "
            "traits were given: nothing to compare"
        )
    stores = _asked(lab)
    _notes(lab, stores, beside)
    found = {
        name: beyond_controls(stores, beside, measure, tree=lab.process(), rng=lab.rng)
        for name, measure in asked.items()
    }
    evidence, sentences = {}, {}
    for quantity in (q for q in JUDGED if q in found):
        result = found[quantity]
        for name, gap in result.gaps.items():
            evidence[_id(quantity, name)] = gap.evidence
            sentences[_id(quantity, name)] = f"{result.measure}, {result.values.mean():.3g} after training: {gap}"
    return lab.outcome(claims=claims(lab), evidence=evidence, sentences=sentences, results=found)
