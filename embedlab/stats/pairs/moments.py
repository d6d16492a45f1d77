"""Permutation tests of a million rows without permuting: the moments of the null in closed form.

RV, linear CKA and the share of a PERMANOVA are sums over pairs of rows, of the products of two centred Gram matrices.
Under free permutation of rows such a sum has a mean, a variance and a third moment that need only a few sums over each
matrix alone (Kazi-Aoual et al. 1995). A Pearson type III curve through these three is the null.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import pearson3

from embedlab.stats.pairs.gramsums import GramSums, between_sum, gram_sums, group_sums, product_sum
from embedlab.stats.pairs.setpartitions import third_moment, variance
from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked_kinds


@dataclass(frozen=True, eq=False, repr=False)
class PermutationMoments(Shown):
    """A statistic beside the moments that it has when rows of one side are permuted.

    `p_value` is one-sided, from the Pearson III curve with this `mean`, `variance` and `skewness`: an approximation,
    never below the 1/n! that counting could reach. `sampled` is the number of rows from which one of the sums in the
    skewness was estimated; 0 says that all is exact.
    """

    statistic: float
    mean: float
    variance: float
    skewness: float
    p_value: float
    n: int
    sampled: int


def rv_moments(x, y, *, units, covariance=None, rng: np.random.Generator | None = None) -> PermutationMoments:
    """Test the RV coefficient (linear CKA) of `x` `(n, d)` and `y` `(n, e)` without permuting.

    The answer is what ever more permutations of rows would tend to. Rows are read in blocks, twice or so, and may be a
    memory map of any float type; there is no n × n matrix. `units` `(n,)` names the unit that each row shows, and
    `units=None` says that each row is a unit of its own: rows of one species or individual, and species that share a
    tree (`covariance`), are *not* exchangeable and are refused, since every p-value would be far too small. Mean and
    variance are exact, and so is the skewness, except that beyond 10¹⁰ multiplications (a million rows in 22
    dimensions, 10,000 in 100) one of its sums is estimated from 8,192 rows drawn by `rng`: it then moves by a
    millionth or so.

    Errors: fewer than 5 rows, NaN, rows that are all the same, repeated units, related units.

    >>> x = np.array([[0.0], [1.0], [3.0], [4.0], [9.0], [7.0]])
    >>> found = rv_moments(x, x, units=None)
    >>> found.statistic, round(found.mean, 6)  # r² of two variables is 1/(n − 1) by chance
    (1.0, 0.2)
    """
    _exchangeable(units, covariance, len(x))
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} rows and y has {len(y)}: both must show the same things in order")
    a, b = gram_sums(x, "x", rng), gram_sums(y, "y", rng)
    return _moments(product_sum(x, y), a, b, np.sqrt(a.squares) * np.sqrt(b.squares))


def permanova_moments(x, groups, *, units, covariance=None, rng: np.random.Generator | None = None):
    """Test whether `groups` `(n,)` of the rows of `x` `(n, d)` differ in their means, without permuting.

    Gives `PermutationMoments` of R², the share of the sum of squares between groups; the pseudo-F rises with R², so
    the p-value is its own as well. What is said of `rv_moments` holds here, and what is said of `permanova` on groups
    that differ in scatter. Errors: also a single group.

    >>> x = np.array([[0.0], [1.0], [2.0], [4.0], [5.0], [6.0]])
    >>> found = permanova_moments(x, ["a", "a", "a", "b", "b", "b"], units=None)
    >>> round(found.statistic, 6), round(found.mean, 6)  # chance is (K − 1)/(n − 1)
    (0.857143, 0.2)
    """
    _exchangeable(units, covariance, len(x))
    kinds, codes = np.unique(checked_kinds(groups, len(x), "groups"), return_inverse=True)
    if not 1 < kinds.size < len(x):
        raise ValueError(f"{kinds.size} groups among {len(x)} rows: at least 2 groups and one row more are needed")
    a, b = gram_sums(x, "x", rng), group_sums(codes)
    return _moments(between_sum(x, codes), a, b, a.trace)


def _exchangeable(units, covariance, n: int) -> None:
    if units is not None:
        named, counts = np.unique(checked_kinds(units, n, "units"), return_counts=True)
        if (counts > 1).any():
            again = [str(v) for v in named[counts > 1][:5]]
            raise ValueError(
                f"units {again} have several rows: rows of one unit are alike and cannot be permuted freely. Average "
                f"them to one row for each of the {named.size} units, or permute labels of whole units"
            )
    if covariance is not None:
        c = np.asarray(covariance)
        if c.dtype != object and c.shape != (n, n):
            raise ValueError(f"{n} rows but a covariance of shape {c.shape}: prune the tree to them, in one order")
        if c.dtype == object or (c - np.diag(np.diag(c))).any():
            raise ValueError(
                "the units share a tree and cannot be permuted freely (true nulls would be rejected in 95 % of cases "
                "at 5 %): use aligned_beyond_phylogeny, or a null simulated on the tree"
            )


def _moments(observed: float, a: GramSums, b: GramSums, scale: float) -> PermutationMoments:
    """From the sum over pairs of the products of both matrices; `scale` turns it into the statistic."""
    mean = a.trace * b.trace / (a.n - 1)
    var = variance(a, b)
    if not var > 1e-20 * (observed**2 + mean**2):
        raise ValueError("every permutation gives the same value: nothing can be tested")
    skewness = third_moment(a, b) / var**1.5
    # The curve has no tail where it is a point; a permutation p-value is at least one in n!.
    least = max(np.exp(-np.cumsum(np.log(np.arange(1, a.n + 1)))[-1]), np.finfo(float).tiny)
    p = float(np.clip(pearson3.sf((observed - mean) / np.sqrt(var), skewness), least, 1.0))
    return PermutationMoments(
        float(observed / scale), float(mean / scale), float(var / scale**2), float(skewness), p, a.n,
        max(a.sampled, b.sampled),
    )  # fmt: skip
