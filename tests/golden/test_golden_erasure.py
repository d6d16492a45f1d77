"""Concept erasure as the authors' own package computes it."""

import numpy as np
import polars as pl
import pytest

from embedlab.stats.subspaces.erasure import erase


@pytest.mark.parametrize(
    ("name", "column", "method"),
    [
        ("leace_sex_noshrink", "sex", "least-squares"),
        ("leace_species_noshrink", "species", "least-squares"),
        ("leace_sex_shrink", "sex", "shrunk"),
        ("leace_sex_orth", "sex", "orthogonal"),
    ],
)
def test_concept_erasure(golden, name, column, method):
    case = golden("concept-erasure", name)
    table = pl.read_csv(case.path("X"))
    x, labels = table[:, 3:].to_numpy(), table[column].to_numpy()
    found = erase(x, labels, method=method)
    expected, p, left = case.expected, found.projection, found.transform(x)
    assert np.trace(p) == pytest.approx(expected["P_trace"], rel=1e-10)
    assert np.linalg.norm(p) == pytest.approx(expected["P_fro"], rel=1e-8)
    assert p[0] == pytest.approx(np.array(expected["P_row0"]), rel=1e-8, abs=1e-10)
    assert left[0] == pytest.approx(np.array(expected["Xe_row0"]), rel=1e-8)
    assert ((left - x) ** 2).sum(axis=1).mean() == pytest.approx(expected["mean_sq_change"], rel=1e-8)
    for rows, key in ((x, "cov_trace_before"), (left, "cov_trace_after")):
        assert rows.var(axis=0, ddof=1).sum() == pytest.approx(expected[key], rel=1e-8)
    kinds = (labels[:, None] == np.unique(labels)).astype(float)
    assert np.abs((left - left.mean(0)).T @ (kinds - kinds.mean(0))).max() < 1e-10
