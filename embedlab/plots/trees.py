"""A tree as lines: ladderised, root at the left, tips one below the other."""

import numpy as np


def ladder(structure) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place every node: `(depth, row, order)`, the smaller of two sister clades above the larger.

    `structure` is what `Tree.structure(names)` gives. `depth` `(m,)` runs from 0 at the root to 1 at the deepest tip,
    `row` `(m,)` is 0 for the first tip drawn and −1 for the next, inner nodes in the middle of their outer children;
    `order` `(n,)` are the names, by number, from top to bottom. Lengths that are not known count as one step each.

    >>> from types import SimpleNamespace
    >>> tree = SimpleNamespace(parent=[-1, 0, 1, 1, 0], length=[0, 1, 1, 1, 2], tips=[2, 3, 4])
    >>> depth, row, order = ladder(tree)
    >>> depth.tolist(), row.tolist(), order.tolist()
    ([0.0, 0.5, 1.0, 1.0, 1.0], [-0.75, -1.5, -1.0, -2.0, 0.0], [2, 0, 1])
    """
    parent, tips = np.asarray(structure.parent), np.asarray(structure.tips)
    length = np.asarray(structure.length, float)
    length = np.where(np.isfinite(length), length, 1.0)
    m = len(parent)
    depth, size = np.zeros(m), np.zeros(m, int)
    size[tips] = 1
    children: list[list[int]] = [[] for _ in range(m)]
    for node in range(1, m):
        depth[node] = depth[parent[node]] + length[node]
        children[parent[node]].append(node)
    for node in range(m - 1, 0, -1):
        size[parent[node]] += size[node]
    row, drawn = np.full(m, np.nan), []
    waiting = [0]
    while waiting:
        node = waiting.pop()
        if not children[node]:
            row[node] = -len(drawn)
            drawn.append(node)
        waiting += sorted(children[node][::-1], key=lambda c: -size[c])
    for node in range(m - 1, -1, -1):
        if children[node]:
            rows = row[children[node]]
            row[node] = (rows.min() + rows.max()) / 2
    place = {int(t): i for i, t in enumerate(tips)}
    return depth / (depth.max() or 1.0), row, np.array([place[node] for node in drawn])


def branches(structure, depth: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the lines of a phylogram `(x, y)`, one branch and its elbow after another, with nan between.

    `depth` and `row` are those of `ladder`, or any other places of the nodes.
    """
    parent = np.asarray(structure.parent)
    nodes = np.arange(1, len(parent))
    x = np.column_stack([depth[parent[nodes]], depth[parent[nodes]], depth[nodes], np.full(len(nodes), np.nan)])
    y = np.column_stack([row[parent[nodes]], row[nodes], row[nodes], np.full(len(nodes), np.nan)])
    return x.ravel(), y.ravel()
