"""The shape of a cloud of vectors: lengths, crowding around one direction, dimensions filled."""

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from embedlab.stats.vectors import effective_rank, participation_ratio, spectrum


@dataclass(frozen=True, kw_only=True, eq=False)
class Geometry:
    """Norms of the vectors as stored, and the shape of their unit vectors.

    `mean_cosine` and `sd_cosine` are over all pairs: 0 for a ball about the origin, 1 where all vectors point one
    way. `mean_norm` is the length of the mean unit vector, 0 to 1. `effective_rank` (entropy) and
    `participation_ratio` count dimensions of the centred unit vectors, from 1 to d; `top2` is the share of
    variance on the first two axes.
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
        return "Norms as stored (minimum, 5 %, median, 95 %, maximum); everything else on vectors scaled to length 1."

    def table(self) -> pl.DataFrame:
        """One row a number."""
        facts = asdict(self)
        return pl.DataFrame({"fact": list(facts), "value": [float(v) for v in facts.values()]})


def geometry(embeddings) -> Geometry:
    """Describe a space: `Embeddings` of at least 3 rows. Rows of length zero are counted and left out."""
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
    low, median, high = np.quantile(norm, [0.05, 0.5, 0.95])
    return Geometry(
        n=len(x), d=d, norm_min=float(norm.min()), norm_low=float(low), norm_median=float(median),
        norm_high=float(high),
        norm_max=float(norm.max()), mean_cosine=float(mean),
        sd_cosine=float(np.sqrt(max(((gram**2).sum() - n) / pairs - mean**2, 0.0))),
        mean_norm=float(np.linalg.norm(unit.mean(axis=0))), effective_rank=effective_rank(variances),
        participation_ratio=participation_ratio(variances), top2=float(variances[:2].sum() / variances.sum()),
        zero_rows=zero,
    )  # fmt: skip
