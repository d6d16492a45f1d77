"""Rectangles of a treemap: they fill the room, none lies on another, areas are the sizes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlab import plots
from embedlab.plots import marks as m
from embedlab.plots.treemap import Box, squarified
from tests.plots import results

SIZES = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=40).map(lambda s: sorted(s, reverse=True))


@given(SIZES, st.floats(0.1, 200), st.floats(0.1, 200))
def test_areas_are_the_sizes_and_no_box_lies_on_another(sizes, wide, high):
    boxes = np.array(squarified(sizes, Box(3.0, -2.0, wide, high)))
    area = boxes[:, 2] * boxes[:, 3]
    assert area == pytest.approx(np.array(sizes) / sum(sizes) * wide * high, rel=1e-6, abs=1e-9 * wide * high)
    slack = 1e-6 * max(wide, high)
    left, low, right, top = boxes[:, 0], boxes[:, 1], boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
    assert left.min() >= 3 - slack and low.min() >= -2 - slack
    assert right.max() <= 3 + wide + slack and top.max() <= -2 + high + slack
    over = (np.minimum(right[:, None], right) - np.maximum(left[:, None], left) > slack) & (
        np.minimum(top[:, None], top) - np.maximum(low[:, None], low) > slack
    )
    assert not np.triu(over, 1).any()


def test_boxes_of_like_sizes_are_near_squares():
    boxes = squarified(list(np.linspace(2, 1, 30)), Box(0, 0, 76, 62))
    assert max(max(b.wide / b.high, b.high / b.wide) for b in boxes) < 2


@pytest.mark.parametrize("sizes", [[1, 2], [2, 0], [3, float("nan")]])
def test_sizes_out_of_order_are_refused(sizes):
    with pytest.raises(ValueError, match="sizes of a treemap are positive, the largest first"):
        squarified(sizes, Box(0, 0, 1, 1))


def test_every_image_is_in_the_treemap_and_names_stand_in_their_boxes():
    result = results.every()["composition"]
    panel = plots.picture(result).panels[0]
    areas = [k for k in panel.marks if isinstance(k, m.Area)]
    told = sum(int(k.label.split("\n")[1].split(" ")[0].replace(",", "")) for k in areas)
    assert told == result.n, "small taxa are drawn together, none is left out"
    keys = [k.key for k in areas if k.key]
    assert len(keys) == len(set(keys)) == len({k.colour for k in areas}) >= 3
    boxes = [(k.x.min(), k.x.max(), k.y.min(), k.y.max()) for k in areas]
    inner = [w for w in panel.marks if isinstance(w, m.Words) and w.anchor == "center"]
    assert inner and all(sum(a < w.x < b and c < w.y < d for a, b, c, d in boxes) == 1 for w in inner)
