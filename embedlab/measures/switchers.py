"""Species of one genus that live apart: pairs that share no branch, and whether a probe puts them in order."""

import numpy as np
from scipy import stats as sps

from embedlab.claims import Evidence
from embedlab.measures.trait_join import Joined

LEAST_PAIRS = 5  # four that all agree come about by chance with p = .0625


def pairs_apart(j: Joined, is_b) -> list[tuple[int, int]]:
    """Nearest relatives within a genus that live apart, the nearest first, no branch of the tree between two pairs.

    Pairs that shared a branch would have evolved together, and each would not be a toss of its own.
    """
    height = np.diag(j.covariance)
    far = height[:, None] + height - 2 * j.covariance
    genus = np.array([name.split()[0] for name in j.names])
    every = sorted(
        (round(float(far[a, b]), 9), j.names[a], int(a), int(b))
        for a in np.flatnonzero(~is_b) for b in np.flatnonzero(is_b) if genus[a] == genus[b]
    )  # fmt: skip
    tree, used, found = j.structures[0], set(), []
    for *_, a, b in every:
        way = _up(tree, a) ^ _up(tree, b)  # from both to where they meet
        if not way & used:
            used |= way
            found.append((a, b))
    return found


def _up(tree, species: int) -> set[int]:
    node, seen = int(tree.tips[species]), set()
    while node > 0:
        seen.add(node)
        node = int(tree.parent[node])
    return seen


def order_of_pairs(told: np.ndarray, kinds) -> Evidence:
    """Give the evidence that a probe puts pairs in order, from `told` `(m,)`, whether it does for each.

    Exact: pairs share no branch, so that each is a toss of its own coin where nothing is told.
    """
    m, k = len(told), int(told.sum())
    share = k / m if m else np.nan
    low = sps.beta.ppf(0.025, k, m - k + 1) if k else 0.0
    high = sps.beta.ppf(0.975, k + 1, m - k) if k < m else 1.0
    null = np.repeat(np.arange(m + 1) / max(m, 1), np.round(999 * sps.binom.pmf(np.arange(m + 1), m, 0.5)).astype(int))
    cannot = f"{m} pairs that switch within a genus: at least {LEAST_PAIRS} are needed" if m < LEAST_PAIRS else ""
    return Evidence(
        statistic=f"pairs of one genus, one of {kinds[1]}, that the probe orders", estimate=share,
        interval=(float(low), float(high)) if m else (np.nan, np.nan), null=null if m else np.zeros(0),
        chance_kind="a coin for each pair", p_more=float(sps.binom.sf(k - 1, m, 0.5)) if m else 1.0,
        p_less=float(sps.binom.cdf(k, m, 0.5)) if m else 1.0, p_floor=0.5**m, n=m, n_effective=float(m),
        unit="pairs", cannot_tell=cannot,
    )  # fmt: skip
