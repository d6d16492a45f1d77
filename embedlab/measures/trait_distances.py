"""Are species that are alike in a suite of traits alike in the space, beyond descent and beyond their class?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.spatial.distance import pdist, squareform

from embedlab.claims import Evidence
from embedlab.measures.followed import pseudo_values
from embedlab.measures.trait_join import LEAST_SPECIES, joined
from embedlab.stats.pairs.partial import partial_ranks
from embedlab.stats.resample import generator, p_floor, p_value
from embedlab.stats.shown import Spoken
from embedlab.stats.trait.together import evolved_together
from embedlab.stats.tree.comparative import effective_species
from embedlab.stats.vectors import squared_distances, upper

BINS = 10
DRAWN = 20_000  # pairs kept for drawing; every number uses all of them


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TraitDistances(Spoken):
    """Partial rank correlation of distances in the space with distances in traits, over pairs of species.

    `correlation` runs from −1 to 1 and is near 0 by chance; what patristic distance, and sharing a class, explain of
    both is taken out (ranks); `rank` names that class, empty where none could be. `raw` is without that, and says
    little. `lam` is Pagel's λ of each trait, at which it evolves anew for chance. `trait_left` and `space_left`
    `(pairs,)` are the ranks less what the others explain, as shares of all pairs. `pseudo` `(s,)` are jackknife values
    of the species whose mean is the correlation.
    """

    traits: tuple[str, ...]
    species: tuple[str, ...]
    tree: str
    rank: str
    correlation: float
    raw: float
    lam: np.ndarray
    trait_left: np.ndarray
    space_left: np.ndarray
    pseudo: np.ndarray
    left_out: tuple[str, ...]
    evidence: Evidence

    def __str__(self) -> str:
        e = self.evidence
        return (
            f"partial RSA over {len(self.traits)} traits and {len(self.species)} species, beyond descent{self._class()}"
            f": {e.estimate:+.3f} [{e.interval[0]:+.3f}, {e.interval[1]:+.3f}] (traits evolved anew "
            f"{e.chance['low']:+.3f} to {e.chance['high']:+.3f}; p = {e.p_more:.2g}; raw {self.raw:+.3f})"
        )

    def _class(self) -> str:
        return f" and {self.rank}" if self.rank else ""

    @property
    def caption(self) -> str:
        """Method, numbers and null in a few sentences."""
        told = ", ".join(f"{t} (λ {v:.2f})" for t, v in zip(self.traits, self.lam, strict=True))
        other = f" and on whether two species share their {self.rank}" if self.rank else ""
        return (
            f"Spearman correlation over pairs of {len(self.species)} species between Euclidean distance of mean unit "
            f"vectors and Euclidean distance of standardised traits, partial on patristic distance{other}; "
            f"{self.tree}. 95 % interval: species drawn again, no pair of a species with itself. Chance: all traits "
            f"evolved anew together, {len(self.evidence.null)} times: {told}. A measure for trends and "
            "comparisons: that one trait aligns is for trait alignment to say."
        )

    def table(self) -> pl.DataFrame:
        """One row for each tenth of the pairs, by what the others leave of their trait distance: mean in the space."""
        order = np.argsort(self.trait_left, kind="stable")
        cuts = np.array_split(order, min(BINS, order.size))
        return pl.DataFrame({
            "trait_rank_left": [float(self.trait_left[c].mean()) for c in cuts],
            "space_rank_left": [float(self.space_left[c].mean()) for c in cuts],
            "pairs": [len(c) for c in cuts],
        })  # fmt: skip

    @property
    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Jackknife values and ones: their means give the estimate."""
        return self.pseudo, np.ones(len(self.pseudo))


def trait_distances(embeddings, traits: Sequence, tree, *, by: str = "species", within: str = "class",
                    permutations: int = 999, draws: int = 999, rng: np.random.Generator | int,
                    ) -> TraitDistances:  # fmt: skip
    """Correlate distances in the space and in traits over pairs of species, less what descent and class explain.

    `traits` are columns of `Traits` (`[traits["Mass"], …]`; numbers, scores or 0/1), each standardised over the
    species that have all of them, and weighed alike. `within` names a taxon column: that two species share it is
    taken out, as body plans would make weak models look aligned; it is left out where all are of one, or it is not
    recorded.

    **A measure for trends and for comparing models, named partial RSA; not a test that the space knows a trait.**
    Chance must not relabel species: relatives are alike in both, patristic distance takes only a monotone part out,
    and free permutation calls up to a third of empty worlds aligned (33 % where vectors and traits are Brownian, 40
    species). Chance here lets the whole set of traits evolve anew on the tree, each at its own λ, jointly; the vectors
    stay. It called 0 to 9 % in 16 kinds of empty worlds (120 each, 5 % on average). It supposes one rate of evolution
    in all clades: where one was faster in vectors and traits alike, p-values are too small, and `trait_alignment` asks
    with a second test. The interval draws species again and leaves out pairs of a species with itself. Fewer than 8
    species, and kinds without an order, are refused.
    """
    rng = generator(rng)
    traits = list(traits)
    if not traits:
        raise ValueError("no traits: name one or several, as in [traits['Mass'], traits['Wing.Length']]")
    unit = embeddings.known(by).unit()
    each = [joined(unit, t, [tree], by, (), []) for t in traits]
    if kinds := [j.trait for j in each if j.kind == "categorical"]:
        raise ValueError(f"{kinds[:5]} are kinds without an order: they have no distance; ask trait_alignment of them")
    common = [s for s in each[0].names if all(s in set(j.names) for j in each)]
    if len(common) < LEAST_SPECIES:
        raise ValueError(f"{len(common)} species have all {len(each)} traits: at least {LEAST_SPECIES} are needed")
    value = np.column_stack([j.value[[j.names.index(s) for s in common]] for j in each])
    if (flat := np.ptp(value, axis=0) == 0).any():
        names = [j.trait for j, f in zip(each, flat, strict=True) if f][:5]
        raise ValueError(f"{names} are the same in all species: leave them out")
    value = (value - value.mean(axis=0)) / value.std(axis=0)
    means = each[0].means[[each[0].names.index(s) for s in common]]
    used = tree.match(common)[1].used
    tips = [used[s] for s in common]
    covariance = tree.covariance(tips)
    classes, why = _classes(unit, by, within, common)
    others = [tree.distances(tips)] + ([classes] if classes is not None else [])
    near = np.sqrt(squared_distances(means))
    found = partial_ranks(near, squareform(pdist(value)), others, draws=draws, rng=rng)
    drawn, lam = evolved_together(value, covariance, permutations, rng)
    # A trait that evolves anew is standardised as the one at hand was: what it is weighed by is part of the measure.
    null = np.array([found.of(pdist((t - t.mean(axis=0)) / t.std(axis=0))) for t in drawn])
    s = len(common)
    evidence = Evidence(
        statistic=f"partial RSA of {s} species and {len(each)} traits (rank correlation beyond descent"
        + (f" and {within})" if classes is not None else ")"),
        estimate=found.statistic,
        interval=found.interval,
        null=null,
        chance_kind="all traits evolved anew together on the tree, each at its own λ",
        p_more=p_value(found.statistic, null),
        p_less=p_value(found.statistic, null, more=False),
        p_floor=p_floor(permutations, s),
        n=s,
        n_effective=effective_species(covariance),
    )
    source = getattr(tree, "source", "")
    left_out = list(dict.fromkeys(line for j in each for line in j.left_out)) + why
    kept = rng.choice(found.left.size, min(DRAWN, found.left.size), replace=False)
    own = found.right
    return TraitDistances(
        traits=tuple(j.trait for j in each), species=tuple(common), rank=within if classes is not None else "",
        tree=f"tree of {s} tips" + (f" ({source})" if source else ""), correlation=found.statistic,
        raw=_spearman(upper(near), pdist(value)), lam=lam, trait_left=own[kept] / own.size,
        space_left=found.left[kept] / own.size, pseudo=pseudo_values(found.statistic, found.without),
        left_out=tuple(left_out), evidence=evidence,
    )  # fmt: skip


def _classes(unit, by: str, within: str, names) -> tuple[np.ndarray | None, list[str]]:
    """Whether two species are of different classes `(s, s)`, or None and why that cannot be taken out."""
    if not within:
        return None, []
    if not unit.has(within):
        return None, [f"{within} is not recorded: only descent is taken out"]
    table = unit.rows.select(by, within).drop_nulls().unique()
    of = dict(zip(table[by].to_list(), table[within].to_list(), strict=True))
    own = [of.get(name) for name in names]
    if None in own:
        return None, [f"{own.count(None)} species without {within}: only descent is taken out"]
    if len(set(own)) < 2 or table[by].n_unique() < table.height:
        return None, [f"all species are of one {within}, or some of several: only descent is taken out"]
    codes = np.unique(own, return_inverse=True)[1]
    return (codes[:, None] != codes).astype(float), []


def _spearman(x: np.ndarray, y: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(x, y).statistic)
