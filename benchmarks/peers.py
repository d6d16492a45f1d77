"""Side by side with peers on one core: the same answer, and how long each takes.

Prints a table; a disagreement ends with exit 1. What must agree exactly is compared to 1e-10, p-values of two
random draws to four standard errors.
"""

import sys
import time
from importlib.metadata import version

import numpy as np
from scipy.spatial.distance import pdist, squareform

DRAWS = 999


def timed(function):
    """Give the result of a call and the seconds it took, the better of two."""
    took = []
    for _ in range(2):
        begun = time.perf_counter()
        result = function()
        took.append(time.perf_counter() - begun)
    return result, min(took)


def mantel_rows():
    """Mantel's test against scikit-bio: r equal, p within the error of two draws."""
    from skbio import DistanceMatrix
    from skbio.stats.distance import mantel as peer

    from embedlab.stats.distances import mantel

    for n in (50, 200, 600):
        rng = np.random.default_rng(n)
        a = rng.normal(size=(n, 6))
        x, y = (squareform(pdist(v)) for v in (a, a + 4 * rng.normal(size=(n, 6))))
        ours, seconds = timed(lambda x=x, y=y: mantel(x, y, permutations=DRAWS, rng=np.random.default_rng(0)))
        pair = DistanceMatrix(x), DistanceMatrix(y)
        theirs, their_seconds = timed(lambda pair=pair: peer(*pair, permutations=DRAWS, seed=0))
        error = 4 * np.sqrt(2 * max(ours.p_value * (1 - ours.p_value), 1 / DRAWS) / DRAWS)
        agree = abs(ours.statistic - theirs[0]) < 1e-10 and abs(ours.p_value - theirs[1]) < error
        peer_name = f"scikit-bio {version('scikit-bio')}"
        yield f"Mantel, {DRAWS} permutations", n, seconds, their_seconds, peer_name, agree


def lambda_rows():
    """Pagel's λ against a plain scan with SciPy's normal density, which knows nothing of trees."""
    from embedlab.data.synthetic import random_tree
    from embedlab.stats.comparative import pagel_lambda

    for n in (50, 200):
        rng = np.random.default_rng(n)
        tree = random_tree(rng, n)
        covariance = tree.covariance(tree.names)
        trait = np.linalg.cholesky(covariance) @ rng.normal(size=n)
        ours, seconds = timed(lambda t=trait, c=covariance: pagel_lambda(t, c))
        theirs, their_seconds = timed(lambda t=trait, c=covariance: dense_lambda(t, c))
        agree = ours.log_likelihood >= theirs - 1e-6  # a finer search may only be better
        yield "Pagel's λ by maximum likelihood", n, seconds, their_seconds, "SciPy, 101 dense fits", agree


def dense_lambda(trait, covariance) -> float:
    """Give the best log-likelihood over 101 values of λ, each by a dense multivariate normal density."""
    from scipy.stats import multivariate_normal

    best = -np.inf
    diagonal = np.diag(np.diag(covariance))
    for lam in np.linspace(0, 1, 101):
        c = lam * covariance + (1 - lam) * diagonal
        weight = np.linalg.solve(c, np.ones(len(trait)))
        left = trait - weight @ trait / weight.sum()
        scale = left @ np.linalg.solve(c, left) / len(trait)
        best = max(best, multivariate_normal.logpdf(left, cov=scale * c))
    return float(best)


def main() -> int:
    """Print the table; give 1 where an answer differs."""
    print(f"{'what':<34}{'n':>6}{'ours, s':>10}{'peer, s':>10}  peer")
    wrong = 0
    for row in (*mantel_rows(), *lambda_rows()):
        what, n, seconds, their_seconds, peer, agree = row
        print(f"{what:<34}{n:>6}{seconds:>10.3f}{their_seconds:>10.3f}  {peer}{'' if agree else '  DIFFERS'}")
        wrong += not agree
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
