"""The loss by plain loops, derivatives by finite differences, and the theorem where its truth is known."""

import numpy as np
import pytest

from embedlab.stats.shape.prototypes import (
    competitor_span,
    contrastive_loss,
    loss_gradient,
    normalisation_penalty,
    probabilities,
    prototype_gram,
    second_order,
    soft_span_share,
    taylor_order,
)


@pytest.fixture
def world(rng):
    t = rng.normal(size=(12, 30))
    t /= np.linalg.norm(t, axis=1)[:, None]
    y = np.array([0, 3, 5, 5])
    z = 0.4 * t[y] + 0.12 * rng.normal(size=(4, 30))
    return z / np.linalg.norm(z, axis=1)[:, None], t, y


def outside(rng, t, z, length):
    basis = competitor_span(np.vstack([t, t + 0]))
    delta = rng.normal(size=z.shape)
    delta -= (delta @ basis) @ basis.T
    return delta * length / np.linalg.norm(delta, axis=1)[:, None]


def test_the_loss_by_plain_loops(world):
    z, t, y = world
    for normalise in (False, True):
        v = 3 * z / (3 if normalise else 1)
        wanted = [-(v[i] @ t[c] / 0.1 - np.log(np.exp(v[i] @ t.T / 0.1).sum())) for i, c in enumerate(y)]
        assert contrastive_loss(3 * z, t, y, 0.1, normalise=normalise) == pytest.approx(wanted)
    p = np.exp(z @ t.T / 0.1)
    assert probabilities(z, t, 0.1) == pytest.approx(p / p.sum(axis=1, keepdims=True))
    far = contrastive_loss([[1.0, 0.0]], np.eye(2), [0], 0.01)[0]
    assert far == pytest.approx(np.exp(-100), rel=1e-9)  # and not 0


def test_gradient_and_second_order_by_finite_differences(rng, world):
    z, t, y = world
    h = 1e-5
    slope = np.array([
        (contrastive_loss(z + h * e, t, y, 0.1) - contrastive_loss(z - h * e, t, y, 0.1)) / (2 * h) for e in np.eye(30)
    ]).T
    assert loss_gradient(z, t, y, 0.1) == pytest.approx(slope, abs=1e-7)
    delta = rng.normal(size=z.shape)
    first, second = second_order(z, delta, t, y, 0.1)
    assert first == pytest.approx((slope * delta).sum(axis=1), abs=1e-6)
    h = 1e-4
    bend = sum(contrastive_loss(z + s * h * delta, t, y, 0.1) for s in (1, -1)) - 2 * contrastive_loss(z, t, y, 0.1)
    assert second == pytest.approx(bend / (2 * h**2), rel=1e-5, abs=1e-6)


def test_orthogonal_displacements_are_free_before_normalisation(rng, world):
    z, t, y = world
    delta = outside(rng, t, z, 0.7)
    assert np.abs(contrastive_loss(z + delta, t, y, 0.01) - contrastive_loss(z, t, y, 0.01)).max() < 1e-12
    assert loss_gradient(z + delta, t, y, 0.01) == pytest.approx(loss_gradient(z, t, y, 0.01), abs=1e-10)
    assert np.abs(soft_span_share(z, delta, t, 0.1)).max() < 1e-25
    shifted = contrastive_loss(z, t + rng.normal(size=30), y, 0.01)  # a common mean of prototypes is not seen
    assert shifted == pytest.approx(contrastive_loss(z, t, y, 0.01), abs=1e-11)


def test_inside_costs_more_and_never_pays(rng, world):
    z, t, y = world
    basis = competitor_span(t)
    inside = rng.normal(size=(4, basis.shape[1])) @ basis.T
    inside *= 0.1 / np.linalg.norm(inside, axis=1)[:, None]
    for normalise in (False, True):
        cost = [
            np.mean([contrastive_loss(z + s * v, t, y, 0.1, normalise=normalise) for s in (1, -1)], axis=0)
            - contrastive_loss(z, t, y, 0.1, normalise=normalise)
            for v in (inside, outside(rng, np.vstack([t, z]), z, 0.1))
        ]
        assert cost[0].mean() > cost[1].mean()
        if not normalise:
            assert (cost[0] > 0).all()  # the loss is convex


def test_what_normalisation_costs_is_predicted(rng, world):
    z, t, y = world
    delta = outside(rng, np.vstack([t, z, np.zeros((1, 30))]), z, 0.1)  # orthogonal to the image too
    assert np.abs((delta * z).sum(axis=1)).max() < 1e-12
    found = contrastive_loss(z + delta, t, y, 0.1, normalise=True) - contrastive_loss(z, t, y, 0.1, normalise=True)
    assert normalisation_penalty(z, delta, t, y, 0.1) == pytest.approx(found, rel=0.02)


def test_taylor_orders_are_three_and_four(rng, world):
    z, t, y = world
    basis = competitor_span(t)
    delta = rng.normal(size=(4, 11)) @ basis.T
    delta *= 0.03 / np.linalg.norm(delta, axis=1)[:, None]
    assert taylor_order(z, delta, t, y, 0.1) == pytest.approx(3, abs=0.25)
    assert taylor_order(z, delta, t, y, 0.1, both=True) == pytest.approx(4, abs=0.25)
    assert np.isnan(taylor_order(z, 1e-9 * delta, t, y, 0.1))


def test_the_span_has_one_dimension_less_than_prototypes(rng):
    t = rng.normal(size=(5, 9))
    basis = competitor_span(t)
    assert basis.shape == (9, 4) and basis.T @ basis == pytest.approx(np.eye(4))
    differences = t - t[2]
    assert (differences @ basis) @ basis.T == pytest.approx(differences)
    assert competitor_span(rng.normal(size=(20, 6))).shape == (6, 6)  # nothing is left outside
    assert competitor_span(np.vstack([t, t])).shape == (9, 4)
    assert competitor_span(1e6 + t).shape == (9, 4)


def test_soft_share_by_its_definition(rng, world):
    z, t, _ = world
    delta = rng.normal(size=z.shape)
    found = soft_span_share(z, delta, t, 0.1)
    for i, p in enumerate(probabilities(z, t, 0.1)):
        mean = p @ t
        sigma = sum(q * np.outer(v - mean, v - mean) for q, v in zip(p, t, strict=True))
        wanted = delta[i] @ sigma @ delta[i] / (delta[i] @ delta[i] * np.linalg.eigvalsh(sigma)[-1])
        assert found[i] == pytest.approx(wanted)
    # with one competitor that counts, the direction towards it meets all of the curvature
    sharp = soft_span_share(t[:1], (t[1] - t[0])[None], t[:2], 0.1)
    assert sharp == pytest.approx([1.0])


def test_gram_before_and_after_centring(rng):
    t = rng.normal(size=(6, 4)) + 2
    for found, v in zip(prototype_gram(t), (t, t - t.mean(axis=0)), strict=True):
        cosine = np.corrcoef(np.hstack([v, -v]))[np.triu_indices(6, 1)]  # rows of mean 0: correlation is cosine
        assert found.mean == pytest.approx(cosine.mean())
        assert found.mean_absolute == pytest.approx(np.abs(cosine).mean())
        assert found.largest == pytest.approx(cosine.max())


def test_refusals(world):
    z, t, y = world
    with pytest.raises(ValueError, match="the temperature is 0: it must be above 0"):
        contrastive_loss(z, t, y, 0)
    with pytest.raises(ValueError, match="NaN"):
        contrastive_loss(np.full((1, 30), np.nan), t, [0], 0.1)
    with pytest.raises(ValueError, match="a prototype has length zero, or is the mean of all"):
        prototype_gram([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])


def test_rows_that_are_certain_leave_nothing_but_rounding():
    """Losses of 7e-11 come of numbers near 25, whose rounding is larger than what the expansion leaves of them."""
    t = np.eye(6)
    delta = np.tile([0.0, 0, 0, 0, 0, 0.01], (4, 1))
    assert contrastive_loss(t[:4], t, np.arange(4), 0.04).max() < 1e-10
    assert np.isnan(taylor_order(t[:4], delta, t, np.arange(4), 0.04))
