"""Corrections for many questions as R's p.adjust and statsmodels compute them."""

import pytest

from embedlab.stats.multiplicity import benjamini_hochberg, holm


@pytest.mark.parametrize(
    ("file", "name", "bh"),
    [("r-stats", "stats_p_adjust", "BH"), ("statsmodels", "statsmodels_multipletests", "fdr_bh")],
)
def test_adjusted_p_values(golden, file, name, bh):
    case = golden(file, name)
    p = case.inputs["p"]
    # R prints 15 digits: 1e-12 leaves room for the last two
    assert holm(p) == pytest.approx(case.expected["holm"], rel=1e-12)
    assert benjamini_hochberg(p) == pytest.approx(case.expected[bh], rel=1e-12)
    assert holm(p[::-1]) == pytest.approx(case.expected["holm"][::-1], rel=1e-12)
