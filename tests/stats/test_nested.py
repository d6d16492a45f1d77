"""Taxa within taxa: epsilon² by hand, 0 on average over shuffles, and refused where nothing can be compared."""

import numpy as np
import pytest

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.taxa.nested import nested_separability

PARENT = np.repeat([0, 1, 2, 3], [6, 8, 5, 3])
CHILD = np.array([0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5, 6, 6, 7, 7, 7, 8, 8, 8])


def by_loop(x, child, parent):
    top, bottom = [], []
    for p in np.unique(parent):
        own = x[parent == p]
        kinds = np.unique(child[parent == p])
        if len(kinds) < 2 or len(kinds) == len(own):
            continue
        total = ((own - own.mean(axis=0)) ** 2).sum()
        within = sum(((x[child == k] - x[child == k].mean(axis=0)) ** 2).sum() for k in kinds)
        f = (len(kinds) - 1) / (len(own) - 1)
        top.append(total - within - f * total)
        bottom.append((1 - f) * total)
    return np.array(top), np.array(bottom)


def test_epsilon_squared_by_a_plain_loop(rng):
    x = rng.normal(size=(22, 4)) + rng.normal(size=(9, 4))[CHILD] * 0.7
    found = nested_separability(x, CHILD, PARENT, permutations=19, rng=rng)
    top, bottom = by_loop(x, CHILD, PARENT)
    assert found.statistic == pytest.approx(top.sum() / bottom.sum())
    without = [(top.sum() - t) / (bottom.sum() - b) for t, b in zip(top, bottom, strict=True)]
    assert found.interval == pytest.approx(jackknife(without, found.statistic, within=(-np.inf, 1)))
    assert (found.parents, found.children, found.n) == (3, 8, 19)  # the last parent has one child


def test_one_parent_gives_the_textbook_formula(rng):
    x, child = rng.normal(size=(9, 3)), np.repeat([0, 1, 2], 3)
    found = nested_separability(x, child, np.zeros(9), permutations=9, rng=rng)
    means = np.array([x[child == k].mean(axis=0) for k in range(3)])
    eta = 3 * ((means - x.mean(axis=0)) ** 2).sum() / ((x - x.mean(axis=0)) ** 2).sum()
    assert found.eta_squared == pytest.approx(eta) and found.statistic == pytest.approx(1 - (1 - eta) * 8 / 6)
    assert np.isnan(found.interval).all()  # one parent: nothing to resample


def test_shuffles_give_zero_on_average_however_unequal_parents_are(rng):
    x = rng.normal(size=(22, 4)) * np.array([1, 9, 0.2, 1])[PARENT][:, None]
    found = nested_separability(x, CHILD, PARENT, permutations=4000, rng=rng)
    assert abs(found.null.mean()) < 4 * found.null.std() / np.sqrt(4000)
    assert found.p_value == (np.sum(found.null >= found.statistic) + 1) / 4001
    assert found.p_less == (np.sum(found.null <= found.statistic) + 1) / 4001


def test_the_null_is_the_loop_on_shuffled_names(rng):
    x = rng.normal(size=(22, 4))
    found = nested_separability(x, CHILD, PARENT, permutations=5, rng=np.random.default_rng(3))
    from embedlab.stats.resample import shuffles_within

    keep = PARENT < 3
    for value, t in zip(found.null, shuffles_within(PARENT[keep], 5, np.random.default_rng(3)), strict=True):
        top, bottom = by_loop(x[keep], CHILD[keep][t], PARENT[keep])
        assert value == pytest.approx(top.sum() / bottom.sum())


def test_a_child_named_alike_in_two_parents_is_two(rng):
    x = rng.normal(size=(8, 2))
    parent = np.repeat(["p", "q"], 4)
    one = nested_separability(x, list("aabbaabb"), parent, permutations=9, rng=np.random.default_rng(0))
    two = nested_separability(x, list("aabbccdd"), parent, permutations=9, rng=np.random.default_rng(0))
    assert one.children == two.children == 4 and one.statistic == two.statistic


def test_rotation_scale_and_order_do_not_matter(rng):
    x = rng.normal(size=(22, 4))
    turn, order = np.linalg.qr(rng.normal(size=(4, 4)))[0], rng.permutation(22)
    one = nested_separability(x, CHILD, PARENT, permutations=9, rng=rng)
    other = nested_separability((3 * x @ turn + 5)[order], CHILD[order], PARENT[order], permutations=9, rng=rng)
    assert other.statistic == pytest.approx(one.statistic) and other.interval == pytest.approx(one.interval)


def test_what_cannot_be_compared_is_refused(rng):
    x = rng.normal(size=(4, 2))
    with pytest.raises(ValueError, match="no parent taxon holds two child taxa of which one has two species"):
        nested_separability(x, [0, 0, 1, 1], [0, 0, 1, 1], permutations=9, rng=rng)
    with pytest.raises(ValueError, match="no parent taxon"):
        nested_separability(x, [0, 1, 2, 3], [0, 0, 0, 0], permutations=9, rng=rng)
    with pytest.raises(ValueError, match="coincide"):
        nested_separability(np.ones((4, 2)), [0, 0, 1, 1], [0] * 4, permutations=9, rng=rng)
    with pytest.raises(ValueError, match="4 rows but child taxa of shape"):
        nested_separability(x, [0, 0, 1], [0] * 4, permutations=9, rng=rng)
    with pytest.raises(ValueError, match="NaN"):
        nested_separability(np.full((4, 2), np.nan), [0, 0, 1, 1], [0] * 4, permutations=9, rng=rng)
