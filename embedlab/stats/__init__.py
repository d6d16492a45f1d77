"""Arrays in, numbers out: tests, estimates and nulls for vectors of related species.

Names load when they are first used. Each answers with a float or a frozen result (`.statistic`, `.p_value`, `.null`,
and what each names). `permutations` is a count or explicit rows `(b, n)`; `rng` a `numpy.random.Generator`;
`covariance` an `(n, n)` array or what `Tree.structure(names)` gives. Which to ask, and when each is valid:
docs/statistics.md.
"""

import importlib
from difflib import get_close_matches

# file -> the names that it offers; everything else is reached by its own module
_OFFERED = {
    "vectors": "unit_rows squared_distances spectrum effective_rank participation_ratio",
    "resample": "p_value shuffles_within permutations_of",
    "bootstrap": "bootstrap_ratio jackknife bca two_level pair_correlation",
    "sequential": "stop_early tail_p_value",
    "multiplicity": "holm benjamini_hochberg max_t",
    "tost": "equivalence two_one_sided",
    "reliability": "spearman_brown split_half attenuation",
    "scatter": "fisher_ratio fisher_direction between_share",
    "probes": "lda ridge",
    "pairs.distances": "mantel partial_mantel",
    "pairs.permanova": "permanova",
    "pairs.procrustes": "protest",
    "pairs.similarity": "cka rv distance_correlation",
    "pairs.moments": "rv_moments permanova_moments",
    "pairs.partial": "partial_ranks",
    "pairs.rdm": "crossnobis compare_rdms noise_ceiling",
    "pairs.knn": "nearest_neighbours mutual_knn hubness",
    "pairs.deviations": "agreement_within",
    "pairs.correspondence": "agreement_beyond_tree",
    "tree.comparative": "pagel_lambda blomberg_k k_mult effective_species",
    "tree.pgls": "pgls",
    "tree.models": "fit_evolution",
    "tree.evolution": "simulate ou_covariance phylo_permutations spectral_randomisation phylogenetic_axes",
    "tree.kinship": "phylogenetic_ratio clades",
    "tree.trees": "over_trees branch_schemes robinson_foulds",
    "trait.alignment": "aligned_beyond_phylogeny",
    "trait.turned": "contrasts_turned",
    "trait.together": "evolved_together",
    "trait.placebo": "placebo_panel injected_power",
    "trait.prediction": "predicted_beyond_tree held_out_clades",
    "trait.variance": "partition by_rank",
    "subspaces.subspace": "span explained_share principal_angles",
    "subspaces.shares": "energy_share norm_share variance_share",
    "subspaces.overlap": "projection_overlap wachter_edge isotropic_overlaps matched_overlaps",
    "subspaces.consistency": "shared_direction transfer",
    "subspaces.erasure": "erase",
    "trend.blocks": "page random_slopes",
    "trend.laws": "fit_power compare_laws",
    "taxa.triplets": "triplet_agreement",
    "taxa.nested": "nested_separability",
    "taxa.dendrogram": "dendrogram cophenetic_correlation treelike shared_groups",
    "shape.dimension": "two_nn levina_bickel uniformity alignment_loss",
    "shape.collapse": "neural_collapse",
}
_WHERE = {name: module for module, names in _OFFERED.items() for name in names.split()}
__all__ = [*_WHERE]


def __getattr__(name):
    if name in _WHERE:
        value = getattr(importlib.import_module(f"embedlab.stats.{_WHERE[name]}"), name)
        globals()[name] = value
        return value
    near = [] if name.startswith("_") else get_close_matches(name.lower(), __all__, n=1, cutoff=0.7)
    near = f"closest is {near[0]}; " if near else ""
    raise AttributeError(f"module 'embedlab.stats' has no name {name!r}; {near}it offers {', '.join(sorted(__all__))}")


def __dir__():
    return sorted({*globals(), *__all__})
