"""Walk a tree instead of inverting its covariance: whitening, determinants and simulated traits in O(n).

A structure is anything with `.parent` (parents before children, the root's is -1), `.length` and `.tips` (the node of
each species, in the order of the traits): what `Tree.structure(names)` gives. Felsenstein 1973, 1985; Ho & Ané 2014.
"""

import numpy as np

DENSE = 5_000  # species above which no (n, n) matrix is made from a structure


def is_structure(covariance) -> bool:
    """Whether this is a tree as plain arrays, and not a matrix; a tree without an order of rows is refused."""
    if hasattr(covariance, "structure") and hasattr(covariance, "covariance"):
        raise TypeError(
            "a tree alone does not say which row is which species: hand in tree.structure(names) or "
            "tree.covariance(names), with the names in the order of the rows"
        )
    return all(hasattr(covariance, name) for name in ("parent", "length", "tips"))


def topology(structure) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parents, lengths and tips of a structure, as arrays; refuse what is no tree whose leaves are the species."""
    if not is_structure(structure):
        raise TypeError(f"a tree's arrays are needed, tree.structure(names); saw {structure!r:.60}")
    parent, length, tips = (np.asarray(getattr(structure, name)) for name in ("parent", "length", "tips"))
    m = len(parent)
    if length.shape != (m,) or m < 3 or parent[0] != -1 or not (parent[1:] >= 0).all():
        raise ValueError(f"a tree needs one parent and one length a node, and -1 for the root first; saw {m} nodes")
    if not (parent[1:] < np.arange(1, m)).all():
        raise ValueError("parents must come before their children: take the arrays from Tree.structure(names)")
    leaves = np.setdiff1d(np.arange(m), parent)
    if not np.array_equal(np.sort(tips), leaves):
        raise ValueError(
            f"{len(leaves)} leaves but tips for {len(tips)}: each leaf must be one species; prune the tree to them"
        )
    return parent, length, tips


class Pruned:
    """A tree made ready for walks: nodes of two children each, in levels that are done at a stroke.

    Nodes 0 to n - 1 are the species, in their order; inner nodes follow, children before parents, the root last.
    Nodes with one child are joined over, those with many are split in halves by branches of length zero, which
    changes no path. `left`, `right` `(n - 1,)` are the children of inner nodes, `length` and `depth` `(2n - 1,)`
    branch and path from the root; the length of the root is that of a stem, where the structure has one. A walk
    costs as many steps of NumPy as the tree has levels: a few dozen, and n on a comb.

    Errors: parents after children, lengths that are negative or not finite, tips that are not the leaves, fewer
    than two species, and species that stand on the root.
    """

    def __init__(self, structure):
        parent, length, tips = topology(structure)
        if not np.isfinite(length).all() or (length < 0).any():
            bad = np.flatnonzero(~(np.isfinite(length) & (length >= 0)))
            raise ValueError(f"branch lengths must be finite and not negative; see nodes {bad[:5].tolist()}")
        self.n = n = len(tips)
        if n < 2:
            raise ValueError("a tree of one species says nothing of relatedness: give two species or more")
        self.left, self.right, self.length, heights = _binary(parent.tolist(), length.tolist(), tips.tolist())
        ends = np.r_[np.flatnonzero(np.diff(heights)) + 1, n - 1]
        self.levels = list(zip(np.r_[0, ends[:-1]].tolist(), ends.tolist(), strict=True))
        self.parent = np.full(2 * n - 1, -1)
        self.parent[self.left] = self.parent[self.right] = np.arange(n, 2 * n - 1)
        self.depth = self.down(self.length[:, None])[:, 0]
        if (self.depth[:n] <= 0).any():
            at = np.flatnonzero(self.depth[:n] <= 0)[:5].tolist()
            raise ValueError(f"tips {at} have no distance to the root: give a tree with branch lengths")

    def down(self, step: np.ndarray, keep: np.ndarray | None = None) -> np.ndarray:
        """Walk from the root to the tips: each node's value is its step `(2n - 1, k)` plus `keep` of its parent's."""
        value = step.copy()
        for a, b in reversed(self.levels):
            above = value[self.n + a : self.n + b]
            for child in (self.left[a:b], self.right[a:b]):
                value[child] += above if keep is None else above * keep[child, None]
        return value

    def stretched(self, lam) -> np.ndarray:
        """Branch lengths `(2n - 1, g)` for `g` values of Pagel's λ: inner branches times λ, tips as far as ever."""
        lam = np.atleast_1d(np.asarray(lam, float))
        length = self.length[:, None] * lam
        tips = slice(0, self.n)
        length[tips] += self.depth[tips, None] * (1 - lam)
        return length

    def variances(self, length: np.ndarray):
        """What is left unknown at each node, for branch lengths `(2n - 1, g)`.

        Gives the variance of each contrast `(n - 1, g)`, the shares of the left and of the right child in the mean of
        each inner node `(2, n - 1, g)`, and the variance of the root `(g,)`. Two tips at distance zero have a contrast
        of variance 0, and then weigh the same.
        """
        n = self.n
        w = length.copy()
        s, share = np.empty((n - 1, length.shape[1])), np.empty((2, n - 1, length.shape[1]))
        for a, b in self.levels:
            wl, wr = w[self.left[a:b]], w[self.right[a:b]]
            s[a:b] = both = wl + wr
            unclear = both == 0
            if unclear.any():
                both = np.where(unclear, 1.0, both)
            # each by a division of its own: 1 - share would lose a share of 1e-20, and with it a tip
            np.divide(wr, both, out=share[0, a:b])
            np.divide(wl, both, out=share[1, a:b])
            share[:, a:b][:, unclear] = 0.5
            w[n + a : n + b] += share[1, a:b] * wr
        return s, share, w[-1]

    def means(self, x: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Best guess of each node `(2n - 1, g, k)` from the tips below it, for tips `x` `(n, g or 1, k)`."""
        n = self.n
        m = np.empty((2 * n - 1, max(share.shape[2], x.shape[1]), x.shape[2]))
        m[:n] = x
        for a, b in self.levels:
            left, right = m[self.left[a:b]], m[self.right[a:b]]
            left *= share[0, a:b, :, None]
            right *= share[1, a:b, :, None]
            np.add(left, right, out=m[n + a : n + b])
        return m

    def sums(self, x: np.ndarray, s: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Root estimates `(b, d)` and sums of squared contrasts `(b,)` of many worlds `x` `(n, b, d)` on one tree."""
        n = self.n
        m = np.empty((2 * n - 1, *x.shape[1:]))
        m[:n] = x
        squares = np.zeros(x.shape[1])
        for a, b in self.levels:
            ml = m[self.left[a:b]]
            apart = ml - m[self.right[a:b]]
            flat = apart.transpose(1, 0, 2)
            squares += np.einsum("bkd,bkd,k->b", flat, flat, 1 / s[a:b])
            apart *= share[1, a:b, None, None]
            np.subtract(ml, apart, out=m[n + a : n + b])
        return m[-1], squares

    def contrasts(self, x, length: np.ndarray | None = None):
        """Standardised independent contrasts `(n - 1, p)` of tips `x` `(n, p)`, the root's estimate and its variance.

        Each contrast is a difference of two sisters over its standard deviation under Brownian motion (Felsenstein
        1985); a node of many children gives one less than it has children. Left less right: the sign means nothing.
        """
        s, share, root = self.variances(self.length[:, None] if length is None else length[:, None])
        m = self.means(np.asarray(x, float)[:, None], share)[:, 0]
        self.refuse_twins(s[:, 0])
        return (m[self.left] - m[self.right]) / np.sqrt(s), m[-1], float(root[0])

    def whitened(self, x: np.ndarray, lam) -> tuple[np.ndarray, np.ndarray]:
        """Give rows `(g, n, p)` with ZᵀZ = XᵀC⁻¹X for each λ, and log det C_λ `(g,)`, which is -inf where singular."""
        return self.rows(x, self.stretched(lam))

    def rows(self, x: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `whitened`, for any branch lengths `(2n - 1, g)`; `x` is `(n, p)`, or `(n, g, p)`."""
        s, share, root = self.variances(length)
        with np.errstate(divide="ignore"):
            log_det = np.log(s).sum(axis=0) + np.log(root)
        m = self.means(x[:, None] if x.ndim == 2 else x, share)
        z = np.empty((length.shape[1], self.n, x.shape[-1]))
        scale = np.sqrt(np.where(s > 0, s, 1.0))[:, :, None]
        z[:, :-1] = ((m[self.left] - m[self.right]) / scale).transpose(1, 0, 2)
        z[:, -1] = m[-1] / np.sqrt(root)[:, None]
        return z, log_det

    def whiten(self, x, lam: float) -> np.ndarray:
        """Rows `(n, p)` of `x` made unrelated at one λ. Tips at distance zero, at λ = 1, are refused by name."""
        x = np.asarray(x, float)
        self.refuse_twins(self.variances(self.stretched(lam))[0][:, 0], lam)
        return self.whitened(x, lam)[0][0]

    def singular(self, lam: float) -> bool:
        """Whether C_λ cannot be inverted: at λ = 1 two tips at distance zero make it so."""
        return bool((self.variances(self.stretched(lam))[0] == 0).any())

    def refuse_twins(self, s: np.ndarray, lam: float = 1.0) -> None:
        """Refuse contrasts without variance, and name the pairs of tips at distance zero that make them so."""
        twins = []
        for node in np.flatnonzero(s == 0)[:5].tolist():
            twins.append(tuple(sorted(self._standing(int(side[node])) for side in (self.left, self.right))))
        if twins:
            raise ValueError(
                f"the tree covariance is singular at λ = {lam:g}: tips {twins} stand at distance zero; "
                "drop one of each such pair"
            )

    def _standing(self, node: int) -> int:
        """The first tip at no distance below a node that is known to have one."""
        stack = [node]
        while stack[-1] >= self.n:
            at = stack.pop() - self.n
            stack += [int(k) for k in (self.right[at], self.left[at]) if self.length[k] == 0]
        return stack[-1]

    def inverse_parts(self) -> tuple[np.ndarray, np.ndarray]:
        """The weight of each species in the root's estimate `(n,)`, and the diagonal of C⁻¹ `(n,)`."""
        s, share, root = self.variances(self.length[:, None])
        self.refuse_twins(s[:, 0])
        pull = np.empty(2 * self.n - 1)
        pull[self.left], pull[self.right], pull[-1] = share[0, :, 0], share[1, :, 0], 1.0
        own = np.zeros(2 * self.n - 1)
        own[self.left] = own[self.right] = 1 / s[:, 0]
        own[-1] = 1 / root[0]
        weight = pull.copy()
        for a, b in reversed(self.levels):
            for child in (self.left[a:b], self.right[a:b]):
                weight[child] *= weight[self.n + a : self.n + b]
        return weight[: self.n], self.down(own[:, None], pull**2)[: self.n, 0]

    def covariance(self) -> np.ndarray:
        """The `(n, n)` matrix of shared paths; refused above 5,000 species."""
        n = self.n
        if n > DENSE:
            raise ValueError(f"{n:,} species would need a matrix of {n:,} × {n:,}: at most {DENSE:,} are taken")
        below = [np.array([i]) for i in range(n)]
        shared = np.empty((n, n))
        for i, (a, b) in enumerate(zip(self.left.tolist(), self.right.tolist(), strict=True)):
            shared[np.ix_(below[a], below[b])] = self.depth[n + i]
            shared[np.ix_(below[b], below[a])] = self.depth[n + i]
            below.append(np.concatenate([below[a], below[b]]))
        np.fill_diagonal(shared, self.depth[:n])
        return shared


def _binary(parent: list, length: list, tips: list):
    """Left and right children, lengths and heights of a tree of two children a node: tips first, root last."""
    n = len(tips)
    children: list[list] = [[] for _ in parent]
    left, right, height = [], [], [0] * n
    long = [0.0] * n
    place = {node: i for i, node in enumerate(tips)}
    for node in range(len(parent) - 1, -1, -1):
        below = children[node]
        if not below:
            at, path = place[node], 0.0
        else:
            # the flattest first: halving a polytomy adds a logarithm of levels, not one for each child
            below = sorted(below, key=lambda pair: height[pair[0]]) if len(below) > 2 else below
            while len(below) > 1:
                paired = []
                for (a, la), (b, lb) in zip(below[0::2], below[1::2], strict=False):
                    left.append(a)
                    right.append(b)
                    long[a], long[b] = la, lb
                    height.append(1 + max(height[a], height[b]))
                    long.append(0.0)
                    paired.append((len(long) - 1, 0.0))
                below = paired + below[len(below) - len(below) % 2 :]
            at, path = below[0]
        if node:
            children[parent[node]].append((at, path + length[node]))
        else:
            long[at] = path  # a stem above the last common ancestor
    height = np.array(height[n:])
    order = np.argsort(height, kind="stable")
    new = np.arange(2 * n - 1)
    new[n + order] = np.arange(n, 2 * n - 1)
    lengths = np.empty(2 * n - 1)
    lengths[new] = long
    return new[np.array(left)[order]], new[np.array(right)[order]], lengths, height[order]
