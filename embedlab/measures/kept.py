"""Where a map can be believed: the share of every image's neighbours that the map keeps."""

import numpy as np

from embedlab.measures.projection import NEIGHBOURS, Projection
from embedlab.stats.pairs.knn import nearest_neighbours, shared
from embedlab.stats.resample import generator
from embedlab.stats.vectors import unit_rows

MOST = 8000  # rows whose neighbours are looked up: the time grows with their square


def kept(embeddings, projection: Projection, k: int = NEIGHBOURS, *, most: int = MOST, rng=0) -> np.ndarray:
    """Tell for each point of a map which share of its `k` nearest neighbours in the space are near it there: `(n,)`.

    0 where the map sets an image among strangers, 1 where all its neighbours stand beside it; a map whose points were
    dealt out at random keeps k / (n − 1). The mean is the map's `overlap`. In the order of `projection.image_id`, whose
    images `embeddings` must hold. Of more than `most` points a random `most` are compared among themselves, and the
    rest are nan. `rng` is a seed or a Generator.
    """
    place = {name: i for i, name in enumerate(embeddings.column("image_id").to_list())}
    absent = [name for name in projection.image_id if name not in place]
    if absent:
        raise KeyError(
            f"{len(absent)} images of the map are not in the store, such as {absent[0]!r}: give the store that it "
            "was made of"
        )
    n = len(projection.image_id)
    if not 1 <= k < n:
        raise ValueError(f"k = {k} neighbours on a map of {n} points: k lies between 1 and {n - 1}")
    rows = np.arange(n)
    if n > most:
        rows = np.sort(generator(rng).choice(n, most, replace=False))
    x = unit_rows(embeddings.take([place[projection.image_id[i]] for i in rows]).float64())
    out = np.full(n, np.nan)
    near = nearest_neighbours(x, k)[0], nearest_neighbours(np.asarray(projection.xy, float)[rows], k)[0]
    out[rows] = shared(*near)
    return out
