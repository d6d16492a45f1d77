"""A bird in profile: body, neck and head in one; tail, wing, legs, beak and eye as parts of their own."""

from __future__ import annotations

import numpy as np

from embedlab.world.plans import Pose, settle
from embedlab.world.shapes import along, blade, ellipse, join, rod, taper


def pose(look: dict[str, np.ndarray]) -> Pose:
    """Place a bird's parts: its numbers, and the outermost points as (n, points, 3): x, y and radius."""
    g = dict(look)
    slim = look["elongation"]
    a, b = 0.33 * slim**0.45, 0.245 * slim**-0.45
    tilt = 0.42 - 0.22 * (slim - 0.75)
    cos, sin = np.cos(tilt), np.sin(tilt)
    hr = 0.128 * look["head_size"]
    hx, hy = a * cos * 0.92 + 0.015, a * sin * 0.92 + b * 0.62 + 0.35 * hr
    bx, by = hx + 0.80 * hr, hy - 0.12 * hr
    length, depth = 0.285 * look["beak_length"], 0.112 * look["beak_depth"]
    length = length + 0.04
    depth = np.minimum(depth, 1.5 * hr)
    # A deep, short beak curves at its tip (a hook); a long thin one along its whole length (a probe).
    stout = np.clip(depth / length * 1.6 - 0.25, 0, 1)
    crook = np.clip(look["beak_curvature"], 0, 1)
    bend = look["beak_curvature"] * (1 - stout) * 0.42 * length
    hook = np.maximum(look["beak_curvature"], -0.1) * stout * np.minimum(0.50 * depth, 0.55 * length)
    tx, ty = bx + length * np.cos(0.10), by - length * np.sin(0.10) - bend - hook
    tail = 0.31 * look["tail_length"]
    rx, ry = -a * cos * 0.80, -a * sin * 0.80 + 0.02
    droop = 0.20 + 0.10 * look["tail_fork"]
    ex, ey = rx - tail * np.cos(droop) - 0.08, ry - tail * np.sin(droop) + 0.015
    leg = 0.255 * look["leg_length"]
    ground = -b * 0.86 - leg
    crest = 0.20 * look["crest"]
    kx, ky = hx - 0.35 * hr - 0.45 * crest, hy + 0.75 * hr + 0.85 * crest
    g.update(
        a=a, b=b, cos=cos, sin=sin, hr=hr, hx=hx, hy=hy, bx=bx, by=by, beak_x=bx + length * np.cos(0.10),
        beak_y=by - length * np.sin(0.10), length=length, depth=depth, bend=bend, hook=hook, tip_x=tx,
        tip_y=ty,
        round=0.12 + stout * (0.45 + 0.9 * crook),
        short=0.75 * stout * crook, rx=rx, ry=ry, ex=ex, ey=ey, ground=ground, kx=kx, ky=ky, crest_size=crest,
        notch=0.55 * look["tail_fork"],
        tail_width=0.055 + 0.05 * look["tail_fork"] + 0.02 * look["tail_length"],
        wx=a * cos * 0.42, wy=a * sin * 0.45 + 0.05, vx=-a * cos * (0.50 + 0.62 * look["wing_length"]),
        vy=-a * sin * (0.5 + 0.42 * look["wing_length"]) - 0.01, wing_width=b * 0.62,
    )  # fmt: skip
    points = [
        (-a * cos, -a * sin, 0.8 * b), (0 * a, 0 * a, b), (hx, hy, hr), (tx, ty, 0.01),
        (bx + 0.6 * length, by + 0.03, depth / 2),
        (ex, ey, g["tail_width"]), (0.13 + 0 * a, ground, 0.02), (-0.10 + 0 * a, ground, 0.02),
        (kx, ky, 0.03),
        (g["vx"], g["vy"], 0.02),
    ]  # fmt: skip
    marks = {
        "body_front": (a * cos, a * sin), "body_back": (-a * cos, -a * sin),
        "body_top": (-b * sin, b * cos), "body_bottom": (b * sin, -b * cos),
        "head": (hx, hy), "crown": (hx, hy + 0.97 * hr), "eye": (hx + 0.34 * hr, hy + 0.18 * hr),
        "beak_base": (bx, by), "beak_tip": (tx, ty), "beak_straight": (g["beak_x"], g["beak_y"]),
        "beak_upper": (bx, by + depth / 2), "beak_lower": (bx, by - depth / 2),
        "tail_base": (rx, ry), "tail_tip": (ex, ey),
        "tail_notch": (ex + (rx - ex) * g["notch"] / (1 + g["notch"]), ey + (ry - ey) * g["notch"] / (1 + g["notch"])),
        "limb_base": (0.03, -b * 0.86), "limb_tip": (0.03, ground),
        "wing_base": (g["wx"], g["wy"]), "wing_tip": (g["vx"], g["vy"]),
    }  # fmt: skip
    return settle(g, points, marks)


def draw(c, g) -> None:
    """Paint a bird, from the far leg to the eye."""
    x, y = c.x, c.y
    c.shade(ellipse(x, y, 0.03, g["ground"] - 0.005, 0.26, 0.035)[0], 0.05, 0.45)
    leg = c.colour(g["bare"])
    for shift, knee, dark in ((-0.045, -0.03, 0.62), (0.03, 0.0, 0.9)):
        top = -g["b"] * 0.6
        hip, foot = shift + 0.02, shift
        middle = top * 0.45 + g["ground"] * 0.55
        limb = rod(x, y, hip, top, foot + knee - 0.012, middle, 0.017)
        limb = limb.minimum(rod(x, y, foot + knee - 0.012, middle, foot, g["ground"], 0.013))
        limb = limb.minimum(rod(x, y, foot - 0.035, g["ground"], foot + 0.085, g["ground"], 0.012))
        c.flat(limb, leg * dark)

    # tail: a fan of feathers, notched by the fork
    s, t, length = along(x, y, g["rx"], g["ry"], g["ex"], g["ey"])
    width = 0.05 + (g["tail_width"] - 0.02) * s
    part = (t.abs() / (width + 1e-3)).clamp_(0, 1)
    d = blade(
        s * (1 + g["notch"] * (1 - part) + 0.25 * (1 - g["notch"]) * part * part * part), t, length, width
    )
    feathers = 1 - 0.20 * ((t * 90).sin() * 0.5 + 0.5) * s.clamp(0, 1)
    c.flat(d, c.mix(c.colour(g["second"]), c.colour(g["first"]), 0.25) * c.plane(feathers * 0.92))

    # crest behind the head
    d, nx, ny = taper(
        x, y, g["hx"] - 0.15 * g["hr"], g["hy"] + 0.6 * g["hr"], g["kx"], g["ky"], 0.42 * g["hr"], 0.008
    )
    d = d + (g["crest_size"] < 0.015) * 9.0
    c.solid(d, nx, ny, 0.05, c.colour(g["ornament"]) * 0.92)

    # body, neck and head
    body = ellipse(x, y, 0.0, 0.0, g["a"], g["b"], g["cos"], g["sin"])
    rump = taper(x, y, 0.0, 0.0, g["rx"] * 1.12, g["ry"] * 1.12, g["b"] * 0.85, g["b"] * 0.22)
    neck = taper(
        x,
        y,
        g["a"] * g["cos"] * 0.55,
        g["a"] * g["sin"] * 0.55,
        g["hx"],
        g["hy"],
        g["b"] * 0.66,
        g["hr"] * 0.9,
    )
    head = ellipse(x, y, g["hx"], g["hy"], g["hr"] * 1.04, g["hr"] * 0.97)
    d, nx, ny = join(join(join(body, rump, 0.10), neck, 0.12), head, 0.06)
    lx, ly = (x * g["cos"] + y * g["sin"]) / g["a"], (y * g["cos"] - x * g["sin"]) / g["b"]
    coat = c.mix(
        c.colour(g["first"]), c.colour(g["belly_colour"]), ((-ly - 0.25 + 0.25 * lx) * 2.2).clamp_(0, 1)
    )
    near = c.smooth(1.55 * g["hr"], 0.75 * g["hr"], ((x - g["hx"]).square() + (y - g["hy"]).square()).sqrt())
    pattern = c.pattern(lx * 0.5, ly * 0.5, g) * (1 - 0.6 * near)
    coat = c.mix(coat, c.colour(g["second"]) * 0.75, pattern)
    v = (y - g["hy"]) / g["hr"]
    u = (x - g["hx"]) / g["hr"]
    coat = c.mix(
        coat,
        c.colour(g["second"]) * 0.45,
        g["face_mask"] * near * (1 - ((v - 0.10 + 0.12 * u).abs() * 3.4).clamp_(0, 1)),
    )
    cap = near * ((v - 0.22) * 5).clamp_(0, 1)
    throat = ((-v - 0.35 + 0.35 * u) * 4).clamp_(0, 1) * c.smooth(
        2.5, 1.7, ((u * 0.9 + 0.1).square() + (v + 0.75).square()).sqrt()
    )
    coat = c.mix(coat, c.colour(g["ornament"]), (g["cap"] * cap).maximum(g["throat"] * throat))
    c.solid(d, nx, ny, g["b"] * 0.95, coat)

    # folded wing: coverts, bar, flight feathers
    s, t, length = along(x, y, g["wx"], g["wy"], g["vx"], g["vy"])
    q = s.clamp(0, 1)
    width = g["wing_width"] * (1 - q) * (0.42 + 2.3 * q) * 0.95 + 0.012
    d = (t.abs() - width).maximum(-s * length).maximum((s - 1) * length)
    edge = (t / g["wing_width"]).clamp(-1, 1)
    quill = ((t * (52 + 30 * q) + q * 4).sin() * 0.5 + 0.5) * ((q - 0.35) * 3).clamp_(0, 1)
    wing = c.mix(c.colour(g["second"]), c.colour(g["first"]), ((0.42 - q) * 2.2).clamp_(0, 0.55))
    bar = c.smooth(0.06, 0.02, (q - 0.40 + 0.10 * edge).abs()) * g["pattern_contrast"] * 1.2
    wing = c.mix(wing, c.colour(g["belly_colour"]), bar.clamp(0, 0.9))
    c.solid(d, edge * 0.25, edge, g["wing_width"] * 0.55, wing * c.plane(1 - 0.30 * quill), rim=0.55)

    # beak: mandible line, ridge lighter than the lower half
    s, t, length = along(x, y, g["bx"], g["by"], g["beak_x"], g["beak_y"])
    q = s.clamp(0, 1)
    q2 = q * q
    t = t + g["bend"] * q2 + g["hook"] * q2 * q2 * q
    width = 0.5 * g["depth"] * (1 - q) * (1 + g["round"] * q) + 0.007
    width = width * (1 - g["short"] * q * (t < 0))  # of a hooked beak the lower half is the shorter
    d = blade(s, t, length, width)
    side = (t / (width + 1e-3)).clamp_(-1, 1)
    line = c.smooth(1.3, 0.4, (t + 0.12 * width).abs() / c.pixel) * (q < 0.9)
    c.solid(
        d,
        side * 0.1,
        side,
        0.6 * g["depth"],
        c.colour(g["bare"]) * c.plane((0.95 + 0.22 * side) * (1 - 0.35 * line)),
        rim=0.7,
    )

    # eye
    ex, ey = g["hx"] + 0.34 * g["hr"], g["hy"] + 0.18 * g["hr"]
    size = 0.25 * g["hr"] * g["eye_size"]
    r = ((x - ex).square() + (y - ey).square()).sqrt()
    c.flat(r - 1.35 * size, c.mix(c.colour(g["belly_colour"]), c.colour(g["bare"]), 0.35))
    c.flat(r - size, c.grey(0.06))
    c.flat(
        ((x - ex - 0.35 * size).square() + (y - ey - 0.4 * size).square()).sqrt() - 0.34 * size, c.grey(0.97)
    )
