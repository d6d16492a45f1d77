"""In which other orders could the runs of a series stand?"""

import itertools
import math

import numpy as np

ENUMERATE = 20_000  # orders of the runs up to which all of them are tried


def orders_of_runs(at: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Distinct ways to deal runs at scales `at` `(m,)` to those scales, `(b, m)` indices, and whether these are all.

    All of them, the observed one included, where there are at most 20,000; otherwise 9,999 at random.

    >>> orders_of_runs(np.array([1.0, 1.0, 2.0]), np.random.default_rng(0))[0].tolist()
    [[0, 1, 2], [0, 2, 1], [2, 0, 1]]
    """
    m = len(at)
    _, counts = np.unique(at, return_counts=True)
    total = math.factorial(m)
    for c in counts:
        total //= math.factorial(int(c))
    if total > ENUMERATE:
        return rng.permuted(np.broadcast_to(np.arange(m), (9999, m)), axis=1), False
    places = [np.flatnonzero(at == v) for v in np.unique(at)]
    found = []

    def deal(left: tuple[int, ...], group: int, order: np.ndarray):
        if group == len(places):
            found.append(order.copy())
            return
        for chosen in itertools.combinations(left, len(places[group])):
            order[list(chosen)] = places[group]
            deal(tuple(i for i in left if i not in chosen), group + 1, order)

    deal(tuple(range(m)), 0, np.empty(m, int))
    return np.array(found), True


def share_as_extreme(values, observed: float, more: bool = True) -> float:
    """Share of all arrangements, the observed one included, that are as large (or as small), ties counted.

    >>> share_as_extreme([1.0, 2.0, 3.0, 3.0], 3.0)
    0.5
    """
    values = np.asarray(values, float)
    slack = 1e-9 * max(np.abs(values).max(), 1e-300)
    return float(np.mean(values >= observed - slack if more else values <= observed + slack))
