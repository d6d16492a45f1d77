"""Does a trait go along with an embedding beyond what common descent alone would give?"""

from dataclasses import dataclass

import numpy as np

from embedlab.stats.bootstrap import jackknife
from embedlab.stats.resample import p_value, permutations_of, shuffles_within
from embedlab.stats.shown import Shown
from embedlab.stats.trait.alignment_nulls import NULLS, drawn_traits
from embedlab.stats.trait.descent import Descent, reduced
from embedlab.stats.trait.regression import Regression, whitened
from embedlab.stats.tree.pruning import Pruned, is_structure
from embedlab.stats.tree.relatedness import Whitening, checked_covariance
from embedlab.stats.vectors import checked, checked_kinds

LEVEL = 0.05
MOST_DENSE = 3_000  # species above which no n × n decomposition is made


@dataclass(frozen=True, eq=False, repr=False)
class Alignment(Shown):
    """Share of what sets species apart, beyond descent, that goes along with a trait.

    `statistic` is the adjusted R² (chance 0, at most 1), `null` `(b,)` what it is where nothing is,
    `interval` a 95 % jackknife over species, cut at 1 (covers 94 to 98 %, measured), `pseudo` `(n,)` its pseudo-values,
    whose mean is the estimate. `axis` `(n,)` is each species' position along the trait direction fitted without its own
    row, and `directions` `(n, d)` are those directions, of length 1. `lam` is the λ at which species were made
    unrelated. `warning` says why the p-value must not be believed, where it must not.
    """

    statistic: float
    r_squared: float
    p_value: float
    null: np.ndarray
    interval: tuple[float, float]
    lam: float
    axis: np.ndarray
    directions: np.ndarray
    pseudo: np.ndarray
    warning: str = ""


def design(trait) -> np.ndarray:
    """Turn a trait into predictor columns `(n, p)`: numbers stand as they are, kinds become 0/1 without the first.

    An ordered trait is given as numbers, its scores: 1, 2, 3 are equal steps, and that is an assumption.

    >>> design(np.array(["forest", "desert", "forest"]))
    array([[1.],
           [0.],
           [1.]])
    """
    trait = np.asarray(trait)
    if trait.dtype.kind in "fiub":
        trait = trait.astype(float)
        return trait[:, None] if trait.ndim == 1 else trait
    trait = checked_kinds(trait, len(trait), "trait")  # text of a missing value would be a kind
    kinds = np.unique(trait.astype(str))
    return (trait.astype(str)[:, None] == kinds[None, 1:]).astype(float)


@dataclass(frozen=True, eq=False, repr=False)
class Problem(Shown):
    """Checked vectors, trait and reduced model on one tree: what every statistic of alignment starts from.

    `x` `(n, r)` are the vectors rotated into the dimensions they differ in by `turn` `(r, d)`, `columns` `(n, p)`
    the trait, `codes` `(n,)` its kinds or None, `base` `(n, m)` the reduced model, ones first.
    """

    x: np.ndarray
    turn: np.ndarray
    columns: np.ndarray
    codes: np.ndarray | None
    base: np.ndarray
    covariance: np.ndarray
    structure: object
    white: Whitening
    descent: Descent

    @classmethod
    def of(cls, x, trait, covariance, covariates=None) -> "Problem":
        """Check and rotate; what has no answer is refused here."""
        columns = design(trait)
        if (np.ptp(columns, axis=0) == 0).any() or columns.shape[1] == 0:
            raise ValueError("the trait is the same in all species: nothing can go along with it")
        x, y = checked(x, least=8), checked(columns, "trait", least=8)
        n = x.shape[0]
        if y.shape[0] != n:
            raise ValueError(f"{n} species vectors but {y.shape[0]} trait values: align them by name first")
        extra = np.zeros((n, 0)) if covariates is None else checked(covariates, "covariates", least=8)
        if extra.shape[0] != n:
            raise ValueError(f"{n} species vectors but {extra.shape[0]} rows of covariates: align them by name first")
        if y.shape[1] + extra.shape[1] + 2 >= n:
            raise ValueError(f"{y.shape[1] + extra.shape[1]} predictors for {n} species: too many; merge rare kinds")
        trait = np.asarray(trait)
        codes = None if trait.dtype.kind in "fiub" else np.unique(trait.astype(str), return_inverse=True)[1]
        structure = covariance if is_structure(covariance) else None
        if structure is not None and len(structure.tips) > MOST_DENSE:
            raise ValueError(
                f"{len(structure.tips):,} species: alignment holds an n × n matrix and takes {MOST_DENSE:,} at most; "
                "take one species a genus, or ask it of one clade at a time"
            )
        c = checked_covariance(Pruned(structure).covariance() if structure is not None else covariance, n)
        white = Whitening(c)
        base = np.column_stack([np.ones(n), _scaled(extra)])
        if np.linalg.matrix_rank(base) < base.shape[1]:
            raise ValueError("the covariates are linearly dependent, or one of them is the same in all species")
        x, turn = reduced(x)
        return cls(x, turn, y, codes, base, c, structure, white, Descent(x, base, white))

    def lam(self, rule: float | str, traits: np.ndarray) -> np.ndarray:
        """λ `(k,)` of traits `(k, n, p)` by the rule: `"ml"`, `"full"`, or a number that all take."""
        if isinstance(rule, str):
            if rule not in ("ml", "full"):
                raise ValueError(f"lam={rule!r} is not known: use 'ml', 'full' or a number from 0 to 1")
            return self.descent.lambdas(traits, "trait" if rule == "ml" else "full")
        if not 0 <= rule <= 1:
            raise ValueError(f"lam={rule!r} is not known: use 'ml', 'full' or a number from 0 to 1")
        if self.white.singular(float(rule)):
            raise ValueError(
                f"the tree covariance is singular at λ = {rule:g}: tips at distance zero; drop one of each such pair"
            )
        return np.full(len(traits), float(rule))

    def regression(self, columns: np.ndarray, lam: float) -> Regression:
        """The regression of the vectors on these columns at λ."""
        return Regression(*whitened(self.white, lam, self.x, columns, self.base))


def aligned_beyond_phylogeny(
    x, trait, covariance, *, null: str = "rrpp", permutations=999, covariates=None, clades=None,
    lam: float | str = "ml", rng: np.random.Generator | None = None,
) -> Alignment:  # fmt: skip
    """Test whether species vectors go along with a trait, with descent taken out.

    `x` `(n, d)` are species means, `trait` `(n,)` or `(n, p)` numbers, or `(n,)` kinds, `covariance` the `(n, n)`
    tree covariance or `Tree.structure(names)`, `covariates` `(n, q)` numbers that stand in the reduced model. Species
    are made unrelated at λ and the embedding is regressed on the trait; the statistic is the adjusted R². `lam` is
    `"ml"`, the λ of the trait given the covariates; `"full"`, that of what covariates and trait leave of the
    embedding; or a number from 0 to 1. The first is conservative where the trait hardly follows the tree or the vectors
    hold noise. The second needs `null="lambda"`: permuted residuals then reject 10 to 22 % where the trait, or some
    axes, have another λ (measured; `warning` says so).

    This is half of what `embedlab.trait_alignment` does. There the defaults are `lam="full", null="lambda"` (3 to 6 %
    of empty worlds whose clades evolve alike, and far more seen under noise of images), and a claim must also pass
    `contrasts_turned`, which lets clades evolve at rates of their own: alone, that default rejects 28 to 58 % of empty
    worlds where one clade was faster in vectors and trait (docs/measures.md).

    | `null` | what is drawn |
    |---|---|
    | `rrpp` | whitened residuals of the reduced model, permuted (Adams & Collyer 2018) |
    | `within_clade` | the same, within each of the `clades` `(n,)` only: nothing is credited to differences between |
    | `bm`, `ou`, `lambda` | the trait, evolved anew under the fitted model, λ refitted; kinds cut from hidden traits |
    | `mk` | kinds that jump along the tree at the fitted rate (needs `Tree.structure`) |
    | `phylo_perm` | the trait, swapped among species, seldom between distant ones (Lapointe & Garland 2001) |
    | `msr` | the trait, its spectrum on the tree's eigenvectors kept (Wagner & Dray 2015) |
    | `free` | species as if unrelated, λ = 0: rejects true nulls far too often; `warning` says so |

    `permutations` is a count, or a `(b, n)` array of orders for `rrpp`, `within_clade`, `free` and `phylo_perm`.
    Errors: fewer than 8 species, NaN, a constant trait, more predictors than species, tips at distance zero where λ is
    1, dependent columns.

    >>> x, trait = np.repeat([0.0, 1.0], 4)[:, None], np.repeat([0.0, 1.0], [3, 5])
    >>> found = aligned_beyond_phylogeny(x, trait, np.eye(8), lam=0.0, permutations=[range(8)])
    >>> round(found.r_squared, 9), round(found.statistic, 9)  # on a star a plain r²: 3/5, and 1 − 2/5 · 7/6
    (0.6, 0.533333333)
    """
    if null not in NULLS:
        raise ValueError(f"null={null!r} is not known: use {', '.join(NULLS)}")
    problem = Problem.of(x, trait, covariance, covariates)
    y = problem.columns
    rule = 0.0 if null == "free" else lam
    chosen = float(problem.lam(rule, y[None])[0])
    fit = problem.regression(y, chosen)
    if null in ("rrpp", "free", "within_clade"):
        values = fit.permuted(residual_orders(null, len(y), permutations, clades, rng))
    else:
        own = chosen if lam == "ml" else float(problem.lam("ml", y[None])[0])
        traits = drawn_traits(problem, null, own, permutations, rng)
        values = problem.descent.shares(traits, problem.lam(rule, traits))
    n, observed, without = len(y), fit.share, fit.without_each()
    directions = fit.directions()
    return Alignment(
        observed, fit.r_squared, p_value(observed, values), values,
        jackknife(without, observed, scale=2 * float(values.std()) or None, within=(-np.inf, 1.0)), chosen,
        (problem.x * directions).sum(axis=1), directions @ problem.turn, n * observed - (n - 1) * without,
        _warning(null, lam),
    )  # fmt: skip


FREE = (
    "species were permuted as if unrelated: on related species such a test finds what common descent alone gives "
    "(at 5 %, measured 32 to 85 % false alarms)"
)
OTHER_LAMBDA = (
    "residuals whitened at the λ of the full model were permuted: where the trait, or some axes, have another λ that "
    "gives 10 to 22 % false alarms at 5 % (measured); take lam='ml', or null='lambda'"
)


def _warning(null: str, lam: float | str) -> str:
    if null == "free":
        return FREE
    return OTHER_LAMBDA if lam == "full" and null in ("rrpp", "within_clade") else ""


def residual_orders(null: str, n: int, permutations, clades, rng) -> np.ndarray:
    """Orders `(b, n)` of residuals: within clades, or free of them; those handed in as they are."""
    if null != "within_clade" or np.ndim(permutations):
        return permutations_of(n, permutations, rng)
    if clades is None or len(clades) != n:
        raise ValueError(f"null='within_clade' needs clades=, one name for each of {n} species: a genus, a family")
    codes = np.unique(checked_kinds(clades, n, "clades").astype(str), return_inverse=True)[1]
    if np.bincount(codes).max() == 1:
        raise ValueError("every species is a clade of its own: nothing can be permuted within; take a higher rank")
    if rng is None:
        raise TypeError("random permutations need rng=np.random.default_rng(seed)")
    return shuffles_within(codes, int(permutations), rng)


def _scaled(extra: np.ndarray) -> np.ndarray:
    spread = extra.std(axis=0)
    return (extra - extra.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
