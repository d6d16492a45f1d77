"""Do sexes and life stages differ along directions that tell no species apart?"""

from embedlab.claims import Claim
from embedlab.measures.erasure import erasure
from embedlab.measures.orthogonality import orthogonality
from embedlab.measures.shared_axis import LEAST_CLADES, shared_axis
from embedlab.refusals import refusal_of

SETTINGS = {
    "sex": "two values of the column sex to compare, as in female,male",
    "life_stage": "two values of the column life_stage, as in juvenile,adult",
    "groups": "taxon columns whose means make the span, coarse to fine (species, and subspecies where recorded)",
    "axes": "how many axes of that span (5, or all where there are fewer)",
    "clades": "taxon column between which the axis is compared (family or genus, whichever has five kinds)",
    "controls": "species whose sexes do not differ, by commas, or a trait that is 1 for them (none)",
    "compare": "no leaves out other inner products, the shared axis and the readings, which judge nothing (yes)",
    "permutations": "draws of each kind of chance (999)",
}

CLAIMS = (
    Claim(
        id="sex-outside-species",
        says="Across species, females and males differ outside the species span, more than noise does.",
        source="Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883",
        at_least=0.05,  # share of squared length, above what directions drawn from the noise give
        statistic="share of squared length outside the first axes of the species means, cross-fitted",
        null="random contrasts of the same lengths and likeness that point as within-group noise does",
        exclusions="species with fewer than four individuals of either kind; images without a label",
    ),
    Claim(
        id="stage-outside-species",
        says="Across species, life stages differ outside the species span, more than noise does.",
        source="Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883",
        at_least=0.05,
        statistic="share of squared length outside the first axes of the species means, cross-fitted",
        null="random contrasts of the same lengths and likeness that point as within-group noise does",
        exclusions="species with fewer than four individuals of either kind; images without a label",
    ),
)
ASKS = {"sex-outside-species": "sex", "stage-outside-species": "life_stage"}


def claims(lab):
    """Those whose column the store has, with two values to compare."""
    return tuple(c for c in CLAIMS if lab.contrast(ASKS[c.id]))


def run(lab):
    """Ask it of the sexes, and of the life stages, where the store records them."""
    found, beside = {}, {}
    compare = lab.setting("compare", "yes") != "no"
    permutations = lab.setting("permutations", 999)
    for claim in claims(lab):
        column = ASKS[claim.id]
        emb, contrast, strata = lab.variants(column)
        found[claim.id] = orthogonality(
            emb, contrast, groups=lab.taxa(), strata=strata, axes=lab.setting("axes", 0) or None,
            permutations=permutations, compare=compare, rng=lab.rng,
        )  # fmt: skip
        if compare:
            beside |= _beside(lab, column, permutations)
    if not found:
        raise ValueError("the store records neither two sexes nor two life stages: there is no contrast to place. "
                         "Give them in the table of the images (columns sex, life_stage)")  # fmt: skip
    return lab.outcome(
        claims=claims(lab),
        evidence={k: r.evidence for k, r in found.items()},
        sentences={k: str(r) for k, r in found.items()},
        results={ASKS[k]: r for k, r in found.items()} | beside,
    )


def _beside(lab, column, permutations):
    """Is it one axis for all species, and what is read where: shown, and judged by no claim."""
    emb, contrast, strata = lab.variants(column)
    strata = (*strata, *lab.taxa()[1:])
    shown = {}
    try:
        shown[f"{column}_axis"] = shared_axis(
            emb, contrast, clades=_clades(lab, emb), controls=_controls(lab) if column == "sex" else (),
            strata=strata, permutations=permutations, rng=lab.rng,
        )  # fmt: skip
    except ValueError as error:
        lab.note(f"whether the {column} axis is one for all species was not asked: {refusal_of(error)}")
    try:
        shown[f"{column}_readings"] = erasure(
            emb, contrast, strata=strata, axes=lab.setting("axes", 0) or None,
            permutations=min(permutations, 199), rng=lab.rng,
        )  # fmt: skip
    except ValueError as error:
        lab.note(f"what is read of {column} where was not asked: {refusal_of(error)}")
    return shown


def _clades(lab, emb):
    """The coarsest rank with enough kinds to compare, or none: then each species stands alone."""
    if given := lab.setting("clades", ""):
        return given
    for rank in ("family", "genus"):
        if lab.known(rank) == 1 and emb.column(rank).n_unique() >= LEAST_CLADES:
            return rank
    return ""


def _controls(lab):
    """Species in which no difference is expected: by name, or by a trait that is 1 for them."""
    given = lab.setting("controls", ())
    if len(given) == 1 and lab.traits is not None and given[0] in lab.traits.names:
        rows = lab.matched_traits()[0].rows
        values = zip(rows["species"], rows[given[0]], strict=True)
        return tuple(name for name, value in values if value in (1, "1", True, "yes"))
    return given
