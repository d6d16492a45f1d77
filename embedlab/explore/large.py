"""Maps of very many vectors: PCA fitted on a sample, the rest laid into it block by block."""

import numpy as np

from embedlab.measures.projection import JUDGED, Projection, _faithfulness
from embedlab.stats.vectors import unit_rows

FITTED = 50_000  # vectors on which the two axes are found
BLOCK = 16_384


def project_many(embeddings, method: str = "pca", *, rng) -> Projection:
    """Lay unit vectors out on their first two principal axes, found on a sample of 50,000 drawn by `rng` (a seed).

    Memory does not grow with the number of vectors but for two coordinates each. Faithfulness is measured on 2,000.

    Errors: another method than "pca", which would take hours here.
    """
    if method.lower() != "pca":
        raise ValueError(
            f"{embeddings.n:,} vectors: a {method} map would take hours; use pca, or take a sample first, "
            "embeddings.take(rows)"
        )
    seed = int(rng)
    draw = np.random.default_rng(seed)
    n, x = embeddings.n, embeddings.x
    rows = np.sort(draw.choice(n, min(FITTED, n), replace=False))
    some = unit_rows(np.asarray(x[rows], np.float64))
    mean = some.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(some, rowvar=False))
    axes = vectors[:, ::-1][:, :2]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(2)])  # an axis has no direction: fix one
    starts = range(0, n, BLOCK)
    xy = np.concatenate([(unit_rows(np.asarray(x[i : i + BLOCK], np.float64)) - mean) @ axes for i in starts])
    judged = draw.choice(n, min(JUDGED, n), replace=False)
    faith = _faithfulness(unit_rows(np.asarray(x[np.sort(judged)], np.float64)), xy[np.sort(judged)], draw)
    share = values[::-1][:2] / values.sum()
    return Projection(
        method="PCA", seed=seed, parameters={"axes found on": f"{len(rows):,} vectors"}, xy=xy,
        image_id=tuple(embeddings.column("image_id").to_list()), explained=(float(share[0]), float(share[1])), **faith,
    )  # fmt: skip
