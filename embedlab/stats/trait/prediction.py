"""How much better an embedding and the tree foretell a trait than the tree alone, for clades held out whole."""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.resample import p_value
from embedlab.stats.shown import Shown
from embedlab.stats.trait.alignment import Problem
from embedlab.stats.trait.alignment_nulls import evolved_traits
from embedlab.stats.tree.pruning import Pruned, is_structure
from embedlab.stats.tree.relatedness import checked_covariance
from embedlab.stats.vectors import checked_kinds

FOLDS = 10
LEAST_CLADES = 4
WANTED_CLADES = 8
MOST = 1_000  # species above which the Gaussian processes, n³ for each of 66 mixtures, are not fitted
STEPS = 10  # parts into which the variance is cut: 66 mixtures of tree, embedding and rest


@dataclass(frozen=True, eq=False, repr=False)
class PredictedBeyondTree(Shown):
    """ΔR² of held-out clades: with the embedding and the tree, less with the tree alone.

    R² is 1 for a perfect forecast, 0 for that of the training mean, and below 0 for worse. `statistic` is their
    difference `with_embedding` - `tree_alone`, `null` `(b,)` what it is for traits that evolved on the tree without the
    embedding, `interval` 95 % over the held-out `clades`, `fold` `(n,)` who was held out together, `weight` the mean
    share of the variance that the full model gives to the embedding.
    """

    statistic: float
    with_embedding: float
    tree_alone: float
    p_value: float
    null: np.ndarray
    interval: tuple[float, float]
    clades: int
    fold: np.ndarray
    weight: float


def held_out_clades(covariance, *, least: int = WANTED_CLADES, most: float = 0.4) -> np.ndarray:
    """Cut a tree into clades that share as little as can be: the clade `(n,)` of each species, 0, 1, ….

    The cut is the nearest to the root that leaves at least `least` clades, none of them larger than `most` of all
    species; where no cut does, the one whose largest clade is smallest. Species apart by the cut share less of
    their path than those together.

    >>> held_out_clades(np.eye(2).repeat(2, 0).repeat(2, 1) + np.eye(4), least=2, most=0.5)
    array([0, 0, 1, 1])
    """
    c = Pruned(covariance).covariance() if is_structure(covariance) else checked_covariance(covariance, len(covariance))
    depth = np.sqrt(np.diag(c))
    likeness = c / np.outer(depth, depth)
    n = len(c)
    best = np.arange(n)
    for level in np.unique(np.round(likeness[np.triu_indices(n, 1)], 12)):
        codes = _together(likeness > level + 1e-9)
        counts = np.bincount(codes)
        if len(counts) >= least and counts.max() <= max(most * n, 1):
            return codes
        if len(counts) >= least and counts.max() < max(np.bincount(best).max(), 2):
            best = codes
    return best


def _together(linked: np.ndarray) -> np.ndarray:
    """Components of a graph, numbered by their first species."""
    codes = np.full(len(linked), -1)
    for i in range(len(linked)):
        if codes[i] < 0:
            members = np.zeros(len(linked), bool)
            members[i] = True
            while True:
                more = linked[members].any(axis=0) | members
                if (more == members).all():
                    break
                members = more
            codes[members] = codes.max() + 1
    return codes


def folds_of(clades: np.ndarray, folds: int = FOLDS) -> np.ndarray:
    """Put whole clades into at most `folds` folds of about the same size, the largest clade first: `(n,)`."""
    counts = np.bincount(clades)
    if len(counts) <= folds:
        return clades
    size, place = np.zeros(folds), np.zeros(len(counts), int)
    for clade in np.argsort(-counts, kind="stable"):
        place[clade] = np.argmin(size)
        size[place[clade]] += counts[clade]
    return place[clades]


def predicted_beyond_tree(
    x, trait, covariance, *, permutations: int = 99, clades=None, rng: np.random.Generator
) -> PredictedBeyondTree:
    """Foretell a trait of clades held out whole, by the tree and by the tree with the embedding, and compare.

    Arguments as in `aligned_beyond_phylogeny`; kinds are foretold as 0/1 columns, R² over all of them (Brier's
    score). The tree alone is the best linear forecast under Pagel's λ (phylogenetic kriging); the other adds a
    linear kernel of the vectors, which is ridge regression on them. The mixture of tree, embedding and rest is that of
    the highest likelihood in the training species, out of 66. `clades` `(n,)` says who is held out together; by
    default those of `held_out_clades`, in at most ten folds. Chance: `permutations` traits that evolved by Brownian
    motion on this tree, put through the same. The interval draws clades again, because errors within one are alike.

    Errors: those of `aligned_beyond_phylogeny`, more than 1,000 species, fewer than 4 clades to hold out.

    >>> trait = np.array([0.0, 3.0, 1.0, 2.0, 2.0, 1.0, 3.0, 0.0])
    >>> found = predicted_beyond_tree(trait[:, None], trait, np.eye(8), permutations=1, clades=list("aabbccdd"),
    ...                               rng=np.random.default_rng(0))
    >>> abs(round(found.tree_alone, 9)), found.with_embedding > 0.99  # a star foretells the mean, which is no forecast
    (0.0, True)
    """
    n = len(x)
    if n > MOST:
        raise ValueError(f"{n:,} species: held-out forecasts take {MOST:,} at most; take one species a genus")
    problem = Problem.of(x, trait, covariance)
    if clades is None:
        codes = held_out_clades(problem.covariance)
    else:
        codes = np.unique(checked_kinds(clades, n, "clades"), return_inverse=True)[1]
    if codes.max() + 1 < LEAST_CLADES:
        raise ValueError(
            f"{codes.max() + 1} clades to hold out; at least {LEAST_CLADES} are needed for an interval and a test"
        )
    p = problem.columns.shape[1]
    full = problem.columns if problem.codes is None else (problem.codes[:, None] == np.arange(p + 1)).astype(float)
    placebo = evolved_traits(problem, "bm", None, int(permutations), rng)
    if problem.codes is not None:  # the first kind's column, which a design leaves out, is foretold too
        placebo = np.concatenate([1 - placebo.sum(axis=2, keepdims=True), placebo], axis=2)
    traits = np.concatenate([full[None], placebo])
    fold = folds_of(codes)
    kernel = problem.x @ problem.x.T
    kernel *= np.diag(problem.covariance).mean() / np.diag(kernel).mean()
    errors, weight = _errors(traits, problem.covariance, kernel, fold)
    tree, both, base = errors.sum(axis=3).transpose(1, 0, 2)  # over columns: (k, n) each
    total = base.sum(axis=1)
    delta = (tree.sum(axis=1) - both.sum(axis=1)) / total
    parts = np.bincount(codes, tree[0] - both[0])
    interval = bootstrap_ratio(parts, np.bincount(codes, base[0]), rng=rng)
    return PredictedBeyondTree(
        float(delta[0]), float(1 - both[0].sum() / total[0]), float(1 - tree[0].sum() / total[0]),
        p_value(delta[0], delta[1:]), delta[1:], interval, int(codes.max()) + 1, fold, weight,
    )  # fmt: skip


def _errors(traits: np.ndarray, c: np.ndarray, kernel: np.ndarray, fold: np.ndarray):
    """Squared errors `(k, 3, n, q)` of the tree, of tree and embedding, and of the training mean; the mean weight."""
    k, n, q = traits.shape
    y = traits.transpose(1, 0, 2).reshape(n, k * q)
    found = np.empty((3, n, k * q))
    rest = np.diag(np.diag(c))
    weights = []
    for held in range(fold.max() + 1):
        test, train = fold == held, fold != held
        if not test.any():
            continue
        best = [np.full(k * q, -np.inf), np.full(k * q, -np.inf)]
        guess = [np.zeros((test.sum(), k * q)) for _ in best]
        chosen = np.zeros(k * q)
        for by_tree in range(STEPS + 1):
            for by_space in range(STEPS + 1 - by_tree):
                of_rest = max(STEPS - by_tree - by_space, 1e-3 * STEPS)  # never quite none: the root exists
                mixed = (by_tree * c + by_space * kernel + of_rest * rest) / STEPS
                height, forecast = _forecast(mixed, y, train, test)
                for i in (0, 1) if by_space == 0 else (1,):
                    better = height > best[i]
                    best[i][better] = height[better]
                    guess[i][:, better] = forecast[:, better]
                    if i == 1:
                        chosen[better] = by_space / STEPS
        found[0, test], found[1, test] = (y[test] - guess[0]) ** 2, (y[test] - guess[1]) ** 2
        found[2, test] = (y[test] - y[train].mean(axis=0)) ** 2
        weights.append(chosen.reshape(k, q)[0].mean())
    return found.reshape(3, n, k, q).transpose(2, 0, 1, 3), float(np.mean(weights))


def _forecast(v: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray):
    """Profile log-likelihood `(k,)` in training, and the best linear forecast `(t, k)` with the mean by GLS."""
    root = np.linalg.cholesky(v[np.ix_(train, train)])
    both = np.linalg.solve(root, np.column_stack([np.ones(train.sum()), y[train], v[np.ix_(train, test)]]))
    one, white, cross = both[:, 0], both[:, 1 : 1 + y.shape[1]], both[:, 1 + y.shape[1] :]
    mean = one @ white / (one @ one)
    left = white - np.outer(one, mean)
    m = len(one)
    square = np.maximum((left**2).sum(axis=0), 1e-300)
    height = -0.5 * (m * np.log(square) + 2 * np.log(np.diag(root)).sum())
    return height, mean + cross.T @ left
