"""Numbers of peers that follow from ours in one line: no function of that name is offered, and none is needed."""

import numpy as np
import polars as pl
import pytest

from embedlab.data import Taxonomy, Tree
from embedlab.stats.pairs.permanova import permanova
from embedlab.stats.pairs.procrustes import protest
from embedlab.stats.resample import p_value
from embedlab.stats.subspaces.subspace import principal_angles
from embedlab.stats.tree.comparative import blomberg_k, pagel_lambda
from embedlab.stats.tree.evolution import simulate
from embedlab.stats.tree.pruning import Pruned
from embedlab.stats.vectors import squared_distances, unit_rows, upper
from tests.golden.conftest import within_monte_carlo
from tests.golden.test_golden_similarity import scaled, scores, table


def still(n):
    """One permutation that moves nothing: the statistic is asked, and no chance."""
    return [list(range(n))]


@pytest.mark.parametrize(
    ("name", "prepared"),
    [
        ("vegan_vegdist_euclidean", np.asarray),
        ("vegan_vegdist_chord", unit_rows),
        ("vegan_vegdist_hellinger", lambda x: unit_rows(np.sqrt(x))),
    ],
)
def test_distances_of_vegan_are_those_of_rows_scaled_first(golden, name, prepared):
    case = golden("vegan", name)
    d = np.sqrt(upper(squared_distances(prepared(table(case, "X")))))
    assert d.sum() == pytest.approx(case.expected["sum"], rel=1e-10)
    assert d[:10] == pytest.approx(case.expected["first10"], rel=1e-10)


def test_taxonomic_distance_of_vegan_counts_ranks(golden):
    """taxa2dist calls the longest way 100 and, with `varstep=FALSE`, all steps alike."""
    case = golden("vegan", "vegan_taxa2dist")
    given = pl.read_csv(case.path("taxonomy"))
    ranks = {"genus": "Genus", "family": "Family", "order": "Order", "class": "Superorder", "phylum": "Subclass"}
    rows = pl.DataFrame({"species": given[:, 0], **{ours: given[name] for ours, name in ranks.items()}})
    taxonomy = Taxonomy(rows.with_columns(kingdom=pl.lit("Plantae")))
    theirs = pl.read_csv(case.shared(f"golden/{case.expected['varstep_false']}"))
    found = taxonomy.first_shared_rank() * 100 / 6
    assert theirs.columns[1:] == taxonomy.names
    assert found == pytest.approx(theirs[:, 1:].to_numpy(), rel=1e-8)
    assert upper(found).sum() == pytest.approx(case.expected["sum_false"], rel=1e-10)


def test_procrustes_of_vegan_in_the_units_of_one_side(golden):
    """Not symmetric, its remainder is ours times the square of the one side, its scale ours times both sizes."""
    case = golden("vegan", "vegan_procrustes_symFALSE")
    x, y = scores(case, "X"), scores(case, "Y")
    found = protest(x, y, permutations=still(24))
    one, other = (np.linalg.norm(v - v.mean(axis=0)) for v in (x, y))
    assert found.sum_of_squares * one**2 == pytest.approx(case.expected["ss"], rel=1e-10)
    assert found.statistic * one / other == pytest.approx(case.expected["scale"], rel=1e-10)
    assert found.rotation == pytest.approx(np.array(case.expected["rotation"]), rel=1e-9)
    assert (found.sum_of_squares * one**2 / 24) ** 0.5 == pytest.approx(case.expected["rmse"], rel=1e-10)


def test_canonical_correlations_of_vegan_are_cosines_of_angles(golden):
    case = golden("vegan", "vegan_CCorA")
    rows = pl.read_csv(case.path("table"))
    x, y = (scaled(rows.select(case.inputs[k]).to_numpy().astype(float)) for k in "XY")
    cosines = np.cos(principal_angles(x, y))
    assert cosines == pytest.approx(case.expected["cancorr"], rel=1e-10)
    assert np.square(cosines).sum() == pytest.approx(case.expected["pillai"], rel=1e-10)
    for (of, on), whole, adjusted in zip(
        [(y, x), (x, y)], case.expected["RDA.Rsq"], case.expected["RDA.adj"], strict=True
    ):
        found = permanova(of, on, permutations=still(24))
        assert found.r_squared == pytest.approx(whole, rel=1e-10)
        assert 1 - (1 - found.r_squared) * 23 / found.freedom[1] == pytest.approx(adjusted, rel=1e-10)


def test_energy_statistic_is_twice_the_sum_of_squares_over_roots_of_distances(golden):
    """DISCO (Rizzo & Székely 2010): PERMANOVA squares what it is given, so it is given √d."""
    case = golden("energy", "energy_etest")
    d = np.sqrt(squared_distances(table(case, "X")))
    found = permanova(np.sqrt(d), np.repeat([0, 1], 12), permutations=still(24), distances=True)
    assert 2 * found.r_squared * upper(d).sum() / 24 == pytest.approx(case.expected["E"], rel=1e-10)


def test_shape_metric_of_netrep_is_the_angle_of_procrustes(golden):
    """At α = 1; the smaller space is padded with columns of zeros there, which changes nothing."""
    case = golden("netrep", "netrep_linear")
    x, y = table(case, "X"), table(case, "Y2")
    turned = x[:, ::-1] * np.linspace(0.5, 2, 16)
    for other, name in ((turned, "angular_alpha1.0"), (y, "angular_pad_B_alpha1.0")):
        angle = np.arccos(protest(x, other, permutations=still(len(x))).statistic)
        assert angle == pytest.approx(case.expected[name], rel=1e-8)


def test_phylogenetic_analysis_of_variance_is_permanova_under_brownian_motion(golden):
    case = golden("phytools", "phytools_phylANOVA")
    tree = Tree.read(case.path("tree"))
    y, kinds = (
        dict(pl.read_csv(case.path(key)).select(pl.first(), column).iter_rows())
        for key, column in (("traits", case.inputs["y"]), ("group", "eco"))
    )
    groups = np.array([kinds[name] for name in tree.names])

    def f(values):
        return permanova(values[:, None], groups, permutations=still(len(groups))).statistic

    observed = f(np.array([y[name] for name in tree.names]))
    assert observed == pytest.approx(case.expected["F"], rel=1e-10)
    null = [f(drawn) for drawn in simulate(tree.structure(tree.names), np.random.default_rng(0), count=999)]
    assert within_monte_carlo(p_value(observed, null), case.expected["p_phylo_approx"], 999)


@pytest.mark.parametrize("mode", ["cov", "corr"])
def test_phylogenetic_components_are_those_of_contrasts(golden, mode):
    case = golden("phytools", f"phytools_phyl_pca_BM_{mode}")
    x, _ = case.species()
    contrasts, root, _ = Pruned(case.structure()).contrasts(x)
    rates = contrasts.T @ contrasts / len(contrasts)
    size = np.sqrt(np.diag(rates))
    assert size**2 == pytest.approx(case.expected["V_diag"], rel=1e-10)
    unit = size if mode == "corr" else np.ones_like(size)
    assert root / unit == pytest.approx(case.expected["a"], rel=1e-10)
    values, axes = np.linalg.eigh(rates / np.outer(unit, unit))
    assert values[::-1] == pytest.approx(case.expected["eval"], rel=1e-10)
    # a loading is the correlation of a trait's contrasts with those of an axis
    assert np.abs(axes[:, -1]) * np.sqrt(values[-1]) * unit / size == pytest.approx(
        case.expected["abs_load_PC1"], rel=1e-10
    )


def test_phylogenetic_components_at_the_likeliest_lambda(golden):
    case = golden("phytools", "phytools_phyl_pca_lambda")
    x, _ = case.species()
    walk = Pruned(case.structure())
    # at their λ to all digits; at ours, which is likelier, as near as λ is
    for lam, near in ((case.expected["lambda"], 1e-10), (pagel_lambda(x, walk).lam, 2e-4)):
        contrasts = walk.contrasts(x, length=walk.stretched(lam)[:, 0])[0]
        values = np.linalg.eigvalsh(contrasts.T @ contrasts / len(contrasts))[::-1]
        assert values == pytest.approx(case.expected["eval"], rel=near)


def test_phylogenetic_canonical_correlations_are_cosines_between_contrasts(golden):
    case = golden("phytools", "phytools_phyl_cca")
    walk = Pruned(case.structure())
    x, y = (walk.contrasts(case.species(case.inputs[k])[0])[0] for k in "XY")
    assert np.cos(principal_angles(x, y)) == pytest.approx(case.expected["cor"], rel=1e-9)  # printed to 10 digits


@pytest.mark.parametrize("at", range(3))
def test_k_and_lambda_of_phylosignal(golden, at):
    """K is ours. λ is not: theirs goes on to 1.02, where lines since the root are shared more than wholly."""
    case = golden("phylosignal", "phylosignal_all")
    theirs, p = case.expected["stat"][at], case.expected["pvalue"][at]
    y, _ = case.species([theirs["_row"]])
    found = blomberg_k(y[:, 0], case.structure(), permutations=999, rng=np.random.default_rng(0))
    assert found.statistic == pytest.approx(theirs["K"], rel=1e-10)
    assert found.p_value == p["K"] == 0.001
    assert theirs["Lambda"] > 1 and pagel_lambda(y[:, 0], case.structure()).lam == 1.0
