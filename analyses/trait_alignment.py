"""Does the space go along with traits of species beyond what common descent gives?"""

import re

import numpy as np

from embedlab.claims import Claim, Evidence
from embedlab.measures.trait_alignment import CHANCE, form, trait_alignment
from embedlab.measures.trait_family import family_wise
from embedlab.refusals import refusal_of

SETTINGS = {
    "traits": "names of traits, with commas (AVONET: Mass, Wing.Length, Habitat; otherwise the first six of the table)",
    "null": "lambda (default: the trait evolved anew at its own λ), bm, ou, mk (evolved otherwise); rrpp; phylo_perm, "
    "msr; within_clade; or free (wrong for related species, to compare)",
    "permutations": "how often traits are drawn, or residuals permuted (999)",
    "lam": "λ of the full model (full; default where traits are drawn), of the trait (ml; default where residuals or "
    "species are permuted), or a number from 0 to 1",
    "covariates": "what is taken out first, with commas: images (log number of them), columns of the rows, traits",
    "clade": "the rank within which null=within_clade permutes (genus)",
    "placebos": "simulated traits put through the same test, by each of two models; 0 for none (200)",
    "further": "1: forecasts of held-out clades, ranks, the test made otherwise; 0: the test alone (1)",
}

SAYS = "Beyond common descent, species that are alike in {trait} are alike in the space."
SOURCE = "Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883: beak size and habitat, shown as pictures"
AT_LEAST = 0.005  # adjusted R², whose chance is 0
AVONET = ("Mass", "Wing.Length", "Habitat")
MOST = 6  # traits asked when none are named: every further claim costs all others power


def asked(lab):
    """The traits to ask, by name; fixed before any number is looked at."""
    named = lab.setting("traits", ())
    if named:
        return named
    if lab.traits is None:
        raise ValueError("trait_alignment needs traits: pass --traits FILE, a table with one row a species")
    if not lab.traits.names:
        why = "; ".join(f"{name} ({why})" for name, why in lab.traits.report.left_out[:5])
        raise ValueError(f"{lab.traits.report.what} holds no trait to ask" + (f"; left out: {why}" if why else ""))
    return AVONET if set(AVONET) <= set(lab.traits.names) else tuple(lab.traits.names[:MOST])


def claims(lab):
    """One claim a trait."""
    null, lam = _form(lab)
    of = {"full": "λ of the full model", "ml": "λ of the trait"}.get(lam, f"λ = {lam}")
    how = dict(
        statistic="adjusted R² of a phylogenetic regression of species vectors on the trait",
        null=f"{null}: {CHANCE.get(null, 'not known')}; " + ("λ = 0" if null == "free" else of),
        covariates=lab.setting("covariates", ()),
        exclusions="species without a vector, a value or a tip in the tree; kinds of fewer than three species",
    )
    return tuple(
        Claim(id=f"aligned-{_slug(t)}", says=SAYS.format(trait=t), source=SOURCE, at_least=AT_LEAST, **how)
        for t in asked(lab)
    )


def run(lab):
    """Ask it of each trait, with the tree that was given or one of ranks."""
    traits, report = lab.matched_traits()
    lab.note(str(report))
    if more := [t for t in traits.names if t not in asked(lab)] if not lab.setting("traits", ()) else []:
        named = ", ".join(more[:8]) + (" …" if len(more) > 8 else "")
        lab.note(f"{len(more)} further traits are not asked; --set traits=NAME,NAME asks others ({named})")
    for name, why in [(n, w) for n, w in lab.traits.report.left_out if w != "bookkeeping"][:5]:
        lab.note(f"left out of the traits: {name} ({why})")
    tree = lab.phylogeny()
    how = dict(
        permutations=lab.setting("permutations", 999),
        covariates=tuple(traits[c] if c in traits else c for c in lab.setting("covariates", ())),
    )
    null, lam = _form(lab)
    found, refused = {}, {}
    for trait, claim in zip(asked(lab), claims(lab), strict=True):
        try:
            found[claim.id] = trait_alignment(
                lab.embeddings(), traits[trait], tree, null=null, lam=lam, clade=lab.setting("clade", "genus"),
                placebos=lab.setting("placebos", 200), further=bool(lab.setting("further", 1)), rng=lab.rng, **how,
            )  # fmt: skip
        except ValueError as error:  # one trait that cannot be asked must not silence the others
            refused[claim.id] = refusal_of(error)
    if not found:
        raise ValueError(next(iter(refused.values())))
    _notes(lab, found.values())
    if len(found) > 1:
        try:
            could = [traits[t] for t, c in zip(asked(lab), claims(lab), strict=True) if c.id in found]
            adjusted, n = family_wise(lab.embeddings(), could, tree, rng=lab.rng, **how)
            each = ", ".join(f"{name} {p:.2g}" for name, p in adjusted.items())
            lab.note(
                f"all traits at once, on {n} species with all of them (step-down max-T, residuals permuted at the λ of "
                f"each trait, adjusted p): {each}"
            )
        except ValueError as error:
            lab.note(f"no max-T over the traits: {refusal_of(error)}")
    return lab.outcome(
        claims=claims(lab),
        evidence={c.id: found[c.id].evidence if c.id in found else _untold(c, refused[c.id]) for c in claims(lab)},
        sentences={c.id: str(found.get(c.id, refused.get(c.id))) for c in claims(lab)},
        results={k.removeprefix("aligned-"): r for k, r in found.items()},
    )


def _notes(lab, results):
    """What stands beside the tests, by topic, so that traits are told together."""
    topics = {}
    for result in results:
        if np.isfinite(result.reliability):
            told = {"reliability of the positions on the trait's direction": f"{result.reliability:.2f}"}
        else:
            lab.note(result.reliability_note)
            told = {}
        told |= result.beside.topics if result.beside else {}
        if result.uncalibrated:
            told["not to be believed"] = str(result.beside.placebo)
        for topic, words in told.items():
            topics.setdefault(topic, []).append(f"{result.trait} {words}")
        for line in result.beside.notes if result.beside else ():
            lab.note(f"{result.trait}: {line}")
    for topic, words in topics.items():
        lab.note(f"{topic}: {'; '.join(words)}")


def _untold(claim, reason):
    return Evidence(
        statistic=claim.statistic, estimate=np.nan, interval=(np.nan, np.nan), null=np.array([np.nan]),
        chance_kind=claim.null, p_more=1.0, p_less=1.0, p_floor=1.0, n=0, n_effective=0.0, cannot_tell=reason,
    )  # fmt: skip


def _form(lab):
    """The null and the λ that were set, each completed by what goes with the other."""
    lam = lab.setting("lam", None)
    return form(lab.setting("null", None), lam if lam in (None, "ml", "full") else float(lam))


def _slug(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
