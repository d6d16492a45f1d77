"""Do two spaces agree: about images, about individuals beyond their species, about species beyond their descent?"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.data.tree import a_tree
from embedlab.measures.pairing import Paired, paired
from embedlab.measures.species_likeness import INDICES, likeness, means
from embedlab.refusals import reason_of
from embedlab.stats.bootstrap import bootstrap_ratio, jackknife
from embedlab.stats.pairs.correspondence import BeyondTree, agreement_beyond_tree, u_centred
from embedlab.stats.pairs.deviations import agreement_within
from embedlab.stats.pairs.knn import mutual_knn
from embedlab.stats.reliability import halves
from embedlab.stats.resample import generator, p_floor, p_value, permutations_of
from embedlab.stats.shown import Spoken
from embedlab.stats.tree.comparative import effective_species
from embedlab.stats.tree.relatedness import Whitening

ROWS = 1500  # images compared one by one; species means use all
DRAWS = 99  # draws of chance for indices that are described, not claimed
LEAST = 8  # species
NO_TREE = "no tree was given: species that share descent agree without more, and shuffled species would not tell"
RANKS_ALONE = (
    "taxonomic ranks stand in for a tree, and kinship within a rank stays in both spaces: p ≤ .05 then comes in most "
    "empty worlds (84 % of 120 with 40 species). Give a phylogeny (--tree FILE, el.Tree.read)"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Index:
    """One index: its value, 95 % interval and p-value (nan where none is honest), and what `against` gives."""

    level: str
    name: str
    value: float
    interval: tuple[float, float]
    chance: tuple[float, float, float]  # mean, and 95 % range
    against: str
    p_value: float
    n: int


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Agreement(Spoken):
    """How alike two spaces are, on three levels, each index beside its own chance.

    `evidence["individuals"]` asks whether deviations from the species' means agree; `evidence["species"]` whether the
    species means do, once descent is taken out. `ceiling` is the RDM correlation that two spaces in full agreement
    would show through the noise of so few images, `corrected` the correlation in units of it (nan where unknown).
    """

    x: str
    y: str
    dims: tuple[int, int]
    same_images: bool
    n: int
    unit: str
    species: tuple[str, ...]
    k: int
    indices: tuple[Index, ...]
    ceiling: float
    corrected: float
    distances: tuple[np.ndarray, np.ndarray]
    tree: str
    left_out: tuple[str, ...]
    evidence: dict[str, Evidence]

    def __str__(self) -> str:
        return f"{self.x} and {self.y} agree about " + "; about ".join(self.said(key) for key in self.evidence)

    def said(self, key: str) -> str:
        """One sentence about "individuals" or "species"."""
        e = self.evidence[key]
        what = {"individuals": "individuals beyond their species", "species": "species beyond descent"}[key]
        if not np.isfinite(e.estimate):
            return f"{what}: {e.cannot_tell}"
        low, high = e.chance["low"], e.chance["high"]
        return (
            f"{what} by {e.estimate:.2f} [{e.interval[0]:.2f}, {e.interval[1]:.2f}] (chance {low:.2f} to {high:.2f}; "
            f"p = {e.p_more:.2g})" + (f"; {e.cannot_tell}" if e.cannot_tell else "")
        )

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in few sentences."""
        halves_said = (
            "One half of each species' images speaks for one space and the other half for the other, so that an odd "
            "photograph which both models saw is no evidence. "
            if self.same_images
            else ""
        )
        return (
            f"Unit vectors of {self.n:,} {self.unit} of {len(self.species)} species in {self.dims[0]} and "
            f"{self.dims[1]} dimensions; k = {self.k} for species. {halves_said}Diamonds: value with 95 % interval "
            "over species, where the species' descent allows one. Dotted: mean of what chance gives, with its 95 % "
            f"range, which is another question at each level. {self.tree}."
        )

    def table(self) -> pl.DataFrame:
        """One row an index and level."""
        return pl.DataFrame([
            {"level": i.level, "index": i.name, "value": i.value, "low": i.interval[0], "high": i.interval[1],
             "chance": i.chance[0], "chance_low": i.chance[1], "chance_high": i.chance[2], "against": i.against,
             "p_value": i.p_value, "n": i.n}
            for i in self.indices
        ])  # fmt: skip


def agreement(first, second, *, tree=None, by: str = "species", on: str = "auto", k: int = 10,
              permutations: int = 999, rng: np.random.Generator | int) -> Agreement:  # fmt: skip
    """Compare two `Embeddings` of the same images (joined by `image_id`) or of the same species (by name).

    Images (only where they are the same): debiased CKA and mutual k-NN of unit vectors, beside what images shuffled
    *within* their species give: what the two owe to species alone. Individuals: `agreement_within`, which no species
    mean can enter; shuffled within species. Species: debiased CKA, Procrustes correlation, mutual k-NN and RSA of
    the means, described beside a second space that evolved anew on `tree` (no p-value: λ is never known well enough);
    and `agreement_beyond_tree`, with descent taken out of both, the only one with an interval and a claim. Without a
    tree species are shuffled, which asks whether they correspond *at all*: no claim is then decided, nor is one with
    ranks in place of a tree (`Tree.from_taxonomy`). `on` is "image", "species" or "auto" (images where ids are shared).
    What does not match is named in `left_out`.
    """
    rng = generator(rng)
    pair = paired(first, second, by, on)
    left_out, indices, evidence = list(pair.left_out), [], {}
    if pair.same:
        some = _some_rows(pair, rng, left_out)
        indices += _of_images(pair, some, k, min(permutations, DRAWS), rng)
        index, found = _of_individuals(pair, some, permutations, rng)
        indices += index
        evidence["individuals"] = found
    named = _with_species_means(pair, left_out)
    covariance, about = None, "No tree: species are shuffled"
    if tree is not None and len(named.names) >= 3:
        _, report = a_tree(tree).match(list(named.names))
        left_out += report.remarks
        named = _only(named, [name in report.used for name in named.names])
        covariance = tree.covariance([report.used[name] for name in named.names]) if len(named.names) >= 3 else None
        source = getattr(tree, "source", "")
        about = f"Tree of {len(named.names)} tips" + (f" ({source})" if source else "")
    rsa, distances, k_species = (np.nan, np.nan), (np.zeros(0), np.zeros(0)), 0
    if len(named.names) >= LEAST:
        if covariance is not None and Whitening(covariance).singular(1.0):
            left_out.append("tips at distance zero: Brownian motion is taken just short of λ = 1")
        like = likeness(named, covariance, k=k, draws=min(permutations, DRAWS), rng=rng)
        against = "species shuffled" if covariance is None else "second space evolved anew on the tree"
        indices += [
            # no p-value: this null rejected 7 to 17 % of empty worlds at 5 %, since λ is never known well
            _index("species", f"{name} (k = {like.k})" if "k-NN" in name else name, value, null, against,
                   len(named.names), p=np.nan)
            for name, value, null in zip(INDICES, like.values, like.null.T, strict=True)
        ]  # fmt: skip
        rsa, distances, k_species = (like.rsa.ceiling or np.nan, like.rsa.corrected), like.distances, like.k
    cannot = NO_TREE if covariance is None else RANKS_ALONE if getattr(tree, "of_ranks", False) else ""
    index, evidence["species"] = _of_species(named, covariance, permutations, rng, cannot)
    indices += index
    return Agreement(
        x=_name(first, "the first space"), y=_name(second, "the second space"), dims=(first.d, second.d),
        same_images=pair.same, n=len(pair.x), unit=pair.unit if pair.same else "images", species=named.names,
        k=k_species, indices=tuple(indices), ceiling=rsa[0], corrected=rsa[1], distances=distances, tree=about,
        left_out=tuple(left_out), evidence=evidence,
    )  # fmt: skip


def _name(emb, otherwise: str) -> str:
    card = emb.card
    return str(card.get("model") or card.get("facts", {}).get("model") or otherwise)


def _index(level, name, value, null, against, n, interval=(np.nan, np.nan), p=None) -> Index:
    low, high = np.quantile(null, [0.025, 0.975])
    return Index(
        level=level, name=name, value=float(value), interval=interval,
        chance=(float(np.mean(null)), float(low), float(high)), against=against,
        p_value=p_value(value, null) if p is None else p, n=n,
    )  # fmt: skip


def _some_rows(pair: Paired, rng, left_out: list) -> np.ndarray:
    n = len(pair.x)
    if n <= ROWS:
        return np.arange(n)
    left_out.append(f"{n - ROWS:,} of {n:,} {pair.unit} where these are compared one by one ({ROWS:,} drawn at random)")
    return np.sort(rng.choice(n, ROWS, replace=False))


def _of_images(pair: Paired, rows, k: int, draws: int, rng) -> list[Index]:
    x, y, codes = pair.x[rows], pair.y[rows], pair.x_codes[rows]
    known = codes >= 0
    codes = np.where(known, codes, codes.max() + 1)
    repeated = np.bincount(codes).max() > 1 and known.any()
    strata = codes if repeated else None
    against = f"{pair.unit} shuffled within species" if repeated else f"{pair.unit} shuffled"
    u, v = u_centred(x), u_centred(y)
    scale = np.linalg.norm(u) * np.linalg.norm(v)
    orders = permutations_of(len(x), draws, rng, strata=strata)
    value = float(np.vdot(u, v) / scale)
    null = np.array([np.vdot(u, v[t[:, None], t]) for t in orders]) / scale
    near = mutual_knn(x, y, min(k, len(x) - 1), permutations=orders)
    intervals = [(np.nan, np.nan)] * 2
    if repeated:
        one_hot = (codes[:, None] == np.arange(codes.max() + 1)).astype(float)
        blocks = [one_hot.T @ m @ one_hot for m in (u * v, u * u, v * v)]
        left = [m.sum() - 2 * m.sum(axis=1) + np.diag(m) for m in blocks]  # without each species in turn
        size = one_hot.sum(axis=0)
        intervals = [
            jackknife(left[0] / np.sqrt(left[1] * left[2]), value, within=(-1, 1)),
            bootstrap_ratio(one_hot.T @ near.shares, size, rng=rng, within=(0, 1)),
        ]
    n = len(x)
    return [
        _index(pair.unit, "CKA, debiased", value, null, against, n, intervals[0]),
        _index(pair.unit, f"mutual k-NN (k = {min(k, n - 1)})", near.statistic, near.null, against, n, intervals[1]),
    ]


def _of_individuals(pair: Paired, rows, permutations: int, rng) -> tuple[list[Index], Evidence]:
    codes = pair.x_codes[rows]
    size = np.bincount(codes[codes >= 0], minlength=len(pair.names) or 1)
    keep, s = (codes >= 0) & (size[np.maximum(codes, 0)] > 1), int((size > 1).sum())
    kind = f"{pair.unit} shuffled within species"
    what = "CKA of deviations from the species' means, across species"
    if s < 3:
        why = f"{s} species have two {pair.unit} or more: deviations from a mean need three such species"
        return [], _undecided(what, kind, s, why)
    rows = rows[keep]
    found = agreement_within(pair.x[rows], pair.y[rows], pair.x_codes[rows], permutations=permutations, rng=rng)
    evidence = Evidence(
        statistic=what, estimate=found.statistic, interval=found.interval, null=found.null, chance_kind=kind,
        p_more=found.p_value, p_less=1.0,  # spaces that agree less than by chance contradict nothing
        p_floor=p_floor(len(found.null), s), n=s, n_effective=float(s),
    )  # fmt: skip
    index = _index("beyond species", "CKA of deviations", found.statistic, found.null, kind, found.n, found.interval,
                   found.p_value)  # fmt: skip
    return [index], evidence


def _of_species(pair: Paired, covariance, permutations: int, rng, cannot: str) -> tuple[list[Index], Evidence]:
    what, s = "debiased CKA of species means after phylogenetic whitening", len(pair.names)
    kind = "species permuted after phylogenetic whitening" if covariance is not None else "species shuffled"
    if s < LEAST:
        needed = (f"two {pair.unit} or more" if pair.same else "images in both stores") + (
            "" if covariance is None else " and a tip in the tree"
        )
        return [], _undecided(what, kind, s, f"{s} species have {needed}: at least {LEAST} are needed")
    whitening = np.eye(s) if covariance is None else covariance
    try:
        found = agreement_beyond_tree(*_halved(pair, rng), whitening, permutations=permutations, rng=rng)
    except ValueError as why:
        return [], _undecided(what, kind, s, reason_of(why))
    evidence = Evidence(
        statistic=what, estimate=found.statistic, interval=found.interval, null=found.null, chance_kind=kind,
        p_more=found.p_value, p_less=1.0, p_floor=p_floor(len(found.null), s), n=s,
        n_effective=effective_species(whitening), cannot_tell=cannot,
    )  # fmt: skip
    return _beyond(found, kind, s), evidence


def _beyond(found: BeyondTree, kind: str, s: int) -> list[Index]:
    return [_index("beyond the tree", "CKA, whitened", found.statistic, found.null, kind, s, found.interval,
                   found.p_value)]  # fmt: skip


def _halved(pair: Paired, rng) -> tuple[np.ndarray, np.ndarray]:
    """Means of species, or of random halves of the images where both spaces saw the same."""
    s = len(pair.names)
    if not pair.same:
        once = [np.zeros(len(c), np.int64) for c in (pair.x_codes, pair.y_codes)]
        return means(pair.x, pair.x_codes, s, once[0])[0], means(pair.y, pair.y_codes, s, once[1])[0]
    marks = [halves(pair.x_codes, rng).astype(np.int64) for _ in range(3 if s <= 500 else 1)]
    return tuple(np.stack([means(v, pair.x_codes, s, m) for m in marks]) for v in (pair.x, pair.y))


def _with_species_means(pair: Paired, left_out: list) -> Paired:
    """The pair with the species whose means can be compared: two images each where both spaces saw the same."""
    least = 2 if pair.same else 1
    size = np.bincount(pair.x_codes[pair.x_codes >= 0], minlength=len(pair.names))
    if pair.same and (single := int((size == 1).sum())):
        left_out.append(f"{single} species with one image: what both spaces owe to it cannot be told from its species")
    return _only(pair, size >= least)


def _only(pair: Paired, keep) -> Paired:
    keep = np.asarray(keep, bool)
    new = np.where(keep, np.cumsum(keep) - 1, -1)
    x, y = (np.where(c >= 0, new[c] if len(new) else -1, -1) for c in (pair.x_codes, pair.y_codes))
    names = tuple(name for name, kept in zip(pair.names, keep, strict=True) if kept)
    return Paired(pair.x, pair.y, x, y, names, pair.same, pair.unit, pair.left_out)


def _undecided(what: str, kind: str, s: int, why: str) -> Evidence:
    return Evidence(statistic=what, estimate=np.nan, interval=(np.nan, np.nan), null=np.array([np.nan]),
                    chance_kind=kind, p_more=1.0, p_less=1.0, p_floor=1.0, n=s, n_effective=float(s),
                    cannot_tell=why)  # fmt: skip
