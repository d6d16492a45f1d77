"""Adjusted p-values, against an independent formula and in their order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.stats.multiplicity import benjamini_hochberg, holm

ps = st.lists(st.floats(0, 1), min_size=0, max_size=20)


@given(ps)
def test_holm_is_its_definition(p):
    p = np.array(p)
    order = np.argsort(p, kind="stable")
    wanted = np.empty_like(p)
    for rank, i in enumerate(order):
        # the largest of (m - j) p over all j up to this rank, at most 1
        wanted[i] = min(1.0, max((len(p) - j) * p[order[j]] for j in range(rank + 1)))
    assert holm(p) == pytest.approx(wanted, rel=1e-12)
    assert (holm(p) >= p).all() and (holm(p) <= np.minimum(1, p * max(len(p), 1)) + 1e-15).all()


@given(ps)
def test_benjamini_hochberg_is_its_definition(p):
    p = np.array(p)
    m = len(p)
    wanted = [min([1.0, *(m * q / (p <= q).sum() for q in p if q >= own)]) for own in p]
    assert benjamini_hochberg(p) == pytest.approx(wanted, rel=1e-12)
    assert (benjamini_hochberg(p) <= holm(p) + 1e-15).all()


@given(ps, st.randoms(use_true_random=False))
def test_order_does_not_matter(p, random):
    shuffled = random.sample(range(len(p)), len(p))
    for adjust in (holm, benjamini_hochberg):
        assert (adjust(np.array(p)[shuffled]) == adjust(p)[shuffled]).all()


@pytest.mark.parametrize("wrong", [[0.5, np.nan], [-0.1], [1.1], [[0.1]], 0.1])
@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_what_is_no_row_of_p_values_is_refused(adjust, wrong):
    with pytest.raises(ValueError, match="one row of numbers within 0 and 1"):
        adjust(wrong)
