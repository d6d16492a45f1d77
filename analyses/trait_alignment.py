"""Does the space go along with traits of species beyond what common descent gives?"""

import re

from embedlab.claims import Claim
from embedlab.measures.trait_alignment import trait_alignment

SETTINGS = {
    "traits": "names of traits, with commas (AVONET: Mass, Wing.Length, Habitat; otherwise the first six of the table)",
    "null": "rrpp (default), lambda (simulated on the tree), or free (wrong for related species, to compare)",
    "permutations": "how often residuals are permuted (999)",
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
    return AVONET if set(AVONET) <= set(lab.traits.names) else tuple(lab.traits.names[:MOST])


def claims(lab):
    """One claim a trait."""
    return tuple(
        Claim(id=f"aligned-{_slug(t)}", says=SAYS.format(trait=t), source=SOURCE, at_least=AT_LEAST) for t in asked(lab)
    )


def run(lab):
    """Ask it of each trait, with the tree that was given or one of ranks."""
    traits, report = lab.matched_traits()
    lab.note(str(report))
    if more := [t for t in traits.names if t not in asked(lab)] if not lab.setting("traits", ()) else []:
        named = ", ".join(more[:8]) + (" …" if len(more) > 8 else "")
        lab.note(f"{len(more)} further traits are not asked; --set traits=NAME,NAME asks others ({named})")
    tree = lab.phylogeny()
    first = traits[asked(lab)[0]]
    have = [s for s, known in zip(first.species, first.values.is_not_null(), strict=True) if known]
    lab.note(str(tree.match(have)[1]))
    found = {}
    for trait, claim in zip(asked(lab), claims(lab), strict=True):
        found[claim.id] = trait_alignment(
            lab.embeddings(), traits[trait], tree, null=lab.setting("null", "rrpp"),
            permutations=lab.setting("permutations", 999), rng=lab.rng,
        )  # fmt: skip
    for result in found.values():
        lab.note(f"{result.trait}: {result.reliability_note}")
    return lab.outcome(
        claims=claims(lab),
        evidence={k: r.evidence for k, r in found.items()},
        sentences={k: str(r) for k, r in found.items()},
        results={k.removeprefix("aligned-"): r for k, r in found.items()},
    )


def _slug(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
