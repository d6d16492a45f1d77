"""What is handed in as a covariance of species: what is wrong with it is named where it stands."""

import numpy as np
import pytest

from embedlab.stats.tree.relatedness import checked_covariance


def test_what_is_not_finite_is_named_before_what_is_not_symmetric():
    c = np.eye(6)
    c[4, 5] = 0.3
    with pytest.raises(ValueError, match=r"not symmetric and finite \(species \[4, 5\]\)"):
        checked_covariance(c, 6)
    c[1, 1] = np.nan
    with pytest.raises(ValueError, match=r"not symmetric and finite \(species \[1\]\)"):
        checked_covariance(c, 6)
