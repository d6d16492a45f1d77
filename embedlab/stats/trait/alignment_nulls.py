"""Traits that have nothing to do with an embedding, on the tree of one that is asked about."""

import numpy as np

from embedlab.stats.resample import permutations_of
from embedlab.stats.trait.kinds import by_thresholds, columns_of, mk_draws
from embedlab.stats.tree.evolution import ou_covariance, phylo_permutations, simulate, spectral_randomisation

NULLS = ("rrpp", "within_clade", "bm", "ou", "lambda", "mk", "phylo_perm", "msr", "free")
MODELS = ("bm", "ou", "lambda")
HIDDEN = np.array([0.0, 0.2, 0.4, 0.6, 0.75, 0.9, 1.0])  # λ of hidden traits at which kinds are drawn and fitted
EACH = 40  # draws at each
PULLS = np.r_[0.0, np.geomspace(0.05, 50, 30)]  # Ornstein-Uhlenbeck's α, per mean depth of the tips


def drawn_traits(problem, null: str, lam: float, permutations, rng: np.random.Generator | None) -> np.ndarray:
    """Draw traits `(b, n, p)` under a null of evolution: `bm`, `ou`, `lambda`, `mk`, `phylo_perm` or `msr`.

    `problem` is an `alignment.Problem`, `lam` the λ of its trait. Numbers keep what covariates explain of them
    (the fitted part stays, the rest is drawn) and the covariance of their columns; kinds keep their counts.
    """
    if null == "phylo_perm" and np.ndim(permutations):
        return _shuffled(problem, permutations_of(len(problem.columns), permutations, rng), lam)
    if np.ndim(permutations):
        raise ValueError(f"null={null!r} draws traits: permutations must be a count, not a list of orders")
    if rng is None:
        raise TypeError("simulated traits need rng=np.random.default_rng(seed)")
    b = int(permutations)
    if null == "phylo_perm":
        return _shuffled(problem, phylo_permutations(problem.covariance, b, rng), lam)
    if null == "msr":
        if problem.codes is not None:
            raise ValueError("null='msr' makes numbers of kinds: use 'bm', 'mk', 'phylo_perm' or 'rrpp' for kinds")
        fitted, left, _ = _parts(problem, lam)
        return fitted + spectral_randomisation(left, problem.covariance, b, rng)
    if null == "mk":
        return _jumped(problem, b, rng)
    if problem.codes is not None and null == "lambda":
        lam = float(hidden_lambda(problem, rng)(np.array([lam]))[0])
    parameter = {"bm": None, "lambda": lam}[null] if null != "ou" else float(pulls(problem, problem.columns[None])[0])
    return evolved_traits(problem, null, parameter, b, rng)


def evolved_traits(problem, model: str, parameter: float | None, b: int, rng: np.random.Generator) -> np.ndarray:
    """Draw traits `(b, n, p)` like that of the problem under a Gaussian model; kinds by thresholds on hidden traits.

    The parameter of kinds is that of the hidden traits: see `hidden_lambda`.
    """
    where = problem.covariance if problem.structure is None else problem.structure
    n, p = problem.columns.shape
    if problem.codes is not None:
        kinds = int(problem.codes.max()) + 1
        hidden = simulate(where, rng, count=b * kinds, model=model, parameter=parameter).reshape(b, kinds, n)
        return columns_of(by_thresholds(hidden.transpose(0, 2, 1), problem.codes, rng), kinds)
    covariance = {"bm": 1.0, "lambda": parameter}.get(model)
    fitted, _, rate = _parts(problem, covariance, None if model != "ou" else parameter)
    drawn = simulate(where, rng, count=b * p, model=model, parameter=parameter).reshape(b, p, n).transpose(0, 2, 1)
    values, vectors = np.linalg.eigh(rate)
    return fitted + drawn @ (vectors * np.sqrt(np.maximum(values, 0.0))).T


def hidden_lambda(problem, rng: np.random.Generator):
    """Tell the λ of hidden traits from the λ of the 0/1 columns of kinds: a function of `(k,)`.

    Cutting hides descent: kinds of hidden traits at λ = 1 have columns of .5 to .8. Kinds as frequent as the problem's
    are drawn at seven λ, and the means of their columns' λ are read backwards. Chance at the λ of the columns would
    be that of traits less like their relatives than the one at hand, and reject up to 32 % (measured).
    """
    at = [problem.lam("ml", evolved_traits(problem, "lambda", v, EACH, rng)).mean() for v in HIDDEN]
    means = np.maximum.accumulate(at)
    return lambda lam: np.where(np.asarray(lam) >= means[-1], 1.0, np.interp(lam, means, HIDDEN))


def pulls(problem, traits: np.ndarray) -> np.ndarray:
    """Pull α `(k,)` of an Ornstein-Uhlenbeck process fitted to each trait `(k, n, p)`: at most 50 per tree depth."""
    depth = float(np.diag(problem.covariance).mean())
    k, n, p = traits.shape
    flat = traits.transpose(1, 0, 2).reshape(n, -1)
    heights = []
    for alpha in PULLS / depth:
        root = _root(ou_covariance(problem.covariance, alpha))
        y, base = np.linalg.solve(root, flat), np.linalg.solve(root, problem.base)
        left = (y - base @ np.linalg.lstsq(base, y, rcond=None)[0]).reshape(n, k, p)
        square = np.matmul(left.transpose(1, 2, 0), left.transpose(1, 0, 2))
        heights.append(-0.5 * (n * np.linalg.slogdet(square)[1] + 2 * p * np.log(np.diag(root)).sum()))
    return PULLS[np.argmax(heights, axis=0)] / depth


def _parts(problem, lam: float | None, alpha: float | None = None):
    """What the reduced model fits of the trait `(n, p)`, what it leaves, and the rate of that `(p, p)`."""
    c = problem.covariance
    c = ou_covariance(c, alpha) if alpha is not None else c * lam + np.diag(np.diag(c)) * (1 - lam)
    root = _root(c)
    rate, b = _rate(np.linalg.solve(root, problem.columns), np.linalg.solve(root, problem.base))
    fitted = problem.base @ b
    return fitted, problem.columns - fitted, rate


def _rate(y: np.ndarray, base: np.ndarray):
    b = np.linalg.lstsq(base, y, rcond=None)[0]
    left = y - base @ b
    return left.T @ left / (len(y) - base.shape[1]), b


def _root(c: np.ndarray) -> np.ndarray:
    # Tips at distance zero: a speck on the diagonal, far below any branch, lets the root be taken.
    return np.linalg.cholesky(c + 1e-10 * np.diag(np.diag(c)))


def left_over(problem, lam: float) -> np.ndarray:
    """What the reduced model leaves of the trait `(n, p)`, fitted at λ."""
    return _parts(problem, lam)[1]


def _shuffled(problem, orders: np.ndarray, lam: float) -> np.ndarray:
    if problem.codes is not None:
        return problem.columns[orders]
    fitted, left, _ = _parts(problem, lam)
    return fitted + left[orders]


def _jumped(problem, b: int, rng) -> np.ndarray:
    if problem.codes is None:
        raise ValueError("null='mk' is for kinds that jump; numbers evolve by 'bm', 'ou' or 'lambda'")
    if problem.structure is None:
        raise ValueError("null='mk' needs the tree itself: hand in tree.structure(names) instead of a matrix")
    return columns_of(mk_draws(problem.codes, problem.structure, b, rng), int(problem.codes.max()) + 1)
