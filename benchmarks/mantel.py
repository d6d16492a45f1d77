"""Mantel's test beside scikit-bio's: the same r and the same p first, then the time, on as many threads.

scikit-bio has two engines, and both race: "cython" is what its users get, "numba" is what they could ask for. The
coset rows say what a count of permutations costs here; the parity row hands both the same relabellings.
"""

import sys

import numpy as np
from scipy.spatial.distance import pdist, squareform

from benchmarks.timing import exponent, race, surroundings, told
from embedlab.stats.pairs.cosets import coset_sums, cosets
from embedlab.stats.pairs.distances import checked_distances, mantel


def seed_0() -> np.random.Generator:
    """Chance anew from the same seed, for every run."""
    return np.random.default_rng(0)


PEER, OTHER = "scikit-bio", "scikit-bio numba"
TARGETS = {  # rows 9 to 11 of the table of targets: least ratio over scikit-bio's default
    ("cosets", 9999, 1): 50, ("cosets", 9999, 2): 30, ("cosets, 32 bits", 9999, 2): 40,
    ("cosets", 3999, 2): 35, ("same relabellings", 999, 1): 1.4,
}  # fmt: skip


def tables(n: int):
    """Two tables of distances that have something in common."""
    rng = np.random.default_rng(n)
    a = rng.normal(size=(n, 6))
    return [squareform(pdist(v)) for v in (a, a + 4 * rng.normal(size=(n, 6)))]


def single(x, y, count: int, rng) -> float:
    """The test with sums of 32 bits: the p-value only, and only where no relabelling ties with the data."""
    n = len(x)
    pair = []
    for name, d in (("x", x), ("y", y)):
        d = checked_distances(d, name)
        d = d - d.sum() / (n * (n - 1))
        np.fill_diagonal(d, 0)
        pair.append((d / np.sqrt(np.vdot(d, d) / 2)).astype(np.float32))
    observed = abs(float(np.vdot(*pair)) / 2)
    null = np.abs(coset_sums(*pair, cosets(n, count, rng), dtype=np.float32))
    return (int((null >= observed - 1e-6).sum()) + 1) / (null.size + 1)


def engines() -> dict[str, dict]:
    """Both engines of scikit-bio, as far as they are installed."""
    try:
        import numba  # noqa: F401
    except ImportError:
        print("numba is not installed: scikit-bio's second engine does not race")
        return {PEER: {}}
    return {PEER: {}, OTHER: {"engine": "numba"}}


def agree(x, y, pair, peer, draws: int) -> bool:
    """The same r to ten digits and the same p on the same relabellings; from cosets p within the error of two draws."""
    theirs = peer(*pair, permutations=draws, seed=0)
    parity, own = mantel(x, y, permutations=listed(len(x), draws)), mantel(x, y, permutations=draws, rng=seed_0())
    error = 4 * np.sqrt(2 * max(own.p_value * (1 - own.p_value), 1 / draws) / draws)
    return (
        abs(parity.statistic - theirs[0]) < 1e-10
        and abs(parity.p_value - theirs[1]) < 1e-12
        and abs(own.p_value - theirs[1]) < error
        and abs(own.p_value - single(x, y, draws, seed_0())) < 1e-12
    )


def listed(n: int, count: int) -> np.ndarray:
    """The relabellings that scikit-bio draws from seed 0."""
    rng = seed_0()
    return np.array([rng.permutation(n) for _ in range(count)])


def contest(row: str, n: int, count: int, threads: int, rounds: int) -> bool:
    """Race both packages at one size, answers first, and print a line for each of ours."""
    from skbio import DistanceMatrix
    from skbio.stats.distance import mantel as peer

    x, y = tables(n)
    pair = DistanceMatrix(x), DistanceMatrix(y)
    rivals = {name: lambda m=more: peer(*pair, permutations=count, seed=0, **m) for name, more in engines().items()}
    ours = {
        "cosets": lambda: mantel(x, y, permutations=count, rng=seed_0()),
        "cosets, 32 bits": lambda: single(x, y, count, seed_0()),
    }
    if row == "11":
        same = listed(n, count)
        ours = {"same relabellings": lambda: mantel(x, y, permutations=same)}
    if row == "10":
        rivals.pop(OTHER, None)  # minutes a round, and never the quicker one at this size
    good = agree(x, y, pair, peer, 99)
    took = race({**ours, **rivals}, rounds=rounds, threads=threads, warm=rounds > 1)
    clock = "cpu" if threads == 1 else "wall"
    for name in ours:
        target = TARGETS.get((name, count, threads))
        middle = took.ratio(PEER, name, clock)[0]
        note = "" if target is None else f"target {target}×" + ("" if middle >= target else " MISSED")
        other = told(took, name, OTHER, clock) if OTHER in rivals else "-"
        print(f"{row:<4}{name:<19}{n:>6}{count:>7}{threads:>3} {clock:<5}{took.seconds(name, clock):>9.4f}"
              f"{took.seconds(PEER, clock):>9.3f}  {told(took, name, PEER, clock):<22}{other:<22}{note}"
              f"{'' if good else '  DIFFERS'}", flush=True)  # fmt: skip
    return good


def growth() -> None:
    """How the time of the cosets grows with n, n relabellings each: n² log n is a little above 2."""
    times = {}
    for n in (500, 2000):
        x, y = tables(n)
        took = race({"ours": lambda x=x, y=y, n=n: mantel(x, y, permutations=n - 1, rng=np.random.default_rng(0))})
        times[n] = took.seconds("ours")
    print(f"growth from n = 500 to 2000, n relabellings each: n^{exponent(times[500], times[2000]):.2f}")


def main() -> int:
    """Print the table; give 1 where an answer differs."""
    import os

    print(surroundings("scikit-bio"))
    print(f"{'row':<4}{'ours':<19}{'n':>6}{'count':>7}{'thr':>4}{'clock':>5}{'ours, s':>10}{'peer, s':>9}"
          f"  {'over scikit-bio':<22}{'over its numba':<22}")  # fmt: skip
    cores = min(2, os.cpu_count() or 1)
    cases = [("9", 1000, 999, 1, 5), ("9", 1000, 9999, 1, 5), ("11", 200, 999, 1, 5), ("11", 1000, 999, 1, 5)]
    if cores == 2:
        cases += [("9", 1000, 9999, 2, 5), ("10", 4000, 3999, 2, 1)]
    good = [contest(*case) for case in cases]
    growth()
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
