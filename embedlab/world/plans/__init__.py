"""The body plans: each file says where the parts of an animal lie (`pose`) and how it is drawn (`draw`).

`pose` is NumPy: named numbers, colours (n, 3) and keypoints in body units (the animal looks towards +x, up is
+y; a butterfly looks up). `draw` takes the canvas and the same numbers as tensors (b, 1); it needs no torch by
name. Before anything is drawn it is known where every part will lie: `MARKS` are free ground truth.
"""

from __future__ import annotations

import numpy as np

# What every plan marks. In a beetle "beak" is a mandible, "tail" an antenna, "limb" a middle leg and "wing" an
# elytron; in a fish they are snout, tail fin, dorsal fin and pectoral fin; in a butterfly antenna, tail of the
# hindwing, hindwing and forewing, and "body" is the forewing (its length, and its outer margin from top to
# bottom). "beak_straight" is where the tip would be without curvature, "tail_notch" how far the fork cuts in.
MARKS = (
    "body_front", "body_back", "body_top", "body_bottom", "head", "crown", "eye", "beak_base", "beak_tip",
    "beak_straight", "beak_upper", "beak_lower", "tail_base", "tail_tip", "tail_notch", "limb_base", "limb_tip",
    "wing_base", "wing_tip",
)  # fmt: skip

# numbers for `draw`; outermost points (n, points, 3) with x, y and radius; marks by name, each x and y (n,)
Pose = tuple[dict[str, np.ndarray], np.ndarray, dict[str, tuple[np.ndarray, np.ndarray]]]


def settle(numbers: dict, points: list[tuple], marks: dict[str, tuple]) -> Pose:
    """Give a pose its shapes: points (n, points, 3), and of every mark x and y as (n,)."""
    like = points[0][-1]
    found = np.stack([np.stack(np.broadcast_arrays(*point, like)[:3], -1) for point in points], axis=1)
    placed = {name: tuple(np.broadcast_to(value, like.shape) for value in marks[name]) for name in MARKS}
    return numbers, found, placed
