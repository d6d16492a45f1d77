"""The order of rows is no result, and what a docstring says changes nothing changes nothing: the whole front door."""

import numpy as np
import pytest

import embedlab.stats as stats
from embedlab.stats.tree.pruning import Pruned
from embedlab.stats.tree.trees import Branches
from tests.stats.asked import ASKED, LOOK, SCALES, TRAIT, TREE, C, N, X

TURN = np.linalg.qr(np.random.default_rng(3).normal(size=(9, 9)))[0]
ORDER = np.random.default_rng(4).permutation(N)
JUDGED = [a for a in ASKED if a.answer is not None]


def same(a, b):
    return a == pytest.approx(b, rel=1e-6, abs=1e-8, nan_ok=True)


def judged(asked, **changed):
    return np.asarray(asked.answer(asked.ask(**changed)), float)


def changed(asked, names: str, how):
    return {k: how(np.asarray(asked.given[k])) for k in names.split()}


# A draw on permuted rows is another draw: of these the statistic alone can be the same, and it is what is asked.
@pytest.mark.parametrize("asked", [a for a in JUDGED if a.name not in ("spectral_randomisation", "by_rank")],
                         ids=lambda a: a.name)  # fmt: skip
def test_the_order_of_rows_does_not_matter(asked):
    before, after = judged(asked), judged(asked, **asked.with_rows(ORDER))
    assert same(after, before[ORDER] if asked.by_row else before)


@pytest.mark.parametrize("asked", [a for a in JUDGED if a.turn], ids=lambda a: a.name)
def test_turning_the_space_changes_nothing(asked):
    def turned(x):
        return x @ np.linalg.qr(TURN[: x.shape[1], : x.shape[1]])[0]

    assert same(judged(asked, **changed(asked, asked.turn, turned)), judged(asked))


@pytest.mark.parametrize("asked", [a for a in JUDGED if a.shift], ids=lambda a: a.name)
def test_moving_the_space_changes_nothing(asked):
    for far in (1.0, 1e4):
        moved = changed(asked, asked.shift, lambda x, far=far: x + far * np.linspace(1, 2, x[0].size))
        assert judged(asked, **moved) == pytest.approx(judged(asked), rel=1e-6 * far, abs=1e-8 * far)


@pytest.mark.parametrize("asked", [a for a in JUDGED if a.scale], ids=lambda a: a.name)
def test_the_unit_changes_nothing(asked):
    for unit in (1e-20, 1e-6, 7.0, 1e20):
        for names in (asked.scale.split() if asked.name in APART else [asked.scale]):
            assert same(judged(asked, **changed(asked, names, lambda x, u=unit: x * u)), judged(asked)), names


# of these each side may have a unit of its own
APART = """cka rv distance_correlation protest mutual_knn rv_moments agreement_within mantel partial_mantel pgls
    agreement_beyond_tree principal_angles projection_overlap aligned_beyond_phylogeny partition triplet_agreement
""".split()


WALKED = """k_mult blomberg_k pagel_lambda fit_evolution pgls random_slopes effective_species aligned_beyond_phylogeny
    partition by_rank triplet_agreement agreement_beyond_tree clades held_out_clades phylogenetic_axes ou_covariance
    spectral_randomisation""".split()


@pytest.mark.parametrize("asked", [a for a in ASKED if a.name in WALKED], ids=lambda a: a.name)
def test_a_tree_says_what_its_covariance_says(asked):
    assert same(judged(asked, covariance=TREE), judged(asked))


@pytest.mark.parametrize("asked", [a for a in ASKED if a.name in WALKED], ids=lambda a: a.name)
def test_a_node_with_one_child_and_a_branch_of_length_zero_change_nothing(asked):
    """A root of one child without a branch, and a node halved by a branch of length zero."""
    more = Branches(np.r_[-1, 0, TREE.parent[1:] + 1], np.r_[0.0, 0.0, TREE.length[1:]], TREE.tips + 1)
    assert same(judged(asked, covariance=more), judged(asked, covariance=TREE))


@pytest.mark.parametrize("asked", [a for a in ASKED if a.name in WALKED], ids=lambda a: a.name)
def test_a_stem_and_two_species_in_one_place_are_told_alike_by_tree_and_covariance(asked):
    """A stem is a path that all share; sisters on branches of length zero are refused by both or answered by both."""
    stem = Branches(np.r_[-1, 0, TREE.parent[1:] + 1], np.r_[0.0, 2.0, TREE.length[1:]], TREE.tips + 1)
    assert same(judged(asked, covariance=stem), judged(asked, covariance=C + 2))
    above, children = np.unique(TREE.parent[TREE.tips], return_counts=True)
    sisters, length = TREE.parent == above[children == 2][0], TREE.length.copy()
    assert sisters.sum() == 2
    length[sisters] = 0.0
    length[above[children == 2][0]] += TREE.length[sisters][0]
    twins = Branches(TREE.parent, length, TREE.tips)
    found = []
    for tree in (twins, Pruned(twins).covariance()):
        try:
            found.append(judged(asked, covariance=tree))
        except ValueError as refused:
            assert "distance zero" in str(refused)
            found.append(np.nan)
    assert same(found[0], found[1])


@pytest.mark.parametrize("name", ["k_mult", "pagel_lambda", "fit_evolution", "pgls", "random_slopes", "partition"])
def test_a_polytomy_is_answered_alike_from_both_sides(name):
    """Three families of four species that part at once: as a tree and as its covariance."""
    asked = next(a for a in ASKED if a.name == name)
    parent = np.r_[-1, 0, 0, 0, np.repeat([1, 2, 3], 4)]
    star = Branches(parent, np.r_[0.0, [1.0] * 3, [2.0] * 12], np.arange(4, 16))
    c = np.kron(np.eye(3), np.ones((4, 4))) + 2 * np.eye(12)
    assert same(judged(asked, covariance=star), judged(asked, covariance=c))


def test_a_scheme_of_branches_and_a_distance_of_trees_do_not_hang_on_the_order_of_species():
    other = Branches(TREE.parent, TREE.length, TREE.tips[ORDER])
    schemes = [stats.branch_schemes(t) for t in (TREE, other)]
    for name in schemes[0]:
        assert same(schemes[0][name].length, schemes[1][name].length)
    near = stats.dendrogram(LOOK)
    again = Branches(near.parent, near.length, near.tips[ORDER])
    for rooted in (True, False):
        assert stats.robinson_foulds(TREE, near, rooted=rooted) == stats.robinson_foulds(other, again, rooted=rooted)
        first = stats.shared_groups(TREE, near, rooted=rooted, permutations=[range(N)]).statistic
        assert first == stats.shared_groups(other, again, rooted=rooted, permutations=[range(N)]).statistic


def test_trees_may_come_in_any_order():
    values = [stats.over_trees(stats.effective_species, some).range for some in ([C, 2 * C, np.eye(N)], [np.eye(N), C])]
    assert same(values[0], values[1])


def test_laws_and_probes_do_not_hang_on_the_order_of_points_and_classes():
    y = np.array([3.0, 2.4, 2.1, 2.05])
    some = ["constant", "log-linear"]
    one, other = (stats.compare_laws(SCALES[t], y[t], names=some) for t in ([0, 1, 2, 3], [2, 0, 3, 1]))
    assert same(one.best.held_out, other.best.held_out) and one.best.name == other.best.name
    x, y = 2.0 ** np.arange(5), 2 + 2.0 ** -np.arange(5.0)
    assert same(stats.fit_power(x, y)[1], stats.fit_power(x[::-1], y[::-1])[1])
    means, scatter = X[:3], X.T @ X
    for probe in (stats.lda, stats.ridge):
        ahead, back = probe(list("abc"), [2, 3, 4], means, scatter), probe(list("cba"), [4, 3, 2], means[::-1], scatter)
        assert (ahead.predict(X) == back.predict(X)).all()


def test_ranks_of_taxonomy_do_not_hang_on_the_order_of_species():
    taxa, rng = np.repeat(list("abcdef"), 2), np.random.default_rng(0)
    shares = []
    for t in (np.arange(N), ORDER):
        found = stats.by_rank(X[t], TRAIT[t], C[np.ix_(t, t)], {"genus": taxa[t]}, permutations=3, rng=rng)
        shares.append([r.share for r in found])
    assert len(shares[0]) == 2 and same(shares[0], shares[1])
