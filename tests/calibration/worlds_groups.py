"""Groups that do not differ and spaces that have nothing in common: PERMANOVA, PROTEST, and moments in closed form.

The naive twins are the same tests asked of rows that are not exchangeable: photographs of one species taken for
species, species of one tree taken for strangers, sites whose differences are taken for those of the groups in them.
"""

from functools import partial

import numpy as np
from scipy.spatial.distance import pdist, squareform

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.stats.pairs.moments import permanova_moments, rv_moments
from embedlab.stats.pairs.permanova import permanova
from embedlab.stats.pairs.procrustes import protest
from tests.calibration.world import Power, World

# --- rows that are drawn one by one


def flat(rng, n, d=8):
    return rng.normal(size=(n, d))


def power(rng, n, d=32):
    """Variances that fall as 1/rank, as those of embeddings do."""
    return rng.normal(size=(n, d)) / np.sqrt(np.arange(1, d + 1))


def sphere(rng, n, d=32):
    """Unit vectors round one mean: an anisotropic, L2-normalised space."""
    x = power(rng, n, d) + 1.5 * np.eye(d)[0]
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def outliers(rng, n, d=8):
    return rng.standard_t(1.5, size=(n, d))


def ties(rng, n, d=3):
    return rng.integers(0, 2, size=(n, d)).astype(float) + 1e-3 * (np.arange(n) == 0)[:, None]


def kinds(n, shares=(0.5, 0.3, 0.2)):
    """Groups of unequal size."""
    return np.repeat(np.arange(len(shares)), np.diff(np.r_[0, np.rint(np.cumsum(shares) * n)]).astype(int))


# --- PERMANOVA


def _groups(make, n=30, **settings):
    def draw(rng, permutations):
        return {"p": permanova(make(rng, n), kinds(n), permutations=permutations, rng=rng, **settings).p_value}

    return draw


def _distances(metric, n=30):
    def draw(rng, permutations):
        far = squareform(pdist(flat(rng, n), metric))
        return {"p": permanova(far, kinds(n), permutations=permutations, distances=True, rng=rng).p_value}

    return draw


def _numbers(rng, permutations):
    x, y = power(rng, 30), outliers(rng, 30, 2)
    return {"p": permanova(x, y, permutations=permutations, rng=rng).p_value}


def sites(rng):
    """Four sites that differ; in each the groups are dealt out, but one group is commoner at some sites."""
    site = np.repeat(np.arange(4), 10)
    common = np.array([8, 2, 7, 3])
    groups = np.concatenate([rng.permutation(np.arange(10) < c) for c in common]).astype(int)
    return flat(rng, 40) + 2 * rng.normal(size=(4, 8))[site], groups, site


def _strata(rng, permutations, known=True):
    x, groups, site = sites(rng)
    return permanova(x, groups, permutations=permutations, strata=site if known else None, rng=rng).p_value


def photographs(rng, species=12, each=5):
    """Photographs of species; what is asked of them, a habitat or a table of traits, is a fact of the species."""
    of = np.repeat(np.arange(species), each)
    habitat = rng.permutation(np.arange(species) % 2)
    return power(rng, species)[of] + 0.3 * power(rng, of.size), of, habitat, rng.normal(size=(species, 3))


def _habitat(rng, permutations, of_species=True):
    x, of, habitat, _ = photographs(rng)
    if of_species:
        x = np.array([x[of == s].mean(axis=0) for s in np.unique(of)])
        of = np.unique(of)
    return permanova(x, habitat[of], permutations=permutations, rng=rng).p_value


def _scatter(ratios, sizes):
    """Equal means, but the groups differ in scatter, and in size."""

    def draw(rng, permutations):
        groups = np.repeat([0, 1], sizes)
        x = flat(rng, len(groups)) * np.array(ratios)[groups][:, None]
        return {"p": permanova(x, groups, permutations=permutations, rng=rng).p_value}

    return draw


# --- two spaces


def _protest(make, other, n=25):
    def draw(rng, permutations):
        return {"p": protest(make(rng, n), other(rng, n), permutations=permutations, rng=rng).p_value}

    return draw


def evolved(rng, n=40):
    """Two spaces that evolved apart, by Brownian motion on one tree."""
    tree = random_tree(rng, n)
    return brownian_traits(rng, tree, 12), brownian_traits(rng, tree, 3)


def _protest_on_a_tree(rng, permutations):
    return protest(*evolved(rng), permutations=permutations, rng=rng).p_value


# --- moments: no permutations at all, however many are asked for


def _rv(make, other, n=40):
    return lambda rng, permutations: {"p": rv_moments(make(rng, n), other(rng, n), units=None).p_value}


def _rv_on_a_tree(rng, permutations):
    return rv_moments(*evolved(rng), units=None).p_value


def _rv_of_species(rng, permutations, of_species=True):
    x, of, _, traits = photographs(rng)
    if of_species:
        return rv_moments(np.array([x[of == s].mean(axis=0) for s in np.unique(of)]), traits, units=None).p_value
    return rv_moments(x, traits[of], units=None).p_value


def _groups_in_closed_form(make, n=40):
    return lambda rng, permutations: {"p": permanova_moments(make(rng, n), kinds(n), units=None).p_value}


def _p(function):
    return lambda rng, permutations: {"p": function(rng, permutations)}


WEAK = "groups of unequal size that differ in scatter are told apart though their means are equal"

WORLDS = (
    World("permanova: flat", _groups(flat)),
    World("permanova: falling spectrum", _groups(power)),
    World("permanova: unit vectors", _groups(sphere)),
    World("permanova: outliers", _groups(outliers)),
    World("permanova: city-block distances", _distances("cityblock")),
    World("permanova: distances, whole cosets", _distances("cityblock", 210), exact=False),
    World("permanova: numbers", _numbers),
    World("permanova: within sites that differ", _p(_strata), partial(_strata, known=False), exact=False),
    World("permanova: habitats of species", _p(_habitat), partial(_habitat, of_species=False), exact=False),
    World("permanova: unequal scatter, equal sizes", _scatter((1, 2), (20, 20)), exact=False),
    World("permanova: the small group is wide", _scatter((2, 1), (8, 32)), exact=False, weak=WEAK),
    World("permanova: the large group is wide", _scatter((1, 2), (8, 32)), exact=False),
    World("protest: flat", _protest(flat, flat), _protest_on_a_tree),
    World("protest: unit vectors and outliers", _protest(sphere, outliers)),
    World("rv by moments: flat", _rv(flat, flat), _rv_on_a_tree, exact=False),
    World("rv by moments: falling spectra", _rv(power, power), exact=False),
    World("rv by moments: unit vectors, one trait", _rv(sphere, partial(flat, d=1)), exact=False),
    World("rv by moments: outliers", _rv(outliers, outliers), exact=False),
    World("rv by moments: ties", _rv(ties, ties), exact=False),
    World("rv by moments: twelve species", _p(_rv_of_species), partial(_rv_of_species, of_species=False), exact=False),
    World("permanova by moments: flat", _groups_in_closed_form(flat), exact=False),
    World("permanova by moments: falling spectrum", _groups_in_closed_form(power), exact=False),
    World("permanova by moments: outliers", _groups_in_closed_form(outliers), exact=False),
)


# --- power


def _shifted(test):
    def draw(rng, size, permutations):
        groups = kinds(30)
        x = sphere(rng, 30)
        shift = size * np.sqrt(x.var(axis=0).sum()) * np.eye(32)[1]
        return test(x + (groups == 0)[:, None] * shift, groups, permutations, rng)

    return draw


def _shared(test):
    def draw(rng, size, permutations):
        x, own = power(rng, 40), rng.normal(size=(40, 3))
        return test(x, size * x[:, :3] + np.sqrt(1 - size**2) * own, permutations, rng)

    return draw


POWER = (
    Power(
        "permanova: one group moved",
        _shifted(lambda x, g, b, rng: permanova(x, g, permutations=b, rng=rng).p_value),
        (0.2, 0.4, 0.6, 0.8, 1.0),
        unit="shift, in deviations of the whole",
    ),
    Power(
        "permanova by moments: one group moved",
        _shifted(lambda x, g, b, rng: permanova_moments(x, g, units=None).p_value),
        (0.2, 0.4, 0.6, 0.8, 1.0),
        unit="shift, in deviations of the whole",
    ),
    Power(
        "protest: three shared axes",
        _shared(lambda x, y, b, rng: protest(x, y, permutations=b, rng=rng).p_value),
        (0.1, 0.2, 0.3, 0.5, 0.7),
        unit="share of the second space's deviation",
    ),
    Power(
        "rv by moments: three shared axes",
        _shared(lambda x, y, b, rng: rv_moments(x, y, units=None).p_value),
        (0.1, 0.2, 0.3, 0.5, 0.7),
        unit="share of the second space's deviation",
    ),
)
