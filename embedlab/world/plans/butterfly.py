"""A butterfly with open wings from above, head up: forewings over hindwings with their tails, body, antennae.

Here "beak" is the antennae with their clubs, "leg" the reach of the hindwings, "tail" the hindwings' tails.
"""

from __future__ import annotations

import numpy as np

from embedlab.world.shapes import along, ellipse, rod, taper

CELLS = 6  # spaces between the veins of a wing


def pose(look: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Place a butterfly's parts: its numbers, and the outermost points as (n, points, 3): x, y and radius.

    Numbers are those of the right half; the left is its mirror image in |x|.
    """
    g = dict(look)
    slim = look["elongation"]
    hr = 0.052 * look["head_size"]
    hy = 0.215 + 0.6 * hr
    span = 0.66 * look["wing_length"] ** 0.8 * slim**0.35
    broad = 0.50 * slim**-0.75
    # forewing: base, apex, and the corner (tornus) where the outer meets the inner margin
    fx, fy = 0.035 + 0 * hr, 0.15 + 0 * hr
    ax, ay = 0.04 + span, 0.17 + 0.62 * span * slim**-0.4
    tx, ty = 0.05 + 0.80 * span, ay - broad
    # hindwing: an ellipse hung below the forewing
    reach = (0.30 + 0.13 * look["leg_length"]) * slim**-0.1
    ha, hb = reach, 0.62 * reach
    hx, hz = 0.03 + 0.66 * reach, -0.05 - 0.70 * reach
    tail = 0.30 * look["tail_length"] * (0.25 + 0.75 * look["tail_fork"])
    ux, uy = hx + 0.10 * reach, hz - 0.72 * reach  # where the tail leaves the wing
    vx, vy = ux + 0.30 * tail * (0.3 + look["tail_fork"]), uy - tail
    spike = 0.17 * look["crest"]
    kx, ky = hx + 0.50 * reach, hz - 0.50 * reach
    length, depth = 0.26 * look["beak_length"] + 0.06, 0.024 * look["beak_depth"]
    bx, by = 0.30 * hr, hy + 0.7 * hr
    bend = look["beak_curvature"] * 0.30 * length
    zx, zy = bx + 0.50 * length + bend, by + 0.86 * length
    g.update(
        hr=hr, hy=hy, fx=fx, fy=fy, ax=ax, ay=ay, tx=tx, ty=ty, ha=ha, hb=hb, hx=hx, hz=hz, ux=ux, uy=uy, vx=vx,
        vy=vy, kx=kx, ky=ky, spike=spike, sx=kx + 0.5 * spike, sy=ky - 0.9 * spike, tail=tail, length=length,
        depth=depth, bend=bend, bx=bx, by=by, tip_x=zx, tip_y=zy, reach=reach,
    )  # fmt: skip
    points = [(0 * hr, hy, hr), (0 * hr, -0.36 + 0 * hr, 0.03)]
    for side in (-1, 1):
        points += [
            (side * ax, ay, 0.02), (side * tx, ty, 0.03), (side * zx, zy, depth), (side * vx, vy, 0.035),
            (side * g["sx"], g["sy"], 0.02), (side * (hx + 0.2 * reach), hz - 0.2 * reach, 0.72 * reach),
        ]  # fmt: skip
    return g, np.stack([np.stack(np.broadcast_arrays(*point), -1) for point in points], axis=1)


def draw(c, g) -> None:
    """Paint a butterfly; both sides at once, since it is its own mirror image in |x|."""
    x, y = c.x, c.y
    z = x.abs()
    side = x.sign()
    c.shade(ellipse(z, y, 0.36, -0.02, 0.42, 0.40)[0], 0.12, 0.4)
    dark = c.mix(c.colour(g["second"]) * 0.4, c.grey(0.06), 0.5)

    # hindwing with its tail and, on males that have one, a second tail
    cos, sin = 0.5736, -0.8192
    d, _, _ = ellipse(z, y, g["hx"], g["hz"], g["ha"], g["hb"], cos, sin)
    d = d.minimum(taper(z, y, g["ux"], g["uy"], g["vx"], g["vy"], 0.05, 0.026)[0] + (g["tail"] < 0.03) * 9.0)
    spike = taper(z, y, g["kx"], g["ky"], g["sx"], g["sy"], 0.035, 0.014)[0] + (g["spike"] < 0.012) * 9.0
    d = d.minimum(spike)
    coat = c.mix(c.colour(g["first"]), c.colour(g["second"]), 0.3)
    c.solid(d, side, 0 * y, 1e3, coat, gloss=0.05, rim=0.3)

    # forewing: a triangle of three bulging edges
    d = None
    for x0, y0, x1, y1, bulge in (
        ("fx", "fy", "ax", "ay", 0.05), ("ax", "ay", "tx", "ty", 0.01), ("tx", "ty", "fx", "fy", 0.03)
    ):  # fmt: skip
        s, t, _ = along(z, y, g[x0], g[y0], g[x1], g[y1])
        edge = t - 4 * bulge * s * (1 - s)
        d = edge if d is None else d.maximum(edge)
    c.solid(d - 0.01, side, 0 * y, 1e3, c.colour(g["first"]), gloss=0.05, rim=0.35)

    # antennae with clubs
    s, t, length = along(z, y, g["bx"], g["by"], g["bx"] + 0.5 * g["length"], g["by"] + 0.86 * g["length"])
    c.flat(rod(z, y, g["bx"], g["by"], g["tip_x"], g["tip_y"], 0.010), dark)
    c.flat(((z - g["tip_x"]).square() + (y - g["tip_y"]).square()).sqrt() - g["depth"], dark)

    # body
    d, nx, ny = taper(x, y, 0.0, 0.02, 0.0, -0.33, 0.045, 0.022)
    c.solid(d, nx, ny, 0.04, dark, gloss=0.2)
    d, nx, ny = ellipse(x, y, 0.0, 0.10, 0.055, 0.10)
    c.solid(d, nx, ny, 0.05, dark, gloss=0.1)
    d, nx, ny = ellipse(x, y, 0.0, g["hy"], g["hr"], g["hr"])
    c.solid(d, nx, ny, g["hr"], dark)
