"""Alignment beyond descent: against generalised least squares written out, and what it must refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.data.tree import Tree
from embedlab.stats.bootstrap import jackknife
from embedlab.stats.trait.alignment import aligned_beyond_phylogeny, design

seeds = st.integers(0, 2**32 - 1)


def world(seed, n=16, d=5):
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n)
    return brownian_traits(rng, tree, d), brownian_traits(rng, tree)[:, 0], tree.covariance(), rng


def gls(x, y, c):
    """R² and adjusted R² of a regression of x on y under covariance c, with explicit inverses."""
    n = len(x)
    inverse = np.linalg.inv(c)

    def left(design):
        b = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ x)
        e = x - design @ b
        return np.trace(e.T @ inverse @ e)

    one = np.ones((n, 1))
    full = np.column_stack([one, y])
    r2 = 1 - left(full) / left(one)
    return r2, 1 - (1 - r2) * (n - 1) / (n - full.shape[1])


@given(seeds, st.sampled_from([0.0, 0.5, 1.0]))
def test_it_is_generalised_least_squares(seed, lam):
    x, y, c, _ = world(seed)
    c_lam = c * lam + np.diag(np.diag(c)) * (1 - lam)
    found = aligned_beyond_phylogeny(x, y, c, lam=lam, permutations=[np.arange(16)])
    r2, adjusted = gls(x, y, c_lam)
    assert found.r_squared == pytest.approx(r2, abs=1e-9)
    assert found.statistic == pytest.approx(adjusted, abs=1e-9)
    # no shuffle: the same number, a tie
    assert found.null == pytest.approx([adjusted], abs=1e-9) and found.p_value == 1.0


@given(seeds)
def test_kinds_are_columns(seed):
    x, _, c, rng = world(seed)
    kinds = np.array(["a", "b", "c", "b"] * 4)
    found = aligned_beyond_phylogeny(x, kinds, c, lam=1.0, permutations=9, rng=rng)
    columns = np.column_stack([kinds == "b", kinds == "c"]).astype(float)
    assert found.statistic == pytest.approx(gls(x, columns, c)[1], abs=1e-9)
    assert (design(kinds) == columns).all()


@given(seeds)
def test_units_rotation_names_and_order_do_not_matter(seed):
    x, y, c, rng = world(seed)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    t = rng.permutation(16)
    base = aligned_beyond_phylogeny(x, y, c, permutations=[np.arange(16)])
    for other in (
        aligned_beyond_phylogeny(4 * x @ turn + 9, y, c, permutations=[np.arange(16)]),
        aligned_beyond_phylogeny(x, 2 - 7 * y, 50 * c, permutations=[np.arange(16)]),
        aligned_beyond_phylogeny(x[t], y[t], c[np.ix_(t, t)], permutations=[np.arange(16)]),
    ):
        # λ is searched to 1e-8; R² follows it smoothly
        assert other.statistic == pytest.approx(base.statistic, abs=1e-6)
        assert other.lam == pytest.approx(base.lam, abs=1e-5)


def test_the_jackknife_leaves_each_species_out():
    x, y, c, _ = world(3)
    found = aligned_beyond_phylogeny(x, y, c, lam=1.0, permutations=[np.arange(16)])
    values, vectors = np.linalg.eigh(c / np.sqrt(np.outer(np.diag(c), np.diag(c))))
    root = vectors / np.sqrt(values) @ vectors.T / np.sqrt(np.diag(c))
    wx, wy, one = root @ x, root @ y, root @ np.ones(16)
    without = []
    for i in range(16):
        keep = np.delete(np.arange(16), i)
        rss = []
        for full in (one[keep, None], np.column_stack([one, wy])[keep]):
            e = wx[keep] - full @ np.linalg.lstsq(full, wx[keep], rcond=None)[0]
            rss.append(np.square(e).sum())
        without.append(1 - rss[1] / 13 / (rss[0] / 14))
    assert found.pseudo == pytest.approx(16 * found.statistic - 15 * np.array(without), abs=1e-8)


@given(seeds)
def test_the_null_is_the_same_regression_of_permuted_residuals(seed):
    x, y, c, rng = world(seed)
    orders = np.array([rng.permutation(16) for _ in range(3)])
    found = aligned_beyond_phylogeny(x, y, c, lam=1.0, permutations=orders)
    values, vectors = np.linalg.eigh(c / np.sqrt(np.outer(np.diag(c), np.diag(c))))
    root = vectors / np.sqrt(values) @ vectors.T / np.sqrt(np.diag(c))
    wx, wy, one = root @ x, root @ y, (root @ np.ones(16))[:, None]

    def left(design, z):
        return z - design @ np.linalg.lstsq(design, z, rcond=None)[0]

    for t, null in zip(orders, found.null, strict=True):
        moved = left(one, wx)[t]
        rss = [np.square(left(d, moved)).sum() for d in (np.column_stack([one, wy]), one)]
        assert null == pytest.approx(1 - rss[0] / 14 / (rss[1] / 15), abs=1e-9)


def test_it_finds_a_planted_direction_and_orders_species_along_it():
    x, y, c, rng = world(5, n=30, d=10)
    # BM traits of unit variance: a direction of its own three times as strong
    planted = x + 3 * np.outer(y, np.eye(10)[0])
    found = aligned_beyond_phylogeny(planted, y, c, permutations=199, rng=rng)
    assert found.p_value == 1 / 200 and found.interval[0] > 0.1
    assert np.corrcoef(found.axis, y)[0, 1] > 0.8
    assert np.mean(found.null) == pytest.approx(0, abs=4 * np.std(found.null) / np.sqrt(199))


def test_a_covariate_that_is_the_cause_takes_the_effect_away():
    x, y, c, rng = world(6, n=30, d=10)
    cause = y + 0.3 * rng.normal(size=30)
    planted = x + 3 * np.outer(cause, np.eye(10)[0])
    without = aligned_beyond_phylogeny(planted, y, c, lam=1.0, permutations=199, rng=rng)
    given_cause = aligned_beyond_phylogeny(planted, y, c, lam=1.0, covariates=cause[:, None], permutations=199, rng=rng)
    assert without.p_value <= 0.05 and given_cause.statistic < without.statistic / 3


def test_free_permutation_is_naive_and_ours_is_not():
    """60 species, both sides Brownian and unrelated: methods.md measured 95 % against 4 %."""
    free, ours = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        tree = random_tree(rng, 40)
        x, y, c = brownian_traits(rng, tree, 16), brownian_traits(rng, tree)[:, 0], tree.covariance()
        free.append(aligned_beyond_phylogeny(x, y, c, null="free", permutations=59, rng=rng).p_value)
        ours.append(aligned_beyond_phylogeny(x, y, c, permutations=59, rng=rng).p_value)
    # Yule trees are less deep than Kingman's, so the naive test fails less badly; s.e. of ours .028
    assert np.mean(np.array(free) <= 0.05) > 0.3
    assert np.mean(np.array(ours) <= 0.05) <= 0.05 + 4 * 0.028


def test_a_tree_and_its_matrix_give_the_same():
    rng = np.random.default_rng(9)
    tree = random_tree(rng, 20)
    x, y = brownian_traits(rng, tree, 4), brownian_traits(rng, tree)[:, 0]
    order = np.random.default_rng(1).permutation(20)
    names = [tree.names[i] for i in order]
    by_matrix = aligned_beyond_phylogeny(x, y, tree.covariance(), permutations=[np.arange(20)])
    by_tree = aligned_beyond_phylogeny(x[order], y[order], tree.structure(names), permutations=[np.arange(20)])
    assert by_tree.statistic == pytest.approx(by_matrix.statistic, abs=1e-6)
    assert by_tree.axis == pytest.approx(by_matrix.axis[order], abs=1e-5)


def test_several_numeric_traits_are_asked_together():
    x, y, c, rng = world(10)
    two = np.column_stack([y, rng.normal(size=16)])
    found = aligned_beyond_phylogeny(x, two, c, lam=0.7, permutations=9, rng=rng)
    assert found.statistic == pytest.approx(gls(x, two, c * 0.7 + 0.3 * np.diag(np.diag(c)))[1], abs=1e-9)


def test_covariates_stand_in_the_reduced_model():
    x, y, c, rng = world(11)
    z = rng.normal(size=(16, 2)) * [1, 1e4] + [0, 1e6]
    found = aligned_beyond_phylogeny(x, y, c, lam=1.0, covariates=z, permutations=9, rng=rng)
    inverse = np.linalg.inv(c)

    def left(design):
        e = x - design @ np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ x)
        return np.trace(e.T @ inverse @ e)

    base = np.column_stack([np.ones(16), (z - z.mean(axis=0)) / z.std(axis=0)])
    rest = left(np.column_stack([base, y])) / left(base)
    assert found.r_squared == pytest.approx(1 - rest, abs=1e-9)
    assert found.statistic == pytest.approx(1 - rest * (16 - 3) / (16 - 4), abs=1e-9)


def test_too_many_species_are_refused_with_the_remedy():
    rng = np.random.default_rng(12)
    tree = Tree.parse("(" + ",".join(f"t{i}:1" for i in range(3001)) + ");")
    with pytest.raises(ValueError, match="3,001 species: .* takes 3,000 at most; take one species a genus"):
        aligned_beyond_phylogeny(rng.normal(size=(3001, 2)), rng.normal(size=3001), tree.structure(tree.names),
                                 permutations=9, rng=rng)  # fmt: skip


def test_species_permuted_freely_come_with_a_warning():
    x, y, c, rng = world(13)
    found = aligned_beyond_phylogeny(x, y, c, null="free", permutations=9, rng=rng)
    assert found.lam == 0 and "permuted as if unrelated" in found.warning
    assert found.statistic == pytest.approx(gls(x, y, np.diag(np.diag(c)))[1], abs=1e-9)
    assert aligned_beyond_phylogeny(x, y, c, permutations=9, rng=rng).warning == ""


def test_residuals_permuted_at_the_lambda_of_the_model_warn():
    x, y, c, rng = world(6)
    for null, more in (("rrpp", {}), ("within_clade", {"clades": np.repeat(list("abcd"), 4)})):
        found = aligned_beyond_phylogeny(x, y, c, null=null, lam="full", permutations=9, rng=rng, **more)
        assert "10 to 22 % false alarms" in found.warning and "lam='ml', or null='lambda'" in found.warning
    assert aligned_beyond_phylogeny(x, y, c, null="lambda", lam="full", permutations=9, rng=rng).warning == ""


def test_sisters_at_distance_zero_are_taken(rng):
    tree = Tree.parse("((a:0,b:0):1,(c:1,d:1):0,e:1,f:1,(g:.5,h:.5,i:.5):.5,j:1);")
    y = np.r_[1.0, 1.0, np.arange(8.0)]
    found = aligned_beyond_phylogeny(rng.normal(size=(10, 3)), y, tree.covariance(), permutations=19, rng=rng)
    assert found.lam < 1 and np.isfinite(found.statistic)


def test_what_has_no_answer_is_refused():
    x, y, c, rng = world(8)
    ask = dict(permutations=9, rng=rng)
    with pytest.raises(ValueError, match="the trait is the same in all species"):
        aligned_beyond_phylogeny(x, np.ones(16), c, **ask)
    with pytest.raises(ValueError, match="the trait is the same in all species"):
        aligned_beyond_phylogeny(x, np.array(["a"] * 16), c, **ask)
    with pytest.raises(ValueError, match="at least 8 rows"):
        aligned_beyond_phylogeny(x[:7], y[:7], c[:7, :7], **ask)
    with pytest.raises(ValueError, match="trait has 1 rows with NaN"):
        aligned_beyond_phylogeny(x, np.r_[np.nan, y[1:]], c, **ask)
    with pytest.raises(ValueError, match="16 species vectors but 15 trait values"):
        aligned_beyond_phylogeny(x, y[1:], c, **ask)
    with pytest.raises(ValueError, match="15 predictors for 16 species: too many; merge rare kinds"):
        aligned_beyond_phylogeny(x, np.array(list("abcdefghijklmnop")), c, **ask)
    with pytest.raises(ValueError, match="linearly dependent"):
        aligned_beyond_phylogeny(x, y, c, covariates=y[:, None], **ask)
    with pytest.raises(ValueError, match="species vectors do not differ"):
        aligned_beyond_phylogeny(np.ones((16, 3)), y, c, **ask)
    with pytest.raises(ValueError, match="null='brown' is not known: use rrpp, within_clade, bm, ou, lambda, mk"):
        aligned_beyond_phylogeny(x, y, c, null="brown", **ask)
    with pytest.raises(ValueError, match="lam='reml' is not known: use 'ml', 'full' or a number from 0 to 1"):
        aligned_beyond_phylogeny(x, y, c, lam="reml", **ask)
    with pytest.raises(ValueError, match="lam=1.2 is not known"):
        aligned_beyond_phylogeny(x, y, c, lam=1.2, **ask)
    with pytest.raises(ValueError, match="covariates are linearly dependent, or one of them is the same"):
        aligned_beyond_phylogeny(x, y, c, covariates=np.ones((16, 1)), **ask)
    with pytest.raises(ValueError, match="16 species vectors but 15 rows of covariates"):
        aligned_beyond_phylogeny(x, y, c, covariates=y[1:, None], **ask)
    with pytest.raises(ValueError, match=r"explicit permutations must be a \(b, 16\) array"):
        aligned_beyond_phylogeny(x, y, c, permutations=[list(range(15))])


def test_the_interval_of_a_share_ends_at_1():
    """Eight species, two of them far out: by its own pseudo-values the jackknife would reach beyond all variance."""
    rng = np.random.default_rng(2)
    trait = rng.normal(size=8)
    x = np.c_[trait, 0.3 * rng.normal(size=8)]
    x[0] += [3, -3]
    found = aligned_beyond_phylogeny(x, trait, np.eye(8), lam=0.0, permutations=199, rng=rng)
    without = (8 * found.statistic - found.pseudo) / 7
    uncut = jackknife(without, found.statistic, scale=2 * float(found.null.std()))
    assert uncut[1] > 1 and found.interval == (pytest.approx(uncut[0]), 1.0)
