"""Worlds whose answer is known: vectors, trees and traits with the truth planted, for trying every measure.

Each world takes its randomness by hand, and says in `card["truth"]` what was planted.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from embedlab.data.embeddings import Embeddings
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


def _scales(d: int, spectrum: str) -> Float[np.ndarray, " d"]:
    """Standard deviations per axis with mean square 1: all alike, or falling as 1/rank in variance."""
    if spectrum == "flat":
        return np.ones(d)
    if spectrum == "power":
        variance = 1.0 / np.arange(1, d + 1)
        return np.sqrt(variance * d / variance.sum())
    raise ValueError(f"spectrum is 'flat' or 'power', not {spectrum!r}")


def _rotation(rng: np.random.Generator, d: int) -> Float[np.ndarray, "d d"]:
    """A random rotation, so that no axis of the space means anything by itself."""
    q, r = np.linalg.qr(rng.normal(size=(d, d)))
    return q * np.sign(np.diagonal(r))


def _embeddings(x: np.ndarray, columns: dict[str, Any], truth: dict[str, Any]) -> Embeddings:
    rows = {"image_id": [f"img{i:05d}" for i in range(len(x))], **columns}
    card = {"model": "planted", "norm": "raw", "truth": truth}
    return Embeddings(x.astype(np.float32), pl.DataFrame(rows), card)


def dimorphic_birds(
    rng: np.random.Generator,
    *,
    species: int = 12,
    per_cell: int = 6,
    d: int = 64,
    outside: float = 1.0,
    size: float = 1.0,
    noise: float = 0.5,
    spectrum: str = "flat",
    unequal: bool = False,
    column: str = "sex",
    levels: tuple[str, str] = ("female", "male"),
) -> Embeddings:
    """Birds of two sexes (or stages: `column`, `levels`) whose contrast leaves the species span as planned.

    `outside` is the share of the contrast's squared length outside the span of the species means: 1 is
    orthogonal to it, 0 lies within. `size` is the contrast's length, where 1 is half the typical distance of
    a species from the centre of all; `noise` is the spread of individuals, where that of species is 1. A
    `power` spectrum lets variance fall as 1/rank, of species and individuals on the same axes, so that
    chance is no longer (s - 1)/d. `unequal` gives each cell between 2 and `per_cell`
    individuals and most species fewer females, and so leans sample means towards the males. One photograph
    per individual.
    """
    if not 0 <= outside <= 1:
        raise ValueError(f"outside is a share between 0 and 1, not {outside}")
    if (outside > 0 and d < species) or (outside < 1 and species < 2):
        raise ValueError(f"{species} species in {d} dimensions leave no room: take d > species > 1")
    scales = _scales(d, spectrum)
    turn = _rotation(rng, d)
    means = (rng.normal(size=(species, d)) * scales) @ turn
    centred = means - means.mean(axis=0)
    basis = np.linalg.svd(centred, full_matrices=False)[2][: species - 1]
    draw = (rng.normal(size=d) * scales) @ turn
    within = draw @ basis.T @ basis
    beyond = draw - within
    contrast = np.zeros(d)
    if outside > 0:
        contrast += np.sqrt(outside) * beyond / np.linalg.norm(beyond)
    if outside < 1:
        contrast += np.sqrt(1 - outside) * within / np.linalg.norm(within)
    contrast *= size * np.sqrt(d) / 2
    names = species_names(species)
    x, of, which = [], [], []
    for i in range(species):
        for side, level in ((-0.5, levels[0]), (0.5, levels[1])):
            low = max(2, per_cell // 3) if side < 0 else max(2, per_cell // 2)
            count = int(rng.integers(low, max(low, per_cell - (side < 0)) + 1)) if unequal else per_cell
            quirk = noise * (rng.normal(size=(count, d)) * scales) @ turn
            x.append(means[i] + side * contrast + quirk)
            of += [names[i]] * count
            which += [level] * count
    truth = {
        "world": "dimorphic_birds",
        "outside": outside,
        "size": size,
        "noise": noise,
        "spectrum": spectrum,
    }
    truth["contrast_length"] = float(np.linalg.norm(contrast))
    columns = {
        "species": of,
        "genus": [name.split()[0] for name in of],
        "individual": [f"ind{i:05d}" for i in range(len(of))],
        column: which,
    }
    return _embeddings(np.concatenate(x), columns, truth)


def photo_bursts(
    rng: np.random.Generator,
    *,
    species: int = 6,
    individuals: int = 3,
    photos: int = 8,
    d: int = 32,
    size: float = 0.0,
    quirk: float = 1.0,
    noise: float = 0.3,
) -> Embeddings:
    """Several photos of each animal, `individuals` per sex and species; each animal has its own quirk.

    With `size` 0 the sexes do not differ, and a test that shuffles photographs instead of animals finds a
    difference nearly always: photos of one animal are no independent observations.
    """
    means = rng.normal(size=(species, d))
    direction = rng.normal(size=d)
    direction *= size * np.sqrt(d) / np.linalg.norm(direction)
    names = species_names(species)
    x, of, sexes, who = [], [], [], []
    for i in range(species):
        for side, sex in ((-0.5, "female"), (0.5, "male")):
            for _ in range(individuals):
                animal = means[i] + side * direction + quirk * rng.normal(size=d)
                x.append(animal + noise * rng.normal(size=(photos, d)))
                of += [names[i]] * photos
                sexes += [sex] * photos
                who += [f"ind{len(x):04d}"] * photos
    truth = {"world": "photo_bursts", "size": size, "quirk": quirk, "noise": noise}
    columns = {"species": of, "genus": [n.split()[0] for n in of], "individual": who, "sex": sexes}
    return _embeddings(np.concatenate(x), columns, truth)


def nothing(
    rng: np.random.Generator, *, species: int = 8, per_species: int = 12, d: int = 32, spectrum: str = "flat"
) -> Embeddings:
    """Vectors that know nothing: species, sex and life stage are dealt out regardless of them."""
    n = species * per_species
    x = (rng.normal(size=(n, d)) * _scales(d, spectrum)) @ _rotation(rng, d)
    of = [name for name in species_names(species) for _ in range(per_species)]
    columns = {
        "species": of,
        "genus": [name.split()[0] for name in of],
        "individual": [f"ind{i:05d}" for i in range(n)],
        "sex": [("female", "male")[i % 2] for i in range(n)],
        "life_stage": [("adult", "juvenile")[(i // 2) % 2] for i in range(n)],
    }
    return _embeddings(x, columns, {"world": "nothing", "spectrum": spectrum})


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
