"""Do many spaces agree with one another about species, and beyond what shared descent gives?"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.data.report import few
from embedlab.data.tree import TreeStructure, a_tree
from embedlab.measures.agreement import LEAST, NO_TREE, RANKS_ALONE
from embedlab.measures.species_likeness import means
from embedlab.refusals import reason_of
from embedlab.stats.pairs.correspondence import BeyondTree, agreement_beyond_tree, u_centred
from embedlab.stats.pairs.rdm import crossnobis
from embedlab.stats.reliability import halves
from embedlab.stats.resample import generator, p_floor, p_value
from embedlab.stats.shown import Spoken
from embedlab.stats.tree.comparative import effective_species

HALVINGS = 3


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Agreements(Spoken):
    """How alike `m` spaces are about the same species: every two of them, as they are and with descent taken out.

    `alike` `(m, m)` is the debiased CKA of species means, one half of each species' images speaking for one space and
    the other half for the other: 0 for unrelated spaces, 1 for the same; on the diagonal the two halves of one space,
    which is as far as others can come. `chance` is the 95 % range over all pairs where species are shuffled. `beyond`
    `(m, m)` is the same after phylogenetic whitening, corrected for noise, with `low` and `high` (95 % over species)
    and `p` against species permuted after whitening; nan on the diagonal and where it cannot be told. `distances`
    `(s, s)` are those of species in the space `shown`, free of noise; `structure` is the tree of these species.
    """

    models: tuple[str, ...]
    species: tuple[str, ...]
    n: int
    same_images: bool
    alike: np.ndarray
    chance: tuple[float, float]
    beyond: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    distances: np.ndarray
    shown: str
    structure: TreeStructure | None
    tree: str
    left_out: tuple[str, ...]
    evidence: Evidence

    def __str__(self) -> str:
        e = self.evidence
        m = len(self.models)
        off = self.alike[~np.eye(m, dtype=bool)]
        said = (
            f"{m} spaces agree about {len(self.species)} species by {off.min():.2f} to {off.max():.2f} "
            f"(chance {self.chance[0]:.2f} to {self.chance[1]:.2f})"
        )
        if not np.isfinite(e.estimate):
            return f"{said}; beyond descent: {e.cannot_tell}"
        return (
            f"{said}; beyond descent by {e.estimate:.2f} [{e.interval[0]:.2f}, {e.interval[1]:.2f}] in the mean of "
            f"{m * (m - 1) // 2} pairs (chance {e.chance['low']:.2f} to {e.chance['high']:.2f}; p = {e.p_more:.2g})"
            + (f"; {e.cannot_tell}" if e.cannot_tell else "")
        )

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in few sentences."""
        return (
            f"Unit vectors of {self.n:,} images of {len(self.species)} species in {len(self.models)} spaces. Lower "
            "triangle: debiased CKA of species means; one half of each species' images speaks for one space, the "
            "other half for the other, so that an odd photograph is no evidence. Diagonal: the two halves of one "
            "space. Upper triangle: the same after phylogenetic whitening, in units of what either space's own halves "
            f"share (it may pass 1). {self.tree}. The claim is the mean over pairs; its null permutes whitened "
            "species in every space at once, its interval is as wide as if all pairs erred together. Distances "
            f"between species are cross-validated (crossnobis) in {self.shown}."
        )

    def table(self) -> pl.DataFrame:
        """One row a pair of spaces."""
        m = len(self.models)
        return pl.DataFrame([
            {"first": self.models[i], "second": self.models[j], "alike": self.alike[i, j], "chance_low": self.chance[0],
             "chance_high": self.chance[1], "beyond_descent": self.beyond[i, j], "low": self.low[i, j],
             "high": self.high[i, j], "p_value": self.p[i, j]}
            for i, j in combinations(range(m), 2)
        ])  # fmt: skip


def agreements(stores: Sequence, *, tree=None, by: str = "species", permutations: int = 999,
               rng: np.random.Generator | int) -> Agreements:  # fmt: skip
    """Compare every two of three or more `Embeddings` about the species that all of them have.

    Where the stores share images (by `image_id`) those that all have are used, halved once for all stores; otherwise
    each store's images of a species are halved for themselves. A species needs two images. The null permutes species
    in every space independently and serves all pairs at once, so that the mean over pairs, which share spaces, keeps
    its size. Without a `tree` species are shuffled, and nothing is decided; nor with ranks in place of a tree. Errors:
    fewer than three stores, fewer than 8 species in common.
    """
    rng = generator(rng)
    if len(stores) < 3:
        raise ValueError(f"{len(stores)} stores: three or more make a table; two are compared by measures.agreement")
    left_out: list[str] = []
    stores, same = _same_images(list(stores), left_out)
    names = sorted(set.intersection(*(_with_two(s, by) for s in stores)))
    every = set().union(*(set(s.column(by).drop_nulls().to_list()) for s in stores))
    if lost := len(every) - len(names):
        left_out.append(f"{lost} {by} without two images in every store")
    structure, covariance, about = None, None, "No tree: species are shuffled, which knows no descent"
    if tree is not None and names:
        _, report = a_tree(tree).match(names)
        left_out += report.remarks
        names = [n for n in names if n in report.used]
        if len(names) >= 3:
            tips = [report.used[n] for n in names]
            structure, covariance = tree.structure(tips), tree.covariance(tips)
            about = f"Tree of {len(names)} tips" + (f" ({source})" if (source := getattr(tree, "source", "")) else "")
    if len(names) < LEAST:
        raise ValueError(f"{len(names)} {by} have two images in all {len(stores)} stores: at least {LEAST} are needed")
    spaces = _halved(stores, by, names, same, rng)
    s, m = len(names), len(stores)
    order = np.array([[rng.permutation(s) for _ in range(permutations)] for _ in range(m)])
    alike, null = _alike(spaces, order)
    found = _beyond(spaces, np.eye(s) if covariance is None else covariance, order)
    cannot = NO_TREE if covariance is None else RANKS_ALONE if getattr(tree, "of_ranks", False) else ""
    last = spaces[-1]
    grids = {k: np.full((m, m), np.nan) for k in ("beyond", "low", "high", "p")}
    for (i, j), pair in found.items():
        if isinstance(pair, BeyondTree):
            for at in ((i, j), (j, i)):
                grids["beyond"][at], grids["p"][at] = pair.statistic, pair.p_value
                grids["low"][at], grids["high"][at] = pair.interval
    low, high = np.quantile(null, [0.025, 0.975])
    return Agreements(
        models=_names(stores), species=tuple(names), n=sum(int(st.column(by).is_in(names).sum()) for st in stores[-1:]),
        same_images=same, alike=alike, chance=(float(low), float(high)), **grids,
        distances=np.mean([_square(crossnobis(h[0], h[1]), s) for h in last], axis=0), shown=_names(stores)[-1],
        structure=structure, tree=about, left_out=tuple(left_out),
        evidence=_evidence(found, covariance, s, cannot),
    )  # fmt: skip


def _same_images(stores: list, left_out: list[str]) -> tuple[list, bool]:
    """The stores with the images that all of them have, in one order; as they are where they share none."""
    ids = [s.column("image_id").to_list() for s in stores]
    common = set.intersection(*map(set, ids))
    if not common:
        return stores, False
    if lost := len(set().union(*ids)) - len(common):
        left_out.append(f"{lost} images that not all stores have")
    wanted = [name for name in ids[0] if name in common]
    places = [{name: i for i, name in enumerate(own)} for own in ids]
    return [s.take([at[name] for name in wanted]) for s, at in zip(stores, places, strict=True)], True


def _with_two(store, by: str) -> set[str]:
    counts = store.column(by).drop_nulls().value_counts()
    return set(counts.filter(counts["count"] >= 2)[by].to_list())


def _names(stores) -> tuple[str, ...]:
    """What the models are called, each name once."""
    out: list[str] = []
    for i, store in enumerate(stores):
        name = str(store.card.get("model") or store.card.get("facts", {}).get("model") or f"space {i + 1}")
        out.append(name if name not in out else f"{name} ({out.count(name) + sum(o.startswith(name) for o in out)})")
    return tuple(out)


def _halved(stores, by: str, names: list[str], same: bool, rng) -> list[np.ndarray]:
    """Means of halves of each species' images: `(halvings, 2, s, d)` a store, the same halves where images are."""
    place = {name: i for i, name in enumerate(names)}
    codes = [np.array([place.get(v, -1) for v in s.column(by).to_list()]) for s in stores]
    x = [s.unit().float64() for s in stores]
    out: list[list[np.ndarray]] = [[] for _ in stores]
    for _ in range(HALVINGS):
        once = halves(codes[0], rng).astype(np.int64) if same else None
        for k, (v, c) in enumerate(zip(x, codes, strict=True)):
            out[k].append(means(v, c, len(names), halves(c, rng).astype(np.int64) if once is None else once))
    return [np.stack(v) for v in out]


def _alike(spaces, order) -> tuple[np.ndarray, np.ndarray]:
    """Debiased CKA between halves of every two spaces, and what shuffled species give, over all pairs."""
    m = len(spaces)
    grams = [[[u_centred(half) for half in one] for one in space] for space in spaces]
    value, null = np.eye(m), []
    for i in range(m):
        for j in range(i, m):
            pairs = [(a[0], b[1]) for a, b in zip(grams[i], grams[j], strict=True)]
            pairs += [] if i == j else [(a[1], b[0]) for a, b in zip(grams[i], grams[j], strict=True)]
            scale = [np.linalg.norm(p) * np.linalg.norm(q) for p, q in pairs]
            value[i, j] = value[j, i] = np.mean([np.vdot(p, q) / s for (p, q), s in zip(pairs, scale, strict=True)])
            if i < j:
                p, q = pairs[0]
                null += [np.vdot(p, q[t[:, None], t]) / scale[0] for t in order[j][:99]]
    return value, np.array(null)


def _beyond(spaces, covariance, order) -> dict[tuple[int, int], BeyondTree | str]:
    """Agreement beyond the tree of every two spaces; the reason where it cannot be told."""
    out: dict[tuple[int, int], BeyondTree | str] = {}
    for i, j in combinations(range(len(spaces)), 2):
        # species of both spaces are permuted: the second by what undoes the first's permutation
        undone = np.argsort(order[i], axis=1)
        both = np.take_along_axis(order[j], undone, axis=1)
        try:
            out[i, j] = agreement_beyond_tree(spaces[i], spaces[j], covariance, permutations=both)
        except ValueError as why:
            out[i, j] = reason_of(why)
    return out


def _evidence(found, covariance, s: int, cannot: str) -> Evidence:
    told = [pair for pair in found.values() if isinstance(pair, BeyondTree)]
    what = "mean over pairs of spaces of debiased CKA of species means after phylogenetic whitening"
    kind = "species permuted after phylogenetic whitening" if covariance is not None else "species shuffled"
    if not told:
        return Evidence(statistic=what, estimate=np.nan, interval=(np.nan, np.nan), null=np.array([np.nan]),
                        chance_kind=kind, p_more=1.0, p_less=1.0, p_floor=1.0, n=s, n_effective=float(s),
                        cannot_tell=few([w for w in found.values() if isinstance(w, str)], 1))  # fmt: skip
    value, null = float(np.mean([t.statistic for t in told])), np.mean([t.null for t in told], axis=0)
    ends = np.array([t.interval for t in told])
    return Evidence(
        statistic=what, estimate=value, interval=(float(ends[:, 0].mean()), float(ends[:, 1].mean())), null=null,
        chance_kind=kind, p_more=p_value(value, null), p_less=1.0, p_floor=p_floor(len(null), s), n=s,
        n_effective=effective_species(np.eye(s) if covariance is None else covariance), cannot_tell=cannot,
    )  # fmt: skip


def _square(values, s: int) -> np.ndarray:
    """A square matrix from what stands above its diagonal."""
    out = np.zeros((s, s))
    out[np.triu_indices(s, 1)] = values
    return out + out.T
