"""Mantel tests as vegan, scikit-bio and ecodist compute them, on the same permutations where these are listed."""

import numpy as np
import pytest

from embedlab.stats.pairs.distances import mantel, partial_mantel
from tests.golden.conftest import within_monte_carlo


@pytest.mark.parametrize(
    "name", ["vegan_mantel_pearson", "vegan_mantel_spearman", "vegan_mantel_kendall", "vegan_mantel_blocks"]
)
def test_vegan_with_listed_permutations(golden, name):
    case = golden("vegan", name)
    (x, _), (y, _) = case.matrix("x"), case.matrix("y")
    found = mantel(x, y, method=case.facts["args"]["method"], permutations=case.permutations(), alternative="greater")
    assert found.statistic == pytest.approx(case.expected["statistic"], rel=1e-10)
    assert found.null[:10] == pytest.approx(case.expected["perm_first10"], rel=1e-8, abs=1e-12)
    assert found.p_value == case.expected["p_value"]  # exactly: a count over a count
    if "perm_sd" in case.expected:
        assert found.null.mean() == pytest.approx(case.expected["perm_mean"], rel=1e-9)
        assert found.null.std(ddof=1) == pytest.approx(case.expected["perm_sd"], rel=1e-9)
        assert np.quantile(found.null, 0.95) == pytest.approx(case.expected["perm_q95"], rel=1e-9)


@pytest.mark.parametrize("name", ["vegan_mantel_partial_pearson", "vegan_mantel_partial_spearman"])
def test_vegans_partial_test_relabels_the_first_matrix_only(golden, name):
    case = golden("vegan", name)
    x, y, z = (case.matrix(key)[0] for key in "xyz")
    method = case.facts["args"]["method"]
    found = partial_mantel(x, y, z, method=method, permutations=case.permutations(), alternative="greater")
    assert found.statistic == pytest.approx(case.expected["statistic"], rel=1e-10)
    assert found.null[:10] == pytest.approx(case.expected["perm_first10"], rel=1e-8, abs=1e-12)
    assert found.p_value == case.expected["p_value"]
    for one, other, r in ((x, y, "rxy"), (x, z, "rxz"), (y, z, "ryz")):
        of = mantel(one, other, method=method, permutations=[list(range(len(x)))])
        assert of.statistic == pytest.approx(case.expected[r], rel=1e-10)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("vegan", "vegan_mantel_doc"),
        ("scikit-bio", "skbio_mantel_varespec_pearson"),
        ("scikit-bio", "skbio_mantel_varespec_spearman"),
        ("scikit-bio", "skbio_mantel_varespec_kendalltau"),
    ],
)
def test_peers_with_their_own_chance(golden, file, name):
    case = golden(file, name)
    (x, _), (y, _) = case.matrix("x"), case.matrix("y")
    method = case.facts["args"]["method"].removesuffix("tau")  # scikit-bio says kendalltau
    found = mantel(x, y, method=method, permutations=999, alternative="greater", rng=np.random.default_rng(0))
    assert found.statistic == pytest.approx(case.expected.get("statistic", case.expected.get("r")), rel=1e-10)
    assert within_monte_carlo(found.p_value, case.expected.get("p_value", case.expected.get("p")), 999)


def test_taxonomy_against_phylogeny_is_aligned_by_name(golden):
    case = golden("vegan", "vegan_taxonomy_vs_phylogeny")
    (x, names), (y, other) = case.matrix("x"), case.matrix("y")
    shared = [n for n in names if n in other]
    i, j = [names.index(n) for n in shared], [other.index(n) for n in shared]
    found = mantel(x[np.ix_(i, i)], y[np.ix_(j, j)], permutations=[list(range(len(shared)))])
    assert found.statistic == pytest.approx(case.expected["mantel_r"], rel=1e-8)
