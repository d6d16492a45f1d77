"""Panels on paper have the height they ask for, and begin where the figure does if nothing stands at their left."""

from dataclasses import replace

import numpy as np
import pytest

from embedlab import plots
from embedlab.plots import marks as m
from embedlab.plots import paper
from tests.plots import results

EVERY = results.every()


def boxes(figure):
    """Left, width and height of each panel's axes in mm, in the order of the panels."""
    found = []
    for part in figure.subfigs:
        whole = np.array([part.bbox.width, part.bbox.height]) * 25.4 / figure.dpi
        for axes in part.axes:
            at = axes.get_position(original=True)
            found.append((at.x0 * whole[0], at.width * whole[0], at.height * whole[1]))
    return found


def panel(height, label="", shown=True):
    bare = m.Axis(shown=False, range=(0.0, 1.0))
    marks = (m.Dots(x=np.array([0.5]), y=np.array([0.5])),)
    if not shown:
        return m.Panel(marks=marks, height=height, title="A map", x=bare, y=bare)
    return m.Panel(marks=marks, height=height, x=m.Axis(label=label, range=(0.0, 1.0)),
                   y=m.Axis(label="share", ticks=((0.5, "a name of some length"),), range=(0.0, 1.0)))  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_no_panel_is_lower_than_it_asks_to_be(name):
    picture = plots.picture(EVERY[name])
    for one, (_, _, height) in zip(picture.panels, boxes(paper.figure(picture)), strict=True):
        assert height > 0.94 * one.height, f"{one.title!r}: {height:.0f} mm of {one.height:.0f}"


def test_a_low_panel_stays_low_beside_a_high_one_however_long_the_words_below():
    long = "a label that goes over several lines because it says at length what is counted, and in which unit, " * 2
    picture = m.Picture(title="Two", panels=(panel(60, "short"), panel(15, long)))
    (_, _, high), (_, _, low) = boxes(paper.figure(picture))
    assert high == pytest.approx(60, rel=0.06) and low == pytest.approx(15, rel=0.06)


def test_maps_begin_at_the_margin_and_panels_below_share_an_edge():
    picture = m.Picture(title="Maps", panels=(*[panel(20, shown=False)] * 2, panel(20), panel(20)), narrow=2)
    (first, wide, _), _, (below, narrow, _), _ = boxes(paper.figure(picture))
    assert first == pytest.approx(1.4, abs=0.5) and below > 15 and wide > 38 > narrow + 10
    alone = boxes(paper.figure(replace(picture, panels=picture.panels[2:] * 2, narrow=1)))
    assert len({round(left, 1) for left, _, _ in alone}) == 1


def test_a_row_that_is_not_full_shares_the_whole_width():
    picture = m.Picture(title="Seven", panels=(*[panel(20, shown=False)] * 4, *[panel(20)] * 3), columns=4)
    at = boxes(paper.figure(picture, "nature-2col"))
    assert [round(left / 183, 1) for left, _, _ in at[:4]] == [0.0, 0.3, 0.5, 0.8]
    assert at[-1][0] + at[-1][1] == pytest.approx(183, abs=4) and np.ptp([w for _, w, _ in at[4:]]) < 3
