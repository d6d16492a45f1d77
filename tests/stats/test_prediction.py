"""Forecasts of held-out clades: kriging written out, clades that are cut whole, and what chance gives."""

import numpy as np
import pytest

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.data.tree import Tree
from embedlab.stats.trait.prediction import STEPS, folds_of, held_out_clades, predicted_beyond_tree


def world(seed, n=32, d=5, size=0.0):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    y = brownian_traits(rng, tree)[:, 0]
    x = brownian_traits(rng, tree, d)
    x[:, 0] += size * y
    return x, y, tree, rng


def brute(x, y, c, fold):
    """R² of the tree alone and of both, by explicit inverses and a search over all mixtures."""
    x = x - x.mean(axis=0)
    kernel = x @ x.T
    kernel = kernel * np.diag(c).mean() / np.diag(kernel).mean()
    errors, weights = np.zeros((3, len(y))), []
    for held in np.unique(fold):
        test, train = np.flatnonzero(fold == held), np.flatnonzero(fold != held)
        best = {0: (-np.inf, None), 1: (-np.inf, None)}
        for a in range(STEPS + 1):
            for b in range(STEPS + 1 - a):
                v = (a * c + b * kernel + max(STEPS - a - b, 0.01) * np.diag(np.diag(c))) / STEPS
                inverse = np.linalg.inv(v[np.ix_(train, train)])
                mean = inverse.sum(axis=0) @ y[train] / inverse.sum()
                e = y[train] - mean
                height = -0.5 * (len(train) * np.log(e @ inverse @ e) + np.linalg.slogdet(v[np.ix_(train, train)])[1])
                guess = mean + v[np.ix_(test, train)] @ inverse @ e
                for i in (0, 1):
                    if (i == 1 or b == 0) and height > best[i][0]:
                        best[i] = (height, guess, b / STEPS)
        for i in (0, 1):
            errors[i, test] = (y[test] - best[i][1]) ** 2
        errors[2, test] = (y[test] - y[train].mean()) ** 2
        weights.append(best[1][2])
    return *(1 - errors[:2].sum(axis=1) / errors[2].sum()), np.mean(weights)


@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_kriging_with_matrices_written_out(seed):
    x, y, tree, rng = world(seed, n=20, size=2.0)
    c = tree.covariance()
    found = predicted_beyond_tree(x, y, c, permutations=3, rng=rng)
    tree_alone, both, weight = brute(x, y, c, found.fold)
    assert found.tree_alone == pytest.approx(tree_alone, abs=1e-9)
    assert found.with_embedding == pytest.approx(both, abs=1e-9)
    assert found.statistic == pytest.approx(both - tree_alone, abs=1e-9)
    assert found.weight == pytest.approx(weight, abs=1e-12) and 0 < weight < 1


def test_an_embedding_that_knows_is_told_from_one_that_does_not():
    x, y, tree, rng = world(2, n=48, d=8, size=4.0)
    knows = predicted_beyond_tree(x, y, tree.covariance(), permutations=39, rng=rng)
    assert knows.p_value == 1 / 40 and knows.with_embedding > 0.6 and knows.weight > 0.3
    blind = [predicted_beyond_tree(*world(s, n=30)[:2], world(s, n=30)[2].covariance(), permutations=19,
                                   rng=np.random.default_rng(s)).p_value for s in range(10)]  # fmt: skip
    assert np.mean(np.array(blind) <= 0.05) <= 0.3


def test_kinds_are_forecast_as_columns():
    x, y, tree, rng = world(3, n=40, size=4.0)
    kinds = np.array(["a", "b", "c"])[np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))]
    found = predicted_beyond_tree(x, kinds, tree.covariance(), permutations=9, rng=rng)
    other = predicted_beyond_tree(
        x, np.where(kinds == "a", "z", kinds), tree.covariance(), permutations=9, rng=np.random.default_rng(0)
    )
    assert found.with_embedding == pytest.approx(other.with_embedding, abs=1e-9)  # whichever kind comes first
    assert found.null.shape == (9,) and found.p_value <= 0.2


def test_units_rotation_and_order_do_not_matter():
    x, y, tree, rng = world(4, n=24, size=1.0)
    c, t = tree.covariance(), rng.permutation(24)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    base = predicted_beyond_tree(x, y, c, permutations=3, rng=rng)
    for other in (
        predicted_beyond_tree(3 * x @ turn + 7, 5 - 2 * y, 10 * c, permutations=3, rng=rng),
        predicted_beyond_tree(x[t], y[t], c[np.ix_(t, t)], permutations=3, rng=rng),
    ):
        assert other.statistic == pytest.approx(base.statistic, abs=1e-8)
        assert other.tree_alone == pytest.approx(base.tree_alone, abs=1e-8)


def test_clades_are_cut_whole_and_near_the_root():
    tree = Tree.parse("((((a:1,b:1):1,(c:1,d:1):1):1,(e:2,f:2):1):1,(g:3,(h:1,i:1):2):1);")
    names = list("abcdefghi")
    c = tree.covariance(names)
    assert held_out_clades(c, least=2, most=0.7).tolist() == [0] * 6 + [1] * 3
    assert held_out_clades(c, least=2, most=0.5).tolist() == [0, 0, 0, 0, 1, 1, 2, 3, 3]
    four = held_out_clades(c, least=5, most=0.5)
    assert four.tolist() == [0, 0, 1, 1, 2, 3, 4, 5, 5]
    # species held out together share more with one another than with anybody in training
    same = four[:, None] == four
    assert c[same & ~np.eye(9, dtype=bool)].min() > c[~same].max()


def test_a_comb_is_cut_as_evenly_as_it_can_be():
    # species i leaves the stem at height i + 1: whatever the cut, all below it hang together
    codes = held_out_clades(np.minimum.outer(np.arange(16), np.arange(16)) + 1.0 + np.diag(15.0 - np.arange(16)))
    assert codes.max() + 1 >= 8


def test_tips_of_unequal_depth_are_cut_by_the_part_they_share():
    c = random_tree(np.random.default_rng(7), 20).covariance()
    scale = np.random.default_rng(8).uniform(0.2, 5, 20)
    assert (held_out_clades(c * np.outer(scale, scale)) == held_out_clades(c)).all()
    assert held_out_clades(c).max() + 1 >= 8  # eight, unless asked otherwise


def test_folds_hold_whole_clades_of_about_the_same_size():
    clades = np.repeat(np.arange(14), [9, 7, 5, 4, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1])
    folds = folds_of(clades, 4)
    assert all(len(set(folds[clades == c])) == 1 for c in range(14))
    assert np.bincount(folds).tolist() == [11, 10, 10, 10] or np.ptp(np.bincount(folds)) <= 1
    assert (folds_of(clades[:24], 10) == clades[:24]).all()


def test_the_interval_is_over_clades():
    x, y, tree, _ = world(5, n=40, size=2.0)
    names = np.repeat(np.arange(10), 4)
    found = predicted_beyond_tree(x, y, tree.covariance(), permutations=3, clades=names, rng=np.random.default_rng(0))
    assert found.clades == 10 and (found.fold == names).all()
    assert found.interval[0] < found.statistic < found.interval[1]


def test_what_cannot_be_held_out_is_refused():
    x, y, tree, rng = world(6)
    with pytest.raises(ValueError, match="2 clades to hold out; at least 4 are needed"):
        predicted_beyond_tree(x, y, tree.covariance(), clades=np.repeat(["p", "q"], 16), rng=rng)
    star = np.eye(1001)
    with pytest.raises(ValueError, match="1,001 species: held-out forecasts take 1,000 at most"):
        predicted_beyond_tree(rng.normal(size=(1001, 2)), rng.normal(size=1001), star, rng=rng)
    with pytest.raises(ValueError, match="the trait is the same in all species"):
        predicted_beyond_tree(x, np.ones(32), tree.covariance(), rng=rng)
