"""At which depths does the space know who is whose nearest kin?"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.data import RANKS, Taxonomy
from embedlab.data.tree import a_tree
from embedlab.measures.neighbours import nearest
from embedlab.refusals import reason_of
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.resample import generator, p_floor, p_value, permutations_of
from embedlab.stats.shown import Spoken
from embedlab.stats.taxa.dendrogram import SharedGroups, Treelike, dendrogram, shared_groups, treelike
from embedlab.stats.taxa.nested import Nested, nested_separability
from embedlab.stats.taxa.triplets import TripletAgreement, triplet_agreement
from embedlab.stats.tree.comparative import effective_species
from embedlab.stats.vectors import squared_distances

MANY = 300  # species above which fewer clouds are drawn for comparison
RECENT = 0.5  # of the tree's height: triplets that meet below it are recent
CHANCE = "tips of the tree shuffled"
RECENTLY = "share of triplets that meet in the younger half of the tree in which the space sets the right species apart"
LEAST_MISTAKES = 20  # images; below that their mean height says nothing


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Hierarchy(Spoken):
    """Agreement of the space with the branching of a tree, depth by depth, each number beside its chance.

    `triplets` is the share of three species of which the space sets the right one apart (chance 1/3), also by the
    height where they meet; `recent` the same among those that meet in the younger half of the tree. `clades` and
    `splits` are the shares of the tree's groups that average linkage finds in the space, rooted and unrooted;
    `treelike` the cophenetic correlation of that linkage beside Gaussian points of the same spectrum. `ranks` holds,
    for each rank within the rank above, the corrected share of variance (epsilon²) of species means. `mistakes` is the
    mean height, 0 the tips and 1 the root, of the last common ancestor of an image's species and that of its nearest
    other image, where these differ.
    """

    species: tuple[str, ...]
    tree: str
    triplets: TripletAgreement
    recent: TripletAgreement | None
    clades: SharedGroups | None
    splits: SharedGroups | None
    treelike: Treelike
    ranks: dict[str, Nested]
    mistakes: float
    mistakes_made: int
    images: int
    left_out: tuple[str, ...]
    evidence: dict[str, Evidence]

    def __str__(self) -> str:
        e = self.evidence["triplets"]
        return (
            f"of three species the space sets the same one apart as the tree in {e.estimate:.0%} of cases "
            f"[{e.interval[0]:.0%}, {e.interval[1]:.0%}] over {len(self.species)} species (shuffled tips "
            f"{e.chance['low']:.0%} to {e.chance['high']:.0%}; p = {e.p_more:.2g}){self._recent()}{self._mistakes()}"
        )

    def _recent(self) -> str:
        e = self.evidence["recent"]
        if e.cannot_tell:
            return ""
        return f"; in {e.estimate:.0%} where they meet in the younger half of the tree (p = {e.p_more:.2g})"

    def _mistakes(self) -> str:
        e = self.evidence["mistakes"]
        if e.cannot_tell:
            return ""
        return (
            f"; nearest neighbours of another species meet at {e.estimate:.2f} of the tree's height, by chance "
            f"{e.chance['mean']:.2f} (p = {e.p_less:.2g})"
        )

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in a few sentences."""
        t, k = self.triplets, self.treelike
        said = [
            f"Triplets of {len(self.species)} species, {self.tree}: how often the pair nearest in the space "
            "(Euclidean, means of unit vectors) is the nearest kin on the tree as rooted, by the height where the "
            "three meet; intervals: jackknife over species; grey: tips shuffled, 95 %."
            + (f" {t.unresolved:,} triplets that the tree leaves open do not count." if t.unresolved else "")
            + (f" {int(t.counts.sum()):,} triplets drawn at random." if t.drawn else "")
        ]
        for name, g in (("clades", self.clades), ("splits (no root)", self.splits)):
            if g is not None:
                chance = g.null.mean()
                said.append(
                    f"Average linkage finds {g.statistic:.0%} of the tree's {g.groups} {name}, {chance:.1%} by chance "
                    f"(p = {g.p_value:.2g})."
                )
        said.append(
            f"Cophenetic correlation of that linkage: {k.statistic:.2f}; Gaussian points of the same spectrum "
            f"{k.null.mean():.2f} (p = {k.p_value:.2g} for more like a tree)."
        )
        said += [
            f"{name}: epsilon² {r.statistic:.2f} {_within(r.interval)}, shuffled names "
            f"{r.null.mean():.2f} (p = {r.p_value:.2g}; {r.n} species)."
            for name, r in self.ranks.items()
        ]
        return " ".join(said)

    def table(self) -> pl.DataFrame:
        """One row a depth: share of triplets, its interval, and chance."""
        t = self.triplets
        with np.errstate(invalid="ignore"):
            low, high = np.quantile(t.null_by_depth, [0.025, 0.975], axis=0)
        return pl.DataFrame({
            "from_height": t.edges[:-1], "to_height": t.edges[1:], "triplets": t.counts, "agreement": t.by_depth,
            "low": t.low, "high": t.high, "chance": t.null_by_depth.mean(axis=0), "chance_low": low,
            "chance_high": high,
        })  # fmt: skip


def hierarchy(
    embeddings, tree, *, by: str = "species", permutations: int = 999, rng: np.random.Generator | int
) -> Hierarchy:
    """Compare the branching order of a tree with who is near whom in the space, tips shuffled for chance.

    Where `phylogeny` asks whether distances go along, this asks whether the order of kinship is right, at which
    depths, and how far off mistakes are; branch lengths say only which ancestor is older. Shuffling tips is right for
    the null that the space knows nothing of descent. Taxonomic ranks of the rows, where recorded, are compared within
    the rank above. Fewer than 5 species, and a tree that resolves no triplet, are refused.
    """
    rng = generator(rng)
    emb = embeddings.known(by)
    left_out = [f"{embeddings.n - emb.n} images without {by}"] if emb.n < embeddings.n else []
    species = emb.unit().per_species(by)
    _, report = a_tree(tree).match(species.names)
    left_out += report.remarks
    names = tuple(s for s in species.names if s in report.used)
    if len(names) < 5:
        raise ValueError(
            f"{len(names)} species stand both in the store and in the tree; at least 5 are needed. {report}"
        )
    tips = [report.used[s] for s in names]
    x = species.means[[i for i, s in enumerate(species.names) if s in report.used]]
    near, shared, structure = np.sqrt(squared_distances(x)), tree.covariance(tips), tree.structure(tips)
    orders = permutations_of(len(names), permutations, rng)
    triplets = triplet_agreement(near, shared, permutations=orders, rng=rng)
    recent, why = _or_why(lambda: triplet_agreement(near, shared, permutations=orders, upto=RECENT, rng=rng))
    joined = dendrogram(near)
    clades, splits = (
        _or_why(lambda r=r: shared_groups(joined, structure, rooted=r, permutations=orders))[0] for r in (True, False)
    )
    facts = {"p_floor": p_floor(len(orders), len(names)), "n": len(names), "n_effective": effective_species(shared)}
    mistakes, made, images = _mistakes(emb, by, names, shared, orders, facts, rng)
    evidence = {
        "triplets": _share(triplets, "share of triplets in which the space sets the right species apart", facts),
        "recent": _share(recent, RECENTLY, facts, why),
        "mistakes": mistakes,
    }
    source = getattr(tree, "source", "")
    return Hierarchy(
        species=names, tree=f"tree of {len(names)} tips" + (f" ({source})" if source else ""), triplets=triplets,
        recent=recent, clades=clades, splits=splits, treelike=treelike(x, draws=99 if len(x) <= MANY else 19, rng=rng),
        ranks=_ranks(emb, by, names, x, len(orders), rng), mistakes=float(mistakes.estimate), mistakes_made=made,
        images=images, left_out=tuple(left_out), evidence=evidence,
    )  # fmt: skip


def _or_why(ask):
    try:
        return ask(), ""
    except ValueError as error:
        return None, reason_of(error)


def _silent(statistic: str, why: str, facts: dict) -> Evidence:
    return Evidence(
        statistic=statistic, estimate=np.nan, interval=(np.nan, np.nan), null=np.zeros(0), chance_kind=CHANCE,
        p_more=1.0, p_less=1.0, cannot_tell=why, **facts,
    )  # fmt: skip


def _share(found: TripletAgreement | None, statistic: str, facts: dict, why: str = "") -> Evidence:
    if found is None:
        return _silent(statistic, why, facts)
    return Evidence(
        statistic=statistic, estimate=found.statistic, interval=found.interval, null=found.null, chance_kind=CHANCE,
        p_more=found.p_value, p_less=found.p_less, **facts,
    )  # fmt: skip


def _mistakes(emb, by, names, shared, orders, facts, rng) -> tuple[Evidence, int, int]:
    """Height of the last common ancestor of an image's species and its nearest other image's, where they differ."""
    inside = emb.where(**{by: list(names)})
    place = {s: i for i, s in enumerate(names)}
    of = np.array([place[s] for s in inside.column(by).to_list()])
    taken = of[nearest(inside.unit().float64())]
    wrong = of != taken
    a, b = of[wrong], taken[wrong]
    height = 1 - shared / np.diag(shared).max()
    statistic = "height of the last common ancestor with the species of the nearest other image, where it differs"
    made = int(wrong.sum())
    if made < LEAST_MISTAKES or len(np.unique(a)) < 5:
        why = f"{made} images of {len(np.unique(a))} species have a nearest image of another species: too few mistakes"
        return _silent(statistic, why, facts), made, inside.n
    at = height[a, b]
    value = float(at.mean())
    null = np.array([height[t[a], t[b]].mean() for t in orders])
    counts = np.bincount(a, minlength=len(names))
    interval = bootstrap_ratio(np.bincount(a, at, minlength=len(names))[counts > 0], counts[counts > 0], rng=rng,
                               within=(0, 1))  # fmt: skip
    evidence = Evidence(
        statistic=statistic, estimate=value, interval=interval, null=null, chance_kind=CHANCE,
        p_more=p_value(value, null), p_less=p_value(value, null, more=False), **facts,
    )  # fmt: skip
    return evidence, made, inside.n


def _ranks(emb, by, names, x, permutations, rng) -> dict[str, Nested]:
    """Each rank within the rank above it, over species of which both are known."""
    if by != "species":
        return {}
    rows = Taxonomy.from_rows(emb.rows).rows
    place = {s: i for i, s in enumerate(rows["species"].to_list())}
    at = [place[s] for s in names]
    have = [r for r in RANKS[:-1] if rows[r].drop_nulls().n_unique() > 1]
    found = {}
    for above, rank in pairwise(have):
        label = [[rows[r][i] for i in at] for r in (rank, above)]
        both = [i for i, pair in enumerate(zip(*label, strict=True)) if None not in pair]
        if len(both) < 5:
            continue
        child, parent = ([names_of[i] for i in both] for names_of in label)
        own, _ = _or_why(
            lambda c=child, p=parent, b=both: nested_separability(x[b], c, p, permutations=permutations, rng=rng)
        )
        if own is not None:
            found[f"{rank} within {above}"] = own
    return found


def _within(interval) -> str:
    """An interval in brackets, or in words that there is none, as of two taxa."""
    low, high = interval
    return f"[{low:.2f}, {high:.2f}]" if np.isfinite(low) else "(too few taxa for an interval)"
