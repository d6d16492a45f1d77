"""Does the space tell where species live when it was shown none of their family, or only who their relatives are?"""

from dataclasses import replace

from embedlab.claims import Claim
from embedlab.data.names import closest
from embedlab.io.photographs import photographs
from embedlab.measures.habitat import habitat
from embedlab.measures.series import side_by_side

SETTINGS = {
    "trait": "the trait, or the column of the rows, that holds the habitat (habitat)",
    "level": "the habitat to tell from all others (of two the rarer, else the commonest)",
    "held_out": "rank held out whole when the probe is fitted (family)",
    "permutations": "how often habitats evolve anew on the tree (999)",
}

CLAIMS = (
    Claim(
        id="habitat-of-held-out-families",
        says="A straight line through the space tells the habitat of species whose family it was not shown.",
        source="Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883: freshwater and other fish, shown as t-SNE pictures",
        at_least=0.05,  # share of pairs, above habitats that evolved anew
        statistic="area under the curve of a ridge probe on species means, whole families held out",
        null="habitats that evolved anew on the tree (Mk)",
        exclusions="species without a vector, a habitat or a tip in the tree",
    ),
    Claim(
        id="habitat-of-switchers",
        says="Of two species of one genus that live apart, the same line puts the one of the habitat ahead.",
        source="this project: pairs of near relatives are what tells habitat from descent",
        at_least=0.1,  # share of pairs, above a coin
        statistic="share of nearest pairs within a genus, no branch shared, that the probe orders",
        null="a coin for each pair",
        unit="pairs",
        exclusions="genera of one habitat",
    ),
)


def asked(lab):
    """The trait to ask about: a column of the traits, or the name of a column of the rows."""
    name = lab.setting("trait", "habitat")
    if lab.traits is not None and name in lab.traits:
        return lab.matched_traits()[0][name]
    if lab.embeddings().has(name):
        return name
    known = [*(lab.traits.names if lab.traits is not None else ()), *lab.embeddings().rows.columns]
    near = closest(name, known)
    raise ValueError(f"there is no trait and no column {name!r}" + (f"; closest is {near[0]!r}" if near else ""))


def claims(lab):
    """Both, where there is a habitat to ask about."""
    asked(lab)
    return CLAIMS


def run(lab):
    """Ask every space; the last one is judged, and lends its photographs."""
    stores, names, left_out = side_by_side(lab.stores, lab.x)
    for words in left_out:
        lab.note(words)
    result = habitat(
        stores, asked(lab), lab.phylogeny(), level=lab.setting("level", ""), names=names,
        held_out=lab.setting("held_out", "family"), permutations=lab.setting("permutations", 999), rng=lab.rng,
    )  # fmt: skip
    pairs = {name for pair in result.pairs for name in pair[1:]}
    wanted = [i for name, i in zip(result.species, result.typical, strict=True) if name in pairs]
    result = result.with_photographs(photographs(stores[-1], wanted))
    e, w = result.evidence, result.switchers
    if lab.phylogeny().of_ranks and not e.cannot_tell:
        why = "taxonomic ranks stand in for a tree: how habitats would evolve anew cannot be told from equal steps"
        e = replace(e, cannot_tell=why)
        result = replace(result, evidence=e)
    ids = [c.id for c in CLAIMS]
    return lab.outcome(
        claims=CLAIMS,
        evidence=dict(zip(ids, (e, w), strict=True)),
        sentences=dict.fromkeys(ids, str(result)),
        results={"habitat": result},
    )
