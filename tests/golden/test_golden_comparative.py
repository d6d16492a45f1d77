"""K and λ as phytools, picante, geiger and geomorph compute them."""

import numpy as np
import pytest

from embedlab.stats.tree.comparative import blomberg_k, k_mult, pagel_lambda
from embedlab.stats.tree.models import fit_evolution
from tests.golden.conftest import within_monte_carlo

TRAITS = [f"geospiza_{t}" for t in ("wingL", "tarsusL", "culmenL", "beakD", "gonysW")] + ["anole_SVL", "anole_HL"]


ROADS = pytest.mark.parametrize("road", ["covariance", "structure"])


@ROADS
@pytest.mark.parametrize("trait", TRAITS)
def test_k_of_one_trait(golden, trait, road):
    case = golden("phytools", f"phytools_phylosig_K_{trait}")
    y, c = case.species()
    found = blomberg_k(
        y[:, 0], c if road == "covariance" else case.structure(), permutations=999, rng=np.random.default_rng(0)
    )
    for peer in ("K", "picante_K"):
        assert found.statistic == pytest.approx(case.expected[peer], rel=1e-6)
    assert within_monte_carlo(found.p_value, case.expected["p_perm999"], 999)


@ROADS
@pytest.mark.parametrize("name", ["geomorph_physignal_geospiza5", "geomorph_physignal_anole6"])
def test_k_for_vectors(golden, name, road):
    case = golden("geomorph", name)
    x, c = case.species(case.inputs.get("columns"))
    found = k_mult(x, c if road == "covariance" else case.structure(), permutations=999, rng=np.random.default_rng(0))
    assert found.statistic == pytest.approx(case.expected["Kmult"], rel=1e-6)
    assert within_monte_carlo(found.p_value, case.expected["p"], 999)


@ROADS
@pytest.mark.parametrize("trait", TRAITS)
def test_lambda_is_at_least_as_likely_as_any_peers(golden, trait, road):
    geiger, phytools = (
        golden("geiger", f"geiger_fitContinuous_{trait}"),
        golden("phytools", f"phytools_phylosig_lambda_{trait}"),
    )
    y, c = geiger.species()
    found = pagel_lambda(y[:, 0], c if road == "covariance" else geiger.structure())
    assert found.log_likelihood >= geiger.expected["lambda"]["lnL"] - 1e-6
    assert found.log_likelihood >= phytools.expected["logL"] - 1e-6
    white = fit_evolution(y[:, 0], geiger.structure(), model="white").log_likelihood
    assert white == pytest.approx(phytools.expected["logL0"], abs=1e-6)
    # λ = 0 is white noise and λ = 1 Brownian motion: both lie within our range
    assert found.log_likelihood >= geiger.expected["white"]["lnL"] - 1e-6
    assert found.log_likelihood >= geiger.expected["BM"]["lnL"] - 1e-6
    # their optimisers stop when the likelihood is flat to 1e-9: λ agrees to the root of that
    assert found.lam == pytest.approx(geiger.expected["lambda"]["lambda"], abs=3e-5)
    assert found.log_likelihood == pytest.approx(geiger.expected["lambda"]["lnL"], abs=1e-8)


def test_lambda_shared_by_six_traits(golden):
    """phytools fits one λ for all columns within its phylogenetic principal components."""
    case = golden("phytools", "phytools_phyl_pca_lambda")
    x, c = case.species()
    for relatives in (c, case.structure()):
        found = pagel_lambda(x, relatives)
        assert found.log_likelihood >= case.expected["logL"] - 1e-6
        assert found.lam == pytest.approx(case.expected["lambda"], abs=1e-4)
