"""Chance on a tree: its moments, its spectrum, and whom it swaps with whom."""

import numpy as np
import pytest

from embedlab.data.synthetic import random_tree
from embedlab.data.tree import Tree
from embedlab.stats.tree.comparative import pagel_lambda
from embedlab.stats.tree.evolution import (
    ou_covariance,
    phylo_permutations,
    phylogenetic_axes,
    simulate,
    spectral_randomisation,
)

TRAPS = Tree.parse("((a:0,b:0):1,(c:0.5,d:2):2,e:1,(f:3):1,(g:1,h:3,i:2):1);")  # twins, a polytomy, a single child


def both(tree, rng):
    names = list(rng.permutation(tree.names))
    return tree.structure(names), tree.covariance(names)


def expected(c, model, v):
    if model == "lambda":
        return c * v + np.diag(np.diag(c)) * (1 - v)
    return ou_covariance(c, v) if model == "ou" else c


@pytest.mark.parametrize(
    ("model", "v"), [("bm", None), ("lambda", 0.4), ("lambda", 0.0), ("lambda", 1.0), ("ou", 0.6), ("ou", 0.0)]
)
@pytest.mark.parametrize("road", [0, 1], ids=["tree", "matrix"])
def test_simulated_traits_have_the_covariance_asked_for(model, v, road, rng):
    given = both(TRAPS, rng)
    wanted = expected(given[1], model, v)
    x = simulate(given[road], rng, count=40_000, model=model, parameter=v)
    assert x.shape == (40_000, 9)
    depth = np.sqrt(np.diag(wanted))
    # correlations of 40,000 draws: standard error .005, largest of 45 well under six of them
    assert x.T @ x / 40_000 / np.outer(depth, depth) == pytest.approx(wanted / np.outer(depth, depth), abs=0.03)
    assert x.mean(axis=0) / depth == pytest.approx(np.zeros(9), abs=0.03)


def test_the_same_seed_gives_the_same_traits():
    for given in both(TRAPS, np.random.default_rng(1)):
        a, b = (simulate(given, np.random.default_rng(4), count=3, model="ou", parameter=0.3) for _ in range(2))
        assert (a == b).all()
        assert simulate(given, np.random.default_rng(4), model="ou", parameter=0.3).shape == (1, a.shape[1])


def test_a_planted_lambda_comes_back(rng):
    tree = random_tree(rng, 400)
    structure = tree.structure(tree.names)
    drawn = simulate(structure, rng, count=5, model="lambda", parameter=0.5)
    assert np.mean([pagel_lambda(y, structure).lam for y in drawn]) == pytest.approx(0.5, abs=0.12)


def test_ou_covariance_by_hand():
    # α = 1, depth 2, shared 1: (1 - e⁻⁴)/2 on the diagonal, e⁻² (1 - e⁻²)/2 beside it
    c = ou_covariance([[2.0, 1.0], [1.0, 2.0]], 1.0)
    assert c == pytest.approx(
        np.array([[1 - np.exp(-4), np.exp(-2) - np.exp(-4)], [np.exp(-2) - np.exp(-4), 1 - np.exp(-4)]]) / 2
    )
    assert ou_covariance(TRAPS.structure(TRAPS.names), 0.5) == pytest.approx(ou_covariance(TRAPS.covariance(), 0.5))


def test_permutations_are_permutations_and_a_large_k_is_free(rng):
    tree = random_tree(rng, 6)
    structure, c = both(tree, rng)
    for given in (structure, c):
        t = phylo_permutations(given, 50, rng)
        assert t.shape == (50, 6) and (np.sort(t, axis=1) == np.arange(6)).all()
    free = phylo_permutations(c, 20_000, rng, k=1e9)
    share = np.stack([(free == i).mean(axis=0) for i in range(6)])
    assert share == pytest.approx(np.full((6, 6), 1 / 6), abs=0.02)  # standard error .0026


def test_probabilities_are_those_of_the_recipe(rng):
    """Against the recipe run in plain loops, over all orders of three species at once."""
    from itertools import permutations

    c = Tree.parse("((a:1,b:1):3,c:4);").covariance(list("abc"))
    depth = np.diag(c)
    d = depth[:, None] + depth - 2 * c
    for k in (1.0, 1.5, 4.0):
        weight = k - d / d.max()
        exact = np.zeros((3, 3))

        def place(order, free, chance, put, weight=weight, exact=exact):
            if not order:
                for where, who in put:
                    exact[who, where] += chance
                return
            total = weight[order[0], free].sum()
            for slot in free:
                if weight[order[0], slot] > 0:
                    share = chance * weight[order[0], slot] / total
                    place(order[1:], [f for f in free if f != slot], share, [*put, (slot, order[0])])

        for order in permutations(range(3)):
            place(list(order), [0, 1, 2], 1 / 6, [])
        exact /= exact[0].sum()  # draws that came to a dead end are begun anew
        t = phylo_permutations(c, 40_000, rng, k=k)
        drawn = np.stack([(t == i).mean(axis=0) for i in range(3)])
        assert drawn == pytest.approx(exact, abs=0.015)  # standard error .0025


def test_near_relatives_are_swapped_more_often(rng):
    tree = random_tree(rng, 20)
    c = tree.covariance()
    d = np.diag(c)[:, None] + np.diag(c) - 2 * c
    moved = [d[np.arange(20), phylo_permutations(c, 400, rng, k=k)].mean() for k in (1.0, 2.0, 100.0)]
    assert moved[0] < moved[1] < moved[2]
    # at k = 1 nobody crosses the root
    side = d[0] >= d.max() - 1e-9
    t = phylo_permutations(c, 200, rng, k=1.0)
    assert (side[t] == side).all()


def test_dead_ends_are_begun_anew(rng):
    # one pair alone is at the greatest distance, so that some draws leave it nothing to choose
    c = Tree.parse("(a:1,b:1,(c:5):5,(d:5):5);").covariance(list("abcd"))
    t = phylo_permutations(c, 500, rng)
    assert (np.sort(t, axis=1) == np.arange(4)).all()
    assert not (t[:, 2] == 3).any() and not (t[:, 3] == 2).any()
    star = phylo_permutations(np.eye(3), 20, rng)  # all are as far as can be: each keeps its place
    assert (star == np.arange(3)).all()


def test_axes_are_orthonormal_and_leave_out_the_mean():
    for text in ("((a:1,b:1):1,(c:1,d:1):1,(e:1,f:1):1);", "(a:1,b:1,c:1,d:1);"):
        tree = Tree.parse(text)
        n = len(tree)
        axes = phylogenetic_axes(tree.structure(tree.names))
        assert axes.shape == (n, n - 1)
        assert axes.T @ axes == pytest.approx(np.eye(n - 1), abs=1e-12)
        assert axes.sum(axis=0) == pytest.approx(np.zeros(n - 1), abs=1e-12)
        c = tree.covariance()
        lengths = np.diag(axes.T @ c @ axes)
        assert (np.diff(lengths) <= 1e-12).all()  # deep splits first
        h = np.eye(n) - 1 / n
        assert axes @ np.diag(lengths) @ axes.T == pytest.approx(h @ c @ h, abs=1e-12)


@pytest.mark.parametrize("n", [12, 13])
def test_spectral_copies_keep_what_they_promise(n, rng):
    structure, c = both(random_tree(rng, n), rng)
    x = rng.normal(size=(n, 3)) + 7
    axes = phylogenetic_axes(c)
    shares = (axes.T @ x) ** 2
    for given in (structure, c):
        copies = spectral_randomisation(x, given, 200, rng, procedure="singleton")
        assert copies.shape == (200, n, 3)
        assert copies.mean(axis=1) == pytest.approx(np.broadcast_to(x.mean(axis=0), (200, 3)))
        assert (axes.T @ copies) ** 2 == pytest.approx(np.broadcast_to(shares, (200, n - 1, 3)), abs=1e-10)
    starts = set()
    for _ in range(12):
        copies = spectral_randomisation(x, structure, 5, rng)
        assert copies.var(axis=1) == pytest.approx(np.broadcast_to(x.var(axis=0), (5, 3)))
        # correlations between columns stay: all of them turn together
        inside = copies - copies.mean(axis=1, keepdims=True)
        gram = inside.transpose(0, 2, 1) @ inside
        assert gram == pytest.approx(np.broadcast_to(np.cov(x.T) * (n - 1), (5, 3, 3)))
        power = (axes.T @ copies) ** 2
        begins = [s for s in (0, 1) if power[:, s : s + 2].sum(axis=1) == pytest.approx(
            np.broadcast_to(shares[s : s + 2].sum(axis=0), (5, 3)))]  # fmt: skip
        assert begins
        starts |= set(begins)
        for pair in range(begins[0], n - 2, 2):
            assert power[:, pair : pair + 2].sum(axis=1) == pytest.approx(
                np.broadcast_to(shares[pair : pair + 2].sum(axis=0), (5, 3))
            )
        assert not np.allclose(power[0], shares)
    assert starts == ({0, 1} if n == 12 else {0})  # an odd number of axes leaves one over, first or last
    flat = spectral_randomisation(x[:, 0], structure, 4, rng)
    assert flat.shape == (4, n) and flat.std(axis=1) == pytest.approx([x[:, 0].std()] * 4)


def test_copies_forget_the_values(rng):
    structure, _ = both(random_tree(rng, 30), rng)
    x = simulate(structure, rng)[0]
    for procedure in ("pair", "singleton"):
        copies = spectral_randomisation(x, structure, 2000, rng, procedure=procedure)
        like = [np.corrcoef(x, y)[0, 1] for y in copies]
        assert abs(np.mean(like)) < 0.1


def test_what_makes_no_sense_is_refused(rng):
    c = np.eye(4)
    for call, words in (
        (lambda: simulate(c, rng, model="eb"), "model='eb' is not known: use 'bm', 'lambda' or 'ou'"),
        (lambda: simulate(c, rng, parameter=1.0), "'bm' takes no parameter"),
        (lambda: simulate(c, rng, model="ou"), "need one: parameter=0.5"),
        (lambda: simulate(c, rng, model="lambda", parameter=1.1), "between 0 and 1, not 1.1"),
        (lambda: simulate(c, rng, model="ou", parameter=-1.0), "finite and not negative"),
        (lambda: ou_covariance(c, np.inf), "finite and not negative"),
        (lambda: phylo_permutations(c, 3, rng, k=0.5), "at least 1"),
        (lambda: spectral_randomisation(np.ones(4), c, 3, rng, procedure="triplet"), "use 'pair' or 'singleton'"),
        (lambda: spectral_randomisation(np.ones(5), c, 3, rng), "5 species in x, 4 in the covariance"),
        (lambda: spectral_randomisation([1, np.nan, 0, 2], c, 3, rng), "NaN"),
        (lambda: simulate(np.triu(np.ones((4, 4))), rng), "not symmetric"),
        (lambda: phylo_permutations(np.broadcast_to(1.0, (5001, 5001)), 1, rng), "5,001 species: at most 5,000"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_axes_are_eigenvectors_to_the_last_digits(rng):
    """H C H a = value · a, for many species too: to lift the constant out of the way must not cost digits."""
    c = random_tree(rng, 120).covariance()
    h = np.eye(120) - 1 / 120
    centred = h @ c @ h
    axes = phylogenetic_axes(c)
    values = ((centred @ axes) * axes).sum(axis=0)
    assert np.abs(centred @ axes - axes * values).max() < 1e-13 * np.abs(values).max()
