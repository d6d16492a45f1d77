"""Agreement beyond descent: debiased CKA where there is no tree, likelihood by hand, spaces that evolve anew."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from scipy.stats import t as student

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.stats.pairs.correspondence import agreement_beyond_tree, evolved_anew, shared_lambda, u_centred
from embedlab.stats.pairs.similarity import cka
from embedlab.stats.tree.relatedness import Whitening


def at(c, lam):
    return lam * c + (1 - lam) * np.diag(np.diag(c))


def residuals(x, c):
    """Rows whitened by the symmetric root of the correlation form, the GLS mean out."""
    depth = np.sqrt(np.diag(c))
    values, vectors = np.linalg.eigh(c / np.outer(depth, depth))
    w = vectors @ np.diag(values**-0.5) @ vectors.T / depth
    one = np.ones(len(x))
    mean = np.linalg.solve(c, x).T @ one / (one @ np.linalg.solve(c, one))
    return w @ (x - mean)


@pytest.fixture
def world(rng):
    tree = random_tree(rng, 14)
    return brownian_traits(rng, tree, 5), brownian_traits(rng, tree, 3), tree.covariance()


def test_u_centring_by_its_definition(rng):
    x = rng.normal(size=(6, 2)) + 5
    k = x @ x.T
    np.fill_diagonal(k, 0)
    wanted = k - k.sum(axis=1)[:, None] / 4 - k.sum(axis=0) / 4 + k.sum() / 20
    np.fill_diagonal(wanted, 0)
    u = u_centred(x)
    assert u == pytest.approx(wanted) and u.sum(axis=1) == pytest.approx(np.zeros(6), abs=1e-12)


def test_on_a_star_it_is_debiased_cka(rng):
    x, y = rng.normal(size=(12, 4)), rng.normal(size=(12, 6))
    found = agreement_beyond_tree(x, y, np.eye(12), permutations=9, rng=rng)
    assert found.statistic == pytest.approx(cka(x, y))


def test_by_its_definition_on_a_tree(rng, world):
    x, y, c = world
    orders = np.array([rng.permutation(14) for _ in range(6)])
    found = agreement_beyond_tree(x, y, c, permutations=orders)
    lams = [shared_lambda(v, c) for v in (x, y)]
    assert found.lams == pytest.approx(lams)
    a, b = (u_centred(residuals(v, at(c, lam))) for v, lam in zip((x, y), lams, strict=True))
    scale = np.linalg.norm(a) * np.linalg.norm(b)
    assert found.statistic == pytest.approx((a * b).sum() / scale)
    assert found.null == pytest.approx([(a * b[np.ix_(t, t)]).sum() / scale for t in orders])
    assert found.p_value == (np.sum(found.null >= found.statistic - 1e-9) + 1) / 7
    without = []
    for i in range(14):
        left = np.delete(np.arange(14), i)
        p, q = a[np.ix_(left, left)], b[np.ix_(left, left)]
        without.append((p * q).sum() / np.linalg.norm(p) / np.linalg.norm(q))
    half = student.ppf(0.975, 13) * np.sqrt(13 / 14 * ((np.array(without) - np.mean(without)) ** 2).sum())
    assert found.interval == pytest.approx((found.statistic - half, found.statistic + half))


def test_halves_speak_for_one_space_each(rng, world):
    c = world[2]
    truth = rng.normal(size=(14, 4))
    x, y = (truth + 0.3 * rng.normal(size=(3, 2, 14, 4)) for _ in range(2))
    orders = np.array([rng.permutation(14) for _ in range(4)])
    found = agreement_beyond_tree(x, y, c, permutations=orders)
    lams = [shared_lambda(np.hstack(v.reshape(6, 14, 4)), c) for v in (x, y)]
    u, v = ([[u_centred(residuals(m, at(c, lam))) for m in h] for h in side]
            for side, lam in zip((x, y), lams, strict=True))  # fmt: skip

    def total(t):
        g = np.ix_(t, t)
        return sum((p[0] * q[1][g]).sum() + (p[1] * q[0][g]).sum() for p, q in zip(u, v, strict=True)) / 6

    scale = np.sqrt(sum((p[0] * p[1]).sum() for p in u) / 3 * sum((q[0] * q[1]).sum() for q in v) / 3)
    assert found.statistic == pytest.approx(total(np.arange(14)) / scale)
    assert found.null == pytest.approx([total(t) / scale for t in orders])


def test_shared_lambda_is_the_highest_of_a_plain_likelihood(rng, world):
    x, _, c = world
    x = x + 0.5 * rng.normal(size=x.shape)

    def height(lam):
        v = at(c, lam)
        one = np.ones(14)
        mean = np.linalg.solve(v, x).T @ one / (one @ np.linalg.solve(v, one))
        rate = np.trace((x - mean).T @ np.linalg.solve(v, x - mean)) / x.size
        # all dimensions at one rate, scaled to count as one trait
        return sum(multivariate_normal(cov=rate * v).logpdf(x[:, j] - mean[j]) for j in range(5)) / 5

    best = shared_lambda(x, c)
    assert 0 < best < 1
    assert all(height(best) >= height(v) - 1e-9 for v in best + np.array([-0.02, -1e-3, 1e-3, 0.02]) if 0 <= v <= 1)
    assert shared_lambda(np.hstack([x, 1e3 + 0 * x, x, x]), Whitening(c)) == pytest.approx(best, abs=1e-6)  # d > n
    assert shared_lambda(x + 1e8, c) == pytest.approx(best, abs=1e-6)  # a far origin does not eat the digits


def test_a_space_that_evolves_anew_keeps_its_mean_and_rates(rng, world):
    _, y, c = world
    t = rng.permutation(14)
    same, other = evolved_anew(y, c, [np.arange(14), t], lam=0.8)
    assert same == pytest.approx(y)
    v = at(c, 0.8)
    one = np.ones(14)
    mean = np.linalg.solve(v, y).T @ one / (one @ np.linalg.solve(v, one))
    assert np.linalg.norm(other - mean) > 0
    depth = np.sqrt(np.diag(v))
    values, vectors = np.linalg.eigh(v / np.outer(depth, depth))
    root = depth[:, None] * (vectors @ np.diag(values**0.5) @ vectors.T)
    assert other == pytest.approx(mean + root @ residuals(y, v)[t])
    fitted = next(evolved_anew(y, c, [t]))
    assert fitted == pytest.approx(next(evolved_anew(y, c, [t], lam=shared_lambda(y, c))))


def test_what_changes_nothing(rng, world):
    x, y, c = world
    order = [np.arange(14)]
    one = agreement_beyond_tree(x, y, c, permutations=order)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    assert agreement_beyond_tree(4 * x @ turn + 9, y, 30 * c, permutations=order).statistic == pytest.approx(
        one.statistic, rel=1e-6
    )
    t = rng.permutation(14)
    moved = agreement_beyond_tree(y[t], x[t], c[np.ix_(t, t)], permutations=order)
    assert moved.statistic == pytest.approx(one.statistic, rel=1e-6)


def test_refusals(rng, world):
    x, y, c = world
    with pytest.raises(ValueError, match="7 species: at least 8"):
        agreement_beyond_tree(x[:7], y[:7], c[:7, :7], permutations=9, rng=rng)
    with pytest.raises(ValueError, match=r"x is \(14, 5\) and y is \(13, 3\)"):
        agreement_beyond_tree(x, y[1:], c, permutations=9, rng=rng)
    with pytest.raises(ValueError, match="14 species, a covariance of 13"):
        agreement_beyond_tree(x, y, c[1:, 1:], permutations=9, rng=rng)
    with pytest.raises(ValueError, match="NaN"):
        agreement_beyond_tree(np.full((14, 2), np.nan), y, c, permutations=9, rng=rng)
    lost = rng.normal(size=(2, 2, 14, 3))
    lost[1, 0, 4] = np.nan  # two halves of fourteen stand before it, and four species
    with pytest.raises(ValueError, match=r"x has 1 rows with NaN or infinity \(rows \[32\]\)"):
        agreement_beyond_tree(lost, rng.normal(size=(2, 2, 14, 3)), c, permutations=9, rng=rng)
    halves = (np.random.default_rng(i).normal(size=(2, 14, 3)) for i in range(50))
    odd = next(h for h in halves if (u_centred(h[0]) * u_centred(h[1])).sum() < 0)[None]
    with pytest.raises(ValueError, match="does not agree with itself: its species means are noise"):
        agreement_beyond_tree(odd, odd, np.eye(14), permutations=9, rng=rng)
    twins = c.copy()
    twins[1], twins[:, 1] = twins[0], twins[:, 0]
    twins[1, 1] = twins[0, 1] = twins[1, 0] = twins[0, 0]
    with pytest.raises(ValueError, match="singular"):
        list(evolved_anew(y, twins, [np.arange(14)], lam=1.0))
