"""A beetle from above: legs and antennae, abdomen, elytra with a seam, pronotum, head and mandibles."""

from __future__ import annotations

import numpy as np

from embedlab.world.plans import Pose, settle
from embedlab.world.shapes import along, blade, ellipse, rod, taper


def pose(look: dict[str, np.ndarray]) -> Pose:
    """Place a beetle's parts: its numbers, and the outermost points as (n, points, 3): x, y and radius."""
    g = dict(look)
    slim = look["elongation"]
    a, b = 0.31 * slim**0.5, 0.225 * slim**-0.5
    cx = -0.10 - 0.10 * (slim - 1)
    front = cx + 0.88 * a
    hr = 0.095 * look["head_size"]
    tx = front + 0.075  # thorax
    hx = tx + 0.085 + 0.6 * hr
    length, depth = 0.20 * look["beak_length"] + 0.02, 0.058 * look["beak_depth"]
    bx, by = hx + 0.55 * hr, 0.48 * hr
    bend = look["beak_curvature"] * 0.55 * length
    leg = 0.245 * look["leg_length"]
    feeler = 0.30 * look["tail_length"]
    horn = 0.24 * look["crest"]
    splay = 0.25 + 0.75 * look["tail_fork"]
    fx, fy = hx + 0.2 * hr + feeler * 0.62, 0.7 * hr + feeler * 0.75
    g.update(
        a=a, b=b, cx=cx, hr=hr, tx=tx, hx=hx, length=length, depth=depth, bx=bx, by=by, bend=bend, leg=leg,
        feeler=feeler,
        tip_x=bx + length * 0.94, tip_y=by + length * 0.34 - bend, horn=horn, splay=splay, fx=fx, fy=fy,
        elytra=(2 * a) * np.clip(0.58 + 0.36 * look["wing_length"], 0.6, 1.06),
    )  # fmt: skip
    out = b + leg
    points = [(cx, 0 * a, b), (cx - a, 0 * a, 0.01), (hx, 0 * a, hr), (tx + 0.1 + horn, 0 * a, 0.01)]
    for side in (-1, 1):
        points += [
            (bx + length, side * (by + length * 0.2), depth), (fx, side * fy, 0.04),
            (tx + 0.30 * leg + 0.05, side * out * 0.92, 0.02), (cx + 0.25 * a, side * out, 0.02),
            (cx - 0.3 * a - 0.75 * leg, side * out * 0.9, 0.02),
        ]  # fmt: skip
    marks = {
        "body_front": (cx + a, 0), "body_back": (cx - a, 0), "body_top": (cx, b), "body_bottom": (cx, -b),
        "head": (hx, 0), "crown": (hx, hr), "eye": (hx + 0.22 * hr, 0.82 * hr),
        "beak_base": (bx, by), "beak_tip": (g["tip_x"], g["tip_y"]),
        "beak_straight": (g["tip_x"], g["tip_y"] + bend),
        "beak_upper": (bx, by + depth / 2), "beak_lower": (bx, by - depth / 2),
        "tail_base": (hx + 0.3 * hr, 0.6 * hr), "tail_tip": (fx, fy),
        "tail_notch": (fx, fy - 0.012 - 0.026 * splay), "limb_base": (cx + 0.55 * a, b * 0.80),
        "limb_tip": (cx + 0.55 * a - 0.12 * leg, b * 0.85 + 1.02 * leg),
        "wing_base": (cx + 0.80 * a, 0), "wing_tip": (cx + a - g["elytra"], 0),
    }  # fmt: skip
    return settle(g, points, marks)


def draw(c, g) -> None:
    """Paint a beetle; both sides at once, since it is its own mirror image in |y|."""
    x, y = c.x, c.y
    z = y.abs()
    a, b, leg = g["a"], g["b"], g["leg"]
    c.shade(ellipse(x, y, g["cx"] + 0.10, -0.03, a + 0.13, b * 1.12)[0], 0.09, 0.55)
    dark = c.mix(c.colour(g["second"]) * 0.45, c.colour(g["bare"]), 0.45) * 0.7

    # legs: hip, knee, foot; three on each side
    d = None
    for base, knee, foot in (
        (g["tx"], 0.30, 0.42),
        (g["cx"] + 0.55 * a, -0.02, -0.12),
        (g["cx"] + 0.05 * a, -0.50, -0.95),
    ):
        kx, ky = base + knee * leg, b * 0.80 + 0.62 * leg
        fx, fy = base + foot * leg, b * 0.85 + 1.02 * leg
        limb = taper(x, z, base, 0.3 * b, kx, ky, 0.030, 0.021)[0].minimum(
            taper(x, z, kx, ky, fx, fy, 0.018, 0.010)[0]
        )
        d = limb if d is None else d.minimum(limb)
    # antennae, their clubs spread by the fork
    feeler = rod(
        x,
        z,
        g["hx"] + 0.3 * g["hr"],
        0.6 * g["hr"],
        g["hx"] + 0.35 * g["feeler"],
        0.7 * g["hr"] + 0.55 * g["feeler"],
        0.012,
    )
    d = d.minimum(feeler)
    end_x, end_y = g["hx"] + 0.35 * g["feeler"], 0.7 * g["hr"] + 0.55 * g["feeler"]
    d = d.minimum(taper(x, z, end_x, end_y, g["fx"], g["fy"], 0.011, 0.012 + 0.026 * g["splay"])[0])
    c.flat(d, dark)

    # mandibles
    s, t, length = along(
        x, z, g["bx"] - 0.03, g["by"], g["bx"] + 0.94 * g["length"], g["by"] + 0.34 * g["length"]
    )
    q = s.clamp(0, 1)
    t = t + g["bend"] * q * q - 0.25 * g["length"] * q * (1 - q)
    width = 0.5 * g["depth"] * (1 - q) * (1 + 0.9 * q) + 0.008
    d = blade(s, t, length, width)
    side = (t / (width + 1e-3)).clamp_(-1, 1)
    c.solid(
        d, side * 0.1, side * y.sign(), g["depth"], c.mix(dark, c.colour(g["bare"]), 0.5), gloss=0.5, rim=0.7
    )

    # head
    d, nx, ny = ellipse(x, y, g["hx"], 0.0, g["hr"] * 0.85, g["hr"])
    hood = c.mix(c.colour(g["second"]) * 0.8, c.colour(g["ornament"]), g["cap"])
    hood = c.mix(hood, c.grey(0.05), g["face_mask"] * 0.7 * c.smooth(0.6, 0.2, (x - g["hx"]).abs() / g["hr"]))
    c.solid(d, nx, ny, g["hr"], hood, gloss=0.5)
    size = 0.27 * g["hr"] * g["eye_size"] + 0.008
    ex, ey = g["hx"] + 0.22 * g["hr"], 0.82 * g["hr"]
    c.flat(((x - ex).square() + (z - ey).square()).sqrt() - size, c.grey(0.04))
    c.flat(((x - ex - 0.2 * size).square() + (y - ey - 0.2 * size).square()).sqrt() - 0.3 * size, c.grey(0.9))

    # abdomen, where short elytra leave it bare
    d, nx, ny = ellipse(x, y, g["cx"], 0.0, a, b * 0.94)
    rings = 1 - 0.30 * ((x * 60).sin() * 0.5 + 0.5)
    c.solid(
        d, nx, ny, b, c.mix(c.colour(g["belly_colour"]), c.colour(g["second"]), 0.5) * c.plane(rings * 0.8)
    )

    # pronotum
    d, nx, ny = ellipse(x, y, g["tx"], 0.0, 0.125, b * 0.80)
    d = d.maximum(x - g["tx"] - 0.095)
    shield = c.mix(c.colour(g["first"]) * 0.72, c.colour(g["second"]), 0.45)
    shield = c.mix(shield, c.colour(g["ornament"]), g["cap"])
    rim = c.smooth(0.035, 0.012, d.abs())
    c.solid(d, nx, ny, b * 0.7, shield * c.plane(1 - 0.25 * rim), gloss=0.55)

    # elytra
    d, nx, ny = ellipse(x, y, g["cx"], 0.0, a, b)
    cut = g["cx"] + a - g["elytra"]
    d = d.maximum(x - g["cx"] - 0.80 * a).maximum((cut - x) + (z / b) * 0.02)
    u, v = (x - g["cx"]) / a, y / b
    coat = c.mix(c.colour(g["first"]), c.colour(g["second"]) * 0.55, c.pattern(u * 0.5, v.abs() * 0.55, g))
    coat = c.mix(
        coat, c.colour(g["belly_colour"]), (g["belly"] - 0.45).clamp(0, 1) * c.smooth(0.65, 0.95, v.abs())
    )
    patch = c.smooth(0.42, 0.28, ((u - 0.45).square() + (v.abs() - 0.5).square()).sqrt())
    coat = c.mix(coat, c.colour(g["ornament"]), g["throat"] * patch)
    grooves = (v * 26).cos() * 0.5 + 0.5
    seam = c.smooth(0.016, 0.005, z)
    c.solid(d, nx, ny, b * 0.95, coat * c.plane((1 - 0.16 * grooves) * (1 - 0.55 * seam)), gloss=0.8)

    # the male's horn, rising from the pronotum over the head
    d, nx, ny = taper(x, y, g["tx"] - 0.01, 0.0, g["tx"] + 0.08 + g["horn"], 0.0, 0.042, 0.012)
    c.solid(
        d + (g["horn"] < 0.015) * 9.0, nx, ny, 0.042, c.mix(dark, c.colour(g["ornament"]), 0.55), gloss=0.6
    )
