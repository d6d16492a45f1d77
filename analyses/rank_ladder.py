"""Down the ranks of the taxonomy, do images lie with their own kind, also when their nearest kin do not count?"""

from embedlab.claims import Claim, Evidence
from embedlab.data.taxonomy import PLURALS, RANKS
from embedlab.lab import Lab
from embedlab.measures.rank_ladder import rank_ladder

SETTINGS = {
    "permutations": "how often names are shuffled within the taxon above (999)",
    "into": "taxa that the maps go down into, with commas (the largest of each rank)",
    "ranks": "ranks that are claimed, with commas (order,family,genus, as far as they vary)",
}

SAYS = "The nearest image of another {lower} belongs to the same {rank} more often than names within one {above} give."
SOURCE = "Stevens et al. 2024 (BioCLIP), arXiv:2311.18803: t-SNE pictures rank by rank, in one taxon each"
AT_LEAST = 0.02  # share of images, beyond names shuffled within the taxon above


def claimed(lab):
    """The ranks to claim, coarse to fine; fixed before any number is looked at."""
    emb = lab.embeddings()
    vary = [r for r in RANKS if emb.has(r) and emb.column(r).drop_nulls().n_unique() > 1]
    wanted = lab.setting("ranks", ("order", "family", "genus"))
    if absent := [r for r in lab.setting("ranks", ()) if r not in vary]:
        raise ValueError(f"setting ranks={','.join(wanted)}: {absent[0]!r} does not vary here; {', '.join(vary)} do")
    found = [r for r in vary if r in wanted]
    if not found:
        raise ValueError(f"no rank to ask about: of {', '.join(wanted)} none varies in the rows")
    return [(r, next(iter(vary[vary.index(r) + 1 :]), "image"), (vary[: vary.index(r)] or [""])[-1]) for r in found]


def claims(lab):
    """One claim a rank."""
    return tuple(
        Claim(
            id=f"{rank}-holds",
            says=SAYS.format(rank=rank, lower=lower, above=above or "space"),
            source=SOURCE,
            at_least=AT_LEAST,
            statistic=f"share of images whose nearest neighbour of another {lower} shares the {rank}",
            null=f"{rank} names shuffled among {PLURALS.get(lower, lower)}" + (f" within one {above}" if above else ""),
            unit=PLURALS.get(lower, "images"),
            exclusions="images whose ranks are not recorded, and those that not all stores hold",
        )
        for rank, lower, above in claimed(lab)
    )


def run(lab: Lab):
    """Follow the ranks down in every store of the series; the store under question is judged."""
    last = lab.embeddings()
    stores = [*(s for s in lab.stores if s is not last), last]
    found = rank_ladder(
        stores, into=lab.setting("into", ()), permutations=lab.setting("permutations", 999), rng=lab.rng
    )
    made = claims(lab)
    evidence = {c.id: found.evidence[c.id.removesuffix("-holds")] for c in made}
    for rank, (d, low, high) in found.gain.items():
        lab.note(f"{rank}: {found.names[-1]} {d:+.1%} [{low:+.1%}, {high:+.1%}] against {found.names[0]}")
    return lab.outcome(
        claims=made,
        evidence=evidence,
        sentences={c.id: _sentence(evidence[c.id]) for c in made},
        results={"rank_ladder": found},
    )


def _sentence(e: Evidence) -> str:
    if e.cannot_tell:
        return e.cannot_tell
    low, high = e.interval
    return (
        f"{e.statistic}: {e.estimate:.1%} [{low:.1%}, {high:.1%}]; {e.chance_kind}: {e.chance['mean']:.1%} "
        f"(p = {e.p_more:.2g})"
    )
