"""Signal on trees beside PhyKIT: λ and K for vectors, the same numbers first; and ten thousand species by pruning.

PhyKIT's numerical core is called in this process with the covariance already built, so that neither its start-up nor
its reading of files counts. Ours is timed twice: on the same matrix, and on the tree, where making it ready counts.
"""

import sys
import time
from functools import partial

import numpy as np

from benchmarks.timing import exponent, race, surroundings, told
from embedlab.data.synthetic import brownian_traits, random_tree
from embedlab.data.tree import Tree
from embedlab.stats.tree.comparative import blomberg_k, effective_species, k_mult, pagel_lambda
from embedlab.stats.tree.evolution import simulate
from embedlab.stats.tree.models import fit_evolution
from embedlab.stats.tree.pgls import pgls

DRAWS = 1000


def peer():
    """PhyKIT's engine without its command line, or None where it is not installed (extra `bench`)."""
    try:
        from phykit.services.tree.phylogenetic_signal import PhylogeneticSignal
    except ImportError:
        return None
    return object.__new__(PhylogeneticSignal)


def lambda_rows(engine) -> bool:
    """Pagel's λ: no less likely than PhyKIT's, and the same where both end inside the range."""
    good, times = True, {}
    for n in (100, 300, 1000):
        rng = np.random.default_rng(n)
        tree = random_tree(rng, n)
        c, structure = tree.covariance(), tree.structure(tree.names)
        y = brownian_traits(rng, tree, lam=0.7)[:, 0]
        theirs, ours, dense = engine._pagels_lambda(y, c, 1.0), pagel_lambda(y, structure), pagel_lambda(y, c)
        same = ours.log_likelihood >= theirs["log_likelihood"] - 1e-6 and abs(ours.lam - theirs["lambda"]) < 1e-3
        same &= abs(dense.log_likelihood - ours.log_likelihood) < 1e-6
        good &= same
        rivals = {
            "tree": partial(pagel_lambda, y, structure),
            "matrix": partial(pagel_lambda, y, c),
            "PhyKIT": partial(engine._pagels_lambda, y, c, 1.0),
        }
        took = race(rivals, rounds=3 if n == 1000 else 5)
        times[n] = took.seconds("tree")
        print(
            f"λ, n = {n:>5}: {took.seconds('tree'):.4f} s on the tree, {took.seconds('matrix'):.3f} s on the matrix, "
            f"PhyKIT {took.seconds('PhyKIT'):.3f} s: {told(took, 'tree', 'PhyKIT')} and "
            f"{told(took, 'matrix', 'PhyKIT')}{'' if same else '  DIFFERS'}"
        )
    print("  target 50× at n = 1000, on the tree")
    return good


def k_mult_rows(engine) -> bool:
    """K for vectors, 1,000 permutations: the same K and the same null, on the very permutations that PhyKIT draws."""
    good, d = True, 128
    for n in (100, 300, 1000):
        rng = np.random.default_rng(n)
        tree = random_tree(rng, n)
        c, structure = tree.covariance(), tree.structure(tree.names)
        x = brownian_traits(rng, tree, d, lam=0.05)
        theirs_draw = np.random.default_rng(42)
        orders = np.stack([theirs_draw.permutation(n) for _ in range(DRAWS)])
        theirs, ours, dense = engine._kmult(x, c, DRAWS), *(k_mult(x, g, permutations=orders) for g in (structure, c))
        beyond = round(theirs["p_value"] * DRAWS)  # their p is b/m, ours (b + 1)/(m + 1)
        same = all(
            abs(k.statistic / theirs["K_mult"] - 1) < 1e-8 and round(k.p_value * (DRAWS + 1)) == beyond + 1
            for k in (ours, dense)
        )
        good &= same
        rivals = {
            "tree": partial(k_mult, x, structure, permutations=orders),
            "matrix": partial(k_mult, x, c, permutations=orders),
            "PhyKIT": partial(engine._kmult, x, c, DRAWS),
        }
        took = race(rivals, rounds=3, warm=n < 1000)
        print(
            f"K for {d}-d vectors, n = {n:>5}: {took.seconds('tree'):.2f} s on the tree, "
            f"{took.seconds('matrix'):.2f} s on the matrix, PhyKIT {took.seconds('PhyKIT'):.2f} s: "
            f"{told(took, 'tree', 'PhyKIT')} and {told(took, 'matrix', 'PhyKIT')}{'' if same else '  DIFFERS'}"
        )
    print("  target 3× at n = 1000")
    return good


def comb(n: int) -> Tree:
    """The worst tree for walks by level: every node has a tip for a child."""
    parent, length = [-1], [0.0]
    above = 0
    for i in range(n - 1):
        parent += [above, above]
        length += [float(n - 1 - i), 1.0]
        above = len(parent) - 1
    label = [f"s{i}" if i not in set(parent) else None for i in range(len(parent))]
    return Tree(np.array(parent), np.array(length), label)


def many_species() -> None:
    """What 2,500 and 10,000 species take, and the power of n between: 1 is linear."""
    trees = {"birth-death": lambda n: random_tree(np.random.default_rng(n), n), "comb": comb}
    for shape, make in trees.items():
        clocks: dict[str, list[float]] = {}
        for n in (2500, 10_000):
            rng, tree = np.random.default_rng(n), make(n)
            structure = tree.structure(tree.names)
            y, x = simulate(structure, rng, count=2)
            work = {
                "λ with interval": partial(pagel_lambda, y, structure),
                "K, 99 permutations": partial(blomberg_k, y, structure, permutations=99, rng=rng),
                "regression, λ fitted": partial(pgls, y, x, structure, lam="ml"),
                "OU": partial(fit_evolution, y, structure, model="ou"),
                "effective species": partial(effective_species, structure),
                "100 simulated traits": partial(simulate, structure, rng, count=100),
            }
            for name, call in work.items():
                begun = time.process_time()
                call()
                clocks.setdefault(name, []).append(time.process_time() - begun)
        print(f"10,000 species, {shape} (seconds of processor, and power of n from 2,500):")
        print("  " + " · ".join(f"{name} {t[1]:.2f} ({exponent(*t):.2f})" for name, t in clocks.items()))


def main() -> int:
    """Print the tables; give 1 where an answer differs."""
    engine, good = peer(), True
    if engine is None:
        print("PhyKIT is not installed (pip install 'embedlab[bench]'): only our own times follow")
        print(surroundings())
    else:
        print(surroundings("phykit"))
        good = lambda_rows(engine) & k_mult_rows(engine)
    many_species()
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
