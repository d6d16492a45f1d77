"""Of three species, which one stands apart? A tree and a space answer, and chance agrees once in three."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.pairs.distances import checked_distances
from embedlab.stats.resample import p_value, permutations_of
from embedlab.stats.shown import Shown
from embedlab.stats.tree.pruning import Pruned, is_structure
from embedlab.stats.tree.relatedness import checked_covariance

MOST = 50_000  # triplets looked at: all of them up to 67 species, beyond that so many at random
DEPTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, eq=False, repr=False)
class TripletAgreement(Shown):
    """Share of triplets in which the space sets the same species apart as the tree, from 0 to 1, chance 1/3.

    `statistic` over all triplets, `by_depth` `(q,)` over those whose three species meet at a height between `edges`
    `(q + 1,)` (0 the tips, 1 the root), `counts` `(q,)` how many these are. `null` `(b,)` and `null_by_depth` `(b, q)`
    have the tips shuffled; intervals are jackknives over species, cut at 0 and 1, and `without` `(n,)` is the statistic
    without each species in turn. `unresolved` triplets, in which the tree does not say who stands apart, do not count.
    """

    statistic: float
    interval: tuple[float, float]
    p_value: float
    p_less: float
    null: np.ndarray
    edges: np.ndarray
    by_depth: np.ndarray
    low: np.ndarray
    high: np.ndarray
    null_by_depth: np.ndarray
    counts: np.ndarray
    unresolved: int
    drawn: bool
    without: np.ndarray

    @property
    def distance(self) -> float:
        """Share of triplets in which the two disagree: the triplet distance, where the space is a tree's distances."""
        return 1 - self.statistic


def resolved_triplets(
    covariance, *, upto: float = 1.0, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray, int, bool]:
    """Triplets `(m, 3)` of which the tree says that the first two are nearest kin, and the height where all three meet.

    Kin by the tree as rooted: the pair with the longest path in common, whatever the tips' own lengths. Heights
    `(m,)` run from 0 at the tips to 1 at the root; those above `upto` are left out. Also how many triplets the tree
    leaves open (polytomies), and whether they were drawn at random, each alike, because there are more than 50,000.

    >>> c = np.array([[3.0, 2, 0], [2, 3, 0], [0, 0, 3]])
    >>> resolved_triplets(c)[:2]
    (array([[0, 1, 2]]), array([1.]))
    """
    c = checked_covariance(covariance, len(covariance))
    top = np.diag(c).max()
    # Species that meet below a height fall into groups, so that triplets within them can be drawn without others.
    near = c >= (1 - upto - 1e-12) * top
    clusters = [g for g in _groups(near) if len(g) > 2]
    many = np.array([len(g) * (len(g) - 1) * (len(g) - 2) // 6 for g in clusters], float)
    drawn = bool(many.sum() > MOST)
    if drawn:
        if rng is None:
            raise TypeError(f"{int(many.sum()):,} triplets are drawn from: pass rng=np.random.default_rng(seed)")
        times = rng.multinomial(MOST, many / many.sum())
        picked = np.concatenate([g[_threes(len(g), t, rng)] for g, t in zip(clusters, times, strict=True)])
    else:
        picked = np.concatenate([np.array(list(combinations(g, 3))) for g in clusters] or [np.zeros((0, 3), int)])
    i, j, k = picked.T
    shared = np.stack([c[i, j], c[i, k], c[j, k]], axis=1)
    nearest = shared.argmax(axis=1)
    ranked = np.sort(shared, axis=1)
    clear = ranked[:, 2] - ranked[:, 1] > 1e-9 * c.max()
    order = np.array([[0, 1, 2], [0, 2, 1], [1, 2, 0]])[nearest]
    found = np.take_along_axis(np.stack([i, j, k], axis=1), order, axis=1)[clear]
    return found, 1 - ranked[clear, 0] / top, int((~clear).sum()), drawn


def _groups(near: np.ndarray) -> list[np.ndarray]:
    """Rows that are near one another: the relation is one of groups, so a row's own neighbours are its group."""
    left, found = np.ones(len(near), bool), []
    for i in range(len(near)):
        if left[i]:
            group = np.flatnonzero(near[i] & left)
            left[group] = left[i] = False
            found.append(group)
    return found


def _threes(n: int, times: int, rng: np.random.Generator) -> np.ndarray:
    """Three different numbers below n, `times` over: `(times, 3)`."""
    a, b, c = (rng.integers(0, n - k, times) for k in range(3))
    b = b + (b >= a)
    low, high = np.minimum(a, b), np.maximum(a, b)
    c = c + (c >= low)
    return np.stack([a, b, c + (c >= high)], axis=1)


def triplet_agreement(distances, covariance, *, permutations=999, edges=DEPTHS, upto: float = 1.0,
                      rng: np.random.Generator | None = None) -> TripletAgreement:  # fmt: skip
    """Ask of each triplet of species whether the nearest pair in the space `(n, n)` is the nearest kin on the tree.

    Needs no branch lengths beyond their order, nor the same scale in space and tree; more robust than Robinson and
    Foulds' distance, which one wandering species can bring to its end. Pairs that tie in the space count by halves
    and thirds. `upto` leaves out triplets that meet above that height: the branchings of the past are often told by
    gross differences, the recent ones are not. Chance: tips shuffled over the tree, right for the null that the space
    knows nothing of descent; triplets share species, so counting them as independent would not be. `covariance` is
    `(n, n)` or a structure. Fewer than 5 species, and trees that resolve no triplet, are refused.

    >>> c = np.minimum.outer(np.arange(5.0), np.arange(5.0)) + np.eye(5)  # a comb
    >>> far = np.where(np.eye(5) > 0, 0.0, 5 - c)  # near where kin
    >>> found = triplet_agreement(far, c, permutations=[[4, 3, 2, 1, 0]])  # the null: the comb turned round
    >>> found.statistic, found.null
    (1.0, array([0.]))
    """
    d = checked_distances(distances, "distances")
    n = len(d)
    c = Pruned(covariance).covariance() if is_structure(covariance) else np.asarray(covariance, float)
    if c.shape != d.shape:
        raise ValueError(f"distances of {n} species, a covariance of shape {c.shape}: give the same, in one order")
    if n < 5:
        raise ValueError(f"{n} species are too few for triplets with an interval: at least 5")
    triplets, height, unresolved, drawn = resolved_triplets(c, upto=upto, rng=rng)
    if not len(triplets):
        where = f" that meets below {upto:g} of its height" if upto < 1 else ""
        raise ValueError(f"the tree resolves no triplet{where}: which of three stands apart is not known")
    edges = np.asarray(edges, float)
    depth = np.clip(np.searchsorted(edges, height, side="left") - 1, 0, len(edges) - 2)
    q = len(edges) - 1
    counts = np.bincount(depth, minlength=q)
    slack = 1e-12 * d.max()

    def means(credit):
        with np.errstate(invalid="ignore"):
            return credit.mean(), np.bincount(depth, credit, minlength=q) / counts

    own = _credit(d, triplets, slack)
    value, by_depth = means(own)
    orders = permutations_of(n, permutations, rng)
    shuffled = [means(_credit(d, t[triplets], slack)) for t in orders]
    null = np.array([s[0] for s in shuffled])
    without, without_at = _without_each(own, triplets, depth, n, q)
    share = (0.0, 1.0)
    each = [jackknife(without_at[:, k], by_depth[k], within=share) if counts[k] else (np.nan, np.nan) for k in range(q)]
    low, high = np.array(each).T
    return TripletAgreement(
        statistic=float(value), interval=jackknife(without, value, within=share), p_value=p_value(value, null),
        p_less=p_value(value, null, more=False), null=null, edges=edges, by_depth=by_depth, low=low, high=high,
        null_by_depth=np.array([s[1] for s in shuffled]), counts=counts, unresolved=unresolved, drawn=drawn,
        without=without,
    )  # fmt: skip


def _credit(d: np.ndarray, triplets: np.ndarray, slack: float) -> np.ndarray:
    """1 where the first two are nearest, 0 where not, and a share of 1 where they tie for it."""
    a, b, c = triplets.T
    kin, one, other = d[a, b], d[a, c], d[b, c]
    least = np.minimum(np.minimum(kin, one), other) + slack
    nearest = kin <= least
    tied = nearest.astype(int) + (one <= least) + (other <= least)
    return nearest / tied


def _without_each(credit, triplets, depth, n, q):
    """The shares without each species in turn: over all triplets `(n,)`, and at each depth `(n, q)`."""
    place = (triplets * q + depth[:, None]).ravel()
    hit = np.bincount(place, np.repeat(credit, 3), minlength=n * q).reshape(n, q)
    count = np.bincount(place, minlength=n * q).reshape(n, q)
    total, size = np.bincount(depth, credit, minlength=q), np.bincount(depth, minlength=q)
    with np.errstate(invalid="ignore", divide="ignore"):
        at = (total - hit) / (size - count)
        return (total.sum() - hit.sum(axis=1)) / (size.sum() - count.sum(axis=1)), at
