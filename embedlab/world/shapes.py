"""Signed distances to simple bodies, for whole batches: negative inside, in body units, with the outward
direction.

All take tensors of pixels (b, p) and per-image numbers (b, 1), use methods and operators only, and return
(distance, normal x, normal y). Formulas after Inigo Quilez' collection of 2-D distance functions.
"""

from __future__ import annotations

TINY = 1e-9


def ellipse(x, y, cx, cy, a, b, cos=None, sin=None):
    """Distance to an ellipse with semi-axes `a` along (cos, sin) and `b` across; first-order accurate near
    its edge.
    """
    u, v = x - cx, y - cy
    if cos is not None:
        u, v = u * cos + v * sin, v * cos - u * sin
    u, v = u / a, v / b
    k = (u * u + v * v + TINY).sqrt()
    u, v = u / a, v / b
    g = (u * u + v * v + TINY).sqrt()
    d = k * (k - 1) / g
    u, v = u / g, v / g
    if cos is not None:
        u, v = u * cos - v * sin, u * sin + v * cos
    return d, u, v


def taper(x, y, ax, ay, bx, by, ra, rb):
    """Distance to a rod from (ax, ay) to (bx, by) whose radius goes from `ra` to `rb`, with round ends."""
    dx, dy = bx - ax, by - ay
    scale = 1 / (dx * dx + dy * dy + TINY)
    u, v = x - ax, y - ay
    h = (u * (dx * scale) + v * (dy * scale)).clamp_(0, 1)
    u = u - h * dx
    v = v - h * dy
    r = (u * u + v * v + TINY).sqrt()
    return r - (ra + h * (rb - ra)), u / r, v / r


def rod(x, y, ax, ay, bx, by, radius):
    """Distance alone to a rod of constant radius: for legs and rays too thin to be shaded."""
    dx, dy = bx - ax, by - ay
    scale = 1 / (dx * dx + dy * dy + TINY)
    u, v = x - ax, y - ay
    h = (u * (dx * scale) + v * (dy * scale)).clamp_(0, 1)
    u = u - h * dx
    v = v - h * dy
    return (u * u + v * v + TINY).sqrt() - radius


def along(x, y, ax, ay, bx, by):
    """Coordinates in a limb's own frame: s from 0 at its base to 1 at its tip, t across (left of it
    positive).
    """
    dx, dy = bx - ax, by - ay
    length = (dx * dx + dy * dy + TINY).sqrt()
    dx, dy = dx / length, dy / length
    u, v = x - ax, y - ay
    return (u * dx + v * dy) / length, v * dx - u * dy, length


def blade(s, t, length, half_width):
    """Distance to a blade in its own frame: within `half_width` of its middle line, for s between 0 and 1."""
    inside = t.abs() - half_width
    ends = (-s).maximum(s - 1) * length
    return inside.maximum(ends)


def join(first, second, k):
    """Melt two bodies into one with a fillet of size `k`."""
    d1, x1, y1 = first
    d2, x2, y2 = second
    h = ((d2 - d1) * (0.5 / k) + 0.5).clamp_(0, 1)
    return d2.lerp(d1, h) - k * h * (1 - h), x2.lerp(x1, h), y2.lerp(y1, h)


def meet(first, second, k):
    """Distance alone to what two bodies share, its corner rounded by `k`."""
    h = ((first - second) * (0.5 / k) + 0.5).clamp_(0, 1)
    return second.lerp(first, h) + k * h * (1 - h)
