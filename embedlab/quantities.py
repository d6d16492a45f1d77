"""What can be measured of a store and followed from model to model: name → measure of (embeddings, rng).

The same for a series of scales and for a comparison of objectives, so that both speak of the same numbers.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from embedlab.lab import INTERVAL, MOSTLY, Lab
from embedlab.measures.contrast import MIN_ACROSS, blocks
from embedlab.measures.followed import kinship, of_recognition
from embedlab.measures.hierarchy import RECENT
from embedlab.measures.orthogonality import orthogonality
from embedlab.measures.recognition import recognition
from embedlab.measures.separation import separation
from embedlab.measures.trait_alignment import trait_alignment
from embedlab.measures.trait_distances import trait_distances
from embedlab.refusals import deliberate
from embedlab.stats.taxa.triplets import resolved_triplets

SETTINGS = {
    "traits": "traits whose distances are followed together (partial RSA), with commas (the functional traits of a "
    "simulated world, AVONET's measurements; none where the table has neither)",
    "axes": "how many axes of the species span (5)",
    "permutations": "draws of chance at each run (999)",
    "episodes": "episodes of one- and five-shot naming (100); 0 asks none",
    "sex": "two values of the column sex to compare, as in female,male",
    "life_stage": "two values of the column life_stage, as in juvenile,adult",
    "interval": INTERVAL,
    "groups": "taxon columns whose means make the span, coarse to fine (species, and subspecies where recorded)",
}
SUITES = (  # traits of form that are taken together where a table has them all and none are named
    (
        "body_size", "elongation", "beak_length", "beak_depth", "beak_curvature", "leg_length", "tail_length",
        "tail_fork", "wing_length",
    ),
    ("Mass", "Beak.Length_Culmen", "Beak.Depth", "Tarsus.Length", "Wing.Length", "Tail.Length"),
)  # fmt: skip
SHOTS = (1, 5)
HALVED = 4  # individuals of a cell that halves need, from which span and contrast come
LEAST_EACH = 2  # individuals to ask of a species beyond those that are shown


def quantities(lab: Lab) -> dict[str, Callable]:
    """Those that the stores of a lab can answer, by name, in a fixed order."""
    found, draws = {}, lab.setting("permutations", 999)
    if lab.setting("episodes", 100) and _enough(lab):
        named = _Once(partial(_named, lab))
        for k in SHOTS:
            found[f"{k}-shot"] = partial(_way, named, f"{k}-shot")
    if _cells(lab, "sex", 2, "sex-separation"):
        found["sex-separation"] = partial(_separation, lab, "sex", draws)
    if _cells(lab, "life_stage", 2, "stage-separation"):
        found["stage-separation"] = partial(_separation, lab, "life_stage", draws)
    if _cells(lab, "sex", HALVED, "sex-outside-species"):
        found["sex-outside-species"] = partial(_orthogonality, lab, "sex", draws)
    if _cells(lab, "life_stage", HALVED, "stage-outside-species"):
        found["stage-outside-species"] = partial(_orthogonality, lab, "life_stage", draws)
    if lab.tree is not None and lab.embeddings().has("species"):
        found["kinship-order"] = partial(_kinship, lab, draws, 1.0)
        if _recent(lab):
            found["recent-kinship-order"] = partial(_kinship, lab, draws, RECENT)
    if lab.traits is not None and suite(lab):
        found["trait-distances"] = partial(_distances, lab, draws)
    return found


def suite(lab: Lab) -> tuple[str, ...]:
    """The traits that are taken together: those named, or a suite that the table has whole; else none."""
    named = lab.setting("traits", ())
    if named or lab.traits is None:
        return named
    return next((s for s in SUITES if set(s) <= set(lab.traits.names)), ())


def alignment(lab: Lab, emb, rng):
    """Alignment with one trait (setting `trait`, or the first of the table) beyond descent."""
    traits, _ = lab.matched_traits()
    trait = traits[lab.setting("trait", traits.names[0])]
    return trait_alignment(emb, trait, lab.phylogeny(), permutations=lab.setting("permutations", 999), rng=rng)


def _cells(lab: Lab, column: str, least: int, name: str) -> bool:
    """Whether two species have `least` individuals of both sorts in a cell; what cannot be followed is noted."""
    if not lab.contrast(column):
        return False
    rows, contrast, strata = lab.variants(column)
    try:
        cut = blocks(rows, contrast, groups=lab.taxa(), strata=strata, least=least)
    except ValueError as error:
        if not deliberate(error):
            raise
        lab.note(f"{name} is not followed: {error}")
        return False
    return len(cut.groups) > 1


class _Once:
    """Ask a store once: several quantities of one answer are the same episodes, and cost one of them."""

    def __init__(self, ask):
        self.ask, self.kept = ask, {}

    def __call__(self, emb, rng):
        if id(emb) not in self.kept:
            self.kept[id(emb)] = (emb, self.ask(emb, rng))  # with the store, so that its id stays its own
        return self.kept[id(emb)][1]


def _enough(lab: Lab) -> bool:
    """Whether enough species have the individuals that episodes ask for."""
    emb = lab.embeddings()
    if not emb.has("species"):
        return False
    who = "individual" if emb.has("individual") else "image_id"
    each = emb.rows.drop_nulls("species").select("species", who).unique()["species"].value_counts()
    return int((each["count"] >= max(SHOTS) + LEAST_EACH).sum()) >= MIN_ACROSS


def _named(lab, emb, rng):
    cells = tuple(c for c in ("sex", "life_stage") if lab.contrast(c) and lab.known(c) >= MOSTLY)
    how = {"episodes": lab.setting("episodes", 100), "permutations": lab.setting("permutations", 999)}
    return recognition(emb, shots=SHOTS, balance=cells, tree=lab.process(), rng=rng, **how)


def _way(named, way, emb, rng):
    return of_recognition(named(emb, rng), way)


def _separation(lab, column, permutations, emb, rng):
    rows, contrast, strata = lab.variants(column, emb)
    strata = (*strata, *lab.taxa()[1:])  # subspecies with unequal numbers of the sexes would pass for a difference
    return separation(rows, contrast, strata=strata, tree=lab.process(), permutations=permutations, rng=rng)


def _orthogonality(lab, column, permutations, emb, rng):
    rows, contrast, strata = lab.variants(column, emb)
    axes = lab.setting("axes", 0) or None
    return orthogonality(
        rows, contrast, groups=lab.taxa(), strata=strata, axes=axes, tree=lab.process(), permutations=permutations,
        compare=False, rng=rng,
    )  # fmt: skip


def _kinship(lab, permutations, upto, emb, rng):
    return kinship(emb, lab.tree, upto=upto, permutations=permutations, rng=rng)


def _recent(lab: Lab) -> bool:
    """Whether the tree resolves triplets of these species in its younger half."""
    used = lab.tree.match(lab.embeddings().column("species").drop_nulls().unique().sort().to_list())[1].used
    if len(used) < MIN_ACROSS:
        return False
    covariance = lab.tree.covariance(list(used.values()))
    return bool(len(resolved_triplets(covariance, upto=RECENT, rng=np.random.default_rng(0))[0]))


def _distances(lab, permutations, emb, rng):
    traits, _ = lab.matched_traits()
    own = [traits[name] for name in suite(lab)]
    return trait_distances(emb, own, lab.phylogeny(), permutations=permutations, rng=rng)
