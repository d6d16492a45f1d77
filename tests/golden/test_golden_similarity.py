"""RV as ade4, distance correlation as energy, CKA as plain NumPy, PROTEST as vegan, RDMs as rsatoolbox give them."""

import numpy as np
import polars as pl
import pytest

from embedlab.stats.pairs.procrustes import protest
from embedlab.stats.pairs.rdm import compare_rdms, crossnobis, noise_ceiling
from embedlab.stats.pairs.similarity import cka, distance_correlation, rv
from embedlab.stats.vectors import upper


def table(case, key):
    """The numeric columns of a file; a first column of row names, or three of labels, are left out."""
    read = pl.read_csv(case.path(key), infer_schema_length=None)
    return read.select(c for c in read.columns if read[c].dtype.is_numeric() and c != "").to_numpy().astype(float)


def scores(case, key):
    """Site scores that R wrote as quoted text."""
    return pl.read_csv(case.path(key))[:, 1:].cast(pl.String).select(pl.all().str.strip_chars().cast(float)).to_numpy()


def scaled(y):
    return (y - y.mean(axis=0)) / y.std(axis=0, ddof=1)


def test_rv_of_ade4(golden):
    case = golden("ade4", "ade4_RV")
    x, y = table(case, "X"), scaled(table(case, "Y"))
    assert rv(x, y) == pytest.approx(case.expected["RV"], rel=1e-10)


def test_distance_correlations_of_energy(golden):
    case = golden("energy", "energy_dcor")
    x, y = table(case, "X"), scaled(table(case, "Y"))
    assert distance_correlation(x, y, bias_corrected=False) == pytest.approx(case.expected["dcor"], rel=1e-10)
    assert distance_correlation(x, y) == pytest.approx(case.expected["bcdcor"], rel=1e-10)


def test_cka_biased_and_debiased(golden):
    case = golden("numpy-reference", "numpy_cka")
    x, y = table(case, "X"), table(case, "Y")
    assert (x.shape[1], y.shape[1]) == (16, 7)
    assert cka(x, y, debiased=False) == pytest.approx(case.expected["cka_biased"], rel=1e-10)
    assert cka(x, y) == pytest.approx(case.expected["cka_debiased"], rel=1e-10)


def test_protest_of_vegan_with_listed_permutations(golden):
    case = golden("vegan", "vegan_protest")
    found = protest(scores(case, "X"), scores(case, "Y"), permutations=case.permutations())
    assert found.statistic == pytest.approx(case.expected["correlation"], rel=1e-10)
    assert found.sum_of_squares == pytest.approx(case.expected["ss"], rel=1e-10)
    assert found.null[:10] == pytest.approx(case.expected["perm_first10"], rel=1e-9)
    assert found.p_value == case.expected["p_value"]  # exactly: a count over a count


def test_symmetric_procrustes_of_vegan(golden):
    case = golden("vegan", "vegan_procrustes_symTRUE")
    x, y = scores(case, "X"), scores(case, "Y")
    found = protest(x, y, permutations=[list(range(24))])
    assert found.sum_of_squares == pytest.approx(case.expected["ss"], rel=1e-10)
    assert found.statistic == pytest.approx(case.expected["scale"], rel=1e-10)
    assert (found.sum_of_squares / 24) ** 0.5 == pytest.approx(case.expected["rmse"], rel=1e-10)
    assert found.rotation == pytest.approx(np.array(case.expected["rotation"]), rel=1e-9)


@pytest.mark.parametrize("method", ["cosine", "corr", "spearman", "kendall", "tau-a", "rho-a"])
def test_rdm_comparisons_of_rsatoolbox(golden, method):
    case = golden("rsatoolbox", "rsatoolbox_compare")
    (x, _), (y, _) = case.matrix("x"), case.matrix("y")
    assert compare_rdms(upper(x), upper(y), method) == pytest.approx(case.expected[method], rel=1e-10)


def test_crossnobis_of_rsatoolbox(golden):
    case = golden("rsatoolbox", "rsatoolbox_crossnobis")
    x, of = table(case, "X"), pl.read_csv(case.path("X"))["species"].to_numpy()
    by_species = np.array([x[of == s] for s in np.unique(of)])
    found = crossnobis(by_species[:, :12].mean(axis=1), by_species[:, 12:].mean(axis=1))
    assert found == pytest.approx(np.array(case.expected["crossnobis_identity_noise"]), rel=1e-10)


@pytest.mark.parametrize("method", ["corr", "cosine", "spearman", "rho-a"])
def test_noise_ceilings_of_rsatoolbox(golden, method):
    case = golden("rsatoolbox", f"rsatoolbox_noise_ceiling_{method}")
    found = noise_ceiling(pl.read_csv(case.path("rdms"), has_header=False)[:4].to_numpy(), method)
    assert found.lower == pytest.approx(case.expected["lower"], rel=1e-10)
    assert found.upper == pytest.approx(case.expected["upper"], rel=1e-10)
