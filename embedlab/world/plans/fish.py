"""A fish in profile: fins behind, a spindle with scales and a gill cover, mouth or snout, pectoral fin and
eye.
"""

from __future__ import annotations

import numpy as np

from embedlab.world.plans import Pose, settle
from embedlab.world.shapes import along, blade, ellipse, join, taper


def pose(look: dict[str, np.ndarray]) -> Pose:
    """Place a fish's parts: its numbers, and the outermost points as (n, points, 3): x, y and radius."""
    g = dict(look)
    slim = look["elongation"]
    a, b = 0.40 * slim**0.45, 0.225 * slim**-0.75
    hr = b * (0.62 + 0.28 * look["head_size"])
    length, depth = 0.20 * look["beak_length"], 0.085 * look["beak_depth"] + 0.01
    bx, by = 0.88 * a, -0.10 * b
    bend = look["beak_curvature"] * 0.40 * length
    tail = 0.24 * look["tail_length"] + 0.05
    px = -a - 0.08  # where the tail begins
    fin = 0.20 * look["leg_length"]
    spike = 0.16 * look["crest"]
    g.update(
        a=a, b=b, hr=hr, bx=bx, by=by, length=length, depth=depth, bend=bend, tip_x=bx + length,
        tip_y=by + bend,
        tail=tail, px=px, fin=fin, spike=spike, spread=0.07 + 0.55 * tail, notch=0.62 * look["tail_fork"],
        pectoral=0.20 * look["wing_length"] ** 1.3, gill=a - 0.62 * hr - 0.20 * a,
    )  # fmt: skip
    points = [
        (0 * a, 0 * a, b), (a, 0 * a, 0.02), (bx + length, by + bend, 0.02), (px - tail, g["spread"], 0.01),
        (px - tail, -g["spread"], 0.01),
        (0.1 * a, b + fin, 0.01), (-0.35 * a, b * 0.9 + fin * 0.9, 0.01), (-0.2 * a, -b - 0.6 * fin, 0.01),
        (0.2 * a - 0.5 * fin, -0.8 * b - 0.75 * fin, 0.02),
        (0.30 * a - 0.3 * spike, b + fin * 0.4 + spike, 0.03),
    ]  # fmt: skip
    ex, ey = a - 0.62 * hr, 0.20 * hr
    end, inset = px - tail, 1 / (1 + g["notch"])
    marks = {
        "body_front": (a, 0), "body_back": (-a, 0), "body_top": (0, b), "body_bottom": (0, -b),
        "head": (a - 0.95 * hr, -0.04 * b), "crown": (a - 0.95 * hr, 0.86 * hr - 0.04 * b), "eye": (ex, ey),
        "beak_base": (bx, by), "beak_tip": (bx + length, by + bend), "beak_straight": (bx + length, by),
        "beak_upper": (bx, by + depth), "beak_lower": (bx, by - depth),
        "tail_base": (px, 0), "tail_tip": (end, g["spread"]), "tail_notch": (px + 0.05 + (end - px - 0.05) * inset, 0),
        "limb_base": (-0.13 * a, b), "limb_tip": (-0.13 * a, b + 0.75 * fin),
        "wing_base": (g["gill"] - 0.01, -0.22 * b),
        "wing_tip": (g["gill"] - 0.01 - g["pectoral"], -0.22 * b - 0.55 * g["pectoral"]),
    }  # fmt: skip
    return settle(g, points, marks)


def draw(c, g) -> None:
    """Paint a fish, from the tail fin to the eye."""
    x, y = c.x, c.y
    a, b = g["a"], g["b"]
    finned = c.mix(c.mix(c.colour(g["second"]), c.colour(g["belly_colour"]), 0.22), c.colour(g["bare"]), 0.15)

    # tail fin
    s, t, length = along(x, y, g["px"] + 0.05, 0.0, g["px"] - g["tail"], 0.0)
    q = s.clamp(0, 1)
    width = 0.045 + g["spread"] * q * (1.25 - 0.25 * q)
    part = (t.abs() / width).clamp_(0, 1)
    d = blade(s * (1 + g["notch"] * (1 - part) + (1 - g["notch"]) * 0.18 * part * part), t, length, width)
    rays = 1 - 0.24 * ((part * t.sign() * 17).sin() * 0.5 + 0.5) * q
    c.flat(d, finned * c.plane(rays * (1.05 - 0.25 * q)))

    # dorsal and anal fins: rays rise from the back to a sail
    u = x / a
    ray = (x * 62 + y * 18).sin() * 0.5 + 0.5
    sail = ((0.58 - u) * 4.5).clamp_(0, 1) * (0.35 + 0.55 * (u + 0.85).clamp_(0, 2)) * (1 - 0.10 * ray)
    arch = b * (1 - (u * u).clamp_(0, 1)).sqrt()
    d = (y - arch - g["fin"] * sail).maximum(arch * 0.5 - y).maximum((u + 0.13).abs() * a - 0.70 * a) * 0.8
    c.flat(d, finned * c.plane(1.08 - 0.34 * ray), 0.9)
    keel = ((-0.08 - u) * 5).clamp_(0, 1) * (0.20 + 0.75 * (u + 0.85).clamp_(0, 2)) * (1 - 0.12 * ray)
    d = (-y - arch - g["fin"] * keel).maximum(y + arch * 0.5).maximum((u + 0.46).abs() * a - 0.37 * a) * 0.8
    c.flat(d, finned * c.plane(1.0 - 0.32 * ray), 0.9)
    # pelvic fin
    s, t, length = along(x, y, 0.26 * a, -0.72 * b, 0.26 * a - 0.55 * g["fin"], -0.78 * b - 0.75 * g["fin"])
    q = s.clamp(0, 1)
    c.flat(
        blade(s, t, length, g["fin"] * (0.12 + 0.42 * q * (1.2 - q))),
        finned * c.plane(1.0 - 0.3 * ((t * 110).sin() * 0.5 + 0.5)),
        0.9,
    )

    # ornament: the first rays of the back, drawn out
    d, nx, ny = taper(
        x, y, 0.34 * a, b * 0.78, 0.30 * a - 0.3 * g["spike"], b + g["fin"] * 0.4 + g["spike"], 0.045, 0.012
    )
    c.solid(d + (g["spike"] < 0.012) * 9.0, nx, ny, 0.04, c.colour(g["ornament"]))

    # snout or mouth, under the body's edge
    s, t, length = along(x, y, g["bx"] - 0.06, g["by"], g["bx"] + g["length"], g["by"])
    q = s.clamp(0, 1)
    t = t - g["bend"] * q * q
    q4 = q * q * q * q
    width = g["depth"] * (1.15 - 0.62 * q) * (1 - 0.30 * q * q) * (1 - 0.7 * q4 * q4) + 0.004
    d = blade(s, t, length, width)
    side = (t / width).clamp(-1, 1)
    line = c.smooth(1.3, 0.4, (t + 0.2 * width).abs() / c.pixel) * (q > 0.35)
    lips = c.mix(c.colour(g["first"]), c.colour(g["belly_colour"]), ((0.2 - side) * 0.9).clamp_(0, 1))
    c.solid(d, side * 0.1, side, g["depth"], lips * c.plane(0.95 - 0.5 * line), rim=0.8)

    # body
    trunk = ellipse(x, y, 0.0, 0.0, a, b)
    stalk = taper(x, y, -0.35 * a, 0.0, g["px"] + 0.03, 0.0, b * 0.62, 0.045)
    face = ellipse(x, y, a - 0.95 * g["hr"], -0.04 * b, 1.05 * g["hr"], 0.86 * g["hr"])
    d, nx, ny = join(join(trunk, stalk, 0.10), face, 0.07)
    v = y / b
    coat = c.mix(c.colour(g["first"]), c.colour(g["belly_colour"]), ((-v - 0.05) * 1.5).clamp_(0, 1))
    behind = ((g["gill"] - x) * 18).clamp_(0, 1)
    coat = c.mix(
        coat,
        c.colour(g["second"]) * 0.7,
        c.pattern(u * 0.55, v * 0.4, g, upright=True) * (0.25 + 0.75 * behind),
    )
    rows = y * 58 + 0.25 * (u * u).clamp_(0, 1) * y * 58  # a net of scales, closer towards head and tail
    net = (1 - 2.2 * ((x * 44 + rows).sin() * (x * 44 - rows).sin()).abs()).clamp_(0, 1)
    coat = coat * c.plane(1.05 - 0.20 * net * behind)
    ex, ey = a - 0.62 * g["hr"], 0.20 * g["hr"]
    mask = c.smooth(0.16, 0.06, (x - ex + 0.25 * y).abs()) * g["face_mask"] * 0.85
    coat = c.mix(coat, c.colour(g["second"]) * 0.4, mask)
    front = ((x - g["gill"] + 0.02) * 22).clamp_(0, 1)
    cap = ((v - 0.22) * 4).clamp_(0, 1) * front
    throat = ((-v - 0.08) * 4).clamp_(0, 1) * ((x - g["gill"] + 0.22) * 12).clamp_(0, 1)
    coat = c.mix(coat, c.colour(g["ornament"]), (g["cap"] * cap).maximum(g["throat"] * throat))
    ring = ((x - g["gill"] - 0.45 * g["hr"]).square() + (y * 0.8).square()).sqrt() - 0.62 * g["hr"]
    gill = c.smooth(0.035, 0.008, ring.abs()) * (x < g["gill"] + 0.25 * g["hr"])
    c.solid(d, nx, ny, b * 0.9, coat * c.plane(1 - 0.38 * gill), gloss=0.35)

    # pectoral fin
    s, t, length = along(
        x, y, g["gill"] - 0.01, -0.22 * b, g["gill"] - 0.01 - g["pectoral"], -0.22 * b - 0.55 * g["pectoral"]
    )
    q = s.clamp(0, 1)
    width = g["pectoral"] * 0.42 * (0.25 + 1.5 * q - 0.9 * q * q)
    d = blade(s * (1 + 0.12 * (t / width).square().clamp_(0, 2)), t, length, width)
    c.flat(d, finned * c.plane(1.08 - 0.34 * ((t / width * 9).sin() * 0.5 + 0.5)), 0.9)

    # eye
    size = 0.15 * g["hr"] * g["eye_size"] + 0.011
    r = ((x - ex).square() + (y - ey).square()).sqrt()
    c.flat(r - 1.55 * size, c.mix(c.grey(0.9), c.colour(g["bare"]), 0.45))
    c.flat(r - 0.95 * size, c.grey(0.04))
    c.flat(
        ((x - ex - 0.3 * size).square() + (y - ey - 0.4 * size).square()).sqrt() - 0.36 * size, c.grey(0.97)
    )
