"""The direction of a space along which a trait runs, fitted without the species that is then placed on it."""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.shown import Shown
from embedlab.stats.tree.pruning import Pruned
from embedlab.stats.vectors import checked

FOLDS = 20  # parts into which more than 30 species are cut; up to 30 each is left out alone
ALONE = 30
# Penalties tried, in mean eigenvalues of the species' own kernel: from nearly least squares to the plain covariance.
PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
SURE = 1 - 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class FittedAxis(Shown):
    """How well species that were left out stand where their trait says, on a direction fitted to the others.

    `statistic` is Pearson's r between trait and `position` `(n,)`, in units of the trait with 0 the mean of all
    species; `interval` its 95 % jackknife over what was left out together, on Fisher's scale. `directions` `(n, d)`
    are those of each species' fold; `whole` `(d,)` is fitted to all species. `fold` `(n,)` says who was left out
    together.
    """

    statistic: float
    interval: tuple[float, float]
    position: np.ndarray
    directions: np.ndarray
    whole: np.ndarray
    fold: np.ndarray


def fitted_axis(x, trait, *, fold=None) -> FittedAxis:
    """Fit a direction to a trait by ridge regression on species vectors, and place each species without its own row.

    `x` `(n, d)` are species means, `trait` `(n,)` numbers, `fold` `(n,)` names who is left out together (default: each
    species alone, above 30 species in 20 parts). The penalty is chosen among the training species by generalised
    cross-validation (Golub, Heath & Wahba 1979). Positions are taken about the mean vector of all species, which
    knows nothing of the trait; about the training mean they would run against it by chance. Refused: NaN, fewer than
    8 species, a constant trait, fewer than 3 folds.

    >>> x = np.arange(8.0)[:, None] * [[3.0, 4.0]]
    >>> found = fitted_axis(x, np.arange(8.0))
    >>> round(found.statistic, 3), np.round(found.whole / np.linalg.norm(found.whole), 3).tolist()
    (1.0, [0.6, 0.8])
    """
    x, y = checked(x, least=8), checked(np.asarray(trait, float)[:, None], "trait", least=8)
    if len(x) != len(y):
        raise ValueError(f"{len(x)} species vectors but {len(y)} trait values: align them by name first")
    if not np.ptp(y) > 0:
        raise ValueError("the trait is the same in all species: nothing can go along with it")
    fold = folds(len(x)) if fold is None else np.unique(np.asarray(fold), return_inverse=True)[1]
    if len(fold) != len(x) or fold.max() < 2:
        raise ValueError(f"{fold.max() + 1} folds for {len(x)} species: at least 3, one name a species, are needed")
    centred = x - x.mean(axis=0)
    kernel = centred @ centred.T
    directions, position = np.empty_like(centred), np.empty(len(x))
    for part in range(fold.max() + 1):
        out = fold == part
        weight = _weights(kernel, y, ~out)[:, 0]
        directions[out] = weight @ centred[~out]
        position[out] = kernel[np.ix_(out, ~out)] @ weight
    whole = _weights(kernel, y, np.ones(len(x), bool))[:, 0] @ centred
    r = float(correlations(kernel, y, fold)[0])
    without = [_again(x[fold != part], y[fold != part], fold[fold != part]) for part in range(fold.max() + 1)]
    low, high = jackknife(np.arctanh(np.clip(without, -SURE, SURE)), float(np.arctanh(np.clip(r, -SURE, SURE))))
    return FittedAxis(r, (float(np.tanh(low)), float(np.tanh(high))), position, directions, whole, fold)


def correlations(kernel, traits, fold) -> np.ndarray:
    """Give r between each trait and the positions of species that were left out: `(b,)`, from −1 to 1.

    `kernel` `(n, n)` holds the inner products of centred species vectors, `traits` is `(n, b)`, `fold` `(n,)` numbers
    who is left out together. This is what the null of `fitted_axis` is made of: penalties are chosen anew for each. A
    trait whose positions do not differ has r = 0.
    """
    kernel, traits = np.asarray(kernel, float), np.asarray(traits, float)
    position = np.empty_like(traits)
    for part in range(int(np.max(fold)) + 1):
        out = fold == part
        if out.any():
            position[out] = kernel[np.ix_(out, ~out)] @ _weights(kernel, traits, ~out)
    a, b = position - position.mean(axis=0), traits - traits.mean(axis=0)
    size = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
    return np.divide((a * b).sum(axis=0), size, out=np.zeros(len(size)), where=size > 0)


def folds(n: int) -> np.ndarray:
    """Number who is left out together: each alone up to 30 species, above that in 20 parts that differ by one at most.

    >>> folds(3), np.bincount(folds(41)).max()
    (array([0, 1, 2]), np.int64(3))
    """
    return np.arange(n) if n <= ALONE else np.arange(n) % FOLDS


def turned_traits(trait, structure, lam: float, b: int, rng: np.random.Generator) -> np.ndarray:
    """Draw traits `(b, n)` whose contrasts between sister clades keep their sizes and take signs at random.

    A clade that evolved fast stays fast, which traits evolved anew do not grant. Errors: tips at distance zero where λ
    is 1.
    """
    walk = Pruned(structure)
    maker = walk.contrasts(np.eye(walk.n), walk.stretched(lam)[:, 0])[0]
    signs = rng.choice([-1.0, 1.0], (b, walk.n - 1))
    # Contrasts are the differences that a trait has, all of them: they give it back up to a constant.
    return (signs * (maker @ np.asarray(trait, float))) @ np.linalg.pinv(maker).T


def _weights(kernel: np.ndarray, traits: np.ndarray, train: np.ndarray) -> np.ndarray:
    """What each training species counts in the direction, one column a trait."""
    k = kernel[np.ix_(train, train)]
    k = k - k.mean(axis=0)
    k = k - k.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(k)
    values = np.maximum(values, 0.0)
    y = traits[train]
    z = vectors.T @ (y - y.mean(axis=0))
    scale = values.mean() or 1.0
    best, chosen = np.full(z.shape[1], np.inf), np.zeros_like(z)
    for penalty in PENALTIES:
        left = penalty * scale / (values + penalty * scale)
        freedom = left.sum() - 1  # the mean is free
        height = ((left[:, None] * z) ** 2).sum(axis=0) / max(freedom, 1e-12) ** 2
        better = height < best
        best[better] = height[better]
        chosen[:, better] = z[:, better] / (values + penalty * scale)[:, None]
    weights = vectors @ chosen
    return weights - weights.mean(axis=0)


def _again(x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> float:
    centred = x - x.mean(axis=0)
    return float(correlations(centred @ centred.T, y, np.unique(fold, return_inverse=True)[1])[0])
