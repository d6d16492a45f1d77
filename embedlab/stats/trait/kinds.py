"""Kinds that evolve on a tree: a hidden trait cut at thresholds, and states that jump (Mk)."""

import numpy as np

LEAST = 3  # species of each kind that a simulated trait must have too
TRIES = 200  # draws made for each one wanted before it is given up


def columns_of(codes: np.ndarray, kinds: int) -> np.ndarray:
    """Give 0/1 columns without the first kind for codes `(b, n)`: `(b, n, kinds - 1)`."""
    return (codes[:, :, None] == np.arange(1, kinds)).astype(float)


def by_thresholds(liabilities: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut hidden traits `(b, n, k)`, one for each kind, each kind as frequent as in `codes` `(n,)`: `(b, n)`.

    Kinds choose in random order: each takes, of the species still free, those highest on its own hidden trait; the
    last takes the rest. With two kinds this is the threshold model (Wright 1934; Felsenstein 2005).
    """
    b, n, k = liabilities.shape
    counts = np.bincount(codes, minlength=k)
    order = rng.permuted(np.tile(np.arange(k), (b, 1)), axis=1)
    found = np.empty((b, n), np.int64)
    for i in range(b):
        free = np.arange(n)
        for kind in order[i, :-1]:
            rank = np.argsort(-liabilities[i, free, kind], kind="stable")
            found[i, free[rank[: counts[kind]]]] = kind
            free = np.sort(free[rank[counts[kind] :]])
        found[i, free] = order[i, -1]
    return found


def mk_rate(codes: np.ndarray, structure) -> float:
    """Rate of change per unit of branch length, equal between all kinds, by maximum likelihood (Mk: Lewis 2001).

    `codes` `(n,)` are the kinds 0, 1, …, `structure` a tree as plain arrays. Between 1 change in 50 tree depths and
    50 in one. All kinds are as likely at the root. Agrees with a sum over all histories to rounding.
    """
    parent, length, tips = structure.parent, structure.length, structure.tips
    k, depth = int(codes.max()) + 1, _depth(parent, length)[tips].mean()
    rates = np.geomspace(0.02, 50, 81) / depth
    return float(rates[np.argmax(_mk_heights(codes, structure, k, rates))])


def _mk_heights(codes, structure, k: int, rates: np.ndarray) -> np.ndarray:
    parent, length = np.asarray(structure.parent), np.asarray(structure.length)
    likelihood = np.ones((len(parent), len(rates), k))
    likelihood[structure.tips] = 0.0
    likelihood[structure.tips, :, codes] = 1.0
    height = np.zeros(len(rates))
    for node in range(len(parent) - 1, 0, -1):
        here = likelihood[node]
        most = here.max(axis=1, keepdims=True)
        height += np.log(most[:, 0])
        here = here / most
        stays = np.exp(-rates * length[node] * k / (k - 1))[:, None]
        likelihood[parent[node]] *= stays * here + (1 - stays) * here.mean(axis=1, keepdims=True)
    return height + np.log(likelihood[0].mean(axis=1))


def mk_draws(codes: np.ndarray, structure, b: int, rng: np.random.Generator) -> np.ndarray:
    """Let kinds evolve anew at the fitted rate, `(b, n)`; draws in which a kind is too rare are drawn again.

    Each kind must have 3 species, or as many as it has in `codes` where that is fewer. Refused where hardly any
    draw does.
    """
    parent, length = np.asarray(structure.parent), np.asarray(structure.length)
    k = int(codes.max()) + 1
    stays = np.exp(-mk_rate(codes, structure) * length * k / (k - 1))
    least = np.minimum(np.bincount(codes, minlength=k), LEAST).min()
    kept, drawn = [], 0
    while sum(map(len, kept)) < b:
        if drawn >= TRIES * b:
            raise ValueError(
                f"at the fitted rate hardly any trait on this tree has all {k} kinds in {least} species each: "
                "use null='bm', which keeps the counts of kinds"
            )
        state = np.empty((len(parent), b), np.int64)
        state[0] = rng.integers(k, size=b)
        jumps = rng.random((len(parent), b)) >= stays[:, None]
        fresh = rng.integers(k, size=(len(parent), b))
        for node in range(1, len(parent)):
            state[node] = np.where(jumps[node], fresh[node], state[parent[node]])
        tips = state[structure.tips].T
        enough = (columns_of(tips, k).sum(axis=1) >= least).all(axis=1)
        enough &= (tips == 0).sum(axis=1) >= least
        kept.append(tips[enough])
        drawn += b
    return np.concatenate(kept)[:b]


def _depth(parent: np.ndarray, length: np.ndarray) -> np.ndarray:
    depth = np.zeros(len(parent))
    for node in range(1, len(parent)):
        depth[node] = depth[parent[node]] + length[node]
    return depth
