"""Do species of one clade stand, in the space, where their beaks say, on a direction that was fitted without them?"""

import re

import numpy as np
import polars as pl

from embedlab.claims import Claim, Evidence
from embedlab.io.photographs import photographs
from embedlab.measures.trait_axis import trait_axis
from embedlab.measures.trait_join import LEAST_SPECIES
from embedlab.refusals import refusal_of

SETTINGS = {
    "traits": "names of traits, with commas (those that speak of a beak or bill, depth first, three at most)",
    "clade": "a genus, family, order or class by its name (the genus with the most species)",
    "permutations": "how often traits evolve anew, are turned round, and shuffled (999)",
    "covariates": "what is taken out of the trait first, with commas: images, columns of the rows, traits",
    "hold_out": "who is left out together: species, or a rank such as genus",
}

SAYS = "Among {clade}, species that were left out stand on the direction of {trait} where their trait says."
SOURCE = "Gu et al. 2025 (BioCLIP 2), arXiv:2505.23883: an arrow of beak size drawn on a map of Darwin's finches"
AT_LEAST = 0.05  # of r, beyond traits that evolved anew
BEAK = ("beak", "bill", "culmen")
MOST = 3
SIZE = ("Mass", "body_size", "body_mass", "mass")


def asked(lab):
    """The traits to ask, by name; fixed before any number is looked at."""
    if named := lab.setting("traits", ()):
        return named
    if lab.traits is None:
        raise ValueError("finches needs traits: pass --traits FILE, a table with one row a species")
    of_beaks = [n for n in lab.traits.names if any(word in n.lower() for word in BEAK)]
    of_beaks = sorted(of_beaks, key=lambda n: "depth" not in n.lower())[:MOST]
    if not of_beaks:
        raise ValueError("no trait of the table speaks of a beak or bill: name others, as in --set traits=Mass")
    return tuple(of_beaks)


def clade(lab):
    """The clade to ask about, (rank, name): as set, or the genus with the most species."""
    emb, wanted = lab.embeddings().known("species"), lab.setting("clade", "")
    ranks = [rank for rank in ("genus", "family", "order", "class") if emb.has(rank)]
    if wanted:
        for rank in ranks:
            if wanted in emb.column(rank).unique().to_list():
                return rank, wanted
        raise ValueError(f"setting clade={wanted!r}: no {', '.join(ranks) or 'rank'} of the store is called that")
    if "genus" not in ranks:
        raise ValueError("the rows tell no genus: name a clade, or add taxonomic ranks")
    counts = emb.rows.drop_nulls("genus").group_by("genus").agg(pl.col("species").n_unique().alias("n"))
    name, n = counts.sort(["n", "genus"], descending=[True, False]).row(0)
    if n < LEAST_SPECIES:
        raise ValueError(
            f"the largest genus, {name}, has {n} species in the store; at least {LEAST_SPECIES} are needed. A higher "
            "clade can be asked about by its name: embedlab run finches --set clade=NAME"
        )
    return "genus", name


def claims(lab):
    """One claim a trait."""
    where = clade(lab)[1]
    how = dict(
        statistic="r of a trait with the position of species on a direction fitted without them",
        null="traits that evolved anew on the tree at the λ of this one, and contrasts of sister clades turned round",
        covariates=lab.setting("covariates", ()),
        exclusions="species of other clades, and those without a vector, a value or a tip in the tree",
    )
    return tuple(
        Claim(id=f"axis-{_slug(t)}", says=SAYS.format(clade=where, trait=t), source=SOURCE, at_least=AT_LEAST, **how)
        for t in asked(lab)
    )


def run(lab):
    """Fit and place, trait by trait; beside each, what body size leaves of it."""
    traits, report = lab.matched_traits()
    lab.note(str(report))
    rank, name = clade(lab)
    space = lab.embeddings()
    emb = space.where(**{rank: name})
    lab.note(f"asked of the {rank} {name}: {emb.column('species').n_unique()} species, {emb.n:,} of {space.n:,} images")
    named = tuple(traits[c] if c in traits else c for c in lab.setting("covariates", ()))
    how = dict(permutations=lab.setting("permutations", 999), hold_out=lab.setting("hold_out", "species"), rng=lab.rng)
    tree, found, refused = lab.phylogeny(), {}, {}
    for trait, claim in zip(asked(lab), claims(lab), strict=True):
        try:
            axis = trait_axis(emb, traits[trait], tree, covariates=named, **how)
        except (ValueError, KeyError) as error:  # one trait that cannot be asked must not silence the others
            refused[claim.id] = refusal_of(error)
            continue
        found[claim.id] = axis.with_photographs(photographs(space, axis.typical))
        _beyond_size(lab, emb, traits, trait, tree, named, how)
    if not found:
        raise ValueError(next(iter(refused.values())))
    return lab.outcome(
        claims=claims(lab),
        evidence={c.id: found[c.id].evidence if c.id in found else _untold(c, refused[c.id]) for c in claims(lab)},
        sentences={c.id: str(found.get(c.id, refused.get(c.id))) for c in claims(lab)},
        results={k.removeprefix("axis-"): r for k, r in found.items()},
    )


def _beyond_size(lab, emb, traits, trait, tree, named, how):
    """Is it only size? Said beside the claim, and claimed by nobody."""
    size = next((s for s in SIZE if s in traits and s != trait), None)
    if size is None or named:
        return
    try:
        e = trait_axis(emb, traits[trait], tree, covariates=[traits[size]], **how).evidence
    except ValueError as error:
        lab.note(f"{trait} beyond {size} cannot be asked: {refusal_of(error)}")
        return
    low, high = e.interval
    lab.note(f"{trait} beyond {size}: r = {e.estimate:.2f} [{low:.2f}, {high:.2f}] (p = {e.p_more:.2g})")


def _untold(claim, reason):
    return Evidence(
        statistic=claim.statistic, estimate=np.nan, interval=(np.nan, np.nan), null=np.array([np.nan]),
        chance_kind=claim.null, p_more=1.0, p_less=1.0, p_floor=1.0, n=0, n_effective=0.0, cannot_tell=reason,
    )  # fmt: skip


def _slug(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
