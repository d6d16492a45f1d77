"""Down the ranks of a taxonomy, taxon within taxon: do images lie with their own kind, in one space and in others?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.data import RANKS
from embedlab.measures.neighbours import NeighbourAgreement, nearest, neighbour_agreement
from embedlab.stats.bootstrap import bootstrap_ratio
from embedlab.stats.resample import generator
from embedlab.stats.shown import Spoken
from embedlab.stats.vectors import unit_rows

DRAWN = 600  # images of a step that are drawn; every number uses all of them


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Step:
    """One taxon and its parts: `labels` `(m,)` name the part of each drawn image, `xy` `(stores, m, 2)` its places.

    `taxon` is "" for all images; `rank` is that of the parts, `parts` how many there are, `counts` their images, and
    `images` how many images lie in the taxon. Places are the first two principal components of this taxon's unit
    vectors, turned to those of the last store. `agreement` `(stores,)` is the share of images whose nearest neighbour
    within the taxon, of another `apart`, lies in the same part, with interval and the mean of chance.
    """

    taxon: str
    rank: str
    parts: int
    counts: dict[str, int]
    images: int
    labels: np.ndarray
    image_id: tuple[str, ...]
    xy: np.ndarray
    apart: str
    agreement: np.ndarray
    low: np.ndarray
    high: np.ndarray
    chance: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RankLadder(Spoken):
    """Agreement of nearest neighbours rank by rank in one or more stores, and the way down into taxon after taxon.

    `ladders` holds for each of `names` what `neighbour_agreement` says of all images, from the coarsest rank that
    varies to species; `steps` the taxa on the way down. `gain` maps a rank to `(difference, low, high)`, the last store
    less the first on the same images, in shares; it is empty for one store.
    """

    names: tuple[str, ...]
    ranks: tuple[str, ...]
    ladders: tuple[NeighbourAgreement, ...]
    steps: tuple[Step, ...]
    gain: dict[str, tuple[float, float, float]]
    n: int
    left_out: tuple[str, ...]

    @property
    def evidence(self) -> dict[str, Evidence]:
        """That of the last store, by rank."""
        return self.ladders[-1].evidence

    @property
    def path(self) -> tuple[str, ...]:
        """The taxa on the way down, coarse to fine."""
        return tuple(s.taxon for s in self.steps if s.taxon)

    def __str__(self) -> str:
        last = self.ladders[-1]
        said = [
            f"{r} {a:.0%} (chance {c:.0%})"
            for r, a, c in zip(last.ranks, last.agreement, last.parent_chance, strict=True)
        ]
        of = f" of {self.names[-1]}" if len(self.names) > 1 else ""
        more = ""
        if self.gain:
            rank, (d, low, high) = list(self.gain.items())[-1]
            more = f"; {rank} {d:+.0%} [{low:+.0%}, {high:+.0%}] against {self.names[0]}"
        return f"nearest neighbours{of}, of another lower taxon, share the {', '.join(said)}{more}"

    @property
    def caption(self) -> str:
        """Method, what is drawn, and the null, in a few sentences."""
        way = " ▸ ".join(self.path) or "all images"
        return (
            f"{way}. Each map: the first two principal components of the unit vectors of one taxon, the largest of the "
            f"map before or the one that was asked for, turned to the last store; of more than {DRAWN} images a random "
            f"{DRAWN} are drawn, none is dropped as an outlier, and the largest parts are named. "
            "Numbers count every image: the share whose nearest neighbour by cosine, of another lower taxon, bears the "
            "same name, with its 95 % interval; chance: names shuffled among the lower taxa of one parent taxon."
        )

    def table(self) -> pl.DataFrame:
        """One row a store and rank."""
        return pl.concat(
            [ladder.table().with_columns(store=pl.lit(n)) for n, ladder in zip(self.names, self.ladders, strict=True)]
        )


def rank_ladder(
    stores, *, into: Sequence[str] = (), permutations: int = 999, rng: np.random.Generator | int
) -> RankLadder:
    """Follow a taxonomy down from its coarsest rank that varies, in one store or in several of the same images.

    `stores` is an `Embeddings`, a sequence of them, or a mapping from name to them; images that not all have are left
    out and counted. The way down takes the largest taxon of each rank, as BioCLIP's figure does, or the taxa named in
    `into`. Refused: no rank that varies, and a name in `into` that is no taxon of the rank at which the way stands.
    """
    rng = generator(rng)
    named, left_out = _same_images(stores)
    first = next(iter(named.values()))
    ranks = tuple(r for r in RANKS if first.has(r) and first.column(r).drop_nulls().n_unique() > 1)
    if not ranks:
        raise ValueError(f"no taxonomic rank varies here; looked for {', '.join(RANKS)}")
    how = {"permutations": permutations, "rng": rng}
    ladders = tuple(neighbour_agreement(e, ranks, **how) for e in named.values())
    return RankLadder(
        names=tuple(named), ranks=ranks, ladders=ladders, steps=tuple(_down(named, ranks, list(into), how)),
        gain=_gain(named, ranks, rng), n=first.n, left_out=left_out,
    )  # fmt: skip


def _same_images(stores):
    """Stores by name, all with the same images in the same order."""
    if not isinstance(stores, Mapping):
        every = list(stores) if isinstance(stores, list | tuple) else [stores]
        models = [str(e.card.get("model") or f"store {i + 1}") for i, e in enumerate(every)]
        models = [m if models.count(m) == 1 else f"{m} {i + 1}" for i, m in enumerate(models)]
        stores = dict(zip(models, every, strict=True))
    ids = [e.column("image_id").to_list() for e in stores.values()]
    common = set(ids[0]).intersection(*ids[1:])
    if len(common) < 3:
        raise ValueError(f"{len(common)} images stand in all of {len(ids)} stores: a ladder compares the same images")
    order = [i for i in ids[0] if i in common]
    most = max(map(len, ids))
    left = (f"{most - len(order):,} images that not all stores hold",) if len(order) < most else ()
    named = {}
    for (name, e), own in zip(stores.items(), ids, strict=True):
        place = {i: k for k, i in enumerate(own)}
        named[name] = e if own == order else e.take([place[i] for i in order])
    return named, left


def _down(named, ranks, into, how) -> list[Step]:
    first, taxon, steps = next(iter(named.values())), "", []
    rows = np.arange(first.n)
    for i, rank in enumerate(ranks):
        subs = [e.take(rows) for e in named.values()]
        subs = [e.known(rank) for e in subs]
        names = subs[0].column(rank)
        counts = dict(names.value_counts(sort=True).sort(["count", rank], descending=[True, False]).rows())
        if len(counts) > 1:
            lower = next(iter(ranks[i + 1 :]), None)
            steps.append(_step(subs, taxon, rank, counts, lower, how))
        if rank == ranks[-1]:
            break
        wanted = _wanted(first.take(rows), ranks[i:], counts, into)
        into = [t for t in into if t != wanted]
        rows = rows[first.column(rank).to_numpy()[rows] == wanted]
        taxon = wanted
    if into:
        way = " ▸ ".join(s.taxon or "all" for s in steps)
        raise ValueError(f"{into[:3]} are no taxa on the way down ({way}): name some that lie below")
    return steps


def _wanted(here, ranks, counts, into) -> str:
    """The taxon to go down into: one that was asked for, one that holds it, or the largest."""
    for taxon in into:
        if taxon in counts:
            return taxon
        for rank in ranks[1:]:
            held = here.rows.filter(here.column(rank) == taxon)[ranks[0]].drop_nulls()
            if len(held):
                return held[0]
    return next(iter(counts))


def _step(subs, taxon, rank, counts, lower, how) -> Step:
    found = []
    for e in subs:
        whole = e.known(lower) if lower else e
        try:
            found.append(neighbour_agreement(whole, (rank,), other=lower, **how))
        except ValueError:  # one lower taxon only, or too few images: there is a map, and nothing to count
            found.append(None)
    drawn = np.sort(how["rng"].choice(subs[0].n, min(DRAWN, subs[0].n), replace=False))
    maps = [_components(e.float64()) for e in subs]
    xy = np.stack([_turned(m, maps[-1])[drawn] for m in maps])
    read = {k: np.array([np.nan if f is None else getattr(f, k)[0] for f in found]) for k in
            ("agreement", "low", "high", "parent_chance")}  # fmt: skip
    return Step(
        taxon=taxon, rank=rank, parts=len(counts), counts=counts, images=subs[0].n,
        labels=subs[0].column(rank).to_numpy()[drawn],
        image_id=tuple(subs[0].column("image_id").gather(drawn).to_list()), xy=xy, apart=lower or "",
        agreement=read["agreement"], low=read["low"], high=read["high"], chance=read["parent_chance"],
    )  # fmt: skip


def _components(x: np.ndarray) -> np.ndarray:
    """First two principal components of unit vectors, scaled to a root mean square of 1."""
    x = unit_rows(x)
    x = x - x.mean(axis=0)
    vectors = np.linalg.eigh(x.T @ x)[1][:, ::-1][:, :2]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), range(vectors.shape[1])])  # fix a direction
    xy = np.column_stack([x @ vectors, np.zeros(len(x))])[:, :2]
    return xy / (np.sqrt((xy**2).sum(axis=1).mean()) or 1.0)


def _turned(xy: np.ndarray, model: np.ndarray) -> np.ndarray:
    """A map turned and mirrored to lie on another of the same images as well as it can."""
    u, _, vt = np.linalg.svd(xy.T @ model)
    return xy @ (u @ vt)


def _gain(named, ranks, rng) -> dict:
    """What the last store has more than the first, image by image, resampling species."""
    if len(named) < 2:
        return {}
    ends = [list(named.values())[i] for i in (0, -1)]
    out = {}
    for i, rank in enumerate(ranks):
        lower = next((r for r in ranks[i + 1 :]), None)
        hits = [_hits(e, rank, lower) for e in ends]
        if hits[0] is None:
            continue
        cluster = ends[0].codes("species")[0] if ends[0].has("species") else np.arange(ends[0].n)
        counted = np.isfinite(hits[0]) & np.isfinite(hits[1]) & (cluster >= 0)
        differs = (hits[1] - hits[0])[counted]
        total = np.bincount(cluster[counted], differs)
        size = np.bincount(cluster[counted])
        units = size > 0
        out[rank] = (float(differs.mean()), *bootstrap_ratio(total[units], size[units], rng=rng, within=(-1, 1)))
    return out


def _hits(emb, rank, lower) -> np.ndarray | None:
    """Whether each image's nearest neighbour of another lower taxon shares the rank; nan where it cannot be asked."""
    labels = emb.codes(rank)[0]
    own = emb.codes(lower)[0] if lower else None
    known = (labels >= 0) & (own >= 0 if lower else True)
    rows = np.flatnonzero(known)
    if len(rows) < 3:
        return None
    near = nearest(emb.unit().float64()[rows], own[rows] if lower else None)
    out = np.full(emb.n, np.nan)
    some = near >= 0
    out[rows[some]] = labels[rows[some]] == labels[rows[near[some]]]
    return out
