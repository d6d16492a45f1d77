"""Trees that grow and traits that evolve on them, with the parameters known."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from embedlab.data.tree import Tree

_SYLLABLES = [c + v for c in "bdfglmnprt" for v in "aeiou"]


def species_names(n: int, per_genus: int = 4) -> list[str]:
    """Names such as "Babara baba": `per_genus` neighbours share a genus, and all are different.

    >>> species_names(5, per_genus=4)
    ['Babara baba', 'Babara babe', 'Babara babi', 'Babara babo', 'Babera babu']
    """

    def word(i: int) -> str:
        size = len(_SYLLABLES)
        high, low = divmod(i, size)
        return (word(high - 1) if high >= size else _SYLLABLES[high]) + _SYLLABLES[low]

    return [f"{word(i // per_genus).capitalize()}ra {word(i)}" for i in range(n)]


def random_tree(
    rng: np.random.Generator, n: int, *, birth: float = 1.0, death: float = 0.0, names: Sequence[str] = ()
) -> Tree:
    """A birth-death tree of `n` living tips (Yule's where `death` is 0), ultrametric, of depth 1.

    Grown forward until n + 1 lineages live and stopped just before, so that no tip has length zero; extinct
    lineages are pruned, and a history that dies out is grown anew.
    """
    if n < 2:
        raise ValueError(f"a tree needs at least 2 tips, not {n}")
    if not 0 <= death < birth:
        raise ValueError(f"death must lie between 0 and birth ({birth}), not {death}")
    while True:
        parent, born, alive, now = [-1, 0, 0], [0.0, 0.0, 0.0], [1, 2], 0.0
        end: dict[int, float] = {0: 0.0}
        while 0 < len(alive):
            now += rng.exponential(1 / (len(alive) * (birth + death)))
            splits = rng.random() * (birth + death) < birth
            if splits and len(alive) == n:
                break
            node = alive.pop(int(rng.integers(len(alive))))
            end[node] = now
            if splits:
                alive += [len(parent), len(parent) + 1]
                parent += [node, node]
                born += [now, now]
        if alive:
            break
    end |= dict.fromkeys(alive, now)
    length = np.array([end[i] - born[i] for i in range(len(parent))])
    living = set(alive)
    # children come after their parents but subtrees are not contiguous yet: walk them once in preorder
    children: list[list[int]] = [[] for _ in parent]
    for node, above in enumerate(parent[1:], start=1):
        children[above].append(node)
    order, stack = [], [0]
    while stack:
        order.append(node := stack.pop())
        stack += reversed(children[node])
    place = {node: i for i, node in enumerate(order)}
    label: list[str | None] = [None if children[node] else f"extinct {node}" for node in order]
    tips = [i for i, node in enumerate(order) if node in living]
    chosen = list(names) or species_names(n)
    for i, name in zip(tips, chosen, strict=True):
        label[i] = name
    up = [-1 if parent[node] < 0 else place[parent[node]] for node in order]
    tree = Tree(np.array(up), length[order], label).prune(chosen)
    return tree.with_lengths(tree.length / tree.depth)


def brownian_traits(
    rng: np.random.Generator, tree: Tree, d: int = 1, lam: float = 1.0
) -> Float[np.ndarray, "n d"]:
    """Traits that wandered along the tree, one row per tip in the order of `tree.names`.

    Variance is 1 per unit of branch length. `lam` is Pagel's λ: 1 is Brownian motion, 0 tells nothing of
    ancestry, and the variance of each tip is the same for all λ.
    """
    if not 0 <= lam <= 1:
        raise ValueError(f"lam lies between 0 and 1, not {lam}")
    structure = tree.structure(tree.names)
    steps = rng.normal(size=(len(structure.parent), d)) * np.sqrt(structure.length)[:, None]
    depth = np.zeros(len(structure.parent))
    for node in range(1, len(steps)):
        steps[node] += steps[structure.parent[node]]
        depth[node] = depth[structure.parent[node]] + structure.length[node]
    own = rng.normal(size=(len(tree), d)) * np.sqrt(depth[structure.tips])[:, None]
    return np.sqrt(lam) * steps[structure.tips] + np.sqrt(1 - lam) * own


def discrete_trait(
    rng: np.random.Generator, tree: Tree, states: int = 2, rate: float = 1.0
) -> Int[np.ndarray, " n"]:
    """A character of `states` states that jumps along the tree (Mk model), one number per tip.

    `rate` is the expected number of changes per unit of branch length; the root's state and each new state
    are drawn evenly. With a large rate nothing is left of ancestry. (Lewis 2001.)
    """
    structure = tree.structure(tree.names)
    state = np.zeros(len(structure.parent), dtype=np.int64)
    state[0] = rng.integers(states)
    # a jump to any state, its own included, happens at rate · k/(k - 1), so that true changes come at `rate`
    stays = np.exp(-rate * structure.length * states / (states - 1)) if states > 1 else np.ones(len(state))
    for node in range(1, len(state)):
        jumps = rng.random() >= stays[node]
        state[node] = rng.integers(states) if jumps else state[structure.parent[node]]
    return state[structure.tips]
