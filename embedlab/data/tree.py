"""`Tree`: a phylogeny as three flat arrays; pruned, measured and matched by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from embedlab.data.names import closest, resolve
from embedlab.data.newick import parse_newick, write_newick
from embedlab.data.reading import read_bytes
from embedlab.data.report import JoinReport, few
from embedlab.data.taxonomy import RANKS, Taxonomy
from embedlab.data.treewalk import depths, pruned, rank_tree, shared_paths

LIMIT = 1 << 28  # bytes of Newick: some four million tips
OF_RANKS = "taxonomic ranks, equal steps"


@dataclass(frozen=True, eq=False)
class TreeStructure:
    """A pruned tree as plain arrays, for statistics that walk it in O(n) instead of building a matrix.

    Nodes stand in preorder (`parent[i] < i`, the root's is -1, its length 0); `tips[i]` is the node of the
    i-th name that was asked for.
    """

    parent: Int[np.ndarray, " m"]
    length: Float[np.ndarray, " m"]
    tips: Int[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Tree:
    """A rooted tree: parents (preorder, root -1), branch lengths in the file's unit, and labels.

    Tips have unique names; inner labels (clades, support values) are kept but mean nothing here. Nodes with
    many children, with one, and branches of length zero are all allowed.

    >>> tree = Tree.parse("((a:1,b:1):2,c:3);")
    >>> tree
    tree of 3 tips · depth 3 · ultrametric
    >>> tree.covariance(["a", "b", "c"])
    array([[3., 2., 0.],
           [2., 3., 0.],
           [0., 0., 3.]])
    """

    parent: Int[np.ndarray, " m"]
    length: Float[np.ndarray, " m"] = None  # type: ignore[assignment]  # none of the three has a default:
    label: list[str | None] = None  # type: ignore[assignment]  # who gives a file or a text is told who reads it
    source: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.parent, str | Path):
            text = str(self.parent).strip()
            way, what = ("parse", "Newick text") if text.endswith(";") else ("read", "a file")
            said = f"{what} is read by Tree.{way}({text[:60]!r})"
            raise TypeError(f"a tree is made of parents, lengths and labels; {said}")
        if self.length is None or self.label is None:
            raise TypeError("parents alone make no tree: give lengths and labels too, or read a file with Tree.read")
        parent = np.array(self.parent, dtype=np.int64)
        length = np.array(self.length, dtype=np.float64)
        if not len(parent) == len(length) == len(self.label) or not len(parent):
            raise ValueError(
                f"{len(parent)} parents, {len(length)} lengths, {len(self.label)} labels: "
                "a tree has one of each per node"
            )
        if parent[0] != -1 or (parent[1:] < 0).any() or (parent[1:] >= np.arange(1, len(parent))).any():
            raise ValueError("parents must come before their children, with one root (-1) at the start")
        length[0] = 0.0
        if (length < 0).any() or np.isinf(length).any():
            bad = np.flatnonzero((length < 0) | np.isinf(length))
            raise ValueError(f"branch lengths must be finite and not negative; see nodes {few(bad.tolist())}")
        tips = np.setdiff1d(np.arange(len(parent)), parent)
        names = [self.label[i] for i in tips]
        if None in names:
            bare = few([int(i) for i, name in zip(tips, names, strict=True) if name is None])
            raise ValueError(f"{names.count(None)} tips have no name: label nodes {bare}")
        if len(set(names)) < len(names):
            seen: set = set()
            twice = dict.fromkeys(name for name in names if name in seen or seen.add(name))
            raise ValueError(f"tips {few(twice)} stand more than once in the tree: a name must be one tip")
        for array in (parent, length):
            array.flags.writeable = False
        object.__setattr__(self, "parent", parent)
        object.__setattr__(self, "length", length)
        object.__setattr__(self, "label", list(self.label))
        object.__setattr__(self, "_place", dict(zip(names, tips.tolist(), strict=True)))

    @classmethod
    def read(cls, path: str | Path, *, limit: int = LIMIT) -> "Tree":
        """The tree in a Newick file, gzipped or not; `limit` bounds its size unpacked, in bytes."""
        try:
            text = read_bytes(path, limit).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path} is no Newick in UTF-8 (byte {error.start:,} is none): is it another kind of file?"
            ) from None
        try:
            return cls(*parse_newick(text), source=Path(path).name)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    @classmethod
    def parse(cls, text: str) -> "Tree":
        """The tree in a Newick text."""
        return cls(*parse_newick(text))

    @classmethod
    def from_taxonomy(cls, taxonomy: Taxonomy) -> "Tree":
        """A stand-in tree from ranks: two species part at the height of the lowest rank they share.

        One genus parts at height 1/7, one family at 2/7, …, different kingdoms at 1 (equal steps; after
        Grafen 1989). Its lengths are ranks, not time, and it says so. A rank that is not known is skipped.
        """
        return cls(*rank_tree(taxonomy.rows.select(RANKS).rows()), source=OF_RANKS)

    @property
    def of_ranks(self) -> bool:
        """Whether ranks stand in for a phylogeny (`from_taxonomy`): who is nearest kin within a rank is then open."""
        return self.source == OF_RANKS

    @property
    def names(self) -> list[str]:
        """The tips' names in the order of the file."""
        return list(self._place)  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self._place)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        said = [f"tree of {len(self):,} tips"]
        if np.isnan(self.length).any():
            said.append("no branch lengths")
        else:
            said += [f"depth {self.depth:.4g}", "ultrametric" if self.is_ultrametric() else "not ultrametric"]
        return " · ".join([*said, *([f"from {self.source}"] if self.source else [])])

    def _depths(self) -> Float[np.ndarray, " m"]:
        """Each node's distance from the root."""
        if np.isnan(self.length).any():
            raise ValueError(
                "this tree has no branch lengths: give a file that has them, or say which in Python, "
                "tree.with_lengths(…), and write tree.newick()"
            )
        return depths(self.parent, self.length)

    @property
    def depth(self) -> float:
        """The greatest distance from the root to a tip, in the unit of the branch lengths."""
        return float(self._depths().max())

    def is_ultrametric(self, rtol: float = 1e-6) -> bool:
        """Whether all tips are equally far from the root, up to `rtol` of the depth.

        Printed branch lengths are rounded, hence the tolerance.
        """
        depths = self._depths()[list(self._place.values())]  # type: ignore[attr-defined]
        return bool(depths.max() - depths.min() <= rtol * max(depths.max(), np.finfo(float).tiny))

    def with_lengths(self, lengths: float | Float[np.ndarray, " m"] = 1.0) -> "Tree":
        """The same tree with these branch lengths, one for all or one for each node in preorder."""
        full = np.broadcast_to(np.asarray(lengths, dtype=np.float64), self.length.shape)
        return Tree(self.parent, full, self.label, self.source)

    def rename(self, names: Mapping[str, str]) -> "Tree":
        """The same tree with tips called as the mapping (old name to new name) says."""
        label = list(self.label)
        for old, new in names.items():
            label[self._at([old])[0]] = new
        return Tree(self.parent, self.length, label, self.source)

    def match(
        self, names: Sequence[str | None], synonyms: bool | Mapping[str, str] = True
    ) -> tuple[list[str], JoinReport]:
        """The tips that these names stand for, in the order asked, and a report naming those not found.

        `report.used` maps each matched name to its tip. One tip never stands for two names: a synonym yields
        to the name itself, and the report says so. To keep your own names, `rename` the tree.
        """
        asked = list(dict.fromkeys(name for name in names if name is not None))
        found = resolve(asked, self.names, synonyms=synonyms)
        notes = list(found.notes)
        if nameless := sum(name is None for name in names):
            notes.append(f"{nameless:,} of the names were missing")
        used: dict[str, str] = {}
        taken: dict[str, str] = {}
        pairs = [(name, tip) for name, tip in zip(asked, found.used, strict=True) if tip is not None]
        for name, tip in sorted(pairs, key=lambda pair: pair[0] != pair[1]):
            if tip in taken:
                notes.append(f"{name!r} is the same tip as {taken[tip]!r}, which stands for it")
            else:
                used[name] = taken[tip] = tip
                taken[tip] = name
        used = {name: used[name] for name in asked if name in used}
        report = JoinReport(
            what="tree",
            asked=len(asked),
            matched=len(used),
            missing=[name for name in asked if name not in used],
            synonyms=[(name, tip) for name, tip in found.synonyms if name in used],
            notes=notes,
            used=used,
        )
        return list(used.values()), report

    def _at(self, names: Sequence[str]) -> list[int]:
        """The nodes of these tips; unknown names raise a KeyError that names them and the closest tips."""
        place: dict[str, int] = self._place  # type: ignore[attr-defined]
        unknown = [name for name in names if name not in place]
        if unknown:
            near = closest(str(unknown[0]), place, most=1)
            hint = f"; closest to the first: {near[0]!r}" if near else ""
            raise KeyError(f"no tips called {few(unknown)}{hint}. tree.match(names) finds what there is")
        if len(set(names)) < len(names):
            twice = [name for name in dict.fromkeys(names) if list(names).count(name) > 1]
            raise ValueError(f"{few(twice)} are asked for more than once: give each tip once")
        return [place[name] for name in names]

    def prune(self, names: Sequence[str]) -> "Tree":
        """The tree of these tips alone: distances between them stay, nodes with one child are joined over.

        The new root is the last common ancestor of the tips, as in ape's `keep.tip`.
        """
        tips = self._at(names)
        if not tips:
            raise ValueError("no names given: a tree needs at least one tip")
        parent, length, kept = pruned(self.parent, self.length, tips)
        return Tree(parent, length, [self.label[node] for node in kept], self.source)

    def structure(self, names: Sequence[str]) -> TreeStructure:
        """The tree pruned to these tips as plain arrays (parents, lengths, and each name's node)."""
        small = self.prune(names)
        tips = np.array(small._at(names))
        tips.flags.writeable = False
        return TreeStructure(small.parent, small.length, tips)

    def covariance(self, names: Sequence[str] | None = None) -> Float[np.ndarray, "n n"]:
        """Covariance of the tips under Brownian motion of unit rate: the path two tips share, from the root.

        The root is the last common ancestor of these names, as if the tree had been pruned to them first
        (ape's `vcv(keep.tip(…))`); on the diagonal stands each tip's distance from it. All names by default.
        """
        names = self.names if names is None else list(names)
        small = self.prune(names)
        tips = np.array(list(small._place.values()))  # type: ignore[attr-defined]
        out = shared_paths(small.parent, small._depths(), tips)
        order = np.searchsorted(tips, small._at(names))
        return out if (order == np.arange(len(tips))).all() else out[np.ix_(order, order)]

    def distances(self, names: Sequence[str] | None = None) -> Float[np.ndarray, "n n"]:
        """Patristic distances: the length of the path between two tips, in the unit of the branch lengths.

        >>> Tree.parse("((a:1,b:1):2,c:3);").distances(["a", "c"])
        array([[0., 6.],
               [6., 0.]])
        """
        shared = self.covariance(names)
        depth = shared.diagonal()
        out = depth[:, None] + depth[None, :] - 2 * shared
        np.fill_diagonal(out, 0.0)
        # subtraction may leave a speck below zero between tips of zero branch length
        return np.maximum(out, 0.0, out=out)

    def newick(self) -> str:
        """The tree as one line of Newick; reading it back gives the same tree, to the last bit."""
        return write_newick(self.parent, self.length, self.label)


def a_tree(tree) -> Tree:
    """Give a phylogeny as it is; TypeError where something else, such as the path of a file, stands for one."""
    if not isinstance(tree, Tree):
        raise TypeError(f"a tree is what el.Tree.read(FILE) gives; saw {str(tree)[:60]!r}, a {type(tree).__name__}")
    return tree
