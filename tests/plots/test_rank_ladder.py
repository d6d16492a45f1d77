"""The ladder as a figure: every image of a map is there, rows are taxa, the chance of each rank stands beside it."""

import numpy as np

from embedlab import plots
from embedlab.plots import marks as m
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


def test_one_store_has_its_taxa_two_in_a_row():
    picture = plots.picture(ladder(1))
    assert len(picture.panels) % 2 == 1 and picture.columns == picture.narrow == 2
    assert "model" not in picture.panels[0].note and "chance" in picture.panels[0].note


def test_no_mark_is_empty_and_every_map_holds_its_names():
    """An empty mark stands at the figure's corner for matplotlib: it once asked a map for all the room there was."""
    for panel in plots.picture(ladder()).panels[:-1]:
        for mark in panel.marks:
            if isinstance(mark, m.Dots):
                assert len(mark.x) and panel.x.range[0] < mark.x.min() and mark.x.max() < panel.x.range[1]
                assert panel.y.range[0] < mark.y.min() and mark.y.max() < panel.y.range[1]
