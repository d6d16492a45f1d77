"""Rectangles whose areas are given numbers, as near to squares as can be, side by side in a rectangle."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle: its lower left corner, its width and its height."""

    x: float
    y: float
    wide: float
    high: float

    def inset(self, by: float) -> "Box":
        """The same less a margin, of which a thin rectangle keeps most."""
        by = min(by, self.wide / 5, self.high / 5)
        return Box(self.x + by, self.y + by, self.wide - 2 * by, self.high - 2 * by)


def squarified(sizes: Sequence[float], room: Box) -> list[Box]:
    """Give a rectangle a size, in the order of `sizes`: the largest first, from the upper left of `room`.

    Areas share `room` as the sizes do. Sizes are positive and fall; anything else raises ValueError. Source: Bruls,
    Huizing & van Wijk (2000), Squarified treemaps.

    >>> [tuple(round(v, 2) for v in box) for box in squarified([6, 2, 2, 2], Box(0, 0, 4, 3))]
    [(0, 0.0, 2.0, 3.0), (2.0, 1.0, 1.0, 2.0), (3.0, 1.0, 1.0, 2.0), (2.0, 0.0, 2.0, 1.0)]
    """
    if any(not size > 0 for size in sizes) or any(b > a for a, b in pairwise(sizes)):
        raise ValueError("sizes of a treemap are positive, the largest first: sort them and leave zeros out")
    found: list[Box] = []
    left, unit = list(sizes), room.wide * room.high / sum(sizes) if sizes else 0.0
    while left:
        side = min(room.wide, room.high)
        take = 1
        while take < len(left) and _worst(left[: take + 1], side, unit) <= _worst(left[:take], side, unit):
            take += 1
        strip, left = left[:take], left[take:]
        boxes, room = _strip(strip, room, unit) if left else _strip(strip, room, 0.0)
        found += boxes
    return found


def _worst(strip: list[float], side: float, unit: float) -> float:
    """How far from a square the worst of a strip along `side` would be: 1 is a square."""
    thick = unit * sum(strip) / side
    return max(max(thick / (unit * size / thick), (unit * size / thick) / thick) for size in strip)


def _strip(strip: list[float], room: Box, unit: float) -> tuple[list[Box], Box]:
    """A strip along the shorter side of the room, and the room that is left; with `unit` 0 it takes all."""
    total, boxes = sum(strip), []
    upright = room.wide >= room.high
    side, other = (room.high, room.wide) if upright else (room.wide, room.high)
    thick, gone = unit * total / side if unit else other, 0.0
    for size in strip:
        long = side * size / total
        boxes.append(
            Box(room.x, room.y + room.high - gone - long, thick, long) if upright
            else Box(room.x + gone, room.y + room.high - thick, long, thick)
        )  # fmt: skip
        gone += long
    if upright:
        return boxes, Box(room.x + thick, room.y, room.wide - thick, room.high)
    return boxes, Box(room.x, room.y, room.wide, room.high - thick)
