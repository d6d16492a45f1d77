"""Who is whose neighbour: mutual nearest neighbours of two spaces, and hubs."""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.pairs.similarity import pair
from embedlab.stats.resample import p_value, permutations_of
from embedlab.stats.shown import Shown
from embedlab.stats.vectors import checked

BLOCK = 2**22  # entries of a block of distances
DENSE = 2**27  # pairs up to which "is a neighbour" stands as a table of bytes


@dataclass(frozen=True, eq=False, repr=False)
class MutualNeighbours(Shown):
    """Mean share of the k nearest neighbours that two spaces have in common, 0 to 1; `shares` `(n,)` row by row.

    `chance` is k / (n − 1), what two unrelated spaces share on average; `null` is what shuffled rows share.
    """

    statistic: float
    shares: np.ndarray
    chance: float
    p_value: float
    null: np.ndarray


def nearest_neighbours(x, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Give each row's `k` nearest other rows, nearest first: indices and Euclidean distances, both `(n, k)`.

    Of rows at the same distance the earlier comes first. Blockwise: no n × n matrix is made.

    >>> near, far = nearest_neighbours([[0.0], [1.0], [3.0]], 1)
    >>> near.ravel().tolist(), far.ravel().tolist()
    ([1, 0, 1], [1.0, 1.0, 2.0])
    """
    x = checked(x)
    n = len(x)
    if not 1 <= k < n:
        raise ValueError(f"k = {k} neighbours of {n} rows: k lies between 1 and {n - 1}")
    x = x - x.mean(axis=0)  # far from the origin differences of large squares lose their digits
    length = (x**2).sum(axis=1)
    near, far = np.empty((n, k), np.int64), np.empty((n, k))
    step = max(1, BLOCK // n)
    for start in range(0, n, step):
        rows = np.arange(start, min(start + step, n))
        d = length[rows, None] + length - 2.0 * x[rows] @ x.T
        d[np.arange(rows.size), rows] = np.inf
        some = np.argpartition(d, k - 1, axis=1)[:, :k]
        edge = np.take_along_axis(d, some, axis=1).max(axis=1)
        for i in np.flatnonzero((d <= edge[:, None]).sum(axis=1) > k):  # ties at the edge: the earlier rows
            some[i] = np.argsort(d[i], kind="stable")[:k]
        some.sort(axis=1)
        order = np.argsort(np.take_along_axis(d, some, axis=1), axis=1, kind="stable")
        near[rows] = np.take_along_axis(some, order, axis=1)
    # from differences of coordinates: near neighbours of long vectors would drown in rounding
    step = max(1, BLOCK // (k * x.shape[1]))
    for rows in (slice(i, i + step) for i in range(0, n, step)):
        far[rows] = np.sqrt(((x[near[rows]] - x[rows, None]) ** 2).sum(axis=2))
    return near, far


def mutual_knn(
    x, y, k: int = 10, *, permutations=999, strata=None, rng: np.random.Generator | None = None
) -> MutualNeighbours:
    """Mean share of each row's `k` nearest neighbours (Euclidean) that are its nearest in the other space too.

    `x` `(n, d)` and `y` `(n, e)` show the same things in the same order: 1 when all neighbours are the same, chance
    k / (n − 1) (Klabunde et al. 2023; "mutual k-NN" of Huh et al. 2024). Depends on k and n: report both. The rows of
    `y` are shuffled for the null, within `strata` `(n,)` where given: then the null keeps what the strata alone bring
    about. Rows of species that share a tree are not exchangeable: see `evolved_anew`. Unchanged by rotation, shift
    and scale of either side.

    >>> x = np.array([[0.0], [1.0], [5.0], [6.5]])
    >>> mutual_knn(x, -3 * x, 1, permutations=[[0, 1, 2, 3]]).statistic
    1.0
    """
    x, y = pair(x, y)
    a, b = nearest_neighbours(x, k)[0], nearest_neighbours(y, k)[0]
    orders = permutations_of(len(x), permutations, rng, strata=strata)
    shares = shared(a, b)
    null = shared_when_shuffled(a, b, orders)
    value = float(shares.mean())
    return MutualNeighbours(value, shares, k / (len(x) - 1), p_value(value, null), null)


def shared(a, b) -> np.ndarray:
    """Share of each row's neighbours that stand in both tables `(n, k)` of indices: `(n,)`.

    >>> shared([[1, 2], [0, 2]], [[2, 3], [3, 4]]).tolist()
    [0.5, 0.0]
    """
    a, b = np.asarray(a), np.asarray(b)
    return (a[:, :, None] == b[:, None, :]).any(axis=2).mean(axis=1)


def shared_when_shuffled(a, b, orders) -> np.ndarray:
    """Mean share of neighbours in common when the rows of the second space are permuted by each of `orders` `(b, n)`.

    `orders[j][i]` is the row of the second space that takes place i; its neighbours move along.
    """
    a, b, orders = np.asarray(a), np.asarray(b), np.asarray(orders)
    n = len(a)
    if n * n <= DENSE:
        table = np.zeros((n, n), bool)
        table[np.arange(n)[:, None], b] = True
        return np.array([table[t[:, None], t[a]].mean() for t in orders])
    pairs = np.sort((np.arange(n)[:, None] * n + b).ravel())
    found = np.empty(len(orders))
    for j, t in enumerate(orders):
        asked = (t[:, None] * n + t[a]).ravel()
        at = np.minimum(np.searchsorted(pairs, asked), pairs.size - 1)
        found[j] = (pairs[at] == asked).mean()
    return found


def hubness(near, n: int | None = None) -> float:
    """Skewness of how often each row is among the neighbours `near` `(n, k)` of others; 0 is none.

    Above 1 or so a few hubs are everybody's neighbour, which spoils retrieval (Radovanović et al. 2010). It grows with
    dimension in any cloud: read it beside that of Gaussian rows with the same spectrum. nan where all rows are
    neighbours equally often.

    >>> round(hubness([[1], [0], [0], [0]]), 6)
    0.816497
    """
    near = np.asarray(near)
    n = n or len(near)
    if near.dtype.kind not in "iu" or not near.size or near.min() < 0 or near.max() >= n:
        raise ValueError(f"neighbours must be whole numbers from 0 to {n - 1}; saw {near.ravel()[:5]} of {near.dtype}")
    often = np.bincount(near.ravel(), minlength=n).astype(float)
    often -= often.mean()
    spread = np.sqrt((often**2).mean())
    return float((often**3).mean() / spread**3) if spread > 0 else np.nan
