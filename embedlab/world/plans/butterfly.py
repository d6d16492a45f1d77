"""A butterfly with open wings from above, head up: hindwings with tails, forewings, body, antennae with clubs.

Here "beak" is the antenna and its club, "leg" the reach of the hindwing, "tail" the hindwing's tail and its
"fork" how far the tail points outwards and the margin is scalloped; "mask" is a dark wing tip.
"""

from __future__ import annotations

import numpy as np

from embedlab.world.plans import Pose, settle
from embedlab.world.shapes import along, ellipse, meet, taper

FORE, HIND = 5, 6  # cells between the veins of a wing
COS, SIN = 0.5878, -0.8090  # the hindwing points 54° down and out
ROOT = 0.10  # height at which it is hinged


def pose(look: dict[str, np.ndarray]) -> Pose:
    """Place a butterfly's parts: its numbers, and the outermost points as (n, points, 3): x, y and radius.

    Numbers are those of the right half; the left is its mirror image in |x|.
    """
    g = dict(look)
    slim, one = look["elongation"], np.ones_like(look["elongation"])
    hr = 0.050 * look["head_size"]
    hy = 0.235 + 0.5 * hr
    # forewing: base, apex, and the corner (tornus) where the outer meets the inner margin
    span, opening = 0.66 * look["wing_length"] * slim**0.28, 0.74 * slim**-0.75
    low = -0.17 + 0.10 * (slim - 1)
    fx, fy = 0.025 * one, 0.12 * one
    ax, ay = fx + span * np.cos(low + opening), fy + span * np.sin(low + opening)
    short = 0.80 * span * slim**-0.12
    tx, ty = fx + short * np.cos(low), fy + short * np.sin(low)
    # hindwing: an ellipse hung from its base
    reach = (0.33 + 0.10 * look["leg_length"]) * (0.72 + 0.28 * look["wing_length"])
    ha, hb = 0.56 * reach, 0.46 * reach * slim**-0.3
    hx, hz = 0.02 + 0.76 * reach * COS, ROOT + 0.76 * reach * SIN
    tail, fork = 0.20 * np.maximum(look["tail_length"] - 0.25, 0), look["tail_fork"]
    turn = -1.35 + 0.55 * fork
    ux, uy = hx + 0.18 * reach, hz - 0.42 * reach  # where the tail leaves the wing
    vx, vy = ux + tail * np.cos(turn), uy + tail * np.sin(turn)
    spike = 0.17 * look["crest"]
    kx, ky = hx + 0.34 * reach, hz - 0.20 * reach
    length, depth = 0.18 * look["beak_length"] + 0.05, 0.026 * look["beak_depth"]
    bx, by = 0.4 * hr, hy + 0.7 * hr
    bend = look["beak_curvature"] * 0.22 * length
    cos, sin = 0.50, 0.866  # antennae stand 60° up
    g.update(
        hr=hr, hy=hy, fx=fx, fy=fy, ax=ax, ay=ay, tx=tx, ty=ty, ha=ha, hb=hb, hx=hx, hz=hz, ux=ux, uy=uy, vx=vx,
        vy=vy, kx=kx, ky=ky, spike=spike, sx=kx + 0.80 * spike, sy=ky - 0.60 * spike, tail=tail, length=length,
        depth=depth, bend=bend, bx=bx, by=by, ex=bx + length * cos, ey=by + length * sin, reach=reach,
        tip_x=bx + length * cos + bend * sin, tip_y=by + length * sin - bend * cos, span=span,
        flank=span * np.cos(0.5 * opening), scallop=0.006 + 0.022 * fork, opening=opening, body=0.30 + 0.12 * reach,
    )  # fmt: skip
    points = [(0 * hr, hy, hr), (0 * hr, -g["body"], 0.02)]
    for side in (-1, 1):
        points += [
            (side * ax, ay, 0.01), (side * tx, ty, 0.03), (side * g["tip_x"], g["tip_y"], depth + 0.01),
            (side * vx, vy, 0.03), (side * g["sx"], g["sy"], 0.015), (side * hx, hz, 0.47 * reach + 0.02),
            (side * (hx + 0.1 * reach * COS), hz + 0.1 * reach * SIN, 0.46 * reach + 0.02),
            (side * (0.55 * (ax - fx) + fx), 0.55 * (ay - fy) + fy, 0.07 * span),
        ]  # fmt: skip
    marks = {
        "body_front": (ax, ay), "body_back": (fx, fy), "body_top": (ax, ay), "body_bottom": (tx, ty),
        "head": (0, hy), "crown": (0, hy + 0.85 * hr), "eye": (0.80 * hr, hy + 0.15 * hr),
        "beak_base": (bx, by), "beak_tip": (g["tip_x"], g["tip_y"]), "beak_straight": (g["ex"], g["ey"]),
        "beak_upper": (g["tip_x"] + depth, g["tip_y"]), "beak_lower": (g["tip_x"] - depth, g["tip_y"]),
        "tail_base": (ux, uy), "tail_tip": (vx, vy), "tail_notch": (ux, vy),
        "limb_base": (0.02, ROOT), "limb_tip": (0.02 + 1.32 * reach * COS, ROOT + 1.32 * reach * SIN),
        "wing_base": (fx, fy), "wing_tip": (ax, ay),
    }  # fmt: skip
    return settle(g, points, marks)


def draw(c, g) -> None:
    """Paint a butterfly; both sides at once, since it is its own mirror image in |x|."""
    x, y = c.x, c.y
    z, side = x.abs(), x.sign()
    zero = g["hr"] * 0
    c.shade(ellipse(z, y, g["hx"] + 0.02, g["hz"] - 0.07, g["ha"], g["hb"], COS, SIN)[0], 0.07, 0.42)
    c.shade(ellipse(z, y, 0.55 * g["span"], 0.55 * g["ay"] - 0.04, 0.48 * g["span"], 0.16, 0.86, 0.5)[0], 0.08, 0.42)
    dark = c.mix(c.colour(g["second"]) * 0.45, c.grey(0.04), 0.40)

    # hindwing with its tail; on males that have one, a second tail
    d, _, _ = ellipse(z, y, g["hx"], g["hz"], g["ha"], g["hb"], COS, SIN)
    reach, down = _ray(z, y - ROOT, g)
    cell, vein = _cells(down, HIND)
    d = d + g["scallop"] * (vein * vein * 4 - 0.5) * c.smooth(0.6, 0.9, reach)
    tail = taper(z, y, g["ux"], g["uy"], g["vx"], g["vy"], 0.042, 0.017)[0]
    tail = tail.minimum(((z - g["vx"]).square() + (y - g["vy"]).square()).sqrt() - 0.026)
    d = d.minimum(tail + (g["tail"] < 0.03) * 9.0)
    spike = taper(z, y, g["kx"], g["ky"], g["sx"], g["sy"], 0.036, 0.012)[0] + (g["spike"] < 0.012) * 9.0
    d = d.minimum(spike)
    ground = c.mix(c.colour(g["first"]), c.colour(g["second"]) * 1.35, 0.7 * c.smooth(0.35, 0.85, reach))
    coat = _coat(c, g, ground, dark, reach, down, cell, vein, 0.68, g["reach"] * 1.2, g["reach"] * 2.4 / HIND)
    disc = c.smooth(0.30, 0.40, reach) * c.smooth(0.80, 0.66, reach) * c.smooth(0.05, 0.2, down)
    coat = c.mix(coat, c.colour(g["ornament"]), g["throat"] * disc * (1 - 0.55 * c.smooth(0.38, 0.48, vein.abs())))
    coat = c.mix(coat, c.colour(g["ornament"]), (spike * -40 + 0.5).clamp_(0, 1))
    c.solid(d, side, zero, 1e3, coat * c.plane(0.86 + 0.10 * cell), gloss=0.03, rim=0.28)

    # forewing: a triangle of three bulging edges, coordinates from the distances to them
    _, t, _ = along(z, y, g["fx"], g["fy"], g["ax"], g["ay"])
    s, outer, _ = along(z, y, g["ax"], g["ay"], g["tx"], g["ty"])
    _, inner, _ = along(z, y, g["tx"], g["ty"], g["fx"], g["fy"])
    reach = (1 + outer / g["flank"]).clamp(0, 1.2)
    hump = reach * (1.05 - reach) * 4
    t, inner = t - 0.055 * g["span"] * hump, inner - 0.035 * hump
    down = (t / (t + inner - 1e-6)).clamp(0, 1)
    cell, vein = _cells(down, FORE)
    bow = 4 * s.clamp(0, 1) * (1 - s.clamp(0, 1))
    outer = outer - (0.045 - 0.075 * g["tail_fork"]) * bow + 0.5 * g["scallop"] * (vein * vein * 4 - 0.5)
    d = meet(meet(t, outer, 0.07), inner, 0.07)
    wide = g["flank"] * g["opening"] / FORE
    coat = _coat(c, g, c.colour(g["first"]), dark, reach, down, cell, vein, 0.70, g["flank"], wide)
    tip = c.smooth(0.56, 0.70, reach + 0.10 * (0.5 - down))
    coat = c.mix(coat, dark, g["face_mask"] * tip * c.smooth(0.85, 0.55, down) * 0.9)
    slant = reach + 0.22 * (down - 0.35)
    bar = c.smooth(0.50, 0.56, slant) * c.smooth(0.78, 0.71, slant)
    bar = bar * c.smooth(0.72, 0.60, down) * c.smooth(0.04, 0.12, down)
    coat = c.mix(coat, c.colour(g["ornament"]), g["cap"] * bar * (1 - 0.55 * c.smooth(0.38, 0.48, vein.abs())))
    edge = c.smooth(-0.030, -0.010, t)
    c.solid(d, side, zero, 1e3, c.mix(coat, dark, 0.7 * edge) * c.plane(0.88 + 0.10 * cell), gloss=0.03, rim=0.34)

    # antennae with their clubs
    s, t, length = along(z, y, g["bx"], g["by"], g["ex"], g["ey"])
    q = s.clamp(0, 1)
    club = (1 - ((q - 0.86) * 7.1).square()).clamp_(0, 1).sqrt()
    d = (t + g["bend"] * q * q).abs() - 0.006 - g["depth"] * (0.15 + club)
    d = d.maximum(-s * length).maximum((s - 1) * length)
    c.flat(d, c.mix(dark, c.colour(g["bare"]), club * 0.6))

    # body: a tapering abdomen with pale rings, a furry thorax, head and eyes
    d, nx, ny = taper(x, y, zero, zero + 0.04, zero, 0.03 - g["body"], 0.045, 0.024)
    rings = c.smooth(0.2, 0.8, (y * 70).sin()) * (y < -0.02)
    fur = c.mix(dark, c.colour(g["first"]) * 0.6, 0.25)
    c.solid(d, nx, ny, 0.045, c.mix(fur, c.colour(g["belly_colour"]), 0.45 * rings), gloss=0.1)
    d, nx, ny = ellipse(x, y, zero, zero + 0.135, 0.45 * g["hr"] + 0.036, zero + 0.105)
    c.solid(d, nx, ny, 0.055, fur * c.plane(1.1 + 0.25 * (x * 190).sin() * (y * 120 + x * 60).sin()), gloss=0.05)
    d, nx, ny = ellipse(x, y, zero, g["hy"], g["hr"] * 0.95, g["hr"] * 0.85)
    c.solid(d, nx, ny, g["hr"], dark)
    size = 0.36 * g["hr"] * g["eye_size"]
    ball = ((z - 0.80 * g["hr"]).square() + (y - g["hy"] - 0.15 * g["hr"]).square()).sqrt() - size
    c.flat(ball, c.mix(c.grey(0.07), c.colour(g["bare"]), 0.35))
    c.flat(ball + 0.62 * size, c.grey(0.75))


def _ray(z, y, g):
    """Give a place on the hindwing as the share of the way from base to margin, and of the way round (0 at
    the front).
    """
    u, v = z - 0.02, y
    p, r = (u * COS + v * SIN) / g["ha"], (v * COS - u * SIN) / g["hb"]
    base = g["reach"] * 0.76 / g["ha"]  # the base lies this far behind the middle of the ellipse, in its radii
    far = (p * p + r * r + 1e-9).sqrt()
    lean = base * p / far
    most = lean + (lean * lean + 1 - base * base + 0.9).clamp(0.02).sqrt()
    return far / most, (0.5 - 0.62 * r / (far + p.clamp(0) + 1e-6)).clamp(0, 1)


def _cells(down, count):
    """Give how near the middle of its cell between two veins a place lies (0 to 1), and where across (±.5)."""
    across = down * count
    across = across - across.floor() - 0.5
    return 1 - 4 * across * across, across


def _coat(c, g, ground, dark, reach, down, cell, vein, row, long, wide):
    """Colour a wing from base to margin: bands, pale disc, eyespots in each cell, veins, a border with spots."""
    contrast = g["pattern_contrast"] * 1.3
    coat = c.mix(ground * 0.72, ground, c.smooth(0.05, 0.35, reach))
    pale = c.smooth(0.36, 0.46, reach) * c.smooth(0.74, 0.62, reach) * ((g["belly"] - 0.35) * 1.6).clamp(0, 1)
    coat = c.mix(coat, c.colour(g["belly_colour"]), 0.85 * pale)
    bands = ((reach * 17 * g["pattern_frequency"] + 2.2 * down).sin() * 2.5 - 0.6).clamp_(0, 1)
    coat = c.mix(coat, dark, bands * ((g["stripes"] - 0.35) * 1.8).clamp(0, 1) * contrast)
    border = c.smooth(0.83, 0.90, reach + 0.05 * cell)
    coat = c.mix(coat, dark, border * (0.45 + 0.4 * contrast))
    coat = c.mix(coat, dark, 0.45 * (0.5 - ((0.5 - vein.abs()) * reach * wide - 0.006) / c.pixel).clamp_(0, 1))
    size = 0.34 + 0.16 / g["pattern_frequency"]
    ring = ((vein / size).square() + ((reach - row) * long / (row * wide * size)).square()).sqrt()
    eye = ((g["spots"] - 0.35) * 1.8).clamp(0, 1) * contrast.clamp(0.25, 1)
    coat = c.mix(coat, dark, eye * c.smooth(1.0, 0.8, ring))
    coat = c.mix(coat, c.mix(c.colour(g["belly_colour"]), c.colour(g["bare"]), 0.3), eye * c.smooth(0.75, 0.6, ring))
    coat = c.mix(coat, dark, eye * c.smooth(0.48, 0.34, ring))
    dots = c.smooth(0.34, 0.22, ((vein).square() + ((reach - 0.95) * 5).square()).sqrt())
    return c.mix(coat, c.colour(g["belly_colour"]), 0.75 * dots * border)
