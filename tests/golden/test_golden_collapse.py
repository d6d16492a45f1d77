"""Neural collapse as the package neural-collapse gives it."""

import polars as pl
import pytest

from embedlab.stats.shape.collapse import neural_collapse


def test_neural_collapse_of_the_toy_space(golden):
    case = golden("neural-collapse", "neural_collapse_toy")
    table = pl.read_csv(case.path("X"))
    x = table.select(f"e{i}" for i in range(16)).to_numpy()
    found = neural_collapse(x, table["species"].to_numpy())
    assert found.classes == 8
    # theirs ran in float32 for the last digits of some; rtol as the README of the golden values asks
    assert found.nc1 == pytest.approx(case.expected["nc1_pinv"], rel=1e-6)
    assert found.statistic == found.nc1
    assert found.quotient == pytest.approx(case.expected["nc1_quotient"], rel=1e-6)
    assert found.distance_variance == pytest.approx(case.expected["cdnv"], rel=1e-6)
    assert found.simplex_error == pytest.approx(case.expected["etf_error"], rel=1e-6)
    assert found.norm_variation == pytest.approx(case.expected["mean_norm_cv"], rel=1e-6)
