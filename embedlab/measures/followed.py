"""What a series of models is followed by: one number with its chance, shared out over species."""

from dataclasses import dataclass

import numpy as np

from embedlab.claims import Evidence
from embedlab.data.tree import a_tree
from embedlab.measures.recognition import Recognition
from embedlab.stats.resample import generator, p_floor
from embedlab.stats.taxa.triplets import triplet_agreement
from embedlab.stats.tree.comparative import effective_species
from embedlab.stats.vectors import squared_distances


@dataclass(frozen=True, kw_only=True, eq=False)
class Followed:
    """One evidence, and what each species adds to it: `parts` are numerators and denominators, one a species."""

    species: tuple[str, ...]
    parts: tuple[np.ndarray, np.ndarray]
    evidence: Evidence


def of_recognition(result: Recognition, way: str) -> Followed:
    """Give one way of naming ("1-shot", "5-shot", "zero-shot") of a `Recognition`, to be followed."""
    return Followed(species=result.species, parts=result.parts_of(way), evidence=result.evidence[way])


def kinship(embeddings, tree, *, by: str = "species", upto: float = 1.0, permutations: int = 999, rng) -> Followed:
    """Follow `hierarchy`'s triplets alone: of three species, is the one apart that stands apart on the tree?

    `upto` leaves out triplets that meet above that height of the tree: body plans tell the deep ones in any space.
    Without the parts of `hierarchy` that no series needs; the jackknife's values share the estimate out over species.
    Refused: fewer than 5 species that stand in the tree.
    """
    rng = generator(rng)
    species = embeddings.known(by).unit().per_species(by)
    _, report = a_tree(tree).match(species.names)
    keep = [i for i, name in enumerate(species.names) if name in report.used]
    names = tuple(species.names[i] for i in keep)
    s = len(names)
    if s < 5:
        raise ValueError(f"{s} species stand both in the store and in the tree; at least 5 are needed. {report}")
    covariance = tree.covariance([report.used[name] for name in names])
    near = np.sqrt(squared_distances(species.means[keep]))
    found = triplet_agreement(near, covariance, permutations=permutations, upto=upto, rng=rng)
    evidence = Evidence(
        statistic="share of triplets in which the space sets the right species apart"
        + (f", of those that meet below {upto:g} of the tree's height" if upto < 1 else ""),
        estimate=found.statistic,
        interval=found.interval,
        null=found.null,
        chance_kind="tips of the tree shuffled",
        p_more=found.p_value,
        p_less=found.p_less,
        p_floor=p_floor(len(found.null), s),
        n=s,
        n_effective=effective_species(covariance),
    )
    return Followed(species=names, parts=(pseudo_values(found.statistic, found.without), np.ones(s)), evidence=evidence)


def pseudo_values(value: float, without: np.ndarray) -> np.ndarray:
    """Jackknife values `(s,)` of the units, moved so that their mean is the estimate.

    >>> pseudo_values(2.0, np.array([1.5, 2.5])).tolist()  # the mean of 2.5 and 1.5, without each
    [2.5, 1.5]
    """
    s = without.size
    own = s * value - (s - 1) * without
    return own - own.mean() + value
