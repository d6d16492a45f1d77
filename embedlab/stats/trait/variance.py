"""What is a trait's own in a space, what it shares with descent, and at which rank of taxonomy it stands."""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.resample import p_value
from embedlab.stats.shown import Shown
from embedlab.stats.trait.alignment import Problem
from embedlab.stats.trait.regression import whitened
from embedlab.stats.tree.evolution import phylogenetic_axes
from embedlab.stats.vectors import checked_kinds


@dataclass(frozen=True, eq=False, repr=False)
class Partition(Shown):
    """Adjusted shares of the variance of species vectors: `trait` alone, `shared`, `descent` alone, the `rest`.

    They add up to 1. A share can be a little below 0, which is 0; `shared` can be well below it, where the two explain
    more together than apart. `axes` phylogenetic eigenvectors stand for descent.
    """

    trait: float
    shared: float
    descent: float
    rest: float
    axes: int


def partition(x, trait, covariance, *, axes: int | None = None) -> Partition:
    """Divide the variance of species vectors `(n, d)` between a trait and descent (Desdevises et al. 2003).

    By adjusted R² of ordinary regressions on the trait, on phylogenetic eigenvectors, and on both (Peres-Neto et al.
    2006). `axes` of them are taken, the deepest splits first; by default those whose eigenvalue is above the mean, a
    third of the species at most. It describes; the test is `aligned_beyond_phylogeny`, because some descent always
    escapes a few eigenvectors, and then counts as the trait's own. Errors as there; `axes` out of range.

    >>> clade, trait = np.repeat([0.0, 1.0], 4), np.tile([0.0, 0.0, 1.0, 1.0], 2)
    >>> tree = np.equal.outer(clade, clade) + np.eye(8)
    >>> found = partition(np.c_[clade, trait], trait, tree, axes=1)  # each explains half, both together all
    >>> [round(v, 6) for v in (found.trait, found.shared, found.descent, abs(found.rest))]  # 7/12, −1/6, 7/12
    [0.583333, -0.166667, 0.583333, 0.0]
    """
    problem = Problem.of(x, trait, covariance)
    n = len(problem.columns)
    all_axes = phylogenetic_axes(problem.covariance)
    if axes is None:
        size = np.einsum("ij,ik,kj->j", all_axes, problem.covariance, all_axes, optimize=True)
        axes = int(np.clip((size > size.mean()).sum(), 1, n // 3))
    if not 1 <= axes <= n - problem.columns.shape[1] - 2:
        beside = problem.columns.shape[1]
        raise ValueError(f"{axes} phylogenetic eigenvectors beside {beside} columns for {n} species: take fewer axes")
    chosen = all_axes[:, :axes]
    of_trait, of_descent, of_both = (
        _adjusted(problem.x, columns) for columns in (problem.columns, chosen, np.hstack([problem.columns, chosen]))
    )
    return Partition(
        of_both - of_descent, of_trait + of_descent - of_both, of_both - of_trait, 1 - of_both, axes
    )  # fmt: skip


def _adjusted(x: np.ndarray, columns: np.ndarray) -> float:
    columns = columns - columns.mean(axis=0)
    u, s, _ = np.linalg.svd(columns / np.linalg.norm(columns, axis=0), full_matrices=False)
    q = u[:, s > 1e-10 * s[0]]  # a trait that is a split of the tree adds no dimension to it
    n, p = q.shape
    left = 1 - ((q.T @ x) ** 2).sum() / (x**2).sum()
    return float(1 - left * (n - 1) / (n - 1 - p))


@dataclass(frozen=True, eq=False, repr=False)
class RankShare(Shown):
    """Alignment at one rank of taxonomy: among the taxa of `rank`, within those of the rank above.

    `free` is how many independent contrasts the rank has, `weight` its part of what sets species apart beyond
    descent, `share` the adjusted R² of the trait there, `null` `(b,)` what directions without meaning give.
    """

    rank: str
    free: int
    weight: float
    share: float
    p_value: float
    null: np.ndarray


def by_rank(x, trait, covariance, taxa, *, lam: float | str = "ml", permutations: int = 999,
            rng: np.random.Generator) -> list[RankShare]:  # fmt: skip
    """Divide an alignment among ranks of taxonomy: between families, genera within families, species within genera.

    `taxa` maps a rank to the taxon of each species `(n,)`, coarse to fine; "species" is added below. After whitening
    at λ the contrasts of a rank are those that its taxa add to those of the ranks above, so that the ranks are
    independent and their explained sums of squares add up to the whole. Chance: directions drawn evenly in the space
    of the rank's contrasts (a rotation test, Langsrud 2005; exact for traits that evolved by Gaussian models, near
    enough for kinds). A rank with fewer than p + 2 contrasts is left out. Errors as in `aligned_beyond_phylogeny`;
    taxa that are not nested in those above.

    >>> x = np.array([0.0, 3.0, 1.0, 2.0, 5.0, 1.0, 3.0, 0.0])
    >>> found = by_rank(x[:, None], x, np.eye(8), {"genus": list("aabbccdd")}, lam=0.0, permutations=9,
    ...                 rng=np.random.default_rng(0))
    >>> [(r.rank, r.free, round(r.share, 9)) for r in found]  # the space is the trait
    [('genus', 3, 1.0), ('species', 4, 1.0)]
    """
    problem = Problem.of(x, trait, covariance)
    n, p = problem.columns.shape
    chosen = float(problem.lam(lam, problem.columns[None])[0])
    wx, wy, basis = whitened(problem.white, chosen, problem.x, problem.columns, problem.base)
    above = np.linalg.qr(basis)[0]
    total = ((wx - above @ (above.T @ wx)) ** 2).sum()
    found, parents = [], np.zeros(n, int)
    for rank, names in (*taxa.items(), ("species", np.arange(n))):
        codes = np.unique(checked_kinds(names, n, rank).astype(str), return_inverse=True)[1]
        if len(set(zip(codes.tolist(), parents.tolist(), strict=True))) > codes.max() + 1:
            raise ValueError(f"a {rank} stands in more than one taxon of the rank above: taxa must be nested")
        parents = codes
        member = (codes[:, None] == np.arange(codes.max() + 1)).astype(float)
        if rank == "species":
            member = np.eye(n)
        white = whitened(problem.white, chosen, member)[0]
        left = white - above @ (above.T @ white)
        u, s, _ = np.linalg.svd(left, full_matrices=False)
        own = u[:, s > 1e-9 * np.linalg.norm(white)]  # of their own size: a rank that adds nothing leaves dust
        above = np.hstack([above, own])
        free = own.shape[1]
        if free < p + 2:
            continue
        vectors, trait_there = own.T @ wx, own.T @ wy
        size = (vectors**2).sum()
        share = _rank_share(vectors, trait_there[None], size)
        null = _rank_share(vectors, rng.standard_normal((int(permutations), free, p)), size)
        found.append(
            RankShare(rank, free, float(size / total), float(share[0]), p_value(float(share[0]), null), null)
        )  # fmt: skip
    return found


def _rank_share(vectors: np.ndarray, traits: np.ndarray, size: float) -> np.ndarray:
    free, p = traits.shape[1:]
    q = np.linalg.qr(traits)[0]
    explained = (np.matmul(q.transpose(0, 2, 1), vectors) ** 2).sum(axis=(1, 2))
    return 1 - (1 - explained / size) * free / (free - p)
