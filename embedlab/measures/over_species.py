"""The interval of a ratio over species: of the clade they were drawn from, or of the process that made them."""

from collections.abc import Sequence

import numpy as np

from embedlab.data.tree import a_tree
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.tree.comparative import effective_species
from embedlab.stats.tree.kinship import phylogenetic_ratio


def over_species(parts, totals, species: Sequence[str], tree=None, *, rng: np.random.Generator):
    """95 % interval of sum(parts) / sum(totals) over species, the effective number of these, and remarks.

    Without `tree` the species are a sample of their clade, and the interval is for the clade's mean: a studentised
    bootstrap. With a `Tree` it is for the process that made them, whose next clade may differ from this one: wider,
    the more the effects follow the tree. Species that the tree lacks are taken as unrelated to all others, which is
    said in a remark.
    """
    s = len(species)
    if tree is None:
        return bootstrap_ratio(parts, totals, rng=rng), float(s), []
    _, report = a_tree(tree).match(list(species))
    tips = [report.used.get(name) for name in species]
    known = np.array([tip is not None for tip in tips])
    if known.sum() < 3:
        said = f"{int(known.sum())} of {s} species stand in the tree: the interval takes all as unrelated"
        return bootstrap_ratio(parts, totals, rng=rng), float(s), [said]
    if known.all():
        relatedness, remarks = tree.structure(tips), []
    else:
        inside = tree.covariance([tip for tip in tips if tip is not None])
        relatedness = np.eye(s) * np.diag(inside).mean()
        relatedness[np.ix_(known, known)] = inside
        missing = [name for name, there in zip(species, known, strict=True) if not there]
        named = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        remarks = [f"{len(missing)} species are not in the tree and taken as unrelated for the interval ({named})"]
    return phylogenetic_ratio(parts, totals, relatedness, rng=rng), effective_species(relatedness), remarks
