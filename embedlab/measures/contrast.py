"""A contrast between two sorts of individuals, and the blocks within which their labels may be shuffled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from embedlab.stats.vectors import group_means

MIN_ACROSS = 5  # fewer species cannot reach p = .05 even when all agree: 2 to the power −4 is .0625


@dataclass(frozen=True)
class Contrast:
    """Two values of a column to compare: the difference is mean(b) − mean(a).

    >>> str(Contrast("sex", "female", "male"))
    'female vs male'
    """

    column: str
    a: str
    b: str

    def __str__(self) -> str:
        return f"{self.a} vs {self.b}"

    @classmethod
    def of(cls, value) -> "Contrast":
        """Take a `Contrast`, or a (column, a, b) triple."""
        if isinstance(value, Contrast):
            return value
        if isinstance(value, str) or len(value) != 3:
            raise ValueError(f"a contrast is (column, a, b), for instance ('sex', 'female', 'male'); saw {value!r}")
        return cls(*(str(v).lower() if isinstance(v, bool) else str(v) for v in value))


@dataclass(frozen=True, eq=False)
class Block:
    """The units of one group and stratum: vectors `(n, d)` and which of them are of kind b `(n,)`."""

    group: int
    x: np.ndarray
    is_b: np.ndarray


@dataclass(frozen=True, eq=False)
class Blocks:
    """Units that may be compared: same group (species, or a finer taxon), same stratum, both kinds present.

    `unit` says whether photographs of one animal were averaged first. `left_out` counts and names what could not
    take part, and why.
    """

    contrast: Contrast
    groups: tuple[str, ...]
    species: tuple[str, ...]  # of each group
    blocks: tuple[Block, ...]
    unit: str
    left_out: tuple[str, ...]

    def of(self, group: int) -> Iterator[Block]:
        """The blocks of one group."""
        return (b for b in self.blocks if b.group == group)


def blocks(embeddings, contrast, *, groups: Sequence[str] = ("species",), strata: Sequence[str] = (),
           least: int = 2, unit: bool = True) -> Blocks:  # fmt: skip
    """Cut a space into the blocks within which the labels of `contrast` are exchangeable under the null.

    `groups` are the columns that name a taxon, coarse to fine; the first is the species. `strata` are columns to
    balance over (life stage when comparing sexes). Photographs of one individual are averaged first: animals are
    counted, not photographs. A block needs `least` units of both kinds. `unit` scales vectors to length 1; those of
    one number would all be 1 or −1, and are refused.
    """
    contrast = Contrast.of(contrast)
    if unit and embeddings.d < 2:
        raise ValueError(
            f"vectors of {embeddings.d} number have no direction to compare, only a sign: give the whole embedding, "
            "of at least 2 dimensions"
        )
    kinds = embeddings.column(contrast.column).cast(pl.String)  # sexes written as 0 and 1 are kinds, too
    emb = embeddings.take(kinds.is_in([contrast.a, contrast.b]).fill_null(False).to_numpy())
    if emb.n == 0:
        present = embeddings.column(contrast.column).drop_nulls().unique().sort().to_list()
        raise ValueError(
            f"column {contrast.column!r} holds neither {contrast.a!r} nor {contrast.b!r}; it holds {present[:5]}"
        )
    needed = [*groups, *strata]
    emb = emb.known(*needed)
    left_out = []
    if dropped := embeddings.n - emb.n:
        left_out.append(
            f"{dropped} images without {contrast.column} ({contrast.a} or {contrast.b}) or {', '.join(needed)}"
        )
    if emb.has("individual"):
        named = emb.known("individual").rows.unique(["individual", contrast.column])
        if both := int(named["individual"].is_duplicated().sum() // 2):
            left_out.append(f"{both} individuals stand on both sides, taken as independent: the test is conservative")
    x = (emb.unit() if unit else emb).float64()
    labels = (emb.column(contrast.column).cast(pl.String) == contrast.b).to_numpy()
    keys = [list(map(str, emb.column(c).to_list())) for c in needed]
    taxa = list(zip(*keys[: len(groups)], strict=True))
    cells = list(zip(*keys, labels.tolist(), strict=True))
    x, cells, taxa, of = _per_individual(emb, x, cells, taxa)
    names = sorted(set(taxa))
    place = {t: i for i, t in enumerate(names)}
    members: dict[tuple, list[int]] = {}
    for row, cell in enumerate(cells):
        members.setdefault(cell[:-1], []).append(row)
    found, thin = [], set()
    for key in sorted(members):
        rows = np.array(members[key])
        is_b = np.array([cells[r][-1] for r in rows])
        group = place[key[: len(groups)]]
        if min(is_b.sum(), (~is_b).sum()) >= least:
            found.append(Block(group, x[rows], is_b))
        else:
            thin.add(names[group][-1])
    kept = sorted({b.group for b in found})
    if not kept:
        raise ValueError(
            f"no {groups[-1]} has at least {least} {of} of both {contrast.a!r} and {contrast.b!r}: nothing "
            "can be compared"
        )
    thin -= {names[g][-1] for g in kept}
    if thin:
        named = ", ".join(sorted(thin)[:5]) + (" …" if len(thin) > 5 else "")
        sides = f"{contrast.a} or of {contrast.b}"
        left_out.append(f"{len(thin)} {groups[-1]} with fewer than {least} {of} of {sides} ({named})")
    again = {g: i for i, g in enumerate(kept)}
    return Blocks(
        contrast,
        tuple(" ".join(names[g]) for g in kept),
        tuple(names[g][0] for g in kept),
        tuple(Block(again[b.group], b.x, b.is_b) for b in found),
        of,
        tuple(left_out),
    )


def tangent(cut: Blocks) -> Blocks:
    """Give the blocks with all deviations along the mean direction of their own block taken off.

    Among vectors of length 1, kinds that differ only in *scatter* have means of different length along the direction
    of their species, and that lies in the span of the species. What is left are differences of direction.
    """
    return replace(cut, blocks=tuple(Block(b.group, _flat(b), b.is_b) for b in cut.blocks))


def _flat(block: Block) -> np.ndarray:
    mean = block.x.mean(axis=0)  # that of all, so that shuffled labels have the same space
    length = np.linalg.norm(mean)
    axis = mean / length if length > 0 else mean
    return block.x - np.outer((block.x - mean) @ axis, axis)


def _per_individual(emb, x, cells, taxa):
    """Average the photographs of one individual in one cell: shuffled photographs would count as animals."""
    if not emb.has("individual"):
        return x, cells, taxa, "images"
    who = emb.column("individual").to_list()
    (x,), first = by_individual(who, cells, x)
    return x, [cells[i] for i in first], [taxa[i] for i in first], "individuals"


def by_individual(who, apart, *tables: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Means of the rows of each table `(n, d)` that show one individual, and where each is first seen `(m,)`.

    `who` names the individual of each row, or is None: an animal without a name is itself, and no other whose name is
    a number. Rows that differ in `apart` (cell, species) show different animals, whatever they are called.
    """
    first: dict[tuple, int] = {}
    keys = [(a, (i,) if w is None else w) for i, (a, w) in enumerate(zip(apart, who, strict=True))]
    index = np.array([first.setdefault(key, len(first)) for key in keys], dtype=int)  # of no rows, too
    return [group_means(x, index, len(first)) for x in tables], np.unique(index, return_index=True)[1]
