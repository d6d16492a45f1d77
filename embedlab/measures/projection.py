"""A map of a space in two dimensions, and how far it can be believed."""

import sys
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from embedlab.progress import waiting
from embedlab.stats.pairs.knn import nearest_neighbours, shared
from embedlab.stats.shown import Spoken
from embedlab.stats.vectors import unit_rows

METHODS = {"pca": "PCA", "tsne": "t-SNE", "t-sne": "t-SNE", "umap": "UMAP"}
NEIGHBOURS = 15
JUDGED = 2000  # rows on which faithfulness is measured


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Projection(Spoken):
    """Two coordinates a vector, and the map's faithfulness: an illustration, never evidence.

    `trustworthiness` (0 to 1) falls when points stand together that are not near in the space, `continuity` when
    neighbours of the space are torn apart (Venna & Kaski 2006); `overlap` is the share of the 15 nearest neighbours
    that the map keeps. `chance_trustworthiness`, `chance_continuity` and `chance_overlap` are those of a map whose
    points were dealt out at random: about a half, a half, and 15 / (n − 1). `explained` holds the shares of variance
    of the two axes (PCA only).
    """

    method: str
    seed: int
    parameters: dict
    xy: np.ndarray
    image_id: tuple[str, ...] = field(repr=False)
    trustworthiness: float
    overlap: float
    chance_overlap: float
    continuity: float
    chance_trustworthiness: float
    chance_continuity: float
    explained: tuple[float, float] | None

    def __str__(self) -> str:
        return (
            f"{self.method} map of {len(self.xy):,} vectors: keeps {self.overlap:.0%} of the {NEIGHBOURS} "
            "nearest neighbours "
            f"(a random map {self.chance_overlap:.0%}), trustworthiness {self.trustworthiness:.2f} and continuity "
            f"{self.continuity:.2f} ({self.chance_trustworthiness:.2f} and {self.chance_continuity:.2f})"
        )

    @property
    def caption(self) -> str:
        """Method, parameters, seed and faithfulness, as they belong under every map."""
        given = ", ".join(f"{k} {v}" for k, v in self.parameters.items())
        shares = f", axes {self.explained[0]:.0%} and {self.explained[1]:.0%} of the variance" if self.explained else ""
        return (
            f"{self.method}{', ' + given if given else ''}, seed {self.seed}{shares}; trustworthiness "
            f"{self.trustworthiness:.2f}, continuity {self.continuity:.2f} (random map "
            f"{self.chance_trustworthiness:.2f}, {self.chance_continuity:.2f}), "
            f"{NEIGHBOURS}-NN overlap {self.overlap:.2f} (random map {self.chance_overlap:.3f})."
        )

    def table(self) -> pl.DataFrame:
        """One row a vector."""
        return pl.DataFrame({"image_id": self.image_id, "x": self.xy[:, 0], "y": self.xy[:, 1]})


def project(embeddings, method: str = "pca", *, rng, **parameters) -> Projection:
    """Lay unit vectors out in two dimensions by "pca", "tsne" or "umap" (scikit-learn, umap-learn; their parameters).

    The vectors are not reduced by PCA beforehand: where within-species variance dominates, that erases species.
    `rng` is a seed, or a Generator from which one is drawn; it stands in the caption.
    """
    name = METHODS.get(method.lower())
    if name is None:
        raise ValueError(f"method {method!r} is not known: use 'pca', 'tsne' or 'umap'")
    seed = int(rng.integers(2**31)) if isinstance(rng, np.random.Generator) else int(rng)
    x = unit_rows(embeddings.float64())
    if len(x) < 3:
        raise ValueError(f"{len(x)} vectors: a map needs at least 3")
    # UMAP is compiled anew by each process: 10 to 20 s in which nothing would be seen to happen.
    compiled = "; the first of a session is compiled" if name == "UMAP" and "umap" not in sys.modules else ""
    with waiting(f"{name} map of {len(x):,} vectors{compiled}"):
        xy, explained, parameters = _laid_out(x, name, seed, parameters)
        faith = _faithfulness(x, xy, np.random.default_rng(seed))
    return Projection(
        method=name, seed=seed, parameters=parameters, xy=xy, image_id=tuple(embeddings.column("image_id").to_list()),
        explained=explained, **faith,
    )  # fmt: skip


def _laid_out(x, name: str, seed: int, parameters: dict) -> tuple[np.ndarray, tuple[float, float] | None, dict]:
    """Coordinates `(n, 2)`, shares of variance (PCA only), and the parameters with those that were not given."""
    explained = None
    if name == "PCA":
        centred = x - x.mean(axis=0)
        u, s, vt = np.linalg.svd(centred, full_matrices=False)
        sign = np.sign(vt[np.arange(2), np.abs(vt[:2]).argmax(axis=1)])  # an axis has no direction: fix one
        xy = u[:, :2] * s[:2] * sign
        explained = tuple(float(v) for v in s[:2] ** 2 / (s**2).sum())
    elif name == "t-SNE":
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits

        parameters = {"perplexity": min(30, (len(x) - 1) // 3), **parameters}
        # One thread: more change the sums, so the map, and stall for a minute where the cores are busy.
        with threadpool_limits(1, user_api="openmp"):
            xy = TSNE(2, init="pca", random_state=seed, n_jobs=1, **parameters).fit_transform(x.astype(np.float32))
    else:
        import warnings

        with warnings.catch_warnings():
            # umap says that it has no Tensorflow, and that a seed makes it run on one thread: both are meant.
            warnings.filterwarnings("ignore", category=ImportWarning, module="umap")
            warnings.filterwarnings("ignore", message="n_jobs value 1 overridden")
            from umap import UMAP

            parameters = {"n_neighbors": min(NEIGHBOURS, len(x) - 1), "min_dist": 0.1, **parameters}
            xy = UMAP(random_state=seed, n_jobs=1, **parameters).fit_transform(x.astype(np.float32))
    return np.asarray(xy, float), explained, parameters


def _faithfulness(x, xy, rng) -> dict[str, float]:
    from sklearn.manifold import trustworthiness

    rows = rng.choice(len(x), min(JUDGED, len(x)), replace=False)
    x, xy = x[rows], xy[rows]
    n = len(x)
    k = min(NEIGHBOURS, (n - 1) // 2)
    dealt = xy[rng.permutation(n)]
    # Continuity is trustworthiness with space and map in each other's place.
    return {
        "trustworthiness": float(trustworthiness(x, xy, n_neighbors=k)),
        "continuity": float(trustworthiness(xy, x, n_neighbors=k)),
        "chance_trustworthiness": float(trustworthiness(x, dealt, n_neighbors=k)),
        "chance_continuity": float(trustworthiness(dealt, x, n_neighbors=k)),
        "overlap": float(shared(nearest_neighbours(x, k)[0], nearest_neighbours(xy, k)[0]).mean()),
        "chance_overlap": k / (n - 1),
    }
