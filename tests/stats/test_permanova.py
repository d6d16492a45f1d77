"""PERMANOVA: by plain loops, in its four forms, what leaves it alone, and what it must refuse."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from scipy.stats import f_oneway, ortho_group

from embedlab.stats.pairs import permanova as module
from embedlab.stats.pairs.permanova import permanova
from embedlab.stats.resample import permutations_of

GROUPS = np.array(list("aaabbbbccccc"))


def rows(seed, n=12, d=4):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) + 3


def orders_of(n, b=9):
    return np.array([np.random.default_rng(i).permutation(n) for i in range(b)])


def by_loops(d, groups):
    """F and R² from squared distances, pair by pair (Anderson 2001)."""
    n, kinds = len(d), sorted(set(groups))
    total = sum(d[i, j] ** 2 for i in range(n) for j in range(i)) / n
    within = 0.0
    for k in kinds:
        at = [i for i in range(n) if groups[i] == k]
        within += sum(d[i, j] ** 2 for i in at for j in at if j < i) / len(at)
    f = ((total - within) / (len(kinds) - 1)) / (within / (n - len(kinds)))
    return f, 1 - within / total


@pytest.mark.parametrize("few", [0, 4])  # pairs within groups, or a product of matrices
@pytest.mark.parametrize("d", [4, 30])
def test_vectors_and_distances_give_what_loops_give(monkeypatch, few, d):
    monkeypatch.setattr(module, "FEW", few)
    x = rows(1, d=d)
    far = squareform(pdist(x))
    orders = orders_of(12)
    expected = [by_loops(far[np.ix_(t, t)], GROUPS)[0] for t in orders]
    f, r_squared = by_loops(far, GROUPS)
    for given_x, distances in ((x, False), (far, True)):
        found = permanova(given_x, GROUPS, permutations=orders, distances=distances)
        assert found.statistic == pytest.approx(f, rel=1e-10)
        assert found.r_squared == pytest.approx(r_squared, rel=1e-10)
        assert found.null == pytest.approx(expected, rel=1e-10)
        assert found.p_value == (1 + sum(e >= f for e in expected)) / 10
        assert found.freedom == (2, 9)


def test_distances_need_not_be_euclidean():
    far = squareform(pdist(rows(2), "braycurtis")) ** 0.25
    found = permanova(far, GROUPS, permutations=orders_of(12), distances=True)
    expected = [by_loops(far[np.ix_(t, t)], GROUPS)[0] for t in orders_of(12)]
    assert found.null == pytest.approx(expected, rel=1e-10)


def test_small_batches_give_the_same(monkeypatch):
    x, orders = rows(3), orders_of(12)
    whole = permanova(x, GROUPS, permutations=orders).null
    column = permanova(x, x[:, :1] + x[:, 1:2], permutations=orders).null
    monkeypatch.setattr(module, "CHUNK", 30)
    assert permanova(x, GROUPS, permutations=orders).null == pytest.approx(whole, rel=1e-12)
    assert permanova(x, x[:, :1] + x[:, 1:2], permutations=orders).null == pytest.approx(column, rel=1e-12)


@pytest.mark.parametrize("p", [1, 3])
def test_a_design_is_a_regression(p):
    x, z = rows(4), rows(5, d=p)
    full = np.column_stack([np.ones(12), z])

    def f_of(y):
        left = y - full @ np.linalg.lstsq(full, y, rcond=None)[0]
        total, left = ((y - y.mean(0)) ** 2).sum(), (left**2).sum()
        return ((total - left) / p) / (left / (11 - p)), 1 - left / total

    orders = orders_of(12)
    for given_x, distances in ((x, False), (squareform(pdist(x)), True)):
        found = permanova(given_x, z, permutations=orders, distances=distances)
        assert (found.statistic, found.r_squared) == pytest.approx(f_of(x), rel=1e-9)
        assert found.null == pytest.approx([f_of(x[t])[0] for t in orders], rel=1e-9)
        assert found.freedom == (p, 11 - p)


def test_groups_are_a_design_of_their_indicators():
    x = rows(6)
    indicators = (GROUPS[:, None] == np.array(["a", "b"])).astype(float)
    one, other = (permanova(x, g, permutations=orders_of(12)) for g in (GROUPS, indicators))
    assert one.null == pytest.approx(other.null, rel=1e-10) and one.statistic == pytest.approx(other.statistic)


@given(st.integers(0, 2**32 - 1))
def test_in_one_dimension_it_is_the_analysis_of_variance(seed):
    x = rows(seed, d=1)
    found = permanova(x, GROUPS, permutations=[range(12)])
    assert found.statistic == pytest.approx(f_oneway(*(x[GROUPS == k, 0] for k in "abc")).statistic, rel=1e-8)
    assert found.p_value == 1.0  # only the identity was tried


@given(st.integers(0, 2**32 - 1))
def test_turning_moving_scaling_and_renaming_change_nothing(seed):
    x = rows(seed)
    rng = np.random.default_rng(seed)
    t = rng.permutation(12)
    found = permanova(x, GROUPS, permutations=[range(12)]).statistic
    moved = 7 * x @ ortho_group.rvs(4, random_state=rng) - 100
    again = permanova(moved[t], np.array([{"a": 9, "b": 1, "c": 4}[g] for g in GROUPS])[t], permutations=[range(12)])
    assert again.statistic == pytest.approx(found, rel=1e-8)


def test_many_rows_of_distances_are_relabelled_by_cosets(monkeypatch):
    x = rows(7, n=24)
    groups = np.repeat(list("abcd"), 6)
    far = squareform(pdist(x))
    monkeypatch.setattr(module, "ONE_BY_ONE", 23)
    found = permanova(far, groups, permutations=99, distances=True, rng=np.random.default_rng(0))
    assert found.null.size == 119  # whole cosets of 24 with the identity in one of them
    orders = module.cosets(24, 99, np.random.default_rng(0)).orders()
    one_by_one = permanova(far, groups, permutations=orders, distances=True)
    assert found.null == pytest.approx(one_by_one.null, rel=1e-10)
    assert found.p_value == one_by_one.p_value and found.statistic == one_by_one.statistic
    monkeypatch.setattr(module, "ONE_BY_ONE", 24)
    assert permanova(far, groups, permutations=99, distances=True, rng=np.random.default_rng(0)).null.size == 99


def test_strata_are_kept():
    x = rows(8, n=16)
    groups, strata = np.tile(list("ab"), 8), np.repeat([5, 3], 8)
    x[strata == 5] += 40  # a shift of a stratum drowns all else if rows leave it
    found = permanova(x, groups, permutations=99, strata=strata, rng=np.random.default_rng(0))
    orders = permutations_of(16, 99, np.random.default_rng(0), strata=strata)
    assert found.null == pytest.approx(permanova(x, groups, permutations=orders, strata=strata).null, rel=1e-12)
    assert found.null == pytest.approx([permanova(x[t], groups, permutations=[range(16)]).statistic for t in orders])
    far = squareform(pdist(x))
    by_distance = permanova(far, groups, permutations=99, strata=strata, distances=True, rng=np.random.default_rng(0))
    assert by_distance.null == pytest.approx(found.null, rel=1e-8)
    with pytest.raises(ValueError, match=r"permutations \[1\] move rows from one stratum to another"):
        permanova(x, groups, permutations=[range(16), range(15, -1, -1)], strata=strata)
    with pytest.raises(ValueError, match="no stratum holds more than one group"):
        permanova(x, np.repeat(list("ab"), 8), permutations=9, strata=strata, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="16 rows but strata of shape"):
        permanova(x, groups, permutations=9, strata=strata[:5], rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="rng"):
        permanova(x, groups, permutations=9, strata=strata)


@pytest.mark.parametrize("distances", [False, True])
def test_all_arrangements_are_tried_where_they_are_few(distances):
    x = rows(15, n=7)
    groups = np.array(list("bababab"))  # 7! / (4! 3!) = 35 looks, the observed one among them
    given_x = squareform(pdist(x)) if distances else x
    found = permanova(given_x, groups, permutations=999, distances=distances, rng=np.random.default_rng(0))
    looks = {"".join(groups[list(t)]) for t in permutations(range(7))} - {"bababab"}
    expected = [by_loops(squareform(pdist(x)), look)[0] for look in looks]
    assert np.sort(found.null) == pytest.approx(np.sort(expected), rel=1e-10)
    assert found.p_value == pytest.approx((1 + sum(e >= found.statistic - 1e-9 for e in expected)) / 35)


def test_an_effect_is_found_and_a_permutation_that_parts_all_rows_counts():
    x = np.concatenate([np.zeros((4, 2)), np.ones((4, 2))])
    x[3], x[4] = 1, 0  # one pair changed places
    groups = np.repeat(list("ab"), 4)
    mend = [0, 1, 2, 4, 3, 5, 6, 7]
    found = permanova(x, groups, permutations=[mend, range(8)])
    assert np.isinf(found.null[0]) and found.p_value == 1.0
    far = permanova(rows(9, n=30) + np.repeat([0, 2], 15)[:, None], np.repeat([0, 1], 15), permutations=199,
                    rng=np.random.default_rng(0))  # fmt: skip
    assert far.p_value == 1 / 200 and far.r_squared > 0.3


def test_a_far_origin_does_not_eat_the_digits():
    x = rows(10)
    near, far = (permanova(m, GROUPS, permutations=orders_of(12)) for m in (x, x + 1e7))
    assert far.null == pytest.approx(near.null, rel=1e-6)


def test_the_same_seed_gives_the_same_null():
    one, again = (permanova(rows(11), GROUPS, permutations=49, rng=np.random.default_rng(7)) for _ in range(2))
    assert (one.null == again.null).all()


def test_what_cannot_be_tested_is_refused():
    x, z = rows(12), rows(13, d=2)
    identity = [range(12)]
    for wrong, groups, why in (
        (x, ["a"] * 12, "all rows are of one group"),
        (x, list("aaaaaaaaaabb"), r"groups \['b'\] have fewer than 3 rows"),
        (x, list("aabbccddeeff"), r"groups \['a', 'b', 'c', 'd', 'e'\] and 1 more, of 6, have fewer than 3 rows"),
        (x, np.arange(12.0), r"fewer than 3 rows.*as a column of shape \(n, 1\)"),
        (x, GROUPS[:7], r"12 rows but groups of shape \(7,\)"),
        (x, z[:7], r"12 rows but groups of shape \(7, 2\)"),
        (x, np.where(np.arange(12) == 4, np.nan, np.repeat([0.0, 1], 6)), r"groups: NaN or None .*\[4\]"),
        (x, np.where(np.arange(24).reshape(12, 2) == 4, np.nan, z), "groups has 1 rows with NaN"),
        (x, np.ones((12, 1)), "constant or linearly dependent"),
        (x, z[:, [0, 0]], "constant or linearly dependent"),
        (x, rows(14, d=11), "11 predictors for 12 rows"),
        (np.where(np.arange(48).reshape(12, 4) == 9, np.inf, x), GROUPS, "x has 1 rows with NaN or infinity"),
        (np.repeat(np.eye(3), [3, 4, 5], axis=0), GROUPS, "rows do not differ within groups"),
        (np.ones((12, 2)), GROUPS, "rows are all the same"),
    ):
        with pytest.raises(ValueError, match=why):
            permanova(wrong, groups, permutations=identity)
    with pytest.raises(ValueError, match="all distances are 0"):
        permanova(np.zeros((12, 12)), GROUPS, permutations=identity, distances=True)
    with pytest.raises(ValueError, match="must be a square matrix"):
        permanova(x, GROUPS, permutations=identity, distances=True)
    with pytest.raises(TypeError, match="rng"):
        permanova(x, GROUPS, permutations=9)


def test_the_size_of_numbers_and_the_number_of_permutations():
    x = rows(16)
    found = permanova(x, GROUPS, rng=np.random.default_rng(0))
    assert found.null.size == 999
    for scale in (1e-7, 1e7):  # what counts as no scatter goes by the whole
        again = permanova(scale * x, GROUPS, rng=np.random.default_rng(0))
        assert again.null == pytest.approx(found.null, rel=1e-8)
        with pytest.raises(ValueError, match="rows do not differ within groups"):
            permanova(scale * np.repeat(np.eye(3) / 3, [3, 4, 5], axis=0), GROUPS, permutations=[range(12)])
        z = np.random.default_rng(1).normal(size=(12, 2))
        design = permanova(x, scale * z, permutations=[range(12)])
        assert design.statistic == pytest.approx(permanova(x, z, permutations=[range(12)]).statistic, rel=1e-8)
        with pytest.raises(ValueError, match="constant or linearly dependent"):
            permanova(x, scale * np.column_stack([z, z @ [0.1, 0.7]]), permutations=[range(12)])
    with pytest.raises(ValueError, match=r"groups \['c'\] have fewer than 3 rows"):
        permanova(x, list("aaaaaaabbbcc"), permutations=[range(12)])


def test_numbers_within_strata():
    x, strata = rows(17), np.repeat([0, 1], 6)
    orders = permutations_of(12, 49, np.random.default_rng(0), strata=strata)
    found = permanova(x, x[:, :1], permutations=49, strata=strata, rng=np.random.default_rng(0))
    assert found.null == pytest.approx(permanova(x, x[:, :1], permutations=orders).null, rel=1e-12)
    with pytest.raises(ValueError, match="permuting within strata changes nothing"):
        permanova(x, strata[:, None] * 2.5, permutations=9, strata=strata, rng=np.random.default_rng(0))
