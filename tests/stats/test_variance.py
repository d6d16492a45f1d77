"""Variance divided between trait and descent, and among ranks: parts that add up, as regressions written out."""

import numpy as np
import pytest

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.stats.trait.alignment import aligned_beyond_phylogeny
from embedlab.stats.trait.variance import by_rank, partition
from embedlab.stats.tree.evolution import phylogenetic_axes


def world(seed, n=24, d=5):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    return brownian_traits(rng, tree, d), brownian_traits(rng, tree)[:, 0], tree.covariance(), rng


def adjusted(x, columns):
    x = x - x.mean(axis=0)
    full = np.column_stack([np.ones(len(x)), columns])
    e = x - full @ np.linalg.lstsq(full, x, rcond=None)[0]
    n, p = len(x), full.shape[1] - 1
    return 1 - (e**2).sum() / (x**2).sum() * (n - 1) / (n - 1 - p)


def test_parts_are_differences_of_regressions_and_add_up_to_one():
    x, y, c, _ = world(1)
    found = partition(x, y, c, axes=5)
    axes = phylogenetic_axes(c)[:, :5]
    a, b, both = adjusted(x, y), adjusted(x, axes), adjusted(x, np.column_stack([y, axes]))
    assert (found.trait, found.shared, found.descent) == pytest.approx((both - b, a + b - both, both - a), abs=1e-9)
    assert found.trait + found.shared + found.descent + found.rest == pytest.approx(1, abs=1e-12)
    assert found.axes == 5


def test_the_number_of_axes_is_those_above_the_mean():
    x, y, c, _ = world(2)
    h = np.eye(24) - 1 / 24
    values = np.sort(np.linalg.eigvalsh(h @ c @ h))[1:]
    assert partition(x, y, c).axes == min((values > values.mean()).sum(), 8)
    with pytest.raises(ValueError, match="22 phylogenetic eigenvectors beside 1 columns for 24 species"):
        partition(x, y, c, axes=22)


def test_a_trait_of_its_own_and_one_of_the_tree_are_told_apart():
    x, _, c, rng = world(3, n=40)
    own = rng.normal(size=40)
    alone = partition(x + 4 * np.outer(own, [1, 0, 0, 0, 0]), own, c)
    deep = phylogenetic_axes(c)[:, 0]
    of_tree = partition(x + 40 * np.outer(deep, [1, 0, 0, 0, 0]), deep, c)
    assert alone.trait > 0.3 and abs(alone.shared) < 0.15
    assert of_tree.shared > 0.3 and abs(of_tree.trait) < 0.05


TAXA = {"family": np.repeat(list("pqrst"), [6, 6, 4, 4, 4]), "genus": np.repeat(np.arange(12), 2)}


def test_ranks_add_up_to_the_whole_alignment():
    x, y, c, rng = world(4)
    taxa = {"family": TAXA["family"], "genus": [f"{f}{g}" for f, g in zip(*TAXA.values(), strict=True)]}
    found = by_rank(x, y, c, taxa, lam=0.6, permutations=99, rng=rng)
    assert [r.rank for r in found] == ["family", "genus", "species"]
    assert [r.free for r in found] == [4, 7, 12] and sum(r.free for r in found) == 23
    assert sum(r.weight for r in found) == pytest.approx(1)


def test_a_rank_is_the_gain_of_its_taxa_in_a_regression_written_out():
    x, y, c, rng = world(5)
    found = by_rank(x, y, c, TAXA, lam=0.5, permutations=9, rng=rng)
    c = c * 0.5 + np.diag(np.diag(c)) * 0.5
    root = np.linalg.inv(np.linalg.cholesky(c))
    wx, wy = root @ x, root @ y[:, None]

    def space(codes):
        member = root @ (np.asarray(codes)[:, None] == np.unique(codes)).astype(float)
        return member @ np.linalg.pinv(member)

    steps = [space(np.zeros(24)), space(TAXA["family"]), space(TAXA["genus"]), np.eye(24)]
    for r, low, high in zip(found, steps, steps[1:], strict=False):
        own = high - low
        v, t = own @ wx, own @ wy
        r2 = ((t.T @ v) ** 2).sum() / (t**2).sum() / (v**2).sum()
        assert r.share == pytest.approx(1 - (1 - r2) * r.free / (r.free - 1), abs=1e-8)


def test_a_trait_of_families_is_found_between_families_only():
    x, _, _, rng = world(6, n=24)
    family = np.repeat(rng.normal(size=5), [6, 6, 4, 4, 4])
    planted = x + 8 * np.outer(family, [1, 0, 0, 0, 0])
    taxa = {"family": TAXA["family"]}
    found = {r.rank: r for r in by_rank(planted, family + 1e-3 * rng.normal(size=24), np.eye(24), taxa,
                                        permutations=199, rng=rng)}  # fmt: skip
    assert found["family"].p_value < 0.05 < found["species"].p_value
    assert found["family"].share > 0.5


def test_chance_at_a_rank_is_zero_on_average():
    x, y, c, rng = world(7)
    for r in by_rank(x, y, c, TAXA, permutations=999, rng=rng):
        assert r.null.mean() == pytest.approx(0, abs=4 * r.null.std() / np.sqrt(999))


def test_taxa_that_are_not_nested_are_refused():
    x, y, c, rng = world(8)
    with pytest.raises(ValueError, match="a genus stands in more than one taxon of the rank above"):
        by_rank(x, y, c, {"family": TAXA["family"], "genus": np.arange(24) % 3}, rng=rng)


def test_one_trait_asked_whole_and_by_the_only_rank_is_the_same():
    x, y, c, rng = world(9)
    whole = aligned_beyond_phylogeny(x, y, c, lam=0.7, permutations=[np.arange(24)])
    only = by_rank(x, y, c, {}, lam=0.7, permutations=9, rng=rng)
    assert only[0].share == pytest.approx(whole.statistic, abs=1e-9) and only[0].free == 23


def test_one_genus_in_two_families_is_refused():
    x, y, c, rng = world(8)
    genus = np.repeat(np.arange(12), 2)
    genus[6] = 2  # of the first family by its name, of the second by its species
    with pytest.raises(ValueError, match="a genus stands in more than one taxon of the rank above"):
        by_rank(x, y, c, {"family": TAXA["family"], "genus": genus}, rng=rng)


@pytest.mark.parametrize(("families", "asked"), [(2, False), (3, False), (4, True)])
def test_a_rank_of_fewer_than_three_contrasts_is_left_out(families, asked):
    """A trait of one column needs p + 2 = 3 contrasts, which four families have; the other ranks stay as they are."""
    x, y, c, rng = world(10)
    found = by_rank(x, y, c, {"family": np.arange(24) % families}, lam=0.5, permutations=9, rng=rng)
    assert [r.rank for r in found] == ["family"] * asked + ["species"] and found[-1].free == 24 - families


def test_the_unit_of_the_tree_does_not_matter():
    x, y, c, _ = world(11)
    one, far = (by_rank(x, y, unit * c, TAXA, lam=0.6, permutations=19, rng=np.random.default_rng(1))
                for unit in (1.0, 1e24))  # fmt: skip
    assert [(r.rank, r.free) for r in far] == [(r.rank, r.free) for r in one] and len(one) == 3
    assert [r.share for r in far] == pytest.approx([r.share for r in one], abs=1e-6)


@pytest.mark.parametrize("idle", ["one order for all", "a genus for each family"])
def test_a_rank_that_adds_no_taxon_changes_nothing(idle):
    x, y, c, _ = world(12)
    family = TAXA["family"]
    more = {"order": ["o"] * 24, "family": family} if idle.startswith("one") else {"family": family, "genus": family}
    plain, found = (by_rank(x, y, c, taxa, lam=0.6, permutations=19, rng=np.random.default_rng(1))
                    for taxa in ({"family": family}, more))  # fmt: skip
    assert [(r.rank, r.free) for r in found] == [(r.rank, r.free) for r in plain] == [("family", 4), ("species", 19)]
    assert [r.share for r in found] == pytest.approx([r.share for r in plain], abs=1e-9)
    assert [r.p_value for r in found] == [r.p_value for r in plain]
