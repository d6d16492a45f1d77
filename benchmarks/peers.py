"""Side by side with peers on one core: the same answer, and how long each takes.

Prints a table; a disagreement ends with exit 1.
"""

import sys
import time

import numpy as np


def timed(function):
    """Give the result of a call and the seconds it took, the better of two."""
    took = []
    for _ in range(2):
        begun = time.perf_counter()
        result = function()
        took.append(time.perf_counter() - begun)
    return result, min(took)


def main() -> int:
    """Print the table; give 1 where an answer differs."""
    print(f"{'what':<34}{'n':>6}{'ours, s':>10}{'peer, s':>10}  peer")
    wrong = 0
    for row in lambda_rows():
        what, n, seconds, their_seconds, peer, agree = row
        print(f"{what:<34}{n:>6}{seconds:>10.3f}{their_seconds:>10.3f}  {peer}{'' if agree else '  DIFFERS'}")
        wrong += not agree
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
