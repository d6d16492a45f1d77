"""Two tables of distances that have nothing to do with each other, and the Mantel tests on them.

Where both sides evolved on one tree the labels cannot be exchanged, and the very same test is the naive twin: it must
fail there as methods.md measured it to, or the world would prove nothing.
"""

from functools import lru_cache

import numpy as np

from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.stats.pairs.distances import mantel, partial_mantel
from embedlab.stats.resample import permutations_of
from tests.calibration.world import Coverage, Power, World


def apart(x) -> np.ndarray:
    """Euclidean distances between rows."""
    return np.sqrt(np.square(x[:, None] - x[None]).sum(axis=2))


# --- what the two sides look like; each is drawn without the other


def isotropic(rng, n):
    return apart(rng.normal(size=(n, 8)))


def clustered(rng, n):
    """Five tight clusters of unequal size: most distances are one of few numbers."""
    of = rng.choice(5, n, p=[0.4, 0.25, 0.15, 0.1, 0.1])
    return apart(5 * rng.normal(size=(5, 3))[of] + 0.2 * rng.normal(size=(n, 3)))


def outliers(rng, n):
    return apart(rng.standard_t(1.5, size=(n, 3)))


def sorted_line(rng, n):
    """Rows in order: a shift of the table by one is nearly the table itself."""
    return apart(np.sort(rng.normal(size=n))[:, None])


def kinds(rng, n):
    """0 within and 1 between: nothing but ties."""
    of = rng.permutation(np.arange(n) % 3)
    return (of[:, None] != of[None]).astype(float)


def dealt(rng, d):
    t = rng.permutation(len(d))
    return d[np.ix_(t, t)]


def _mantel(make, n=30, other=None, explicit=False, **settings):
    def draw(rng, permutations):
        x, y = make(rng, n), (other or make)(rng, n)
        if make is sorted_line:
            x = dealt(rng, x)  # the null: whose distances these are is chance; y stays in order
        count = permutations_of(n, permutations, rng) if explicit else permutations
        p, less = (
            mantel(x, y, permutations=count, alternative=a, rng=np.random.default_rng(seed), **settings).p_value
            for seed in [int(rng.integers(2**32))]
            for a in ("greater", "less")
        )
        return {"p": p, "p_less": less}

    return draw


def _partial(rng, permutations):
    """x has nothing to do with y and z, which have much to do with each other."""
    x, z = apart(rng.normal(size=(30, 8))), rng.normal(size=(30, 3))
    y = apart(z + 0.7 * rng.normal(size=(30, 3)))
    return {"p": partial_mantel(x, y, apart(z), permutations=permutations, rng=rng).p_value}


def _shared(rng, permutations):
    """x and y both follow z, and agree in nothing else: the question that the partial test is asked for."""
    z = rng.normal(size=(30, 3))
    x, y = (apart(z + 0.7 * rng.normal(size=(30, 3))) for _ in range(2))
    return {"p": partial_mantel(x, y, apart(z), permutations=permutations, alternative="greater", rng=rng).p_value}


def two_evolved(rng, n=60):
    """A space of 32 dimensions and a trait that evolved apart on one tree, and the distances on the tree."""
    tree = random_tree(rng, n)
    x, y = brownian_traits(rng, tree, 32), brownian_traits(rng, tree)
    return apart(x), apart(y), tree.distances(tree.names)


def _evolved(rng, permutations):
    x, y, _ = two_evolved(rng)
    return mantel(x, y, permutations=permutations, rng=rng).p_value


def _evolved_given_tree(rng, permutations):
    return partial_mantel(*two_evolved(rng), permutations=permutations, rng=rng).p_value


def _two_sided(method):
    def draw(rng, permutations):
        x, y = isotropic(rng, 24), clustered(rng, 24)
        return {"p": mantel(x, y, method=method, permutations=permutations, rng=rng).p_value}

    return draw


# --- a truth to cover, and effects to find


def related(rng, n, share):
    x = rng.normal(size=(n, 4))
    return apart(x), apart(share * x + np.sqrt(1 - share**2) * rng.normal(size=(n, 4)))


@lru_cache(maxsize=1)
def _truth() -> float:
    rng = np.random.default_rng(0)
    found = [mantel(*related(rng, 300, 0.7), permutations=[list(range(300))]).statistic for _ in range(60)]
    return float(np.mean(found))


def _covered(n):
    def draw(rng):
        low, high = mantel(*related(rng, n, 0.7), permutations=[list(range(n))]).interval
        return {"low": low, "high": high, "truth": _truth()}

    return draw


def _pairs_counted(rng, n=30):
    """Fisher's interval for a correlation of so many *pairs*, as if each were drawn on its own."""
    r = mantel(*related(rng, n, 0.7), permutations=[list(range(n))]).statistic
    half = 1.96 / np.sqrt(n * (n - 1) / 2 - 3)
    return {"low": np.tanh(np.arctanh(r) - half), "high": np.tanh(np.arctanh(r) + half), "truth": _truth()}


def _found(rng, size, permutations):
    return mantel(*related(rng, 40, size), permutations=permutations, alternative="greater", rng=rng).p_value


WORLDS = (
    World("mantel: isotropic, cosets", _mantel(isotropic), _evolved),
    World("mantel: isotropic, listed relabellings", _mantel(isotropic, explicit=True)),
    World("mantel: one coset of 100", _mantel(isotropic, 100)),
    World("mantel: tight clusters", _mantel(clustered)),
    World("mantel: clusters against outliers", _mantel(clustered, other=outliers)),
    World("mantel: rows in order", _mantel(sorted_line, 50)),
    World("mantel: ties throughout", _mantel(kinds), exact=False),
    World("mantel: ranks", _mantel(outliers, method="spearman")),
    World("mantel: Kendall, two-sided", _two_sided("kendall")),
    World("mantel: Pearson, two-sided", _two_sided("pearson")),
    World("partial mantel: x apart from y and z", _partial, _evolved_given_tree),
    World(
        "partial mantel: x and y follow z",
        _shared,
        exact=False,
        weak="relabelling x unties it from z as well, which the null does not ask for",
    ),
)
COVERAGE = (
    Coverage("mantel: jackknife over 30 things", _covered(30), _pairs_counted),
    Coverage("mantel: jackknife over 60 things", _covered(60)),
)
POWER = (Power("mantel: 40 things", _found, (0.1, 0.2, 0.3, 0.5, 0.7), unit="correlation of coordinates"),)
