"""Places on the maps of a bundle: drawn in an order that favours no class, on one scale, turned to face one way."""

import base64
import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from embedlab.measures.kept import kept
from embedlab.measures.projection import NEIGHBOURS
from embedlab.plots.typography import typeset

MOST_POINTS = 50_000  # images drawn one by one; beyond that a sample over the density of all
SAMPLED = 20_000  # images of that sample
GRID = 256  # cells of the density image along its longer side
JUDGED = 20_000  # images up to which each one's kept neighbours are counted


def by_hash(ids: Sequence[str], salt: bytes = b"") -> list[str]:
    """Give the ids in the order of a hash: no class lies on top, and every machine agrees."""
    return sorted(ids, key=lambda i: hashlib.sha256(salt + i.encode()).digest())


def sample(ids: Sequence[str], groups: Sequence, most: int) -> list[str]:
    """Give about `most` ids, the same share of every group and at least one of each, chosen by hash.

    >>> len(sample([str(i) for i in range(100)], [i % 2 for i in range(100)], 10))
    10
    """
    members: dict = {}
    for image, group in zip(ids, groups, strict=True):
        members.setdefault(group, []).append(image)
    share = most / len(ids)
    return [i for some in members.values() for i in by_hash(some, b"sample")[: max(1, int(share * len(some)))]]


def coordinates(projections: Mapping) -> dict[str, tuple[np.ndarray, str]]:
    """Give each map's places `(n, 2)` in units of the page, in the order of its `image_id`, and what was done to it.

    Maps by PCA share one scale and keep their axes, which may be mirrored; other maps have no unit: each is one wide,
    and is turned (and mirrored) towards the last map where they share images.
    """
    spread = [float(np.ptp(np.asarray(p.xy, float), axis=0).max()) for p in projections.values() if p.method == "PCA"]
    unit = max(spread, default=0.0) or 1.0
    flat = {}
    for name, p in projections.items():
        xy = np.asarray(p.xy, float)
        width = unit if p.method == "PCA" else float(np.ptp(xy, axis=0).max()) or 1.0
        flat[name] = (xy - (xy.max(axis=0) + xy.min(axis=0)) / 2) / width
    out, last = {}, list(projections)[-1] if projections else ""
    for name, p in projections.items():
        out[name] = (flat[name], "")
        if name != last:
            end = projections[last].image_id
            out[name] = facing(flat[name], p.image_id, flat[last], end, last, keep_axes=p.method == "PCA")
    return out


def placed(projections: Mapping, row: Mapping[str, int], spaces: Mapping[str, object]) -> list[dict]:
    """Give the maps of a bundle: the rows that stand on each, their places, axes, caption and kept neighbours.

    `row` gives each kept image its row. `spaces` names the `Embeddings` behind a map, from which its faithfulness
    image by image is counted. A map of which not all images are kept carries the density of all.
    """
    maps = []
    for name, (xy, said) in coordinates(projections).items():
        p = projections[name]
        here = sorted((row[image], k) for k, image in enumerate(p.image_id) if image in row)
        order = [k for _, k in here]
        shares = [""] * 2 if p.explained is None else [f" ({100 * v:.0f} %)" for v in p.explained]
        one = {
            "name": name,
            "caption": typeset(f"{p.caption} {said}".strip()),
            "row": [r for r, _ in here],
            # Four digits of the width of the map are finer than a pixel.
            "x": np.round(xy[order, 0], 4).tolist(),
            "y": np.round(xy[order, 1], 4).tolist(),
            "axes": [f"PC {j + 1}{shares[j]}" if p.method == "PCA" else "" for j in (0, 1)],
        }
        share = kept_neighbours(spaces[name], p) if name in spaces else None
        if share is not None:
            one["kept"] = np.round(share[order], 3).tolist()
        if len(order) < len(xy):
            one["density"] = density(xy)
        maps.append(one)
    return maps


def facing(xy, ids, target, target_ids, towards: str, *, keep_axes: bool) -> tuple[np.ndarray, str]:
    """Turn a map so that the images it shares with another lie as nearly alike as turning allows; say what was done.

    With `keep_axes` each axis may be mirrored and nothing more. Fewer than three shared images turn nothing.
    """
    there = {image: k for k, image in enumerate(target_ids)}
    pairs = [(k, there[image]) for k, image in enumerate(ids) if image in there]
    if len(pairs) < 3:
        return xy, ""
    mine, other = xy[[a for a, _ in pairs]], target[[b for _, b in pairs]]
    cross = (mine - mine.mean(axis=0)).T @ (other - other.mean(axis=0))
    if keep_axes:
        signs = np.where(np.diag(cross) < 0, -1.0, 1.0)
        flipped = [f"PC {j + 1}" for j in (0, 1) if signs[j] < 0]
        said = f"{' and '.join(flipped)} mirrored to face as in {towards}." if flipped else ""
        return xy * signs, said
    u, _, vt = np.linalg.svd(cross)
    return xy @ (u @ vt), f"Turned to face as {towards} does (Procrustes); distances are unchanged."


def kept_neighbours(space, projection) -> np.ndarray | None:
    """Give each image's share of its 15 nearest neighbours in the space that the map keeps: 0 none, 1 all.

    None where the map shows other images than the space holds, or too many to compare.
    """
    ids = list(projection.image_id)
    if not 3 <= len(ids) <= JUDGED or set(ids) - set(space.rows["image_id"].to_list()):
        return None
    return kept(space, projection, min(NEIGHBOURS, (len(ids) - 1) // 2), most=JUDGED)


def density(xy: np.ndarray, box: Sequence[float] | None = None, cells: int = GRID) -> dict:
    """Count points on a grid: `counts` (base64 of little-endian uint32, rows from the top), its `size` and `box`.

    `box` is x0, x1, y0, y1 in units of the map; by default the extent of the points.
    """
    x0, x1, y0, y1 = box if box is not None else (*_ends(xy[:, 0]), *_ends(xy[:, 1]))
    wide, high = (x1 - x0) or 1.0, (y1 - y0) or 1.0
    columns, rows = (max(1, round(cells * v / max(wide, high))) for v in (wide, high))
    counts, _, _ = np.histogram2d(xy[:, 1], xy[:, 0], bins=(rows, columns), range=((y0, y0 + high), (x0, x0 + wide)))
    packed = np.ascontiguousarray(counts[::-1].astype("<u4"))
    return {
        "counts": base64.b64encode(packed.tobytes()).decode(),
        "size": [columns, rows],
        "box": [round(float(v), 5) for v in (x0, x0 + wide, y0, y0 + high)],
        "of": len(xy),
    }


def _ends(values: np.ndarray) -> tuple[float, float]:
    return float(values.min()), float(values.max())
