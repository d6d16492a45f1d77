"""The nearest neighbours of each image in the full space, for the strip beside the map."""

from collections.abc import Sequence

import numpy as np

from embedlab.stats.vectors import unit_rows

MOST_ROWS = 20_000  # images whose neighbours a page carries; beyond that only a server is asked
NEIGHBOURS = 12
_BLOCK = 2**23  # likenesses held at once


def neighbours(embeddings, ids: Sequence[str], k: int = NEIGHBOURS, name: str = "") -> dict | None:
    """Give the `k` most alike images of each by cosine in the full space, most alike first, as a part of a bundle.

    `ids` are the images of the bundle in its order; who has no vector in `embeddings` gets None and is nobody's
    neighbour. `index` holds rows of the bundle, `cosine` their likeness from -1 to 1 (1: the same direction), `of`
    how the space is called (`name`, else its model). None for more than 20,000 images or fewer than 3. Of two that
    are equally alike the earlier row comes first.

    >>> from embedlab.data import Embeddings
    >>> e = Embeddings(np.array([[1.0, 0], [1, 1], [0, 1]]), {"image_id": ["a", "b", "c"]})
    >>> part = neighbours(e, ["c", "x", "b", "a"], k=1)
    >>> part["index"], part["cosine"]
    ([[2], None, [0], [2]], [[0.7071], None, [0.7071], [0.7071]])
    """
    place = {image: i for i, image in enumerate(embeddings.rows["image_id"].to_list())}
    rows = np.array([r for r, image in enumerate(ids) if image in place], dtype=np.int64)
    if not 3 <= len(rows) <= MOST_ROWS:
        return None
    x = unit_rows(np.asarray(embeddings.x[[place[ids[r]] for r in rows]], np.float64))
    k = min(k, len(rows) - 1)
    near, cosine = most_alike(x, k)
    index: list = [None] * len(ids)
    alike: list = [None] * len(ids)
    for r, n, c in zip(rows.tolist(), rows[near].tolist(), np.round(cosine, 4).tolist(), strict=True):
        index[r], alike[r] = n, c
    return {"k": k, "of": name or str(embeddings.card.get("model", "")), "index": index, "cosine": alike}


def most_alike(x: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Give each unit vector's `k` most alike others, most alike first: rows and cosines, both `(n, k)`.

    Found in single precision among a few more than `k`, ordered in double: half the time, the same neighbours.
    """
    n = len(x)
    small = np.ascontiguousarray(x, dtype=np.float32)
    wide = min(n - 1, k + 4)
    near, cosine = np.empty((n, k), np.int64), np.empty((n, k))
    step = max(1, _BLOCK // n)
    for start in range(0, n, step):
        rows = np.arange(start, min(start + step, n))
        alike = small[rows] @ small.T
        alike[np.arange(rows.size), rows] = -np.inf
        some = np.sort(np.argpartition(alike, n - wide, axis=1)[:, n - wide :], axis=1)
        exact = np.einsum("nd,nwd->nw", x[rows], x[some])
        order = np.argsort(-np.round(exact, 12), axis=1, kind="stable")[:, :k]
        near[rows] = np.take_along_axis(some, order, axis=1)
        cosine[rows] = np.take_along_axis(exact, order, axis=1)
    return near, np.clip(cosine, -1.0, 1.0)
