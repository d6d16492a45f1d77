"""A setting that means nothing is refused by its name and with the range it has."""

import numpy as np
import pytest

import embedlab.stats as stats
from embedlab.stats.subspaces.subspace import orthonormal
from embedlab.stats.tree.evolution import ou_covariance, simulate
from embedlab.stats.vectors import checked_kinds
from tests.stats.asked import GROUPS, TRAIT, C, N, X

RNG = np.random.default_rng(0)
SUMS = dict(names=list("ab"), counts=[2, 2], means=X[:2])


@pytest.mark.parametrize("ask, error, said", [
    (lambda: stats.ridge(**SUMS, total=np.eye(3), penalty=-1.0), ValueError, "the penalty is 0 or more, not -1"),
    (lambda: stats.permutations_of(5, 9, None), TypeError, "random permutations need rng=np.random.default_rng"),
    (lambda: stats.aligned_beyond_phylogeny(X, TRAIT, C, null="within_clade", clades=GROUPS, permutations=9), TypeError,
     "need rng=np.random.default_rng"),
    (lambda: stats.stop_early([0.0], lambda k, a: np.zeros((k, 2))), ValueError,
     r"draw\(100, 1 open\) gave shape \(100, 2\), or NaN: it must be \(100, a\)"),
    (lambda: stats.stop_early([0.0], lambda k, a: np.zeros((k, 1)), batch=0), ValueError,
     "batch=0: each must be 1 or more"),
    (lambda: stats.span(X, k=0), ValueError, "k = 0 axes: give at least 1"),
    (lambda: orthonormal(np.ones((4, 2)), "a"), ValueError, "the 2 columns of a are linearly dependent: use span"),
    (lambda: ou_covariance(C, -1.0), ValueError, "alpha is -1.0: a pull is finite and not negative"),
    (lambda: simulate(C, RNG, model="ou", parameter=np.inf), ValueError, "alpha is inf: a pull is finite"),
    (lambda: simulate(C, RNG, model="lambda", parameter=1.5), ValueError, "Pagel's λ lies between 0 and 1, not 1.5"),
    (lambda: stats.pgls(TRAIT, X, C, lam=2.0), ValueError, "Pagel's λ lies between 0 and 1, not 2"),
    (lambda: stats.pgls(TRAIT, np.c_[TRAIT, TRAIT], C), ValueError,
     "columns of X are linearly dependent: drop one of them"),
    (lambda: checked_kinds(["a", "b"], 3), ValueError, r"3 rows but labels of shape \(2,\): align them first"),
], ids=lambda v: v if isinstance(v, str) else "")  # fmt: skip
def test_it_says_what_was_given_and_what_may_be(ask, error, said):
    assert len(X) == len(TRAIT) == N
    with pytest.raises(error, match=said):
        ask()
