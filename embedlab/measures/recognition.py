"""Can species that were never trained on be told apart, from one image, from five, from their names?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from embedlab.claims import Evidence
from embedlab.measures.contrast import MIN_ACROSS
from embedlab.measures.episodes import Episodes, hits
from embedlab.measures.over_species import over_species
from embedlab.stats.resample import generator, p_floor, p_value
from embedlab.stats.shown import Spoken

SHUFFLED = "names shuffled among individuals{within}, one episode each"
ASKED = 10  # individuals of a species in an episode of chance: its mean is the same, its spread wider
DEALT = "names dealt out among the prototypes"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Recognition(Spoken):
    """How often an image is named rightly among K species, beside what chance gives: 1 is always, chance near 1/K.

    `accuracy` maps "1-shot", "5-shot", … and "zero-shot" to the share of right answers of each species `(s,)`, in the
    order of `species`; nan where a species has no prototype. Every species counts alike, however many images it has.
    `evidence` has one entry for each. Nothing is fitted but class means: it is a property of the space.
    """

    species: tuple[str, ...]
    accuracy: dict[str, np.ndarray]
    counts: np.ndarray
    candidates: dict[str, int]
    episodes: int
    unit: str
    balanced: tuple[str, ...]
    left_out: tuple[str, ...]
    evidence: dict[str, Evidence]

    def __str__(self) -> str:
        return self.sentence(*self.evidence)

    def sentence(self, *ways: str) -> str:
        """Say of each of these ways how many images are named rightly, beside chance."""
        parts = [
            f"{way} {e.estimate:.1%} [{e.interval[0]:.1%}, {e.interval[1]:.1%}] among {self.candidates[way]} "
            f"(1/K {1 / self.candidates[way]:.1%}; {_kind(e)} {e.chance['mean']:.1%}; p = {e.p_more:.2g})"
            for way, e in ((way, self.evidence[way]) for way in ways)
        ]
        return f"images of {len(self.species)} species named rightly: " + "; ".join(parts)

    @property
    def caption(self) -> str:
        """Method, numbers and nulls in a few sentences."""
        over = f" Balanced over {' and '.join(self.balanced)}, in support and in queries." if self.balanced else ""
        zero = " Zero-shot: nearest of the prototypes made of texts; chance deals their names out." * (
            "zero-shot" in self.accuracy
        )
        return (
            f"Nearest class mean of unit vectors over {self.episodes} episodes among {len(self.species)} species: n "
            f"{self.unit} of each are shown, all others are asked, one photograph of each drawn anew in every "
            f"episode.{over} Every species counts alike; 95 % intervals resample species, the candidates held fixed. "
            f"Chance: 1/K, and names shuffled among {self.unit}, each shuffle through one episode.{zero}"
        )

    def table(self) -> pl.DataFrame:
        """One row a species."""
        return pl.DataFrame({"species": self.species, self.unit: self.counts, **self.accuracy})

    def parts_of(self, way: str) -> tuple[np.ndarray, np.ndarray]:
        """Numerators and denominators whose sums give the estimate of "1-shot", …; one entry a species."""
        value = self.accuracy[way]
        known = np.isfinite(value)
        return np.where(known, value, 0.0), known.astype(float)


def recognition(embeddings, *, shots: int | Sequence[int] = (1, 5), episodes: int = 100, prototypes=None,
                by: str = "species", balance: Sequence[str] = (), tree=None, permutations: int = 199,
                rng: np.random.Generator | int) -> Recognition:  # fmt: skip
    """Measure how often an image is named rightly among all species here, from n images of each or from texts.

    An episode shows n images of each species, of n individuals, and asks one image of each other individual: the
    class mean of unit vectors that is nearest (Euclidean) answers. Support and queries share no individual. Without a
    column `individual` each image is one. `balance` names columns (sex, life_stage) over whose cells support is spread
    and queries averaged, so that unequal numbers of sexes do not pass for knowledge. `prototypes` is an `Embeddings` of
    texts with a column of species names, one text a species or several, in the space of the images: zero-shot.

    Species count alike. The interval resamples species with the K candidates as they are: it is for species like
    these among as many. A species needs max(shots) + 1 individuals; others are left out and named, for all ways, so
    that ways and models can be compared species by species. Fewer than 5 species: `cannot tell`; fewer than 2 are
    refused, and so are prototypes of other length, or of other species. Chance shuffles names among individuals
    (within the cells of `balance`), `permutations` times through one episode each that asks at most 10 of a species:
    this spreads more than the mean of all episodes, and so errs to the safe side.
    """
    rng = generator(rng)
    shots = tuple(int(k) for k in np.atleast_1d(shots))
    if not shots or min(shots) < 1 or len(set(shots)) < len(shots) or episodes < 1:
        raise ValueError(f"shots={shots} and episodes={episodes}: give different numbers of images, each 1 or more")
    emb = embeddings.known(by, *balance)
    left_out = [f"{embeddings.n - emb.n} images without {', '.join((by, *balance))}"] if emb.n < embeddings.n else []
    unit = emb.unit()
    drawn, thin = Episodes.of(unit, by, balance, least=max(shots) + 1)
    if thin:
        named = ", ".join(thin[:5]) + (" …" if len(thin) > 5 else "")
        left_out.append(f"{len(thin)} species with fewer than {max(shots) + 1} {drawn.unit} ({named})")
    if len(drawn.names) < 2:
        raise ValueError(
            f"species with {max(shots) + 1} {drawn.unit} or more: {len(drawn.names)}; naming needs two at least. Take "
            f"fewer shots than {max(shots)}, as shots=1, or more images"
        )
    s = len(drawn.names)
    found = hits(drawn, shots, [drawn.labels] * episodes, rng).mean(axis=0)  # (shots, s)
    shuffled = [drawn.shuffled(rng) for _ in range(permutations)]
    null = hits(drawn, shots, shuffled, rng, most_asked=ASKED).mean(axis=2)  # (permutations, shots)
    within = f" within {' and '.join(balance)}" if balance else ""
    few = "" if s >= MIN_ACROSS else f"{s} species: a claim across species needs at least {MIN_ACROSS}"
    facts = {"names": drawn.names, "tree": tree, "floor": p_floor(permutations, s), "few": few, "rng": rng}
    ways = {f"{k}-shot": (found[i], null[:, i], SHUFFLED.format(within=within)) for i, k in enumerate(shots)}
    candidates = dict.fromkeys(ways, s)
    if prototypes is not None:
        own, chance, missing = _zero_shot(unit, drawn, prototypes, by, permutations, rng)
        ways["zero-shot"] = (own, chance, DEALT)
        candidates["zero-shot"] = int(np.isfinite(own).sum())
        left_out += missing
    evidence, remarks = {}, []
    for way, (own, chance, kind) in ways.items():
        evidence[way], said = _evidence(way, own, chance, kind, **facts)
        remarks += [line for line in said if line not in remarks]
    return Recognition(
        species=drawn.names, accuracy={way: own for way, (own, _, _) in ways.items()}, counts=drawn.counts,
        candidates=candidates, episodes=episodes, unit=drawn.unit, balanced=tuple(balance),
        left_out=(*left_out, *remarks), evidence=evidence,
    )  # fmt: skip


def _evidence(way, own, null, kind, *, names, tree, floor, few, rng) -> tuple[Evidence, list[str]]:
    known = np.isfinite(own)
    own, names = own[known], [n for n, k in zip(names, known, strict=True) if k]
    estimate = float(own.mean())
    ends, n_effective, remarks = over_species(own, np.ones(own.size), names, tree, rng=rng)
    interval = tuple(np.clip(ends, 0.0, 1.0).tolist())  # a share
    said = f"accuracy of naming, {way}, nearest of {own.size} species, mean over species"
    return Evidence(
        statistic=said, estimate=estimate, interval=interval, null=null, chance_kind=kind,
        p_more=p_value(estimate, null), p_less=p_value(estimate, null, more=False), p_floor=floor, n=own.size,
        n_effective=n_effective, cannot_tell=few,
    ), remarks  # fmt: skip


def _zero_shot(unit, drawn: Episodes, prototypes, by: str, permutations: int, rng):
    """Accuracy of each species `(s,)` against the mean text of each, chance, and who has no text."""
    if prototypes.d != unit.d:
        raise ValueError(
            f"prototypes have {prototypes.d} numbers and images {unit.d}: texts must be of the same model and layer"
        )
    texts = prototypes.known(by).unit().per_species(by)
    place = {name: i for i, name in enumerate(texts.names)}
    have = [i for i, name in enumerate(drawn.names) if name in place]
    missing = [name for name in drawn.names if name not in place]
    if len(have) < 2:
        raise ValueError(
            f"{len(have)} of {len(drawn.names)} species have a prototype (images: {list(drawn.names)[:3]}, "
            f"prototypes: {texts.names[:3]}): naming needs two at least"
        )
    means = texts.means[[place[drawn.names[i]] for i in have]]
    means = means / np.linalg.norm(means, axis=1, keepdims=True)  # nearest by angle: the mean of one text is that text
    said = (drawn.x @ means.T.astype(drawn.x.dtype)).argmax(axis=1)
    confusion = drawn.confusion(said, len(have))[have]
    own = np.full(len(drawn.names), np.nan)
    own[have] = np.diag(confusion)
    dealt = (rng.permutation(len(have)) for _ in range(permutations))
    null = np.array([confusion[np.arange(len(have)), order].mean() for order in dealt])
    named = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
    return own, null, [f"{len(missing)} species without a prototype ({named})"] if missing else []


def _kind(e: Evidence) -> str:
    return "names dealt out" if e.chance_kind == DEALT else "shuffled names"
