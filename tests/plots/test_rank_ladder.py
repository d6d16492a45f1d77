"""The ladder as a figure: every image of a map is there, maps fill the page, the chance of each rank stands beside."""

from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest

from embedlab import plots
from embedlab.plots import marks as m
from embedlab.plots import paper, screen
from embedlab.plots.check import check
from embedlab.plots.names import apart
from tests.plots.results_finches import ladder


def seen(panel):
    return [d for d in panel.marks if isinstance(d, m.Dots) and d.label]


def test_each_map_shows_every_image_of_its_taxon_in_layers():
    found = ladder()
    panels = plots.picture(found).panels
    assert len(panels) == 2 * len(found.steps) + 1
    for i, step in enumerate(found.steps):
        for k in range(2):
            dots = seen(panels[2 * i + k])
            drawn = np.concatenate([np.column_stack([d.x, d.y]) for d in dots])
            assert sorted(map(tuple, drawn)) == sorted(map(tuple, step.xy[k]))
            named = {d.label[0]: d.colour for d in dots}
            assert all(set(d.label) == {d.label[0]} and named[d.label[0]] == d.colour for d in dots)
    first = [d.label[0] for d in seen(panels[0])]
    assert first[0] == first[2] != first[1], "parts take turns, so that none lies on top"


def test_each_map_says_its_score_chance_and_n():
    found = ladder()
    panels = plots.picture(found).panels
    for i, step in enumerate(found.steps):
        for k in range(len(found.names)):
            said = panels[2 * i + k].note
            assert said.startswith(f"{apart(found.names)[k]}: ") and "chance" in said
            assert said.endswith(f"n\u00a0=\u00a0{step.images:,}")
        words = {w.text for w in panels[2 * i].marks if isinstance(w, m.Words)}
        assert len(words) == min(step.parts, 5) + (step.parts > 5)


def test_the_ladder_shows_the_shares_of_all_stores_with_their_chance():
    found = ladder()
    last = plots.picture(found).panels[-1]
    lines = [d for d in last.marks if isinstance(d, m.Dots) and d.label]
    for own, dots in zip(found.ladders, lines, strict=True):
        np.testing.assert_array_equal(dots.y, own.agreement)
        np.testing.assert_array_equal(dots.low, own.low)
    chance = next(p for p in last.marks if isinstance(p, m.Path) and p.dash == "dot")
    np.testing.assert_array_equal(chance.y, found.ladders[-1].parent_chance)


def across(figure):
    """How many maps stand beside each other in each row of a printed ladder, from above."""
    tops = [round(ax.get_position(original=True).y1, 2) for ax in figure.subfigs[1].axes]
    return [len(list(row)) for _, row in groupby(tops)]


@pytest.mark.parametrize(("stores", "wide", "narrow"), [(2, [4, 4, 1], [2, 2, 2, 2, 1]), (1, [4, 1], [2, 2, 1])])
def test_a_page_is_filled_with_maps_and_the_ladder_stands_alone(stores, wide, narrow):
    """Two maps in a row of 183 mm left half the page empty; a map and its names take 40 mm."""
    picture = plots.picture(ladder(stores))
    assert across(paper.figure(picture, "nature-2col")) == wide
    assert across(paper.figure(picture, "nature-1col")) == narrow
    assert all(panel.alone == (panel is picture.panels[-1]) for panel in picture.panels)


def test_where_four_maps_of_two_stores_have_no_room_two_stand_in_a_row():
    two, one = (plots.picture(ladder(n)) for n in (2, 1))
    assert across(paper.figure(two, "neurips")) == [2, 2, 2, 2, 1]
    domains = [v["domain"] for k, v in screen.as_json(two)["wide"].items() if k.startswith("xaxis")]
    assert len({tuple(d) for d in domains[:-1]}) == 2 and domains[-1] == [0.0, 1.0]
    steps = one.panels[:3]
    domains = [v["domain"] for k, v in screen.as_json(replace(one, panels=(*steps, one.panels[-1]), columns=3))["wide"]
               .items() if k.startswith("xaxis")]  # fmt: skip
    assert len({tuple(d) for d in domains[:3]}) == 3, "three have room on a screen"


def test_a_row_cut_short_keeps_its_maps_in_line():
    """Of an odd number of taxa the last two maps stand below the first two, not spread over the page."""
    picture = plots.picture(ladder())
    odd = replace(picture, panels=(*picture.panels[:6], picture.panels[-1]))
    boxes = [ax.get_position(original=True) for ax in paper.figure(odd, "nature-2col").subfigs[1].axes]
    for above, below in ((0, 4), (1, 5)):
        assert boxes[above].x0 == pytest.approx(boxes[below].x0, abs=0.01)
        assert boxes[above].width == pytest.approx(boxes[below].width, abs=0.01)
    assert check(paper.figure(odd, "nature-2col"), saved=False).ok


def test_one_store_has_its_taxa_side_by_side():
    picture = plots.picture(ladder(1))
    assert len(picture.panels) == len(ladder(1).steps) + 1
    assert "model" not in picture.panels[0].note and "chance" in picture.panels[0].note


def test_no_mark_is_empty_and_every_map_holds_its_names():
    """An empty mark stands at the figure's corner for matplotlib: it once asked a map for all the room there was."""
    for panel in plots.picture(ladder()).panels[:-1]:
        for mark in panel.marks:
            if isinstance(mark, m.Dots):
                assert len(mark.x) and panel.x.range[0] < mark.x.min() and mark.x.max() < panel.x.range[1]
                assert panel.y.range[0] < mark.y.min() and mark.y.max() < panel.y.range[1]
