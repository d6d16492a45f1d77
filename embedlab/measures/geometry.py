"""The shape of a cloud of vectors: lengths, crowding, dimensions filled, hubs, and what of it hangs on the view."""

from dataclasses import dataclass, fields

import numpy as np
import polars as pl

from embedlab.stats.pairs.knn import hubness, nearest_neighbours
from embedlab.stats.resample import generator
from embedlab.stats.shape.collapse import neural_collapse
from embedlab.stats.shape.dimension import alignment_loss, two_nn, uniformity
from embedlab.stats.shape.views import VIEWS, gaussian_twin, views
from embedlab.stats.shown import Spoken
from embedlab.stats.vectors import effective_rank, participation_ratio, spectrum

ROWS = 1000  # rows for what compares all pairs
TWINS = 3  # Gaussian clouds for chance
K = 10


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Geometry(Spoken):
    """Norms of the vectors as stored, and the shape of their unit vectors.

    `mean_cosine` and `sd_cosine` are over all pairs: 0 for a ball about the origin, 1 where all vectors point one
    way. `mean_norm` is the length of the mean unit vector, 0 to 1. `effective_rank` (entropy) and
    `participation_ratio` count dimensions of the centred unit vectors, from 1 to d; `top2` is the share of
    variance on the first two axes.

    `across` has for each diagnostic its value under each of `views` `(5,)`, `chance` the same for Gaussian rows with
    the same mean and spectrum; nan where it cannot be had. `dimension` is TwoNN's, with its 95 % interval as
    `dimension_low` and `dimension_high`; `hubness` the skewness of how often a row is a neighbour (k = 10);
    `uniformity` and `alignment` are those of Wang & Isola with mean squared length 1; `nc1` and `collapse_quotient`
    tell how far species have shrunk to points (chance: names shuffled among rows).
    """

    n: int
    d: int
    norm_min: float
    norm_low: float
    norm_median: float
    norm_high: float
    norm_max: float
    mean_cosine: float
    sd_cosine: float
    mean_norm: float
    effective_rank: float
    participation_ratio: float
    top2: float
    zero_rows: int
    views: tuple[str, ...] = VIEWS
    across: dict[str, np.ndarray]
    chance: dict[str, np.ndarray]
    sampled: int

    def __str__(self) -> str:
        return (
            f"{self.n:,} vectors in {self.d} dimensions fill about {self.effective_rank:.0f} of them "
            "(participation ratio "
            f"{self.participation_ratio:.0f}); two random ones have a cosine of {self.mean_cosine:.2f} ± "
            f"{self.sd_cosine:.2f}, "
            f"where an isotropic space gives 0 ± {1 / np.sqrt(self.d):.2f}; norms {self.norm_min:.1f} to "
            f"{self.norm_max:.1f}"
        )

    @property
    def caption(self) -> str:
        """What was computed."""
        return (
            "Norms as stored (minimum, 5 %, median, 95 %, maximum); angles and directions on vectors of length 1. "
            f"Below, on {self.sampled:,} rows, the same cloud seen five ways; grey: Gaussian rows of the same mean and "
            "spectrum, for collapse names shuffled among rows."
        )

    def table(self) -> pl.DataFrame:
        """One row a number: five views side by side, and chance for each; what stands once is under "raw"."""
        once = [f.name for f in fields(self) if f.type in (int, float)]
        rows = [{"fact": name, "raw": float(getattr(self, name))} for name in once]
        for name, values in self.across.items():
            rows.append({"fact": name, **dict(zip(self.views, map(float, values), strict=True))})
            chance = self.chance.get(name)
            if chance is not None:
                rows.append({"fact": f"{name}, chance", **dict(zip(self.views, map(float, chance), strict=True))})
        return pl.DataFrame(rows, schema={"fact": pl.String, **dict.fromkeys(self.views, pl.Float64)})


def geometry(embeddings, *, by: str = "species", rng: np.random.Generator | int = 0) -> Geometry:
    """Describe a space: `Embeddings` of at least 3 rows. Rows of length zero are counted and left out.

    Diagnostics that compare all pairs look at 1,000 rows at most, drawn with `rng`, which also draws the Gaussian
    clouds that stand for chance. Alignment and collapse need species (`by`) of two rows or more.
    """
    rng = generator(rng)
    x = embeddings.float64()
    norm = np.linalg.norm(x, axis=1)
    zero = int((norm == 0).sum())
    if len(x) - zero < 3:
        raise ValueError(f"{len(x) - zero} vectors of positive length: at least 3 are needed to speak of a shape")
    unit = x[norm > 0] / norm[norm > 0, None]
    n, d = unit.shape
    gram = unit.T @ unit if d < n else unit @ unit.T  # either gives Σ cos² over all pairs as its squared length
    total = np.linalg.norm(unit.sum(axis=0)) ** 2 - n
    pairs = n * (n - 1)
    mean = total / pairs
    variances = spectrum(unit)
    filled = effective_rank(variances)
    rows = np.flatnonzero(norm > 0)
    rows = np.sort(rng.choice(rows, ROWS, replace=False)) if rows.size > ROWS else rows
    labels = embeddings.codes(by)[0][rows] if embeddings.has(by) else np.full(rows.size, -1)
    across, chance = _across(x[rows], labels, rng)
    low, median, high = np.quantile(norm, [0.05, 0.5, 0.95])
    return Geometry(
        n=len(x), d=d, norm_min=float(norm.min()), norm_low=float(low), norm_median=float(median),
        norm_high=float(high),
        norm_max=float(norm.max()), mean_cosine=float(mean),
        sd_cosine=float(np.sqrt(max(((gram**2).sum() - n) / pairs - mean**2, 0.0))),
        mean_norm=float(np.linalg.norm(unit.mean(axis=0))), effective_rank=filled,
        participation_ratio=participation_ratio(variances), top2=float(variances[:2].sum() / variances.sum()),
        zero_rows=zero, across=across, chance=chance, sampled=rows.size,
    )  # fmt: skip


def _across(x, labels, rng) -> tuple[dict, dict]:
    """Every diagnostic under every view, and what Gaussian twins (for collapse: shuffled names) give."""
    seen = _views_of(x)
    found = {name: _diagnostics(v) for name, v in seen.items()}
    drawn = [_views_of(gaussian_twin(x, rng)) for _ in range(TWINS)]
    drawn = {name: [_diagnostics(d[name]) for d in drawn if name in d] for name in VIEWS}
    across = {f: np.array([found.get(v, {}).get(f, np.nan) for v in VIEWS]) for f in FACTS}
    chance = {f: np.array([np.mean([d[f] for d in drawn[v]]) if drawn[v] else np.nan for v in VIEWS])
              for f in FACTS if f not in ("dimension_low", "dimension_high")}  # fmt: skip
    size = np.bincount(labels[labels >= 0], minlength=1)
    keep = (labels >= 0) & (size[np.maximum(labels, 0)] > 1)
    if np.unique(labels[keep]).size > 1:
        own, shuffled = labels[keep], rng.permutation(labels[keep])
        for name, of in (("alignment", _alignment), ("nc1", _nc1), ("collapse_quotient", _quotient)):
            across[name], chance[name] = (
                np.array([of(seen[v][keep], y) if v in seen else np.nan for v in VIEWS]) for y in (own, shuffled)
            )
    return across, chance


FACTS = ("mean cosine", "effective rank", "participation ratio", "dimension", "dimension_low", "dimension_high",
         "hubness", "uniformity")  # fmt: skip


def _views_of(x) -> dict:
    # A row that stands on the mean has no direction once centred: such a view is left out, not the others.
    try:
        return views(x)
    except ValueError:
        return {"raw": x, "centred": x - x.mean(axis=0)}


def _diagnostics(x) -> dict:
    n = len(x)
    length = np.linalg.norm(x, axis=1)
    unit = x[length > 0] / length[length > 0, None]
    variances = spectrum(x)
    found = dict.fromkeys(FACTS, np.nan)
    found["mean cosine"] = (np.linalg.norm(unit.sum(axis=0)) ** 2 - len(unit)) / (len(unit) * (len(unit) - 1))
    if variances.sum() > 0:
        found["effective rank"] = effective_rank(variances)
        found["participation ratio"] = participation_ratio(variances)
        found["uniformity"] = uniformity(x / np.sqrt((length**2).mean()))
    try:
        dimension = two_nn(x)
        found["dimension"] = dimension.statistic
        found["dimension_low"], found["dimension_high"] = dimension.interval
    except ValueError:  # a handful, or a grid: it has no dimension, and the table says nan
        pass
    if n > 2 * K:
        found["hubness"] = hubness(nearest_neighbours(x, K)[0])
    return found


def _alignment(x, labels) -> float:
    return alignment_loss(x / np.sqrt((x**2).sum(axis=1).mean()), labels)


def _nc1(x, labels) -> float:
    return _collapse(x, labels, "nc1")


def _quotient(x, labels) -> float:
    return _collapse(x, labels, "quotient")


def _collapse(x, labels, name) -> float:
    try:
        return getattr(neural_collapse(x, labels), name)
    except ValueError:  # means that coincide
        return np.nan
