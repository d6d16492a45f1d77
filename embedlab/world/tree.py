"""The tree of life of a world: four birth–death clades, one for each body plan, joined in two pairs at the root."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PLANS = ("bird", "fish", "beetle", "butterfly")
EXTINCTION = 0.3  # extinction rate as a share of the speciation rate
SPLITS = (0.12, 0.16)  # times at which birds part from fish, and beetles from butterflies: two phyla
CROWN = 0.3  # time at which each class begins to radiate
# rank: (species to a group, on average; groups in each class, at least)
PER_GROUP = {"order": (40, 2), "family": (12, 3), "genus": (4, 4)}


@dataclass(frozen=True, eq=False)
class Growth:
    """A dated tree in preorder: `parent` (-1 at the root), `time` from 0 (root) to 1 (today), `tips`."""

    parent: np.ndarray
    time: np.ndarray
    tips: np.ndarray
    plan: np.ndarray  # of each tip, a number into PLANS

    @property
    def length(self) -> np.ndarray:
        """Length of the branch above each node, in units of the tree's depth; 0 at the root."""
        return np.where(self.parent < 0, 0.0, self.time - self.time[np.maximum(self.parent, 0)])

    def groups(self, cut: float) -> np.ndarray:
        """Tell for each tip from which lineage of time `cut` it descends, as a node number: a rank."""
        group = np.empty(len(self.parent), dtype=np.int64)
        for node, parent in enumerate(self.parent):
            group[node] = group[parent] if parent >= 0 and self.time[parent] >= cut else node
        return group[self.tips]


def birth_death(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Grow one clade to `n` living species: (parent, time) in preorder, the crown at 0, today at 1.

    Constant rates, extinction 0.3 of speciation; extinct lineages are pruned, and clades that die out are
    grown again (so the process is conditioned on reaching n). Growth stops one waiting time after the n-th
    lineage appeared, since stopping at a speciation would leave two tips of length 0.
    """
    if n < 2:
        raise ValueError(
            f"a clade of {n} species has no crown: ask for at least 2 species for each body plan"
        )
    while True:
        parent, end, alive, time = [-1], [np.nan], [0], 0.0
        while 0 < len(alive) < n:
            time += rng.exponential(1 / (len(alive) * (1 + EXTINCTION)))
            which = int(rng.integers(len(alive)))
            node, alive[which] = alive[which], alive[-1]
            alive.pop()
            end[node] = time
            if rng.random() * (1 + EXTINCTION) < 1:
                for _ in range(2):
                    parent.append(node)
                    end.append(np.nan)
                    alive.append(len(parent) - 1)
        if alive:
            break
    time += rng.exponential(1 / (n * (1 + EXTINCTION)))
    ends = np.where(np.isnan(end), time, end)
    return _prune(parent, ends, set(alive))


def _prune(parent: list[int], end: np.ndarray, living: set[int]) -> tuple[np.ndarray, np.ndarray]:
    # Children come after their parents, so one backward pass finds who left descendants.
    children: list[list[int]] = [[] for _ in parent]
    for node in range(len(parent) - 1, 0, -1):
        if node in living or children[node]:
            children[parent[node]].append(node)
    root = 0
    while len(children[root]) == 1:
        root = children[root][0]
    new_parent, times, stack = [], [], [(root, -1)]
    while stack:
        node, above = stack.pop()
        while len(children[node]) == 1:  # a speciation of which one side died out leaves no node
            node = children[node][0]
        new_parent.append(above)
        times.append(end[node])
        stack.extend((child, len(new_parent) - 1) for child in children[node])
    times = np.array(times)
    return np.array(new_parent), (times - times[0]) / (times.max() - times[0])


def grow(rng: np.random.Generator, n: int) -> Growth:
    """Grow a tree of `n` species: one conditioned clade for each body plan, none screened.

    Time runs from 0 at the root to 1 today; birds and fish part from beetles and butterflies at 0, the two of
    each pair from one another at 0.12 and 0.16, and each class radiates from 0.3. Tips stand in preorder, so
    species are grouped by plan and close relatives are neighbours.
    """
    if n < 2 * len(PLANS):
        raise ValueError(f"{n} species are too few for four body plans: ask for at least {2 * len(PLANS)}")
    parent, time, plan_of_node = [-1], [0.0], [-1]
    for plan in range(len(PLANS)):
        if plan % 2 == 0:  # where the two classes of a phylum part
            stem = len(parent)
            parent.append(0)
            time.append(SPLITS[plan // 2])
            plan_of_node.append(-1)
        clade_parent, clade_time = birth_death(rng, n // len(PLANS) + (plan < n % len(PLANS)))
        start = len(parent)
        parent.extend(stem if p < 0 else p + start for p in clade_parent)
        time.extend(CROWN + (1 - CROWN) * clade_time)
        plan_of_node.extend([plan] * len(clade_parent))
    parent, time = np.array(parent), np.array(time)
    is_tip = np.ones(len(parent), dtype=bool)
    is_tip[parent[1:]] = False
    time[is_tip] = 1.0  # exactly, so that the tree is ultrametric to the last bit of its dates
    tips = np.flatnonzero(is_tip)
    return Growth(parent, time, tips, np.array(plan_of_node)[tips])


def ranks(growth: Growth) -> dict[str, np.ndarray]:
    """Give each species its group number at the six ranks above it; nested, since all are cuts through one
    tree.

    Within each class a rank is cut at the earliest time with enough lineages (`PER_GROUP`); classes are body
    plans.
    """
    n = len(growth.tips)
    found = {
        "kingdom": np.zeros(n, np.int64),
        "phylum": growth.plan // 2,
        "class": growth.plan,
    }
    is_tip = np.zeros(len(growth.parent), bool)
    is_tip[growth.tips] = True
    for rank, (per_group, least) in PER_GROUP.items():
        groups = np.empty(n, dtype=np.int64)
        for plan in range(len(PLANS)):
            members = np.flatnonzero(growth.plan == plan)
            first, last = growth.tips[members[0]], growth.tips[members[-1]]
            crown = first
            while growth.time[growth.parent[crown]] >= CROWN:
                crown = growth.parent[crown]
            inside = np.arange(crown, last + 1)
            splits = np.sort(growth.time[inside][~is_tip[inside]])
            lineages = min(max(len(members) // per_group, least), len(members))
            after = splits[lineages] if lineages < len(splits) else 1.0
            groups[members] = growth.groups((splits[lineages - 2] + after) / 2)[members]
        found[rank] = groups
    return found
