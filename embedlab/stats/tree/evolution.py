"""Chance on a tree: traits that evolve on it, and shuffles that respect it. Any statistic can take these as its null.

`covariance` is the `(n, n)` matrix of shared branch lengths (`Tree.covariance(names)`), or a structure
(`Tree.structure(names)`), on which a draw costs O(n).
"""

import numpy as np

from embedlab.stats.tree.pruning import DENSE, Pruned, is_structure
from embedlab.stats.tree.relatedness import as_matrix
from embedlab.stats.vectors import checked


def ou_covariance(covariance, alpha: float) -> np.ndarray:
    """Covariance `(n, n)` of an Ornstein-Uhlenbeck process that starts at its optimum, for a rate of 1.

    exp(-α(tᵢ + tⱼ - 2s)) (1 - exp(-2αs)) / 2α, where s is the path that two species share and t their own. `alpha`
    is the pull per unit of branch length, from 0 (Brownian motion, reached continuously) upward (all is forgotten).

    >>> ou_covariance(np.array([[2.0, 1.0], [1.0, 2.0]]), 0.0)
    array([[2., 1.],
           [1., 2.]])
    """
    if not 0 <= alpha < np.inf:
        raise ValueError(f"alpha is {alpha}: a pull is finite and not negative")
    c = _dense(covariance)
    if alpha == 0:
        return c.copy()
    depth = np.diag(c)
    # expm1: at α of 1e-13 the plain form loses all digits (geiger 2.0.11 is then wrong by 5e-3 in log-likelihood)
    return np.exp(-alpha * (depth[:, None] + depth - 2 * c)) * -np.expm1(-2 * alpha * c) / (2 * alpha)


def simulate(covariance, rng: np.random.Generator, *, count: int = 1, model: str = "bm",
             parameter: float | None = None) -> np.ndarray:  # fmt: skip
    """Draw traits that evolved on a tree: `(count, n)`, mean 0, rate 1 per unit of branch length.

    `model` is "bm" (Brownian motion), "lambda" (`parameter` is Pagel's λ, 0 to 1: the tips' variance stays, what
    they share shrinks) or "ou" (`parameter` is the pull α, which starts at its optimum: see `ou_covariance`). A
    statistic recomputed on these draws has a null in which two traits on one tree share nothing but descent
    (PDSIMUL: Garland et al. 1993). On a structure no matrix is made and a draw costs O(n).

    >>> simulate(np.eye(3), np.random.default_rng(0), count=2).shape
    (2, 3)
    """
    if model not in ("bm", "lambda", "ou"):
        raise ValueError(f"model={model!r} is not known: use 'bm', 'lambda' or 'ou'")
    if (parameter is None) != (model == "bm"):
        raise ValueError("model='bm' takes no parameter; 'lambda' and 'ou' need one: parameter=0.5")
    if model == "lambda" and not 0 <= parameter <= 1:
        raise ValueError(f"Pagel's λ lies between 0 and 1, not {parameter}")
    if model == "ou" and not 0 <= parameter < np.inf:
        raise ValueError(f"alpha is {parameter}: a pull is finite and not negative")
    if not is_structure(covariance):
        c = _dense(covariance)
        if model == "ou":
            c = ou_covariance(c, parameter)
        elif model == "lambda":
            c = c * parameter + np.diag(np.diag(c)) * (1 - parameter)
        values, vectors = np.linalg.eigh(c)  # tips at distance zero make C singular: a root exists all the same
        return rng.standard_normal((count, len(c))) @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    tree = Pruned(covariance)
    step = rng.standard_normal((2 * tree.n - 1, count))
    if model == "ou" and parameter > 0:
        step *= np.sqrt(-np.expm1(-2 * parameter * tree.length) / (2 * parameter))[:, None]
        return tree.down(step, np.exp(-parameter * tree.length))[: tree.n].T.copy()
    step *= np.sqrt(tree.stretched(parameter if model == "lambda" else 1.0))
    return tree.down(step)[: tree.n].T.copy()


def phylo_permutations(covariance, b: int, rng: np.random.Generator, *, k: float = 1.0) -> np.ndarray:
    """Draw `(b, n)` permutations that swap near relatives more often than distant ones (Lapointe & Garland 2001).

    Row `t` gives species `t[i]` the place of species i: use `x[t]`. The species are taken in random order, and each
    chooses among the places still free with a probability in proportion to k - distance / greatest distance (the
    recipe as Harmon & Glor 2010 coded it). `k = 1` keeps species on the two sides of the root apart; a large k
    shuffles freely. A draw in which a species finds no place is begun anew. The draws are no group of permutations:
    a p-value from them is approximate. Takes at most 5,000 species.

    >>> phylo_permutations(np.eye(3), 2, np.random.default_rng(0)).tolist()  # on a star all are at greatest distance
    [[0, 1, 2], [0, 1, 2]]
    """
    if not k >= 1:
        raise ValueError(f"k is {k}: it is at least 1, and the larger the freer the shuffle")
    c = _dense(covariance)
    n, depth = len(c), np.diag(c)
    distance = np.maximum(depth[:, None] + depth - 2 * c, 0.0)
    weight = k - distance / (distance.max() or 1.0)
    weight[weight < 1e-12] = 0.0  # the greatest distance reached by another road of rounding
    found = np.empty((b, n), np.int64)
    left = np.arange(b)
    while left.size:
        found[left], stuck = _placed(weight, left.size, rng)
        left = left[stuck]
    return found


def _placed(weight: np.ndarray, b: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """`b` draws at once: which species stands in each place, and which draws came to a dead end."""
    n = len(weight)
    order = rng.permuted(np.broadcast_to(np.arange(n), (b, n)), axis=1)
    free = np.ones((b, n))
    found = np.empty((b, n), np.int64)
    stuck = np.zeros(b, bool)
    rows = np.arange(b)
    for j in range(n):
        odds = np.cumsum(weight[order[:, j]] * free, axis=1)
        total = odds[:, -1]
        stuck |= total <= 0
        # the first place at which the running sum passes a random height: never one of weight 0
        place = np.minimum((odds <= (rng.random(b) * total)[:, None]).sum(axis=1), n - 1)
        found[rows, place] = order[:, j]
        free[rows, place] = 0.0
    return found, stuck


def spectral_randomisation(x, covariance, b: int, rng: np.random.Generator, *,
                           procedure: str = "pair") -> np.ndarray:  # fmt: skip
    """Draw copies of `x` with its phylogenetic spectrum and other values: `(b, n)`, or `(b, n, d)` for `(n, d)`.

    Moran spectral randomisation (Wagner & Dray 2015; on trees: Crabot et al. 2019). The centred covariance gives n
    - 1 axes, from contrasts between deep clades to those between sisters. `procedure="singleton"` turns the sign
    of each axis at random: mean, variance, the share of every axis and so Moran's I stay exactly; 2ⁿ⁻¹ copies.
    `"pair"` rotates two neighbouring axes by a random angle: shares stay pair by pair, Moran's I nearly, and there
    is no end of copies. All columns move together, so their correlations stay. Values need not look like those of `x`:
    kinds become numbers. Takes 3 to 5,000 species. Errors: NaN, species that do not match.

    >>> drawn = spectral_randomisation([1.0, 2.0, 6.0], np.eye(3), 2, np.random.default_rng(0))
    >>> drawn.mean(axis=1).round(6), drawn.var(axis=1).round(6)  # 14/3, as that of 1, 2 and 6
    (array([3., 3.]), array([4.666667, 4.666667]))
    """
    if procedure not in ("pair", "singleton"):
        raise ValueError(f"procedure={procedure!r} is not known: use 'pair' or 'singleton'")
    x = np.asarray(x, float)
    flat = x.ndim == 1
    x = checked(x[:, None] if flat else x, least=3)
    c = _dense(covariance)
    n = len(c)
    if len(x) != n:
        raise ValueError(f"{len(x)} species in x, {n} in the covariance: give both of the same species")
    axes = phylogenetic_axes(c)
    score = axes.T @ (x - x.mean(axis=0))
    if procedure == "singleton":
        score = rng.choice([-1.0, 1.0], (b, n - 1))[:, :, None] * score
    else:
        # starting at the first axis or the second, so that no pair is favoured; one left over changes its sign
        half, begin = (n - 1) // 2, int((n - 1) % 2 and rng.integers(2))
        first, second = np.arange(half) * 2 + begin, np.arange(half) * 2 + begin + 1
        alone = np.setdiff1d(np.arange(n - 1), np.r_[first, second])
        angle = rng.uniform(0, 2 * np.pi, (b, half, 1))
        turned = np.empty((b, n - 1, x.shape[1]))
        turned[:, first] = np.cos(angle) * score[first] - np.sin(angle) * score[second]
        turned[:, second] = np.sin(angle) * score[first] + np.cos(angle) * score[second]
        turned[:, alone] = rng.choice([-1.0, 1.0], (b, alone.size, 1)) * score[alone]
        score = turned
    drawn = x.mean(axis=0) + axes @ score
    return drawn[:, :, 0] if flat else drawn


def phylogenetic_axes(covariance) -> np.ndarray:
    """Orthonormal axes `(n, n - 1)` of the centred covariance: deep splits first, then ever finer ones.

    The eigenvectors of H C H without the constant (Diniz-Filho et al. 1998; Moran's eigenvector maps of the tree).
    Signs, and axes among equal eigenvalues (on a star all), are arbitrary. Errors: a covariance that is none.

    >>> axes = phylogenetic_axes(np.kron(np.eye(2), [[2.0, 1.0], [1.0, 2.0]]))
    >>> (axes[0, 0] * axes[:, 0]).round(6)  # the first parts the two pairs
    array([ 0.25,  0.25, -0.25, -0.25])
    """
    c = _dense(covariance)
    n = len(c)
    centred = c - c.mean(axis=0) - c.mean(axis=1)[:, None] + c.mean()
    # the constant is lifted below all others, so that it comes first and can be left out, whatever ties there are
    low = 2 * np.abs(centred).sum(axis=1).max() or 1.0
    return np.linalg.eigh(centred - low / n * np.ones((n, n)))[1][:, :0:-1]


def _dense(covariance) -> np.ndarray:
    if not is_structure(covariance) and len(covariance) > DENSE:
        raise ValueError(f"{len(covariance):,} species: at most {DENSE:,} are taken as a matrix; hand in a structure")
    return as_matrix(covariance)
