"""The highest point of a likelihood with several hills, and how far from it one may go before it is unlikely."""

from collections.abc import Callable

import numpy as np

DROP = 1.9207294103470698  # half of the .95 quantile of chi-square with one degree of freedom
_FINE = 33


def highest(curve: Callable, grid: np.ndarray, drop: float = DROP) -> tuple[float, float, tuple[float, float]]:
    """Find the top of `curve` on a range, its height, and the ends of the profile interval.

    `curve` takes an array `(g,)` and gives heights `(g,)`, -inf where there is no likelihood; or `(2, g)`, where the
    top is that of the first row and the interval that of the second (a restricted likelihood), widened to the top
    if need be. `grid` `(g,)` is sorted and spans the range, both ends included. All grid points are tried, then
    every hill that could still be the highest on ever finer grids: a call for 33 points costs little more than one
    for a single point. An end of the interval is the outermost crossing of the height less `drop` (1.92 is 95 % for
    one parameter), found to a millionth of a grid step, or an end of the range. Errors: a curve that is nowhere
    finite.

    >>> top, height, ends = highest(lambda v: 1 - 10 * (v - 0.3) ** 2, np.linspace(0, 1, 11))
    >>> round(top, 6), round(height, 6), round(ends[0], 6), round(ends[1], 6)
    (0.3, 1.0, 0.0, 0.738261)
    """
    rows = np.atleast_2d(curve(grid))
    if not np.isfinite(rows.max(axis=1)).all():
        raise ValueError("the likelihood is not finite anywhere in its range: the values may be too large or too alike")
    best, height = _climb(lambda v: np.atleast_2d(curve(v))[0], grid, rows[0])

    def line(v):
        return np.atleast_2d(curve(v))[-1]

    heights = rows[-1]
    middle, level = (best, height) if len(rows) == 1 else _climb(line, grid, heights)
    level -= drop
    above = np.flatnonzero(heights > level)
    # the top may stand alone between two grid points that lie lower
    first = int(np.searchsorted(grid, middle)) if not above.size else int(above[0])
    last = int(np.searchsorted(grid, middle, "right")) - 1 if not above.size else int(above[-1])
    low = _crossing(line, grid[max(first - 1, 0)], min(grid[first], middle), level)
    high = _crossing(line, grid[min(last + 1, grid.size - 1)], max(grid[last], middle), level)
    return best, height, (min(low, best), max(high, best))


def _climb(curve, grid, heights) -> tuple[float, float]:
    """The best point found on finer grids around each hill that is no more than 2 below the highest."""
    padded = np.r_[-np.inf, heights, -np.inf]
    hills = np.flatnonzero((heights >= padded[:-2]) & (heights >= padded[2:]) & (heights > heights.max() - 2.0))
    best, height = float(grid[heights.argmax()]), float(heights.max())
    for hill in hills[np.argsort(-heights[hills], kind="stable")][:4].tolist():
        low, high = grid[max(hill - 1, 0)], grid[min(hill + 1, grid.size - 1)]
        for _ in range(2):
            points = np.unique(np.r_[np.linspace(low, high, _FINE), grid[hill]])
            found = curve(points)
            top = int(found.argmax())
            low, high = points[max(top - 1, 0)], points[min(top + 1, points.size - 1)]
        here, at = float(points[top]), float(found[top])
        if 0 < top < points.size - 1 and np.isfinite(found[top - 1 : top + 2]).all():
            summit = _summit(points[top - 1 : top + 2], found[top - 1 : top + 2])
            there = float(curve(np.array([summit]))[0])
            # the top is flat: a parabola knows its place better than heights that differ by rounding alone
            if there >= at - 1e-12 * max(1.0, abs(at)):
                here, at = summit, max(there, at)
        if at > height:
            best, height = here, at
    return best, height


def _summit(x: np.ndarray, y: np.ndarray) -> float:
    """Where the parabola through three points is highest, and never beyond them."""
    left, right = (y[1] - y[0]) / (x[1] - x[0]), (y[2] - y[1]) / (x[2] - x[1])
    if not left > right:
        return float(x[1])
    middle = (x[0] + x[1]) / 2
    return float(np.clip(middle + left / (left - right) * (x[2] - x[0]) / 2, x[0], x[2]))


def _crossing(line, outside: float, inside: float, level: float) -> float:
    """The point between where the line passes `level`; the outer one itself, where it is not below."""
    if outside == inside:
        return float(outside)
    for _ in range(3):
        points = np.linspace(outside, inside, 17)
        found = line(points)
        first = int(np.argmax(found > level))
        if found[0] > level:
            return float(outside)
        first = first or points.size - 1  # the inner point itself is at the level, up to rounding
        outside, inside = points[first - 1], points[first]
    below, over = found[first - 1], found[first]
    share = (level - below) / (over - below) if np.isfinite(below) and over > below else 1.0
    return float(outside + np.clip(share, 0.0, 1.0) * (inside - outside))
