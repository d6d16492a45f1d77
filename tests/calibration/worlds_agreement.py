"""Worlds in which two spaces share a tree, or photographs, and nothing else; and dimensions that are known."""

import numpy as np

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.stats.pairs.correspondence import agreement_beyond_tree, u_centred
from embedlab.stats.pairs.deviations import agreement_within
from embedlab.stats.pairs.knn import mutual_knn
from embedlab.stats.pairs.similarity import cka
from embedlab.stats.resample import p_value
from embedlab.stats.shape.dimension import two_nn
from tests.calibration.world import Coverage, Power, World

S, D, E = 30, 12, 8  # species, dimensions of either space


def evolved(rng, lam=1.0, shared=0.0):
    """Two spaces of the same species on one tree; `shared` is how far the second copies the first."""
    tree = random_tree(rng, S)
    x, own = brownian_traits(rng, tree, D, lam), brownian_traits(rng, tree, E, lam)
    return x, shared * x @ rng.normal(size=(D, E)) / np.sqrt(D) + (1 - shared) * own, tree.covariance()


def photographed(rng, noise, same, per=4):
    """The same, photographed; a share `same` of what sets a photograph apart is seen by both spaces."""
    x, y, c = evolved(rng)
    zx = rng.normal(size=(per, S, D))
    zy = same * zx @ rng.normal(size=(D, E)) / np.sqrt(D) + (1 - same) * rng.normal(size=(per, S, E))
    return x + noise * zx, y + noise * zy, c


def anisotropic(x):
    """Unit vectors crowded around one direction, whose spectrum falls as 1/rank."""
    x = x / np.sqrt(np.arange(1, x.shape[-1] + 1)) + 3.0 * np.eye(x.shape[-1])[0]
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def halved(images, orders):
    h = images.shape[0] // 2
    return np.stack([[images[t[:h]].mean(axis=0), images[t[h:]].mean(axis=0)] for t in orders])


def _beyond(lam, bent=False):
    def draw(rng, permutations):
        x, y, c = evolved(rng, lam)
        x, y = (anisotropic(x), anisotropic(y)) if bent else (x, y)
        return {"p": agreement_beyond_tree(x, y, c, permutations=permutations, rng=rng).p_value}

    return draw


def _freely(lam, biased=False):
    """CKA with species shuffled, as it is commonly done."""

    def naive(rng, permutations):
        x, y, _ = evolved(rng, lam)
        orders = [rng.permutation(S) for _ in range(permutations)]
        if biased:
            return p_value(cka(x, y, debiased=False), [cka(x, y[t], debiased=False) for t in orders])
        u, v = u_centred(x), u_centred(y)
        return p_value(np.vdot(u, v), [np.vdot(u, v[t[:, None], t]) for t in orders])

    return naive


def _same_photographs(rng, permutations):
    x, y, c = photographed(rng, 0.7, 0.7)
    orders = [rng.permutation(4) for _ in range(3)]
    return {"p": agreement_beyond_tree(halved(x, orders), halved(y, orders), c, permutations=permutations,
                                       rng=rng).p_value}  # fmt: skip


def _photographs_counted(rng, permutations):
    x, y, c = photographed(rng, 0.7, 0.7)
    return agreement_beyond_tree(x.mean(axis=0), y.mean(axis=0), c, permutations=permutations, rng=rng).p_value


def images(rng, same, unequal=False, bent=False):
    """Images of species on a tree as rows, with the species of each; nothing but `same` is shared within species."""
    x, y, _ = photographed(rng, 0.7, same)
    species = np.tile(np.arange(S), 4)
    x, y = x.reshape(-1, D), y.reshape(-1, E)
    keep = rng.random(len(species)) < np.where(species < S // 2, 0.5, 1.0) if unequal else np.ones(len(species), bool)
    x, y = (anisotropic(x), anisotropic(y)) if bent else (x, y)
    return x[keep], y[keep], species[keep]


def _individuals(**how):
    def draw(rng, permutations):
        x, y, species = images(rng, 0.0, **how)
        return {"p": agreement_within(x, y, species, permutations=permutations, rng=rng).p_value}

    return draw


def _images_freely(rng, permutations):
    x, y, _ = images(rng, 0.0)
    return mutual_knn(x, y, 10, permutations=permutations, rng=rng).p_value


def _neighbours(rng, permutations):
    x, y, species = images(rng, 0.0)
    return {"p": mutual_knn(x, y, 10, permutations=permutations, strata=species, rng=rng).p_value}


def _power(rng, size, permutations):
    x, y, c = evolved(rng, 1.0, size)
    return agreement_beyond_tree(x, y, c, permutations=permutations, rng=rng).p_value


def _power_individuals(rng, size, permutations):
    return agreement_within(*images(rng, size), permutations=permutations, rng=rng).p_value


def _covered_within(rng):
    """Deviations that are Gaussian: the truth is ‖Σxy‖ / sqrt of ‖Σxx‖ ‖Σyy‖, squared lengths."""
    turn = np.linalg.qr(rng.normal(size=(D, D)))[0][:, :E]
    species = np.repeat(np.arange(S), 6)
    x = rng.normal(size=(S * 6, D))
    y = x @ turn + rng.normal(size=(S * 6, E))
    found = agreement_within(x, y, species, permutations=1, rng=rng)
    return {"low": found.interval[0], "high": found.interval[1], "truth": E / np.sqrt(D * 4 * E)}


def _covered_beyond(rng):
    tree = random_tree(rng, S)
    x, own = brownian_traits(rng, tree, D), brownian_traits(rng, tree, E)
    turn = np.linalg.qr(rng.normal(size=(D, D)))[0][:, :E]
    found = agreement_beyond_tree(x, x @ turn + own, tree.covariance(), permutations=1, rng=rng)
    return {"low": found.interval[0], "high": found.interval[1], "truth": E / np.sqrt(D * 4 * E)}


def _dimension(make, d):
    def draw(rng):
        low, high = two_nn(make(rng)).interval
        return {"low": low, "high": high, "truth": d}

    return draw


def torus(d, n=300):
    """A curved sheet of `d` dimensions in twice as many."""

    def make(rng):
        angle = rng.uniform(0, 2 * np.pi, (n, d))
        return np.hstack([np.cos(angle), np.sin(angle)])

    return make


WORLDS = (
    World("agreement: two spaces on a tree, Brownian", _beyond(1.0), _freely(1.0), exact=False),
    World("agreement: two spaces on a tree, biased CKA", _beyond(1.0), _freely(1.0, biased=True), exact=False),
    World("agreement: two spaces on a tree, lambda .5", _beyond(0.5), _freely(0.5), exact=False),
    World("agreement: two spaces on a tree, lambda 0", _beyond(0.0), exact=False),
    World("agreement: unit vectors around one direction", _beyond(1.0, bent=True), exact=False),
    World("agreement: the same photographs in both spaces", _same_photographs, _photographs_counted, exact=False),
    World("agreement: individuals, dealt out", _individuals()),
    World("agreement: individuals, unequal counts", _individuals(unequal=True)),
    World("agreement: individuals, unit vectors around one direction", _individuals(bent=True)),
    World("agreement: mutual k-NN within species", _neighbours, _images_freely, exact=False),
)
COVERAGE = (
    Coverage("agreement: CKA of deviations, 30 species", _covered_within, promised=False),
    Coverage("agreement: CKA beyond the tree, 30 species", _covered_beyond, promised=False),
    Coverage("dimension: TwoNN, plane", _dimension(lambda rng: rng.normal(size=(300, 2)), 2), promised=False),
    Coverage("dimension: TwoNN, 5 dimensions", _dimension(lambda rng: rng.normal(size=(300, 5)), 5), promised=False),
    Coverage("dimension: TwoNN, torus of 3", _dimension(torus(3), 3), promised=False),
    Coverage("dimension: TwoNN, torus of 8", _dimension(torus(8), 8), promised=False),
)
POWER = (
    Power("agreement: beyond the tree", _power, (0.1, 0.2, 0.3, 0.4, 0.5), unit="share copied"),
    Power("agreement: individuals", _power_individuals, (0.05, 0.1, 0.2, 0.3, 0.5), unit="share seen by both"),
)
