"""A phylogeny pruned to the species of a page, ladderised, as plain lists for the drawing beside the map."""

from collections.abc import Sequence

import numpy as np

from embedlab.data.treewalk import depths

MOST_TIPS = 3_000


def tree_part(tree, species: Sequence[str | None], *, synonyms: bool = True) -> dict | None:
    """Give the tree of these species as a part of a bundle, or None where fewer than two have a tip.

    Nodes stand in preorder, of two clades the one with fewer tips first (ladderised): `parent` (the root's is -1),
    `length` in the tree's unit and `label` (None where a clade has no name). `tips` are the species by the names that
    the page uses, in the order of their nodes from the first to the last; `depth` is the greatest distance from the
    root. `matched` says in words how many species have a tip and which have none, `ranks` whether taxonomic ranks
    stand in for a phylogeny.

    >>> from embedlab.data import Tree
    >>> part = tree_part(Tree.parse("((a:1,b:1):2,c:3,d:3);"), ["b", "c", "a", "x", None])
    >>> part["tips"], part["parent"], part["length"]
    (['c', 'a', 'b'], [-1, 0, 0, 2, 2], [0.0, 3.0, 2.0, 1.0, 1.0])
    >>> part["matched"]
    '3 of 4 species have a tip in the tree; not x'
    """
    named = sorted({name for name in species if name is not None})
    _, report = tree.match(named, synonyms=synonyms)
    if not 2 <= len(report.used) <= MOST_TIPS:
        return None
    back = {tip: name for name, tip in report.used.items()}
    small = tree.prune(list(back))
    if np.isnan(small.length).any():
        small = small.with_lengths(1.0)
        unit = "branches of one length each: the file gives none"
    elif small.of_ranks:
        unit = "taxonomic ranks"
    else:
        unit = "branch lengths"
    order = ladder(small.parent)
    place = np.argsort(order)
    up = small.parent[order]
    length = small.length[order]
    inner = set(small.parent.tolist())
    labels = [small.label[node] for node in order.tolist()]
    tips = [back[name] for node, name in zip(order.tolist(), labels, strict=True) if node not in inner]
    missing = report.missing
    words = f"{len(tips):,} of {len(named):,} species have a tip in the tree"
    if missing:
        words += f"; not {', '.join(missing[:3])}" + (f" and {len(missing) - 3:,} more" if len(missing) > 3 else "")
    parent = np.where(up < 0, -1, place[up])
    return {
        "tips": tips,
        "parent": parent.tolist(),
        "length": [float(f"{v:.6g}") for v in length],
        "label": [None if node not in inner else label for node, label in zip(order.tolist(), labels, strict=True)],
        "depth": float(f"{depths(parent, length).max():.6g}"),
        "unit": unit,
        "source": tree.source,
        "ranks": bool(tree.of_ranks),
        "matched": words,
        "missing": list(missing),
    }


def ladder(parent: np.ndarray) -> np.ndarray:
    """Give the nodes in preorder with smaller clades first; of equal ones the earlier stays first.

    >>> ladder(np.array([-1, 0, 1, 1, 0])).tolist()
    [0, 4, 1, 2, 3]
    """
    children: list[list[int]] = [[] for _ in parent]
    for node, above in enumerate(parent.tolist()):
        if above >= 0:
            children[above].append(node)
    tips = [1 if not below else 0 for below in children]
    for node in range(len(parent) - 1, 0, -1):
        tips[parent[node]] += tips[node]
    out, stack = [], [0]
    while stack:
        node = stack.pop()
        out.append(node)
        stack += sorted(children[node], key=lambda child: tips[child])[::-1]
    return np.array(out)
