"""Several traits asked of one space: step-down max-T, with the same permutations for all."""

from collections.abc import Sequence

import numpy as np

from embedlab.measures.trait_join import LEAST_PER_KIND, LEAST_SPECIES, joined
from embedlab.stats.multiplicity import max_t
from embedlab.stats.trait.alignment import aligned_beyond_phylogeny


def family_wise(embeddings, traits: Sequence, tree, *, by: str = "species", permutations: int = 999,
                covariates: Sequence = (), rng: np.random.Generator) -> tuple[dict[str, float], int]:  # fmt: skip
    """Adjust p-values for having asked several traits, on the species that have all; and how many they are.

    The same residuals are permuted in the same orders for every trait (RRPP), each statistic counted in standard
    deviations of its null (Westfall & Young 1993). Traits that go along together are not paid for twice, as they are
    by Holm. Refused where fewer than 8 species have all traits, or a trait has fewer than two kinds among them.
    """
    unit = embeddings.known(by).unit()
    each = [joined(unit, t, [tree], by, covariates, []) for t in traits]
    common = [s for s in each[0].names if all(s in set(j.names) for j in each)]
    if len(common) < LEAST_SPECIES:
        raise ValueError(f"{len(common)} species have all {len(each)} traits: at least {LEAST_SPECIES} are needed")
    orders = rng.permuted(np.tile(np.arange(len(common)), (int(permutations), 1)), axis=1)
    used = tree.match(common)[1].used
    structure = tree.structure([used[s] for s in common])
    statistics, nulls = [], []
    for j in each:
        at = [j.names.index(s) for s in common]
        value = j.value[at]
        if j.kind == "categorical":
            names, counts = np.unique(value, return_counts=True)
            value = np.where(np.isin(value, names[counts >= LEAST_PER_KIND]), value, "other")
        extra = j.extra[at] if j.extra is not None else None
        fit = aligned_beyond_phylogeny(j.means[at], value, structure, covariates=extra, permutations=orders)
        scale = fit.null.std() or 1.0
        statistics.append((fit.statistic - fit.null.mean()) / scale)
        nulls.append((fit.null - fit.null.mean()) / scale)
    adjusted = max_t(statistics, np.column_stack(nulls))
    return {j.trait: float(p) for j, p in zip(each, adjusted, strict=True)}, len(common)
