"""PERMANOVA as vegan's adonis2 and scikit-bio compute it, on the same permutations where they are listed."""

import numpy as np
import polars as pl
import pytest

from embedlab.stats.pairs.permanova import permanova
from tests.golden.conftest import within_monte_carlo


def environment(case, column):
    return pl.read_csv(case.path("env"))[column].to_numpy()


@pytest.mark.parametrize(
    ("name", "column"), [("vegan_adonis2_oneway", "Management"), ("vegan_adonis2_A1_continuous", "A1")]
)
def test_vegan_with_listed_permutations(golden, name, column):
    case = golden("vegan", name)
    groups = environment(case, column)
    groups = groups[:, None] if column == "A1" else groups
    found = permanova(case.matrix("dist")[0], groups, permutations=case.permutations(), distances=True)
    model, residual, _ = case.expected["table"]
    assert found.statistic == pytest.approx(model["F"], rel=1e-10)
    assert found.r_squared == pytest.approx(model["R2"], rel=1e-10)
    assert found.freedom == (model["Df"], residual["Df"])
    assert found.null[:5] == pytest.approx(np.ravel(case.expected["Fperm_first5"]), rel=1e-9)
    assert found.p_value == model["Pr(>F)"]  # exactly: a count over a count


def test_scikit_bio_with_its_own_chance(golden):
    case = golden("scikit-bio", "skbio_permanova_dune")
    found = permanova(
        case.matrix("dist")[0],
        environment(case, case.inputs["column"]),
        permutations=999,
        distances=True,
        rng=np.random.default_rng(0),
    )
    assert found.statistic == pytest.approx(case.expected["pseudo_F"], rel=1e-10)
    assert within_monte_carlo(found.p_value, case.expected["p"], 999)
