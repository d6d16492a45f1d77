"""Walks over a tree kept as flat arrays in preorder: depths, pruning, shared paths, and a tree of ranks."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int


def depths(parent: Int[np.ndarray, " m"], length: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
    """Each node's distance from the root, summed from the root down."""
    depth = [0.0] * len(parent)
    for node, (above, step) in enumerate(zip(parent.tolist(), length.tolist(), strict=True)):
        if node:
            depth[node] = depth[above] + step
    return np.array(depth)


def pruned(
    parent: Int[np.ndarray, " m"], length: Float[np.ndarray, " m"], tips: Sequence[int]
) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, " k"], Int[np.ndarray, " k"]]:
    """Parents, lengths and old numbers of the nodes that remain when only these tips are kept.

    A node that is left with one child is joined over: its branch is added to the child's. The new root is
    the last common ancestor of the tips.
    """
    up, step = parent.tolist(), length.tolist()
    below = [0] * len(up)  # how many kept branches meet in a node; -1 for a kept tip
    for tip in tips:
        below[tip] = -1
    for node in range(len(up) - 1, 0, -1):
        if below[node]:
            below[up[node]] += 1
    new_parent: list[int] = []
    new_length: list[float] = []
    kept: list[int] = []
    # for each old node: the new node that stands at or above it, and the path collected since then
    stands, since = [-1] * len(up), [0.0] * len(up)
    for node, meet in enumerate(below):
        if not meet:
            continue
        at = stands[up[node]] if node else -1
        path = since[up[node]] + step[node] if node else 0.0
        if meet == 1:
            stands[node], since[node] = at, path
            continue
        stands[node] = len(kept)
        new_parent.append(at)
        new_length.append(path if at >= 0 else 0.0)
        kept.append(node)
    return np.array(new_parent), np.array(new_length), np.array(kept)


def shared_paths(
    parent: Int[np.ndarray, " m"], depth: Float[np.ndarray, " m"], tips: Int[np.ndarray, " n"]
) -> Float[np.ndarray, "n n"]:
    """For each pair of tips (all of a tree's, in preorder) the depth of their last common ancestor.

    In preorder the node after a tip is a child of the ancestor that the tip shares with the next one, and
    the ancestor of tips i < j is the shallowest of those between them. So each row is a running minimum:
    O(n²) in all, where filling one square per clade would take O(n³) on a comb.
    """
    between = depth[parent[tips[:-1] + 1]]
    n = len(tips)
    out = np.empty((n, n))
    out[np.arange(n), np.arange(n)] = depth[tips]
    for i in range(n - 1):
        out[i, i + 1 :] = out[i + 1 :, i] = np.minimum.accumulate(between[i:])
    return out


def rank_tree(
    rows: Sequence[tuple[str | None, ...]],
) -> tuple[Int[np.ndarray, " m"], Float[np.ndarray, " m"], list[str | None]]:
    """Parents, lengths and labels of a tree whose inner nodes are the taxa of these rows, highest rank first.

    With k ranks, the taxa of the lowest stand at height 0, of the next at 1/k, …, and the root at 1. A rank
    that is not known is skipped.
    """
    steps = len(rows[0]) if rows else 1
    children: dict[tuple, list[tuple]] = {(): []}
    for row in rows:
        path: tuple = ()
        for depth, value in enumerate(row):
            if value is None:
                continue
            taxon = (*path, (depth, value))
            if taxon not in children:
                children[taxon] = []
                children[path].append(taxon)
            path = taxon
    parent: list[int] = [-1]
    height: list[float] = [1.0]
    label: list[str | None] = [None]
    stack = [(taxon, 0) for taxon in reversed(children[()])]
    while stack:
        taxon, above = stack.pop()
        depth, name = taxon[-1]
        here = len(parent)
        parent.append(above)
        height.append((steps - 1 - depth) / steps)
        label.append(name)
        stack += [(child, here) for child in reversed(children[taxon])]
    heights = np.array(height)
    up = np.array(parent)
    return up, np.concatenate([[0.0], heights[up[1:]] - heights[1:]]), label
