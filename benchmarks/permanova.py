"""PERMANOVA beside scikit-bio's two engines: the same pseudo-F first, then the time of 999 permutations.

Rows 12 and 13 of the targets: any distances, and Euclidean distances from vectors. The vectors' race leaves out what
scikit-bio's user pays besides, the matrix of distances; its time stands in a line of its own.
"""

import sys

import numpy as np
from scipy.spatial.distance import pdist, squareform

from benchmarks.timing import exponent, race, surroundings, told
from embedlab.stats.pairs.permanova import permanova

N, DRAWS = 2000, 999
ENGINES = ("numba", "cython")


def rivals(n: int, d: int, k: int):
    """The functions to race, and by how much the pseudo-F of each engine is off."""
    from skbio import DistanceMatrix
    from skbio.stats.distance import permanova as peer

    rng = np.random.default_rng(k)
    groups = np.arange(n) % k
    x = rng.normal(size=(n, d)) + 0.3 * rng.normal(size=(k, d))[groups]
    far = squareform(pdist(x))
    matrix, names = DistanceMatrix(far), groups.astype(str)
    run = {
        "distances": lambda: permanova(far, groups, permutations=DRAWS, distances=True, rng=np.random.default_rng(0)),
        "vectors": lambda: permanova(x, groups, permutations=DRAWS, rng=np.random.default_rng(0)),
        "pdist": lambda: squareform(pdist(x)),
    }
    for engine in ENGINES:
        run[engine] = lambda engine=engine: peer(matrix, names, permutations=DRAWS, seed=0, engine=engine)
    theirs = run["numba"]()
    ours = run["distances"](), run["vectors"]()
    off = max(abs(o.statistic / theirs["test statistic"] - 1) for o in ours)
    p = max(abs(o.p_value - theirs["p-value"]) for o in ours)
    return run, off, p


def main() -> int:
    """Print the table; give 1 where an answer differs."""
    bad = 0
    print(surroundings("scikit-bio", "numba"))
    print(f"{N:,} rows, {DRAWS} permutations, 64 dimensions; processor seconds on one thread, median (range) of 5")
    for k in (2, 10, 100):
        run, off, p = rivals(N, 64, k)
        took = race(run, rounds=5)
        numba, cython, pairs = (took.seconds(name) for name in (*ENGINES, "pdist"))
        print(f"{k} groups: F differs by {off:.1g}, p by {p:.3f}")
        print(f"  scikit-bio: numba {numba:.3f} s, cython {cython:.2f} s, and {pairs:.3f} s to make the distances")
        for row, ours, target in ((12, "distances", "2× / 10×"), (13, "vectors", "4× / –")):
            over = ", ".join(f"over {engine} {told(took, ours, engine)}" for engine in ENGINES)
            print(f"  row {row}, {ours}: {took.seconds(ours):.3f} s; {over}; target {target}")
        bad += off > 1e-8
    small, large = (rivals(n, 64, 10)[0] for n in (1000, 4000))
    for ours in ("distances", "vectors"):
        a, b = (race({ours: run[ours]}, rounds=3).seconds(ours) for run in (small, large))
        print(f"{ours}: {a:.3f} s at 1,000 rows and {b:.3f} s at 4,000, growing with the power {exponent(a, b):.2f}")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
